/** Signing in and out, and the list of places where we are signed in. */
import type { SessionRow, User } from '../model/wire';
import { del, get, OSC, post } from '../net/rest';
import { become, blamePassword, ending } from './account';
import { prepare } from './connection';

export async function signIn(username: string, password: string): Promise<void> {
  void prepare();
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
