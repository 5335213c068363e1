/** People write and read "@Anna#4821" and "#general"; the wire carries "<@id>" and "<#id>". Both
 *  ways live here. */
import { world } from '../../model/here';
import { label } from '../../model/person';
import type { User } from '../../model/wire';

/** as it stands in the field -> as the wire has it */
export type Picked = Map<string, string>;

const WORD = /[\p{L}\p{N}_]/u;

export function written(text: string, picked: Picked): string {
  if (!picked.size) return text;
  // The longest first: "@Ann" must not eat the beginning of "@Anna".
  const labels = [...picked.keys()].sort((a, b) => b.length - a.length);
  let result = '';
  for (let at = 0; at < text.length;) {
    const name = labels.find((one) => text.startsWith(one, at));
    const whole = name !== undefined && !WORD.test(text[at + name.length] ?? '');
    if (whole) {
      result += picked.get(name);
      at += name.length;
    } else {
      result += text[at];
      at += 1;
    }
  }
  return result;
}

export function readable(
  content: string,
  guildId: string | null,
  mentions: readonly User[],
): { text: string; picked: Picked } {
  const picked: Picked = new Map();
  const guild = guildId ? world.guilds.get(guildId) : undefined;
  const named = (kind: string, id: string): string | null => {
    if (kind === '#') {
      const name = world.channels.get(id)?.name;
      return name ? `#${name}` : null;
    }
    if (kind === '@&') {
      const role = guild?.roles.find((one) => one.id === id);
      return role ? `@${role.name}` : null;
    }
    const member = world.member(guildId, id);
    const user = member?.user ?? mentions.find((one) => one.id === id);
    return user ? `@${label(user, member)}` : null;
  };
  const text = content.replace(/<(@!?|@&|#)(\d{1,20})>/g, (whole, kind: string, id: string) => {
    const name = named(kind, id);
    // Two of one name: the second stays as the wire has it.
    if (!name || (picked.has(name) && picked.get(name) !== whole)) return whole;
    picked.set(name, whole);
    return name;
  });
  return { text: text.replace(/<a?(:\w{2,32}:)\d{1,20}>/g, keepEmoji), picked };

  function keepEmoji(whole: string, name: string): string {
    if (picked.has(name) && picked.get(name) !== whole) return whole;
    picked.set(name, whole);
    return name;
  }
}
