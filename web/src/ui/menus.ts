/** The menus of rooms, channels, people and messages. What they offer comes in files of its own,
 *  when a menu is first asked for; if it does not come, the page says so. */
import { t } from '../lib/i18n';
import type { Channel } from '../model/channel.svelte';
import type { Guild } from '../model/guild.svelte';
import { label } from '../model/person';
import type { Message, User } from '../model/wire';
import type { Deeds } from './chat/menu';
import { overlay, spotOf, type At } from './overlay.svelte';

type Move = (step: 1 | -1) => void;

function whenHere<T>(part: Promise<T>, act: (part: T) => void): void {
  part.then(act, () => undefined);
}

export function guildMenu(guild: Guild, at: At, move?: Move): void {
  const spot = spotOf(at);
  whenHere(import('./guilds/menu'), ({ openGuildMenu }) => openGuildMenu(guild, spot, move));
}

export function channelMenu(guild: Guild, channel: Channel, at: At, move: Move): void {
  const spot = spotOf(at);
  whenHere(import('./channels/menu'), ({ openChannelMenu }) =>
    openChannelMenu(guild, channel, spot, move),
  );
}

export function memberMenu(guild: Guild, user: User, at: At): void {
  const spot = spotOf(at);
  const name = label(user, guild.members.get(user.id));
  whenHere(import('./members/menu'), ({ memberItems }) =>
    overlay.openMenu(spot, name, memberItems(guild, user, null)),
  );
}

export function ownMenu(at: HTMLElement): void {
  whenHere(import('./shell/own_menu'), ({ openOwnMenu }) => openOwnMenu(at));
}

export function messageMenu(channel: Channel, message: Message, at: At, deeds: Deeds): void {
  const spot = spotOf(at);
  whenHere(import('./chat/menu'), ({ messageItems }) =>
    overlay.openMenu(spot, t('Message'), messageItems(channel, message, deeds)),
  );
}

const MESSAGE_KEYS = /^([recplut+]|delete|backspace|enter|contextmenu)$/;

/** The letters of the same menu, on a message that has the focus. */
export function messageKey(
  channel: Channel,
  message: Message,
  event: KeyboardEvent,
  deeds: Deeds,
): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const menuKey = event.key === 'F10' && event.shiftKey;
  const key = menuKey ? 'contextmenu' : event.key.toLowerCase();
  if (!MESSAGE_KEYS.test(key)) return false;
  const row = event.target as HTMLElement;
  if (key === 'enter' || key === 'contextmenu') messageMenu(channel, message, row, deeds);
  else {
    const surely = event.shiftKey;
    whenHere(import('./chat/menu'), ({ act }) => act(channel, message, key, surely, deeds));
  }
  return true;
}

/** What of threads is seen in a room: asked for in one place, loaded when there is a thread. */
export const threadParts = () => import('./threads/parts');
