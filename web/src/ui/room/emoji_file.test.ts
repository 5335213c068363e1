import { expect, it } from 'vitest';
import { nameOf } from './emoji_file';

it('makes a name that can be typed of the name of a file', () => {
  expect(nameOf('Party Parrot!.gif')).toBe('Party_Parrot');
  expect(nameOf('Käse.png')).toBe('Kase');
  expect(nameOf('x.png')).toBe('emoji');
  expect(nameOf('漢.webp')).toBe('emoji');
  expect(nameOf(`${'a'.repeat(40)}.png`)).toHaveLength(32);
});
