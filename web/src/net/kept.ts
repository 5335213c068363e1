/** What this device keeps for its next start, in IndexedDB: bounded, and gone after logging out. */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { Dispatch } from '../model/apply';
import type { Message } from '../model/wire';

export interface KeptWorld {
  of: string;
  events: Dispatch[];
}

export interface KeptTimeline {
  channelId: string;
  rows: Message[];
  hasOlder: boolean;
  at: number;
}

interface Schema extends DBSchema {
  world: { key: string; value: KeptWorld };
  timelines: { key: string; value: KeptTimeline; indexes: { at: number } };
}

const MOST_CHANNELS = 30;
let opened: Promise<IDBPDatabase<Schema>> | null = null;

function open(): Promise<IDBPDatabase<Schema>> {
  opened ??= openDB<Schema>('osc-kept', 1, {
    upgrade(db) {
      db.createObjectStore('world');
      db.createObjectStore('timelines', { keyPath: 'channelId' }).createIndex('at', 'at');
    },
  });
  return opened;
}

export async function read(): Promise<{ world: KeptWorld; timelines: KeptTimeline[] } | null> {
  const db = await open();
  const [world, timelines] = await Promise.all([db.get('world', 'now'), db.getAll('timelines')]);
  return world ? { world, timelines } : null;
}

export async function write(world: KeptWorld, timelines: KeptTimeline[]): Promise<void> {
  const db = await open();
  const change = db.transaction(['world', 'timelines'], 'readwrite');
  const store = change.objectStore('timelines');
  void change.objectStore('world').put(world, 'now');
  for (const timeline of timelines) void store.put(timeline);
  const known = await store.index('at').getAllKeys();
  for (const key of known.slice(0, Math.max(0, known.length - MOST_CHANNELS))) {
    void store.delete(key);
  }
  await change.done;
}

export async function clear(): Promise<void> {
  const db = await open();
  const change = db.transaction(['world', 'timelines'], 'readwrite');
  void change.objectStore('world').clear();
  void change.objectStore('timelines').clear();
  await change.done;
}
