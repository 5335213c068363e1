import { afterEach, expect, it, vi } from 'vitest';
import { MOST_BYTES, peek } from './attachment';

afterEach(() => vi.unstubAllGlobals());

it('reads no more than the beginning, and cuts no letter in two', async () => {
  const long = `${'a'.repeat(MOST_BYTES - 1)}ü and more`;
  const asked = vi.fn(() => Promise.resolve(new Response(long)));
  vi.stubGlobal('fetch', asked);
  expect(await peek('/file')).toBe('a'.repeat(MOST_BYTES - 1));
  expect(asked).toHaveBeenCalledWith('/file', { headers: { range: 'bytes=0-49999' } });
});

it('what only calls itself text is not shown as text', async () => {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response('a\0b')));
  expect(await peek('/file')).toBeNull();
});
