/** Who we are to this server, and what server it is: the first questions of every page. */
import { world } from '../model/here';
import type { ServerFacts, User } from '../model/wire';
import { ApiError, get, V10 } from '../net/rest';
import { connect, disconnect } from './connection';
import { forgetKept } from './kept';

const RETRY_MS = 5_000;

export async function serverFacts(): Promise<Partial<ServerFacts>> {
  return get<Partial<ServerFacts>>('/.well-known/osc').catch(() => ({}));
}

/** The person our cookie stands for, or nobody. */
export async function whoAmI(): Promise<User | null> {
  return get<User>(`${V10}/users/@me`).catch(() => null);
}

/** After the gateway turned us away: false when we are nobody any more. */
export async function check(): Promise<boolean> {
  try {
    world.me = await get<User>(`${V10}/users/@me`);
    connect();
    return true;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) {
      setTimeout(() => void check(), RETRY_MS);
      return true;
    }
    disconnect();
    world.forget();
    void forgetKept();
    return false;
  }
}
