/** Words people read go through `t`, with the English text as the key: a translation is looked up
 *  by it, and whoever writes a component writes plain English. The dictionary of another language
 *  comes in one file of its own, before any module that uses `t` runs (hence the await below), so
 *  that words may stand in constants too. Choosing another language loads the page again. */

export type Language = 'en' | 'de';
export type LanguageChoice = Language | 'system';

/** A text, or the forms that Intl.PluralRules asks for, under the key of the English plural. */
export type Dictionary = Record<string, string | Partial<Record<Intl.LDMLPluralRule, string>>>;

export const LANGUAGE_KEY = 'osc.language';

const wanted = typeof navigator === 'undefined' ? [] : navigator.languages;

export const language: Language = pick(languageChoice(), wanted);
/** For everything in Intl: the words' language, as it is written where the reader lives. */
export const locale: string = region(language, wanted);

const dictionary = await load(language);
const plural = new Intl.PluralRules(locale);
const number = new Intl.NumberFormat(locale);

export type Values = Record<string, string | number>;

export function t(text: string, values: Values = {}): string {
  const found = dictionary[text];
  return fill(typeof found === 'string' ? found : text, values);
}

/** `tn(3, '{n} member', '{n} members')` */
export function tn(n: number, one: string, other: string, values: Values = {}): string {
  const form = plural.select(n);
  const found = dictionary[other];
  const forms = typeof found === 'object' ? found : { one, other };
  return fill(forms[form] ?? forms.other ?? other, { n, ...values });
}

/** What the server said in English; its numbers stand for themselves. Unknown words stay. */
export function said(text: string): string {
  const numbers = text.match(/\d+/g) ?? [];
  const found = dictionary[text.replace(/\d+/g, '#')];
  let at = 0;
  return typeof found === 'string' ? found.replace(/#/g, () => numbers[at++] ?? '') : text;
}

export function languageChoice(): LanguageChoice {
  try {
    const value = localStorage.getItem(LANGUAGE_KEY);
    return value === 'de' || value === 'en' ? value : 'system';
  } catch {
    return 'system'; // storage may be forbidden
  }
}

/** Without a choice: the first language the reader asks for that we speak, else English. */
export function pick(choice: LanguageChoice, asked: readonly string[]): Language {
  if (choice !== 'system') return choice;
  for (const tag of asked) {
    const [first] = tag.toLowerCase().split('-');
    if (first === 'de' || first === 'en') return first;
  }
  return 'en';
}

export function region(chosen: Language, asked: readonly string[]): string {
  return asked.find((tag) => tag.toLowerCase().split('-')[0] === chosen) ?? chosen;
}

function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? number.format(value) : value;
  });
}

async function load(which: Language): Promise<Dictionary> {
  if (typeof document !== 'undefined') document.documentElement.lang = which;
  if (which === 'en') return {};
  try {
    return (await import('../i18n/de')).default;
  } catch {
    document.documentElement.lang = 'en';
    return {}; // English is better than no page
  }
}
