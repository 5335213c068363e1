/** (world, dispatch) -> void: the only place where events change what we know. Events may come
 *  twice or for things we never heard of; neither may break anything. */
import { isNewer } from '../lib/snowflake';
import { Guild } from './guild.svelte';
import type { NotificationLevel } from './notification';
import { takeReady } from './ready';
import type { Relationship } from './relationship';
import {
  MESSAGE,
  type ChannelData,
  type CustomEmoji,
  type Emoji,
  type GuildData,
  type Member,
  type Message,
  type PresenceData,
  type Reaction,
  type ReadState,
  type Ready,
  type Role,
  type ThreadMembers,
  type ThreadSeat,
  type User,
  type VoiceState,
  whispered,
} from './wire';
import type { World } from './world.svelte';

export interface Dispatch {
  t: string;
  d: unknown;
}

const TYPING_MS = 10_000;

export function apply(world: World, dispatch: Dispatch, nowMs: number): void {
  const handler = HANDLERS[dispatch.t];
  if (handler) handler(world, dispatch.d as never, nowMs);
  else if (/^OSC_R/.test(dispatch.t)) world.news = dispatch;
}

type Handler = (world: World, data: never, nowMs: number) => void;

const HANDLERS: Record<string, Handler> = {
  READY: (world, data: Ready) => takeReady(world, data),
  USER_UPDATE: (world, user: User) => {
    if (user.id === world.me?.id) world.me = { ...world.me, ...user };
  },

  GUILD_CREATE: guildCreate,
  GUILD_UPDATE: (world, data: GuildData) => world.guilds.get(data.id)?.take(data),
  GUILD_DELETE: (world, data: { id: string; unavailable?: boolean }) => {
    const guild = world.guilds.get(data.id);
    if (guild && data.unavailable) guild.unavailable = true;
    else world.dropGuild(data.id);
  },
  GUILD_EMOJIS_UPDATE: (world, data: { guild_id: string; emojis: CustomEmoji[] }) =>
    world.guilds.get(data.guild_id)?.take(data),
  GUILD_ROLE_CREATE: putRole,
  GUILD_ROLE_UPDATE: putRole,
  GUILD_ROLE_DELETE: (world, data: { guild_id: string; role_id: string }) =>
    world.guilds.get(data.guild_id)?.dropRole(data.role_id),

  GUILD_MEMBER_ADD: (world, data: Member & { guild_id: string }) => {
    const guild = world.guilds.get(data.guild_id);
    if (!guild || !data.user) return;
    if (!guild.members.has(data.user.id)) guild.memberCount += 1;
    guild.members.set(data.user.id, plain(data));
  },
  GUILD_MEMBER_UPDATE: (world, data: Member & { guild_id: string }) => {
    const guild = world.guilds.get(data.guild_id);
    if (!guild || !data.user) return;
    guild.members.set(data.user.id, { ...guild.members.get(data.user.id), ...plain(data) });
    const { id } = data.user;
    if (id === world.me?.id) world.me = { ...world.me, ...data.user };
  },
  GUILD_MEMBER_REMOVE: (world, data: { guild_id: string; user: User }) => {
    const guild = world.guilds.get(data.guild_id);
    if (!guild) return;
    guild.memberCount = Math.max(0, guild.memberCount - 1);
    guild.members.delete(data.user.id);
    guild.voice.delete(data.user.id);
  },
  GUILD_MEMBERS_CHUNK: memberChunk,
  PRESENCE_UPDATE: (world, data: PresenceData) => putPresence(world, data),
  VOICE_STATE_UPDATE: (world, data: VoiceState) => putVoice(world, data.guild_id, data),

  CHANNEL_CREATE: putChannel,
  CHANNEL_UPDATE: putChannel,
  CHANNEL_DELETE: (world, data: ChannelData) => world.dropChannel(data.id),

  // An archived thread stays as long as somebody may look at it; lists leave it out.
  THREAD_CREATE: putChannel,
  THREAD_UPDATE: putChannel,
  THREAD_DELETE: (world, data: { id: string }) => world.dropChannel(data.id),
  THREAD_LIST_SYNC: (world, data: { threads: ChannelData[] }) =>
    data.threads.forEach((thread) => putChannel(world, thread)),
  THREAD_MEMBER_UPDATE: (world, data: ThreadSeat & { id: string }) => {
    const thread = world.channels.get(data.id);
    if (thread) thread.seat = data;
  },
  THREAD_MEMBERS_UPDATE: threadMembers,
  OSC_CHANNEL_CREATE: (world, data: ChannelData) => void world.putChannel(data, null),
  CHANNEL_PINS_UPDATE: (world, data: { channel_id: string }) => {
    const channel = world.channels.get(data.channel_id);
    if (channel) channel.pinsChanged += 1;
  },
  OSC_READ_STATE_UPDATE: (world, data: ReadState) => world.putMark(data),

  CHANNEL_RECIPIENT_ADD: (world, data: RecipientEvent) =>
    changeRecipients(world, data, (rest) => [...rest, data.user]),
  CHANNEL_RECIPIENT_REMOVE: (world, data: RecipientEvent) =>
    changeRecipients(world, data, (rest) => rest),
  OSC_USER_UPDATE: userUpdate,

  OSC_NOTIFICATION_UPDATE: (world, data: NotificationLevel) =>
    void world.notifications.set(data.id, data),

  OSC_GUILD_ORDER_UPDATE: (world, data: { guild_ids: string[] }) =>
    void (world.guildOrder = data.guild_ids),

  OSC_RELATIONSHIP_UPDATE: (world, data: Relationship) =>
    void world.relationships.set(data.id, data),
  OSC_RELATIONSHIP_REMOVE: (world, data: { id: string }) =>
    void world.relationships.delete(data.id),

  TYPING_START: (world, data: { channel_id: string; user_id: string; member?: Member }, nowMs) => {
    if (data.user_id === world.me?.id) return;
    const channel = world.channels.get(data.channel_id);
    if (!channel) return;
    meet(world, channel.guildId, data.member?.user, data.member);
    channel.typing.set(data.user_id, nowMs + TYPING_MS);
  },

  MESSAGE_CREATE: (world, data: Message) => messageCreate(world, data),
  MESSAGE_UPDATE: (world, data: Partial<Message> & { id: string; channel_id: string }) => {
    // COMPAT: an update carries no reactions of the viewer; they change by their own events only.
    const { reactions: _, ...rest } = data;
    world.timelines.get(data.channel_id)?.change(data.id, (row) => ({ ...row, ...rest }));
  },
  MESSAGE_DELETE: (world, data: { id: string; channel_id: string }) =>
    messagesGone(world, data.channel_id, [data.id]),
  MESSAGE_DELETE_BULK: (world, data: { ids: string[]; channel_id: string }) =>
    messagesGone(world, data.channel_id, data.ids),

  MESSAGE_REACTION_ADD: (world, data: ReactionEvent) => react(world, data, 1),
  MESSAGE_REACTION_REMOVE: (world, data: ReactionEvent) => react(world, data, -1),
  MESSAGE_REACTION_REMOVE_ALL: (world, data: ReactionEvent) =>
    changeReactions(world, data, () => []),
  MESSAGE_REACTION_REMOVE_EMOJI: (world, data: ReactionEvent) =>
    changeReactions(world, data, (all) => all.filter((one) => !sameEmoji(one.emoji, data.emoji))),
};

/** A member as lists have them: an event also says in which room it happened. */
function plain({ guild_id: _, ...member }: Member & { guild_id: string }): Member {
  return member;
}

interface RecipientEvent {
  channel_id: string;
  user: User;
}

interface ReactionEvent {
  channel_id: string;
  message_id: string;
  user_id: string;
  emoji: Emoji;
}

function guildCreate(world: World, data: GuildData): void {
  const guild = world.guilds.get(data.id) ?? new Guild(data.id);
  guild.take(data);
  guild.unavailable = false;
  guild.stale = false;
  guild.membersComplete = false;
  guild.members.clear();
  guild.voice.clear();
  for (const member of data.members ?? []) {
    if (member.user) guild.members.set(member.user.id, member);
  }
  world.guilds.set(guild.id, guild);
  const listed = new Set((data.channels ?? []).map((channel) => channel.id));
  for (const thread of data.threads ?? []) listed.add(thread.id);
  for (const known of world.channelsOf(guild.id, true)) {
    if (!listed.has(known.id) && !known.thread?.archived) world.dropChannel(known.id);
  }
  for (const one of [...(data.channels ?? []), ...(data.threads ?? [])]) {
    world.putChannel(one, guild.id).seat = one.member ?? null;
  }
  for (const presence of data.presences ?? []) putPresence(world, presence);
  for (const state of data.voice_states ?? []) putVoice(world, guild.id, state);
}

function memberChunk(
  world: World,
  data: {
    guild_id: string;
    members: Member[];
    presences?: PresenceData[];
    chunk_index: number;
    chunk_count: number;
  },
): void {
  const guild = world.guilds.get(data.guild_id);
  if (!guild) return;
  for (const member of data.members) {
    if (member.user) guild.members.set(member.user.id, member);
  }
  for (const presence of data.presences ?? []) putPresence(world, presence);
  if (data.chunk_index + 1 >= data.chunk_count) guild.membersComplete = true;
}

function putRole(world: World, data: { guild_id: string; role: Role }): void {
  world.guilds.get(data.guild_id)?.putRole(data.role);
}

function putChannel(world: World, data: ChannelData): void {
  if (data.guild_id && !world.guilds.has(data.guild_id)) return;
  world.putChannel(data, data.guild_id ?? null);
}

function threadMembers(world: World, data: ThreadMembers): void {
  const thread = world.channels.get(data.id);
  if (!thread) return;
  thread.memberCount = data.member_count;
  const mine = data.added_members?.find((one) => one.user_id === world.me?.id);
  if (mine) thread.seat = mine;
  if (!data.removed_member_ids?.includes(world.me?.id ?? '')) return;
  thread.seat = null;
  thread.mentionCount = 0;
}

function changeRecipients(
  world: World,
  { channel_id, user }: RecipientEvent,
  change: (rest: User[]) => User[],
): void {
  const channel = world.channels.get(channel_id);
  if (!channel || user.id === world.me?.id) return;
  channel.recipients = change(channel.recipients.filter((one) => one.id !== user.id));
}

/** Somebody we know from a conversation or as a friend has a new name or picture. */
function userUpdate(world: World, user: User): void {
  for (const channel of world.channels.values()) {
    if (!channel.recipients.some((one) => one.id === user.id)) continue;
    channel.recipients = channel.recipients.map((one) => (one.id === user.id ? user : one));
  }
  const relationship = world.relationships.get(user.id);
  if (relationship) world.relationships.set(user.id, { ...relationship, user });
}

function putPresence(world: World, data: PresenceData): void {
  if (data.status === 'offline') world.presences.delete(data.user.id);
  else world.presences.set(data.user.id, data.status);
}

function putVoice(world: World, guildId: string | undefined, data: VoiceState): void {
  const guild = guildId ? world.guilds.get(guildId) : undefined;
  if (!guild) return;
  meet(world, guild.id, data.member?.user, data.member);
  if (data.channel_id) guild.voice.set(data.user_id, data.channel_id);
  else guild.voice.delete(data.user_id);
}

function messagesGone(world: World, channelId: string, ids: string[]): void {
  world.timelines.get(channelId)?.remove(ids);
  const channel = world.channels.get(channelId);
  if (channel) channel.messageCount = Math.max(0, channel.messageCount - ids.length);
}

function messageCreate(world: World, message: Message): void {
  const channel = world.channels.get(message.channel_id);
  const mine = message.author.id === world.me?.id;
  if (message.nonce != null) world.outbox.settle(String(message.nonce));
  world.timelines.get(message.channel_id)?.put(message);
  if (!channel) return;
  meet(world, channel.guildId, message.author, message.member);
  channel.typing.delete(message.author.id);
  if (whispered(message)) return; // in no history: nothing to be read later
  // What the server counted already has its id by now.
  if (isNewer(message.id, channel.lastMessageId)) {
    channel.lastMessageId = message.id;
    if (message.type !== MESSAGE.THREAD_STARTER) channel.messageCount += 1;
  }
  if (mine) {
    if (isNewer(message.id, channel.lastReadId)) channel.lastReadId = message.id;
    return;
  }
  if (world.blocked(message.author.id)) return; // not a word of theirs is announced
  channel.heard = { count: channel.heard.count + 1, last: message };
  const called = mentions(world, message, channel.guildId);
  // In a thread many are called only if they are in it; who is called by name is in it by now.
  if (channel.direct || (called && (!channel.thread || channel.seat))) channel.mentionCount += 1;
  world.hear(message);
}

/** Whether a message calls us: by name, by one of our roles, or everybody. */
export function mentions(world: World, message: Message, guildId: string | null): boolean {
  const me = world.me?.id;
  if (!me || message.author.id === me) return false;
  if (message.mention_everyone) return true;
  if (message.mentions?.some((user) => user.id === me)) return true;
  const roles = world.member(guildId, me)?.roles ?? [];
  return message.mention_roles?.some((id) => roles.includes(id)) ?? false;
}

/** Remembers somebody who appeared in passing, without undoing what is known better. */
function meet(world: World, guildId: string | null, user?: User, member?: Member): void {
  const guild = guildId ? world.guilds.get(guildId) : undefined;
  if (!guild || !user || !member || guild.members.has(user.id)) return;
  guild.members.set(user.id, { ...member, user });
}

function react(world: World, data: ReactionEvent, step: 1 | -1): void {
  const mine = data.user_id === world.me?.id;
  changeReactions(world, data, (all) => withReaction(all, data.emoji, mine, step));
}

/** One more or one less; our own counts only when it changes something, so that the event that
 *  follows an optimistic change is not counted twice. */
export function withReaction(
  all: Reaction[],
  emoji: Emoji,
  mine: boolean,
  step: 1 | -1,
): Reaction[] {
  const at = all.findIndex((one) => sameEmoji(one.emoji, emoji));
  const known = all[at];
  if (!known) return step === 1 ? [...all, { emoji, count: 1, me: mine }] : all;
  if (mine && known.me === (step === 1)) return all;
  const count = known.count + step;
  if (count <= 0) return all.toSpliced(at, 1);
  return all.with(at, { ...known, count, me: mine ? step === 1 : known.me });
}

export function sameEmoji(a: Emoji, b: Emoji): boolean {
  return a.id || b.id ? a.id === b.id : a.name === b.name;
}

function changeReactions(
  world: World,
  data: ReactionEvent,
  change: (all: Reaction[]) => Reaction[],
): void {
  world.timelines.get(data.channel_id)?.change(data.message_id, (row) => {
    const before = row.reactions ?? [];
    const after = change(before);
    return after === before ? row : { ...row, reactions: after };
  });
}
