/** What we say of ourselves: what we wish to be seen as; else here, or away for a while. */
import { command } from './connection';

/** False: not connected, nobody was told. */
export function beHere(here: boolean, wish: string): boolean {
  const status = wish !== 'online' || here ? wish : 'idle';
  return command({ op: 3, d: { since: null, activities: [], status, afk: !here } });
}
