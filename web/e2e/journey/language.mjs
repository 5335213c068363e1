/** German from the first word on, and back. */
import { strict as assert } from 'node:assert';

export const journeys = {
  'language: German follows the browser, dates and words alike': async (town) => {
    const { page } = await town.visitor('/', { locale: 'de-AT' });
    await page.getByRole('heading', { name: 'Öffentliche Räume' }).first().waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), 'de');
    await page.getByRole('button', { name: 'Konto anlegen' }).first().click();
    await page.getByRole('dialog').getByLabel('Benutzername').waitFor();
  },
};
