/** The audit log in words: what was done to whom, and what changed by it. */
import { t, tn } from '../../lib/i18n';
import { fullTime } from '../../lib/time';
import type { Guild } from '../../model/guild.svelte';
import { label } from '../../model/person';
import type { AuditLogEntry, User } from '../../model/wire';
import type { World } from '../../model/world.svelte';
import { ACTIONS } from './audit_action';
import { GROUPS } from './right';

/** What a page of the log brought along, and the room as it is now. */
export interface Known {
  world: World;
  guild: Guild;
  users: ReadonlyMap<string, User>;
  webhooks: ReadonlyMap<string, string>;
  rules: ReadonlyMap<string, string>;
}

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
  trigger_metadata: t('What is looked for'),
  actions: t('What happens then'),
  exempt_roles: t('Not for these roles'),
  exempt_channels: t('Not in these channels'),
  raid_until: t('Raid mode until'),
  raid_detection: t('When many come at once'),
  raid_joins: t('Many are, in a minute'),
  invites_disabled_until: t('Invitations paused until'),
  dms_disabled_until: t('Direct messages paused until'),
};

/** Keys that say nothing to people. */
const QUIET = new Set([
  'type',
  'id',
  'temporary',
  'permission_overwrites',
  'bitrate',
  'event_type',
  'trigger_type',
]);

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

/** Who did it: a rule does what it does by itself. */
export function doer(known: Known, entry: AuditLogEntry): string {
  const rule = entry.options?.auto_moderation_rule_name;
  return rule ? t('The rule “{rule}”', { rule }) : person(known, entry.user_id);
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
    case 'rule':
      return known.rules.get(id) ?? (changed(entry, 'name') || t('that is gone'));
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
    case 'raid_until':
    case 'invites_disabled_until':
    case 'dms_disabled_until':
      return fullTime(text(value));
    case 'visibility':
      return VISIBILITY[text(value)] ?? text(value);
    case 'color':
      return Number(value) ? `#${Number(value).toString(16).padStart(6, '0')}` : t('none');
    case 'rate_limit_per_user':
      return tn(Number(value), '{n} second', '{n} seconds');
    case 'exempt_roles':
      return strings(value)
        .map((id) => roleName(known, id))
        .join(', ');
    case 'exempt_channels':
      return strings(value)
        .map((id) => channelName(known, id))
        .join(', ');
    case 'raid_detection':
      return DETECTION[text(value)] ?? text(value);
    case 'actions':
      return kinds(value)
        .map((kind) => DOES[kind] ?? '')
        .filter(Boolean)
        .join(', ');
    case 'trigger_metadata':
      return plain(Object.values(value as object));
    default:
      return plain(value);
  }
}

/** What a rule does. */
const DOES: Record<number, string> = {
  1: t('Message stopped by a rule'),
  2: t('Message flagged by a rule'),
  3: t('Timeout by a rule'),
  4: t('Name stopped by a rule'),
};

const DETECTION: Record<string, string> = {
  off: t('Nothing'),
  alert: t('Tell the moderators'),
  on: t('Turn raid mode on'),
};

const strings = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

const kinds = (value: unknown): number[] =>
  Array.isArray(value) ? value.map((one: { type?: number }) => one.type ?? 0) : [];

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
