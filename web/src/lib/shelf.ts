/** What must outlive the page and is too big or too alive for localStorage: a few named stores in
 *  the browser's own database. It may be forbidden or full; then everything here answers with
 *  nothing, and the page works as long as it is open. */
import { answer, openDatabase } from './database';

export type Store = 'outbox' | 'files';

let opened: Promise<IDBDatabase | null> | null = null;

function open(): Promise<IDBDatabase | null> {
  opened ??= openDatabase('osc-talk', {
    make(database) {
      database.createObjectStore('outbox');
      database.createObjectStore('files');
    },
    lost: () => (opened = null),
  }).catch(() => null);
  return opened;
}

/** Nothing: there is no database. */
async function ask<T>(
  store: Store,
  mode: IDBTransactionMode,
  work: (of: IDBObjectStore) => IDBRequest<T>,
): Promise<T | undefined> {
  const database = await open();
  return database ? answer(work(database.transaction(store, mode).objectStore(store))) : undefined;
}

export async function all<T>(store: Store): Promise<T[]> {
  try {
    return ((await ask(store, 'readonly', (of) => of.getAll())) ?? []) as T[];
  } catch {
    return [];
  }
}

export async function get<T>(store: Store, key: string): Promise<T | null> {
  try {
    return ((await ask(store, 'readonly', (of) => of.get(key))) ?? null) as T | null;
  } catch {
    return null;
  }
}

/** False: it could not be kept. */
export async function put(store: Store, key: string, value: unknown): Promise<boolean> {
  try {
    return (await ask(store, 'readwrite', (of) => of.put(value, key))) !== undefined;
  } catch {
    return false;
  }
}

export async function remove(store: Store, key: string): Promise<void> {
  await ask(store, 'readwrite', (of) => of.delete(key)).catch(() => undefined);
}

export async function clear(): Promise<void> {
  for (const store of ['outbox', 'files'] as const) {
    await ask(store, 'readwrite', (of) => of.clear()).catch(() => undefined);
  }
}
