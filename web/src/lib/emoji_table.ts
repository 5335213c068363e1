/** All emoji with their short codes and words to find them by. Loaded when somebody looks for one;
 *  made from emojibase-data 17.0.0 (MIT), a line each: character, codes, words. `~` behind the
 *  character means that it takes a skin tone; a line `#n` begins the group n of Unicode. */

export interface EmojiEntry {
  character: string;
  toned: boolean;
  group: number;
  codes: string[];
  /** the name in the reader's language */
  name: string;
  words: string;
}

let table: EmojiEntry[] = [];
let byCode = new Map<string, EmojiEntry>();
let byCharacter = new Map<string, EmojiEntry>();
let coming: Promise<EmojiEntry[]> | null = null;

export function loadEmoji(language = 'en'): Promise<EmojiEntry[]> {
  coming ??= fetchAll(language).catch((error) => {
    coming = null; // asked for again next time
    throw error;
  });
  return coming;
}

async function fetchAll(language: string): Promise<EmojiEntry[]> {
  const german = language.startsWith('de');
  const [{ default: lines }, names] = await Promise.all([
    import('./emoji_data/en.txt?raw'),
    german ? import('./emoji_data/de.txt?raw').then((one) => one.default) : null,
  ]);
  table = read(lines, names);
  byCode = new Map(table.flatMap((one) => one.codes.map((code) => [code, one] as const)));
  byCharacter = new Map(table.map((one) => [one.character, one]));
  return table;
}

export function read(lines: string, names: string | null): EmojiEntry[] {
  const own = names?.split('\n') ?? [];
  const found: EmojiEntry[] = [];
  let group = 0;
  for (const line of lines.split('\n')) {
    if (!line) continue;
    if (/^#\d+$/.test(line)) {
      group = Number(line.slice(1));
      continue;
    }
    const [shown = '', codes = '', words = ''] = line.split('\t');
    const toned = shown.endsWith('~');
    const [ownName = '', ownWords = ''] = (own[found.length] ?? '').split('\t');
    const all = codes.split(' ');
    found.push({
      character: toned ? shown.slice(0, -1) : shown,
      toned,
      group,
      codes: all,
      name: ownName || (all[0] ?? '').replaceAll('_', ' '),
      words: `${words} ${ownName} ${ownWords}`.toLowerCase(),
    });
  }
  return found;
}

/** Those that begin with the letters first, then those that have them somewhere. */
export function findEmoji(all: readonly EmojiEntry[], query: string, most: number): EmojiEntry[] {
  const wanted = query.trim().toLowerCase().replaceAll(' ', '_');
  if (!wanted) return all.slice(0, most);
  const plain = wanted.replaceAll('_', ' ');
  const ranked: [number, EmojiEntry][] = [];
  for (const one of all) {
    const rank = rankOf(one, wanted, plain);
    if (rank !== null) ranked.push([rank, one]);
  }
  ranked.sort((a, b) => a[0] - b[0]);
  return ranked.slice(0, most).map(([, one]) => one);
}

function rankOf(one: EmojiEntry, wanted: string, plain: string): number | null {
  if (one.character === wanted || one.codes.includes(wanted)) return 0;
  if (one.codes.some((code) => code.startsWith(wanted))) return 1;
  if (one.words.startsWith(plain) || one.words.includes(` ${plain}`)) return 2;
  return one.codes.some((code) => code.includes(wanted)) ? 3 : null;
}

/** `:smile:` -> the character; only what the table knows, and only once it is there. */
export function emojiByCode(code: string): string | null {
  return byCode.get(code)?.character ?? null;
}

export function codeOf(character: string): string | null {
  const bare = character.replaceAll(/[\u{1f3fb}-\u{1f3ff}]/gu, '');
  return (byCharacter.get(character) ?? byCharacter.get(bare))?.codes[0] ?? null;
}
