/** What one can do with rooms: create, change, delete, join, leave, look in from outside. */
import { apply } from '../model/apply';
import { world } from '../model/here';
import { PAGE, Timeline } from '../model/timeline.svelte';
import type { DirectoryPage, GuildData, Preview, Visibility } from '../model/wire';
import { del, get, OSC, patch, post, put, V10 } from '../net/rest';
import { reason } from './message';

export interface Wish {
  name: string;
  description: string;
  visibility: Visibility;
}

export const ORDERS = ['rank', 'online', 'members', 'active', 'new'] as const;
export type Order = (typeof ORDERS)[number];

export function directory(
  query: string,
  order: Order,
  after: string | null,
): Promise<DirectoryPage> {
  const search = new URLSearchParams({ limit: '24' });
  if (order !== 'rank') search.set('sort', order);
  if (query) search.set('q', query);
  if (after) search.set('after', after);
  return get<DirectoryPage>(`${OSC}/directory?${search}`);
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

/** A room as somebody outside may see it. */
export async function bySlug(slug: string): Promise<Preview['guild']> {
  return get<Preview['guild']>(`${OSC}/guilds/by-slug/${encodeURIComponent(slug)}`);
}

export function preview(guildId: string, channelId: string | null): Promise<Preview> {
  const search = new URLSearchParams({ limit: String(PAGE) });
  if (channelId) search.set('channel_id', channelId);
  return get<Preview>(`${OSC}/guilds/${guildId}/preview?${search}`);
}

/** The history of a preview; it lives beside the member's timelines, which have other rights. */
export function previewTimeline(found: Preview): Timeline {
  const timeline = new Timeline(found.channel_id ?? '');
  timeline.replace(found.messages, {
    hasOlder: found.messages.length >= PAGE,
    hasNewer: false,
  });
  return timeline;
}

export async function loadOlderPreview(guildId: string, timeline: Timeline): Promise<void> {
  const oldest = timeline.rows[0];
  if (!oldest || timeline.loading || !timeline.hasOlder) return;
  timeline.begin();
  try {
    const search = new URLSearchParams({
      limit: String(PAGE),
      channel_id: timeline.channelId,
      before: oldest.id,
    });
    const page = await get<Preview>(`${OSC}/guilds/${guildId}/preview?${search}`);
    timeline.prepend(page.messages, page.messages.length >= PAGE);
    timeline.end();
  } catch (error) {
    timeline.end(reason(error));
  }
}
