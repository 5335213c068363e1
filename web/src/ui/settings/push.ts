/** This browser's subscription to push: made with the server's key, remembered by its id. */
import { pushKey, subscribe, unsubscribe } from '../../action/push';

const KEY = 'osc.push';

export interface Push {
  key: string;
  on: boolean;
}

/** Null where it cannot work: no server key, no service worker, no push in this browser. */
export async function findPush(): Promise<Push | null> {
  if (!('PushManager' in globalThis)) return null;
  const worker = await navigator.serviceWorker?.getRegistration();
  if (!worker) return null;
  const key = await pushKey();
  if (!key) return null;
  const subscription = await worker.pushManager.getSubscription();
  return { key, on: subscription !== null && localStorage.getItem(KEY) !== null };
}

export async function startPush(key: string): Promise<void> {
  const worker = await navigator.serviceWorker.ready;
  const subscription = await worker.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: key,
  });
  localStorage.setItem(KEY, await subscribe(subscription.toJSON()));
}

export async function stopPush(): Promise<void> {
  const id = localStorage.getItem(KEY);
  localStorage.removeItem(KEY);
  const worker = await navigator.serviceWorker.getRegistration();
  await (await worker?.pushManager.getSubscription())?.unsubscribe();
  if (id) await unsubscribe(id);
}
