/** What we say of ourselves: here, or away for a while. */
import { command } from './connection';

/** False: not connected, nobody was told. */
export function beHere(here: boolean): boolean {
  const status = here ? 'online' : 'idle';
  return command({ op: 3, d: { since: null, activities: [], status, afk: !here } });
}
