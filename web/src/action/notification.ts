/** How loud rooms and channels are: kept on the server, so that every device agrees. */
import { world } from '../model/here';
import type { NotificationLevel } from '../model/notification';
import { OSC, put } from '../net/rest';

type Change = Partial<Omit<NotificationLevel, 'id'>>;

/** Shows the change at once and takes it back when the server refuses. */
export async function setNotification(id: string, change: Change): Promise<void> {
  const before = world.notifications.get(id);
  const usual = { id, level: 0, muted: false, muted_until: null };
  world.notifications.set(id, { ...usual, ...before, ...change });
  try {
    await put(`${OSC}/notifications/${id}`, change);
  } catch (error) {
    if (before) world.notifications.set(id, before);
    else world.notifications.delete(id);
    throw error;
  }
}

/** `forMs` null: until somebody unmutes it. */
export function mute(id: string, forMs: number | null): Promise<void> {
  const until = forMs === null ? null : new Date(Date.now() + forMs).toISOString();
  return setNotification(id, { muted: true, muted_until: until });
}

export function unmute(id: string): Promise<void> {
  return setNotification(id, { muted: false, muted_until: null });
}

/** A mute that has run out counts as none; what depends on it is drawn anew. */
export function expireMutes(nowMs: number): void {
  for (const setting of world.notifications.values()) {
    const until = setting.muted_until ? Date.parse(setting.muted_until) : null;
    if (setting.muted && until !== null && until <= nowMs) {
      world.notifications.set(setting.id, { ...setting, muted: false, muted_until: null });
    }
  }
}
