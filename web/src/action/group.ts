/** Conversations of several people outside of any room. */
import { world } from '../model/here';
import type { ChannelData } from '../model/wire';
import { del, patch, post, put, V10 } from '../net/rest';
import { unmark } from './read_state';

export async function create(userIds: readonly string[]): Promise<string> {
  const body = { recipients: userIds };
  const channel = await post<ChannelData>(`${V10}/users/@me/channels`, body);
  world.putChannel(channel, null);
  return channel.id;
}

export async function rename(channelId: string, name: string): Promise<void> {
  const saved = await patch<ChannelData>(`${V10}/channels/${channelId}`, { name: name || null });
  world.channels.get(channelId)?.take(saved);
}

export async function add(channelId: string, userId: string): Promise<void> {
  await put(`${V10}/channels/${channelId}/recipients/${userId}`);
}

export async function remove(channelId: string, userId: string): Promise<void> {
  await del(`${V10}/channels/${channelId}/recipients/${userId}`);
}

export async function leave(channelId: string): Promise<void> {
  unmark(channelId);
  await del(`${V10}/channels/${channelId}`);
  world.dropChannel(channelId);
}
