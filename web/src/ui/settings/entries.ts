/** What the search of the settings finds: each thing that can be set, with words people use. */
import { t } from '../../lib/i18n';
import type { Entry } from './tab';

export const ENTRIES: readonly Entry[] = [
  { tab: 'profile', id: 'picture', text: t('Picture'), words: t('avatar photo image') },
  { tab: 'profile', id: 'names', text: t('Display name'), words: t('nickname') },
  { tab: 'profile', id: 'names', text: t('Username') },
  { tab: 'profile', id: 'bio', text: t('About me'), words: t('bio description') },
  { tab: 'account', id: 'claim', text: t('Make an account'), words: t('register guest keep') },
  { tab: 'account', id: 'password', text: t('Change password'), words: t('security') },
  {
    tab: 'account',
    id: 'sessions',
    text: t('Where you are signed in'),
    words: t('devices sessions sign out'),
  },
  { tab: 'account', id: 'delete', text: t('Delete this account'), words: t('remove erase') },
  {
    tab: 'appearance',
    id: 'theme',
    text: t('Colours'),
    words: t('theme dark light mode night'),
  },
  { tab: 'appearance', id: 'theme', text: t('High contrast'), words: t('accessibility') },
  { tab: 'appearance', id: 'saturation', text: t('Strength of colours'), words: t('saturation') },
  { tab: 'appearance', id: 'density', text: t('Density'), words: t('compact cosy spacing') },
  { tab: 'appearance', id: 'size', text: t('Size of messages'), words: t('font text zoom') },
  { tab: 'appearance', id: 'motion', text: t('Less motion'), words: t('animation') },
  { tab: 'appearance', id: 'clock', text: t('Clock'), words: t('time 24 hours am pm') },
  { tab: 'notifications', id: 'desktop', text: t('Desktop notifications') },
  { tab: 'notifications', id: 'push', text: t('Push'), words: t('phone closed tab') },
  { tab: 'notifications', id: 'sounds', text: t('Sounds'), words: t('volume mute noise') },
  { tab: 'notifications', id: 'badge', text: t('Count of mentions'), words: t('badge icon title') },
  { tab: 'notifications', id: 'rooms', text: t('Rooms and how loud they are'), words: t('mute') },
  { tab: 'language', id: 'language', text: t('Language'), words: 'Deutsch English Sprache' },
  { tab: 'keyboard', id: 'enter', text: t('Enter sends the message') },
  { tab: 'keyboard', id: 'shortcuts', text: t('All shortcuts'), words: t('keys hotkeys') },
  { tab: 'advanced', id: 'developer', text: t('Developer mode'), words: t('copy ids') },
  { tab: 'advanced', id: 'cache', text: t('Clear what is stored here'), words: t('cache reset') },
  { tab: 'about', id: 'about', text: t('About'), words: t('version licence server') },
];
