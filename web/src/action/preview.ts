/** Looking into a public room from outside. */
import { isNewer } from '../lib/snowflake';
import { PAGE, Timeline } from '../model/timeline.svelte';
import type { Message, Preview } from '../model/wire';
import { get, OSC, reason } from '../net/rest';

/** A room as somebody outside may see it. */
export async function bySlug(slug: string): Promise<Preview['guild']> {
  return get<Preview['guild']>(`${OSC}/guilds/by-slug/${encodeURIComponent(slug)}`);
}

type Part = Partial<Record<'channel_id' | 'around' | 'before' | 'after', string>>;

/** The newest page, or the one around a message. */
export function preview(
  guildId: string,
  channelId: string | null,
  around: string | null = null,
): Promise<Preview> {
  const part: Part = {};
  if (channelId) part.channel_id = channelId;
  if (around) part.around = around;
  return ask(guildId, part);
}

function ask(guildId: string, part: Part): Promise<Preview> {
  const search = new URLSearchParams({ limit: String(PAGE), ...part });
  return get<Preview>(`${OSC}/guilds/${guildId}/preview?${search}`);
}

/** The history of a preview; it lives beside the member's timelines, which have other rights. */
export function previewTimeline(found: Preview, around: string | null = null): Timeline {
  const timeline = new Timeline(found.channel_id ?? '');
  const last = found.channels.find((one) => one.id === found.channel_id)?.last_message_id;
  const reaches = found.messages.some((message) => !isNewer(last, message.id));
  const older = found.messages.filter((message) => isNewer(around, message.id)).length;
  timeline.replace(found.messages, {
    hasOlder: around ? older >= Math.floor(PAGE / 2) : found.messages.length >= PAGE,
    hasNewer: found.messages.length > 0 && !reaches,
  });
  return timeline;
}

export async function loadOlderPreview(guildId: string, timeline: Timeline): Promise<void> {
  const oldest = timeline.rows[0];
  if (!oldest || !timeline.hasOlder) return;
  await more(guildId, timeline, { before: oldest.id }, (page, full) =>
    timeline.prepend(page, full),
  );
}

export async function loadNewerPreview(guildId: string, timeline: Timeline): Promise<void> {
  const newest = timeline.rows.at(-1);
  if (!newest || !timeline.hasNewer) return;
  await more(guildId, timeline, { after: newest.id }, (page, full) => timeline.append(page, full));
}

async function more(
  guildId: string,
  timeline: Timeline,
  part: Part,
  put: (page: Message[], full: boolean) => void,
): Promise<void> {
  if (timeline.loading) return;
  timeline.begin();
  try {
    const page = await ask(guildId, { channel_id: timeline.channelId, ...part });
    put(page.messages, page.messages.length >= PAGE);
    timeline.end();
  } catch (error) {
    timeline.end(reason(error));
  }
}
