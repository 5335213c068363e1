import { expect, it } from 'vitest';
import { clientName } from './client_name';

it('says browser and system, and leaves programs their name', () => {
  const webkit = 'AppleWebKit/537.36 (KHTML, like Gecko)';
  const chrome = `Mozilla/5.0 (X11; Linux x86_64) ${webkit} Chrome/156.0 Safari/537.36`;
  expect(clientName(chrome)).toBe('Chrome on Linux');
  expect(clientName(`${chrome} Edg/156.0`)).toBe('Edge on Linux');
  expect(clientName('Mozilla/5.0 (Android 15; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0')).toBe(
    'Firefox on Android',
  );
  expect(clientName('terminal 0.3')).toBe('terminal 0.3');
  expect(clientName('Mozilla/5.0')).toBe('Browser');
});
