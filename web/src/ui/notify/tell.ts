/** Tells of messages while nobody looks: a tone, and on the desktop if wanted. How loud a room is
 *  decides model/loudness. */
import { t } from '../../lib/i18n';
import { avatarUrl } from '../../lib/cdn';
import { world } from '../../model/here';
import { type Loudness, loudness } from './loudness';
import { label } from '../../model/person';
import type { Message } from '../../model/wire';
import { attention } from '../attention.svelte';
import { device } from '../device.svelte';
import { words } from '../chat/words';
import { own } from '../members/presence';
import { channelPath, directPath } from '../place';
import { router } from '../router.svelte';
import { isLookedAt } from './looking';
import { ring } from './sound';

const LONGEST = 180;

const LOUDER: readonly Loudness[] = ['silent', 'message', 'mention', 'direct'];

/** For an effect of the whole page: reacts to all that came in one moment. In each channel the
 *  loudest counts, and of several the newest; together they are one tone. */
export function tellOf(messages: readonly Message[], nowMs = Date.now()): void {
  const told = new Map<string, { message: Message; how: Loudness }>();
  let loudest: Loudness = 'silent';
  const louder = (a: Loudness, b: Loudness) => LOUDER.indexOf(a) - LOUDER.indexOf(b);
  for (const message of messages) {
    const how = heardAs(message, nowMs);
    if (how === 'silent') continue;
    if (louder(how, loudest) > 0) loudest = how;
    const before = told.get(message.channel_id);
    if (!before || louder(how, before.how) >= 0) told.set(message.channel_id, { message, how });
  }
  if (loudest === 'silent' || own.value === 'dnd') return;
  ring(loudest);
  if (attention.here || !device.now.desktop) return;
  for (const { message, how } of told.values()) void show(message, how);
}

function heardAs(message: Message, nowMs: number): Loudness {
  const how = loudness(world, message, nowMs);
  // In front of one's eyes it needs no tone; elsewhere on the page only what calls us does.
  if (isLookedAt(message.channel_id) || (attention.here && how === 'message')) return 'silent';
  return how;
}

async function show(message: Message, how: Loudness): Promise<void> {
  if (!('Notification' in globalThis) || Notification.permission !== 'granted') return;
  const channel = world.channels.get(message.channel_id);
  const guild = world.guilds.get(channel?.guildId ?? '');
  const who = label(message.author, world.member(guild?.id, message.author.id));
  const title =
    guild && channel
      ? t('{who} in #{channel}, {room}', { who, channel: channel.name, room: guild.name })
      : who;
  const path = guild
    ? channelPath(guild, message.channel_id)
    : directPath({ id: message.channel_id });
  const text = words(message, guild?.id ?? null, LONGEST);
  const options: NotificationOptions & { renotify?: boolean } = {
    body: text || t('a file'),
    // One per channel, and the same name the push message has: nobody is told twice.
    tag: message.channel_id,
    renotify: how !== 'message',
    silent: true,
    icon: avatarUrl(message.author) ?? '/favicon.svg',
    data: { url: path },
  };
  const worker = await navigator.serviceWorker?.getRegistration().catch(() => undefined);
  if (worker?.active) return worker.showNotification(title, options);
  const shown = new Notification(title, options);
  shown.onclick = () => {
    window.focus();
    shown.close();
    router.go(path);
  };
}

/** Asks the browser; true when it lets us. Must follow a click. */
export async function askPermission(): Promise<NotificationPermission> {
  if (!('Notification' in globalThis)) return 'denied';
  return Notification.requestPermission();
}

export function permission(): NotificationPermission | 'missing' {
  return 'Notification' in globalThis ? Notification.permission : 'missing';
}
