/** People's text reaches the page as text, whatever it looks like. */
import { render } from '@testing-library/svelte';
import { expect, it } from 'vitest';
import type { User } from '../../model/wire';
import Content from './Content.svelte';
import { words } from './words';

const html = (text: string) =>
  render(Content, { text, guildId: null }).container.querySelector('.content');

it('draws marks as elements and everything else as text', () => {
  const drawn = html('**bold** and `code` <script>alert(1)</script>');
  expect(drawn?.querySelector('strong')?.textContent).toBe('bold');
  expect(drawn?.querySelector('script')).toBeNull();
  expect(drawn?.textContent).toBe('bold and code <script>alert(1)</script>');
});

it('opens links elsewhere and never passes on where they came from', () => {
  const link = html('https://example.org')?.querySelector('a');
  expect(link?.getAttribute('href')).toBe('https://example.org/');
  expect(link?.getAttribute('rel')).toContain('noopener');
});

it('hides a spoiler until it is asked for', async () => {
  const drawn = html('||the lighthouse||');
  expect(drawn?.textContent).not.toContain('lighthouse');
  drawn?.querySelector('button')?.click();
  await Promise.resolve();
  expect(drawn?.textContent).toContain('lighthouse');
});

it('quotes what only has an id by its name', () => {
  const anna = { id: '7', username: 'anna', global_name: 'Anna' } as User;
  const of = (content: string) => words({ content, mentions: [anna] }, null, 40);
  expect(of('<@7>')).toBe('@Anna');
  expect(of('hey <@7>, see <#8>')).toBe('hey @Anna, see #unknown');
  expect(of('')).toBe('');
});
