/** Getting around. The numbers are those of the list of sixty points. */
import { strict as assert } from 'node:assert';
import { PHONE } from '../browser.mjs';
import { until } from '../pen.mjs';

const address = (page) => new URL(page.url()).pathname;

/** A room with some channels, made through the API. */
async function village(town, name, room, channels) {
  const owner = await town.owner(name, room);
  await owner.page.evaluate(async (names) => {
    const id = document.querySelector('nav[aria-label=Rooms] [data-drag] a[aria-current]');
    const guild = id.closest('[data-drag]').dataset.drag;
    let parent;
    for (const [name, type] of names) {
      const answer = await fetch(`/api/v10/guilds/${guild}/channels`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Osc-Client': 'web' },
        body: JSON.stringify({ name, type, parent_id: type === 4 ? undefined : parent }),
      });
      if (!answer.ok) throw new Error(await answer.text());
      if (type === 4) parent = (await answer.json()).id;
    }
  }, channels);
  const last = channels.at(-1)[0];
  await owner.page.getByRole('link', { name: last }).waitFor();
  return owner;
}

const list = (visitor) => visitor.page.getByRole('navigation', { name: 'Channels' });
const rail = (visitor) => visitor.page.getByRole('navigation', { name: 'Rooms' });

/** From the key to the frame in which the switcher is seen. */
const untilPainted = (page) =>
  page.evaluate(
    () =>
      new Promise((resolve) => {
        const start = performance.now();
        const watch = new MutationObserver(() => {
          if (!document.querySelector('dialog [role=combobox]')) return;
          watch.disconnect();
          const done = () => resolve(Math.round(performance.now() - start));
          requestAnimationFrame(() => setTimeout(done));
        });
        watch.observe(document.body, { childList: true, subtree: true });
        dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true }));
      }),
  );

async function fits(page, where) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `${where} scrolls sideways by ${wide} px`);
}

export const journeys = {
  '11: three columns, two, one, and never a sideways scroll': async (town) => {
    const ada = await village(town, 'eleven', 'Columns', [['second', 0]]);
    const { page } = ada;
    const seen = async () =>
      page.evaluate(() =>
        ['.side', 'main', '.shell > .people']
          .filter((one) => document.querySelector(one)?.checkVisibility())
          .map((one) => one.replace('.shell > ', ''))
          .join(' '),
      );
    for (const [width, expected] of [
      [1440, '.side main .people'],
      [1000, '.side main .people'],
      [999, '.side main'],
      [700, '.side main'],
      [699, 'main'],
      [320, 'main'],
    ]) {
      await page.setViewportSize({ width, height: 800 });
      await page.waitForFunction(() => true);
      assert.equal(await seen(), expected, `${width} px`);
      await fits(page, `the room at ${width} px`);
    }
    await page.goto('/');
    await page.getByRole('heading', { name: 'Public rooms' }).waitFor();
    await fits(page, 'the main page at 320 px');
  },

  '12: widths and folded categories survive a reload; panes move by mouse and keys': async (
    town,
  ) => {
    const ada = await village(town, 'twelve', 'Folding', [
      ['Attic', 4],
      ['dust', 0],
    ]);
    const { page } = ada;
    const edge = page.getByRole('separator', { name: 'Width of the channels' });
    const box = await edge.boundingBox();
    await page.mouse.move(box.x + 4, 400);
    await page.mouse.down();
    await page.mouse.move(box.x + 64, 400, { steps: 4 });
    await page.mouse.up();
    assert.equal(await edge.getAttribute('aria-valuenow'), '308');
    await edge.focus();
    await page.keyboard.press('ArrowLeft');
    assert.equal(await edge.getAttribute('aria-valuenow'), '292');
    await page.getByRole('button', { name: 'Attic', exact: true }).click();
    await page.getByRole('link', { name: 'dust' }).waitFor({ state: 'detached' });
    await page.reload();
    await page.getByRole('button', { name: 'Attic', exact: true }).waitFor();
    assert.equal(await edge.getAttribute('aria-valuenow'), '292');
    assert.equal(await page.getByRole('link', { name: 'dust' }).count(), 0);
    const people = page.getByRole('separator', { name: 'Width of the members' });
    await people.focus();
    await page.keyboard.press('ArrowLeft');
    assert.equal(await people.getAttribute('aria-valuenow'), '248');
  },

  '13: every place has an address; back and forward work': async (town) => {
    const ada = await village(town, 'thirteen', 'Addresses', [['second', 0]]);
    const { page } = ada;
    const general = address(page);
    await page.getByRole('link', { name: 'second' }).click();
    await page.getByRole('heading', { level: 1, name: 'second' }).waitFor();
    const second = address(page);
    assert.notEqual(second, general);
    await page.goBack();
    await page.getByRole('heading', { level: 1, name: 'general' }).waitFor();
    await page.goForward();
    await page.getByRole('heading', { level: 1, name: 'second' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'second' }).waitFor();
    assert.equal(address(page), second);
    assert.match(await page.title(), /#second · Addresses/);
    assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1);
  },

  'a cached channel is there within 50 ms': async (town) => {
    const ada = await village(town, 'switch', 'Quick', [['second', 0]]);
    const { page } = ada;
    await ada.say('in general');
    for (const name of ['second', 'general']) {
      await page.getByRole('link', { name }).click();
      await page.getByRole('heading', { level: 1, name }).waitFor();
    }
    await ada.sees('in general');
    await page.evaluate(() => performance.clearMeasures());
    for (let n = 0; n < 6; n += 1) {
      const name = n % 2 ? 'general' : 'second';
      await page.getByRole('link', { name }).click();
      await page.getByRole('heading', { level: 1, name }).waitFor();
      await page.waitForTimeout(100);
    }
    const times = await page.evaluate(() =>
      performance.getEntriesByName('channel-switch').map((one) => Math.round(one.duration)),
    );
    console.log(`     from the click to the painted channel: ${times.join(', ')} ms`);
    times.sort((a, b) => a - b);
    // The fastest of several: what the page needs, not what else this machine is doing.
    assert.ok(times.length >= 6 && times[0] <= 50, times.join());
  },

  '14: Ctrl+K leads everywhere': async (town) => {
    const ada = await village(town, 'fourteen', 'Crossroads', [
      ['film-club', 0],
      ['kitchen', 0],
    ]);
    const { page } = ada;
    const field = page.getByRole('combobox', { name: 'Where to?' });
    await page.keyboard.press('Control+K');
    await field.waitFor();
    await page.keyboard.press('Escape');
    await field.waitFor({ state: 'detached' });
    const times = [];
    for (let n = 0; n < 4; n += 1) {
      times.push(await untilPainted(page));
      if (n < 3) await page.keyboard.press('Escape');
      if (n < 3) await field.waitFor({ state: 'detached' });
    }
    console.log(`     from the key to the painted list: ${times.join(', ')} ms`);
    const took = Math.min(...times);
    assert.ok(took < 100, `${took} ms`);
    await ada.axe('quick switcher');
    await ada.shot('switcher');
    await page.keyboard.type('fc');
    await page.getByRole('option', { name: /film-club/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'film-club' }).waitFor();
    await page.keyboard.press('Control+K');
    const first = page.getByRole('option').first();
    assert.match(await first.textContent(), /film-club/, 'recents first');
    await page.keyboard.type('#ki');
    assert.match(await first.textContent(), /kitchen/);
    await field.fill('@');
    await page.waitForFunction(() => !document.querySelector('[role=option] svg'), undefined);
    await field.fill('>short');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Keyboard shortcuts' }).waitFor();
    await ada.axe('shortcuts');
    await ada.shot('shortcuts');
  },

  '15, 16: keys walk through channels; letters are only letters while one types': async (town) => {
    const ada = await village(town, 'fifteen', 'Keyboard walk', [
      ['second', 0],
      ['third', 0],
    ]);
    const ben = await town.visitor(`/r/${ada.slug()}`);
    await ben.joinAs('Walker');
    await ada.page.getByRole('link', { name: 'third' }).click();
    await ada.say('something new');
    await ben.page.getByRole('link', { name: 'third, unread' }).waitFor();
    const at = (name) => ben.page.getByRole('heading', { level: 1, name }).waitFor();
    await ben.page.keyboard.press('Alt+ArrowDown');
    await at('second');
    await ben.page.keyboard.press('Alt+ArrowUp');
    await at('general');
    await ben.page.keyboard.press('Alt+Shift+ArrowDown');
    await at('third');
    await ben.composer().focus();
    await ben.page.keyboard.type('j?k');
    assert.equal(await ben.composer().inputValue(), 'j?k');
    assert.equal(await ben.page.getByRole('dialog').count(), 0);
    await ben.page.keyboard.press('Control+/');
    await ben.page.getByRole('heading', { name: 'Keyboard shortcuts' }).waitFor();
    await ben.page.keyboard.press('Escape');
    await ben.page.getByRole('heading', { name: 'Keyboard shortcuts' }).waitFor({
      state: 'detached',
    });
    await ben.page.getByRole('link', { name: 'third' }).focus();
    await ben.page.keyboard.press('Shift+?');
    await ben.page.getByRole('heading', { name: 'Keyboard shortcuts' }).waitFor();
  },

  '17, 18: marks are words too, and reading clears every badge': async (town) => {
    const ada = await village(town, 'eighteen', 'Bells', [
      ['second', 0],
      ['third', 0],
    ]);
    const ben = await town.visitor(`/r/${ada.slug()}`);
    await ben.joinAs('Bella');
    await ben.page.goto('/');
    for (const name of ['second', 'third']) {
      await ada.page.getByRole('link', { name: new RegExp(`^${name}`) }).click();
      await ada.page.getByRole('heading', { level: 1, name }).waitFor();
      await ada.composer().pressSequentially('hey @Bel');
      await ada.page.getByRole('option', { name: /Bella#/ }).waitFor();
      await ada.composer().press('Tab');
      await ada.composer().press('Enter');
    }
    const tile = rail(ben).getByRole('link', { name: /Bells/ });
    await rail(ben).getByRole('link', { name: 'Bells, unread, 2 mentions' }).waitFor();
    await tile.click();
    for (const [name, left] of [
      ['second', 'Bells, unread, 1 mention'],
      ['third', 'Bells'],
    ]) {
      await list(ben)
        .getByRole('link', { name: `${name}, 1 mention, unread` })
        .click();
      await ben.page.getByRole('heading', { level: 1, name }).waitFor();
      await rail(ben).getByRole('link', { name: left, exact: true }).waitFor();
    }
    await ada.say('and again <@1>');
    await ben.page.getByRole('link', { name: 'general' }).click();
    await ada.say('once more');
    await rail(ben).getByRole('link', { name: 'Bells, unread' }).waitFor();
    await tile.click({ button: 'right' });
    await ben.page.getByRole('menuitem', { name: 'Mark as read' }).click();
    await rail(ben).getByRole('link', { name: 'Bells', exact: true }).waitFor();
    await ben.page.waitForTimeout(800);
    await ben.page.reload();
    await rail(ben).getByRole('link', { name: 'Bells', exact: true }).waitFor();
  },

  '50, 51: four ways to one menu; focus goes in and comes back': async (town) => {
    const ada = await village(town, 'fifty', 'Menus', [['second', 0]]);
    const { page } = ada;
    const row = page.getByRole('link', { name: 'second' });
    const entries = async () => {
      await page.getByRole('menuitem').first().waitFor();
      return (await page.getByRole('menuitem').allTextContents()).map((one) => one.trim()).join();
    };
    const close = async () => {
      await page.keyboard.press('Escape');
      await page.getByRole('menu').waitFor({ state: 'detached' });
    };
    await row.click({ button: 'right' });
    const expected = await entries();
    assert.match(expected, /Mute….*Copy link.*Invite people.*Edit channel.*Move up/);
    await close();
    await row.focus();
    await page.keyboard.press('Shift+F10');
    assert.equal(await entries(), expected, 'Shift+F10');
    const inside = await page.evaluate(() => document.activeElement.getAttribute('role'));
    assert.equal(inside, 'menuitem', 'focus goes in');
    await close();
    const back = await page.evaluate(() => document.activeElement.getAttribute('aria-label'));
    assert.equal(back, 'second', 'focus comes back');
    await row.hover();
    await page.getByRole('button', { name: 'Options for second' }).click();
    assert.equal(await entries(), expected, 'the button');
    await ada.shot('channel-menu');
    await close();

    const state = await ada.context.storageState();
    const phone = await town.visitor(address(page), { ...PHONE, storageState: state });
    await phone.composer().waitFor();
    await phone.page.getByRole('button', { name: 'Channels and rooms' }).tap();
    const box = await phone.page.getByRole('link', { name: 'second' }).boundingBox();
    const touch = await phone.context.newCDPSession(phone.page);
    const point = { x: box.x + 30, y: box.y + box.height / 2 };
    await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [point] });
    await phone.page.getByRole('menu').waitFor();
    await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    const held = (await phone.page.getByRole('menuitem').allTextContents())
      .map((one) => one.trim())
      .join();
    assert.equal(held, expected, 'long press');
    await phone.shot('phone-menu');
  },

  'channels and rooms are ordered by drag and by keys': async (town) => {
    const ada = await village(town, 'sorter', 'Alpha', [
      ['second', 0],
      ['Attic', 4],
      ['dust', 0],
    ]);
    const { page } = ada;
    const ben = await town.visitor(`/r/${ada.slug()}`);
    await ben.joinAs('Watcher');
    await page
      .getByRole('link', { name: 'second' })
      .dragTo(page.getByRole('link', { name: 'general' }), { targetPosition: { x: 40, y: 4 } });
    await page.waitForFunction(
      () => document.querySelector('nav[aria-label=Channels] bdi').textContent === 'second',
    );
    await ben.page.waitForFunction(
      () => document.querySelector('nav[aria-label=Channels] bdi').textContent === 'second',
    );
    await page
      .getByRole('link', { name: 'dust' })
      .dragTo(page.getByRole('link', { name: 'general' }), { targetPosition: { x: 40, y: 28 } });
    await page.waitForFunction(() => {
      const all = [...document.querySelectorAll('nav[aria-label=Channels] bdi')];
      return all
        .map((one) => one.textContent)
        .join()
        .startsWith('second,general,dust');
    });
    await page.getByRole('link', { name: 'general' }).focus();
    await page.keyboard.press('Control+Shift+ArrowUp');
    await ben.page.waitForFunction(() => {
      const all = [...document.querySelectorAll('nav[aria-label=Channels] bdi')];
      return all
        .map((one) => one.textContent)
        .join()
        .startsWith('general,second,dust');
    });
    const focused = await page.evaluate(() => document.activeElement.getAttribute('aria-label'));
    assert.equal(focused, 'general', 'what was moved keeps the focus');

    await page.goto('/');
    await town.found(ada, 'Beta');
    const tiles = (who = ada) =>
      rail(who).evaluate((nav) =>
        [...nav.querySelectorAll('[data-drag] .vh')].map((one) => one.textContent.trim()).join(),
      );
    await rail(ada).getByRole('link', { name: 'Beta' }).waitFor();
    assert.equal(await tiles(), 'Alpha,Beta');
    const state = await ada.context.storageState();
    const other = await town.visitor('/', { storageState: state });
    const onOther = (order) => until(async () => assert.equal(await tiles(other), order));
    await onOther('Alpha,Beta');
    await rail(ada).getByRole('link', { name: 'Beta' }).focus();
    await page.keyboard.press('Control+Shift+ArrowUp');
    assert.equal(await tiles(), 'Beta,Alpha');
    await onOther('Beta,Alpha');
    await rail(ada)
      .getByRole('link', { name: 'Beta' })
      .dragTo(rail(ada).getByRole('link', { name: 'Alpha' }), {
        targetPosition: { x: 20, y: 40 },
      });
    assert.equal(await tiles(), 'Alpha,Beta');
    await onOther('Alpha,Beta');
    await page.reload();
    await rail(ada).getByRole('link', { name: 'Alpha' }).waitFor();
    await rail(ada).getByRole('link', { name: 'Beta' }).waitFor();
    assert.equal(await tiles(), 'Alpha,Beta');
  },

  '58: on a phone the thumb reaches everything, and swipes between list and room': async (town) => {
    const ada = await village(town, 'fiftyeight', 'Thumb', [['second', 0]]);
    const state = await ada.context.storageState();
    const phone = await town.visitor(address(ada.page), { ...PHONE, storageState: state });
    const { page } = phone;
    await phone.composer().waitFor();
    await phone.shot('phone-room');
    const tabs = page.getByRole('navigation', { name: 'Main places' });
    const box = await tabs.boundingBox();
    assert.ok(box.y + box.height > 840 && box.height >= 44, 'tabs at the lower edge');
    const composer = await phone.composer().boundingBox();
    assert.ok(composer.y + composer.height <= box.y, 'the composer stands above the tabs');
    for (const tab of await tabs.getByRole('button').all()) {
      const size = await tab.boundingBox();
      assert.ok(size.width >= 44 && size.height >= 44);
    }
    const touch = await phone.context.newCDPSession(page);
    const swipe = async (from, to) => {
      // The finger has its own clock: a busy machine makes no slow swipe of a quick one.
      let timestamp = Date.now() / 1_000;
      const send = (type, x) => {
        timestamp += 0.05;
        const touchPoints = type === 'touchEnd' ? [] : [{ x, y: 300 }];
        return touch.send('Input.dispatchTouchEvent', { type, touchPoints, timestamp });
      };
      await send('touchStart', from);
      await send('touchMove', (from + to) / 2);
      await send('touchMove', to);
      await send('touchEnd', to);
    };
    await swipe(100, 300);
    await page.getByRole('link', { name: 'second' }).waitFor();
    await phone.shot('phone-list');
    await phone.axe('phone list');
    await swipe(300, 100);
    await phone.composer().waitFor();
    await swipe(300, 100);
    await page.getByRole('button', { name: 'Back to the conversation' }).waitFor();
    await page.getByRole('button', { name: 'Back to the conversation' }).tap();
    await phone.composer().waitFor();
    await tabs.getByRole('button', { name: 'Discover' }).tap();
    await page.getByRole('heading', { name: 'Public rooms' }).waitFor();
    await phone.shot('phone-discover');
    await phone.axe('phone directory');
    await tabs.getByRole('button', { name: 'Rooms' }).tap();
    await page.getByRole('link', { name: 'second' }).waitFor();
    await tabs.getByRole('button', { name: 'Messages' }).tap();
    await phone.shot('phone-messages');
    await fits(page, 'direct messages');
  },
};
