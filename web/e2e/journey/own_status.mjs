/** How one wishes to be seen, and how much of the room one wishes to see. */
import { strict as assert } from 'node:assert';
import { until } from '../pen.mjs';

export const journeys = {
  'own status is seen by others and holds; the people can be put away': async (town) => {
    const ada = await town.owner('pimpernel', 'Masks');
    const ben = await town.visitor(`/r/${ada.slug()}`);
    await ben.joinAs('Percy');
    const seen = ben.page
      .getByRole('complementary', { name: 'Members' })
      .getByRole('button', { name: /^pimpernel/ });
    await seen.waitFor();

    const { page } = ada;
    const me = page.getByRole('region', { name: 'You' }).getByRole('button', { name: /pimpernel/ });
    await me.click();
    await page.getByRole('menuitem', { name: /^Do not disturb/ }).waitFor();
    await ada.shot('own-menu');
    await page.getByRole('menuitem', { name: /^Do not disturb/ }).click();
    await until(async () => assert.match(await seen.textContent(), /do not disturb/));
    await page.reload();
    await ada.composer().waitFor();
    await me.click();
    await page.getByRole('menuitem', { name: /^Do not disturb.*now/ }).waitFor();
    await page.getByRole('menuitem', { name: 'Invisible' }).click();
    await until(async () => assert.doesNotMatch(await seen.textContent(), /disturb/));
    await ben.shot('own-status-seen');

    const people = page.getByRole('complementary', { name: 'Members' });
    await people.waitFor();
    const hide = page.getByRole('main').getByRole('button', { name: 'Members' });
    await hide.click();
    await people.waitFor({ state: 'hidden' });
    await ada.shot('people-away');
    await page.reload();
    await ada.composer().waitFor();
    assert.equal(await people.isVisible(), false);
    await hide.click();
    await people.waitFor();
  },
};
