import { expect, it } from 'vitest';
import { arrange, step, type Standing } from './arrange';

const channel = (id: string, parentId: string | null = null): Standing => ({
  id,
  category: false,
  parentId,
});
const category = (id: string): Standing => ({ id, category: true, parentId: null });
const shown = [
  channel('a'),
  channel('b'),
  category('X'),
  channel('c', 'X'),
  channel('d', 'X'),
  category('Y'),
  channel('e', 'Y'),
];
const order = (placed: ReturnType<typeof arrange>) =>
  placed
    ?.filter((one) => !'XY'.includes(one.id))
    .map((one) => `${one.parent_id ?? ''}${one.id}${one.position}`)
    .join(' ');

it('puts a channel before or after another, into its category', () => {
  expect(order(arrange(shown, { id: 'e', onto: 'c', after: false }))).toBe('a0 b1 Xe2 Xc3 Xd4');
  expect(order(arrange(shown, { id: 'a', onto: 'b', after: true }))).toBe('b0 a1 Xc2 Xd3 Ye4');
  expect(order(arrange(shown, { id: 'a', onto: 'Y', after: false }))).toBe('b0 Xc1 Xd2 Ya3 Ye4');
});

it('moves a category with all its channels', () => {
  const placed = arrange(shown, { id: 'Y', onto: 'X', after: false });
  expect(order(placed)).toBe('a0 b1 Ye2 Xc3 Xd4');
  expect(placed?.find((one) => one.id === 'Y')?.position).toBe(0);
  expect(arrange(shown, { id: 'X', onto: 'c', after: true })).toBeNull();
});

it('steps through the edges of categories, and stops at both ends', () => {
  expect(order(step(shown, 'd', 1))).toBe('a0 b1 Xc2 Yd3 Ye4');
  expect(order(step(shown, 'c', -1))).toBe('a0 b1 c2 Xd3 Ye4');
  expect(order(step(shown, 'e', -1))).toBe('a0 b1 Xc2 Xd3 Xe4');
  expect(order(step(shown, 'c', 1))).toBe('a0 b1 Xd2 Xc3 Ye4');
  expect(step(shown, 'a', -1)).toBeNull();
  expect(step(shown, 'e', 1)).toBeNull();
  expect(order(step(shown, 'X', 1))).toBe('a0 b1 Ye2 Xc3 Xd4');
});
