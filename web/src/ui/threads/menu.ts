/** What can be done with a thread: the same list in the channel list and on its own page. */
import Archive from '@lucide/svelte/icons/archive';
import ArchiveRestore from '@lucide/svelte/icons/archive-restore';
import Check from '@lucide/svelte/icons/check';
import CheckCheck from '@lucide/svelte/icons/check-check';
import Link from '@lucide/svelte/icons/link';
import Lock from '@lucide/svelte/icons/lock';
import LockOpen from '@lucide/svelte/icons/lock-open';
import LogIn from '@lucide/svelte/icons/log-in';
import LogOut from '@lucide/svelte/icons/log-out';
import Megaphone from '@lucide/svelte/icons/megaphone';
import Pencil from '@lucide/svelte/icons/pencil';
import Trash2 from '@lucide/svelte/icons/trash-2';
import Users from '@lucide/svelte/icons/users';
import { edit, join, leave, remove } from '../../action/thread';
import { setNotification } from '../../action/notification';
import { markAll } from '../../action/read_state';
import { t } from '../../lib/i18n';
import { PERMISSION } from '../../lib/permission';
import type { Channel } from '../../model/channel.svelte';
import type { Guild } from '../../model/guild.svelte';
import { world } from '../../model/here';
import { muteItem } from '../channels/mute';
import { copyLink, idItems } from '../copy';
import { LEVEL } from '../notify/loudness';
import { overlay, type At, type MenuItem } from '../overlay.svelte';
import { channelPath } from '../place';
import { router } from '../router.svelte';

export interface ThreadRights {
  /** everything */
  manage: boolean;
  /** its name and how it works: who began it, too */
  own: boolean;
  write: boolean;
}

export function threadRights(thread: Channel): ThreadRights {
  const bits = world.rights(thread.guildId ?? '', thread);
  const manage = (bits & PERMISSION.MANAGE_THREADS) !== 0n;
  const write = (bits & PERMISSION.SEND_MESSAGES) !== 0n;
  return { manage, write, own: manage || (write && thread.ownerId === world.me?.id) };
}

function tell(work: Promise<unknown>, done = ''): void {
  work.then(
    () => done && overlay.say(done),
    (error: unknown) => overlay.fail(error),
  );
}

export function askLeave(thread: Channel): void {
  tell(leave(thread.id), t('You left the thread.'));
}

export function openThreadMenu(guild: Guild, thread: Channel, at: At): void {
  const { manage, own, write } = threadRights(thread);
  const { archived, locked } = thread.thread ?? { archived: false, locked: false };
  const items: MenuItem[] = [];
  const put = (label: string, icon: MenuItem['icon'], run: () => void, more = {}) =>
    items.push({ label, ...(icon ? { icon } : {}), run, ...more });
  if (thread.unread || thread.mentionCount) {
    put(t('Mark as read'), CheckCheck, () => markAll([thread]));
  }
  if (thread.seat) {
    items.push(muteItem(thread.id, thread.name, at));
    put(t('Notifications…'), Megaphone, () => openLevels(thread, at));
  }
  put(t('Copy link'), Link, () => void copyLink(channelPath(guild, thread.id)));
  put(t('People'), Users, () => overlay.open({ kind: 'thread-people', thread }));
  if (!archived && thread.seat) put(t('Leave thread'), LogOut, () => askLeave(thread));
  if (!archived && !thread.seat) {
    put(t('Join thread'), LogIn, () => tell(join(thread.id), t('You are in the thread now.')));
  }
  if (own && !archived) {
    const run = () => overlay.open({ kind: 'thread-edit', thread });
    put(t('Edit thread'), Pencil, run, { divide: true });
  }
  if (archived && (manage || (write && !locked))) {
    const run = () => tell(edit(thread.id, { archived: false }), t('The thread is open again.'));
    put(t('Open again'), ArchiveRestore, run);
  }
  if (!archived && own) {
    const run = () => tell(edit(thread.id, { archived: true }), t('Archived.'));
    put(t('Archive'), Archive, run);
  }
  if (manage) {
    const change = edit.bind(null, thread.id, { locked: !locked });
    if (locked) put(t('Unlock'), LockOpen, () => tell(change(), t('Unlocked.')));
    else put(t('Lock'), Lock, () => tell(change(), t('Locked.')));
    put(t('Delete thread'), Trash2, () => askRemove(guild, thread), { danger: true, divide: true });
  }
  items.push(...idItems(thread.id));
  overlay.openMenu(at, thread.name, items);
}

/** How loud a thread is, whatever its channel is. */
function openLevels(thread: Channel, at: At): void {
  const now = world.notifications.get(thread.id)?.level;
  const levels: [number, string][] = [
    [LEVEL.ALL, t('All messages')],
    [LEVEL.MENTIONS, t('Only mentions')],
    [LEVEL.NOTHING, t('Nothing')],
  ];
  const items = levels.map(([level, label]) => ({
    label,
    ...(level === now ? { icon: Check } : {}),
    run: () => tell(setNotification(thread.id, { level }), t('Saved.')),
  }));
  overlay.openMenu(at, t('Notifications of {name}', { name: thread.name }), items);
}

function askRemove(guild: Guild, thread: Channel): void {
  overlay.confirm({
    title: t('Delete {name}?', { name: thread.name }),
    text: t('All that was written in this thread is gone for everybody.'),
    action: t('Delete thread'),
    run: async () => {
      const { route } = router;
      const here = route.name === 'guild' && route.channelId === thread.id;
      await remove(thread.id);
      if (here) router.go(channelPath(guild, thread.parentId ?? ''), { replace: true });
    },
  });
}
