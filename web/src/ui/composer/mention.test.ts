import { expect, it } from 'vitest';
import { world } from '../../model/here';
import { readable, unfinished, written } from './mention';

it('writes the picked names as ids, the longest first', () => {
  const picked = new Map([
    ['Ann', '1'],
    ['Anna#4821', '2'],
  ]);
  expect(written('hi @Anna#4821 and @Ann and @Bob', picked)).toBe('hi <@2> and <@1> and @Bob');
});

it('reads ids back as names, and only those it knows', () => {
  const user = { id: '2', username: 'x', global_name: 'Anna', osc: { guest: true, tag: '4821' } };
  world.forget();
  const { text, picked } = readable('hi <@2> <@3>', null, [user]);
  expect(text).toBe('hi @Anna#4821 <@3>');
  expect(written(text, picked)).toBe('hi <@2> <@3>');
});

it('finds the mention being typed', () => {
  expect(unfinished('hi @an', 6)).toEqual({ at: 3, query: 'an' });
  expect(unfinished('mail a@b', 8)).toBeNull();
  expect(unfinished('@', 1)).toEqual({ at: 0, query: '' });
  expect(unfinished('@an done', 8)).toBeNull();
});
