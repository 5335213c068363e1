/** How much a stranger has to fetch before the first word. */
import { strict as assert } from 'node:assert';

const KB = 1000;

async function weigh(page, path) {
  const sums = { script: 0, stylesheet: 0, font: 0, requests: 0 };
  const seen = [];
  const listen = (request) => seen.push(request);
  page.on('requestfinished', listen);
  await page.goto(path);
  await page.waitForLoadState('networkidle');
  page.off('requestfinished', listen);
  for (const request of seen) {
    const { responseBodySize } = await request.sizes();
    sums.requests += 1;
    if (request.resourceType() in sums) sums[request.resourceType()] += responseBodySize;
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
    assert.ok(main.script <= 45 * KB, `main page: ${main.script} bytes of script`);
    assert.ok(main.stylesheet <= 15 * KB, `main page: ${main.stylesheet} bytes of style`);
    assert.ok(main.font <= 25 * KB, `main page: ${main.font} bytes of fonts`);
    const other = await town.visitor('about:blank');
    const room = await weigh(other.page, path);
    console.log(`     room: ${JSON.stringify(room)}`);
    assert.ok(room.script <= 90 * KB, `room: ${room.script} bytes of script`);
  },
};
