/** One room (the wire's guild): its facts, its roles and the members we have heard of. */
import { SvelteMap } from 'svelte/reactivity';
import type { CustomEmoji, GuildData, GuildExtras, Member, Role, Visibility } from './wire';

export class Guild {
  readonly id: string;
  name = $state.raw('');
  description = $state.raw('');
  icon = $state.raw<string | null>(null);
  ownerId = $state.raw('');
  slug = $state.raw<string | null>(null);
  visibility = $state.raw<Visibility>('private');
  memberCount = $state.raw(0);
  onlineCount = $state.raw(0);
  roles = $state.raw<Role[]>([]);
  emojis = $state.raw<CustomEmoji[]>([]);
  joinedAt = $state.raw<string | null>(null);
  /** what is shut for now: for all but moderators, or for guests until some time */
  shut = $state.raw<{ locked: boolean; raidUntil: string } | null>(null);
  /** true between READY and the GUILD_CREATE that brings the details */
  unavailable = $state.raw(true);
  /** true between a READY and its GUILD_CREATE for a room known before: what is shown may be old */
  stale = $state.raw(false);
  /** whether `members` is the whole list and not only those who happened to appear */
  membersComplete = $state.raw(false);
  readonly members = new SvelteMap<string, Member>();
  /** user id -> the voice channel they are in */
  readonly voice = new SvelteMap<string, string>();

  constructor(id: string) {
    this.id = id;
  }

  take(data: Partial<GuildData>): void {
    if (data.name !== undefined) this.name = data.name;
    if (data.description !== undefined) this.description = data.description ?? '';
    if (data.icon !== undefined) this.icon = data.icon;
    if (data.owner_id !== undefined) this.ownerId = data.owner_id;
    if (data.emojis) this.emojis = data.emojis;
    if (data.roles) this.roles = sorted(data.roles);
    if (data.member_count !== undefined) this.memberCount = data.member_count;
    if (data.joined_at !== undefined) this.joinedAt = data.joined_at;
    if (!data.osc) return;
    this.takeExtras(data.osc);
    const { locked = false, raid_until: raidUntil = '' } = data.osc;
    this.shut = locked || raidUntil ? { locked, raidUntil } : null;
  }

  takeExtras(extras: GuildExtras): void {
    if (extras.slug !== undefined) this.slug = extras.slug;
    if (extras.visibility !== undefined) this.visibility = extras.visibility;
    if (extras.online_count !== undefined) this.onlineCount = extras.online_count;
  }

  putRole(role: Role): void {
    this.roles = sorted([...this.roles.filter((known) => known.id !== role.id), role]);
  }

  dropRole(id: string): void {
    this.roles = this.roles.filter((role) => role.id !== id);
  }

  /** The colour of a member's name: that of their highest role which has one; 0 for none. */
  color(member: Pick<Member, 'roles'> | null | undefined): number {
    return this.roles.find((role) => role.color && member?.roles.includes(role.id))?.color ?? 0;
  }

  /** The place of a member in the order of power; the owner stands above every role. */
  rank(userId: string): number {
    if (userId === this.ownerId) return Number.POSITIVE_INFINITY;
    const own = this.members.get(userId)?.roles ?? [];
    return Math.max(0, ...this.roles.filter((r) => own.includes(r.id)).map((r) => r.position));
  }
}

function sorted(roles: Role[]): Role[] {
  return [...roles].sort((a, b) => b.position - a.position || a.id.localeCompare(b.id));
}
