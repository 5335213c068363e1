/** What calls somebody who does not look: on the desktop, by tones, and by push to a closed tab. */
import { strict as assert } from 'node:assert';
import { Caller } from '../bad.mjs';
import { call, until } from '../pen.mjs';
import { startPushService } from '../push_service.mjs';

const V10 = '/api/v10';
const OSC = '/api/osc/v1';
const TONE = { message: [587], mention: [659, 880], direct: [523, 659, 784] };
/** Tones closer together than this are one. */
const BREATH_MS = 1_000;

/** Notes down every notice and every tone; `look` says whether somebody looks at the page. */
function listen() {
  if (!globalThis.ServiceWorkerRegistration) return; // no page of ours
  globalThis.notices = [];
  globalThis.tones = [];
  const { showNotification } = ServiceWorkerRegistration.prototype;
  ServiceWorkerRegistration.prototype.showNotification = function (title, options) {
    globalThis.notices.push({ title, ...options });
    return showNotification.call(this, title, options);
  };
  const Real = globalThis.Notification;
  globalThis.Notification = class extends Real {
    constructor(title, options) {
      globalThis.notices.push({ title, ...options });
      super(title, options);
    }
  };
  const { start } = OscillatorNode.prototype;
  OscillatorNode.prototype.start = function (...args) {
    globalThis.tones.push(this.frequency.value);
    return start.apply(this, args);
  };
  globalThis.looking = true;
  document.hasFocus = () => globalThis.looking;
}

const look = (visitor, here) =>
  visitor.page.evaluate((now) => {
    globalThis.looking = now;
    Object.defineProperty(document, 'visibilityState', {
      configurable: true,
      get: () => (globalThis.looking ? 'visible' : 'hidden'),
    });
    Object.defineProperty(document, 'hidden', {
      configurable: true,
      get: () => !globalThis.looking,
    });
    document.dispatchEvent(new Event('visibilitychange'));
    dispatchEvent(new Event(now ? 'focus' : 'blur'));
  }, here);

const heard = (visitor) =>
  visitor.page.evaluate(() => {
    const found = { notices: globalThis.notices, tones: globalThis.tones };
    [globalThis.notices, globalThis.tones] = [[], []];
    return found;
  });

/** Somebody with an account, a member of the room, who wants to be told on the desktop. */
async function listener(town, name, slug) {
  const ben = await town.account(name);
  const { page, context } = ben;
  await context.grantPermissions(['notifications', 'clipboard-read', 'clipboard-write']);
  await context.addInitScript(listen);
  await page.goto(`/r/${slug}`);
  await page.getByRole('button', { name: 'Join and talk' }).click();
  await ben.composer().waitFor();
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.goto('/settings/notifications');
  await page.getByRole('switch', { name: 'Show messages on the desktop' }).click();
  await page.waitForFunction(() => JSON.parse(localStorage.getItem('osc.device')).desktop);
  return ben;
}

/** A room of somebody who is not on the page: all of their doings by the API. */
async function belfry(town, founder, room) {
  const ada = await Caller.account(town, founder);
  const wish = { name: room, visibility: 'public' };
  const guild = await ada.ask('POST', `${OSC}/guilds`, wish);
  const all = await ada.ask('GET', `${V10}/guilds/${guild.id}/channels`);
  const general = all.find((one) => one.name === 'general');
  const side = await ada.ask('POST', `${V10}/guilds/${guild.id}/channels`, { name: 'side' });
  const say = (channel, content) =>
    ada.ask('POST', `${V10}/channels/${channel.id}/messages`, { content });
  return { ada, guild, general, side, say, slug: guild.slug ?? guild.osc.slug };
}

export const journeys = {
  'a mention, a message and a direct message are told to who does not look': async (town) => {
    const { ada, general, side, say, slug } = await belfry(town, 'quasimodo', 'Belfry');
    const ben = await listener(town, 'esmeralda', slug);
    const { page } = ben;
    const me = await call(ben, 'GET', `${V10}/users/@me`);
    await page.goto(`/r/${slug}/${general.id}`);
    await ben.composer().waitFor();
    const after = async (work, expected) => {
      await page.waitForTimeout(BREATH_MS);
      await heard(ben);
      await work();
      if (expected.tones.length) {
        await page.waitForFunction(() => globalThis.tones.length > 0);
        await page.waitForTimeout(100);
      } else await page.waitForTimeout(700);
      const { notices, tones } = await heard(ben);
      assert.deepEqual(tones, expected.tones);
      const brief = notices.map(({ title, body, tag, data }) => ({ title, body, tag, data }));
      if (typeof expected.notices === 'function') expected.notices(brief);
      else assert.deepEqual(brief, expected.notices);
    };
    const notice = (channel, body, title = `quasimodo in #${channel.name}, Belfry`) => ({
      title,
      body,
      tag: channel.id,
      data: { url: `/r/${slug}/${channel.id}` },
    });
    const nothing = { tones: [], notices: [] };

    await look(ben, false);
    await after(() => say(general, `**wake up** <@${me.id}>`), {
      tones: TONE.mention,
      notices: [notice(general, `wake up @${me.username}`)],
    });
    await after(() => say(side, 'just talk ||secret||'), {
      tones: TONE.message,
      notices: [notice(side, 'just talk …')],
    });
    const dm = await ada.ask('POST', `${V10}/users/@me/channels`, { recipient_id: me.id });
    await after(() => say(dm, 'psst'), {
      tones: TONE.direct,
      notices: [{ title: 'quasimodo', body: 'psst', tag: dm.id, data: { url: `/dm/${dm.id}` } }],
    });
    // In one moment: one tone, the loudest, and a mention is not lost among the words after it.
    await after(
      () => {
        // All of them in one frame of the page.
        const many = Array.from({ length: 8 }, (_, at) => say(side, `chatter ${at}`));
        return Promise.all([say(general, `<@${me.id}> now`), ...many]);
      },
      {
        tones: TONE.mention,
        notices: (all) => {
          const titles = all.map(({ title }) => title);
          assert.ok(titles.includes('quasimodo in #general, Belfry'), `told: ${titles}`);
        },
      },
    );

    // Whoever comes back has seen what the desktop showed of the open channel.
    const shown = () =>
      page.evaluate(async (tag) => {
        const worker = await navigator.serviceWorker.ready;
        return (await worker.getNotifications({ tag })).length;
      }, general.id);
    await until(async () => assert.ok((await shown()) > 0));
    await look(ben, true);
    await until(async () => assert.equal(await shown(), 0));
    await after(() => say(general, 'in front of me'), nothing);
    await after(() => say(side, 'beside me'), nothing);
    await after(() => say(side, `beside me <@${me.id}>`), { tones: TONE.mention, notices: [] });
    await page.goto('/settings/notifications');
    await page.getByRole('switch', { name: 'Play sounds' }).click();
    await page.getByRole('switch', { name: 'Show messages on the desktop' }).click();
    await look(ben, false);
    await after(() => say(general, `switched off <@${me.id}>`), nothing);
  },

  'levels and mutes: each room and channel is as loud as somebody wants it': async (town) => {
    const { ada, guild, general, side, say, slug } = await belfry(town, 'frollo', 'Cloister');
    const ben = await listener(town, 'phoebus', slug);
    const { page } = ben;
    const me = await call(ben, 'GET', `${V10}/users/@me`);
    const dm = await ada.ask('POST', `${V10}/users/@me/channels`, { recipient_id: me.id });
    const plain = () => say(general, 'a word');
    const mention = () => say(general, `a word to <@${me.id}>`);
    const tells = async (work, expected, why) => {
      await heard(ben);
      await work();
      if (expected) await page.waitForFunction(() => globalThis.notices.length > 0);
      else await page.waitForTimeout(700);
      const { notices } = await heard(ben);
      assert.equal(notices.length > 0, expected, why);
    };
    const unattended = async (work) => {
      await look(ben, false);
      await work();
      await look(ben, true);
    };
    const level = page.getByLabel('How loud is Cloister?');
    await level.waitFor();
    assert.equal(await level.inputValue(), '0', 'a small room tells everything');
    await unattended(async () => {
      await tells(plain, true, 'all messages');
      await tells(mention, true, 'all messages, a mention');
    });
    await level.selectOption('1');
    await unattended(async () => {
      await tells(plain, false, 'only mentions');
      await tells(mention, true, 'only mentions, a mention');
      await tells(() => say(general, '@everyone hear me'), true, 'only mentions, everyone');
    });
    await level.selectOption('2');
    await unattended(async () => {
      await tells(mention, false, 'nothing');
      await tells(() => say(dm, 'a word'), true, 'nothing in the room is not nothing at all');
    });
    await level.selectOption('0');
    await page.getByRole('button', { name: 'Mute Cloister' }).click();
    await page.getByRole('button', { name: 'Mute Cloister', pressed: true }).waitFor();
    await unattended(() => tells(mention, false, 'a muted room'));
    await page.getByRole('button', { name: 'Mute Cloister' }).click();
    await page.getByRole('button', { name: 'Mute Cloister', pressed: false }).waitFor();
    await page.reload();
    assert.equal(await level.inputValue(), '0');

    await page.goto(`/r/${slug}/${general.id}`);
    await page
      .getByRole('button', { name: /frollo/ })
      .first()
      .waitFor(); // all of the room is here
    await page.getByRole('link', { name: 'side' }).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Mute…' }).click();
    await page.getByRole('menuitem', { name: 'Until I turn it back on' }).click();
    await page.getByRole('link', { name: 'side, muted' }).waitFor();
    await unattended(async () => {
      await tells(() => say(side, `quietly, <@${me.id}>`), false, 'a muted channel');
      await tells(mention, true, 'the channel beside it');
    });

    const pest = await Caller.account(town, 'clopin');
    await pest.ask('POST', `${OSC}/guilds/${guild.id}/join`);
    const path = `${V10}/channels/${general.id}/messages`;
    const pester = (content) => pest.ask('POST', path, { content });
    await unattended(() => tells(() => pester(`hey <@${me.id}>`), true, 'not blocked yet'));
    await page.evaluate(async (id) => {
      await fetch(`/api/osc/v1/relationships/${id}`, {
        method: 'PUT',
        headers: { 'Content-Type': 'application/json', 'X-Osc-Client': 'web' },
        body: JSON.stringify({ type: 2 }),
      });
    }, pest.user.id);
    await page.getByText(/1 message of somebody you blocked/).waitFor();
    const title = await page.title();
    await unattended(() => tells(() => pester(`still <@${me.id}>`), false, 'blocked'));
    assert.equal(await ben.row(`still`).count(), 0, 'and folded away');
    await page
      .getByRole('button', { name: /of (somebody|people) you blocked/ })
      .first()
      .click();
    await ben.sees('still');
    assert.equal(await page.title(), title, 'and counted nowhere');
  },

  'push: a closed tab is told, with title, words and place; an open one is not': async (town) => {
    const service = await startPushService();
    try {
      await pushed(town, service);
    } finally {
      await service.close();
    }
  },
};

async function pushed(town, service) {
  const { general, say, slug } = await belfry(town, 'gringoire', 'Court');
  const ben = await listener(town, 'djali', slug);
  const { page, context } = ben;
  const me = await call(ben, 'GET', `${V10}/users/@me`);
  // This browser was built without a push service: ours gives it what one would.
  await context.addInitScript((subscription) => {
    let now = null;
    PushManager.prototype.getSubscription = async () => now;
    PushManager.prototype.subscribe = async ({ applicationServerKey, userVisibleOnly }) => {
      if (!userVisibleOnly) throw new Error('pushes have to be seen');
      globalThis.serverKey = applicationServerKey;
      now = { toJSON: () => subscription, unsubscribe: async () => ((now = null), true) };
      return now;
    };
  }, service.subscription());
  await page.reload();
  const own = page.getByRole('switch', { name: 'Tell this device while the page is closed' });
  await own.click();
  await page.waitForFunction(() => localStorage.getItem('osc.push'));
  const key = await page.evaluate(() => globalThis.serverKey);

  // 1. Somebody looks at a page of ours: no push, on no device.
  await page.goto(`/r/${slug}/${general.id}`);
  await ben.composer().waitFor();
  await say(general, `here, <@${me.id}>`);
  await ben.sees('here, ');
  await page.waitForTimeout(800);
  assert.equal(service.told.length, 0, 'nobody is told of what they look at');

  // 2. The page is closed.
  await page.goto('about:blank');
  await page.waitForTimeout(500);
  await say(general, `are you there, <@${me.id}>? ||secret|| <b>`);
  const { headers, text } = await service.next();
  assert.equal(headers['content-encoding'], 'aes128gcm');
  assert.ok(Number(headers.ttl) > 0);
  service.assertSigned(headers, key);
  const place = `/r/${slug}/${general.id}`;
  assert.deepEqual(JSON.parse(text), {
    title: 'gringoire (#general, Court)',
    body: 'are you there, @djali? ▒▒▒ <b>',
    tag: general.id,
    url: place,
  });

  // 3. The worker shows it.
  await page.goto('/friends');
  const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker'));
  const deliver = await delivery(context, page, town.server.url);
  const shown = () =>
    worker.evaluate(async () =>
      (await registration.getNotifications()).map(({ title, body, tag, data }) => ({
        title,
        body,
        tag,
        url: data.url,
      })),
    );
  await worker.evaluate(async () => {
    for (const one of await registration.getNotifications()) one.close();
  });
  await deliver(text);
  await until(async () => assert.deepEqual(await shown(), [JSON.parse(text)]));
  await deliver('no JSON <b>');
  await until(async () => assert.equal((await shown()).length, 2));
  const odd = (await shown()).find((one) => one.body === 'no JSON <b>');
  assert.equal(odd.url, '/', 'what cannot be read still says something');

  // 4. A click leads there in the tab that is open.
  const click = (url) =>
    worker.evaluate((where) => {
      const notification = { close() {}, data: { url: where } };
      const event = Object.assign(new Event('notificationclick'), { notification });
      event.waitUntil = (work) => void work.catch(() => undefined); // no click, no right to focus
      dispatchEvent(event);
    }, url);
  await click(place);
  await ben.composer().waitFor();
  assert.equal(new URL(page.url()).pathname, place);
  await ben.sees('are you there');
  await click('https://evil.example/');
  await page.waitForTimeout(300);
  assert.equal(new URL(page.url()).pathname, place, 'never to another site');

  // 5. What somebody looks at right now is not shown.
  await worker.evaluate(async () => {
    for (const one of await registration.getNotifications()) one.close();
  });
  await deliver(text);
  await page.waitForTimeout(700);
  assert.deepEqual(await shown(), []);

  // 6. No tab: a new one is asked for.
  await worker.evaluate(() => {
    clients.openWindow = async (url) => void (globalThis.opened = url);
  });
  await page.goto('about:blank');
  const tabs = () =>
    worker.evaluate(async () => (await clients.matchAll({ includeUncontrolled: true })).length);
  await until(async () => assert.equal(await tabs(), 0)); // a tab takes its time to be gone
  await click(place);
  await until(async () =>
    assert.equal(await worker.evaluate(() => globalThis.opened), town.server.url + place),
  );

  // 7. Switched off: nothing more goes out.
  await page.goto('/settings/notifications');
  await page.waitForFunction(() => localStorage.getItem('osc.push'));
  const gone = await page.evaluate(async () => {
    const id = localStorage.getItem('osc.push');
    const answer = await fetch(`/api/osc/v1/push/subscriptions/${id}`, {
      method: 'DELETE',
      headers: { 'X-Osc-Client': 'web' },
    });
    return answer.status;
  });
  assert.equal(gone, 204);
  await page.goto('about:blank');
  await page.waitForTimeout(500);
  await say(general, `and now, <@${me.id}>?`);
  await page.waitForTimeout(1_000);
  assert.equal(service.told.length, 0);
}

/** Hands a push to the worker as the browser would. */
async function delivery(context, page, origin) {
  const cdp = await context.newCDPSession(page);
  const known = new Promise((resolve) => {
    cdp.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const own = registrations.find((one) => one.scopeURL.startsWith(origin) && !one.isDeleted);
      if (own) resolve(own.registrationId);
    });
  });
  await cdp.send('ServiceWorker.enable');
  const registrationId = await known;
  return (data) => cdp.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data });
}
