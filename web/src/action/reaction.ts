/** Reacting: shown at once, taken back when the server refuses. */
import { withReaction } from '../model/apply';
import { world } from '../model/here';
import type { Emoji, Message, User } from '../model/wire';
import { del, get, put, V10 } from '../net/rest';

export async function toggle(message: Message, emoji: Emoji, on: boolean): Promise<void> {
  const timeline = world.timeline(message.channel_id);
  const change = (step: 1 | -1) =>
    timeline.change(message.id, (row) => ({
      ...row,
      reactions: withReaction(row.reactions ?? [], emoji, true, step),
    }));
  change(on ? 1 : -1);
  const path = `${base(message, emoji)}/@me`;
  try {
    await (on ? put(path) : del(path));
  } catch (error) {
    change(on ? -1 : 1);
    throw error;
  }
}

/** Who reacted with it, the first of them. */
export function reactors(message: Message, emoji: Emoji, limit: number): Promise<User[]> {
  return get<User[]>(`${base(message, emoji)}?limit=${limit}`);
}

function base(message: Message, emoji: Emoji): string {
  const key = encodeURIComponent(emoji.id ? `${emoji.name}:${emoji.id}` : (emoji.name ?? ''));
  return `${V10}/channels/${message.channel_id}/messages/${message.id}/reactions/${key}`;
}
