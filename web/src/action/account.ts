/** Being somebody: guest, account, name, password, and going for good. */
import { world } from '../model/here';
import type { User } from '../model/wire';
import { ApiError, del, get, OSC, patch, post, put, V10 } from '../net/rest';
import { clear } from '../lib/shelf';
import { connect, disconnect, prepare } from './connection';
import { forgetKept } from './kept';

const UNKNOWN_USER = 10_013;
const NAME_TAKEN = 900_002;
const WRONG_PASSWORD = 900_001;

/** An error that is about one field says so there, also where the server only gave a code. */
export function blame(code: number, field: string) {
  return (error: unknown): never => {
    if (error instanceof ApiError && error.code === code && !error.fields[field]) {
      error.fields[field] = error.message;
    }
    throw error;
  };
}

export const blamePassword = blame(WRONG_PASSWORD, 'password');

/** Makes an account; a guest keeps id, messages and rooms, and its connection stays up. */
export async function register(username: string, password: string): Promise<void> {
  const before = world.me;
  void prepare();
  const made = post<{ user: User }>(`${OSC}/accounts`, { username, password });
  const { user } = await made.catch(blame(NAME_TAKEN, 'username'));
  if (before && before.id === user.id) world.me = { ...user };
  else become(user);
}

/** Somebody else now: nothing the former person knew may remain. */
export function become(user: User): void {
  disconnect();
  world.forget();
  void forgetKept();
  world.me = user;
  connect();
}

/** For the owner of the server: a link by which somebody chooses a new password. */
export async function makeResetLink(username: string): Promise<string> {
  const made = post<{ url: string }>(`${OSC}/password-reset-links`, { username });
  return (await made.catch(blame(UNKNOWN_USER, 'username'))).url;
}

export interface ProfileChange {
  username?: string;
  global_name?: string;
  /** a data URI; null takes the picture away */
  avatar?: string | null;
  bio?: string;
}

export async function editProfile(change: ProfileChange): Promise<void> {
  const user = await patch<User>(`${V10}/users/@me`, change);
  world.me = { ...world.me, ...user };
}

/** What one wrote about oneself; null where the server keeps no such text. */
export async function ownBio(): Promise<string | null> {
  const me = world.me?.id ?? '';
  try {
    const { bio } = await get<{ bio?: string | null }>(`${OSC}/users/${me}/profile`);
    return bio ?? '';
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

export async function changePassword(password: string, next: string): Promise<void> {
  await put(`${OSC}/accounts/@me/password`, { password, new_password: next });
}

export async function remove(password: string | undefined): Promise<void> {
  await ending(() => del(`${OSC}/accounts/@me`, password ? { password } : {}));
}

/** Hangs up before the server does, so that nobody is told they were signed out elsewhere. */
export async function ending(work: () => Promise<void>): Promise<void> {
  disconnect();
  try {
    await work();
  } catch (error) {
    connect();
    throw error;
  }
  await clear(); // a shared computer keeps nothing of those who signed out
  world.forget();
  await forgetKept();
}

/** The one-time link that the operator printed. */
export function becomeOwner(secret: string): Promise<void> {
  return post(`${OSC}/owner`, { secret });
}

export function resetPassword(secret: string, password: string): Promise<void> {
  return post(`${OSC}/password-resets`, { secret, password });
}
