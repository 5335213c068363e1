/** The shapes the server sends, as far as the page reads them.
 *  Ids are strings: a snowflake does not fit into a number. */

export interface User {
  id: string;
  username: string;
  global_name?: string | null;
  avatar?: string | null;
  bot?: boolean;
  osc?: { guest?: boolean; tag?: string; expires_at?: string | null };
}

export interface Member {
  user?: User;
  nick?: string | null;
  roles: string[];
  joined_at?: string | null;
  flags?: number;
}

export interface Role {
  id: string;
  name: string;
  color: number;
  position: number;
  permissions: string;
  hoist?: boolean;
}

export interface Overwrite {
  id: string;
  type: number;
  allow: string;
  deny: string;
}

export interface ChannelData {
  id: string;
  type: number;
  guild_id?: string;
  name?: string | null;
  topic?: string | null;
  position?: number;
  parent_id?: string | null;
  permission_overwrites?: Overwrite[];
  last_message_id?: string | null;
  rate_limit_per_user?: number;
  recipients?: User[];
}

export type Visibility = 'public' | 'unlisted' | 'private';

export interface GuildExtras {
  slug?: string | null;
  visibility?: Visibility;
  online_count?: number;
}

export interface GuildData {
  id: string;
  name: string;
  icon?: string | null;
  description?: string | null;
  owner_id: string;
  roles?: Role[];
  channels?: ChannelData[];
  members?: Member[];
  presences?: PresenceData[];
  voice_states?: VoiceState[];
  member_count?: number;
  joined_at?: string;
  large?: boolean;
  unavailable?: boolean;
  osc?: GuildExtras;
}

export interface VoiceState {
  guild_id?: string;
  channel_id: string | null;
  user_id: string;
  member?: Member;
}

export interface PresenceData {
  user: { id: string };
  guild_id?: string;
  status: string;
}

export interface Emoji {
  id?: string | null;
  name: string | null;
  animated?: boolean;
}

export interface Reaction {
  count: number;
  me: boolean;
  emoji: Emoji;
}

export interface Attachment {
  id: string;
  filename: string;
  size: number;
  url: string;
  content_type?: string | null;
  width?: number | null;
  height?: number | null;
  description?: string | null;
}

export interface Message {
  id: string;
  channel_id: string;
  guild_id?: string;
  type: number;
  author: User;
  member?: Member;
  content: string;
  timestamp: string;
  edited_timestamp?: string | null;
  mentions?: User[];
  mention_roles?: string[];
  mention_everyone?: boolean;
  attachments?: Attachment[];
  reactions?: Reaction[];
  nonce?: string | number | null;
  webhook_id?: string;
  message_reference?: { message_id?: string; channel_id?: string };
  referenced_message?: Message | null;
}

export interface ReadState {
  channel_id: string;
  last_message_id?: string | null;
  mention_count?: number;
}

export interface Ready {
  user: User;
  session_id: string;
  resume_gateway_url?: string;
  guilds: { id: string; unavailable?: boolean }[];
  private_channels?: ChannelData[];
  osc?: { read_states?: ReadState[] };
}

export interface Room {
  id: string;
  slug: string;
  name: string;
  description?: string | null;
  icon?: string | null;
  member_count: number;
  online_count: number;
  last_activity?: string | null;
}

export interface DirectoryPage {
  items: Room[];
  next: string | null;
}

export interface Preview {
  guild: {
    id: string;
    slug?: string | null;
    name: string;
    description?: string | null;
    member_count: number;
    online_count: number;
    visibility?: Visibility;
  };
  channels: ChannelData[];
  channel_id: string | null;
  messages: Message[];
}

export interface Invite {
  code: string;
  guild?: { id: string; name: string; description?: string | null; osc?: GuildExtras };
  channel?: { id: string; name: string; type: number } | null;
  inviter?: User;
  approximate_member_count?: number;
  approximate_presence_count?: number;
  expires_at?: string | null;
}

export interface SessionRow {
  id: string;
  created_at: string;
  last_used_at: string;
  current: boolean;
  client?: string | null;
}

export interface ServerFacts {
  name: string;
  gateway?: string;
  limits: {
    message_length: number;
    attachment_bytes: number;
    attachments: number;
    guest_name_length: number;
  };
  guests: boolean;
  registration: 'open' | 'invite' | 'closed';
}

export interface Boot {
  server?: Partial<ServerFacts>;
  me?: User | null;
  directory?: DirectoryPage | null;
  preview?: Preview | null;
  invite?: Invite | null;
}

export const CHANNEL = { TEXT: 0, DM: 1, VOICE: 2, CATEGORY: 4, ANNOUNCEMENT: 5 } as const;
export const MESSAGE = { DEFAULT: 0, JOIN: 7, REPLY: 19 } as const;
