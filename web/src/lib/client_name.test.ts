import { expect, it } from 'vitest';
import { clientName } from './client_name';

it('says browser and system, and leaves programs their name', () => {
  const webkit = 'AppleWebKit/537.36 (KHTML, like Gecko)';
  const chrome = `Mozilla/5.0 (X11; Linux x86_64) ${webkit} Chrome/156.0 Safari/537.36`;
  expect(clientName(chrome)).toEqual({ program: 'Chrome', system: 'Linux' });
  expect(clientName(`${chrome} Edg/156.0`)).toEqual({ program: 'Edge', system: 'Linux' });
  expect(
    clientName('Mozilla/5.0 (Android 15; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0'),
  ).toEqual({
    program: 'Firefox',
    system: 'Android',
  });
  expect(clientName('terminal 0.3')).toEqual({ program: 'terminal 0.3', system: null });
  expect(clientName('Mozilla/5.0')).toEqual({ program: 'Browser', system: null });
});
