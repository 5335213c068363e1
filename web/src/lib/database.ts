/** The browser's own database, IndexedDB, as far as this page needs it: with promises. */

interface Opening {
  /** makes the stores of a database that is new */
  make: (database: IDBDatabase) => void;
  /** the browser took it away, as when somebody clears the page's data */
  lost: () => void;
}

export async function openDatabase(name: string, { make, lost }: Opening): Promise<IDBDatabase> {
  const asked = indexedDB.open(name, 1);
  asked.onupgradeneeded = () => make(asked.result);
  const database = await answer(asked);
  database.onclose = lost;
  return database;
}

export function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the database refused'));
  });
}

/** When all that was asked of a transaction is on the disk. */
export function settled(change: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    change.oncomplete = () => resolve();
    change.onabort = () => reject(change.error ?? new Error('the database gave up'));
  });
}
