/** Invitations: making a link, looking at one, following one. */
import type { GuildData, Invite } from '../model/wire';
import { del, get, OSC, post, V10 } from '../net/rest';
import { arrive } from './guild';

export interface InviteWish {
  max_age: number;
  max_uses: number;
}

export function create(channelId: string, wish: InviteWish): Promise<Invite> {
  return post<Invite>(`${V10}/channels/${channelId}/invites`, wish);
}

export function look(code: string): Promise<Invite> {
  return get<Invite>(`${V10}/invites/${encodeURIComponent(code)}?with_counts=true`);
}

export async function join(code: string): Promise<GuildData> {
  const guild = await post<GuildData>(`${OSC}/invites/${encodeURIComponent(code)}/join`);
  arrive(guild);
  return guild;
}

export function ofGuild(guildId: string): Promise<Invite[]> {
  return get<Invite[]>(`${V10}/guilds/${guildId}/invites`);
}

export async function revoke(code: string): Promise<void> {
  await del(`${V10}/invites/${encodeURIComponent(code)}`);
}
