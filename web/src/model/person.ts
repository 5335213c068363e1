/** How a person is called on the screen: nickname, display name or username; guests with tag. */
import type { Member, User } from './wire';

export interface Shown {
  name: string;
  tag: string | null;
  guest: boolean;
}

// COMPAT: https://discord.com/developers/docs/resources/guild#guild-member-object
const GUEST_FLAG = 1 << 4;

export function shown(user: User, member?: Member | null): Shown {
  const guest = user.osc?.guest === true || ((member?.flags ?? 0) & GUEST_FLAG) !== 0;
  const name = member?.nick || user.global_name || user.username;
  return { name, tag: guest ? (user.osc?.tag ?? null) : null, guest };
}

/** One line of plain text, for labels and announcements. */
export function label(user: User, member?: Member | null): string {
  const { name, tag } = shown(user, member);
  return tag ? `${name}#${tag}` : name;
}
