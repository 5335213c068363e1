/** How far we have read, kept on the server so that every device of ours agrees. */
import { isNewer } from '../lib/snowflake';
import { world } from '../model/here';
import type { Channel } from '../model/channel.svelte';
import { OSC, put } from '../net/rest';

const PAUSE_MS = 400;
const timers = new Map<string, ReturnType<typeof setTimeout>>();

/** Marks read up to a message; several marks in a row become one call. */
export function mark(channel: Channel, messageId: string): void {
  const nothingNew = !isNewer(messageId, channel.lastReadId) && channel.mentionCount === 0;
  if (nothingNew) return;
  world.putMark({ channel_id: channel.id, last_message_id: messageId, mention_count: 0 });
  clearTimeout(timers.get(channel.id));
  timers.set(
    channel.id,
    setTimeout(() => {
      timers.delete(channel.id);
      if (!world.channels.has(channel.id)) return; // left meanwhile
      const body = { message_id: messageId };
      put(`${OSC}/channels/${channel.id}/read`, body).catch(() => undefined);
    }, PAUSE_MS),
  );
}

/** What is about to be left needs no mark any more. */
export function unmark(channelId: string): void {
  clearTimeout(timers.get(channelId));
  timers.delete(channelId);
}

/** Everything in these channels is read: a room, a category, or all there is. */
export function markAll(channels: readonly Channel[]): void {
  for (const channel of channels) {
    if (!channel.readable || (!channel.unread && channel.mentionCount === 0)) continue;
    mark(channel, channel.lastMessageId ?? channel.id);
  }
}

/** Everything from this message on is new again. */
export async function markUnreadFrom(channel: Channel, before: string): Promise<void> {
  clearTimeout(timers.get(channel.id));
  world.putMark({ channel_id: channel.id, last_message_id: before, mention_count: 0 });
  await put(`${OSC}/channels/${channel.id}/read`, { message_id: before });
}
