import { expect, it } from 'vitest';
import { sameOverwrites, stance, withStance } from './overwrite';

const VIEW = 1n << 10n;
const SEND = 1n << 11n;

it('a right is allowed, forbidden or left to the roles, never two at once', () => {
  let all = withStance([], '5', 0, VIEW, 'deny');
  expect(all).toEqual([{ id: '5', type: 0, allow: '0', deny: '1024' }]);
  all = withStance(all, '5', 0, SEND, 'allow');
  all = withStance(all, '5', 0, VIEW, 'allow');
  expect(all).toEqual([{ id: '5', type: 0, allow: '3072', deny: '0' }]);
  expect(stance(all[0], VIEW)).toBe('allow');
  all = withStance(all, '5', 0, VIEW, 'inherit');
  expect(stance(all[0], VIEW)).toBe('inherit');
  expect(stance(undefined, VIEW)).toBe('inherit');
});

it('order does not matter, and numbers count as what they are', () => {
  const a = { id: '1', type: 0, allow: '0', deny: '1024' };
  const b = { id: '2', type: 1, allow: '2048', deny: '0' };
  expect(sameOverwrites([a, b], [b, a])).toBe(true);
  expect(sameOverwrites([a], [{ ...a, deny: '0' }])).toBe(false);
});
