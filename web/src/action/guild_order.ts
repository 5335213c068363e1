/** The order of one's rooms: kept on the server, so that every device agrees. */
import { world } from '../model/here';
import { OSC, put } from '../net/rest';

/** Shows the change at once and takes it back when the server refuses. */
export async function putGuildOrder(ids: string[]): Promise<void> {
  const before = world.guildOrder;
  world.guildOrder = ids;
  try {
    await put(`${OSC}/users/@me/guilds/order`, { guild_ids: ids });
  } catch (error) {
    if (world.guildOrder === ids) world.guildOrder = before;
    throw error;
  }
}
