/** When something was said last, in few letters: today by the clock, before that by the day. */
import { clockTime, dayName, sameDay } from '../../lib/time';

export function when(iso: string): string {
  return sameDay(iso, new Date().toISOString()) ? clockTime(iso) : dayName(iso);
}
