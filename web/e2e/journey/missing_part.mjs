/** A part of the page that is fetched when it is asked for does not come: the server has a newer
 *  page, or there is no network. It is said, nothing typed is lost, and there is a way on. */
import { strict as assert } from 'node:assert';

const BAR = 'A part of the page could not be loaded. What you have typed is kept.';

/** A member whose parts come from the server, not from the worker's cache. */
async function uncached(town, name, room) {
  const ada = await town.owner(name, room);
  const storageState = await ada.context.storageState();
  const path = new URL(ada.page.url()).pathname;
  await ada.leave();
  const again = await town.visitor(path, { storageState, serviceWorkers: 'block' });
  await again.composer().waitFor();
  return again;
}

export const journeys = {
  'a part that is gone since an update is said, and a reload brings it': async (town) => {
    const ada = await uncached(town, 'picard', 'Missing part');
    const { page } = ada;
    ada.expectRefusals += 10;
    ada.expectMissing = true;
    const parts = /\/assets\/EmojiPicker-[^/]+\.(js|css)$/;
    await page.route(parts, (route) => route.fulfill({ status: 404, body: '' }));
    await ada.composer().fill('half a sentence');
    await page.getByRole('button', { name: 'Emoji' }).click();
    await page.getByText(BAR).waitFor();
    await ada.axe('the bar of a missing part');
    await ada.shot('missing-part');
    assert.equal(await ada.composer().inputValue(), 'half a sentence');
    await ada.composer().press('Enter');
    await ada.sees('half a sentence');
    await ada.composer().fill('another half');
    await page.getByRole('button', { name: 'Later' }).click();
    await page.getByText(BAR).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Emoji' }).click();
    await page.getByText(BAR).waitFor();
    await page.unroute(parts);
    await page.getByRole('button', { name: 'Reload' }).click();
    await page.waitForEvent('load');
    await ada.composer().waitFor();
    assert.equal(await ada.composer().inputValue(), 'another half');
    assert.equal(await page.getByText(BAR).count(), 0);
    await page.getByRole('button', { name: 'Emoji' }).click();
    await page.getByRole('searchbox', { name: 'Search emoji' }).waitFor();
  },

  'a whole screen that does not come for want of a network is said too': async (town) => {
    const ada = await uncached(town, 'riker', 'Missing screen');
    const { page } = ada;
    await ada.composer().fill('kept while lost');
    await page.waitForTimeout(500);
    const parts = /\/assets\/(SettingsScreen|AppearanceTab|ProfileTab)-[^/]+\.(js|css)$/;
    await page.route(parts, (route) => route.abort('internetdisconnected'));
    await page.getByRole('button', { name: 'Your account and settings' }).click();
    await page.getByRole('status').getByText(BAR).waitFor();
    await page.getByRole('main').getByText(BAR).waitFor();
    await ada.axe('in place of a screen');
    await ada.shot('missing-screen');
    await page.unroute(parts);
    await page.getByRole('main').getByRole('button', { name: 'Reload' }).click();
    await page.waitForEvent('load');
    await page.getByRole('heading', { name: 'My profile', level: 1 }).waitFor();
    await page.goBack();
    await ada.composer().waitFor();
    assert.equal(await ada.composer().inputValue(), 'kept while lost');
  },
};
