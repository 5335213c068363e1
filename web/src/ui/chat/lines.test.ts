import { expect, it } from 'vitest';
import type { Message } from '../../model/wire';
import { lines, type View } from './lines';

const start = Date.parse('2026-11-22T10:00:00Z');
const row = (id: number, author: string, minutes: number, type = 0): Message => ({
  id: String(id),
  channel_id: '1',
  type,
  author: { id: author, username: author },
  content: '',
  timestamp: new Date(start + minutes * 60_000).toISOString(),
});
const view: View = { newAfter: null, hasOlder: false, me: '9', isBlocked: () => false };
const draw = (rows: Message[], change: Partial<View> = {}) =>
  lines(rows, { ...view, ...change }, []);

it('groups what one author writes within seven minutes', () => {
  const rows = [
    row(1, 'a', 0),
    row(2, 'a', 7),
    row(3, 'a', 14.1),
    row(4, 'b', 15),
    row(5, 'b', 15, 19),
  ];
  expect(draw(rows).map((line) => line.first)).toEqual([true, false, true, true, true]);
});

it('begins a day and what is new with a line', () => {
  const rows = [row(1, 'a', 0), row(2, 'a', 1), row(3, 'a', 3 * 24 * 60)];
  const drawn = draw(rows, { newAfter: '1' });
  expect(drawn.map((line) => line.fresh)).toEqual([false, true, false]);
  expect(drawn.map((line) => line.day)).toEqual([true, false, true]);
  expect(drawn[1]?.first).toBe(true);
});

it('shows no line for our own words, nor where it may be further up', () => {
  expect(draw([row(1, 'a', 0), row(2, '9', 1)], { newAfter: '1' }).some((l) => l.fresh)).toBe(
    false,
  );
  expect(draw([row(2, 'a', 0)], { newAfter: '1', hasOlder: true }).some((l) => l.fresh)).toBe(
    false,
  );
});

it('folds those of a blocked person together', () => {
  const rows = [row(1, 'x', 0), row(2, 'x', 1), row(3, 'a', 2), row(4, 'x', 3)];
  const drawn = draw(rows, { isBlocked: (id) => id === 'x' });
  expect(drawn.map((line) => line.blocked)).toEqual([2, 0, null, 1]);
});

it('keeps the lines that did not change', () => {
  const rows = [row(1, 'a', 0), row(2, 'a', 1)];
  const first = draw(rows);
  const second = lines([...rows, row(3, 'a', 2)], view, first);
  expect(second[0]).toBe(first[0]);
  expect(second[1]).toBe(first[1]);
});
