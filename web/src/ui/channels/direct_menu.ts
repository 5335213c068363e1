/** What can be done with a conversation outside of rooms. */
import CheckCheck from '@lucide/svelte/icons/check-check';
import Link from '@lucide/svelte/icons/link';
import UserPlus from '@lucide/svelte/icons/user-plus';
import { markAll } from '../../action/read_state';
import { t } from '../../lib/i18n';
import type { Channel } from '../../model/channel.svelte';
import { conversation } from '../../model/person';
import { copyLink, idItems } from '../copy';
import { friendItems } from '../members/friend';
import { overlay, type MenuItem } from '../overlay.svelte';
import { directPath } from '../place';
import { muteItem } from './mute';

export function openDirectMenu(channel: Channel, at: HTMLElement | MouseEvent): void {
  const name = conversation(channel);
  const items: MenuItem[] = [];
  if (channel.unread || channel.mentionCount) {
    items.push({ label: t('Mark as read'), icon: CheckCheck, run: () => markAll([channel]) });
  }
  items.push(muteItem(channel.id, name, at));
  const run = () => void copyLink(directPath(channel));
  items.push({ label: t('Copy link'), icon: Link, run });
  if (channel.group) {
    const add = () => overlay.open({ kind: 'group', channel });
    items.push({ label: t('Add people'), icon: UserPlus, run: add });
  }
  if (channel.other) items.push(...friendItems(channel.other));
  items.push(...idItems(channel.id));
  overlay.openMenu(at, name, items);
}
