/** People write and read "@Anna#4821"; the wire carries "<@id>". Both ways live here. */
import { world } from '../../model/here';
import { label } from '../../model/person';
import type { User } from '../../model/wire';

/** label -> id of those who were picked from the list, or were there before an edit */
export type Picked = Map<string, string>;

export function written(text: string, picked: Picked): string {
  // The longest first: "@Ann" must not eat the beginning of "@Anna".
  const labels = [...picked.keys()].sort((a, b) => b.length - a.length);
  let result = text;
  for (const name of labels) result = result.replaceAll(`@${name}`, `<@${picked.get(name)}>`);
  return result;
}

export function readable(
  content: string,
  guildId: string | null,
  mentions: readonly User[],
): { text: string; picked: Picked } {
  const picked: Picked = new Map();
  const text = content.replace(/<@!?(\d{1,20})>/g, (whole, id: string) => {
    const member = world.member(guildId, id);
    const user = member?.user ?? mentions.find((one) => one.id === id);
    if (!user) return whole;
    const name = label(user, member);
    picked.set(name, id);
    return `@${name}`;
  });
  return { text, picked };
}

/** The unfinished mention before the caret: where its @ stands and what follows it. */
export function unfinished(text: string, caret: number): { at: number; query: string } | null {
  const before = text.slice(0, caret);
  const match = /(^|[\s(])@([^\s@]{0,32})$/u.exec(before);
  if (!match) return null;
  const query = match[2] ?? '';
  return { at: caret - query.length - 1, query };
}
