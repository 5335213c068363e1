/** The directory with ten thousand rooms, in the page: `npm run perf:directory`. Making the rooms
 *  takes minutes, hence no journey. */
import { strict as assert } from 'node:assert';
import { Caller } from './bad.mjs';
import { Town } from './town.mjs';

const ROOMS = Number(process.env.ROOMS ?? 10_000);
const AT_ONCE = 8;
const PAGES = 20;

const town = await Town.build({ owned_guilds: ROOMS, user_guilds: ROOMS });
let bad = 0;
const tell = (name, value, unit, limit) => {
  const fine = value <= limit;
  if (!fine) bad += 1;
  console.log(`${fine ? 'ok  ' : 'OVER'} ${name}: ${Math.round(value)} ${unit} (limit ${limit})`);
};

/** Milliseconds of the page's own work. */
async function worked(cdp, work) {
  const busy = async () => {
    const { metrics } = await cdp.send('Performance.getMetrics');
    return metrics.find((one) => one.name === 'TaskDuration').value * 1_000;
  };
  const before = await busy();
  await work();
  return (await busy()) - before;
}

async function furnish() {
  const founders = [];
  for (let n = 0; n < AT_ONCE; n += 1) founders.push(await Caller.account(town, `founder-${n}x`));
  let next = 0;
  const start = Date.now();
  await Promise.all(
    founders.map(async (founder) => {
      for (let n = next++; n < ROOMS; n = next++) {
        const kind = n % 100 ? 'about many things' : 'about lighthouses';
        const name = `Hall ${String(n).padStart(5, '0')}`;
        const wish = { name, description: kind, visibility: 'public' };
        assert.ok(await founder.ask('POST', '/api/osc/v1/guilds', wish), name);
      }
    }),
  );
  console.log(`     ${ROOMS} rooms made in ${Math.round((Date.now() - start) / 1_000)} s`);
}

/** Until the cards say so; the page is not asked again and again meanwhile. */
const cards = (page, says) =>
  page.evaluate(
    (pattern) =>
      new Promise((resolve, reject) => {
        const fits = () => {
          const all = [...document.querySelectorAll('main ul a')];
          return all.length > 0 && all.every((one) => new RegExp(pattern).test(one.textContent));
        };
        if (fits()) return resolve();
        setTimeout(() => reject(new Error(`no cards with ${pattern}`)), 20_000);
        const watch = new MutationObserver(() => {
          if (!fits()) return;
          watch.disconnect();
          resolve();
        });
        watch.observe(document.body, { childList: true, subtree: true });
      }),
    says,
  );

try {
  await furnish();
  const visitor = await town.visitor('/');
  const { page } = visitor;
  const cdp = await visitor.context.newCDPSession(page);
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  await cards(page, 'Hall');
  const reloads = await worked(cdp, async () => {
    await page.reload();
    await cards(page, 'Hall');
  });
  tell('the main page, work until its rooms stand there', reloads, 'ms', 500);

  const last = String(ROOMS - 1).padStart(5, '0');
  const type = (words) =>
    page.evaluate((text) => {
      const field = document.querySelector('input[type=search]');
      field.value = text;
      field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    }, words);
  for (const [words, says] of [
    ['lighthouses', 'lighthouses'],
    [`hall ${last}`, `Hall ${last}`],
  ]) {
    const start = Date.now();
    const took = await worked(cdp, async () => {
      await type(words);
      await cards(page, says);
    });
    console.log(`     "${words}": ${Date.now() - start} ms until it is seen`);
    tell(`search for "${words}", the page's work`, took, 'ms', 100);
  }
  await type('lighthouses');
  await cards(page, 'lighthouses');
  const found = new Set();
  for (let at = 0; at < 60 && found.size < ROOMS / 100; at += 1) {
    await page.evaluate(() => [...document.querySelectorAll('main ul a')].at(-1)?.scrollIntoView());
    await page.waitForTimeout(150);
    for (const name of await page.locator('main ul a .name').allTextContents()) found.add(name);
  }
  tell('rooms of a search that are never reached', ROOMS / 100 - found.size, '', 0);
  await type('');
  const order = page.getByRole('combobox', { name: 'Order' });
  for (const value of ['online', 'members', 'active', 'new']) {
    const took = await worked(cdp, async () => {
      const answer = page.waitForResponse((one) => one.url().includes(`sort=${value}`));
      await order.selectOption(value);
      await answer;
      await page.waitForTimeout(100);
    });
    tell(`order by ${value}, the page's work`, took, 'ms', 150);
  }
  let worst = 0;
  const before = await page.locator('main ul a').count();
  for (let at = 0; at < PAGES; at += 1) {
    const known = await page.locator('main ul a').count();
    const took = await worked(cdp, () =>
      page.evaluate(
        (count) =>
          new Promise((resolve) => {
            const list = document.querySelector('main ul');
            const watch = new MutationObserver(() => {
              if (list.querySelectorAll('a').length <= count) return;
              watch.disconnect();
              requestAnimationFrame(() => setTimeout(resolve));
            });
            watch.observe(list, { childList: true, subtree: true });
            [...list.querySelectorAll('a')].at(-1).scrollIntoView();
          }),
        known,
      ),
    );
    worst = Math.max(worst, took);
  }
  const after = await page.locator('main ul a').count();
  console.log(`     scrolled from ${before} to ${after} rooms`);
  tell('the next page while scrolling, the worst', worst, 'ms', 150);
  const names = await page.locator('main ul a .name').allTextContents();
  tell('rooms shown twice', names.length - new Set(names).size, '', 0);
  // Several made rooms at once: neighbours may have changed places, nothing more.
  const numbers = names.map((name) => Number(name.split(' ').at(-1)));
  const misplaced = numbers.filter((n, at) => n > Math.min(...numbers.slice(0, at)) + AT_ONCE * 3);
  tell('rooms out of their order', misplaced.length, '', 0);
} finally {
  for (const one of await town.clear()) {
    console.log(`OVER ${one}`);
    bad += 1;
  }
  await town.close();
}
process.exit(bad ? 1 : 0);
