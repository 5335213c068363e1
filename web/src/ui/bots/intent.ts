/** What a bot may be told of beyond the usual: the privileged intents, in words. */
import { t } from '../../lib/i18n';

export interface Intent {
  bit: number;
  name: string;
  text: string;
  /** what it means for the people of a room */
  told: string;
}

export const INTENTS: readonly Intent[] = [
  {
    bit: 1 << 15,
    name: t('What messages say'),
    text: t('Without this it only reads what is meant for it: mentions, answers, direct messages.'),
    told: t('Reads all messages where it may look.'),
  },
  {
    bit: 1 << 1,
    name: t('Members'),
    text: t('Who comes, goes, and is in a room (GUILD_MEMBERS).'),
    told: t('Sees who comes, goes, and is a member.'),
  },
  {
    bit: 1 << 8,
    name: t('Who is online'),
    text: t('The status of everybody in a room (GUILD_PRESENCES).'),
    told: t('Sees who is online.'),
  },
];
