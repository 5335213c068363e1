/** The warm start: what was seen last is drawn first, and checked against the server after. */
import { apply } from '../model/apply';
import { world } from '../model/here';
import { PAGE } from '../model/timeline.svelte';
import { clear, read, write, type KeptTimeline } from '../net/kept';
import { snapshot } from '../model/snapshot';
import { markKept } from './kept';

const EVERY_MS = 30_000;
const FIRST_MS = 3_000;

/** Takes up what was kept, if it is this person's. `anybody`: there is no network to ask who. */
export async function takeUp(anybody: boolean): Promise<boolean> {
  const kept = await read().catch(() => null);
  if (!kept || (!anybody && kept.world.of !== world.me?.id)) return false;
  const me = world.me;
  for (const event of kept.world.events) apply(world, event, Date.now());
  world.warm = true;
  if (me) world.me = me; // fresher than what was kept
  for (const { channelId, rows, hasOlder } of kept.timelines) {
    if (!world.channels.has(channelId)) continue;
    const timeline = world.timeline(channelId);
    timeline.replace(rows, { hasOlder, hasNewer: false });
    timeline.stale = true;
  }
  return true;
}

let keeping = false;

/** Keeps what is known now, and from time to time; mostly when the page is left. */
export function keepUp(): void {
  if (keeping) return;
  keeping = true;
  setTimeout(() => void keep(), FIRST_MS);
  setInterval(() => {
    if (!document.hidden) void keep();
  }, EVERY_MS);
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) void keep();
  });
  addEventListener('pagehide', () => void keep());
}

async function keep(): Promise<void> {
  const { me } = world;
  if (!me || !world.ready || [...world.guilds.values()].some((one) => one.unavailable)) return;
  const now = Date.now();
  const timelines: KeptTimeline[] = [...world.timelines.values()]
    .filter((one) => one.loaded && !one.hasNewer && !one.stale)
    .map((one, at) => ({
      channelId: one.channelId,
      rows: one.rows.slice(-PAGE),
      hasOlder: one.hasOlder || one.rows.length > PAGE,
      at: now + at, // in the order they were looked at
    }));
  try {
    markKept(true);
    await write({ of: me.id, events: snapshot(world, false) }, timelines);
  } catch {
    // full or forbidden: the next start is a cold one
  }
}

/** Nothing of the former person stays on this device. */
export async function forgetKept(): Promise<void> {
  await clear().catch(() => undefined);
  markKept(false);
}
