/** The title of the browser's tab: how many call us, where we are, which server this is. */
import { t } from '../lib/i18n';
import { world } from '../model/here';
import { conversation } from '../model/person';
import { device } from './device.svelte';
import type { Route } from './router.svelte';

/** A room that is looked at from outside: the model only knows those one is in. */
class Outside {
  seen = $state.raw<{ slug: string; name: string } | null>(null);
}

export const outside = new Outside();

/** What waits for us by name, as the badges in the page have it: mentions and friend requests. */
export function calls(): number {
  if (!device.now.badge) return 0;
  let sum = world.requests();
  for (const channel of world.channels.values()) if (channel.readable) sum += channel.mentionCount;
  return sum;
}

/** Null: not known yet; what the server wrote stays. */
export function pageTitle(route: Route): string | null {
  const mentions = calls();
  const where = place(route);
  if (where === null) return null;
  const parts = [where, world.server.name].filter(Boolean).join(' · ');
  return mentions ? `(${mentions}) ${parts}` : parts;
}

function place(route: Route): string | null {
  if (route.name === 'guild') {
    const guild = route.guildId
      ? world.guilds.get(route.guildId)
      : world.guildBySlug(route.slug ?? '');
    const channel = route.channelId
      ? world.channels.get(route.channelId)
      : world.channelsOf(guild?.id ?? '').find((one) => one.readable);
    if (!guild?.name) return outside.seen?.slug === route.slug ? outside.seen.name : null;
    return channel ? `#${channel.name} · ${guild.name}` : guild.name;
  }
  if (route.name === 'direct') {
    const channel = world.channels.get(route.channelId ?? '');
    if (route.channelId && !channel && !world.ready) return null;
    return (channel && conversation(channel)) || t('Direct messages');
  }
  if (route.name === 'friends') return t('Friends');
  if (route.name === 'settings') return t('Settings');
  if (route.name === 'guild-settings') return t('Room settings');
  if (route.name === 'invite') return t('Invitation');
  if (route.name === 'owner') return t('Own this server');
  if (route.name === 'reset') return t('Choose a new password');
  if (route.name === 'authorize') return t('Add a bot to a room');
  if (route.name === 'missing') return t('There is nothing here');
  return '';
}
