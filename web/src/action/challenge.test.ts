/** The digest by hand is the digest. */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
// @ts-expect-error plain JavaScript, for the worker
import { first32, solve } from './challenge_worker.js';

const real = (text: string) => createHash('sha256').update(text).digest().readInt32BE();

it('begins as the real one, whatever the length', () => {
  for (const length of [0, 1, 3, 54, 55, 56, 57, 63, 64, 65, 119, 120, 200]) {
    const text = 'x'.repeat(length);
    expect(first32(text), String(length)).toBe(real(text));
  }
});

it('finds what is asked for', () => {
  const solution = solve('token', 10, () => undefined) as string;
  expect(Math.clz32(real(`token:${solution}`))).toBeGreaterThanOrEqual(10);
});
