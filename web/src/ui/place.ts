/** Addresses of rooms and channels: by slug where there is one, by id where there is none. */
import type { Channel } from '../model/channel.svelte';
import type { Guild } from '../model/guild.svelte';

export function guildPath(guild: Pick<Guild, 'id' | 'slug'>): string {
  return guild.slug ? `/r/${encodeURIComponent(guild.slug)}` : `/g/${guild.id}`;
}

export function channelPath(guild: Pick<Guild, 'id' | 'slug'>, channelId: string): string {
  return `${guildPath(guild)}/${channelId}`;
}

/** A page of a room's settings, and what is looked at there. */
export function settingsPath(
  guild: Pick<Guild, 'id' | 'slug'>,
  tab: string | null = null,
  chosen: string | null = null,
): string {
  const page = tab ? `/${tab}` : '';
  return `${guildPath(guild)}/settings${page}${chosen ? `?id=${chosen}` : ''}`;
}

/** The address of one message: what "copy link" gives. */
export function messagePath(
  guild: Pick<Guild, 'id' | 'slug'> | undefined,
  channelId: string,
  messageId: string,
): string {
  const channel = guild ? channelPath(guild, channelId) : directPath({ id: channelId });
  return `${channel}/${messageId}`;
}

export function directPath(channel: Pick<Channel, 'id'>): string {
  return `/dm/${channel.id}`;
}
