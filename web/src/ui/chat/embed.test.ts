import { expect, it } from 'vitest';
import { embed } from './embed';

it('reads what is there and lets go of what is odd', () => {
  const seen = embed({
    title: 'Build',
    url: 'javascript:alert(1)',
    color: 0x1ffffff,
    author: { name: 'Ann', url: 'https://x.test/ann' },
    fields: [{ name: 'Where', value: 'main', inline: true }, 7],
    image: { url: 'https://x.test/a.png' },
    thumbnail: { url: 'https://x.test/a.png' },
    timestamp: 'soon',
  });
  expect(seen?.url).toBe(null);
  expect(seen?.color).toBe(0xffffff);
  expect(seen?.author).toEqual({ text: 'Ann', url: 'https://x.test/ann' });
  expect(seen?.fields).toEqual([
    { name: 'Where', value: 'main', inline: true },
    { name: '', value: '', inline: false },
  ]);
  expect(seen?.pictures).toEqual(['https://x.test/a.png']);
  expect(seen?.timestamp).toBe(null);
});

it('shows nothing of what says nothing', () => {
  for (const nothing of [null, 7, 'x', [], {}, { color: 3, footer: {} }]) {
    expect(embed(nothing)).toBe(null);
  }
});
