/** What is looked at on a page of a room's settings stands in the address. Where the list stays
 *  beside it, all of them are one place in the history; where it covers the list, "back" leads
 *  there. */
import type { Guild } from '../../model/guild.svelte';
import { settingsPath } from '../place';
import { router } from '../router.svelte';

/** As wide as in ListDetail. */
const beside = matchMedia('(min-width: 1024px)');

export function show(guild: Guild, tab: string, id: string | null): void {
  router.go(settingsPath(guild, tab, id), { replace: beside.matches || id === null });
}
