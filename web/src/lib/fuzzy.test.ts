import { expect, it } from 'vitest';
import { fuzzy } from './fuzzy';

const best = (query: string, names: string[]) =>
  names
    .map((name) => ({ name, score: fuzzy(query, name) }))
    .filter((one) => one.score !== null)
    .sort((a, b) => (b.score ?? 0) - (a.score ?? 0))
    .map((one) => one.name);

it('finds letters in order and nothing else', () => {
  expect(fuzzy('gnl', 'general')).not.toBeNull();
  expect(fuzzy('lng', 'general')).toBeNull();
  expect(fuzzy('', 'anything')).toBe(0);
});

it('prefers beginnings of words, and whole pieces', () => {
  expect(best('gen', ['agenda', 'general', 'oxygen'])[0]).toBe('general');
  expect(best('oft', ['soft', 'off-topic'])).toEqual(['soft', 'off-topic']);
  expect(best('ot', ['boot', 'off-topic'])[0]).toBe('boot');
  expect(best('fc', ['coffee', 'film-club', 'office'])[0]).toBe('film-club');
});

it('knows no case and no accents', () => {
  expect(fuzzy('UBER', 'über uns')).not.toBeNull();
});
