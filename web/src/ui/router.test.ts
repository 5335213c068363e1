import { expect, it } from 'vitest';
import { parseRoute } from './router.svelte';

it('knows every place', () => {
  expect(parseRoute('/')).toEqual({ name: 'home' });
  const guild = { name: 'guild', slug: null, guildId: null, channelId: null, messageId: null };
  expect(parseRoute('/r/pine-harbour')).toEqual({ ...guild, slug: 'pine-harbour' });
  expect(parseRoute('/r/pine/12')).toEqual({ ...guild, slug: 'pine', channelId: '12' });
  expect(parseRoute('/g/5/12')).toEqual({ ...guild, guildId: '5', channelId: '12' });
  const message = { ...guild, slug: 'pine', channelId: '12', messageId: '13' };
  expect(parseRoute('/r/pine/12/13')).toEqual(message);
  const direct = { name: 'direct', channelId: '7', messageId: null };
  expect(parseRoute('/dm/7')).toEqual(direct);
  expect(parseRoute('/dm/7/8')).toEqual({ ...direct, messageId: '8' });
  expect(parseRoute('/friends')).toEqual({ name: 'friends', list: 'online' });
  expect(parseRoute('/friends/blocked')).toEqual({ name: 'friends', list: 'blocked' });
  expect(parseRoute('/settings')).toEqual({ name: 'settings', tab: null });
  expect(parseRoute('/settings/language')).toEqual({ name: 'settings', tab: 'language' });
  const room = { name: 'guild-settings', slug: 'pine', guildId: null, tab: 'roles', chosen: null };
  expect(parseRoute('/r/pine/settings/roles')).toEqual(room);
  expect(parseRoute('/r/pine/settings/roles', '', '?id=9')).toEqual({ ...room, chosen: '9' });
  expect(parseRoute('/r/pine/settings/roles', '', '?id=x')).toEqual(room);
  expect(parseRoute('/g/5/settings')).toEqual({ ...room, slug: null, guildId: '5', tab: null });
  expect(parseRoute('/i/abc')).toEqual({ name: 'invite', code: 'abc' });
  expect(parseRoute('/owner', '#s3cret')).toEqual({ name: 'owner', secret: 's3cret' });
  expect(parseRoute('/reset', '#x')).toEqual({ name: 'reset', secret: 'x' });
});

it('takes nothing else for a place', () => {
  for (const path of [
    '/cdn/x',
    '/r',
    '/r/a/b',
    '/g/abc',
    '/r/a/1/2/3',
    '/i',
    '/owner/1',
    '/dm/a/1',
    '/friends/x',
  ]) {
    expect(parseRoute(path), path).toEqual({ name: 'missing' });
  }
});
