/** Words people read go through `t`, so that a translation can be looked up by the English text
 *  without touching a component again. English is the only language so far. */

const plural = new Intl.PluralRules('en');
const number = new Intl.NumberFormat();

export function t(text: string, values: Record<string, string | number> = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? number.format(value) : value;
  });
}

/** `tn(3, '{n} member', '{n} members')` */
export function tn(n: number, one: string, other: string): string {
  return t(plural.select(n) === 'one' ? one : other, { n });
}
