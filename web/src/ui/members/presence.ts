/** A presence in words: a dot's colour is never the only sign. */
import { t } from '../../lib/i18n';
import { world } from '../../model/here';
import { Remembered } from '../remembered.svelte';

/** What we wish to be seen as, on this device. */
export const own = new Remembered('status', 'online', (value) => typeof value === 'string');

export function statusOf(userId: string): string | null {
  if (userId === world.me?.id)
    return world.link === 'live' && own.value !== 'invisible' ? own.value : null;
  return world.presences.get(userId) ?? null;
}

export function statusText(status: string | null): string {
  if (status === 'online') return t('online');
  if (status === 'idle') return t('idle');
  if (status === 'dnd') return t('do not disturb');
  return t('away');
}
