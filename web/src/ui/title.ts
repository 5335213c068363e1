/** The title of the browser's tab: how many call us, where we are, which server this is. */
import { t } from '../lib/i18n';
import { world } from '../model/here';
import { label } from '../model/person';
import type { Route } from './router.svelte';

export function pageTitle(route: Route): string {
  const mentions = [...world.channels.values()].reduce((sum, one) => sum + one.mentionCount, 0);
  const parts = [place(route), world.server.name].filter(Boolean).join(' · ');
  return mentions ? `(${mentions}) ${parts}` : parts;
}

function place(route: Route): string {
  if (route.name === 'guild') {
    const guild = route.guildId
      ? world.guilds.get(route.guildId)
      : world.guildBySlug(route.slug ?? '');
    const channel = route.channelId
      ? world.channels.get(route.channelId)
      : world.channelsOf(guild?.id ?? '').find((one) => one.readable);
    if (!guild) return route.slug ?? '';
    return channel ? `#${channel.name} · ${guild.name}` : guild.name;
  }
  if (route.name === 'direct') {
    const other = world.channels.get(route.channelId ?? '')?.recipients[0];
    return other ? label(other) : t('Direct messages');
  }
  if (route.name === 'invite') return t('Invitation');
  if (route.name === 'owner') return t('Own this server');
  if (route.name === 'reset') return t('Choose a new password');
  return '';
}
