/** The model as the events that would make it: what a device keeps for its next start, and what two
 *  models are compared by. */
import { compare } from '../lib/snowflake';
import type { Dispatch } from './apply';
import type { Channel } from './channel.svelte';
import type { Guild } from './guild.svelte';
import type { ChannelData, GuildData, Ready } from './wire';
import type { World } from './world.svelte';

/** READY, then a GUILD_CREATE for each room. `whole`: with all members, not only those near. */
export function snapshot(world: World, whole = true): Dispatch[] {
  if (!world.me) return [];
  const byId = <T extends { id: string }>(rows: Iterable<T>) =>
    [...rows].sort((a, b) => compare(a.id, b.id));
  // Archived threads are no part of what one is told afresh.
  const kept = [...world.channels.values()].filter((one) => !one.thread?.archived);
  const channels = byId(kept);
  const ready: Ready = {
    user: world.me,
    session_id: '',
    guilds: byId(world.guilds.values()).map((guild) => ({ id: guild.id, unavailable: true })),
    private_channels: channels.filter((one) => one.guildId === null).map(channelData),
    osc: {
      read_states: channels.map((one) => ({
        channel_id: one.id,
        last_message_id: one.lastReadId,
        mention_count: one.mentionCount,
      })),
      notifications: byId(world.notifications.values()),
      relationships: byId(world.relationships.values()),
      guild_order: [...world.guildOrder],
    },
  };
  const guilds = byId(world.guilds.values())
    .filter((guild) => !guild.unavailable)
    .map((guild) => {
      const own = channels.filter((one) => one.guildId === guild.id);
      return { t: 'GUILD_CREATE', d: guildData(world, guild, own, whole) };
    });
  return [{ t: 'READY', d: ready }, ...guilds];
}

function channelData(channel: Channel): ChannelData {
  const data: ChannelData = {
    id: channel.id,
    type: channel.type,
    name: channel.name,
    topic: channel.topic,
    position: channel.position,
    parent_id: channel.parentId,
    permission_overwrites: [...channel.overwrites].sort((a, b) => compare(a.id, b.id)),
    rate_limit_per_user: channel.slowModeSeconds,
    last_message_id: channel.lastMessageId,
  };
  if (channel.thread) {
    data.thread_metadata = channel.thread;
    data.owner_id = channel.ownerId ?? '';
    data.member_count = channel.memberCount;
    data.message_count = channel.messageCount;
    const seat = channel.seat;
    // Bare: what was told when somebody came in had more beside it.
    if (seat) data.member = { user_id: seat.user_id, join_timestamp: seat.join_timestamp };
  }
  if (channel.guildId === null) data.recipients = channel.recipients;
  return data;
}

function guildData(world: World, guild: Guild, channels: Channel[], whole: boolean): GuildData {
  const near = new Set([world.me?.id, ...guild.voice.keys()]);
  const members = [...guild.members.values()]
    .filter((member) => whole || near.has(member.user?.id))
    .sort((a, b) => compare(a.user?.id, b.user?.id));
  const data: GuildData = {
    id: guild.id,
    name: guild.name,
    description: guild.description || null,
    icon: guild.icon,
    owner_id: guild.ownerId,
    roles: guild.roles,
    member_count: guild.memberCount,
    members,
    channels: channels.filter((one) => !one.thread).map(channelData),
    threads: channels.filter((one) => one.thread).map(channelData),
    voice_states: [...guild.voice]
      .sort(([a], [b]) => compare(a, b))
      .map(([user_id, channel_id]) => ({ user_id, channel_id })),
    osc: { slug: guild.slug, visibility: guild.visibility },
  };
  if (guild.joinedAt !== null) data.joined_at = guild.joinedAt;
  return data;
}
