/** The order of the sum: everyone, roles, then the channel's everyone, roles and member. */
import { expect, it } from 'vitest';
import { asItStands, PERMISSION, permissions } from './permission';

const who = {
  userId: '5',
  ownerId: '9',
  guildId: '1',
  roles: [
    { id: '1', permissions: String(PERMISSION.VIEW_CHANNEL | PERMISSION.SEND_MESSAGES) },
    { id: '2', permissions: String(PERMISSION.KICK_MEMBERS) },
    { id: '3', permissions: String(PERMISSION.ADMINISTRATOR) },
  ],
  memberRoles: ['2'],
};
const send = String(PERMISSION.SEND_MESSAGES);

it('adds the roles a member has', () => {
  expect(permissions(who) & PERMISSION.KICK_MEMBERS).toBeTruthy();
  expect(permissions({ ...who, memberRoles: [] }) & PERMISSION.KICK_MEMBERS).toBeFalsy();
});

it('owner and administrator may everything, whatever a channel says', () => {
  const denied = [{ id: '1', allow: '0', deny: send }];
  expect(permissions({ ...who, userId: '9' }, denied) & PERMISSION.SEND_MESSAGES).toBeTruthy();
  expect(permissions({ ...who, memberRoles: ['3'] }, denied) & PERMISSION.BAN_MEMBERS).toBeTruthy();
});

it('the member beats the role, the role beats everyone', () => {
  const everyone = { id: '1', allow: '0', deny: send };
  const role = { id: '2', allow: send, deny: '0' };
  const own = { id: '5', allow: '0', deny: send };
  const may = (...entries: (typeof own)[]) =>
    (permissions(who, entries) & PERMISSION.SEND_MESSAGES) !== 0n;
  expect(may(everyone)).toBe(false);
  expect(may(everyone, role)).toBe(true);
  expect(may(everyone, role, own)).toBe(false);
});

it('nonsense from the wire counts as nothing', () => {
  expect(permissions({ ...who, roles: [{ id: '1', permissions: 'x' }] })).toBe(0n);
});

it('what is shut for now is shut for those it is meant for', () => {
  const all = PERMISSION.SEND_MESSAGES | PERMISSION.ADD_REACTIONS | PERMISSION.VIEW_CHANNEL;
  const at = (ms: number) => new Date(Date.now() + ms).toISOString();
  const raid = { locked: false, raidUntil: at(60_000) };
  const locked = { locked: true, raidUntil: '' };
  expect(asItStands(all, null, true)).toBe(all);
  expect(asItStands(all, raid, true)).toBe(PERMISSION.VIEW_CHANNEL);
  expect(asItStands(all, { ...raid, raidUntil: at(-60_000) }, true)).toBe(all);
  expect(asItStands(all, raid, false)).toBe(all);
  expect(asItStands(all, locked, undefined)).toBe(PERMISSION.VIEW_CHANNEL);
  const moderator = all | PERMISSION.MODERATE_MEMBERS;
  expect(asItStands(moderator, locked, undefined)).toBe(moderator);
});
