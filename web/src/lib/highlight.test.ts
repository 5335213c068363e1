import { expect, it } from 'vitest';
import { highlight, type Token } from './highlight';

const text = (tokens: Token[]): string =>
  tokens.map((one) => (typeof one === 'string' ? one : text(one.children))).join('');
const scopes = (tokens: Token[]): string[] =>
  tokens.flatMap((one) => (typeof one === 'string' ? [] : [one.scope, ...scopes(one.children)]));

it('finds the words of a language and keeps every letter', async () => {
  const source = 'fn main() { let x = "<b>"; } // done';
  const tokens = await highlight('rs', source);
  expect(text(tokens ?? [])).toBe(source);
  expect(scopes(tokens ?? [])).toEqual(expect.arrayContaining(['keyword', 'string', 'comment']));
});

it('leaves what it does not know as it is', async () => {
  expect(await highlight('no-such-language', 'x')).toBeNull();
  expect(await highlight('constructor', 'x')).toBeNull();
  expect(await highlight('js', 'x'.repeat(50_000))).toBeNull();
});
