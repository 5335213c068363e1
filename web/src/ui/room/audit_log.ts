/** The audit log in words: what was done to whom, and what changed by it. */
import { t, tn } from '../../lib/i18n';
import { fullTime } from '../../lib/time';
import type { Guild } from '../../model/guild.svelte';
import { label } from '../../model/person';
import type { AuditLogEntry, User } from '../../model/wire';
import type { World } from '../../model/world.svelte';
import { GROUPS } from './right';

/** What a page of the log brought along, and the room as it is now. */
export interface Known {
  world: World;
  guild: Guild;
  users: ReadonlyMap<string, User>;
  webhooks: ReadonlyMap<string, string>;
}

export type Tone = 'made' | 'changed' | 'gone';

interface Action {
  /** what the list of actions calls it */
  name: string;
  tone: Tone;
  /** what was done; `{what}` is what `target` gives */
  text: string;
  target?: 'person' | 'channel' | 'role' | 'webhook' | 'invite' | 'named';
}

/** By number. <https://discord.com/developers/docs/resources/audit-log> */
export const ACTIONS: Readonly<Record<number, Action>> = {
  1: { name: t('Room changed'), tone: 'changed', text: t('changed the room') },
  10: {
    name: t('Channel made'),
    tone: 'made',
    text: t('made the channel {what}'),
    target: 'channel',
  },
  11: {
    name: t('Channel changed'),
    tone: 'changed',
    text: t('changed the channel {what}'),
    target: 'channel',
  },
  12: {
    name: t('Channel deleted'),
    tone: 'gone',
    text: t('deleted the channel {what}'),
    target: 'channel',
  },
  13: {
    name: t('Rights in a channel given'),
    tone: 'made',
    text: t('set rights for {whom} in {what}'),
    target: 'channel',
  },
  14: {
    name: t('Rights in a channel changed'),
    tone: 'changed',
    text: t('changed rights of {whom} in {what}'),
    target: 'channel',
  },
  15: {
    name: t('Rights in a channel removed'),
    tone: 'gone',
    text: t('removed the rights of {whom} in {what}'),
    target: 'channel',
  },
  20: { name: t('Kick'), tone: 'gone', text: t('kicked {what}'), target: 'person' },
  21: { name: t('Inactive people removed'), tone: 'gone', text: t('removed inactive people') },
  22: { name: t('Ban'), tone: 'gone', text: t('banned {what}'), target: 'person' },
  23: { name: t('Ban lifted'), tone: 'made', text: t('let {what} come back'), target: 'person' },
  24: {
    name: t('Member changed'),
    tone: 'changed',
    text: t('changed {what}'),
    target: 'person',
  },
  25: {
    name: t('Roles of a member'),
    tone: 'changed',
    text: t('changed the roles of {what}'),
    target: 'person',
  },
  26: { name: t('Moved in voice'), tone: 'changed', text: t('moved people in voice') },
  27: { name: t('Put out of voice'), tone: 'gone', text: t('put people out of voice') },
  28: { name: t('Bot added'), tone: 'made', text: t('added the bot {what}'), target: 'person' },
  30: { name: t('Role made'), tone: 'made', text: t('made the role {what}'), target: 'role' },
  31: {
    name: t('Role changed'),
    tone: 'changed',
    text: t('changed the role {what}'),
    target: 'role',
  },
  32: { name: t('Role deleted'), tone: 'gone', text: t('deleted the role {what}'), target: 'role' },
  40: {
    name: t('Invitation made'),
    tone: 'made',
    text: t('made the invitation {what}'),
    target: 'invite',
  },
  42: {
    name: t('Invitation revoked'),
    tone: 'gone',
    text: t('revoked the invitation {what}'),
    target: 'invite',
  },
  50: {
    name: t('Webhook made'),
    tone: 'made',
    text: t('made the webhook {what}'),
    target: 'webhook',
  },
  51: {
    name: t('Webhook changed'),
    tone: 'changed',
    text: t('changed the webhook {what}'),
    target: 'webhook',
  },
  52: {
    name: t('Webhook deleted'),
    tone: 'gone',
    text: t('deleted the webhook {what}'),
    target: 'webhook',
  },
  60: { name: t('Emoji added'), tone: 'made', text: t('added the emoji {what}'), target: 'named' },
  61: {
    name: t('Emoji changed'),
    tone: 'changed',
    text: t('changed the emoji {what}'),
    target: 'named',
  },
  62: {
    name: t('Emoji deleted'),
    tone: 'gone',
    text: t('deleted the emoji {what}'),
    target: 'named',
  },
  72: {
    name: t('Messages of others deleted'),
    tone: 'gone',
    text: t('deleted messages of {what}'),
    target: 'person',
  },
  73: {
    name: t('Many messages deleted'),
    tone: 'gone',
    text: t('deleted many messages in {what}'),
    target: 'channel',
  },
  74: {
    name: t('Message pinned'),
    tone: 'made',
    text: t('pinned a message of {what}'),
    target: 'person',
  },
  75: {
    name: t('Message unpinned'),
    tone: 'gone',
    text: t('unpinned a message of {what}'),
    target: 'person',
  },
  110: {
    name: t('Thread made'),
    tone: 'made',
    text: t('made the thread {what}'),
    target: 'channel',
  },
  111: {
    name: t('Thread changed'),
    tone: 'changed',
    text: t('changed the thread {what}'),
    target: 'channel',
  },
  112: {
    name: t('Thread deleted'),
    tone: 'gone',
    text: t('deleted the thread {what}'),
    target: 'channel',
  },
  121: {
    name: t('Rights of a command'),
    tone: 'changed',
    text: t('changed who may use a command'),
  },
  140: { name: t('Rule made'), tone: 'made', text: t('made the rule {what}'), target: 'named' },
  141: {
    name: t('Rule changed'),
    tone: 'changed',
    text: t('changed the rule {what}'),
    target: 'named',
  },
  142: {
    name: t('Rule deleted'),
    tone: 'gone',
    text: t('deleted the rule {what}'),
    target: 'named',
  },
  143: {
    name: t('Message stopped by a rule'),
    tone: 'gone',
    text: t('wrote what a rule stopped'),
  },
  144: {
    name: t('Message flagged by a rule'),
    tone: 'changed',
    text: t('wrote what a rule flagged'),
  },
  145: { name: t('Timeout by a rule'), tone: 'gone', text: t('was silenced by a rule') },
};

const KEYS: Readonly<Record<string, string>> = {
  name: t('Name'),
  description: t('Description'),
  icon_hash: t('Picture'),
  avatar: t('Picture'),
  avatar_hash: t('Picture'),
  owner_id: t('Owner'),
  system_channel_id: t('Channel for greetings'),
  visibility: t('Who can come in?'),
  slug: t('Address'),
  guests_write: t('Guests may write'),
  topic: t('Topic'),
  position: t('Place in the order'),
  parent_id: t('Category'),
  rate_limit_per_user: t('Slow mode'),
  user_limit: t('Most people'),
  bitrate: t('Bitrate'),
  nsfw: t('For adults'),
  allow: t('Allowed'),
  deny: t('Forbidden'),
  permissions: t('Rights'),
  color: t('Colour'),
  hoist: t('Shown apart'),
  mentionable: t('Can be mentioned'),
  nick: t('Name in this room'),
  mute: t('Muted in voice'),
  deaf: t('Deafened in voice'),
  communication_disabled_until: t('Timeout until'),
  $add: t('Roles given'),
  $remove: t('Roles taken'),
  code: t('Code'),
  channel_id: t('Channel'),
  inviter_id: t('Made by'),
  max_uses: t('Most uses'),
  uses: t('Used'),
  max_age: t('Seconds until it ends'),
  archived: t('Archived'),
  locked: t('Locked'),
  enabled: t('Active'),
};

/** Keys that say nothing to people. */
const QUIET = new Set(['type', 'id', 'temporary', 'permission_overwrites', 'bitrate']);

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function changed(entry: AuditLogEntry, key: string): string {
  const found = entry.changes?.find((one) => one.key === key);
  return text(found?.new_value ?? found?.old_value);
}

export function person(known: Known, id: string | null | undefined): string {
  if (!id) return t('A program');
  const member = known.guild.members.get(id);
  const user = member?.user ?? known.users.get(id);
  if (user) return label(user, member);
  return known.webhooks.get(id) ?? t('Somebody who is gone');
}

function channelName(known: Known, id: string | null | undefined): string {
  const channel = id ? known.world.channels.get(id) : undefined;
  return channel?.name ? `#${channel.name}` : t('a channel that is gone');
}

function roleName(known: Known, id: string): string {
  return known.guild.roles.find((role) => role.id === id)?.name ?? t('a role that is gone');
}

function target(known: Known, entry: AuditLogEntry): string {
  const id = entry.target_id ?? '';
  switch (ACTIONS[entry.action_type]?.target) {
    case 'person':
      return person(known, id);
    case 'channel': {
      const name = changed(entry, 'name');
      return name && !known.world.channels.has(id) ? `#${name}` : channelName(known, id);
    }
    case 'role':
      return changed(entry, 'name') || roleName(known, id);
    case 'webhook':
      return known.webhooks.get(id) ?? (changed(entry, 'name') || t('that is gone'));
    case 'invite':
      return changed(entry, 'code');
    default:
      return changed(entry, 'name') || t('that is gone');
  }
}

/** What was done, without who did it. */
export function deed(known: Known, entry: AuditLogEntry): string {
  const action = ACTIONS[entry.action_type];
  if (!action) return t('did something this page does not know');
  const options = entry.options ?? {};
  const whom =
    options.role_name ??
    (options.type === '1' ? person(known, options.id) : t('a role that is gone'));
  let said = action.text.replace('{what}', target(known, entry)).replace('{whom}', whom);
  const count = Number(options.count ?? options.members_removed ?? 0);
  if (count > 0 && (count > 1 || entry.action_type !== 72)) said += ` (${count})`;
  if (options.channel_id && entry.action_type !== 73) {
    said += ` · ${channelName(known, options.channel_id)}`;
  }
  return said;
}

export interface Line {
  key: string;
  before: string;
  after: string;
}

/** What changed, line by line; empty where there is nothing to unfold. */
export function lines(known: Known, entry: AuditLogEntry): Line[] {
  const found: Line[] = [];
  for (const change of entry.changes ?? []) {
    if (QUIET.has(change.key)) continue;
    const before = shown(known, change.key, change.old_value);
    const after = shown(known, change.key, change.new_value);
    if (before || after) found.push({ key: KEYS[change.key] ?? change.key, before, after });
  }
  const days = entry.options?.delete_member_days;
  if (days) {
    const after = tn(Number(days), '{n} day', '{n} days');
    found.push({ key: t('Away for'), before: '', after });
  }
  return found;
}

const VISIBILITY: Record<string, string> = {
  public: t('Everybody'),
  unlisted: t('Whoever has the address'),
  private: t('Only who is invited'),
};

function shown(known: Known, key: string, value: unknown): string {
  if (value === undefined || value === null || value === '') return '';
  if (typeof value === 'boolean') return value ? t('Yes') : t('No');
  switch (key) {
    case 'permissions':
    case 'allow':
    case 'deny':
      return rights(text(value));
    case 'icon_hash':
    case 'avatar':
    case 'avatar_hash':
      return t('a picture');
    case 'owner_id':
    case 'inviter_id':
      return person(known, text(value));
    case 'system_channel_id':
    case 'channel_id':
    case 'parent_id':
      return channelName(known, text(value));
    case 'communication_disabled_until':
      return fullTime(text(value));
    case 'visibility':
      return VISIBILITY[text(value)] ?? text(value);
    case 'color':
      return Number(value) ? `#${Number(value).toString(16).padStart(6, '0')}` : t('none');
    case 'rate_limit_per_user':
      return tn(Number(value), '{n} second', '{n} seconds');
    default:
      return plain(value);
  }
}

function plain(value: unknown): string {
  if (Array.isArray(value)) return value.map(plain).filter(Boolean).join(', ');
  if (typeof value === 'object' && value !== null) return text((value as { name?: unknown }).name);
  return String(value).slice(0, 300);
}

function rights(bits: string): string {
  let set = 0n;
  try {
    set = BigInt(bits);
  } catch {
    return bits;
  }
  const named = GROUPS.flatMap((group) => group.rights).filter(({ bit }) => (set & bit) !== 0n);
  return named.length ? named.map(({ name }) => name).join(', ') : t('none');
}
