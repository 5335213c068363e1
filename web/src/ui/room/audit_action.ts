/** What can be done in a room, as the audit log tells it. */
import { t } from '../../lib/i18n';

export type Tone = 'made' | 'changed' | 'gone';

interface Action {
  /** what the list of actions calls it */
  name: string;
  tone: Tone;
  /** what was done; `{what}` is what `target` gives */
  text: string;
  target?: 'person' | 'channel' | 'role' | 'webhook' | 'invite' | 'rule' | 'named';
}

/** By number. <https://discord.com/developers/docs/resources/audit-log> */
export const ACTIONS: Readonly<Record<number, Action>> = {
  1: { name: t('Room changed'), tone: 'changed', text: t('changed the room') },
  10: {
    name: t('Channel made'),
    tone: 'made',
    text: t('made the channel {what}'),
    target: 'channel',
  },
  11: {
    name: t('Channel changed'),
    tone: 'changed',
    text: t('changed the channel {what}'),
    target: 'channel',
  },
  12: {
    name: t('Channel deleted'),
    tone: 'gone',
    text: t('deleted the channel {what}'),
    target: 'channel',
  },
  13: {
    name: t('Rights in a channel given'),
    tone: 'made',
    text: t('set rights for {whom} in {what}'),
    target: 'channel',
  },
  14: {
    name: t('Rights in a channel changed'),
    tone: 'changed',
    text: t('changed rights of {whom} in {what}'),
    target: 'channel',
  },
  15: {
    name: t('Rights in a channel removed'),
    tone: 'gone',
    text: t('removed the rights of {whom} in {what}'),
    target: 'channel',
  },
  20: { name: t('Kick'), tone: 'gone', text: t('kicked {what}'), target: 'person' },
  21: { name: t('Inactive people removed'), tone: 'gone', text: t('removed inactive people') },
  22: { name: t('Ban'), tone: 'gone', text: t('banned {what}'), target: 'person' },
  23: { name: t('Ban lifted'), tone: 'made', text: t('let {what} come back'), target: 'person' },
  24: {
    name: t('Member changed'),
    tone: 'changed',
    text: t('changed {what}'),
    target: 'person',
  },
  25: {
    name: t('Roles of a member'),
    tone: 'changed',
    text: t('changed the roles of {what}'),
    target: 'person',
  },
  26: { name: t('Moved in voice'), tone: 'changed', text: t('moved people in voice') },
  27: { name: t('Put out of voice'), tone: 'gone', text: t('put people out of voice') },
  28: { name: t('Bot added'), tone: 'made', text: t('added the bot {what}'), target: 'person' },
  30: { name: t('Role made'), tone: 'made', text: t('made the role {what}'), target: 'role' },
  31: {
    name: t('Role changed'),
    tone: 'changed',
    text: t('changed the role {what}'),
    target: 'role',
  },
  32: { name: t('Role deleted'), tone: 'gone', text: t('deleted the role {what}'), target: 'role' },
  40: {
    name: t('Invitation made'),
    tone: 'made',
    text: t('made the invitation {what}'),
    target: 'invite',
  },
  42: {
    name: t('Invitation revoked'),
    tone: 'gone',
    text: t('revoked the invitation {what}'),
    target: 'invite',
  },
  50: {
    name: t('Webhook made'),
    tone: 'made',
    text: t('made the webhook {what}'),
    target: 'webhook',
  },
  51: {
    name: t('Webhook changed'),
    tone: 'changed',
    text: t('changed the webhook {what}'),
    target: 'webhook',
  },
  52: {
    name: t('Webhook deleted'),
    tone: 'gone',
    text: t('deleted the webhook {what}'),
    target: 'webhook',
  },
  60: { name: t('Emoji added'), tone: 'made', text: t('added the emoji {what}'), target: 'named' },
  61: {
    name: t('Emoji changed'),
    tone: 'changed',
    text: t('changed the emoji {what}'),
    target: 'named',
  },
  62: {
    name: t('Emoji deleted'),
    tone: 'gone',
    text: t('deleted the emoji {what}'),
    target: 'named',
  },
  72: {
    name: t('Messages of others deleted'),
    tone: 'gone',
    text: t('deleted messages of {what}'),
    target: 'person',
  },
  73: {
    name: t('Many messages deleted'),
    tone: 'gone',
    text: t('deleted many messages in {what}'),
    target: 'channel',
  },
  74: {
    name: t('Message pinned'),
    tone: 'made',
    text: t('pinned a message of {what}'),
    target: 'person',
  },
  75: {
    name: t('Message unpinned'),
    tone: 'gone',
    text: t('unpinned a message of {what}'),
    target: 'person',
  },
  110: {
    name: t('Thread made'),
    tone: 'made',
    text: t('made the thread {what}'),
    target: 'channel',
  },
  111: {
    name: t('Thread changed'),
    tone: 'changed',
    text: t('changed the thread {what}'),
    target: 'channel',
  },
  112: {
    name: t('Thread deleted'),
    tone: 'gone',
    text: t('deleted the thread {what}'),
    target: 'channel',
  },
  121: {
    name: t('Rights of a command'),
    tone: 'changed',
    text: t('changed who may use a command'),
  },
  140: { name: t('Rule made'), tone: 'made', text: t('made the rule {what}'), target: 'rule' },
  141: {
    name: t('Rule changed'),
    tone: 'changed',
    text: t('changed the rule {what}'),
    target: 'rule',
  },
  142: {
    name: t('Rule deleted'),
    tone: 'gone',
    text: t('deleted the rule {what}'),
    target: 'rule',
  },
  143: {
    name: t('Message stopped by a rule'),
    tone: 'gone',
    text: t('stopped a message of {what}'),
    target: 'person',
  },
  144: {
    name: t('Message flagged by a rule'),
    tone: 'changed',
    text: t('flagged a message of {what}'),
    target: 'person',
  },
  145: {
    name: t('Timeout by a rule'),
    tone: 'gone',
    text: t('silenced {what}'),
    target: 'person',
  },
  146: {
    name: t('Name stopped by a rule'),
    tone: 'gone',
    text: t('lets {what} only look on, for the name'),
    target: 'person',
  },
};
