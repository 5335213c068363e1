/** Signing in and out, and the list of places where we are signed in. */
import { world } from '../model/here';
import type { ServerFacts, SessionRow, User } from '../model/wire';
import { ApiError, del, get, OSC, post, V10 } from '../net/rest';
import { become, blamePassword, ending, forgetKept } from './account';
import { connect, disconnect } from './connection';

const RETRY_MS = 5_000;

export async function signIn(username: string, password: string): Promise<void> {
  const made = post<{ user: User }>(`${OSC}/sessions`, { username, password });
  const { user } = await made.catch(blamePassword);
  become(user);
}

export function list(): Promise<SessionRow[]> {
  return get<SessionRow[]>(`${OSC}/sessions`);
}

export function revoke(id: string): Promise<void> {
  return del(`${OSC}/sessions/${id}`);
}

export async function logOut(): Promise<void> {
  await ending(() => del(`${OSC}/sessions/@current`));
}

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
