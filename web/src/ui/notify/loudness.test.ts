/** What may make itself heard. */
import { beforeEach, expect, it } from 'vitest';
import { apply } from '../../model/apply';
import type { Message } from '../../model/wire';
import { World } from '../../model/world.svelte';
import { CROWD, LEVEL, loudness, usualLevel } from './loudness';

const NOW = Date.parse('2026-11-22T12:00:00Z');
let world: World;

const user = (id: string) => ({ id, username: `u${id}`, global_name: null, avatar: null });
const message = (more: Partial<Message> = {}): Message =>
  ({
    id: '100',
    channel_id: '11',
    author: user('2'),
    content: 'x',
    type: 0,
    timestamp: '2026-11-22T12:00:00Z',
    ...more,
  }) as Message;
const meant = (more: Partial<Message> = {}) => message({ mentions: [user('1')], ...more });
const heard = (one: Message) => loudness(world, one, NOW);
const set = (id: string, level: number, more = {}) =>
  world.notifications.set(id, { id, level, muted: false, muted_until: null, ...more });

beforeEach(() => {
  world = new World();
  world.me = user('1') as World['me'];
  const guild = {
    id: '10',
    name: 'Room',
    owner_id: '2',
    member_count: 2,
    roles: [{ id: '10', name: '@everyone', permissions: '1024', position: 0, color: 0 }],
    members: [{ user: user('1'), roles: ['77'] }],
    channels: [
      { id: '11', type: 0, name: 'general', position: 0 },
      { id: '12', type: 0, name: 'side', position: 1 },
    ],
    osc: { visibility: 'public', slug: 'room' },
  };
  apply(world, { t: 'GUILD_CREATE', d: guild }, NOW);
  apply(world, { t: 'CHANNEL_CREATE', d: { id: '20', type: 1, recipients: [user('2')] } }, NOW);
});

it('a small room tells everything, a crowd only what calls us', () => {
  expect(heard(message())).toBe('message');
  expect(heard(meant())).toBe('mention');
  expect(heard(message({ mention_everyone: true }))).toBe('mention');
  expect(heard(message({ mention_roles: ['77'] }))).toBe('mention');
  expect(heard(message({ mention_roles: ['78'] }))).toBe('message');
  expect(heard(message({ channel_id: '20' }))).toBe('direct');
  const guild = world.guilds.get('10');
  if (guild) guild.memberCount = CROWD + 1;
  expect(usualLevel(world, '10')).toBe(LEVEL.MENTIONS);
  expect(heard(message())).toBe('silent');
  expect(heard(meant())).toBe('mention');
});

it('the level of a channel counts before that of its room', () => {
  set('10', LEVEL.NOTHING);
  expect(heard(meant())).toBe('silent');
  set('11', LEVEL.ALL);
  expect(heard(message())).toBe('message');
  expect(heard(meant({ channel_id: '12' }))).toBe('silent');
  set('11', LEVEL.MENTIONS);
  expect(heard(message())).toBe('silent');
  expect(heard(meant())).toBe('mention');
});

it('muted is silent, until its time is over', () => {
  set('11', LEVEL.ALL, { muted: true });
  expect(heard(meant())).toBe('silent');
  set('11', LEVEL.ALL, { muted: true, muted_until: new Date(NOW - 1).toISOString() });
  expect(heard(meant())).toBe('mention');
  set('10', LEVEL.ALL, { muted: true, muted_until: new Date(NOW + 1).toISOString() });
  expect(heard(meant())).toBe('silent');
  set('20', LEVEL.ALL, { muted: true });
  expect(heard(message({ channel_id: '20' }))).toBe('silent');
});

it('own words and places unknown to us make no sound', () => {
  expect(heard(message({ author: user('1') }))).toBe('silent');
  expect(heard(message({ channel_id: '404' }))).toBe('silent');
});

it('what nobody was told of waits in order, and not without end', () => {
  for (let at = 0; at < 300; at += 1) {
    apply(world, { t: 'MESSAGE_CREATE', d: message({ id: String(1_000 + at) }) }, NOW);
  }
  expect(world.heard).toBe(300);
  expect(world.untold).toHaveLength(200);
  expect(world.untold.at(-1)?.id).toBe('1299');
  world.relationships.set('2', { id: '2', type: 2, user: user('2') } as never);
  apply(world, { t: 'MESSAGE_CREATE', d: message({ id: '2000' }) }, NOW);
  expect(world.heard).toBe(300);
});
