/** Whether a message may make itself heard: by the level of its channel, else of its room, else by
 *  what is usual there. Pure; the world only lends what it knows. */
import { mentions } from '../../model/apply';
import { isMuted, type NotificationLevel } from '../../model/notification';
import type { Message } from '../../model/wire';
import type { World } from '../../model/world.svelte';

export const LEVEL = { ALL: 0, MENTIONS: 1, NOTHING: 2 } as const;
/** In a public room with more people than this only mentions are news. */
export const CROWD = 50;

export type Loudness = 'silent' | 'message' | 'mention' | 'direct';

export function usualLevel(world: World, guildId: string): number {
  const guild = world.guilds.get(guildId);
  const crowded = guild?.visibility === 'public' && guild.memberCount > CROWD;
  return crowded ? LEVEL.MENTIONS : LEVEL.ALL;
}

export function loudness(world: World, message: Message, nowMs: number): Loudness {
  if (!world.me || message.author.id === world.me.id) return 'silent';
  const channel = world.channels.get(message.channel_id);
  if (!channel) return 'silent';
  // A thread tells those who are in it, as its channel does unless it has a level of its own.
  if (channel.thread && !channel.seat) return 'silent';
  const parent = channel.thread ? world.notifications.get(channel.parentId ?? '') : undefined;
  const own = world.notifications.get(channel.id) ?? parent;
  const room: NotificationLevel | undefined = channel.guildId
    ? world.notifications.get(channel.guildId)
    : undefined;
  if ([own, parent, room].some((one) => isMuted(one, nowMs))) return 'silent';
  const level = own?.level ?? room?.level ?? usualLevel(world, channel.guildId ?? '');
  if (level === LEVEL.NOTHING) return 'silent';
  if (!channel.guildId) return 'direct';
  if (mentions(world, message, channel.guildId)) return 'mention';
  return level === LEVEL.ALL ? 'message' : 'silent';
}
