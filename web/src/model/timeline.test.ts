/** The window stays bounded and in order, whatever pages come. */
import { expect, it } from 'vitest';
import { MOST_ROWS, PAGE, Timeline } from './timeline.svelte';
import type { Message } from './wire';

const page = (from: number, count: number): Message[] =>
  Array.from({ length: count }, (_, at) => ({
    id: String(1_000_000 + from + at),
    channel_id: '1',
    type: 0,
    author: { id: '2', username: 'b' },
    content: '',
    timestamp: '',
  })).reverse();

const edges = { hasOlder: true, hasNewer: false };

it('forgets the newest rows when older ones push them out', () => {
  const timeline = new Timeline('1');
  timeline.replace(page(1_000, PAGE), edges);
  for (let at = 1; at <= 4; at += 1) timeline.prepend(page(1_000 - at * PAGE, PAGE), true);
  expect(timeline.rows).toHaveLength(MOST_ROWS);
  expect(timeline.hasNewer).toBe(true);
  expect(timeline.rows[0]?.id).toBe('1000800');
});

it('forgets the oldest rows when newer ones come', () => {
  const timeline = new Timeline('1');
  timeline.replace(page(0, PAGE), { hasOlder: false, hasNewer: true });
  for (let at = 1; at <= 4; at += 1) timeline.append(page(at * PAGE, PAGE), at < 4);
  expect(timeline.rows).toHaveLength(MOST_ROWS);
  expect(timeline.hasOlder).toBe(true);
  expect(timeline.hasNewer).toBe(false);
  expect(timeline.newestId).toBe('1000249');
});

it('overlapping pages show every message once', () => {
  const timeline = new Timeline('1');
  timeline.replace(page(100, PAGE), edges);
  timeline.prepend(page(80, PAGE), true);
  const ids = timeline.rows.map((row) => row.id);
  expect(new Set(ids).size).toBe(ids.length);
  expect([...ids].sort()).toEqual(ids);
  expect(ids).toHaveLength(70);
});

it('a flood keeps the newest page while followed, and stops below somebody who reads', () => {
  const timeline = new Timeline('1');
  timeline.replace(page(0, PAGE), { hasOlder: false, hasNewer: false });
  for (const message of page(PAGE, 1_000).reverse()) timeline.put(message);
  expect(timeline.rows.length).toBeLessThanOrEqual(MOST_ROWS);
  expect(timeline.newestId).toBe('1001049');
  expect(timeline.hasOlder).toBe(true);

  const reader = new Timeline('2');
  reader.replace(page(0, PAGE), { hasOlder: false, hasNewer: false });
  reader.following = false;
  for (const message of page(PAGE, 1_000).reverse()) reader.put(message);
  expect(reader.rows[0]?.id).toBe('1000000');
  expect(reader.rows.length).toBeLessThanOrEqual(450);
  expect(reader.hasNewer).toBe(true);
});
