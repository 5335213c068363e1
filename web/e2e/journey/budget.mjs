/** How much has to be fetched before the first word, as gzip -9 would carry it: what the wire
 *  really carried depends on who asked and how. */
import { strict as assert } from 'node:assert';
import { gzipSync } from 'node:zlib';

const KB = 1000;
const MAIN = 45 * KB;
const ROOM = 90 * KB;
const STYLE = 15 * KB;
const FONTS = 25 * KB;
const PART = 60 * KB;

const packed = (body) => gzipSync(body, { level: 9 }).length;

async function weigh(page, path) {
  const sums = { script: 0, stylesheet: 0, font: 0, requests: 0 };
  const seen = [];
  const listen = (response) => seen.push(response);
  page.on('response', listen);
  await page.goto(path);
  await page.waitForLoadState('networkidle');
  page.off('response', listen);
  for (const response of seen) {
    const kind = response.request().resourceType();
    sums.requests += 1;
    if (!(kind in sums) || !response.ok() || response.fromServiceWorker()) continue;
    const body = await response.body();
    sums[kind] += kind === 'font' ? body.length : packed(body); // fonts are packed already
  }
  return sums;
}

export const journeys = {
  'the main page and a room stay within their budgets': async (town) => {
    const ada = await town.owner('gladys', 'Light');
    await ada.say('first words');
    const path = `/r/${ada.slug()}`;
    const home = await town.visitor('about:blank');
    const main = await weigh(home.page, '/');
    console.log(`     main page: ${JSON.stringify(main)}`);
    assert.ok(main.script <= MAIN, `main page: ${main.script} bytes of script`);
    assert.ok(main.stylesheet <= STYLE, `main page: ${main.stylesheet} bytes of style`);
    assert.ok(main.font <= FONTS, `main page: ${main.font} bytes of fonts`);
    const other = await town.visitor('about:blank');
    const room = await weigh(other.page, path);
    console.log(`     room, from outside: ${JSON.stringify(room)}`);
    assert.ok(room.script <= ROOM, `room from outside: ${room.script} bytes of script`);
    const again = await town.visitor('about:blank', {
      storageState: await ada.context.storageState(),
      serviceWorkers: 'block',
    });
    const inside = await weigh(again.page, path);
    console.log(`     room, as its member: ${JSON.stringify(inside)}`);
    assert.ok(inside.script <= ROOM, `room from inside: ${inside.script} bytes of script`);
    assert.equal(await again.page.getByRole('textbox', { name: /^Message/ }).count(), 1);
  },

  'no part of the page is too big to be fetched when it is asked for': async (town) => {
    const { page } = await town.visitor('/');
    const { files } = JSON.parse(
      /\{"stamp":.*?\]\}/.exec(await (await page.request.get('/sw.js')).text())?.[0] ?? '{}',
    );
    const scripts = files.filter((file) => file.endsWith('.js'));
    assert.ok(scripts.length > 10, 'the worker knows the files of this build');
    for (const file of scripts) {
      const size = packed(await (await page.request.get(file)).body());
      assert.ok(size <= PART, `${file}: ${size} bytes`);
    }
  },
};
