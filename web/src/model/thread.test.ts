/** Threads as the page knows them: who is in them, what waits, and that they go with their
 *  channel. */
import { beforeEach, expect, it } from 'vitest';
import { PERMISSION } from '../lib/permission';
import { loudness } from '../ui/notify/loudness';
import { apply } from './apply';
import { snapshot } from './snapshot';
import type { ChannelData, GuildData, Message } from './wire';
import { World } from './world.svelte';

const user = (id: string) => ({ id, username: `u${id}`, global_name: null });
const SEAT = { user_id: '1', join_timestamp: '2026-11-22T10:00:00.000Z' };
const EVERYONE =
  PERMISSION.VIEW_CHANNEL | PERMISSION.SEND_MESSAGES | PERMISSION.READ_MESSAGE_HISTORY;

const thread = (more: Partial<ChannelData> = {}): ChannelData =>
  ({
    id: '30',
    type: 11,
    guild_id: '10',
    parent_id: '11',
    name: 'Lunch',
    owner_id: '2',
    last_message_id: '40',
    message_count: 1,
    member_count: 1,
    thread_metadata: { archived: false, locked: false, auto_archive_duration: 4320 },
    ...more,
  }) as ChannelData;
const message = (id: string, more: Partial<Message> = {}): Message => ({
  id,
  channel_id: '30',
  guild_id: '10',
  type: 0,
  author: user('2'),
  content: 'x',
  timestamp: '2026-11-22T12:00:00Z',
  ...more,
});

let world: World;
const give = (t: string, d: unknown) => apply(world, { t, d }, 1_000);
const known = () => world.channels.get('30');

function arrive(permissions: bigint, more: Partial<ChannelData> = {}): void {
  world = new World();
  const guild: GuildData = {
    id: '10',
    name: 'Room',
    owner_id: '2',
    roles: [
      { id: '10', name: '@everyone', color: 0, position: 0, permissions: String(permissions) },
    ],
    channels: [{ id: '11', type: 0, name: 'general', position: 0 }],
    threads: [thread(more)],
    members: [{ user: user('1'), roles: [] }],
  };
  give('READY', {
    user: user('1'),
    session_id: 's',
    guilds: [{ id: '10', unavailable: true }],
    private_channels: [],
    osc: { read_states: [{ channel_id: '30', last_message_id: '39', mention_count: 0 }] },
  });
  give('GUILD_CREATE', guild);
}

beforeEach(() => arrive(EVERYONE));

it('waits to be read only by those in it', () => {
  expect(known()?.unread).toBe(false);
  give('THREAD_MEMBERS_UPDATE', {
    id: '30',
    guild_id: '10',
    member_count: 2,
    added_members: [SEAT],
    removed_member_ids: [],
  });
  expect([known()?.unread, known()?.memberCount]).toEqual([true, 2]);
  give('THREAD_MEMBERS_UPDATE', {
    id: '30',
    guild_id: '10',
    member_count: 1,
    removed_member_ids: ['1'],
  });
  expect([known()?.unread, known()?.seat]).toEqual([false, null]);
});

it('counts a message once, however it was heard of', () => {
  give('MESSAGE_CREATE', message('41'));
  expect(known()?.messageCount).toBe(2);
  give('THREAD_UPDATE', thread({ message_count: 3, last_message_id: '42' }));
  give('MESSAGE_CREATE', message('42'));
  expect(known()?.messageCount).toBe(3);
  give('MESSAGE_DELETE', { id: '42', channel_id: '30' });
  expect(known()?.messageCount).toBe(2);
});

it('is heard by those in it, as loud as its channel or as it is set itself', () => {
  const now = Date.parse('2026-11-22T12:00:00Z');
  const heard = () => loudness(world, message('41'), now);
  expect(heard()).toBe('silent');
  const at = known();
  if (at) at.seat = SEAT;
  expect(heard()).toBe('message');
  const level = { level: 0, muted: false, muted_until: null };
  world.notifications.set('11', { ...level, id: '11', level: 1 });
  expect(heard()).toBe('silent');
  world.notifications.set('30', { ...level, id: '30' });
  expect(heard()).toBe('message');
  world.notifications.set('11', { ...level, id: '11', muted: true });
  expect(heard()).toBe('silent');
});

it('is written in by a right of its own, and not while it is locked', () => {
  const may = () => {
    const at = known();
    return at ? (world.rights('10', at) & PERMISSION.SEND_MESSAGES) !== 0n : null;
  };
  expect(may()).toBe(false);
  arrive(EVERYONE | PERMISSION.SEND_IN_THREADS);
  expect(may()).toBe(true);
  const locked = { archived: false, locked: true, auto_archive_duration: 60 };
  arrive(EVERYONE | PERMISSION.SEND_IN_THREADS, { thread_metadata: locked as never });
  expect(may()).toBe(false);
  arrive(EVERYONE | PERMISSION.SEND_IN_THREADS | PERMISSION.MANAGE_THREADS, {
    thread_metadata: locked as never,
  });
  expect(may()).toBe(true);
});

it('goes with its channel, is kept for the next start, and stays out of lists of channels', () => {
  expect(world.channelsOf('10').map((one) => one.id)).toEqual(['11']);
  expect(world.channelsOf('10', true).map((one) => one.id)).toContain('30');
  const again = new World();
  for (const event of snapshot(world)) apply(again, event, 1_000);
  expect(again.channels.get('30')?.thread?.auto_archive_duration).toBe(4320);
  give('CHANNEL_DELETE', { id: '11', guild_id: '10' });
  expect(known()).toBeUndefined();
});
