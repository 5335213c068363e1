/** What can be done with a room one is in: the same entries in the rail and above its channels. */
import ArrowDown from '@lucide/svelte/icons/arrow-down';
import ArrowUp from '@lucide/svelte/icons/arrow-up';
import CheckCheck from '@lucide/svelte/icons/check-check';
import Flag from '@lucide/svelte/icons/flag';
import Link from '@lucide/svelte/icons/link';
import LogOut from '@lucide/svelte/icons/log-out';
import Plus from '@lucide/svelte/icons/plus';
import Settings from '@lucide/svelte/icons/settings';
import UserPlus from '@lucide/svelte/icons/user-plus';
import { leave } from '../../action/guild';
import { markAll } from '../../action/read_state';
import { t } from '../../lib/i18n';
import { mayManage, PERMISSION } from '../../lib/permission';
import type { Guild } from '../../model/guild.svelte';
import { world } from '../../model/here';
import { muteItem } from '../channels/mute';
import { copyLink, idItems } from '../copy';
import { overlay, type At, type MenuItem } from '../overlay.svelte';
import { guildPath } from '../place';
import { router } from '../router.svelte';
import { openGuildSettings } from '../way_back';

export function openGuildMenu(guild: Guild, at: At, move?: (step: 1 | -1) => void): void {
  const rights = world.rights(guild.id);
  const may = (permission: bigint) => (rights & permission) !== 0n;
  const channels = world.channelsOf(guild.id, true);
  const { unread, mentions } = world.waiting(channels);
  const first = channels.find((channel) => channel.readable && !channel.thread);
  const items: MenuItem[] = [];
  if (unread || mentions) {
    items.push({ label: t('Mark as read'), icon: CheckCheck, run: () => markAll(channels) });
  }
  items.push(muteItem(guild.id, guild.name, at));
  if (first && may(PERMISSION.CREATE_INVITE)) {
    const run = () => overlay.open({ kind: 'invite', guild, channel: first });
    items.push({ label: t('Invite people'), icon: UserPlus, run });
  }
  if (guild.slug) {
    items.push({ label: t('Copy link'), icon: Link, run: () => void copyLink(guildPath(guild)) });
  }
  if (may(PERMISSION.MANAGE_CHANNELS)) {
    const run = () => overlay.open({ kind: 'create-channel', guild });
    items.push({ label: t('Create a channel'), icon: Plus, run });
  }
  if (mayManage(rights)) {
    const run = () => openGuildSettings(guild);
    items.push({ label: t('Room settings'), icon: Settings, run });
  }
  if (move) {
    items.push({ label: t('Move up'), icon: ArrowUp, run: () => move(-1) });
    items.push({ label: t('Move down'), icon: ArrowDown, run: () => move(1) });
  }
  if (guild.ownerId !== world.me?.id) {
    const subject = { guild_id: guild.id };
    const tell = () => overlay.open({ kind: 'report', subject, about: guild.name, server: true });
    items.push({ label: t('Report…'), icon: Flag, danger: true, run: tell });
    const run = () => askLeave(guild);
    items.push({ label: t('Leave room'), icon: LogOut, danger: true, run });
  }
  items.push(...idItems(guild.id));
  overlay.openMenu(at, guild.name, items, guild.description);
}

function askLeave(guild: Guild): void {
  overlay.confirm({
    title: t('Leave {name}?', { name: guild.name }),
    text:
      guild.visibility === 'private'
        ? t('You need a new invitation to come back.')
        : t('You can come back at any time.'),
    action: t('Leave room'),
    run: async () => {
      const { id } = guild;
      router.go('/'); // before the room is gone: its place would say that there is nothing
      await leave(id);
    },
  });
}
