import { expect, it } from 'vitest';
import { onlyEmoji, recent, used, withSkin } from './emoji';
import { codeOf, emojiByCode, findEmoji, loadEmoji } from './emoji_table';

it('finds emoji by what people call them', async () => {
  const all = await loadEmoji('de-AT');
  expect(all.length).toBeGreaterThan(1_800);
  expect(findEmoji(all, 'smile', 1)[0]?.character).toBe('😄');
  expect(findEmoji(all, 'thumbsup', 1)[0]?.character).toBe('👍');
  // Coloured by themselves: with a variation selector they would be another reaction.
  expect(all.filter((one) => /\p{Emoji_Presentation}\ufe0f/u.test(one.character))).toEqual([]);
  expect(findEmoji(all, 'herz', 40).map((one) => one.character)).toContain('❤️');
  expect(findEmoji(all, 'no such thing', 5)).toEqual([]);
  expect(emojiByCode('tada')).toBe('🎉');
  expect(codeOf('🎉')).toBe('tada');
});

it('puts the skin where Unicode wants it', () => {
  expect(withSkin('👋', 0)).toBe('👋');
  expect(withSkin('👋', 3)).toBe('👋🏽');
  expect(withSkin('✌️', 5)).toBe('✌🏿');
});

it('knows emoji that stand alone', () => {
  expect(onlyEmoji('🎉')).toBe(true);
  expect(onlyEmoji('👩‍💻 🇩🇪')).toBe(true);
  expect(onlyEmoji('ok 🎉')).toBe(false);
  expect(onlyEmoji('123')).toBe(false);
});

it('remembers what was used last, once each', () => {
  used('🎉');
  used('🔥');
  used('🎉');
  expect(recent().slice(0, 2)).toEqual(['🎉', '🔥']);
});
