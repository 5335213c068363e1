/** Start: what the server wrote into the page -> who we are -> the live connection -> a screen. */
import { mount } from 'svelte';
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
  const seen = boot.preview?.guild;
  if (seen?.slug) outside.seen = { slug: seen.slug, name: seen.name };
  router.start();
  if (world.me) {
    void recall();
    connect();
  }
  const target = document.getElementById('app');
  if (!target) throw new Error('the page has no #app');
  // The screen of a room comes in a file of its own; until then the server's page stays readable.
  if (router.route.name === 'guild') await import('./ui/guilds/RoomScreen.svelte');
  if (router.route.name === 'home' && world.me) await import('./ui/guilds/MemberHome.svelte');
  target.replaceChildren();
  mount(App, { target, props: { boot } });
}

function readBoot(): Boot {
  try {
    return JSON.parse(document.getElementById('boot')?.textContent ?? '{}') as Boot;
  } catch {
    return {};
  }
}
