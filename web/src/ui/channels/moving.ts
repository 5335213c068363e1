/** Moving a channel, by keys or by hand: said aloud, or why it did not work. */
import { tick } from 'svelte';
import { place, type Placed } from '../../action/channel';
import { t } from '../../lib/i18n';
import type { Channel } from '../../model/channel.svelte';
import type { Guild } from '../../model/guild.svelte';
import { world } from '../../model/here';
import { overlay } from '../overlay.svelte';
import type { Drop } from '../reorder';
import { arrange, step, type Standing } from './arrange';

export function drop(guild: Guild, shown: readonly Standing[], to: Drop): void {
  void lay(guild, arrange(shown, to));
}

/** `nav`: where the channels are drawn; the one that moved keeps the focus. */
export async function move(
  guild: Guild,
  shown: readonly Standing[],
  channel: Channel,
  by: 1 | -1,
  nav: HTMLElement,
): Promise<void> {
  const placed = step(shown, channel.id, by);
  if (!placed) return overlay.say(t('{name} cannot go further.', { name: channel.name }));
  void lay(guild, placed);
  await tick();
  nav.querySelector<HTMLElement>(`[data-drag="${channel.id}"] :is(a, button)`)?.focus();
  const parent = world.channels.get(channel.parentId ?? '');
  const values = { name: channel.name, n: channel.position + 1, parent: parent?.name ?? '' };
  overlay.say(
    parent
      ? t('{name} is at place {n}, in {parent}.', values)
      : t('{name} is at place {n}.', values),
  );
}

async function lay(guild: Guild, placed: Placed[] | null): Promise<void> {
  if (!placed) return;
  try {
    await place(guild.id, placed);
  } catch (error) {
    overlay.fail(error);
  }
}
