/** Events as the server sends them, and what the page knows afterwards. */
import { beforeEach, describe, expect, it } from 'vitest';
import { apply } from './apply';
import type { GuildData, Message, Ready, User } from './wire';
import { World } from './world.svelte';

const anna: User = {
  id: '100',
  username: '100',
  global_name: 'Anna',
  osc: { guest: true, tag: '4821' },
};
const ben: User = { id: '200', username: 'ben', global_name: null };
const JOINED = '2026-11-22T10:00:00.000Z';

const ready: Ready = {
  user: anna,
  session_id: 's',
  guilds: [{ id: '1', unavailable: true }],
  private_channels: [{ id: '50', type: 1, recipients: [ben], last_message_id: '900' }],
  osc: { read_states: [{ channel_id: '11', last_message_id: '500', mention_count: 2 }] },
};
const guild: GuildData = {
  id: '1',
  name: 'Harbour',
  owner_id: '200',
  joined_at: JOINED,
  member_count: 2,
  roles: [{ id: '1', name: '@everyone', color: 0, position: 0, permissions: '1024' }],
  channels: [
    { id: '11', type: 0, name: 'general', position: 0, last_message_id: '600' },
    { id: '12', type: 0, name: 'help', position: 1 },
  ],
  members: [{ user: anna, roles: ['7'], joined_at: JOINED, flags: 16 }],
  osc: { slug: 'harbour', visibility: 'public', online_count: 2 },
};
const message = (id: string, more: Partial<Message> = {}): Message => ({
  id,
  channel_id: '11',
  guild_id: '1',
  type: 0,
  author: ben,
  content: `message ${id}`,
  timestamp: JOINED,
  ...more,
});

let world: World;
const give = (t: string, d: unknown) => apply(world, { t, d }, 1_000);
const rows = () => world.timeline('11').rows.map((row) => row.id);

beforeEach(() => {
  world = new World();
  give('READY', ready);
  give('GUILD_CREATE', guild);
  world
    .timeline('11')
    .replace([message('600'), message('550')], { hasOlder: true, hasNewer: false });
});

describe('start', () => {
  it('knows rooms, channels, marks and conversations', () => {
    expect(world.guildBySlug('harbour')?.name).toBe('Harbour');
    expect(world.channelsOf('1').map((one) => one.name)).toEqual(['general', 'help']);
    expect(world.channels.get('11')).toMatchObject({ unread: true, mentionCount: 2 });
    expect(world.directChannels().map((one) => one.id)).toEqual(['50']);
  });

  it('counts nothing as unread that was said before we joined', () => {
    give('CHANNEL_CREATE', {
      id: '13',
      type: 0,
      guild_id: '1',
      name: 'old',
      last_message_id: '601',
    });
    expect(world.channels.get('13')?.unread).toBe(false);
  });

  it('a second READY drops rooms that are gone and marks histories as stale', () => {
    give('READY', { ...ready, guilds: [] });
    expect(world.guilds.size).toBe(0);
    expect(world.channels.has('11')).toBe(false);
    expect(world.channels.has('50')).toBe(true);
  });

  it('after a second READY a known room is not current before its details have come', () => {
    const [general, direct] = [world.channels.get('11')!, world.channels.get('50')!];
    give('READY', ready);
    expect([general, direct].map((one) => world.current(one))).toEqual([false, true]);
    give('GUILD_CREATE', guild);
    expect(world.current(general)).toBe(true);
  });

  it('what was kept on the device is not current before READY', () => {
    world.warm = true;
    const [general, direct] = [world.channels.get('11')!, world.channels.get('50')!];
    expect([general, direct].map((one) => world.current(one))).toEqual([false, false]);
    give('READY', ready);
    expect([general, direct].map((one) => world.current(one))).toEqual([false, true]);
    give('GUILD_CREATE', guild);
    expect(world.current(general)).toBe(true);
  });

  it('GUILD_CREATE for a known room replaces its channels', () => {
    give('GUILD_CREATE', { ...guild, channels: [guild.channels?.[1]] });
    expect(world.channelsOf('1').map((one) => one.id)).toEqual(['12']);
  });
});

describe('messages', () => {
  it('come once, in order, however often the event comes', () => {
    give('MESSAGE_CREATE', message('700'));
    give('MESSAGE_CREATE', message('700'));
    expect(rows()).toEqual(['550', '600', '700']);
    expect(world.channels.get('11')?.lastMessageId).toBe('700');
  });

  it('of ours settle what waits under their nonce and read the channel', () => {
    world.outbox.add({
      nonce: 'n1',
      channelId: '11',
      content: 'hi',
      files: [],
      replyTo: null,
      order: 0,
      state: 'sending',
      reason: '',
      loaded: 0,
    });
    give('MESSAGE_CREATE', message('701', { author: anna, nonce: 'n1' }));
    expect(world.outbox.rows).toEqual([]);
    expect(world.channels.get('11')?.unread).toBe(false);
  });

  it('mention us by id, by role, or everybody', () => {
    const count = () => world.channels.get('11')?.mentionCount;
    give('MESSAGE_CREATE', message('710', { mentions: [anna] }));
    give('MESSAGE_CREATE', message('711', { mention_roles: ['7'] }));
    give('MESSAGE_CREATE', message('712', { mention_everyone: true }));
    give('MESSAGE_CREATE', message('713', { mentions: [ben] }));
    expect(count()).toBe(5);
    give('OSC_READ_STATE_UPDATE', { channel_id: '11', last_message_id: '713', mention_count: 0 });
    expect(count()).toBe(0);
    expect(world.channels.get('11')?.unread).toBe(false);
  });

  it('change and go', () => {
    give('MESSAGE_UPDATE', {
      id: '600',
      channel_id: '11',
      content: 'new',
      edited_timestamp: JOINED,
    });
    expect(world.timeline('11').find('600')).toMatchObject({ content: 'new', author: ben });
    give('MESSAGE_DELETE_BULK', { ids: ['600', '550'], channel_id: '11' });
    expect(rows()).toEqual([]);
  });

  it('that come while a page is fetched are not lost when the page arrives', () => {
    const timeline = world.timeline('11');
    timeline.begin();
    give('MESSAGE_CREATE', message('800'));
    give('MESSAGE_DELETE', { id: '550', channel_id: '11' });
    timeline.replace([message('550'), message('600')], { hasOlder: false, hasNewer: false });
    timeline.end();
    expect(rows()).toEqual(['600', '800']);
  });

  it('are not appended to a window that does not reach the present', () => {
    world.timeline('11').hasNewer = true;
    give('MESSAGE_CREATE', message('900'));
    expect(rows()).toEqual(['550', '600']);
    expect(world.channels.get('11')?.unread).toBe(true);
  });
});

describe('reactions', () => {
  const add = (user_id: string) =>
    give('MESSAGE_REACTION_ADD', {
      channel_id: '11',
      message_id: '600',
      user_id,
      emoji: { id: null, name: '👍' },
    });
  const reactions = () => world.timeline('11').find('600')?.reactions;

  it('count each person once, also after an optimistic change', () => {
    add('200');
    add('100');
    add('100');
    expect(reactions()).toEqual([{ emoji: { id: null, name: '👍' }, count: 2, me: true }]);
  });

  it('survive an edit, whose event does not carry them', () => {
    add('100');
    give('MESSAGE_UPDATE', { id: '600', channel_id: '11', content: 'x', reactions: [] });
    expect(reactions()?.[0]?.me).toBe(true);
  });

  it('go away with the last one', () => {
    add('200');
    give('MESSAGE_REACTION_REMOVE', {
      channel_id: '11',
      message_id: '600',
      user_id: '200',
      emoji: { id: null, name: '👍' },
    });
    expect(reactions()).toEqual([]);
  });
});

describe('people', () => {
  it('come, change and leave', () => {
    give('GUILD_MEMBER_ADD', { guild_id: '1', user: ben, roles: [], joined_at: JOINED });
    give('GUILD_MEMBER_ADD', { guild_id: '1', user: ben, roles: [], joined_at: JOINED });
    expect(world.guilds.get('1')?.memberCount).toBe(3);
    give('GUILD_MEMBER_UPDATE', { guild_id: '1', user: ben, nick: 'Benny', roles: [] });
    expect(world.member('1', '200')?.nick).toBe('Benny');
    give('GUILD_MEMBER_REMOVE', { guild_id: '1', user: ben });
    expect(world.member('1', '200')).toBeUndefined();
    expect(world.guilds.get('1')?.memberCount).toBe(2);
  });

  it('the member list is whole after the last chunk', () => {
    const chunk = { guild_id: '1', members: [{ user: ben, roles: [] }], chunk_count: 2 };
    const presences = [{ user: { id: '200' }, status: 'online' }];
    give('GUILD_MEMBERS_CHUNK', { ...chunk, chunk_index: 0, presences });
    expect(world.guilds.get('1')?.membersComplete).toBe(false);
    give('GUILD_MEMBERS_CHUNK', { ...chunk, chunk_index: 1 });
    expect(world.guilds.get('1')?.membersComplete).toBe(true);
    expect(world.presences.get('200')).toBe('online');
    give('PRESENCE_UPDATE', { user: { id: '200' }, status: 'offline' });
    expect(world.presences.has('200')).toBe(false);
  });

  it('typing ends with the message, and our own is never shown', () => {
    const typing = world.channels.get('11')?.typing;
    give('TYPING_START', { channel_id: '11', user_id: '200' });
    give('TYPING_START', { channel_id: '11', user_id: '100' });
    expect([...(typing ?? [])]).toEqual([['200', 11_000]]);
    give('MESSAGE_CREATE', message('720'));
    expect(typing?.size).toBe(0);
  });
});

it('events for things never heard of do no harm', () => {
  const d = { id: '9', guild_id: '9', channel_id: '9', message_id: '9', user_id: '9', ids: ['9'] };
  const more = { user: ben, role: { id: '9' }, members: [], emoji: { name: 'x' }, author: ben };
  for (const t of [
    'GUILD_UPDATE',
    'GUILD_DELETE',
    'GUILD_ROLE_UPDATE',
    'GUILD_ROLE_DELETE',
    'GUILD_MEMBER_ADD',
    'GUILD_MEMBER_REMOVE',
    'GUILD_MEMBERS_CHUNK',
    'CHANNEL_UPDATE',
    'CHANNEL_DELETE',
    'MESSAGE_CREATE',
    'MESSAGE_UPDATE',
    'MESSAGE_DELETE',
    'MESSAGE_REACTION_ADD',
    'TYPING_START',
    'VOICE_STATE_UPDATE',
    'SOMETHING_NEW',
  ]) {
    expect(() => give(t, { ...d, ...more }), t).not.toThrow();
  }
});
