/** What can be done with a person of a room, as far as our rights go. */
import Ban from '@lucide/svelte/icons/ban';
import Blocks from '@lucide/svelte/icons/blocks';
import AtSign from '@lucide/svelte/icons/at-sign';
import Crown from '@lucide/svelte/icons/crown';
import DoorOpen from '@lucide/svelte/icons/door-open';
import Flag from '@lucide/svelte/icons/flag';
import MessageCircle from '@lucide/svelte/icons/message-circle';
import { TYPE } from '../../action/command';
import TimerOff from '@lucide/svelte/icons/timer-off';
import { handOver } from '../../action/guild';
import { ban, kick } from '../../action/member';
import { t } from '../../lib/i18n';
import { PERMISSION } from '../../lib/permission';
import type { Guild } from '../../model/guild.svelte';
import { world } from '../../model/here';
import { label } from '../../model/person';
import type { User } from '../../model/wire';
import { openApps } from '../apps/items';
import { idItems } from '../copy';
import { overlay, type MenuItem } from '../overlay.svelte';
import { router } from '../router.svelte';
import { friendItems, talk } from './friend';

export function memberItems(
  guild: Guild,
  user: User,
  mention: ((userId: string) => void) | null,
): MenuItem[] {
  const me = world.me;
  if (!me) return [];
  if (user.id === me.id) return idItems(user.id);
  const name = label(user, guild.members.get(user.id));
  const items: MenuItem[] = [];
  if (mention) {
    items.push({ label: t('Mention'), icon: AtSign, run: () => mention(user.id) });
  }
  items.push({ label: t('Message'), icon: MessageCircle, run: () => void talk(user.id) });
  items.push(...friendItems(user));
  items.push(...appItems(guild, user));
  if (guild.members.has(user.id)) items.push(...moderation(guild, user, name));
  const subject = { guild_id: guild.id, user_id: user.id };
  const tell = () => overlay.open({ kind: 'report', subject, about: name, server: false });
  items.push({ label: t('Report…'), icon: Flag, danger: true, run: tell });
  items.push(...idItems(user.id));
  return items;
}

/** Commands of bots about somebody are used in the channel one looks at. */
function appItems(guild: Guild, user: User): MenuItem[] {
  const { route } = router;
  const id = 'channelId' in route ? route.channelId : null;
  const here = world.channels.get(id ?? '');
  if (here?.guildId !== guild.id || !guild.members.has(user.id)) return [];
  const run = () => void openApps(here.id, TYPE.USER, user.id);
  return [{ label: t('Apps'), icon: Blocks, run }];
}

function moderation(guild: Guild, user: User, name: string): MenuItem[] {
  const me = world.me;
  if (!me) return [];
  const items: MenuItem[] = [];
  const rights = world.rights(guild.id);
  const above = guild.rank(me.id) > guild.rank(user.id);
  if (me.id === guild.ownerId && !user.osc?.guest) {
    const run = () => askHandOver(guild, user.id, name);
    items.push({ label: t('Hand the room over'), icon: Crown, run });
  }
  if (above && rights & PERMISSION.MODERATE_MEMBERS) {
    const open = { kind: 'timeout', guildId: guild.id, userId: user.id, name } as const;
    const run = () => overlay.open(open);
    items.push({ label: t('Time out…'), icon: TimerOff, danger: true, run });
  }
  if (above && rights & PERMISSION.KICK_MEMBERS) {
    const run = () => askKick(guild, user.id, name);
    items.push({ label: t('Kick'), icon: DoorOpen, danger: true, run });
  }
  if (above && rights & PERMISSION.BAN_MEMBERS) {
    const run = () => askBan(guild, user.id, name);
    items.push({ label: t('Ban'), icon: Ban, danger: true, run });
  }
  return items;
}

function askKick(guild: Guild, userId: string, name: string): void {
  overlay.confirm({
    title: t('Kick {name}?', { name }),
    text: t('They leave the room and may come back.'),
    action: t('Kick'),
    run: () => kick(guild.id, userId),
  });
}

function askBan(guild: Guild, userId: string, name: string): void {
  overlay.confirm({
    title: t('Ban {name}?', { name }),
    text: t('They leave the room and cannot come back; what they wrote today is deleted.'),
    action: t('Ban'),
    run: () => ban(guild.id, userId, 1),
  });
}

function askHandOver(guild: Guild, userId: string, name: string): void {
  overlay.confirm({
    title: t('Hand the room over to {name}?', { name }),
    text: t('They own it then, and you become an ordinary member.'),
    action: t('Hand over'),
    run: () => handOver(guild.id, userId),
  });
}
