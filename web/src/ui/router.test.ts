import { expect, it } from 'vitest';
import { parseRoute } from './router.svelte';

it('knows every place', () => {
  expect(parseRoute('/')).toEqual({ name: 'home' });
  const guild = { name: 'guild', slug: null, guildId: null, channelId: null };
  expect(parseRoute('/r/pine-harbour')).toEqual({ ...guild, slug: 'pine-harbour' });
  expect(parseRoute('/r/pine/12')).toEqual({ ...guild, slug: 'pine', channelId: '12' });
  expect(parseRoute('/g/5/12')).toEqual({ ...guild, guildId: '5', channelId: '12' });
  expect(parseRoute('/dm/7')).toEqual({ name: 'direct', channelId: '7' });
  expect(parseRoute('/i/abc')).toEqual({ name: 'invite', code: 'abc' });
  expect(parseRoute('/owner', '#s3cret')).toEqual({ name: 'owner', secret: 's3cret' });
  expect(parseRoute('/reset', '#x')).toEqual({ name: 'reset', secret: 'x' });
});

it('takes nothing else for a place', () => {
  for (const path of ['/cdn/x', '/r', '/r/a/b', '/g/abc', '/r/a/1/2', '/i', '/owner/1']) {
    expect(parseRoute(path), path).toEqual({ name: 'missing' });
  }
});
