/** Times as the reader's language and zone write them; formatters are made once, they are slow. */
import { locale } from './i18n';

export type Clock = 'system' | '12' | '24';

const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', year: 'numeric' });
const brief = new Intl.DateTimeFormat(locale, { dateStyle: 'short' });
const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
let timed = formatters('system');

/** Twelve or twenty-four hours; without a choice the language decides. */
export function setClock(clock: Clock): void {
  timed = formatters(clock);
}

/** Messages of one minute share what is written beside them, and formatting is slow. */
let lastClock = { minute: '', text: '', timed };

export function clockTime(iso: string): string {
  const minute = iso.slice(0, 16);
  if (lastClock.minute !== minute || lastClock.timed !== timed) {
    lastClock = { minute, text: format(timed.clock, iso), timed };
  }
  return lastClock.text;
}

export const dayName = (iso: string) => format(day, iso);
export const fullTime = (iso: string) => format(timed.full, iso);
export const shortTime = (iso: string) => format(timed.short, iso);

/** A moment as the letter of `<t:…:X>` asks for. */
// COMPAT: https://discord.com/developers/docs/reference#message-formatting-timestamp-styles
export function moment(iso: string, style: string): string {
  const { clock, exact, full, short } = timed;
  const forms: Record<string, Intl.DateTimeFormat> = {
    t: clock,
    T: exact,
    d: brief,
    D: day,
    F: full,
  };
  return format(forms[style] ?? short, iso);
}

export function sameDay(a: string, b: string): boolean {
  // Of one minute, hence of one day in every zone.
  if (a.slice(0, 16) === b.slice(0, 16)) return true;
  return new Date(a).toDateString() === new Date(b).toDateString();
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** "3 hours ago"; anything below a minute is "now". */
export function ago(iso: string, now: number): string {
  const seconds = (Date.parse(iso) - now) / 1000;
  if (Number.isNaN(seconds)) return '';
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return relative.format(0, 'second');
}

function formatters(clock: Clock) {
  const hours = clock === 'system' ? {} : ({ hourCycle: clock === '12' ? 'h12' : 'h23' } as const);
  return {
    clock: new Intl.DateTimeFormat(locale, { timeStyle: 'short', ...hours }),
    exact: new Intl.DateTimeFormat(locale, { timeStyle: 'medium', ...hours }),
    full: new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'short', ...hours }),
    short: new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', ...hours }),
  };
}

function format(formatter: Intl.DateTimeFormat, iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? '' : formatter.format(date);
}
