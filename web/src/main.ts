/** Start: what the server wrote into the page -> who we are -> the live connection -> a screen. */
import { mount } from 'svelte';
import { forgetKept, wasKept } from './action/account';
import { connect } from './action/connection';
import { recall } from './action/outbox';
import { serverFacts, whoAmI } from './action/session';
import { world } from './model/here';
import type { Boot } from './model/wire';
import App from './ui/App.svelte';
import { router } from './ui/router.svelte';
import { outside } from './ui/title.svelte';

void start();

async function start(): Promise<void> {
  const boot = readBoot();
  // Written into the page by the server; asked for when the page came from elsewhere (vite dev).
  world.takeServer(boot.server ?? (await serverFacts()));
  world.me = boot.me === undefined ? await whoAmI() : boot.me;
  // What was seen last is drawn first; the server is asked meanwhile.
  const warm = world.me || boot.offline ? import('./action/warm') : null;
  if (!warm && wasKept()) void forgetKept(); // signed out elsewhere: it is not ours any more
  const seen = boot.preview?.guild;
  if (seen?.slug) outside.seen = { slug: seen.slug, name: seen.name };
  router.start();
  const screen = load(router.route.name);
  if (warm) await warm.then(({ takeUp }) => takeUp(boot.offline === true));
  if (world.me) {
    void recall();
    connect();
  }
  const target = document.getElementById('app');
  if (!target) throw new Error('the page has no #app');
  await screen;
  target.replaceChildren();
  mount(App, { target, props: { boot } });
}

/** The screen comes in a file of its own; until then the server's page stays readable. */
async function load(place: string): Promise<void> {
  if (place === 'guild') await import('./ui/guilds/RoomScreen.svelte');
  if (place === 'direct') await import('./ui/channels/DirectScreen.svelte');
  if (place === 'home' && world.me) await import('./ui/guilds/MemberHome.svelte');
}

function readBoot(): Boot {
  try {
    return JSON.parse(document.getElementById('boot')?.textContent ?? '{}') as Boot;
  } catch {
    return {};
  }
}
