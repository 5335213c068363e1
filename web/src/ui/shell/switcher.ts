/** What the quick switcher finds: rooms, channels, people and commands, recent places first. */
import { open as openDirect } from '../../action/direct';
import { markAll } from '../../action/read_state';
import { fuzzy } from '../../lib/fuzzy';
import { t } from '../../lib/i18n';
import { hue } from '../../lib/snowflake';
import { avatarUrl, iconUrl } from '../../lib/cdn';
import { world } from '../../model/here';
import { conversation, label } from '../../model/person';
import { CHANNEL, type User } from '../../model/wire';
import { inOrder } from '../channels/group';
import { orderedGuilds } from '../guilds/order';
import { device } from '../device.svelte';
import { overlay } from '../overlay.svelte';
import { channelPath, directPath, guildPath } from '../place';
import { isTexts, Remembered } from '../remembered.svelte';
import { router } from '../router.svelte';
import { openSettings } from '../way_back';

export interface Found {
  key: string;
  kind: 'room' | 'channel' | 'group' | 'person' | 'command';
  name: string;
  /** where it is, in grey */
  where: string;
  hue: number;
  image: string | null;
  unread: boolean;
  mentions: number;
  run: () => void;
}

const MOST = 40;
const MOST_PEOPLE = 5_000;
const RECENT = 12;
const recent = new Remembered<string[]>('switcher.recent', [], isTexts);

export function visited(key: string): void {
  recent.value = [key, ...recent.value.filter((one) => one !== key)].slice(0, RECENT);
}

/** `#` finds channels, `@` people, `>` commands; without a sign everything but commands. */
export function find(text: string): Found[] {
  const sign = /^[#@>]/.exec(text)?.[0] ?? '';
  const query = text.slice(sign.length).trim();
  const all = [
    ...(sign === '' || sign === '#' ? channels() : []),
    ...(sign === '' ? rooms() : []),
    ...(sign === '' || sign === '@' ? people(query || sign ? MOST_PEOPLE : 0) : []),
    ...(sign === '>' ? commands() : []),
  ];
  const late = recent.value;
  const boost = (one: Found) => {
    const at = late.indexOf(one.key);
    return (at < 0 ? 0 : (RECENT - at) * 2) + (one.mentions ? 12 : one.unread ? 4 : 0);
  };
  return all
    .map((one) => ({
      one,
      score: fuzzy(query, one.name) ?? fuzzy(query, `${one.name} ${one.where}`),
    }))
    .filter((row) => row.score !== null)
    .sort((a, b) => (b.score ?? 0) + boost(b.one) - (a.score ?? 0) - boost(a.one))
    .slice(0, MOST)
    .map((row) => row.one);
}

function channels(): Found[] {
  const inRooms = orderedGuilds().flatMap((guild) =>
    inOrder(world.channelsOf(guild.id)).map((channel) => ({
      key: channel.id,
      kind: 'channel' as const,
      name: channel.name,
      where: guild.name,
      hue: hue(guild.id),
      image: null,
      unread: channel.unread && !world.muted(channel),
      mentions: channel.mentionCount,
      run: () => router.go(channelPath(guild, channel.id)),
    })),
  );
  const inThreads = orderedGuilds().flatMap((guild) =>
    world
      .channelsOf(guild.id, true)
      .filter((one) => one.thread?.archived === false)
      .map((thread) => ({
        key: thread.id,
        kind: 'channel' as const,
        name: thread.name,
        where: `#${world.channels.get(thread.parentId ?? '')?.name ?? ''}, ${guild.name}`,
        hue: hue(guild.id),
        image: null,
        unread: thread.unread && !world.muted(thread),
        mentions: thread.mentionCount,
        run: () => router.go(channelPath(guild, thread.id)),
      })),
  );
  const groups = world
    .directChannels()
    .filter((channel) => channel.type !== CHANNEL.DM)
    .map((channel) => ({
      key: channel.id,
      kind: 'group' as const,
      name: conversation(channel),
      where: t('Group'),
      hue: hue(channel.id),
      image: null,
      unread: channel.unread,
      mentions: channel.mentionCount,
      run: () => router.go(directPath(channel)),
    }));
  return [...inRooms, ...inThreads, ...groups];
}

function rooms(): Found[] {
  return orderedGuilds().map((guild) => ({
    key: guild.id,
    kind: 'room',
    name: guild.name,
    where: t('Room'),
    hue: hue(guild.id),
    image: iconUrl(guild.id, guild.icon),
    ...world.waiting(world.channelsOf(guild.id)),
    run: () => router.go(guildPath(guild)),
  }));
}

/** Those one talks with or is friends with always, those of one's rooms when somebody looks. */
function people(most: number): Found[] {
  const found = new Map<string, User>();
  for (const channel of world.directChannels()) {
    if (channel.type !== CHANNEL.DM) continue;
    for (const user of channel.recipients) found.set(user.id, user);
  }
  for (const one of world.relationships.values()) found.set(one.id, one.user);
  for (const guild of world.guilds.values()) {
    for (const member of guild.members.values()) {
      if (found.size >= most) break;
      if (member.user && !found.has(member.user.id)) found.set(member.user.id, member.user);
    }
  }
  if (world.me) found.delete(world.me.id);
  return [...found.values()].map((user) => ({
    key: user.id,
    kind: 'person',
    name: label(user),
    where: user.osc?.guest ? t('Guest') : user.global_name ? `@${user.username}` : t('Person'),
    hue: hue(user.id),
    image: avatarUrl(user),
    unread: false,
    mentions: 0,
    run: () => void talk(user.id),
  }));
}

async function talk(userId: string): Promise<void> {
  try {
    router.go(directPath({ id: await openDirect(userId) }));
  } catch (error) {
    overlay.fail(error);
  }
}

function commands(): Found[] {
  const list: [string, () => void][] = [
    [t('Create a room'), () => overlay.open({ kind: 'create-guild' })],
    [t('Public rooms'), () => router.go('/')],
    [t('Friends'), () => router.go('/friends')],
    [t('Mark everything as read'), () => markAll([...world.channels.values()])],
    [t('Your account and settings'), () => openSettings()],
    [t('Keyboard shortcuts'), () => overlay.open({ kind: 'shortcuts' })],
    [t('Switch dark and light'), () => device.set({ theme: device.dark ? 'light' : 'dark' })],
  ];
  return list.map(([name, run]) => ({
    key: `>${name}`,
    kind: 'command',
    name,
    where: t('Command'),
    hue: 186,
    image: null,
    unread: false,
    mentions: 0,
    run,
  }));
}
