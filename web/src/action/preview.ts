/** Looking into a public room from outside. */
import { PAGE, Timeline } from '../model/timeline.svelte';
import type { Preview } from '../model/wire';
import { get, OSC, reason } from '../net/rest';

/** A room as somebody outside may see it. */
export async function bySlug(slug: string): Promise<Preview['guild']> {
  return get<Preview['guild']>(`${OSC}/guilds/by-slug/${encodeURIComponent(slug)}`);
}

export function preview(guildId: string, channelId: string | null): Promise<Preview> {
  const search = new URLSearchParams({ limit: String(PAGE) });
  if (channelId) search.set('channel_id', channelId);
  return get<Preview>(`${OSC}/guilds/${guildId}/preview?${search}`);
}

/** The history of a preview; it lives beside the member's timelines, which have other rights. */
export function previewTimeline(found: Preview): Timeline {
  const timeline = new Timeline(found.channel_id ?? '');
  timeline.replace(found.messages, {
    hasOlder: found.messages.length >= PAGE,
    hasNewer: false,
  });
  return timeline;
}

export async function loadOlderPreview(guildId: string, timeline: Timeline): Promise<void> {
  const oldest = timeline.rows[0];
  if (!oldest || timeline.loading || !timeline.hasOlder) return;
  timeline.begin();
  try {
    const search = new URLSearchParams({
      limit: String(PAGE),
      channel_id: timeline.channelId,
      before: oldest.id,
    });
    const page = await get<Preview>(`${OSC}/guilds/${guildId}/preview?${search}`);
    timeline.prepend(page.messages, page.messages.length >= PAGE);
    timeline.end();
  } catch (error) {
    timeline.end(reason(error));
  }
}
