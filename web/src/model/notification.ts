/** How loud a room or a channel may be. Muted is quieter than any level: no mark but mentions. */

export interface NotificationLevel {
  /** a guild's or a channel's id */
  id: string;
  /** 0 all messages, 1 mentions only, 2 nothing */
  level: number;
  muted: boolean;
  muted_until: string | null;
}

export function isMuted(setting: NotificationLevel | undefined, nowMs: number): boolean {
  if (!setting?.muted) return false;
  return setting.muted_until === null || Date.parse(setting.muted_until) > nowMs;
}
