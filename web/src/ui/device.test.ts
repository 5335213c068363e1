/** The choices of this device: what is set holds, is kept, and looks the same after a reload. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { device, USUAL } from './device.svelte';

const script = readFileSync(join(import.meta.dirname, '../theme.js'), 'utf8');
const root = document.documentElement;

/** What the page does before its first paint. */
function load() {
  for (const name of Object.keys(root.dataset)) delete root.dataset[name];
  root.style.cssText = '';
  new Function(script)();
}

beforeEach(() => {
  localStorage.clear();
  load();
  device.set(USUAL);
});

it('takes effect at once and again before the next first paint', () => {
  device.set({ theme: 'light', density: 'compact', fontSize: 20, saturation: 40, contrast: true });
  const looks = () => [
    root.dataset.theme,
    root.dataset.density,
    root.dataset.contrast,
    root.style.getPropertyValue('--chat-points'),
    root.style.getPropertyValue('--sat'),
  ];
  expect(looks()).toEqual(['light', 'compact', 'more', '20', '0.4']);
  load();
  expect(looks()).toEqual(['light', 'compact', 'more', '20', '0.4']);
});

it('keeps only what differs, and tells how it was before', () => {
  const before = device.set({ volume: 10 });
  expect(before).toEqual({ volume: 60 });
  expect(localStorage.getItem('osc.device')).toBe('{"volume":10}');
  device.set(before);
  expect(localStorage.getItem('osc.device')).toBeNull();
});

it('a size nobody may choose is not painted', () => {
  localStorage.setItem('osc.device', '{"fontSize":900,"theme":"pink"}');
  load();
  expect(root.style.getPropertyValue('--chat-points')).toBe('');
  expect(root.dataset.theme).toBeUndefined();
});
