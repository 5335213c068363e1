/** Search: words and filters find, a press leads there. */
import { strict as assert } from 'node:assert';
import { until, write } from '../pen.mjs';

const results = (page) => page.locator('.search-panel .results a');

export const journeys = {
  'search: words and filters find messages, and a press leads to one': async (town) => {
    const ada = await town.owner('archivist', 'Archive');
    const ben = await town.visitor(`/r/${ada.slug()}`);
    await ben.joinAs('Finder');
    await write(ada, ['Café opens at nine', 'tea at ten, see https://example.org', 'coffee']);
    await write(
      ada,
      Array.from({ length: 30 }, (_, at) => `filler number ${at}`),
    );
    await write(ben, ['the cafe was closed']);
    const { page } = ada;
    await page.getByRole('textbox', { name: /^Message/ }).focus();
    await page.keyboard.press('Control+f');
    const field = page.getByRole('combobox', { name: 'Search messages' });
    await field.waitFor();
    await page.getByRole('button', { name: /From somebody/ }).waitFor();
    await ada.shot('search-empty');
    await field.fill('cafe');
    await until(async () => assert.equal(await results(page).count(), 2));
    assert.deepEqual(await page.locator('.search-panel mark').allTextContents(), ['cafe', 'Café']);
    await ada.shot('search-found');

    await field.fill('cafe from:find');
    await page.getByRole('option', { name: /Finder/ }).waitFor();
    await ada.shot('search-suggestions');
    await field.press('Enter');
    await until(async () => assert.equal(await results(page).count(), 1));
    await page.getByRole('button', { name: /^Take away: from: Finder/ }).click();
    await until(async () => assert.equal(await results(page).count(), 2));
    await field.fill('has:link');
    await field.press('Enter');
    await until(async () => assert.equal(await results(page).count(), 1));
    await field.press('Backspace');

    await field.fill('filler');
    await page.getByText('Page 1 of 2').waitFor();
    await page.getByRole('button', { name: 'Next', exact: true }).click();
    await page.getByText('Page 2 of 2').waitFor();
    await page.getByLabel('Order').selectOption('oldest');
    await until(async () => assert.match(await results(page).first().innerText(), /number 0\s*$/));
    await field.fill('nothing like this');
    await page.getByText('Nothing was found.').waitFor();
    await field.fill('opens');
    await until(async () => assert.equal(await results(page).count(), 1));
    await results(page).first().click();
    await page.getByRole('article').filter({ hasText: 'Café opens at nine' }).waitFor();
    await page.getByRole('button', { name: 'Close the search' }).click();
    await field.waitFor({ state: 'detached' });
  },

  'search: on a phone it is a screen of its own': async (town) => {
    const ada = await town.owner('archivist2', 'Pocket');
    await ada.say('a needle in the hay');
    const phone = await town.visitor(new URL(ada.page.url()).pathname, {
      storageState: await ada.context.storageState(),
      viewport: { width: 390, height: 844 },
      colorScheme: 'dark',
    });
    const { page } = phone;
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    const field = page.getByRole('combobox', { name: 'Search messages' });
    await field.fill('needle');
    await until(async () => assert.equal(await results(page).count(), 1));
    await phone.shot('search-phone');
    const { width } = await results(page).first().boundingBox();
    assert.ok(width > 300, `as wide as the screen: ${width}`);
    await results(page).first().click();
    await page.getByRole('article').filter({ hasText: 'needle' }).waitFor();
  },
};
