/** People, roles and channels of a room, found by name. */
import { OPTION } from '../../action/command';
import type { Channel } from '../../model/channel.svelte';
import { world } from '../../model/here';
import { label } from '../../model/person';
import type { Suggestion } from './Suggest.svelte';

const MOST = 8;

export function named(
  channel: Channel,
  type: number,
  types: readonly number[] | undefined,
  text: string,
): Suggestion[] {
  const wanted = text.replace(/^[@#]/, '').trim().toLowerCase();
  const all: Suggestion[] = [];
  if (type === OPTION.USER || type === OPTION.MENTIONABLE) all.push(...people(channel));
  if (type === OPTION.ROLE || type === OPTION.MENTIONABLE) all.push(...roles(channel));
  if (type === OPTION.CHANNEL) all.push(...channels(channel, types));
  const fits = (one: Suggestion) =>
    `${one.title} ${one.note}`.toLowerCase().includes(wanted) || one.value === wanted;
  return all.filter(fits).slice(0, MOST);
}

function people(channel: Channel): Suggestion[] {
  const guild = world.guilds.get(channel.guildId ?? '');
  const members = guild
    ? [...guild.members.values()].flatMap((one) => (one.user ? [{ user: one.user, one }] : []))
    : [...channel.recipients, ...(world.me ? [world.me] : [])].map((user) => ({ user, one: null }));
  return members.map(({ user, one }) => {
    const title = label(user, one);
    return { title, note: title === user.username ? '' : user.username, value: user.id };
  });
}

function roles(channel: Channel): Suggestion[] {
  const guild = world.guilds.get(channel.guildId ?? '');
  const all = guild?.roles.filter((role) => role.id !== guild.id) ?? [];
  return all.map((role) => ({ title: `@${role.name}`, note: '', value: role.id }));
}

function channels(channel: Channel, types: readonly number[] | undefined): Suggestion[] {
  if (!channel.guildId) return [];
  return world
    .channelsOf(channel.guildId)
    .filter((one) => !types?.length || types.includes(one.type))
    .map((one) => ({ title: `#${one.name}`, note: one.topic, value: one.id }));
}
