/** The order of one's own rooms: as one dragged them on this device, new ones at the end. */
import { compare } from '../../lib/snowflake';
import type { Guild } from '../../model/guild.svelte';
import { world } from '../../model/here';
import { isTexts, Remembered } from '../remembered.svelte';

const kept = new Remembered<string[]>('rooms.order', [], isTexts);

export function orderedGuilds(): Guild[] {
  const place = new Map(kept.value.map((id, at) => [id, at]));
  const last = kept.value.length;
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
  kept.value = ids;
}
