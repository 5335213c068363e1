/** Threads: begun, changed, left; who is in them, and those that are archived. */
import { world } from '../model/here';
import type { Channel } from '../model/channel.svelte';
import { CHANNEL, type ChannelData, type Member, type Message } from '../model/wire';
import { del, get, patch, post, put, V10 } from '../net/rest';

export interface ThreadWish {
  name: string;
  private?: boolean;
  /** minutes */
  autoArchive?: number;
}

/** A thread that hangs on a message, or on nothing; answers its id. */
export async function begin(
  parent: Channel,
  message: Message | null,
  wish: ThreadWish,
): Promise<string> {
  const at = message ? `/messages/${message.id}` : '';
  const type = wish.private ? CHANNEL.PRIVATE_THREAD : CHANNEL.PUBLIC_THREAD;
  const body = {
    name: wish.name,
    type: message ? undefined : type,
    auto_archive_duration: wish.autoArchive,
  };
  const made = await post<ChannelData>(`${V10}/channels/${parent.id}${at}/threads`, body);
  world.putChannel(made, parent.guildId);
  return made.id;
}

export interface ThreadChange {
  name?: string;
  archived?: boolean;
  locked?: boolean;
  invitable?: boolean;
  auto_archive_duration?: number;
  rate_limit_per_user?: number;
}

export async function edit(id: string, change: ThreadChange): Promise<void> {
  const saved = await patch<ChannelData>(`${V10}/channels/${id}`, change);
  world.channels.get(id)?.take(saved);
}

export async function remove(id: string): Promise<void> {
  await del(`${V10}/channels/${id}`);
  world.dropChannel(id);
}

const seat = (id: string, user: string) => `${V10}/channels/${id}/thread-members/${user}`;

export const join = (id: string) => put(seat(id, '@me'));
export const leave = (id: string) => del(seat(id, '@me'));
export const add = (id: string, user: string) => put(seat(id, user));
export const takeOut = (id: string, user: string) => del(seat(id, user));

export interface Seat {
  user_id: string;
  member?: Member;
}

/** What was said last. */
export async function newest(id: string): Promise<Message | null> {
  const [message] = await get<Message[]>(`${V10}/channels/${id}/messages?limit=1`);
  return message ?? null;
}

const PEOPLE = 100;

/** Who is in a thread, page by page. */
export async function people(id: string): Promise<Seat[]> {
  const all: Seat[] = [];
  for (;;) {
    const after = all.at(-1)?.user_id ?? '0';
    const search = `with_member=true&limit=${PEOPLE}${after === '0' ? '' : `&after=${after}`}`;
    const page = await get<Seat[]>(`${V10}/channels/${id}/thread-members?${search}`);
    all.push(...page);
    if (page.length < PEOPLE) return all;
  }
}

export interface FoundThreads {
  threads: ChannelData[];
  has_more: boolean;
}

/** Threads of a channel by name, the last used first. */
export function search(
  parentId: string,
  name: string,
  archived: boolean,
  offset: number,
): Promise<FoundThreads> {
  const wanted = new URLSearchParams({ archived: String(archived), limit: '25' });
  if (name) wanted.set('name', name);
  if (offset) wanted.set('offset', String(offset));
  if (archived) wanted.set('sort_by', 'archive_time');
  return get<FoundThreads>(`${V10}/channels/${parentId}/threads/search?${wanted}`);
}

const sought = new Set<string>();

/** A channel that is not known may be a thread that is archived. */
export async function find(guildId: string, id: string): Promise<void> {
  if (sought.has(id)) return;
  sought.add(id);
  const data = await get<ChannelData>(`${V10}/channels/${id}`).catch(() => null);
  if (data?.thread_metadata && data.guild_id === guildId) world.putChannel(data, guildId);
}
