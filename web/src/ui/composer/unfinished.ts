/** The letters behind @, # or : before the caret, which something may be offered for. */

export interface Unfinished {
  sigil: '@' | '#' | ':';
  at: number;
  query: string;
}

export function unfinished(text: string, caret: number): Unfinished | null {
  const before = text.slice(0, caret);
  const match = /(^|[\s(])([@#:])([^\s@#:]{0,32})$/u.exec(before);
  if (!match) return null;
  if ((before.split('`').length - 1) % 2) return null; // inside of code
  const [, , sigil = '@', query = ''] = match;
  if (sigil === ':' && !/^[\p{L}\p{N}_+-]{2,}$/u.test(query)) return null;
  return { sigil: sigil as Unfinished['sigil'], at: caret - query.length - 1, query };
}
