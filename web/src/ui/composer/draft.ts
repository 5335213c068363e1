/** Half-written messages, one for each channel; they survive another channel, a reload, a crash.
 *  Text and answer are written down at once, files go to the browser's database. */
import { get, put, remove } from '../../lib/shelf';
import type { Enclosure } from '../../model/outbox.svelte';
import type { Message } from '../../model/wire';
import type { Picked } from './mention';

const key = (channelId: string) => `osc.draft.${channelId}`;

export interface Draft {
  text: string;
  picked: [string, string][];
  replyTo: Message | null;
}

export function loadDraft(channelId: string): Draft {
  const empty: Draft = { text: '', picked: [], replyTo: null };
  try {
    const saved = localStorage.getItem(key(channelId));
    if (saved) return { ...empty, ...(JSON.parse(saved) as Partial<Draft>) };
  } catch {
    // unreadable or forbidden: begin with nothing
  }
  return empty;
}

export function saveDraft(
  channelId: string,
  text: string,
  picked: Picked,
  replyTo: Message | null,
): void {
  try {
    if (!text && !replyTo) localStorage.removeItem(key(channelId));
    else {
      const draft: Draft = { text, picked: [...picked], replyTo };
      localStorage.setItem(key(channelId), JSON.stringify(draft));
    }
  } catch {
    // full or forbidden: the text is still in the field
  }
}

/** Files of channels that are not on the screen. */
const waiting = new Map<string, readonly Enclosure[]>();

export async function loadFiles(channelId: string): Promise<readonly Enclosure[]> {
  return waiting.get(channelId) ?? (await get<Enclosure[]>('files', channelId)) ?? [];
}

export function saveFiles(channelId: string, files: readonly Enclosure[]): void {
  const before = waiting.get(channelId);
  waiting.set(channelId, files);
  if (files.length) void put('files', channelId, [...files]);
  else if (before?.length) void remove('files', channelId);
}
