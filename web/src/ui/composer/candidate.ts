/** Who may be meant by the letters after an @: names that begin with them first. */
import { world } from '../../model/here';
import { label } from '../../model/person';
import type { Member, User } from '../../model/wire';

export interface Candidate {
  id: string;
  label: string;
  user: User;
  member: Member;
}

const MOST = 8;

export function candidates(guildId: string, query: string): Candidate[] {
  const guild = world.guilds.get(guildId);
  if (!guild) return [];
  const wanted = query.toLowerCase();
  const found: { rank: number; one: Candidate }[] = [];
  for (const member of guild.members.values()) {
    const { user } = member;
    if (!user) continue;
    const name = label(user, member);
    const rank = rankOf(wanted, name.toLowerCase(), user.username.toLowerCase());
    if (rank !== null) found.push({ rank, one: { id: user.id, label: name, user, member } });
  }
  found.sort((a, b) => a.rank - b.rank || a.one.label.localeCompare(b.one.label));
  return found.slice(0, MOST).map(({ one }) => one);
}

function rankOf(wanted: string, name: string, username: string): number | null {
  if (name.startsWith(wanted) || username.startsWith(wanted)) return 0;
  return name.includes(wanted) ? 1 : null;
}
