/** Screens that cover the place one is in: they lead back to it, with the keyboard where it was. */
import { tick } from 'svelte';
import type { Guild } from '../model/guild.svelte';
import { settingsPath } from './place';
import { router } from './router.svelte';

const FRAMES = 30;
/** Of this tab, so that a reload (another language) does not forget the way. */
const KEY = 'osc.way_back';
let [from, opener] = stored();

export function openSettings(tab?: string): void {
  leaveFor(tab ? `/settings/${tab}` : '/settings', 'settings');
}

export function openGuildSettings(guild: Guild): void {
  leaveFor(settingsPath(guild), 'guild-settings');
}

export function openChannelSettings(guild: Guild, channelId: string): void {
  leaveFor(settingsPath(guild, 'channels', channelId), 'channel-settings');
}

/** Back to where one came from, or to `home` for who opened the address itself. */
export function goBack(home: string): void {
  const [path, name] = [from ?? home, opener];
  remember(null, null);
  router.go(path, { replace: true });
  if (name) void refocus(name);
}

function leaveFor(path: string, name: string): void {
  const inside = /\/settings(\/|$)/.test(location.pathname);
  remember(inside ? from : location.pathname, name);
  router.go(path);
}

function remember(path: string | null, name: string | null): void {
  [from, opener] = [path, name];
  try {
    sessionStorage.setItem(KEY, JSON.stringify([path, name]));
  } catch {
    // forbidden: it holds until a reload
  }
}

function stored(): [string | null, string | null] {
  try {
    const [path, name] = JSON.parse(sessionStorage.getItem(KEY) ?? '[]') as unknown[];
    const text = (value: unknown) => (typeof value === 'string' ? value : null);
    return [text(path), text(name)];
  } catch {
    return [null, null];
  }
}

/** The screen behind is drawn anew; its button appears within some frames. */
async function refocus(name: string): Promise<void> {
  await tick();
  for (let frame = 0; frame < FRAMES; frame += 1) {
    const button = document.querySelector<HTMLElement>(`[data-return="${name}"]`);
    if (button) return button.focus();
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
}
