/** The law: what one knows after following events equals what one is told afresh. Both were
 *  recorded from the real server by e2e/record.mjs. */
import { expect, it } from 'vitest';
import { apply, type Dispatch } from './apply';
import fresh from './fixtures/fresh.json';
import session from './fixtures/session.json';
import { snapshot } from './snapshot';
import { World } from './world.svelte';

function after(events: readonly Dispatch[]): World {
  const world = new World();
  for (const event of events) apply(world, event, 0);
  return world;
}

it('a model that followed the events equals one that starts afresh', () => {
  const followed = snapshot(after(session), false);
  const told = snapshot(after(fresh), false);
  expect(followed.length).toBeGreaterThan(1);
  expect(followed).toEqual(told);
});

it('an event that comes twice changes nothing, as long as nothing is counted', () => {
  const once = snapshot(after(session), false);
  const repeated = session.filter((event) => !/^MESSAGE_CREATE$|^GUILD_MEMBER/.test(event.t));
  const twice = after(session);
  for (const event of repeated.slice(-4)) apply(twice, event, 0);
  expect(snapshot(twice, false)).toEqual(once);
});

it('what a device keeps makes the same model again', () => {
  const world = after(session);
  expect(snapshot(after(snapshot(world)))).toEqual(snapshot(world));
});

it('the recording holds what can happen', () => {
  const seen = new Set(session.map((event) => event.t));
  for (const name of [
    'READY',
    'GUILD_CREATE',
    'GUILD_UPDATE',
    'CHANNEL_CREATE',
    'CHANNEL_UPDATE',
    'CHANNEL_DELETE',
    'GUILD_ROLE_CREATE',
    'GUILD_ROLE_UPDATE',
    'GUILD_ROLE_DELETE',
    'GUILD_MEMBER_ADD',
    'GUILD_MEMBER_UPDATE',
    'GUILD_MEMBER_REMOVE',
    'MESSAGE_CREATE',
    'OSC_READ_STATE_UPDATE',
    'OSC_CHANNEL_CREATE',
    'OSC_RELATIONSHIP_UPDATE',
    'OSC_NOTIFICATION_UPDATE',
  ]) {
    expect(seen.has(name), name).toBe(true);
  }
});
