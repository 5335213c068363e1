/** How a person is called on the screen: nickname, display name or username; guests with tag. */
import type { Channel } from './channel.svelte';
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

/** What a conversation outside of rooms is called: its own name, or those in it. */
export function conversation(channel: Pick<Channel, 'name' | 'recipients'>): string {
  return channel.name || channel.recipients.map((user) => label(user)).join(', ');
}

/** One line of plain text, for labels and announcements. */
export function label(user: User, member?: Member | null): string {
  const { name, tag } = shown(user, member);
  return tag ? `${name}#${tag}` : name;
}
