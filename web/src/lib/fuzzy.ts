/** How well what somebody typed fits a name: its letters in order, better where they are together
 *  and where words begin. Null: it does not fit. */

const TOGETHER = 6;
const WORD_START = 8;
const AT_START = 10;

export function fuzzy(query: string, name: string): number | null {
  const wanted = fold(query);
  const text = fold(name);
  if (!wanted) return 0;
  const whole = text.indexOf(wanted);
  // One piece of the name beats any scattering of its letters.
  if (whole >= 0) return 100 + start(text, whole) + wanted.length * TOGETHER - text.length * 0.1;
  let score = 0;
  let at = -1;
  for (const letter of wanted) {
    if (letter === ' ') continue;
    const next = text.indexOf(letter, at + 1);
    if (next < 0) return null;
    score += next === at + 1 ? TOGETHER : start(text, next) - Math.min(4, next - at);
    at = next;
  }
  return score - text.length * 0.1;
}

function start(text: string, at: number): number {
  if (at === 0) return AT_START;
  return /[\s\-_.#/]/.test(text[at - 1] ?? '') ? WORD_START : 0;
}

/** Without case and accents: `Über` is found by `uber`. */
function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().trim();
}
