/** Who says when that nobody is here. */
import { beforeEach, expect, it, vi } from 'vitest';

const said: boolean[] = [];
let connected = true;
vi.mock('../../action/presence', () => ({
  beHere: (here: boolean) => connected && said.push(here) > 0,
}));
const attention = vi.hoisted(() => ({ here: true }));
vi.mock('../attention.svelte', () => ({ attention }));
import { Absence, AWAY_AFTER_MS } from './absence.svelte';

const start = Date.now();
let absence: Absence;

beforeEach(() => {
  said.length = 0;
  connected = true;
  attention.here = true;
  absence = new Absence();
  absence.seen(start);
});

it('is told after a while without a sign, and taken back with the first one', () => {
  absence.look(start + AWAY_AFTER_MS - 1);
  absence.tell(true);
  expect(said).toEqual([]);
  absence.look(start + AWAY_AFTER_MS);
  absence.tell(true);
  expect(said).toEqual([false]);
  absence.seen(start + AWAY_AFTER_MS + 1);
  absence.tell(true);
  expect(said).toEqual([false, true]);
  absence.tell(true);
  expect(said).toEqual([false, true]);
});

it('a pointer that passes over a window nobody looks at is no sign', () => {
  attention.here = false;
  absence.seen(start + AWAY_AFTER_MS - 1);
  absence.look(start + AWAY_AFTER_MS);
  expect(absence.away).toBe(true);
});

it('a new connection is told again; without one nothing counts as told', () => {
  absence.look(start + AWAY_AFTER_MS);
  connected = false;
  absence.tell(true);
  expect(said).toEqual([]);
  connected = true;
  absence.tell(false);
  absence.tell(true);
  absence.tell(true);
  expect(said).toEqual([false, false]);
});
