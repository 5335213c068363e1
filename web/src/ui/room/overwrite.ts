/** What a channel allows or forbids somebody, apart from what their roles say. Pure. */
import { parse } from '../../lib/permission';
import type { Overwrite } from '../../model/wire';

export type Stance = 'allow' | 'inherit' | 'deny';

export function stance(entry: Overwrite | undefined, bit: bigint): Stance {
  if (!entry) return 'inherit';
  if (parse(entry.allow) & bit) return 'allow';
  return parse(entry.deny) & bit ? 'deny' : 'inherit';
}

export function withStance(
  all: readonly Overwrite[],
  id: string,
  type: number,
  bit: bigint,
  wanted: Stance,
): Overwrite[] {
  const known = all.find((entry) => entry.id === id) ?? { id, type, allow: '0', deny: '0' };
  const allow = wanted === 'allow' ? parse(known.allow) | bit : parse(known.allow) & ~bit;
  const deny = wanted === 'deny' ? parse(known.deny) | bit : parse(known.deny) & ~bit;
  const changed = { ...known, allow: String(allow), deny: String(deny) };
  return all.some((entry) => entry.id === id)
    ? all.map((entry) => (entry.id === id ? changed : entry))
    : [...all, changed];
}

/** The same in effect: one that says nothing counts as none. */
export function sameOverwrites(a: readonly Overwrite[], b: readonly Overwrite[]): boolean {
  return key(a) === key(b);
}

function key(all: readonly Overwrite[]): string {
  return all
    .map((entry) => [entry.id, entry.type, parse(entry.allow), parse(entry.deny)].join(' '))
    .sort()
    .join('\n');
}
