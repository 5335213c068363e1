/** What is needed of emoji before the whole table comes: the shelf at hand, those used last, the
 *  chosen skin, and names of the commonest. The table itself is in `emoji_table.ts`. */

export const QUICK: readonly string[] = ['👍', '❤️', '😂', '🎉', '👀', '🙏'];

const NAMES: Record<string, string> = {
  '👍': 'thumbs up',
  '👎': 'thumbs down',
  '❤️': 'heart',
  '😂': 'tears of joy',
  '🎉': 'party',
  '👀': 'eyes',
  '🙏': 'thanks',
  '🔥': 'fire',
  '😮': 'surprised',
  '😢': 'crying',
  '✅': 'done',
  '💯': 'hundred',
};
const RECENT = 'osc.emoji.recent';
const SKIN = 'osc.emoji.skin';
const MOST_RECENT = 24;

export function emojiName(character: string | null): string {
  return NAMES[character ?? ''] ?? NAMES[`${character}\ufe0f`] ?? character ?? '';
}

/** Skin tones are the five of Unicode; 0 is none. */
export function withSkin(character: string, tone: number): string {
  if (tone < 1 || tone > 5) return character;
  const [first = '', ...rest] = [...character];
  return first + String.fromCodePoint(0x1f3fa + tone) + rest.join('').replace(/^\ufe0f/u, '');
}

export function recent(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(RECENT) ?? '[]');
    return Array.isArray(kept) ? kept.filter((one) => typeof one === 'string') : [];
  } catch {
    return [];
  }
}

export function used(character: string): void {
  const next = [character, ...recent().filter((one) => one !== character)].slice(0, MOST_RECENT);
  keep(RECENT, JSON.stringify(next));
}

export function skin(): number {
  try {
    return Number(localStorage.getItem(SKIN)) || 0;
  } catch {
    return 0;
  }
}

export function chooseSkin(tone: number): void {
  keep(SKIN, String(tone));
}

const CUSTOM = /<(a?):(\w{2,32}):(\d{1,20})>/g;

/** An emoji as text, `<:name:id>` if somebody uploaded it, as reactions have it. */
export function asEmoji(text: string): { id: string | null; name: string; animated?: boolean } {
  const [, moves, name = '', id] = new RegExp(CUSTOM, '').exec(text) ?? [];
  return id ? { id, name, animated: !!moves } : { id: null, name: text };
}

/** Emoji alone, so few that they may be drawn large. */
export function onlyEmoji(text: string): boolean {
  const bare = text.replaceAll(CUSTOM, '😀').replaceAll(/\s/g, '');
  if (!bare || bare.length > 80 || !/\p{Extended_Pictographic}|\p{RI}/u.test(bare)) return false;
  return /^(?:\p{Extended_Pictographic}|\p{RI}|\p{EMod}|[\u200d\ufe0f\u20e3])+$/u.test(bare);
}

function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // forbidden or full: it holds for this visit
  }
}
