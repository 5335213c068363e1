/** The public rooms of this server, in an order one chooses. */
import type { DirectoryPage } from '../model/wire';
import { get, OSC } from '../net/rest';

export const ORDERS = ['rank', 'online', 'members', 'active', 'new'] as const;
export type Order = (typeof ORDERS)[number];

export function directory(
  query: string,
  order: Order,
  after: string | null,
): Promise<DirectoryPage> {
  const search = new URLSearchParams({ limit: '24' });
  if (order !== 'rank') search.set('sort', order);
  if (query) search.set('q', query);
  if (after) search.set('after', after);
  return get<DirectoryPage>(`${OSC}/directory?${search}`);
}
