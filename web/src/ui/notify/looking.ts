/** What is being looked at: nobody is told of that, and what was told of it is taken back. */
import { world } from '../../model/here';
import { attention } from '../attention.svelte';
import { panes } from '../panes.svelte';
import { router } from '../router.svelte';

/** The channel somebody looks at right now. */
export function lookedAt(): string | null {
  return attention.here ? openChannel() : null;
}

/** Whether somebody looks at this channel: also at the one beside whose thread is open. */
export function isLookedAt(channelId: string | undefined): boolean {
  const open = lookedAt();
  if (open === channelId) return true;
  const thread = panes.wide ? world.channels.get(open ?? '') : undefined;
  return thread?.thread != null && thread.parentId === channelId;
}

/** The service worker has a push and asks whether its message is being read. For an effect. */
export function answerWorker(): () => void {
  const worker = navigator.serviceWorker;
  const answer = ({ data, ports }: MessageEvent<{ kind?: string; channel?: string } | null>) => {
    if (data?.kind === 'looking') ports[0]?.postMessage(isLookedAt(data.channel));
  };
  worker?.addEventListener('message', answer);
  return () => worker?.removeEventListener('message', answer);
}

/** What the desktop still shows of a channel has been seen by now. */
export async function takeBack(channelId: string): Promise<void> {
  const worker = await navigator.serviceWorker?.getRegistration().catch(() => undefined);
  const shown = await worker?.getNotifications({ tag: channelId });
  for (const one of shown ?? []) one.close();
}

function openChannel(): string | null {
  const { route } = router;
  if (route.name !== 'guild' && route.name !== 'direct') return null;
  if (route.channelId || route.name === 'direct') return route.channelId;
  const guild = route.guildId
    ? world.guilds.get(route.guildId)
    : world.guildBySlug(route.slug ?? '');
  return world.channelsOf(guild?.id ?? '').find((one) => one.readable)?.id ?? null;
}
