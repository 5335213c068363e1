/** What may be meant by the letters behind @, # or : before the caret. */
import { t } from '../../lib/i18n';
import { findEmoji, type EmojiEntry } from '../../lib/emoji_table';
import { emojiUrl } from '../../lib/cdn';
import { skin, withSkin } from '../../lib/emoji';
import { PERMISSION } from '../../lib/permission';
import type { Channel } from '../../model/channel.svelte';
import { world } from '../../model/here';
import { label } from '../../model/person';
import type { CustomEmoji, Member, Role, User } from '../../model/wire';
import type { Unfinished } from './unfinished';

/** One row of the list; `text` goes into the field, `wire` is what is sent for it. */
export interface Candidate {
  key: string;
  text: string;
  wire: string | null;
  title: string;
  note: string;
  user?: User;
  member?: Member | null;
  role?: Role;
  emoji?: string;
  /** of a custom emoji: where its picture is */
  image?: string;
}

const MOST = 8;

export function candidates(
  channel: Channel,
  open: Unfinished,
  emoji: readonly EmojiEntry[],
): Candidate[] {
  const wanted = open.query.toLowerCase();
  if (open.sigil === ':') {
    return [...customs(channel, wanted), ...emojis(emoji, wanted)].slice(0, MOST);
  }
  if (open.sigil === '#') return channels(channel, wanted);
  return people(channel, wanted);
}

/** As a text has it. */
export const wireOf = (one: { id: string; name: string; animated?: boolean }): string =>
  `<${one.animated ? 'a' : ''}:${one.name}:${one.id}>`;

/** Those of this room first, then, where they may be used, those of others. */
export function usable(channel: Channel): CustomEmoji[] {
  const me = world.me?.id ?? '';
  const here = channel.guildId;
  const others =
    !here || (world.rights(here, channel) & PERMISSION.USE_EXTERNAL_EMOJIS) !== 0n
      ? [...world.guilds.values()].filter((guild) => guild.id !== here)
      : [];
  const own = here ? world.guilds.get(here) : undefined;
  return [...(own ? [own] : []), ...others].flatMap((guild) => {
    const roles = guild.members.get(me)?.roles ?? [];
    return guild.emojis.filter((one) => mayUse(one, roles));
  });
}

function mayUse(one: CustomEmoji, roles: readonly string[]): boolean {
  return !one.roles?.length || one.roles.some((role) => roles.includes(role));
}

/** The one that `:name:` means here, as it is sent. */
export function customByCode(channel: Channel, code: string): string | null {
  const meant = usable(channel).find((one) => one.name === code);
  return meant ? wireOf(meant) : null;
}

function customs(channel: Channel, wanted: string): Candidate[] {
  const found = usable(channel)
    .map((one) => ({ one, rank: rankOf(wanted, one.name.toLowerCase()) }))
    .filter(({ rank }) => rank !== null)
    .sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0));
  return found.slice(0, MOST).map(({ one }) => {
    const [text, wire] = [`:${one.name}:`, wireOf(one)];
    const emoji = wire;
    return { key: one.id, text, wire, title: text, note: '', emoji, image: emojiUrl(one.id) };
  });
}

function emojis(all: readonly EmojiEntry[], wanted: string): Candidate[] {
  const tone = skin();
  return findEmoji(all, wanted, MOST).map((one) => {
    const character = one.toned ? withSkin(one.character, tone) : one.character;
    const title = `:${one.codes.find((code) => code.includes(wanted)) ?? one.codes[0]}:`;
    return { key: title, text: character, wire: null, title, note: '', emoji: character };
  });
}

function channels(here: Channel, wanted: string): Candidate[] {
  if (!here.guildId) return [];
  const found = world
    .channelsOf(here.guildId)
    .filter((one) => one.readable)
    .map((one) => ({ one, rank: rankOf(wanted, one.name.toLowerCase()) }))
    .filter(({ rank }) => rank !== null)
    .sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0));
  return found.slice(0, MOST).map(({ one }) => ({
    key: one.id,
    text: `#${one.name}`,
    wire: `<#${one.id}>`,
    title: one.name,
    note: one.topic,
  }));
}

function people(channel: Channel, wanted: string): Candidate[] {
  const found: { rank: number; one: Candidate }[] = [];
  const add = (rank: number | null, one: Candidate) => {
    if (rank !== null) found.push({ rank, one });
  };
  for (const { user, member } of everybody(channel)) {
    const title = label(user, member);
    const rank = rankOf(wanted, title.toLowerCase(), user.username.toLowerCase());
    const note = user.osc?.guest || title === user.username ? '' : user.username;
    const [text, wire] = [`@${title}`, `<@${user.id}>`];
    add(rank, { key: user.id, text, wire, title, note, user, member });
  }
  found.sort((a, b) => a.rank - b.rank || a.one.title.localeCompare(b.one.title));
  const shown = found.slice(0, MOST).map(({ one }) => one);
  return [...shown, ...groups(channel, wanted)].slice(0, MOST + 2);
}

function everybody(channel: Channel): { user: User; member: Member | null }[] {
  const guild = channel.guildId ? world.guilds.get(channel.guildId) : undefined;
  if (!guild) return channel.recipients.map((user) => ({ user, member: null }));
  return [...guild.members.values()].flatMap((member) =>
    member.user ? [{ user: member.user, member }] : [],
  );
}

function groups(channel: Channel, wanted: string): Candidate[] {
  const guild = channel.guildId ? world.guilds.get(channel.guildId) : undefined;
  if (!guild) return [];
  const everyone = (world.rights(guild.id, channel) & PERMISSION.MENTION_EVERYONE) !== 0n;
  const roles = guild.roles
    .filter((role) => role.id !== guild.id && (everyone || role.mentionable))
    .filter((role) => rankOf(wanted, role.name.toLowerCase()) !== null)
    .slice(0, 4)
    .map((role) => ({
      key: role.id,
      text: `@${role.name}`,
      wire: `<@&${role.id}>`,
      title: `@${role.name}`,
      note: t('Everybody with this role'),
      role,
    }));
  if (!everyone) return roles;
  const all = [
    { name: 'everyone', note: t('Everybody in this room') },
    { name: 'here', note: t('Everybody who is here now') },
  ]
    .filter(({ name }) => name.startsWith(wanted))
    .map(({ name, note }) => ({
      key: name,
      text: `@${name}`,
      wire: null,
      title: `@${name}`,
      note,
    }));
  return [...roles, ...all];
}

function rankOf(wanted: string, ...names: string[]): number | null {
  if (names.some((name) => name.startsWith(wanted))) return 0;
  return names[0]?.includes(wanted) ? 1 : null;
}
