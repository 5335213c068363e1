/** The shapes the server sends, as far as the page relies on them: taken from the generated types,
 *  so that a renamed key is an error here, with only the keys required that are really needed.
 *  What comes over a network may lack the rest. Ids are strings: no number can hold a snowflake. */
import type * as proto from '../proto';
import type { NotificationLevel } from './notification';
import type { Relationship } from './relationship';

/** `Keys` are there for sure; everything else of `Whole` may be missing. */
type Seen<Whole, Keys extends keyof Whole> = Pick<Whole, Keys> & Partial<Omit<Whole, Keys>>;
/** `Whole` with some of its keys read in our way. */
type Reread<Whole, Ours> = Omit<Whole, keyof Ours> & Ours;

export type Visibility = proto.Visibility;
export type Overwrite = proto.Overwrite;
export type Emoji = Seen<proto.Emoji, 'name'>;
/** An emoji that somebody uploaded to a room. */
export type CustomEmoji = Reread<Seen<proto.CustomEmoji, 'id' | 'name'>, { user?: User }>;
export type Reaction = Reread<Pick<proto.Reaction, 'count' | 'me'>, { emoji: Emoji }>;
export type Attachment = Seen<proto.Attachment, 'id' | 'filename' | 'size' | 'url'>;
export type ReadState = Seen<proto.ReadState, 'channel_id'>;
export type Role = Seen<proto.Role, 'id' | 'name' | 'color' | 'position' | 'permissions'>;
export type UserOsc = Partial<proto.UserOsc>;
export type User = Reread<Seen<proto.User, 'id' | 'username'>, { osc?: UserOsc }>;
export type Member = Reread<Seen<proto.Member, 'roles'>, { user?: User }>;
export type GuildExtras = Partial<proto.GuildOsc> & { online_count?: number };
export type PresenceData = Pick<proto.Presence, 'user' | 'status' | 'guild_id'>;
export type VoiceState = Reread<
  Seen<proto.VoiceState, 'user_id' | 'channel_id'>,
  { member?: Member }
>;
export type ChannelData = Reread<
  Seen<proto.Channel, 'id' | 'type'>,
  { name?: string | null; recipients?: User[]; member?: ThreadSeat | null }
>;
/** Somebody's place in a thread. */
export type ThreadSeat = Seen<proto.ThreadMember, 'user_id' | 'join_timestamp'>;
export type ThreadMembers = Reread<
  Pick<proto.ThreadMembersUpdate, 'id' | 'guild_id' | 'member_count' | 'removed_member_ids'>,
  { added_members?: ThreadSeat[] }
>;
export type GuildData = Reread<
  Seen<proto.GuildCreate, 'id' | 'name' | 'owner_id'>,
  {
    roles?: Role[];
    emojis?: CustomEmoji[];
    channels?: ChannelData[];
    threads?: ChannelData[];
    members?: Member[];
    presences?: PresenceData[];
    voice_states?: VoiceState[];
    osc?: GuildExtras;
  }
>;
export type Message = Reread<
  Seen<proto.Message, 'id' | 'channel_id' | 'type' | 'content' | 'timestamp'>,
  {
    author: User;
    member?: Member;
    mentions?: User[];
    attachments?: Attachment[];
    reactions?: Reaction[];
    message_reference?: Partial<proto.MessageReference>;
    referenced_message?: Message | null;
    thread?: ChannelData;
  }
>;
export type AuditLogEntry = Reread<
  proto.AuditLogEntry,
  { changes?: proto.AuditLogChange[]; options?: Record<string, string> }
>;
export type Webhook = Seen<proto.Webhook, 'id' | 'name'>;
export type Ready = Reread<
  Seen<proto.Ready, 'session_id' | 'guilds'>,
  {
    user: User;
    private_channels?: ChannelData[];
    osc?: {
      read_states?: ReadState[];
      notifications?: NotificationLevel[];
      relationships?: Relationship[];
      guild_order?: string[];
    };
  }
>;

export type Room = Seen<proto.DirectoryItem, 'id' | 'name' | 'member_count' | 'online_count'>;
export type DirectoryPage = Reread<proto.Directory, { items: Room[] }>;
export type Summary = Seen<proto.GuildSummary, 'id' | 'name' | 'member_count' | 'online_count'>;
export type Preview = Reread<
  proto.Preview,
  { guild: Summary; channels: ChannelData[]; messages: Message[] }
>;
export type Invite = Reread<
  Seen<proto.Invite, 'code'>,
  {
    guild?: Seen<proto.InviteGuild, 'id' | 'name'> & { osc?: GuildExtras };
    inviter?: User;
    osc?: { online: User[] };
  }
>;
export type SessionRow = proto.LoginSession;
export type ServerFacts = Reread<
  Seen<proto.ServerInfo, 'name' | 'guests' | 'registration'>,
  { limits: proto.ServerLimits }
>;

export interface Boot {
  /** the page came from this device: who we are is not known yet */
  offline?: boolean;
  server?: Partial<ServerFacts>;
  me?: User | null;
  directory?: DirectoryPage | null;
  preview?: Preview | null;
  invite?: Invite | null;
}

export const CHANNEL = {
  TEXT: 0,
  DM: 1,
  VOICE: 2,
  GROUP: 3,
  CATEGORY: 4,
  ANNOUNCEMENT: 5,
  PUBLIC_THREAD: 11,
  PRIVATE_THREAD: 12,
} as const;
export const MESSAGE = {
  DEFAULT: 0,
  RECIPIENT_ADD: 1,
  RECIPIENT_REMOVE: 2,
  CHANNEL_NAME: 4,
  CHANNEL_ICON: 5,
  PINNED: 6,
  JOIN: 7,
  THREAD_CREATED: 18,
  REPLY: 19,
  COMMAND: 20,
  THREAD_STARTER: 21,
  MENU_COMMAND: 23,
  RULE_HIT: 24,
} as const;
export const FLAG = { EPHEMERAL: 1 << 6, LOADING: 1 << 7 } as const;

/** What somebody wrote, and not what the server tells. */
export const spoken = ({ type }: Message) =>
  type === MESSAGE.DEFAULT ||
  type === MESSAGE.REPLY ||
  type === MESSAGE.COMMAND ||
  type === MESSAGE.MENU_COMMAND;

/** Whether only we see it, and not for long. */
export const whispered = ({ flags = 0 }: Message) => (flags & FLAG.EPHEMERAL) !== 0;
