/** What the search of a room's settings finds. */
import { t } from '../../lib/i18n';
import type { Entry } from '../settings/tab';
import { GROUPS } from './right';

export const ENTRIES: readonly Entry[] = [
  { tab: 'overview', id: 'picture', text: t('Picture'), words: t('icon avatar') },
  { tab: 'overview', id: 'name', text: t('Name') },
  { tab: 'overview', id: 'name', text: t('Description') },
  { tab: 'overview', id: 'visibility', text: t('Who can come in?'), words: t('public private') },
  { tab: 'overview', id: 'address', text: t('Address'), words: 'url slug' },
  { tab: 'overview', id: 'owner', text: t('Hand the room over'), words: t('owner transfer') },
  { tab: 'overview', id: 'delete', text: t('Delete room') },
  { tab: 'channels', id: 'channels', text: t('Order of channels'), words: t('category move') },
  { tab: 'channels', id: 'channels', text: t('Slow mode'), words: t('topic rename') },
  { tab: 'roles', id: 'roles', text: t('Roles'), words: t('colour permissions') },
  { tab: 'members', id: 'members', text: t('Members'), words: t('kick ban assign role') },
  { tab: 'emoji', id: 'emoji', text: t('Emoji'), words: t('upload picture reaction') },
  { tab: 'safety', id: 'raid', text: t('Raid mode'), words: t('lock pause guests') },
  { tab: 'safety', id: 'undo-raid', text: t('Undo a raid'), words: t('ban many') },
  {
    tab: 'safety',
    id: 'rules',
    text: t('Rules'),
    words: t('automatic moderation words spam links'),
  },
  { tab: 'reports', id: 'reports', text: t('Reports'), words: t('evidence') },
  { tab: 'bans', id: 'bans', text: t('Banned people'), words: t('unban') },
  { tab: 'invites', id: 'invites', text: t('Invitations'), words: t('link expiry uses') },
  { tab: 'webhooks', id: 'webhooks', text: t('Webhooks'), words: t('integrations github slack') },
  { tab: 'audit', id: 'audit', text: t('Audit log'), words: t('who did what history') },
  ...GROUPS.flatMap((group) =>
    group.rights.map(({ name, text }) => ({ tab: 'roles', id: 'roles', text: name, words: text })),
  ),
];
