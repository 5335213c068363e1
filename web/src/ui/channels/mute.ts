/** The entries that make a room or a channel quiet, for a while or until further notice. */
import Bell from '@lucide/svelte/icons/bell';
import BellOff from '@lucide/svelte/icons/bell-off';
import { mute, unmute } from '../../action/notification';
import { t } from '../../lib/i18n';
import { world } from '../../model/here';
import { isMuted } from '../../model/notification';
import { overlay, type At, type MenuItem } from '../overlay.svelte';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export function muteItem(id: string, name: string, at: At): MenuItem {
  if (isMuted(world.notifications.get(id), Date.now())) {
    return { label: t('Unmute'), icon: Bell, run: () => tell(unmute(id)) };
  }
  const choices: [string, number | null][] = [
    [t('For 15 minutes'), 15 * MINUTE_MS],
    [t('For 1 hour'), HOUR_MS],
    [t('For 8 hours'), 8 * HOUR_MS],
    [t('For 24 hours'), 24 * HOUR_MS],
    [t('Until I turn it back on'), null],
  ];
  const items = choices.map(([label, forMs]) => ({ label, run: () => tell(mute(id, forMs)) }));
  const run = () => overlay.openMenu(at, t('Mute {name}', { name }), items);
  return { label: t('Mute…'), icon: BellOff, run };
}

function tell(work: Promise<void>): void {
  work.catch((error: unknown) => overlay.fail(error));
}
