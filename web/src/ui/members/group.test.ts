import { expect, it } from 'vitest';
import type { Role } from '../../model/wire';
import { sections, visible, type Row } from './group';

const role = (id: string, hoist: boolean): Role => ({
  id,
  name: id,
  color: 0,
  position: 1,
  permissions: '0',
  hoist,
});
const row = (id: string, here: boolean, roles: string[] = []): Row => ({
  user: { id, username: id },
  member: { roles },
  name: id,
  here,
});

it('puts people under the highest role that stands apart, and those away at the end', () => {
  const rows = [row('a', true, ['mod', 'dj']), row('b', true, ['dj']), row('c', false, ['mod'])];
  const found = sections(rows, [role('mod', true), role('dj', false)]);
  expect(found.map((one) => [one.key, one.rows.map((each) => each.user.id).join('')])).toEqual([
    ['mod', 'a'],
    ['on', 'b'],
    ['off', 'c'],
  ]);
});

it('draws only what is near, of any crowd', () => {
  const crowd = Array.from({ length: 10_000 }, (_, at) => row(String(at), at < 5_000));
  const all = sections(crowd, []);
  const sizes = { title: 36, row: 44, spare: 400 };
  for (const scrollTop of [0, 100_000, 219_900, 220_100, 1e9]) {
    const drawn = visible(all, scrollTop, 800, sizes);
    const count = drawn.reduce((sum, one) => sum + one.to - one.from, 0);
    expect(count).toBeLessThan(50);
    expect(drawn.every((one) => one.from <= one.to)).toBe(true);
  }
  expect(visible(all, 0, 800, sizes)[0]).toEqual({ from: 0, to: 27 });
  expect(visible(all, 36 + 44 * 5_000, 800, sizes)[1]?.from).toBe(0);
});
