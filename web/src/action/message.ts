/** What one can do with messages: read pages of history, send, send again, edit, delete. */
import { PERMISSION } from '../lib/permission';
import { compare } from '../lib/snowflake';
import { apply } from '../model/apply';
import { world } from '../model/here';
import type { Enclosure, Pending } from '../model/outbox.svelte';
import { PAGE, type Timeline } from '../model/timeline.svelte';
import type { Message } from '../model/wire';
import { ApiError, del, get, patch, post, reason, unreachable, V10 } from '../net/rest';

const RETRY_MS = 4_000;
const BUSY_MS = 30;
const TYPING_EVERY_MS = 8_000;
const SLOW_MODE = 20016;

const path = (channelId: string, rest = '') => `${V10}/channels/${channelId}/messages${rest}`;

/** Fetches a page for a timeline; errors end up on it, where the list shows them. */
async function fetching(timeline: Timeline, work: () => Promise<void>): Promise<void> {
  if (timeline.loading) return;
  timeline.begin();
  try {
    await work();
    timeline.end();
  } catch (error) {
    timeline.end(reason(error));
  }
}

/** The part that somebody reads above the end; else the part where the unread begins; else the
 *  newest page. It is not to be asked for before we know what is unread: world.current(). */
export function load(timeline: Timeline, readingId: string | null = null): Promise<void> {
  if (timeline.loaded && readingId) return loadAround(timeline, readingId);
  const channel = world.channels.get(timeline.channelId);
  const unreadAfter = channel?.unread ? channel.lastReadId : null;
  return unreadAfter ? loadAround(timeline, unreadAfter) : loadNewest(timeline);
}

/** A page further on may be on its way; what was asked for now comes after it, not never. */
async function free(timeline: Timeline): Promise<void> {
  while (timeline.loading) await new Promise((resolve) => setTimeout(resolve, BUSY_MS));
}

export async function loadNewest(timeline: Timeline): Promise<void> {
  await free(timeline);
  return fetching(timeline, async () => {
    const page = await get<Message[]>(path(timeline.channelId, `?limit=${PAGE}`));
    timeline.replace(page, { hasOlder: page.length === PAGE, hasNewer: false });
  });
}

export async function loadAround(timeline: Timeline, messageId: string): Promise<void> {
  await free(timeline);
  return fetching(timeline, async () => {
    const query = `?limit=${PAGE}&around=${messageId}`;
    const page = await get<Message[]>(path(timeline.channelId, query));
    const newest = world.channels.get(timeline.channelId)?.lastMessageId;
    const reaches = page.some((message) => compare(message.id, newest) >= 0);
    const hasOlder = page.filter((message) => compare(message.id, messageId) < 0).length > 1;
    timeline.replace(page, { hasOlder, hasNewer: !reaches });
  });
}

export function loadOlder(timeline: Timeline): Promise<void> {
  const oldest = timeline.rows[0];
  if (!oldest || !timeline.hasOlder) return Promise.resolve();
  return fetching(timeline, async () => {
    const query = `?limit=${PAGE}&before=${oldest.id}`;
    const page = await get<Message[]>(path(timeline.channelId, query));
    timeline.prepend(page, page.length === PAGE);
  });
}

export function loadNewer(timeline: Timeline): Promise<void> {
  const newest = timeline.rows.at(-1);
  if (!newest || !timeline.hasNewer) return Promise.resolve();
  return fetching(timeline, async () => {
    const query = `?limit=${PAGE}&after=${newest.id}`;
    const page = await get<Message[]>(path(timeline.channelId, query));
    timeline.append(page, page.length === PAGE);
  });
}

export interface Draft {
  content: string;
  files: readonly Enclosure[];
  replyTo: Message | null;
}

let lastOrder = 0;

/** Shows the message at once and sends it as soon as those before it are through. */
export function send(channelId: string, draft: Draft): void {
  lastOrder = Math.max(lastOrder + 0.001, Date.now());
  world.outbox.add({
    nonce: newNonce(),
    channelId,
    ...draft,
    order: lastOrder,
    state: 'sending',
    reason: '',
    loaded: 0,
  });
  void drain(channelId);
}

export function resend(nonce: string): void {
  const row = world.outbox.get(nonce);
  if (!row) return;
  world.outbox.change(nonce, { state: 'sending', reason: '' });
  void drain(row.channelId);
}

/** Everything that waits for a connection, each channel in its own order. */
export function resendAll(): void {
  for (const channelId of new Set(world.outbox.rows.map((row) => row.channelId))) {
    void drain(channelId);
  }
}

/** Gives a message up; what of it was on its way is called back. */
export function discard(nonce: string): Pending | undefined {
  const row = world.outbox.get(nonce);
  world.outbox.settle(nonce);
  uploads.get(nonce)?.();
  return row;
}

/** Sends the message without one of its files. */
export function dropFile(nonce: string, id: number): void {
  const row = world.outbox.get(nonce);
  if (!row) return;
  const files = row.files.filter((one) => one.id !== id);
  if (!files.length && !row.content) return void discard(nonce);
  world.outbox.change(nonce, { files, loaded: 0 });
  uploads.get(nonce)?.();
  void drain(row.channelId);
}

const draining = new Set<string>();
/** nonce -> how to break its upload off */
const uploads = new Map<string, () => void>();

async function drain(channelId: string): Promise<void> {
  if (draining.has(channelId)) return;
  draining.add(channelId);
  try {
    for (;;) {
      const row = world.outbox.of(channelId).find((one) => one.state !== 'failed');
      if (!row || !(await deliver(row))) return;
    }
  } finally {
    draining.delete(channelId);
  }
}

/** True: this one is settled or has failed for good, the next may go. */
async function deliver(row: Pending): Promise<boolean> {
  world.outbox.change(row.nonce, { state: 'sending' });
  try {
    const message = await hand(row);
    uploads.delete(row.nonce);
    startSlowMode(row.channelId);
    apply(world, { t: 'MESSAGE_CREATE', d: { ...message, nonce: row.nonce } }, Date.now());
    return true;
  } catch (error) {
    uploads.delete(row.nonce);
    const known = world.outbox.get(row.nonce);
    if (!known) return true; // its event came before the answer was lost, or it was given up
    if (known.files !== row.files) return true; // to be sent again without one of its files
    const passing = error instanceof ApiError && error.passing;
    if (!passing) {
      world.outbox.change(row.nonce, { state: 'failed', reason: reason(error), loaded: 0 });
      return true;
    }
    for (const later of world.outbox.of(row.channelId)) {
      const why = error.offline ? '' : reason(error);
      if (later.state === 'sending') {
        world.outbox.change(later.nonce, { state: 'waiting', reason: why });
      }
    }
    const channel = world.channels.get(row.channelId);
    if (error.code === SLOW_MODE && channel) channel.slowUntilMs = Date.now() + error.retryAfterMs;
    const waitMs = error.retryAfterMs || RETRY_MS;
    setTimeout(() => void drain(row.channelId), waitMs);
    return false;
  }
}

async function hand(row: Pending): Promise<Message> {
  const payload: Record<string, unknown> = {
    content: row.content,
    nonce: row.nonce,
    enforce_nonce: true,
    allowed_mentions: { parse: ['users', 'roles', 'everyone'], replied_user: true },
  };
  if (row.replyTo) {
    payload.message_reference = { message_id: row.replyTo.id, fail_if_not_exists: false };
  }
  if (!row.files.length) return post<Message>(path(row.channelId), payload);
  payload.attachments = row.files.map((one, id) => ({
    id,
    filename: fileName(one),
    description: one.description || undefined,
  }));
  const parts = row.files.map((one) => ({ file: one.file, name: fileName(one) }));
  const part = await import('../net/upload').catch(() => null);
  if (!part) throw unreachable();
  // Given up, or without one of its files, while that came.
  if (world.outbox.get(row.nonce)?.files !== row.files) throw new Error(row.nonce);
  const { done, cancel } = part.upload<Message>(path(row.channelId), payload, parts, (loaded) =>
    world.outbox.change(row.nonce, { loaded }),
  );
  uploads.set(row.nonce, cancel);
  return done;
}

// COMPAT: https://discord.com/developers/docs/reference#editing-message-attachments: hidden files
// are known by the beginning of their name.
const SPOILER = 'SPOILER_';

function fileName({ file, spoiler }: Enclosure): string {
  return spoiler && !file.name.startsWith(SPOILER) ? SPOILER + file.name : file.name;
}

/** After a message in a channel with slow mode; moderators are not held up. */
function startSlowMode(channelId: string): void {
  const channel = world.channels.get(channelId);
  if (!channel?.slowModeSeconds || !channel.guildId) return;
  const free = PERMISSION.MANAGE_MESSAGES | PERMISSION.MANAGE_CHANNELS | PERMISSION.BYPASS_SLOWMODE;
  if (world.rights(channel.guildId, channel) & free) return;
  channel.slowUntilMs = Date.now() + channel.slowModeSeconds * 1_000;
}

/** Changes the text at once; puts the old text back when the server refuses. */
export async function edit(message: Message, content: string): Promise<void> {
  const timeline = world.timeline(message.channel_id);
  timeline.change(message.id, (row) => ({ ...row, content }));
  try {
    const saved = await patch<Message>(path(message.channel_id, `/${message.id}`), { content });
    apply(world, { t: 'MESSAGE_UPDATE', d: saved }, Date.now());
  } catch (error) {
    timeline.change(message.id, (row) => ({ ...row, content: message.content }));
    throw error;
  }
}

export async function remove(message: Message): Promise<void> {
  await del(path(message.channel_id, `/${message.id}`));
  world.timeline(message.channel_id).remove([message.id]);
}

let typedAtMs = 0;
let typedIn = '';

/** Tells the others that we type; the server keeps the mark for ten seconds. */
export function typing(channelId: string): void {
  const now = Date.now();
  if (typedIn === channelId && now - typedAtMs < TYPING_EVERY_MS) return;
  typedIn = channelId;
  typedAtMs = now;
  post(`${V10}/channels/${channelId}/typing`).catch(() => undefined);
}

/** After sending, the next keystroke counts as typing anew. */
export function stopTyping(): void {
  typedIn = '';
}

/** Text of an error as a person may read it. */
function newNonce(): string {
  const random = crypto.getRandomValues(new Uint32Array(2));
  return `${Date.now().toString(36)}${random[0]?.toString(36)}${random[1]?.toString(36)}`.slice(
    0,
    25,
  );
}
