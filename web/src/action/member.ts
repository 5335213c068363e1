/** The people of a room: fetching the list, and what moderators may do. */
import type { Guild } from '../model/guild.svelte';
import type { User } from '../model/wire';
import { del, get, put, V10 } from '../net/rest';
import { command } from './connection';

export const MOST_MEMBERS = 1_000;

/** Asks for the list over the gateway, which brings presences too. */
export function request(guild: Guild): boolean {
  const limit = guild.memberCount > MOST_MEMBERS ? MOST_MEMBERS : 0;
  return command({ op: 8, d: { guild_id: guild.id, query: '', limit, presences: true } });
}

export async function kick(guildId: string, userId: string): Promise<void> {
  await del(`${V10}/guilds/${guildId}/members/${userId}`);
}

export async function ban(guildId: string, userId: string, deleteDays: number): Promise<void> {
  const body = { delete_message_seconds: deleteDays * 86_400 };
  await put(`${V10}/guilds/${guildId}/bans/${userId}`, body);
}

export async function unban(guildId: string, userId: string): Promise<void> {
  await del(`${V10}/guilds/${guildId}/bans/${userId}`);
}

export async function bans(guildId: string): Promise<{ user: User; reason?: string | null }[]> {
  return get(`${V10}/guilds/${guildId}/bans`);
}
