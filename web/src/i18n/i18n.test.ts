/** German is complete, has nothing that nobody shows, and keeps every placeholder. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { pick, region, t, tn, type Dictionary } from '../lib/i18n';
import german from './de';
import server from './de/server.json';
import { collect } from './collect';

const { found, unreadable } = collect(join(import.meta.dirname, '..'));
const plurals = new Set(found.filter((one) => one.one !== null).map((one) => one.text));
const plain = new Set(found.filter((one) => one.one === null).map((one) => one.text));
const used = new Set([...plurals, ...plain]);
const FORMS = new Intl.PluralRules('de').resolvedOptions().pluralCategories;

const folder = join(import.meta.dirname, 'de');
const areas = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({
    name,
    words: JSON.parse(readFileSync(join(folder, name), 'utf8')) as Dictionary,
  }));

const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();
const texts = (entry: Dictionary[string] | undefined) =>
  typeof entry === 'string' ? [entry] : Object.values(entry ?? {});

it('every text is written where it is used, as a literal', () => {
  expect(unreadable).toEqual([]);
  expect(used.size).toBeGreaterThan(200);
});

it('every text has its German', () => {
  expect([...used].filter((text) => !(text in german))).toEqual([]);
});

it('nothing is translated that nobody shows', () => {
  const shown = (text: string) => used.has(text) || text in server;
  expect(Object.keys(german).filter((text) => !shown(text))).toEqual([]);
});

it('numbers have every form that German needs, and only they', () => {
  const wrong = Object.entries(german).filter(([text, entry]) =>
    plurals.has(text)
      ? typeof entry === 'string' || FORMS.some((form) => !entry[form])
      : typeof entry !== 'string',
  );
  expect(wrong.map(([text]) => text)).toEqual([]);
  expect([...plurals].filter((text) => plain.has(text))).toEqual([]);
});

it('placeholders are the same on both sides', () => {
  for (const [text, entry] of Object.entries(german)) {
    for (const one of texts(entry)) expect(places(one), text).toEqual(places(text));
  }
});

it('two areas do not translate one text differently', () => {
  const seen = new Map<string, string>();
  for (const { name, words } of areas) {
    for (const [text, entry] of Object.entries(words)) {
      const value = JSON.stringify(entry);
      expect(seen.get(text) ?? value, `${name}: ${text}`).toBe(value);
      seen.set(text, value);
    }
  }
  expect(new Set(seen.keys())).toEqual(new Set(Object.keys(german)));
});

it('every refusal of the server has its German', () => {
  const source = readFileSync(join(folder, '../../../../crates/proto/src/code.rs'), 'utf8');
  const codes = [...source.matchAll(/^ {4}[A-Z_]+ = \d+, "(.+)";$/gm)].map(([, text = '']) => text);
  expect(codes.length).toBeGreaterThan(50);
  expect(codes.filter((text) => !(text.replace(/\d+/g, '#') in server))).toEqual([]);
});

it('what the server says keeps its numbers', () => {
  const numbers = (text: string) => text.match(/[#\d]/g) ?? [];
  for (const [text, entry] of Object.entries(server)) {
    expect(numbers(entry), text).toEqual(numbers(text));
  }
});

it('English fills in numbers and picks the form', () => {
  expect(t('Leave {name}?', { name: 'Pine' })).toBe('Leave Pine?');
  expect(tn(1, '{n} member', '{n} members')).toBe('1 member');
  expect(tn(1200, '{n} member', '{n} members')).toBe('1,200 members');
});

it('the language is the chosen one, else the first asked for that we speak', () => {
  expect(pick('de', ['en-GB'])).toBe('de');
  expect(pick('system', ['fr-FR', 'de-AT', 'en'])).toBe('de');
  expect(pick('system', ['fr-FR'])).toBe('en');
  expect(region('de', ['en-GB', 'de-CH'])).toBe('de-CH');
  expect(region('de', ['en-GB'])).toBe('de');
});
