/** Order and age of ids without turning them into numbers that cannot hold them. */

// COMPAT: https://discord.com/developers/docs/reference#snowflakes
const EPOCH_MS = 1_420_070_400_000n;

/** < 0 when `a` is older than `b`; a missing id is older than every other. */
export function compare(a: string | null | undefined, b: string | null | undefined): number {
  const left = a ?? '0';
  const right = b ?? '0';
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}

export function isNewer(a: string | null | undefined, b: string | null | undefined): boolean {
  return compare(a, b) > 0;
}

/** The smallest id that an object made at this moment could have. */
export function fromTime(ms: number): string {
  const since = BigInt(Math.max(0, Math.floor(ms))) - EPOCH_MS;
  return since > 0n ? String(since << 22n) : '0';
}

/** When it was made, in milliseconds. */
export function timeOf(id: string): number {
  return Number((BigInt(id) >> 22n) + EPOCH_MS);
}

/** A stable colour for a person, so that two with one name can be told apart. */
export function hue(id: string): number {
  let sum = 0;
  for (const digit of id) sum = (sum * 31 + digit.charCodeAt(0)) >>> 0;
  return (Math.imul(sum, 2_654_435_761) >>> 8) % 360; // neighbours in age differ in colour
}
