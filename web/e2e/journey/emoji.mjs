/** Emoji of a room: uploaded, used, renamed, gone. */
import { strict as assert } from 'node:assert';
import { PHONE } from '../browser.mjs';
import { until } from '../pen.mjs';

/** A square of one colour, as somebody would upload it. */
const picture = (page, color) =>
  page.evaluate((fill) => {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 96;
    const context = canvas.getContext('2d');
    context.fillStyle = fill;
    context.beginPath();
    context.arc(48, 48, 46, 0, 7);
    context.fill();
    return canvas.toDataURL('image/png').split(',')[1];
  }, color);

const drawn = (page, name) =>
  page
    .locator(`[role=log] img[alt=":${name}:"]`)
    .evaluateAll((all) =>
      all.filter((one) => one.complete && one.naturalWidth > 0).map((one) => one.clientHeight),
    );

export const journeys = {
  'emoji of a room are uploaded, written, reacted with, renamed and deleted': async (town) => {
    const ada = await town.owner('emojist', 'Gallery');
    const ben = await town.visitor(`/r/${ada.slug()}`);
    await ben.joinAs('Looker');
    const { page } = ada;
    const path = new URL(page.url()).pathname;
    await page.goto(`/r/${ada.slug()}/settings/emoji`);
    await page.getByText('There are no emoji yet. Upload the first one.').waitFor();
    const files = [];
    for (const [name, color] of [
      ['party parrot.png', 'teal'],
      ['Ärger.png', 'crimson'],
    ]) {
      files.push({
        name,
        mimeType: 'image/png',
        buffer: Buffer.from(await picture(page, color), 'base64'),
      });
    }
    await page.locator('input[type=file]').setInputFiles(files);
    await page.getByRole('textbox', { name: 'Name of :Arger:' }).waitFor();
    await page.getByText('2 of 50 that stand still, 0 of 50 that move.').waitFor();
    await ada.shot('emoji-tab');
    const name = page.getByRole('textbox', { name: 'Name of :Arger:' });
    await name.fill('cross');
    await name.press('Enter');
    await page.getByText('Saved.', { exact: true }).waitFor();

    // Written by a short code, alone it is large, and the other one sees it.
    await page.goto(path);
    const field = page.getByRole('textbox', { name: /^Message/ });
    await field.fill('look ');
    await field.pressSequentially(':party');
    await page.getByRole('option', { name: ':party_parrot:' }).waitFor();
    await ada.shot('emoji-suggestions');
    await field.press('Enter');
    await field.press('Enter');
    await until(async () => {
      const [height] = await drawn(ben.page, 'party_parrot');
      assert.ok(height > 16 && height < 28, `as high as a line: ${height}`);
    });
    await field.fill(':cross:');
    await field.press('Enter');
    await until(async () => assert.ok((await drawn(ben.page, 'cross'))[0] > 40));

    // By the picker, as a reaction.
    await ben.page.getByRole('article').filter({ hasText: 'look' }).hover();
    await ben.page.getByRole('button', { name: 'React', exact: true }).click();
    await ben.page.getByRole('button', { name: 'Emoji of rooms' }).click();
    await ben.shot('emoji-picker');
    await ben.page.getByRole('button', { name: ':cross:' }).first().click();
    await page.getByRole('button', { name: /^cross, 1/ }).waitFor();
    await page.getByRole('button', { name: /^cross, 1/ }).click();
    await ben.page.getByRole('button', { name: /^cross, 2/ }).waitFor();
    await ada.shot('emoji-reactions');

    // Gone: what was written keeps its name.
    await page.goto(`/r/${ada.slug()}/settings/emoji`);
    await page.getByRole('button', { name: 'Delete :party_parrot:' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('1 of 50 that stand still').waitFor();
    assert.equal(await page.getByRole('textbox', { name: /^Name of/ }).count(), 1);
    await page.setViewportSize(PHONE.viewport ?? { width: 390, height: 844 });
    await ada.shot('emoji-tab-phone');
  },
};
