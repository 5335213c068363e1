/** What of the list of sixty points has no other place: signing in, the directory, pictures of
 *  feelings, ways of seeing, and what a screen reader finds. */
import { strict as assert } from 'node:assert';
import { Caller } from '../bad.mjs';
import { until } from '../pen.mjs';

const OSC = '/api/osc/v1';

/** Milliseconds of the page's own work: what else this machine does shows in no thread of ours. */
async function worked(visitor, work) {
  const cdp = await visitor.context.newCDPSession(visitor.page);
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busy = async () => {
    const { metrics } = await cdp.send('Performance.getMetrics');
    return metrics.find((one) => one.name === 'TaskDuration').value * 1_000;
  };
  const before = await busy();
  await work();
  const took = (await busy()) - before;
  await cdp.detach();
  return took;
}

/** Types into the search field and waits, without asking the page again and again, until only cards
 *  with these words are left. */
const typed = (page, words) =>
  page.evaluate(
    (wanted) =>
      new Promise((resolve) => {
        const field = document.querySelector('input[type=search]');
        const fits = () => {
          const all = [...document.querySelectorAll('main ul a')];
          const has = (card) => wanted.split(' ').every((word) => card.includes(word));
          return all.length > 0 && all.every((one) => has(one.textContent.toLowerCase()));
        };
        const watch = new MutationObserver(() => {
          if (!fits()) return;
          watch.disconnect();
          requestAnimationFrame(() => setTimeout(resolve));
        });
        watch.observe(document.querySelector('main'), { childList: true, subtree: true });
        field.value = wanted;
        field.dispatchEvent(new InputEvent('input', { bubbles: true }));
      }),
    words,
  );

/** What the fields of a form ask a password manager for, as soon as they are there. */
const asksFor = (scope, wanted, why) =>
  until(async () => {
    const found = await scope.locator('input').evaluateAll((all) => {
      const written = all.filter((one) => ['text', 'password', ''].includes(one.type));
      return written.map((one) => one.autocomplete);
    });
    assert.deepEqual(found, wanted, why);
  });

export const journeys = {
  '7, 8: a wrong password is said beside its field, and password managers know each field': async (
    town,
  ) => {
    const owner = await town.account('augusta');
    const { page } = await town.visitor('/');
    town.visitors.at(-1).expectRefusals += 1;
    await page.getByRole('button', { name: 'Sign in' }).click();
    const dialog = page.getByRole('dialog');
    await asksFor(dialog, ['username', 'current-password']);
    await dialog.getByLabel('Username').fill('augusta');
    await dialog.getByLabel('Password').fill('not the right one');
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    const alert = dialog.getByRole('alert').filter({ hasText: /\w/ });
    await alert.waitFor();
    const password = dialog.getByLabel('Password');
    await page.waitForFunction(() => document.activeElement?.type === 'password');
    const said = await password.getAttribute('aria-describedby');
    assert.ok(said?.split(' ').includes(await alert.getAttribute('id')), 'said with its field');
    await dialog.getByRole('button', { name: 'Make an account' }).click();
    await asksFor(dialog, ['username', 'new-password']);

    await owner.page.goto('/settings/account');
    const form = owner.page.locator('form').filter({
      has: owner.page.locator('[autocomplete=new-password]'),
    });
    await form.waitFor();
    const all = ['username', 'current-password', 'new-password'];
    await asksFor(form, all, 'whose password changes is known too');
  },

  '9: among two hundred rooms a search as one types costs the page next to nothing': async (
    town,
  ) => {
    for (const founder of ['socrates', 'plato']) {
      const who = await Caller.account(town, founder);
      for (let n = 0; n < 100; n += 1) {
        const name = `Agora ${founder} ${String(n).padStart(3, '0')}`;
        const description = n % 4 ? 'about olives' : 'about triremes and the sea';
        await who.ask('POST', `${OSC}/guilds`, { name, description, visibility: 'public' });
      }
    }
    const visitor = await town.visitor('/');
    const { page } = visitor;
    const cards = page.getByRole('main').locator('ul a');
    await cards.first().waitFor();
    const search = page.getByRole('searchbox', { name: 'Search rooms' });
    const times = [];
    for (const words of ['agora', 'agora pl', 'trireme', 'agora socrates 042', 'agora']) {
      await search.fill('');
      await page.waitForTimeout(400);
      const took = await worked(visitor, () => typed(page, words));
      times.push(Math.round(took));
    }
    console.log(`     9: work of the page for each search: ${times.join(', ')} ms`);
    times.sort((a, b) => a - b);
    assert.ok(times[times.length >> 1] <= 50, `${times} ms`);
    await search.fill('agora');
    const found = new Set();
    for (let at = 0; at < 40 && found.size < 200; at += 1) {
      await page.evaluate(() =>
        [...document.querySelectorAll('main ul a')].at(-1)?.scrollIntoView(),
      );
      await page.waitForTimeout(120);
      for (const name of await cards.locator('.name').allTextContents()) found.add(name);
    }
    assert.equal(found.size, 200, 'every one of them is reached');
    const order = page.getByRole('combobox', { name: 'Order' });
    for (const value of ['online', 'members', 'active', 'new', 'rank']) {
      const answer = page.waitForResponse((one) => {
        const { pathname, searchParams } = new URL(one.url());
        const sort = searchParams.get('sort') ?? 'rank';
        return pathname.endsWith('/directory') && sort === value && !searchParams.has('after');
      });
      await order.selectOption(value);
      const { items } = await (await answer).json();
      const first = items[0].name;
      await page.waitForFunction(
        (name) => document.querySelector('main ul a .name')?.textContent === name,
        first,
      );
    }
  },

  '43: the picker of emoji opens with little work and is searched in the own language': async (
    town,
  ) => {
    const ada = await town.owner('smiley', 'Feelings');
    const { page } = ada;
    const open = () => page.getByRole('button', { name: 'Emoji' }).click();
    await open();
    const search = page.getByRole('searchbox', { name: 'Search emoji' });
    await search.waitFor();
    await page.keyboard.press('Escape');
    await search.waitFor({ state: 'detached' });
    const took = await worked(ada, async () => {
      await open();
      await page.locator('.picker .grid button').first().waitFor();
    });
    console.log(`     43: opening it again: ${Math.round(took)} ms of the page's work`);
    assert.ok(took < 150, `${took} ms`);
    const state = await ada.context.storageState();
    const german = await town.visitor(new URL(page.url()).pathname, {
      locale: 'de-DE',
      storageState: state,
    });
    await german.page.getByRole('button', { name: 'Emoji' }).click();
    await german.page.getByRole('searchbox').last().fill('hund');
    await german.page.locator('.picker .grid button').filter({ hasText: '🐶' }).waitFor();
  },

  '59: less motion, more contrast, chosen colours, twice and four times the size': async (town) => {
    const ada = await town.owner('augenlicht', 'Seeing');
    await ada.say('**strong** `code` ||hidden|| https://example.org');
    await ada.act('strong', 'React 👍');
    const path = new URL(ada.page.url()).pathname;
    const storageState = await ada.context.storageState();
    const modes = {
      motion: { reducedMotion: 'reduce' },
      contrast: { contrast: 'more' },
      'contrast-light': { contrast: 'more', colorScheme: 'light' },
      forced: { forcedColors: 'active' },
      // A window of 1280 x 960 at 200 and at 400 per cent.
      'zoom-200': { viewport: { width: 640, height: 480 } },
      'zoom-400': { viewport: { width: 320, height: 240 } },
    };
    for (const [mode, options] of Object.entries(modes)) {
      const stranger = await town.visitor('/', options);
      await stranger.page.getByRole('link', { name: /Seeing/ }).waitFor();
      await fine(stranger, `main page, ${mode}`);
      await stranger.page.goto(path);
      await stranger.sees('strong');
      await fine(stranger, `preview, ${mode}`);
      await stranger.leave();
      const member = await town.visitor(path, { ...options, storageState });
      await member.composer().waitFor();
      await member.sees('strong');
      await fine(member, `room, ${mode}`);
      await member.shot(`seeing-${mode}`);
      if (mode === 'motion') await still(member);
      for (const place of ['/settings/appearance', '/friends']) {
        await member.page.goto(place);
        await member.page.getByRole('heading').first().waitFor();
        await fine(member, `${place}, ${mode}`);
      }
      await member.leave();
    }
  },

  '59: at four times the size, with keys alone: read, join, write': async (town) => {
    const owner = await town.owner('lupe', 'Magnified');
    await owner.say('look closely');
    const visitor = await town.visitor('/', { viewport: { width: 320, height: 240 } });
    const { page } = visitor;
    await page.getByRole('link', { name: /Magnified/ }).waitFor();
    await tabTo(page, /Magnified/);
    await page.keyboard.press('Enter');
    await visitor.sees('look closely');
    await tabTo(page, /Your name/);
    assert.ok(await inSight(page), 'what has the focus is in sight');
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type('Lupus');
    await page.keyboard.press('Enter');
    await visitor.composer().waitFor();
    await visitor.composer().focus();
    await page.keyboard.type('written large');
    assert.ok(await inSight(page), 'the composer is in sight');
    await page.keyboard.press('Enter');
    await owner.sees('written large');
    await visitor.sees('written large');
    const log = await page.getByRole('log').boundingBox();
    assert.ok(log.height >= 60, `${log.height} px are left to read in`);
    await visitor.shot('seeing-keys-400');
    await tabTo(page, /Channels and rooms/, 'Shift+Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'general' }).waitFor();
    await tabTo(page, /^general/);
    assert.ok(await inSight(page), 'the channel is in sight');
    await page.keyboard.press('Enter');
    await visitor.composer().waitFor();
  },

  '60: landmarks, one heading, a quiet log and one polite region from the start': async (town) => {
    const ada = await town.owner('hellen', 'Outline');
    await ada.say('said once');
    const places = [new URL(ada.page.url()).pathname, '/', '/friends', '/dm', '/settings/profile'];
    for (const place of places) {
      await ada.page.goto(place);
      await ada.page.waitForFunction(() => document.querySelector('#main h1')?.checkVisibility());
      const found = await ada.page.evaluate(() => ({
        mains: [...document.querySelectorAll('main')].filter((one) => one.checkVisibility()).length,
        titles: [...document.querySelectorAll('h1')].filter((one) => one.checkVisibility()).length,
        unnamed: [...document.querySelectorAll('nav, aside, [role=log], form[role]')].filter(
          (one) => one.checkVisibility() && !one.ariaLabel && !one.getAttribute('aria-labelledby'),
        ).length,
      }));
      assert.deepEqual(found, { mains: 1, titles: 1, unnamed: 0 }, place);
    }
    await ada.page.goto(places[0]);
    await ada.composer().waitFor(); // the room, and no longer its preview
    await ada.sees('said once');
    assert.equal(await ada.page.getByRole('log').getAttribute('aria-live'), 'off');
    const regions = ada.page.locator('main [aria-live=polite]');
    assert.equal(await regions.count(), 1, 'there before anything is said');
    assert.equal(await regions.textContent(), '', 'what was there already is not read out');
    ada.expectRefusals += 1;
    await ada.page.route(/\/messages$/, (route) =>
      route.request().method() === 'POST'
        ? route.fulfill({ status: 403, json: { code: 50013, message: 'You may not.' } })
        : route.continue(),
    );
    await ada.say('refused');
    await ada.page
      .getByRole('alert')
      .filter({ hasText: /You may not/ })
      .waitFor();
  },
};

async function fine(visitor, where) {
  await visitor.axe(where);
  const wide = await visitor.page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  assert.ok(wide <= 0, `${where} scrolls sideways by ${wide} px`);
}

/** Nothing moves for those who asked for stillness. */
async function still(visitor) {
  const moving = await visitor.page.evaluate(() => {
    const long = (text) => text.split(',').some((one) => parseFloat(one) > 0.02);
    return [...document.querySelectorAll('*')]
      .filter((one) => {
        const style = getComputedStyle(one);
        const shifts =
          long(style.transitionDuration) && /transform|all/.test(style.transitionProperty);
        return shifts || (style.animationName !== 'none' && long(style.animationDuration));
      })
      .map((one) => one.outerHTML.slice(0, 120));
  });
  assert.deepEqual(moving, []);
  const smooth = await visitor.page.evaluate(
    () => getComputedStyle(document.querySelector('[role=log]')).scrollBehavior,
  );
  assert.equal(smooth, 'auto');
}

const named = () => {
  const one = document.activeElement;
  if (one === document.body) return '';
  return (one?.ariaLabel ?? one?.labels?.[0]?.textContent ?? one?.textContent ?? '').trim();
};

async function tabTo(page, name, key = 'Tab') {
  for (let presses = 0; presses < 80; presses += 1) {
    if (name.test(await page.evaluate(named))) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${key} never reaches ${name}`);
}

const inSight = (page) =>
  page.evaluate(() => {
    const { left, right, top, bottom } = document.activeElement.getBoundingClientRect();
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    const seen = document.elementFromPoint(x, y);
    const inside = x >= 0 && y >= 0 && x <= innerWidth && y <= innerHeight;
    return (
      inside &&
      !!seen &&
      (document.activeElement.contains(seen) || seen.contains(document.activeElement))
    );
  });
