/** Creating, changing and deleting the channels of a room. */
import { world } from '../model/here';
import type { ChannelData, Overwrite } from '../model/wire';
import { del, patch, post, V10 } from '../net/rest';

export interface ChannelWish {
  name: string;
  type: number;
  topic: string;
  parentId?: string | null;
}

export async function create(guildId: string, wish: ChannelWish): Promise<ChannelData> {
  const body = {
    name: wish.name,
    type: wish.type,
    topic: wish.topic || undefined,
    parent_id: wish.parentId ?? undefined,
  };
  const channel = await post<ChannelData>(`${V10}/guilds/${guildId}/channels`, body);
  world.putChannel(channel, guildId);
  return channel;
}

export interface ChannelChange {
  name?: string;
  topic?: string;
  /** seconds between two messages of one person */
  rate_limit_per_user?: number;
  permission_overwrites?: Overwrite[];
}

export async function edit(channelId: string, wish: ChannelChange): Promise<void> {
  const saved = await patch<ChannelData>(`${V10}/channels/${channelId}`, wish);
  world.channels.get(channelId)?.take(saved);
}

export interface Placed {
  id: string;
  position: number;
  parent_id: string | null;
}

/** Moves channels at once; puts them back when the server refuses. */
export async function place(guildId: string, wanted: readonly Placed[]): Promise<void> {
  const changed = wanted.filter((one) => {
    const known = world.channels.get(one.id);
    return known?.position !== one.position || known.parentId !== one.parent_id;
  });
  if (!changed.length) return;
  const before = changed.map(({ id }) => {
    const { position = 0, parentId = null } = world.channels.get(id) ?? {};
    return { id, position, parent_id: parentId };
  });
  lay(changed);
  try {
    await patch(`${V10}/guilds/${guildId}/channels`, changed);
  } catch (error) {
    lay(before);
    throw error;
  }
}

function lay(placed: readonly Placed[]): void {
  for (const one of placed) {
    const channel = world.channels.get(one.id);
    if (!channel) continue;
    channel.position = one.position;
    channel.parentId = one.parent_id;
  }
}

export async function remove(channelId: string): Promise<void> {
  await del(`${V10}/channels/${channelId}`);
  world.dropChannel(channelId);
}
