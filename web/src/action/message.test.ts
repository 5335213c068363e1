/** Sending through every kind of weather: in order, once, and never silently lost. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { apply } from '../model/apply';
import { world } from '../model/here';
import { load, resend, resendAll, send } from './message';

interface Call {
  nonce: string;
  content: string;
}
let calls: Call[] = [];
let weather: (call: Call) => Response | Promise<Response>;
let lastId = 1000;

const ok = ({ nonce, content }: Call) => {
  lastId += 1;
  const author = { id: '100', username: 'anna' };
  const message = { id: String(lastId), channel_id: '11', type: 0, author, content, nonce };
  return new Response(JSON.stringify({ ...message, timestamp: '2026-11-22T10:00:00Z' }));
};
const refuse = (status: number, body: unknown) => () =>
  new Response(JSON.stringify(body), { status });
const texts = () => world.timeline('11').rows.map((row) => row.content);
const states = () => world.outbox.rows.map((row) => row.state);
const draft = (content: string) => ({ content, files: [], replyTo: null });
const settle = () => vi.advanceTimersByTimeAsync(1);

beforeEach(() => {
  vi.useFakeTimers();
  calls = [];
  weather = ok;
  world.forget();
  world.me = { id: '100', username: 'anna' };
  world.putChannel({ id: '11', type: 1 }, null);
  world.timeline('11').replace([], { hasOlder: false, hasNewer: false });
  vi.stubGlobal('fetch', async (_path: string, init: RequestInit) => {
    const call = JSON.parse(String(init.body)) as Call;
    calls.push(call);
    return weather(call);
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it('shows at once and settles with the answer', async () => {
  send('11', draft('hello'));
  expect(states()).toEqual(['sending']);
  await settle();
  expect(states()).toEqual([]);
  expect(texts()).toEqual(['hello']);
});

it('keeps the order, one after the other', async () => {
  for (const text of ['a', 'b', 'c']) send('11', draft(text));
  await settle();
  expect(calls.map((call) => call.content)).toEqual(['a', 'b', 'c']);
  expect(texts()).toEqual(['a', 'b', 'c']);
});

it('waits while the server is away and sends again with the same nonce', async () => {
  weather = () => Promise.reject(new TypeError('Failed to fetch'));
  send('11', draft('one'));
  send('11', draft('two'));
  await settle();
  expect(states()).toEqual(['waiting', 'waiting']);
  const [first] = calls;
  weather = ok;
  calls = [];
  resendAll();
  await settle();
  expect(calls.map((call) => call.content)).toEqual(['one', 'two']);
  expect(calls[0]?.nonce).toBe(first?.nonce);
  expect(texts()).toEqual(['one', 'two']);
});

it('tries by itself when nobody tells that the server is back', async () => {
  weather = refuse(503, {});
  send('11', draft('later'));
  await settle();
  weather = ok;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(texts()).toEqual(['later']);
});

it('a refusal is final, says why, and does not hold up the next', async () => {
  weather = (call) =>
    call.content === 'bad' ? refuse(403, { code: 50013, message: 'You may not.' })() : ok(call);
  send('11', draft('bad'));
  send('11', draft('good'));
  await settle();
  expect(world.outbox.rows).toMatchObject([{ content: 'bad', state: 'failed' }]);
  expect(world.outbox.rows[0]?.reason).toBe('You may not.');
  expect(texts()).toEqual(['good']);
  weather = ok;
  resend(world.outbox.rows[0]?.nonce ?? '');
  await settle();
  expect(texts()).toEqual(['good', 'bad']);
});

it('an answer that was lost after its event came is no failure', async () => {
  weather = (call) => {
    const message = JSON.parse(JSON.stringify({ nonce: call.nonce, content: call.content }));
    const author = { id: '100', username: 'anna' };
    const timestamp = '2026-11-22T10:00:00Z';
    const d = { ...message, id: '2000', channel_id: '11', type: 0, author, timestamp };
    apply(world, { t: 'MESSAGE_CREATE', d }, 0);
    return Promise.reject(new TypeError('Failed to fetch'));
  };
  send('11', draft('heard'));
  await settle();
  expect(states()).toEqual([]);
  expect(texts()).toEqual(['heard']);
});

/** What the first call for a page asks for. */
async function asked(stale: boolean, lastReadId: string | null, readingId?: string) {
  const queries: string[] = [];
  vi.stubGlobal('fetch', async (address: string) => {
    queries.push(String(address).split('?')[1] ?? '');
    return new Response('[]');
  });
  const channel = world.putChannel({ id: '12', type: 1, last_message_id: '900' }, null);
  channel.lastReadId = lastReadId;
  const timeline = world.timeline('12');
  if (stale) timeline.replace([], { hasOlder: true, hasNewer: false });
  timeline.stale = stale;
  await load(timeline, readingId);
  expect(timeline.stale).toBe(false);
  return queries;
}

it('a channel opens where its unread part begins, kept on the device or not', async () => {
  expect(await asked(false, '500')).toEqual(['limit=50&around=500']);
  world.timelines.delete('12');
  expect(await asked(true, '500')).toEqual(['limit=50&around=500']);
});

it('a channel without unread opens with its end', async () => {
  expect(await asked(true, '900')).toEqual(['limit=50']);
});

it('fetching again keeps the part that somebody reads', async () => {
  expect(await asked(true, '500', '300')).toEqual(['limit=50&around=300']);
});
