/** Creating, changing, ordering and deleting the roles of a room. */
import type { Guild } from '../model/guild.svelte';
import type { Role } from '../model/wire';
import { del, patch, post, V10 } from '../net/rest';

export interface RoleChange {
  name?: string;
  color?: number;
  hoist?: boolean;
  mentionable?: boolean;
  permissions?: string;
}

const path = (guild: Guild, rest = '') => `${V10}/guilds/${guild.id}/roles${rest}`;

export async function create(guild: Guild, wish: RoleChange): Promise<Role> {
  const role = await post<Role>(path(guild), wish);
  guild.putRole(role);
  return role;
}

export async function edit(guild: Guild, roleId: string, change: RoleChange): Promise<void> {
  guild.putRole(await patch<Role>(path(guild, `/${roleId}`), change));
}

export async function remove(guild: Guild, roleId: string): Promise<void> {
  await del(path(guild, `/${roleId}`));
  guild.dropRole(roleId);
}

/** `ids`: highest first, without @everyone. Shown at once, put back when the server refuses. */
export async function reorder(guild: Guild, ids: readonly string[]): Promise<void> {
  const before = guild.roles;
  const places = ids.map((id, at) => ({ id, position: ids.length - at }));
  const position = (id: string) => places.find((one) => one.id === id)?.position;
  const roles = before.map((role) => ({ ...role, position: position(role.id) ?? role.position }));
  guild.take({ roles });
  const moved = places.filter(
    ({ id, position: at }) => before.find((role) => role.id === id)?.position !== at,
  );
  if (!moved.length) return;
  try {
    guild.take({ roles: await patch<Role[]>(path(guild), moved) });
  } catch (error) {
    guild.take({ roles: before });
    throw error;
  }
}
