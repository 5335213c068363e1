/** Push to a closed tab or a phone, by the browser's own service: no account with anybody. */
import { ApiError, del, get, OSC, post } from '../net/rest';

/** The server's public key; null where the server sends no push. */
export async function pushKey(): Promise<string | null> {
  try {
    return (await get<{ public_key?: string }>(`${OSC}/push`)).public_key ?? null;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

export async function subscribe(subscription: PushSubscriptionJSON): Promise<string> {
  const { endpoint, keys } = subscription;
  return (await post<{ id: string }>(`${OSC}/push/subscriptions`, { endpoint, keys })).id;
}

export async function unsubscribe(id: string): Promise<void> {
  try {
    await del(`${OSC}/push/subscriptions/${id}`);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error; // gone already: fine
  }
}
