/** READY -> model: who we are, which rooms exist, how far we have read. The rooms' details follow
 *  as GUILD_CREATE. A second READY means that a resume failed: what we show may have gaps. */
import { Guild } from './guild.svelte';
import type { Ready } from './wire';
import type { World } from './world.svelte';

export function takeReady(world: World, ready: Ready): void {
  world.me = ready.user;
  world.notifications.clear();
  for (const one of ready.osc?.notifications ?? []) world.notifications.set(one.id, one);
  for (const mark of ready.osc?.read_states ?? []) world.putMark(mark);
  world.relationships.clear();
  for (const one of ready.osc?.relationships ?? []) world.relationships.set(one.id, one);
  world.guildOrder = ready.osc?.guild_order ?? [];
  const listed = new Set(ready.guilds.map((guild) => guild.id));
  for (const id of [...world.guilds.keys()]) if (!listed.has(id)) world.dropGuild(id);
  for (const guild of world.guilds.values()) guild.stale = true;
  for (const id of listed) if (!world.guilds.has(id)) world.guilds.set(id, new Guild(id));
  for (const data of ready.private_channels ?? []) world.putChannel(data, null);
  for (const timeline of world.timelines.values()) timeline.stale = true;
  world.presences.clear();
  world.warm = false;
  world.ready = true;
}
