/** Sizes of files as people say them. */
import { locale } from './i18n';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit && value < 10 ? 1 : 0;
  const rounding = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return `${value.toLocaleString(locale, rounding)} ${UNITS[unit]}`;
}
