/** Files of text are read where they are, and whoever is put out of a room is told so. */
import { strict as assert } from 'node:assert';

export const journeys = {
  'a file of text shows its first lines, all on demand, and stays text': async (town) => {
    const ada = await town.owner('scribbler', 'Papers');
    const { page } = ada;
    const lines = Array.from(
      { length: 40 },
      (_, n) => `fn line_${n}() { let word = "<b>${n}</b>"; }`,
    );
    const buffer = Buffer.from(lines.join('\n'));
    const file = { name: 'main.rs', mimeType: 'text/plain', buffer };
    await page.locator('input[type=file]').setInputFiles([file]);
    await ada.composer().fill('look at this');
    await ada.composer().press('Enter');
    const row = ada.row('look at this');
    const code = row.getByRole('group', { name: /^Code/ });
    await code.filter({ hasText: 'line_5' }).waitFor();
    assert.doesNotMatch(await code.textContent(), /line_6/);
    assert.match(await code.textContent(), /<b>0<\/b>/);
    await code.locator('.hl-keyword').first().waitFor();
    await ada.shot('text-file');
    await row.getByRole('button', { name: 'Show all' }).click();
    await code.filter({ hasText: 'line_39' }).waitFor();
    await ada.axe('a file of text');
    await ada.shot('text-file-open');
    await row.getByRole('link', { name: /download/ }).waitFor();
    await row.getByRole('button', { name: 'Show less' }).click();
    const small = await town.visitor(`/r/${ada.slug()}`, {
      viewport: { width: 390, height: 844 },
      colorScheme: 'light',
    });
    await small.page.getByRole('group', { name: /^Code/ }).filter({ hasText: 'line_5' }).waitFor();
    await small.shot('text-file-phone');
  },

  'who is put out of a room is told so': async (town) => {
    const ada = await town.owner('bouncer', 'The door');
    const ben = await town.visitor(`/r/${ada.slug()}`);
    await ben.joinAs('Rowdy');
    const people = ada.page.getByRole('complementary', { name: 'Members' });
    await people.getByRole('button', { name: /Rowdy#/ }).click({ button: 'right' });
    await ada.page.getByRole('menuitem', { name: 'Kick' }).click();
    await ada.page.getByRole('dialog').getByRole('button', { name: 'Kick' }).click();
    await ben.page.getByText('You are no longer in The door: you were removed').waitFor();
    await ben.page.getByRole('button', { name: 'Join and talk' }).waitFor();
    await ben.shot('put-out');
  },
};
