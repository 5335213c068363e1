/** Keeps the page itself at hand, never what it shows: files of this build come from the cache,
 *  pages from the network and, without one, from an empty shell that draws what the device kept.
 *  The build puts its stamp and its files in place of the mark below. */

/** @type {{ stamp: string, files: string[] }} */
const BUILD = self.__BUILD__;
const CACHE = `osc-${BUILD.stamp}`;
const SHELL = '/shell';
const ANSWER_MS = 500;

addEventListener('install', (event) => event.waitUntil(fill()));

async function fill() {
  const cache = await caches.open(CACHE);
  await cache.addAll(BUILD.files);
  // As nobody: what is kept here must not name anybody.
  const page = await fetch('/dm', { credentials: 'omit', cache: 'no-store' });
  if (!page.ok) throw new Error(`the shell answered ${page.status}`);
  const text = (await page.text()).replace('id="boot">{', 'id="boot">{"offline":true,');
  const headers = new Headers(page.headers);
  for (const name of ['content-encoding', 'content-length']) headers.delete(name);
  await cache.put(SHELL, new Response(text, { headers }));
}

addEventListener('activate', (event) => event.waitUntil(tidy()));

async function tidy() {
  for (const name of await caches.keys()) {
    if (name.startsWith('osc-') && name !== CACHE) await caches.delete(name);
  }
  await registration.navigationPreload?.enable();
  await clients.claim();
}

addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  if (request.mode === 'navigate') event.respondWith(page(event));
  else if (url.pathname.startsWith('/assets/')) event.respondWith(asset(request));
  // Everything else, above all the API, is none of our business.
});

async function page(event) {
  try {
    const answer = (await event.preloadResponse) ?? (await fetch(event.request));
    if (![502, 503, 504].includes(answer.status)) return answer;
    return (await caches.match(SHELL)) ?? answer;
  } catch (error) {
    const shell = await caches.match(SHELL);
    if (shell) return shell;
    throw error;
  }
}

async function asset(request) {
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}

// The page asks for the change of versions when its reader agreed to it.
addEventListener('message', (event) => {
  if (event.data === 'take-over') skipWaiting();
});

addEventListener('push', (event) => event.waitUntil(tell(read(event.data))));

async function tell({ title, body, tag, url, icon, badge }) {
  // It took its time, and meanwhile somebody reads it: browsers allow silence only then.
  if (tag && (await isLookedAt(tag))) return;
  await registration.showNotification(title || 'opensrcchat', {
    body: body || '',
    tag,
    renotify: Boolean(tag),
    icon: icon || '/assets/icon-192.png',
    badge,
    data: { url: url || '/' },
  });
}

async function isLookedAt(channel) {
  const open = await clients.matchAll({ type: 'window' });
  const visible = open.filter((one) => one.visibilityState === 'visible');
  return (await Promise.all(visible.map((one) => looks(one, channel)))).includes(true);
}

/** Asks a page; one that does not answer looks at something else. */
function looks(page, channel) {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data === true);
    setTimeout(() => resolve(false), ANSWER_MS);
    page.postMessage({ kind: 'looking', channel }, [port2]);
  });
}

function read(data) {
  try {
    return data?.json() ?? {};
  } catch {
    return { body: data?.text() ?? '' };
  }
}

addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(show(event.notification.data?.url ?? '/'));
});

/** To the tab that is open, else to a new one; never to another site. */
async function show(wanted) {
  const url = new URL(wanted, location.origin);
  if (url.origin !== location.origin) return;
  const open = await clients.matchAll({ type: 'window', includeUncontrolled: true });
  const visible = open.find((one) => one.visibilityState === 'visible');
  const tab = open.find((one) => one.focused) ?? visible ?? open[0];
  if (!tab) {
    await clients.openWindow(url.href);
    return;
  }
  // Told first: a browser may refuse the focus, and the way is the same.
  tab.postMessage({ kind: 'go', path: url.pathname });
  await tab.focus();
}
