/** Friends, requests and blocks. */
import { world } from '../model/here';
import { label } from '../model/person';
import { RELATION, type Relationship } from '../model/relationship';
import type { User } from '../model/wire';
import { del, get, OSC, post, put } from '../net/rest';

const PATH = `${OSC}/relationships`;

const take = (answer: Relationship | null) => {
  if (answer?.id) world.relationships.set(answer.id, answer);
};

/** Asks somebody by the name people know them by: an account's username, or what the page calls a
 *  guest of a room we are in. False: a guest whom nobody here knows. */
export async function askByName(name: string): Promise<boolean> {
  const username = name.replace(/^@/, '');
  if (!/#\d+$/.test(username)) {
    take(await post<Relationship | null>(PATH, { username }));
    return true;
  }
  const guest = guestNamed(username);
  if (guest) await befriend(guest.id);
  return guest !== null;
}

/** Guests have no username: their name and tag are looked up among those we know. */
function guestNamed(name: string): User | null {
  for (const guild of world.guilds.values()) {
    for (const member of guild.members.values()) {
      const { user } = member;
      if (user && [label(user, member), label(user)].includes(name)) return user;
    }
  }
  for (const channel of world.directChannels()) {
    const found = channel.recipients.find((user) => label(user) === name);
    if (found) return found;
  }
  return null;
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
