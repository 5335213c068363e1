/** Coming in without an account. */
import { OSC, post } from '../net/rest';
import type { User } from '../model/wire';
import { become } from './account';
import { prepare } from './connection';

export async function joinAsGuest(name: string): Promise<void> {
  void prepare();
  const come = (more = {}) => post<{ user: User }>(`${OSC}/guests`, { name, ...more });
  // When many come at once, ours may have to work for it.
  const { user } = await come().catch(async (error) =>
    come({ challenge: await (await import('./challenge')).solved(error) }),
  );
  become(user);
}
