/** One channel: what it is, and how far we have read it. Typing lives here and not among the
 *  messages, so that a keystroke elsewhere never redraws the list. */
import { SvelteMap } from 'svelte/reactivity';
import { isNewer } from '../lib/snowflake';
import {
  CHANNEL,
  type ChannelData,
  type Message,
  type Overwrite,
  type ThreadSeat,
  type User,
} from './wire';

export class Channel {
  readonly id: string;
  readonly guildId: string | null;
  type = $state.raw(0);
  name = $state.raw('');
  topic = $state.raw('');
  position = $state.raw(0);
  parentId = $state.raw<string | null>(null);
  overwrites = $state.raw<Overwrite[]>([]);
  recipients = $state.raw<User[]>([]);
  slowModeSeconds = $state.raw(0);
  /** what only threads have, as the server says it; null in other channels */
  thread = $state.raw<ChannelData['thread_metadata'] | null>(null);
  /** our own place in a thread */
  seat = $state.raw<ThreadSeat | null>(null);
  memberCount = $state.raw(0);
  messageCount = $state.raw(0);
  /** of a group: who may remove others; of a thread: who began it */
  ownerId = $state.raw<string | null>(null);
  icon = $state.raw<string | null>(null);
  lastMessageId = $state.raw<string | null>(null);
  lastReadId = $state.raw<string | null>(null);
  mentionCount = $state.raw(0);
  /** what others said since the page opened, for announcements and for the bar to the present */
  heard = $state.raw<{ count: number; last: Message | null }>({ count: 0, last: null });
  /** slow mode: when we may write again (ms) */
  slowUntilMs = $state.raw(0);
  /** rises when something was pinned or unpinned */
  pinsChanged = $state.raw(0);
  /** user id -> when the mark expires (ms) */
  readonly typing = new SvelteMap<string, number>();

  constructor(data: ChannelData, guildId: string | null) {
    this.id = data.id;
    this.guildId = guildId;
    this.take(data);
  }

  take(data: ChannelData): void {
    this.type = data.type;
    this.name = data.name ?? '';
    this.topic = data.topic ?? '';
    this.position = data.position ?? 0;
    this.parentId = data.parent_id ?? null;
    this.overwrites = data.permission_overwrites ?? [];
    this.slowModeSeconds = data.rate_limit_per_user ?? 0;
    if (data.thread_metadata) {
      this.thread = data.thread_metadata;
      this.memberCount = data.member_count ?? 0;
      this.messageCount = data.message_count ?? 0;
      // What is told to many says nothing of us.
      if (data.member) this.seat = data.member;
    }
    if (data.recipients) this.recipients = data.recipients;
    if (data.owner_id !== undefined) this.ownerId = data.owner_id;
    if (data.icon !== undefined) this.icon = data.icon;
    if (isNewer(data.last_message_id, this.lastMessageId)) {
      this.lastMessageId = data.last_message_id ?? null;
    }
  }

  get readable(): boolean {
    const text = this.type === CHANNEL.TEXT || this.type === CHANNEL.ANNOUNCEMENT;
    return text || this.direct || this.thread !== null;
  }

  get direct(): boolean {
    return this.type === CHANNEL.DM || this.group;
  }

  get group(): boolean {
    return this.type === CHANNEL.GROUP;
  }

  /** The one somebody talks with; nobody in a group, where there are several. */
  get other(): User | undefined {
    return this.type === CHANNEL.DM ? this.recipients[0] : undefined;
  }

  get unread(): boolean {
    // Of threads only those one is in wait to be read.
    const minds = this.readable && (!this.thread || this.seat !== null);
    return minds && isNewer(this.lastMessageId, this.lastReadId);
  }
}
