/** The screen of each address. Each comes in a file of its own, when its address is first asked
 *  for, and takes what the address says. */
import type { Component } from 'svelte';
import type { Boot } from '../model/wire';
import type { Route } from './router.svelte';

type Name = Route['name'];
type Screen<N extends Name> = Component<Extract<Route, { name: N }> & { boot: Boot }>;
type Screens = { [N in Name]: () => Promise<{ default: Screen<N> }> };

const SCREENS: Screens = {
  home: () => import('./guilds/HomeScreen.svelte'),
  guild: () => import('./guilds/RoomScreen.svelte'),
  direct: () => import('./channels/DirectScreen.svelte'),
  friends: () => import('./friends/FriendsScreen.svelte'),
  settings: () => import('./settings/SettingsScreen.svelte'),
  'guild-settings': () => import('./room/RoomSettings.svelte'),
  invite: () => import('./guilds/InvitePage.svelte'),
  owner: () => import('./settings/OwnerPage.svelte'),
  reset: () => import('./settings/ResetPage.svelte'),
  authorize: () => import('./bots/AuthorizePage.svelte'),
  missing: () => import('./shell/MissingPage.svelte') as Promise<never>, // takes nothing
};

/** Each screen is given the address it stands for: the table above is checked for that. */
export function screen(name: Name): Promise<{ default: Component<Route & { boot: Boot }> }> {
  return SCREENS[name]() as never;
}
