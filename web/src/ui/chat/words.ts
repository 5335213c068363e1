/** What a message says as one line of plain text: for quotes, announcements and notices. */
import { t } from '../../lib/i18n';
import { type Named, parsed, plainText } from '../../lib/markdown';
import { moment } from '../../lib/time';
import { world } from '../../model/here';
import { label } from '../../model/person';
import type { Message, User } from '../../model/wire';

export function personName(guildId: string | null, id: string, mentions: readonly User[]): string {
  const member = world.member(guildId, id);
  const user = member?.user ?? mentions.find((one) => one.id === id);
  return user ? label(user, member) : t('somebody');
}

export function roleName(guildId: string | null, id: string): string {
  const roles = world.guilds.get(guildId ?? '')?.roles;
  return roles?.find((one) => one.id === id)?.name ?? t('a role');
}

/** Empty when it says nothing but what is attached. */
export function words(
  { content, mentions = [] }: Pick<Message, 'content' | 'mentions'>,
  guildId: string | null,
  most: number,
): string {
  const name = (node: Named) => {
    if (node.kind === 'user') return `@${personName(guildId, node.id, mentions)}`;
    if (node.kind === 'role') return `@${roleName(guildId, node.id)}`;
    if (node.kind === 'channel') return `#${world.channels.get(node.id)?.name ?? t('unknown')}`;
    if (node.kind !== 'time') return '';
    const date = new Date(node.seconds * 1_000);
    return Number.isNaN(date.getTime()) ? '' : moment(date.toISOString(), node.style);
  };
  return plainText(parsed(content), name).slice(0, most);
}
