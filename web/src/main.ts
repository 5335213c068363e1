/** Start: what the server wrote into the page -> who we are -> the live connection -> a screen. */
import { mount } from 'svelte';
import { connect, prepare } from './action/connection';
import { forgetKept, wasKept } from './action/kept';
import { serverFacts, whoAmI } from './action/whoami';
import { world } from './model/here';
import type { Boot } from './model/wire';
import { fetchAhead } from './ui/ahead';
import App from './ui/App.svelte';
import { arrived } from './ui/arrival.svelte';
import { router, type Route } from './ui/router.svelte';
import { screen } from './ui/screen';
import { outside } from './ui/title.svelte';

const ARRIVAL_MS = 4_000;

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
  const live = world.me ? prepare() : null;
  if (warm) await warm.then(({ takeUp }) => takeUp(boot.offline === true));
  await live;
  if (world.me) connect();
  const target = document.getElementById('app');
  if (!target) throw new Error('the page has no #app');
  await screen;
  await outsideView();
  target.replaceChildren();
  mount(App, { target, props: { boot } });
  fetchAhead();
}

/** The screen comes in a file of its own; until then the server's page stays readable. */
async function load(place: Route['name']): Promise<void> {
  if (!['guild', 'direct', 'home'].includes(place)) return;
  let rest: Promise<unknown> | undefined;
  if (world.me && place === 'guild') rest = import('./ui/guilds/inside');
  if (world.me && place === 'home') rest = import('./ui/guilds/MemberHome.svelte');
  await screen(place);
  await rest;
}

/** A room that is not ours is looked at from outside. Whether it is ours shows in a moment, and the
 *  server's page can be read until then. */
async function outsideView(): Promise<void> {
  const { route } = router;
  if (route.name !== 'guild' || !route.slug || world.guildBySlug(route.slug)) return;
  if (world.me) await arrived(ARRIVAL_MS);
  if (world.guildBySlug(route.slug)) return;
  await import('./ui/guilds/PreviewScreen.svelte');
}

function readBoot(): Boot {
  try {
    return JSON.parse(document.getElementById('boot')?.textContent ?? '{}') as Boot;
  } catch {
    return {};
  }
}
