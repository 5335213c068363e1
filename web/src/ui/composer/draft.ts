/** Half-written texts, one for each channel; they survive a reload and a crash. */
import type { Picked } from './mention';

const key = (channelId: string) => `osc.draft.${channelId}`;

export interface Draft {
  text: string;
  picked: [string, string][];
}

export function loadDraft(channelId: string): Draft {
  try {
    const saved = localStorage.getItem(key(channelId));
    if (saved) return { text: '', picked: [], ...(JSON.parse(saved) as Partial<Draft>) };
  } catch {
    // unreadable or forbidden: begin with nothing
  }
  return { text: '', picked: [] };
}

export function saveDraft(channelId: string, text: string, picked: Picked): void {
  try {
    if (!text) localStorage.removeItem(key(channelId));
    else localStorage.setItem(key(channelId), JSON.stringify({ text, picked: [...picked] }));
  } catch {
    // full or forbidden: the text is still in the field
  }
}
