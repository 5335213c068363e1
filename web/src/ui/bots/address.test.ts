import { describe, expect, it } from 'vitest';
import { addressOf, asked } from './address';

describe('the address that asks to add a bot', () => {
  it('is read as libraries write it', () => {
    const text = '?client_id=123&permissions=3072&scope=bot%20applications.commands';
    expect(asked(text)).toEqual({
      botId: '123',
      permissions: 3072n,
      guildId: null,
      fixed: false,
      foreign: [],
    });
    expect(asked('?client_id=1&scope=bot+identify&guild_id=9&disable_guild_select=true')).toEqual({
      botId: '1',
      permissions: null,
      guildId: '9',
      fixed: true,
      foreign: ['identify'],
    });
  });

  it('is not led astray', () => {
    const wrong = asked('?client_id=../x&permissions=-1&guild_id=a&disable_guild_select=true');
    expect(wrong).toMatchObject({ botId: null, permissions: null, guildId: null, fixed: false });
  });

  it('comes back as it was made', () => {
    expect(asked(addressOf('77', '8').split('?')[1] ?? '')).toMatchObject({
      botId: '77',
      permissions: 8n,
      foreign: [],
    });
    expect(asked(addressOf('77', '0').split('?')[1] ?? '').permissions).toBeNull();
  });
});
