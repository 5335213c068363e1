/** All shortcuts in one table: what is listed in the dialog is what the keys do. A letter alone
 *  never fires while somebody types. */
import { markAll } from '../action/read_state';
import { t } from '../lib/i18n';
import type { Channel } from '../model/channel.svelte';
import type { Guild } from '../model/guild.svelte';
import { world } from '../model/here';
import { inOrder } from './channels/group';
import { orderedGuilds } from './guilds/order';
import { overlay } from './overlay.svelte';
import { channelPath, directPath, guildPath } from './place';
import { router } from './router.svelte';
import { finder } from './search/finder.svelte';

export interface Shortcut {
  /** as `KeyboardEvent.key` names them, with modifiers before; Mod is Ctrl, on a Mac Command */
  keys: string[];
  group: 'places' | 'reading' | 'writing' | 'help';
  label: () => string;
  /** nothing for those that live where they are used, like the composer's */
  run?: () => void;
  /** where it means something; elsewhere the keys are the browser's */
  when?: () => boolean;
}

export const SHORTCUTS: readonly Shortcut[] = [
  {
    keys: ['Mod+k'],
    group: 'places',
    label: () => t('Go to a room, a channel or a person'),
    run: () => toggle('switcher'),
  },
  {
    keys: ['Mod+f'],
    group: 'places',
    label: () => t('Search messages'),
    run: () => finder.show(),
    // Elsewhere, and from inside of it, the browser's own.
    when: () =>
      /^(guild|direct)$/.test(router.route.name) &&
      !document.activeElement?.closest('.search-panel'),
  },
  {
    keys: ['Alt+ArrowUp'],
    group: 'places',
    label: () => t('Previous channel'),
    run: () => walk(-1, () => true),
  },
  {
    keys: ['Alt+ArrowDown'],
    group: 'places',
    label: () => t('Next channel'),
    run: () => walk(1, () => true),
  },
  {
    keys: ['Alt+Shift+ArrowUp'],
    group: 'places',
    label: () => t('Previous unread channel'),
    run: () => walk(-1, waits),
  },
  {
    keys: ['Alt+Shift+ArrowDown'],
    group: 'places',
    label: () => t('Next unread channel'),
    run: () => walk(1, waits),
  },
  {
    keys: ['Mod+Alt+ArrowUp'],
    group: 'places',
    label: () => t('Previous room'),
    run: () => walkRooms(-1),
  },
  {
    keys: ['Mod+Alt+ArrowDown'],
    group: 'places',
    label: () => t('Next room'),
    run: () => walkRooms(1),
  },
  {
    keys: ['Escape'],
    group: 'reading',
    label: () => t('Mark the channel as read and go to the present'),
  },
  {
    keys: ['Shift+Escape'],
    group: 'reading',
    label: () => t('Mark the room as read'),
    run: () => markAll(world.channelsOf(currentGuild()?.id ?? '', true)),
  },
  { keys: ['Enter'], group: 'writing', label: () => t('Send the message') },
  { keys: ['Shift+Enter'], group: 'writing', label: () => t('New line') },
  { keys: ['ArrowUp'], group: 'writing', label: () => t('Edit your last message') },
  { keys: ['Tab'], group: 'writing', label: () => t('Take the chosen suggestion') },
  {
    keys: ['Ctrl+Shift+ArrowUp'],
    group: 'places',
    label: () => t('Move the focused room or channel up'),
  },
  {
    keys: ['Ctrl+Shift+ArrowDown'],
    group: 'places',
    label: () => t('Move the focused room or channel down'),
  },
  { keys: ['Shift+F10'], group: 'help', label: () => t('Menu of what has the focus') },
  {
    keys: ['?', 'Mod+/'],
    group: 'help',
    label: () => t('This list'),
    run: () => toggle('shortcuts'),
  },
];

const mac = /Mac|iP/.test(navigator.platform);

let listening = false;

/** Listens for as long as the page lives. */
export function listenForShortcuts(): void {
  if (listening) return;
  listening = true;
  // Before the fields see them: Alt+Up in the composer is not its Up.
  const before = { capture: true };
  const onkeydown = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing || !world.me) return;
    const pressed = chord(event);
    const found = SHORTCUTS.find(
      (one) => one.run && one.keys.some((key) => same(key, pressed)) && (one.when?.() ?? true),
    );
    if (!found?.run) return;
    const plain = !pressed.includes('+') || pressed === 'Shift+?';
    if (plain && found.keys.includes('?') && isTyping(event.target)) return;
    const esc = event.key === 'Escape';
    // What lies over the screen has its own Escape; other keys would act behind it.
    if (overlay.menu || (overlay.dialog && (esc || found.group !== 'help'))) {
      if (overlay.dialog?.kind !== 'switcher') return;
    }
    if (esc && document.querySelector(':popover-open:not(.notices), dialog[open]')) return;
    event.preventDefault();
    event.stopPropagation();
    found.run();
  };
  addEventListener('keydown', onkeydown, before);
}

function chord(event: KeyboardEvent): string {
  const parts = [];
  if (mac ? event.metaKey : event.ctrlKey) parts.push('Mod');
  if (event.altKey) parts.push('Alt');
  if (event.shiftKey) parts.push('Shift');
  parts.push(event.key.length === 1 ? event.key.toLowerCase() : event.key);
  return parts.join('+');
}

/** `?` and `/` need Shift on some keyboards and not on others. */
function same(key: string, pressed: string): boolean {
  return key === pressed || (/[?/]$/.test(key) && key === pressed.replace('Shift+', ''));
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

/** How a chord is written on this person's keyboard, key by key. */
export function caps(keys: string): string[] {
  const names: Record<string, string> = {
    Mod: mac ? '⌘' : t('Ctrl'),
    Ctrl: t('Ctrl'),
    Alt: mac ? '⌥' : 'Alt',
    Shift: mac ? '⇧' : t('Shift'),
    ArrowUp: '↑',
    ArrowDown: '↓',
    Escape: 'Esc',
    Enter: t('Enter'),
  };
  return keys.split('+').map((key) => names[key] ?? (key.length === 1 ? key.toUpperCase() : key));
}

function toggle(kind: 'switcher' | 'shortcuts'): void {
  if (overlay.dialog?.kind === kind) overlay.close();
  else overlay.open({ kind });
}

function currentGuild(): Guild | undefined {
  const { route } = router;
  if (route.name !== 'guild') return undefined;
  return route.guildId ? world.guilds.get(route.guildId) : world.guildBySlug(route.slug ?? '');
}

const waits = (channel: Channel) =>
  (channel.unread && !world.muted(channel)) || channel.mentionCount > 0;

/** Each channel, and below it the threads that one is in. */
function withThreads(guild: Guild): Channel[] {
  const all = world.channelsOf(guild.id, true).filter((one) => one.seat && !one.thread?.archived);
  const below = (id: string) => all.filter((one) => one.parentId === id);
  return inOrder(world.channelsOf(guild.id)).flatMap((one) => [one, ...below(one.id)]);
}

/** The next channel of this list that fits; for unread ones also in the rooms that follow. */
function walk(step: 1 | -1, fits: (channel: Channel) => boolean): void {
  const { route } = router;
  if (route.name !== 'guild' && route.name !== 'direct') return;
  const guild = currentGuild();
  const everywhere = fits === waits;
  const guilds = everywhere ? orderedGuilds() : guild ? [guild] : [];
  const rows = guilds.flatMap(withThreads);
  if (everywhere || !guild) rows.push(...world.directChannels());
  const hereId =
    route.channelId ?? (guild ? inOrder(world.channelsOf(guild.id))[0]?.id : undefined);
  const from = rows.findIndex((one) => one.id === hereId);
  for (let n = 1; n <= rows.length; n += 1) {
    const next = rows.at((from + step * n + rows.length * 2) % rows.length);
    if (!next || next.id === hereId || !fits(next)) continue;
    const of = world.guilds.get(next.guildId ?? '');
    return router.go(of ? channelPath(of, next.id) : directPath(next));
  }
  if (everywhere) overlay.say(t('Nothing is unread.'));
}

function walkRooms(step: 1 | -1): void {
  const guilds = orderedGuilds();
  const from = guilds.findIndex((one) => one.id === currentGuild()?.id);
  const next = guilds.at((from + step + guilds.length) % (guilds.length || 1));
  if (next) router.go(guildPath(next));
}
