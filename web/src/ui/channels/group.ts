/** Channels as they are listed: those without a category first, then each category's own; what
 *  is read stands above what is only spoken. */
import type { Channel } from '../../model/channel.svelte';
import { CHANNEL } from '../../model/wire';

export interface Group {
  category: Channel | null;
  rows: Channel[];
}

export function groupsOf(channels: readonly Channel[]): Group[] {
  const categories = channels.filter((one) => one.type === CHANNEL.CATEGORY);
  const known = new Set(categories.map((one) => one.id));
  const parentOf = (one: Channel) =>
    one.parentId !== null && known.has(one.parentId) ? one.parentId : null;
  const rows = channels.filter((one) => one.type !== CHANNEL.CATEGORY);
  return [null, ...categories].map((category) => ({
    category,
    rows: rows
      .filter((one) => parentOf(one) === (category?.id ?? null))
      .sort((a, b) => Number(b.readable) - Number(a.readable)),
  }));
}

/** The readable channels of a room, from top to bottom. */
export function inOrder(channels: readonly Channel[]): Channel[] {
  return groupsOf(channels).flatMap((group) => group.rows.filter((one) => one.readable));
}
