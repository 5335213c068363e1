/** Friends, requests and blocks. */
import { world } from '../model/here';
import { RELATION, type Relationship } from '../model/relationship';
import type { User } from '../model/wire';
import { del, get, OSC, post, put } from '../net/rest';

const PATH = `${OSC}/relationships`;

const take = (answer: Relationship | null) => {
  if (answer?.id) world.relationships.set(answer.id, answer);
};

/** Asks somebody by the name people know them by. */
export async function askByName(username: string): Promise<void> {
  take(await post<Relationship | null>(PATH, { username: username.replace(/^@/, '') }));
}

/** Asks somebody, or says yes to who asked. */
export async function befriend(userId: string): Promise<void> {
  take(await put<Relationship | null>(`${PATH}/${userId}`, { type: RELATION.FRIEND }));
}

export async function block(userId: string): Promise<void> {
  take(await put<Relationship | null>(`${PATH}/${userId}`, { type: RELATION.BLOCKED }));
}

/** No longer friends, blocked or asked: whatever it was. */
export async function part(userId: string): Promise<void> {
  await del(`${PATH}/${userId}`);
  world.relationships.delete(userId);
}

export interface Profile {
  user: User;
  bio?: string | null;
  mutual_guilds?: { id: string; nick?: string | null }[];
  mutual_friends?: string[];
}

/** Null: a stranger, of whom nothing more may be known. */
export async function profile(userId: string): Promise<Profile | null> {
  return get<Profile>(`${OSC}/users/${userId}/profile`).catch(() => null);
}
