import { expect, it } from 'vitest';
import { world } from '../../model/here';
import { unfinished } from './unfinished';
import { readable, written } from './mention';

it('writes the picked names as ids, the longest first, and whole words only', () => {
  const picked = new Map([
    ['@Ann', '<@1>'],
    ['@Anna#4821', '<@2>'],
    ['#general', '<#3>'],
  ]);
  const text = 'hi @Anna#4821 and @Ann and @Bob in #general, @Annabel';
  expect(written(text, picked)).toBe('hi <@2> and <@1> and @Bob in <#3>, @Annabel');
});

it('reads ids back as names, and only those it knows', () => {
  const user = { id: '2', username: 'x', global_name: 'Anna', osc: { guest: true, tag: '4821' } };
  world.forget();
  world.putChannel({ id: '9', type: 0, name: 'help' }, null);
  const { text, picked } = readable('hi <@2> <@3> <#9>', null, [user]);
  expect(text).toBe('hi @Anna#4821 <@3> #help');
  expect(written(text, picked)).toBe('hi <@2> <@3> <#9>');
});

it('finds what is being typed', () => {
  expect(unfinished('hi @an', 6)).toEqual({ sigil: '@', at: 3, query: 'an' });
  expect(unfinished('#gen', 4)).toEqual({ sigil: '#', at: 0, query: 'gen' });
  expect(unfinished('so :sm', 6)).toEqual({ sigil: ':', at: 3, query: 'sm' });
  expect(unfinished('mail a@b', 8)).toBeNull();
  expect(unfinished('@', 1)).toEqual({ sigil: '@', at: 0, query: '' });
  expect(unfinished('@an done', 8)).toBeNull();
  expect(unfinished('at 10:30', 8)).toBeNull();
  expect(unfinished('a smile :)', 10)).toBeNull();
  expect(unfinished('`code @an', 9)).toBeNull();
});
