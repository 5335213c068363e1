/** What can be done with a channel of a room. */
import ArrowDown from '@lucide/svelte/icons/arrow-down';
import ArrowUp from '@lucide/svelte/icons/arrow-up';
import CheckCheck from '@lucide/svelte/icons/check-check';
import Link from '@lucide/svelte/icons/link';
import MessagesSquare from '@lucide/svelte/icons/messages-square';
import Settings from '@lucide/svelte/icons/settings';
import UserPlus from '@lucide/svelte/icons/user-plus';
import { markAll } from '../../action/read_state';
import { t } from '../../lib/i18n';
import { PERMISSION } from '../../lib/permission';
import type { Channel } from '../../model/channel.svelte';
import type { Guild } from '../../model/guild.svelte';
import { world } from '../../model/here';
import { CHANNEL } from '../../model/wire';
import { copyLink, idItems } from '../copy';
import { overlay, type At, type MenuItem } from '../overlay.svelte';
import { channelPath } from '../place';
import { openChannelSettings } from '../way_back';
import { muteItem } from './mute';

export function openChannelMenu(
  guild: Guild,
  channel: Channel,
  at: At,
  move: (step: 1 | -1) => void,
): void {
  const rights = world.rights(guild.id, channel);
  const may = (permission: bigint) => (rights & permission) !== 0n;
  const within =
    channel.type === CHANNEL.CATEGORY
      ? world.channelsOf(guild.id).filter((one) => one.parentId === channel.id)
      : [channel];
  const { unread, mentions } = world.waiting(within);
  const items: MenuItem[] = [];
  if (unread || mentions || within.some((one) => one.unread)) {
    items.push({ label: t('Mark as read'), icon: CheckCheck, run: () => markAll(within) });
  }
  items.push(muteItem(channel.id, channel.name, at));
  if (channel.readable) {
    const path = channelPath(guild, channel.id);
    items.push({ label: t('Copy link'), icon: Link, run: () => void copyLink(path) });
    const threads = () => overlay.open({ kind: 'threads', parent: channel });
    items.push({ label: t('Threads'), icon: MessagesSquare, run: threads });
    if (may(PERMISSION.CREATE_INVITE)) {
      const run = () => overlay.open({ kind: 'invite', guild, channel });
      items.push({ label: t('Invite people'), icon: UserPlus, run });
    }
  }
  if (may(PERMISSION.MANAGE_CHANNELS)) {
    const run = () => openChannelSettings(guild, channel.id);
    items.push({ label: t('Edit channel'), icon: Settings, run });
    items.push({ label: t('Move up'), icon: ArrowUp, run: () => move(-1) });
    items.push({ label: t('Move down'), icon: ArrowDown, run: () => move(1) });
  }
  items.push(...idItems(channel.id));
  overlay.openMenu(at, channel.name, items);
}
