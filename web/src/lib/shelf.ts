/** What must outlive the page and is too big or too alive for localStorage: a few named stores in
 *  the browser's own database. It may be forbidden or full; then everything here answers with
 *  nothing, and the page works as long as it is open. */
import type { IDBPDatabase } from 'idb';

export type Store = 'outbox' | 'files';

let opened: Promise<IDBPDatabase | null> | null = null;

function open(): Promise<IDBPDatabase | null> {
  opened ??= import('idb')
    .then(({ openDB }) =>
      openDB('osc-talk', 1, {
        upgrade(database) {
          database.createObjectStore('outbox');
          database.createObjectStore('files');
        },
        terminated() {
          opened = null;
        },
      }),
    )
    .catch(() => null);
  return opened;
}

export async function all<T>(store: Store): Promise<T[]> {
  try {
    return ((await (await open())?.getAll(store)) ?? []) as T[];
  } catch {
    return [];
  }
}

export async function get<T>(store: Store, key: string): Promise<T | null> {
  try {
    return ((await (await open())?.get(store, key)) ?? null) as T | null;
  } catch {
    return null;
  }
}

/** False: it could not be kept. */
export async function put(store: Store, key: string, value: unknown): Promise<boolean> {
  try {
    const database = await open();
    await database?.put(store, value, key);
    return database !== null;
  } catch {
    return false;
  }
}

export async function remove(store: Store, key: string): Promise<void> {
  try {
    await (await open())?.delete(store, key);
  } catch {
    // nothing there to remove
  }
}

export async function clear(): Promise<void> {
  const database = await open();
  for (const store of ['outbox', 'files'] as const) {
    await database?.clear(store).catch(() => undefined);
  }
}
