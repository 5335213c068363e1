/** The people of a room: fetching the list, and what moderators may do. */
import type { Guild } from '../model/guild.svelte';
import type { Member, User } from '../model/wire';
import { del, get, put, V10 } from '../net/rest';
import { command } from './connection';

export const MOST_MEMBERS = 10_000;

/** Asks for the list over the gateway, which brings presences too. */
export function request(guild: Guild): boolean {
  const limit = guild.memberCount > MOST_MEMBERS ? MOST_MEMBERS : 0;
  return command({ op: 8, d: { guild_id: guild.id, query: '', limit, presences: true } });
}

export async function kick(guildId: string, userId: string, reason = ''): Promise<void> {
  await del(`${V10}/guilds/${guildId}/members/${userId}`, undefined, reason);
}

export async function ban(
  guildId: string,
  userId: string,
  deleteDays: number,
  reason = '',
): Promise<void> {
  const body = { delete_message_seconds: deleteDays * 86_400 };
  await put(`${V10}/guilds/${guildId}/bans/${userId}`, body, reason);
}

export async function unban(guildId: string, userId: string): Promise<void> {
  await del(`${V10}/guilds/${guildId}/bans/${userId}`);
}

export interface Ban {
  user: User;
  reason?: string | null;
}

export async function bans(guildId: string): Promise<Ban[]> {
  return get(`${V10}/guilds/${guildId}/bans?limit=1000`);
}

/** Members whose name begins like this, from the server; they become known to the room. */
export async function search(guild: Guild, query: string): Promise<void> {
  const asked = new URLSearchParams({ query, limit: '100' });
  const found = await get<Member[]>(`${V10}/guilds/${guild.id}/members/search?${asked}`);
  for (const member of found) if (member.user) guild.members.set(member.user.id, member);
}

export async function addRole(guild: Guild, userId: string, roleId: string): Promise<void> {
  await put(`${V10}/guilds/${guild.id}/members/${userId}/roles/${roleId}`);
  changeRoles(guild, userId, (roles) => [...roles.filter((id) => id !== roleId), roleId]);
}

export async function removeRole(guild: Guild, userId: string, roleId: string): Promise<void> {
  await del(`${V10}/guilds/${guild.id}/members/${userId}/roles/${roleId}`);
  changeRoles(guild, userId, (roles) => roles.filter((id) => id !== roleId));
}

function changeRoles(guild: Guild, userId: string, change: (roles: string[]) => string[]): void {
  const member = guild.members.get(userId);
  if (member) guild.members.set(userId, { ...member, roles: change(member.roles) });
}
