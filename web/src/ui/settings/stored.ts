/** Throws away what was only kept to be fast. Drafts, unsent messages and settings are not that. */

/** Databases whose content the server has too. */
const COPIES = /cache|warm|timeline/i;

export async function clearStored(): Promise<void> {
  if ('caches' in globalThis) {
    for (const name of await caches.keys()) await caches.delete(name);
  }
  for (const { name } of (await indexedDB.databases?.()) ?? []) {
    if (name && COPIES.test(name)) await gone(name);
  }
}

function gone(name: string): Promise<void> {
  return new Promise((resolve) => {
    const request = indexedDB.deleteDatabase(name);
    // In use by this page: it goes when the page does.
    request.onsuccess = request.onerror = request.onblocked = () => resolve();
  });
}
