/** Everything the page knows. Read by the screens, changed by events (apply.ts) and by the
 *  answers to our own calls (action/). */
import { SvelteMap } from 'svelte/reactivity';
import { compare, fromTime } from '../lib/snowflake';
import { asItStands, PERMISSION, permissions, type Who } from '../lib/permission';
import { Channel } from './channel.svelte';
import { Guild } from './guild.svelte';
import { isMuted, type NotificationLevel } from './notification';
import { Outbox } from './outbox.svelte';
import { RELATION, type Relationship } from './relationship';
import { Timeline } from './timeline.svelte';
import {
  type ChannelData,
  type Member,
  type Message,
  type ReadState,
  type ServerFacts,
  type User,
} from './wire';

export type Link = 'off' | 'connecting' | 'live' | 'lost' | 'refused';

/** Histories kept at hand, so that going back to a channel shows it at once. */
const MOST_TIMELINES = 30;
/** Messages that wait to be told of; of more at once nobody hears the single one. */
const MOST_UNTOLD = 200;

const DEFAULTS: ServerFacts = {
  name: 'opensrcchat',
  limits: {
    message_length: 2000,
    attachment_bytes: 25 * 1024 * 1024,
    attachments: 10,
    guest_name_length: 32,
    account_bots: 25,
    guild_emojis: 50,
    emoji_bytes: 256 * 1024,
  },
  guests: true,
  registration: 'open',
};

export class World {
  server = $state.raw<ServerFacts>(DEFAULTS);
  me = $state.raw<User | null>(null);
  link = $state.raw<Link>('off');
  /** READY was seen: the list of rooms is complete */
  ready = $state.raw(false);
  /** what is known was kept on this device: the server has yet to say what is new */
  warm = $state.raw(false);
  /** grows with each message of somebody else */
  heard = $state.raw(0);
  /** what came of reports and raids last, or what the browser works at while somebody waits:
   *  seldom, and understood by parts that come then */
  news = $state.raw<{ t: string; d: unknown } | null>(null);
  /** those that nobody was told of yet, oldest first: many events of one moment are one change */
  readonly untold: Message[] = [];
  readonly guilds = new SvelteMap<string, Guild>();
  readonly channels = new SvelteMap<string, Channel>();
  readonly presences = new SvelteMap<string, string>();
  /** by guild or channel id; nothing for what was never set */
  readonly notifications = new SvelteMap<string, NotificationLevel>();
  /** friends, blocks and requests, by the other's user id */
  readonly relationships = new SvelteMap<string, Relationship>();
  /** ids of one's rooms as one put them; those not named come after */
  guildOrder = $state.raw<readonly string[]>([]);
  readonly outbox = new Outbox();
  readonly timelines = new Map<string, Timeline>();
  /** read marks by channel; they come before the channels they belong to */
  readonly marks = new Map<string, ReadState>();

  takeServer(facts: Partial<ServerFacts>): void {
    const limits = { ...DEFAULTS.limits, ...facts.limits };
    this.server = { ...DEFAULTS, ...facts, limits };
  }

  /** The history of a channel; those not looked at for longest are forgotten. */
  timeline(channelId: string): Timeline {
    const timeline = this.timelines.get(channelId) ?? new Timeline(channelId);
    this.timelines.delete(channelId);
    this.timelines.set(channelId, timeline);
    for (const [oldest, known] of this.timelines) {
      if (this.timelines.size <= MOST_TIMELINES) break;
      if (!known.loading) this.timelines.delete(oldest);
    }
    return timeline;
  }

  /** The channels of a room; with its threads only where that is asked for. */
  channelsOf(guildId: string, threads = false): Channel[] {
    const own = [...this.channels.values()].filter(
      (channel) => channel.guildId === guildId && (threads || !channel.thread),
    );
    return own.sort((a, b) => a.position - b.position || compare(a.id, b.id));
  }

  directChannels(): Channel[] {
    const own = [...this.channels.values()].filter((channel) => channel.direct);
    const newest = (c: Channel) => c.lastMessageId ?? c.id;
    return own.sort((a, b) => compare(newest(b), newest(a)));
  }

  /** Takes a channel in, or takes over what changed about it. */
  putChannel(data: ChannelData, guildId: string | null): Channel {
    const known = this.channels.get(data.id);
    if (known) {
      known.take(data);
      return known;
    }
    const channel = new Channel(data, guildId);
    this.channels.set(channel.id, channel);
    if (guildId) {
      // Never read: only what was said since we joined counts as new.
      const joined = Date.parse(this.guilds.get(guildId)?.joinedAt ?? '');
      channel.lastReadId = Number.isNaN(joined) ? null : fromTime(joined);
    }
    const mark = this.marks.get(channel.id);
    if (mark) this.putMark(mark);
    return channel;
  }

  putMark(mark: ReadState): void {
    this.marks.set(mark.channel_id, mark);
    const channel = this.channels.get(mark.channel_id);
    if (!channel) return;
    channel.lastReadId = mark.last_message_id ?? channel.lastReadId;
    channel.mentionCount = mark.mention_count ?? 0;
  }

  /** Whether we know by now how far a channel goes and how far we have read it. */
  current(channel: Channel): boolean {
    const guild = channel.guildId ? this.guilds.get(channel.guildId) : undefined;
    return !this.warm && !guild?.stale;
  }

  /** Whether a channel is quiet, by itself or with its room. */
  muted(channel: Channel): boolean {
    const now = Date.now();
    if (isMuted(this.notifications.get(channel.id), now)) return true;
    const parent = channel.thread && this.channels.get(channel.parentId ?? '');
    if (parent) return this.muted(parent);
    return channel.guildId !== null && isMuted(this.notifications.get(channel.guildId), now);
  }

  /** What a room's badge says. Only what can be opened counts, so that reading always clears it. */
  waiting(channels: readonly Channel[]): { unread: boolean; mentions: number } {
    const open = channels.filter((channel) => channel.readable);
    return {
      unread: open.some((channel) => channel.unread && !this.muted(channel)),
      mentions: open.reduce((sum, channel) => sum + channel.mentionCount, 0),
    };
  }

  /** Friend requests that wait for an answer of ours. */
  requests(): number {
    const all = [...this.relationships.values()];
    return all.filter((one) => one.type === RELATION.INCOMING).length;
  }

  hear(message: Message): void {
    this.untold.push(message);
    if (this.untold.length > MOST_UNTOLD) this.untold.shift();
    this.heard += 1;
  }

  blocked(userId: string): boolean {
    return this.relationships.get(userId)?.type === RELATION.BLOCKED;
  }

  guildBySlug(slug: string): Guild | undefined {
    return [...this.guilds.values()].find((guild) => guild.slug === slug);
  }

  member(guildId: string | null | undefined, userId: string): Member | undefined {
    return guildId ? this.guilds.get(guildId)?.members.get(userId) : undefined;
  }

  /** Somebody as they are by now, whatever an older message says of them. */
  asNow(user: User, member?: Member | null): User {
    if (user.id === this.me?.id) return this.me;
    return member?.user ?? this.relationships.get(user.id)?.user ?? user;
  }

  /** What we may do in a room, or in one of its channels. */
  rights(guildId: string, channel?: Channel): bigint {
    const guild = this.guilds.get(guildId);
    if (!guild || !this.me) return 0n;
    const who = {
      userId: this.me.id,
      ownerId: guild.ownerId,
      guildId: guild.id,
      roles: guild.roles,
      memberRoles: guild.members.get(this.me.id)?.roles ?? [],
    };
    return asItStands(this.#bits(who, channel), guild.shut, this.me.osc?.guest);
  }

  #bits(who: Who, channel?: Channel): bigint {
    if (!channel?.thread) return permissions(who, channel?.overwrites);
    // A thread has the rights of its channel, and a right to write of its own.
    const bits = permissions(who, this.channels.get(channel.parentId ?? '')?.overwrites);
    const { MANAGE_THREADS, SEND_MESSAGES, SEND_IN_THREADS } = PERMISSION;
    const writes = bits & SEND_IN_THREADS && (!channel.thread.locked || bits & MANAGE_THREADS);
    return writes ? bits | SEND_MESSAGES : bits & ~SEND_MESSAGES;
  }

  dropGuild(guildId: string): void {
    this.guilds.delete(guildId);
    for (const channel of this.channelsOf(guildId, true)) this.dropChannel(channel.id);
  }

  /** A channel goes, and the threads that hang on it. */
  dropChannel(channelId: string): void {
    const known = this.channels.get(channelId);
    this.channels.delete(channelId);
    this.timelines.delete(channelId);
    if (!known?.guildId || known.thread) return;
    for (const one of this.channelsOf(known.guildId, true)) {
      if (one.thread && one.parentId === channelId) this.dropChannel(one.id);
    }
  }

  /** Forgets the person: after logging out, or before somebody else logs in. */
  forget(): void {
    this.me = null;
    this.ready = false;
    this.warm = false;
    this.guilds.clear();
    this.channels.clear();
    this.presences.clear();
    this.notifications.clear();
    this.relationships.clear();
    this.guildOrder = [];
    this.timelines.clear();
    this.marks.clear();
    this.untold.length = 0;
    this.outbox.rows = [];
  }
}
