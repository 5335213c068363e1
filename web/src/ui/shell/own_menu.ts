/** Oneself: how one wishes to be seen, and the way to one's profile. */
import Check from '@lucide/svelte/icons/check';
import Circle from '@lucide/svelte/icons/circle';
import EyeOff from '@lucide/svelte/icons/eye-off';
import MinusCircle from '@lucide/svelte/icons/circle-minus';
import Moon from '@lucide/svelte/icons/moon';
import UserPen from '@lucide/svelte/icons/user-pen';
import { t } from '../../lib/i18n';
import { own } from '../members/presence';
import { overlay } from '../overlay.svelte';
import { openSettings } from '../way_back';

const WISHES = [
  { wish: 'online', name: t('Online'), icon: Circle },
  { wish: 'idle', name: t('Idle'), icon: Moon },
  { wish: 'dnd', name: t('Do not disturb: no sounds, no notices'), icon: MinusCircle },
  { wish: 'invisible', name: t('Invisible'), icon: EyeOff },
];

export function openOwnMenu(at: HTMLElement): void {
  const items = WISHES.map(({ wish, name, icon }) => ({
    label: own.value === wish ? t('{status} (now)', { status: name }) : name,
    icon: own.value === wish ? Check : icon,
    run: () => void (own.value = wish),
  }));
  const profile = () => openSettings('profile');
  overlay.openMenu(at, t('You'), [
    ...items,
    { label: t('Edit profile'), icon: UserPen, divide: true, run: profile },
  ]);
}
