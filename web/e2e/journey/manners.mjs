/** Small things that people notice in their first ten minutes. */
import { strict as assert } from 'node:assert';
import { PHONE } from '../browser.mjs';
import { until } from '../pen.mjs';

const focused = (page) =>
  page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');

const box = (locator) => locator.boundingBox();

export const journeys = {
  'an offered name gives way, an edited message says so on its line, names follow': async (
    town,
  ) => {
    const ada = await town.owner('winifred', 'Retro Games');
    await ada.say('hello there');
    await ada.act('hello there', 'Edit');
    const editor = ada.page.getByRole('log').getByRole('textbox');
    await editor.fill('hello all of you');
    await editor.press('Enter');
    await ada.page.getByText('(edited)').waitFor();
    const words = ada.row('hello all of you');
    const text = await box(words.locator('.content p'));
    const mark = await box(words.getByText('(edited)'));
    assert.ok(mark.y < text.y + text.height && mark.x > text.x, '(edited) stands behind the words');
    await ada.shot('manners-edited');

    const bob = await town.visitor(`/r/${ada.slug()}`);
    const name = bob.page.getByLabel('Your name');
    await name.click();
    await bob.page.keyboard.type('Walter');
    assert.equal(await name.inputValue(), 'Walter');
    await bob.page.getByRole('button', { name: 'Join and talk' }).click();
    await bob.composer().waitFor();
    await bob.say('I am a guest');
    await ada.sees('I am a guest');
    await ada.act('I am a guest', 'Reply');
    await ada.page.getByText(/Answer to Walter#\d+/).waitFor();
    await ada.say('and welcome');
    await bob.sees('and welcome');
    const tag = (await ada.row('and welcome').locator('.answer b').textContent()) ?? '';
    assert.match(tag, /^Walter#\d+$/);

    await ada.page.goto('/friends');
    await ada.page.getByLabel('Add a friend by username').fill('Nobody#0001');
    await ada.page.getByRole('button', { name: 'Ask', exact: true }).click();
    await ada.page.getByText('No guest of your rooms is called that.').waitFor();
    await ada.page.getByLabel('Add a friend by username').fill(tag);
    await ada.page.getByRole('button', { name: 'Ask', exact: true }).click();
    await ada.page.getByText(`${tag} was asked.`).waitFor();
    await until(async () => assert.match(await bob.page.title(), /^\(\d\)/));
    await ada.page.goBack();
    await ada.sees('and welcome');

    await bob.page.getByRole('button', { name: 'Make an account' }).click();
    const dialog = bob.page.getByRole('dialog');
    assert.equal(await dialog.getByLabel('Username').inputValue(), 'walter');
    bob.expectRefusals += 1;
    await dialog.getByLabel('Username').fill('no good!');
    await dialog.getByLabel('Password').fill('short');
    await dialog.getByRole('button', { name: 'Make account' }).click();
    await until(async () => assert.equal(await dialog.getByRole('alert').count(), 2));
    await bob.shot('manners-two-errors');
    await dialog.getByLabel('Username').fill('walter');
    await dialog.getByLabel('Password').fill('correct horse battery staple');
    await dialog.getByRole('button', { name: 'Make account' }).click();
    await bob.page.getByText('Your account is ready.').waitFor();
    await until(async () =>
      assert.doesNotMatch(await ada.row('and welcome').locator('.answer b').textContent(), /#/),
    );
  },

  'the focus comes back, voice is honest, and compact is compact': async (town) => {
    const ada = await town.owner('wilma', 'Board Games');
    const { page } = ada;
    await ada.say('first words');
    await ada.say('second words');
    for (const name of ['Invite people', 'Create a room']) {
      await page.getByRole('button', { name, exact: true }).last().focus();
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await until(async () => assert.equal(await focused(page), name));
    }
    const entries = await page
      .getByRole('navigation', { name: 'Channels' })
      .evaluate((nav) => [...nav.querySelectorAll('[data-drag]')].map((one) => one.textContent));
    assert.match(entries.at(-1), /Voice/, 'what is spoken stands below what is read');
    await page.getByRole('button', { name: /^Voice/ }).focus();
    await page.keyboard.press('Enter');
    const notice = page.getByText('Voice does not work in this page yet.');
    await notice.waitFor();
    const below = await box(page.getByRole('log'));
    const at = await box(notice);
    assert.ok(at.y < below.y + below.height / 2, 'a notice does not cover what one writes');
    await ada.shot('manners-notice');
    await page.evaluate(() => localStorage.setItem('osc.device', '{"density":"compact"}'));
    await page.reload();
    await ada.sees('second words');
    const row = ada.row('second words');
    const who = await box(row.locator('.author'));
    const words = await box(row.locator('.content p'));
    const when = await box(row.locator('.meta time'));
    assert.ok(Math.abs(who.y - words.y) < 8 && words.x > who.x && when.x < who.x, 'one line');
    assert.equal(await row.locator('.avatar').first().isVisible(), false);
    await ada.axe('compact');
    await ada.shot('manners-compact');
  },

  'on a phone a menu is as wide as the screen': async (town) => {
    const ada = await town.owner('wanda', 'Card Games');
    const phone = await town.visitor(`/r/${ada.slug()}`, {
      ...PHONE,
      storageState: await ada.context.storageState(),
    });
    await phone.composer().waitFor();
    await phone.composer().fill('hold me');
    await phone.page.getByRole('button', { name: 'Send message' }).click();
    await phone.sees('hold me');
    await phone.row('hold me').locator('article').focus();
    await phone.page.getByRole('button', { name: 'More' }).last().click();
    const menu = phone.page.getByRole('menu');
    await menu.waitFor();
    const sheet = await box(menu);
    assert.equal(sheet.x, 0);
    assert.equal(sheet.width, 390);
    assert.ok(Math.abs(sheet.y + sheet.height - 844) < 1);
    await phone.shot('manners-sheet');
  },
};
