/** Direct messages: a channel between two people, opened by whoever speaks first. */
import { world } from '../model/here';
import type { ChannelData } from '../model/wire';
import { post, V10 } from '../net/rest';

export async function open(userId: string): Promise<string> {
  const body = { recipient_id: userId };
  const channel = await post<ChannelData>(`${V10}/users/@me/channels`, body);
  world.putChannel(channel, null);
  return channel.id;
}
