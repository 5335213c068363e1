/** What was said last in a thread, for the line below the message it hangs on: from what is at
 *  hand, else asked for once the line is in view. */
import type { Attachment } from 'svelte/attachments';
import { SvelteMap } from 'svelte/reactivity';
import { newest } from '../../action/thread';
import { isNewer } from '../../lib/snowflake';
import { world } from '../../model/here';
import { type Message, spoken } from '../../model/wire';

interface Told {
  message: Message | null;
  /** the newest id there was when it was asked for, and how many messages */
  tip: string | null;
  count: number;
}

const told = new SvelteMap<string, Told>();
const counts = new Map<string, number>();
let queue: Promise<unknown> = Promise.resolve();

const reaching = (threadId: string) => {
  const timeline = world.timelines.get(threadId);
  return timeline?.loaded && !timeline.stale && !timeline.hasNewer ? timeline : undefined;
};

export function lastWords(threadId: string): Message | null {
  const known = told.get(threadId);
  const heard = world.channels.get(threadId)?.heard.last;
  const timeline = reaching(threadId);
  const best = timeline
    ? timeline.rows.findLast(spoken)
    : isNewer(heard?.id, known?.tip)
      ? heard
      : known?.message;
  return best && spoken(best) && !world.blocked(best.author.id) ? best : null;
}

/** One thread after the other, and again when fewer messages tell that one was deleted. */
function seek(threadId: string, count: number): void {
  const channel = world.channels.get(threadId);
  const tip = channel?.lastMessageId ?? null;
  const known = told.get(threadId);
  const fewer = count < (counts.get(threadId) ?? 0);
  counts.set(threadId, count);
  if (!count || reaching(threadId)) return;
  if (known?.tip === tip && known.count <= count) return;
  if (!fewer && channel?.heard.last && channel.heard.last.id === tip) return;
  // Noted before it is there: asked for once.
  told.set(threadId, { message: known?.message ?? null, tip, count });
  queue = queue.then(async () => {
    const message = await newest(threadId).catch(() => null);
    told.set(threadId, { message, tip, count });
  });
}

export function seekLastWords(threadId: string, count: number): Attachment {
  return (line) => {
    const observer = new IntersectionObserver((seen) => {
      if (seen.some((one) => one.isIntersecting)) seek(threadId, count);
    });
    observer.observe(line);
    return () => observer.disconnect();
  };
}
