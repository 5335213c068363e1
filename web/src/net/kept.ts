/** What this device keeps for its next start, in IndexedDB: bounded, and gone after logging out. */
import { answer, openDatabase, settled } from '../lib/database';
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

const MOST_CHANNELS = 30;
let opened: Promise<IDBDatabase> | null = null;

function open(): Promise<IDBDatabase> {
  opened ??= openDatabase('osc-kept', {
    make(database) {
      database.createObjectStore('world');
      const timelines = database.createObjectStore('timelines', { keyPath: 'channelId' });
      timelines.createIndex('at', 'at');
    },
    lost: () => (opened = null),
  });
  return opened;
}

async function both(mode: IDBTransactionMode) {
  const change = (await open()).transaction(['world', 'timelines'], mode);
  return {
    change,
    world: change.objectStore('world'),
    timelines: change.objectStore('timelines'),
  };
}

export async function read(): Promise<{ world: KeptWorld; timelines: KeptTimeline[] } | null> {
  const of = await both('readonly');
  const [world, timelines] = await Promise.all([
    answer<KeptWorld | undefined>(of.world.get('now')),
    answer<KeptTimeline[]>(of.timelines.getAll()),
  ]);
  return world ? { world, timelines } : null;
}

export async function write(world: KeptWorld, timelines: KeptTimeline[]): Promise<void> {
  const of = await both('readwrite');
  const done = settled(of.change);
  done.catch(() => undefined); // what fails first is told
  of.world.put(world, 'now');
  for (const timeline of timelines) of.timelines.put(timeline);
  const known = await answer(of.timelines.index('at').getAllKeys());
  for (const key of known.slice(0, Math.max(0, known.length - MOST_CHANNELS))) {
    of.timelines.delete(key);
  }
  await done;
}

export async function clear(): Promise<void> {
  const of = await both('readwrite');
  of.world.clear();
  of.timelines.clear();
  await settled(of.change);
}
