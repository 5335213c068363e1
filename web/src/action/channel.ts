/** Creating, changing and deleting the channels of a room. */
import { world } from '../model/here';
import type { ChannelData } from '../model/wire';
import { del, patch, post, V10 } from '../net/rest';

export interface ChannelWish {
  name: string;
  type: number;
  topic: string;
}

export async function create(guildId: string, wish: ChannelWish): Promise<ChannelData> {
  const body = { name: wish.name, type: wish.type, topic: wish.topic || undefined };
  const channel = await post<ChannelData>(`${V10}/guilds/${guildId}/channels`, body);
  world.putChannel(channel, guildId);
  return channel;
}

export async function edit(
  channelId: string,
  wish: { name: string; topic: string },
): Promise<void> {
  const saved = await patch<ChannelData>(`${V10}/channels/${channelId}`, wish);
  world.channels.get(channelId)?.take(saved);
}

export async function remove(channelId: string): Promise<void> {
  await del(`${V10}/channels/${channelId}`);
  world.dropChannel(channelId);
}
