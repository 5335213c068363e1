/** Messages that a channel keeps at hand. */
import { world } from '../model/here';
import type { Message } from '../model/wire';
import { del, get, put, V10 } from '../net/rest';

export interface Pin {
  pinned_at: string;
  message: Message;
}

export interface PinPage {
  items: Pin[];
  has_more: boolean;
}

const PAGE = 25;

export function pins(channelId: string, before: string | null): Promise<PinPage> {
  const search = new URLSearchParams({ limit: String(PAGE) });
  if (before) search.set('before', before);
  return get<PinPage>(`${V10}/channels/${channelId}/messages/pins?${search}`);
}

/** Shown at once, taken back when the server refuses. */
export async function pin(message: Message, on: boolean): Promise<void> {
  const timeline = world.timeline(message.channel_id);
  const show = (pinned: boolean) => timeline.change(message.id, (row) => ({ ...row, pinned }));
  const path = `${V10}/channels/${message.channel_id}/messages/pins/${message.id}`;
  show(on);
  try {
    await (on ? put(path) : del(path));
  } catch (error) {
    show(!on);
    throw error;
  }
}
