/** Webhooks: addresses by which programs write into a room. */
import type { Webhook } from '../model/wire';
import { del, get, patch, post, V10 } from '../net/rest';

export async function ofGuild(guildId: string): Promise<Webhook[]> {
  return get(`${V10}/guilds/${guildId}/webhooks`);
}

export async function ofChannel(channelId: string): Promise<Webhook[]> {
  return get(`${V10}/channels/${channelId}/webhooks`);
}

export async function create(channelId: string, name: string): Promise<Webhook> {
  return post(`${V10}/channels/${channelId}/webhooks`, { name });
}

export interface WebhookChange {
  name?: string;
  avatar?: string | null;
  channel_id?: string;
}

export async function edit(id: string, change: WebhookChange): Promise<Webhook> {
  return patch(`${V10}/webhooks/${id}`, change);
}

export async function remove(id: string): Promise<void> {
  await del(`${V10}/webhooks/${id}`);
}
