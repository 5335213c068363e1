/** The order of the sum: everyone, roles, then the channel's everyone, roles and member. */
import { expect, it } from 'vitest';
import { PERMISSION, permissions } from './permission';

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
