/** What one can do with rooms: create, change, delete, join, leave. */
import { apply } from '../model/apply';
import { world } from '../model/here';
import type { GuildData, Visibility } from '../model/wire';
import { del, OSC, patch, post, put, V10 } from '../net/rest';

export interface Wish {
  name: string;
  description: string;
  visibility: Visibility;
}

export async function create(wish: Wish): Promise<GuildData> {
  const body = { ...wish, description: wish.description || undefined };
  const guild = await post<GuildData>(`${OSC}/guilds`, body);
  arrive(guild);
  return guild;
}

export async function join(guildId: string): Promise<GuildData> {
  const guild = await post<GuildData>(`${OSC}/guilds/${guildId}/join`);
  arrive(guild);
  return guild;
}

/** The answer may come before the event that brings the room; whichever is first lets us in. */
export function arrive(guild: GuildData): void {
  if (world.guilds.has(guild.id) || !guild.channels) return;
  apply(world, { t: 'GUILD_CREATE', d: guild }, Date.now());
}

export async function leave(guildId: string): Promise<void> {
  await del(`${V10}/users/@me/guilds/${guildId}`);
  world.dropGuild(guildId);
}

export interface GuildChange {
  name?: string;
  description?: string;
  /** a data URI; null takes the picture away */
  icon?: string | null;
  visibility?: Visibility;
  slug?: string;
}

/** Two doors: what v10 knows of a guild, and what only we know of a room. */
export async function update(guildId: string, change: GuildChange): Promise<void> {
  const guild = world.guilds.get(guildId);
  const { visibility, slug, ...known } = change;
  if (Object.keys(known).length) {
    const { name, description, icon } = await patch<GuildData>(`${V10}/guilds/${guildId}`, known);
    guild?.take({ name, description, icon });
  }
  if (visibility !== undefined || slug !== undefined) {
    const body = { visibility, slug };
    const saved = await patch<GuildData>(`${OSC}/guilds/${guildId}`, body);
    if (saved?.osc) guild?.takeExtras(saved.osc);
  }
}

export async function handOver(guildId: string, userId: string): Promise<void> {
  await put(`${OSC}/guilds/${guildId}/owner`, { user_id: userId });
}

export async function remove(guildId: string): Promise<void> {
  await del(`${OSC}/guilds/${guildId}`);
  world.dropGuild(guildId);
}
