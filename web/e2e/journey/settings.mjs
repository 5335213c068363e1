/** Settings: looks that survive, words in German, everything by keyboard, nothing lost. */
import { strict as assert } from 'node:assert';
import { PHONE } from '../browser.mjs';
import { call, channelOf } from '../pen.mjs';

const TABS = [
  'profile',
  'account',
  'reports',
  'appearance',
  'notifications',
  'language',
  'keyboard',
  'advanced',
  'about',
];

const root = (page, name) => page.evaluate((key) => document.documentElement.dataset[key], name);

export const journeys = {
  'settings: colours, density and size take effect at once and survive a reload': async (town) => {
    const ada = await town.owner('settler', 'Looks');
    const { page } = ada;
    await ada.say('how big am I');
    await ada.sees('how big am I');
    await page.getByRole('button', { name: 'Your account and settings' }).click();
    await page.getByRole('link', { name: 'Appearance' }).click();
    assert.match(page.url(), /\/settings\/appearance$/);
    await page.getByText('Light', { exact: true }).click();
    assert.equal(await root(page, 'theme'), 'light');
    await page.getByText('Compact', { exact: true }).click();
    const slider = page.getByRole('slider', { name: 'Size of messages' });
    await slider.focus();
    for (let n = 0; n < 5; n += 1) await slider.press('ArrowRight');
    await page.getByRole('switch', { name: 'High contrast' }).click();
    assert.equal(await root(page, 'contrast'), 'more');
    await page.getByRole('button', { name: 'Undo' }).click();
    assert.equal(await root(page, 'contrast'), undefined);
    await page.reload();
    assert.equal(await root(page, 'theme'), 'light');
    assert.equal(await root(page, 'density'), 'compact');
    await page.getByRole('heading', { name: 'Appearance', level: 1 }).waitFor();
    await page.goBack();
    await ada.sees('how big am I');
    const size = await ada
      .row('how big am I')
      .locator('.content')
      .evaluate((node) => getComputedStyle(node).fontSize);
    assert.equal(size, '20px');
  },

  'settings: German from the switch, and what was typed stays': async (town) => {
    const ada = await town.owner('linguist', 'Worte');
    const { page } = ada;
    await ada.composer().fill('half a thou');
    await page.getByRole('button', { name: 'Your account and settings' }).click();
    await page.getByRole('link', { name: 'Language' }).click();
    await page.getByText('Deutsch', { exact: true }).click();
    await page.getByRole('heading', { name: 'Sprache', level: 1 }).waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), 'de');
    await page.getByRole('button', { name: 'Schließen' }).last().click();
    const composer = page.getByRole('textbox', { name: /^Nachricht an/ });
    await composer.waitFor();
    assert.equal(await composer.inputValue(), 'half a thou');
    await ada.shot('german-room');
    await page.goto('/settings/language');
    await page.getByText('English', { exact: true }).click();
    await page.getByRole('heading', { name: 'Language', level: 1 }).waitFor();
  },

  'settings: profile by keyboard only, unsaved changes hold, search finds': async (town) => {
    const ada = await town.owner('typist', 'Keys');
    const { page } = ada;
    const gear = page.getByRole('button', { name: 'Your account and settings' });
    await gear.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'My profile', level: 1 }).waitFor();
    await page.getByLabel('Display name').focus();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('Ty the Typist');
    await page.getByText('Careful: you have changes').first().waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('alert').filter({ hasText: 'Careful' }).waitFor();
    assert.match(page.url(), /settings/);
    await page.evaluate(() => history.back());
    await page.waitForURL(/settings/);
    assert.equal(await page.getByLabel('Display name').inputValue(), 'Ty the Typist');
    await page.getByRole('button', { name: 'Save', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('Saved.', { exact: true }).waitFor();
    const search = page.getByRole('searchbox', { name: 'Search settings' });
    await search.focus();
    await page.keyboard.type('saturation');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Appearance', level: 1 }).waitFor();
    await page.keyboard.press('Escape'); // empties the search
    await page.keyboard.press('Escape'); // leaves
    await ada.composer().waitFor();
    await page.waitForFunction(
      () => document.activeElement?.getAttribute('aria-label') === 'Your account and settings',
    );
    await page.getByText('Ty the Typist').first().waitFor();
  },

  'settings: a picture is cut to a square, shown, and removed': async (town) => {
    const ada = await town.account('painter');
    const { page } = ada;
    await page.getByRole('button', { name: 'Your account and settings' }).click();
    const png = await page.evaluate(() => {
      const canvas = document.createElement('canvas');
      canvas.width = 600;
      canvas.height = 300;
      const context = canvas.getContext('2d');
      context.fillStyle = '#0a7';
      context.fillRect(0, 0, 600, 300);
      return canvas.toDataURL('image/png').split(',')[1];
    });
    const file = { name: 'me.png', mimeType: 'image/png', buffer: Buffer.from(png, 'base64') };
    await page.locator('input[type=file]').setInputFiles(file);
    await page.getByRole('slider', { name: 'Zoom' }).press('ArrowRight');
    await ada.axe('crop');
    await page.getByRole('button', { name: 'Use picture' }).click();
    await page.getByText('Your picture is changed.').waitFor();
    const image = page.locator('#picture img');
    await image.waitFor();
    await page.waitForFunction(() => document.querySelector('#picture img')?.naturalWidth > 0);
    assert.equal(await image.evaluate((node) => node.naturalWidth === node.naturalHeight), true);
    await page.getByRole('button', { name: 'Remove picture' }).click();
    await image.waitFor({ state: 'detached' });
  },

  'settings: swapped Enter begins a line and Ctrl+Enter sends': async (town) => {
    const ada = await town.owner('swapper', 'Enter');
    const { page } = ada;
    await page.getByRole('button', { name: 'Your account and settings' }).click();
    await page.getByRole('link', { name: 'Keyboard' }).click();
    await page.getByRole('switch', { name: 'Enter sends the message' }).click();
    await page.keyboard.press('Escape');
    const composer = ada.composer();
    await composer.fill('first line');
    await composer.press('Enter');
    await composer.pressSequentially('second line');
    assert.equal(await composer.inputValue(), 'first line\nsecond line');
    await composer.press('Control+Enter');
    await ada.sees('second line');
  },

  'settings: with developer mode every menu offers the id, without it none does': async (town) => {
    const ada = await town.owner('numberer', 'Numbers');
    const { page } = ada;
    const slug = ada.slug();
    const channelId = await channelOf(ada);
    const ben = await town.account('numbered');
    await ben.page.goto(`/r/${slug}`);
    await ben.page.getByRole('button', { name: 'Join and talk' }).click();
    await ben.composer().waitFor();
    await ben.say('which number am I');
    await ada.sees('which number am I');
    const benId = (await call(ben, 'GET', '/api/v10/users/@me')).id;
    const row = ada.row('which number am I');
    const messageId = await row.first().getAttribute('data-id');
    const entry = page.getByRole('menuitem', { name: 'Copy id', exact: true });
    const people = page.getByRole('complementary', { name: 'Members' });
    const menus = {
      room: () => page.getByRole('button', { name: 'Numbers', exact: true }).first().click(),
      channel: () => page.locator('nav[aria-label=Channels] a').first().click({ button: 'right' }),
      message: () => row.first().click({ button: 'right', position: { x: 300, y: 10 } }),
      person: () => people.getByRole('button', { name: /numbered/ }).click({ button: 'right' }),
      myself: () => people.getByRole('button', { name: /numberer/ }).click({ button: 'right' }),
    };
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    for (const open of [menus.room, menus.channel, menus.message, menus.person]) {
      await open();
      await page.getByRole('menu').waitFor();
      assert.equal(await entry.count(), 0);
      await page.keyboard.press('Escape');
      await page.getByRole('menu').waitFor({ state: 'detached' });
    }
    await page.getByRole('button', { name: 'Your account and settings' }).click();
    await page.getByRole('link', { name: 'Advanced' }).click();
    await page.getByRole('switch', { name: 'Developer mode' }).click();
    await page.keyboard.press('Escape');
    await ada.sees('which number am I');
    const ids = {
      room: (await call(ada, 'GET', `/api/v10/channels/${channelId}`)).guild_id,
      channel: channelId,
      message: messageId,
      person: benId,
      myself: (await call(ada, 'GET', '/api/v10/users/@me')).id,
    };
    for (const [what, open] of Object.entries(menus)) {
      await page.evaluate(() => navigator.clipboard.writeText('nothing yet'));
      await open();
      await ada.shot(`copy-id-${what}`);
      await entry.click();
      await page.getByText('Copied.', { exact: true }).waitFor();
      assert.equal(await copied(), ids[what], what);
    }
    // Somebody's card, and a conversation with them.
    await people.getByRole('button', { name: /numbered/ }).click();
    const card = page.getByRole('dialog');
    await card.getByRole('button', { name: 'More' }).click();
    await entry.click();
    assert.equal(await copied(), ids.person, 'card');
    await people.getByRole('button', { name: /numbered/ }).click();
    await card.getByRole('button', { name: 'Message' }).click();
    await page.waitForURL(/\/dm\/\d+$/);
    const direct = new URL(page.url()).pathname.split('/').pop();
    await page
      .getByRole('navigation', { name: 'Direct messages' })
      .getByRole('link', { name: /numbered/ })
      .click({ button: 'right' });
    await entry.click();
    assert.equal(await copied(), direct, 'conversation');
    // A role has no menu: its page has the button.
    await page.goto(`/r/${slug}/settings/roles`);
    await page.locator('.list').getByRole('button', { name: 'Everybody' }).click();
    await page.getByRole('button', { name: 'Copy id' }).click();
    await page.getByText('Copied.', { exact: true }).waitFor();
    assert.equal(await copied(), ids.room, 'the role of everybody has the id of the room');
  },

  'settings: every page passes axe, dark, light, contrast and phone': async (town) => {
    const ada = await town.owner('checker', 'Pages');
    const state = await ada.context.storageState();
    const shapes = [
      ['dark', {}, 'dark'],
      ['light', {}, 'light'],
      ['phone', PHONE, 'dark'],
      ['phone-light', PHONE, 'light'],
    ];
    for (const [name, shape, colorScheme] of shapes) {
      const visitor = await town.visitor('/settings', {
        ...shape,
        colorScheme,
        storageState: state,
      });
      const { page } = visitor;
      await page.getByRole('navigation', { name: 'Settings' }).waitFor();
      if (name.startsWith('phone')) {
        await visitor.axe(`settings list ${name}`);
        await visitor.shot(`settings-list-${name}`);
      }
      for (const tab of TABS) {
        await page.goto(`/settings/${tab}`);
        await page.locator('main h2').first().waitFor();
        await visitor.axe(`settings ${tab} ${name}`);
        await visitor.shot(`settings-${tab}-${name}`);
        const wide = await page.evaluate(
          () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
        );
        assert.equal(wide, false, `${tab} ${name} scrolls sideways`);
      }
      await visitor.leave();
    }
    const visitor = await town.visitor('/settings/appearance', { storageState: state });
    await visitor.page.getByRole('switch', { name: 'High contrast' }).click();
    await visitor.axe('settings contrast');
    await visitor.shot('settings-contrast');
    const slider = visitor.page.getByRole('slider', { name: 'Strength of colours' });
    await slider.press('Home');
    await visitor.axe('settings grey');
  },
};
