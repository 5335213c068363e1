/** What one can do with messages: read pages of history, send, send again, edit, delete. */
import { apply } from '../model/apply';
import { world } from '../model/here';
import type { Pending } from '../model/outbox.svelte';
import { PAGE, type Timeline } from '../model/timeline.svelte';
import type { Message } from '../model/wire';
import { ApiError, del, get, patch, post, V10 } from '../net/rest';
import { upload } from '../net/upload';

const RETRY_MS = 4_000;
const TYPING_EVERY_MS = 8_000;

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

/** The newest page; or, when somebody reads far above it, the part they are reading. */
export function load(timeline: Timeline): Promise<void> {
  const middle = timeline.hasNewer ? timeline.rows[timeline.rows.length >> 1]?.id : undefined;
  return middle ? loadAround(timeline, middle) : loadNewest(timeline);
}

export function loadNewest(timeline: Timeline): Promise<void> {
  return fetching(timeline, async () => {
    const page = await get<Message[]>(path(timeline.channelId, `?limit=${PAGE}`));
    timeline.replace(page, { hasOlder: page.length === PAGE, hasNewer: false });
  });
}

export function loadAround(timeline: Timeline, messageId: string): Promise<void> {
  return fetching(timeline, async () => {
    const query = `?limit=${PAGE}&around=${messageId}`;
    const page = await get<Message[]>(path(timeline.channelId, query));
    timeline.replace(page, { hasOlder: true, hasNewer: true });
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
  files: File[];
  replyTo: Message | null;
}

/** Shows the message at once and sends it as soon as those before it are through. */
export function send(channelId: string, draft: Draft): void {
  world.outbox.add({
    nonce: newNonce(),
    channelId,
    ...draft,
    createdAt: Date.now(),
    state: 'sending',
    reason: '',
    progress: 0,
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

export function discard(nonce: string): void {
  world.outbox.settle(nonce);
}

const draining = new Set<string>();

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
    apply(world, { t: 'MESSAGE_CREATE', d: { ...message, nonce: row.nonce } }, Date.now());
    return true;
  } catch (error) {
    if (!world.outbox.get(row.nonce)) return true; // its event came before the answer was lost
    const passing = error instanceof ApiError && error.passing;
    if (!passing) {
      world.outbox.change(row.nonce, { state: 'failed', reason: reason(error), progress: 0 });
      return true;
    }
    for (const later of world.outbox.of(row.channelId)) {
      const why = error.offline ? '' : reason(error);
      if (later.state === 'sending') {
        world.outbox.change(later.nonce, { state: 'waiting', reason: why });
      }
    }
    const waitMs = Math.max(RETRY_MS, error.retryAfterMs);
    setTimeout(() => void drain(row.channelId), waitMs);
    return false;
  }
}

function hand(row: Pending): Promise<Message> {
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
  return upload<Message>(path(row.channelId), payload, row.files, (progress) =>
    world.outbox.change(row.nonce, { progress }),
  ).done;
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
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function newNonce(): string {
  const random = crypto.getRandomValues(new Uint32Array(2));
  return `${Date.now().toString(36)}${random[0]?.toString(36)}${random[1]?.toString(36)}`.slice(
    0,
    25,
  );
}
