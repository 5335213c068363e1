/** The order of one's own rooms: as one put them, new ones at the end. */
import { putGuildOrder } from '../../action/guild_order';
import { compare } from '../../lib/snowflake';
import type { Guild } from '../../model/guild.svelte';
import { world } from '../../model/here';
import { overlay } from '../overlay.svelte';

export function orderedGuilds(): Guild[] {
  const place = new Map(world.guildOrder.map((id, at) => [id, at]));
  const last = place.size;
  const joined = (guild: Guild) => guild.joinedAt ?? '';
  return [...world.guilds.values()]
    .filter((guild) => guild.name)
    .sort(
      (a, b) =>
        (place.get(a.id) ?? last) - (place.get(b.id) ?? last) ||
        joined(a).localeCompare(joined(b)) ||
        compare(a.id, b.id),
    );
}

export function putInOrder(ids: string[]): void {
  putGuildOrder(ids).catch((error: unknown) => overlay.fail(error));
}
