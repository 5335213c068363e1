/** What is being looked at: nobody is told of that, and what was told of it is taken back. */
import { world } from '../../model/here';
import { attention } from '../attention.svelte';
import { router } from '../router.svelte';

/** The channel somebody looks at right now. */
export function lookedAt(): string | null {
  return attention.here ? openChannel() : null;
}

/** The service worker has a push and asks whether its message is being read. For an effect. */
export function answerWorker(): () => void {
  const worker = navigator.serviceWorker;
  const answer = ({ data, ports }: MessageEvent<{ kind?: string; channel?: string } | null>) => {
    if (data?.kind === 'looking') ports[0]?.postMessage(lookedAt() === data.channel);
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
