/** Room settings: what one person changes there, the other sees; only who may gets in. */
import { strict as assert } from 'node:assert';
import { PHONE } from '../browser.mjs';
import { call, channelOf, until } from '../pen.mjs';

const TABS = [
  'overview',
  'channels',
  'roles',
  'members',
  'emoji',
  'safety',
  'reports',
  'bans',
  'invites',
  'webhooks',
  'audit',
];

async function openSettings({ page }, room) {
  await page.getByRole('button', { name: room, exact: true }).first().click();
  await page.getByRole('menuitem', { name: 'Room settings' }).click();
  await page.getByRole('navigation', { name: room }).waitFor();
}

async function save(page) {
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('Saved.', { exact: true }).waitFor();
}

export const journeys = {
  'room settings: a role is made, given, and the other one may more at once': async (town) => {
    const ada = await town.owner('rolemaker', 'Guildhall');
    const path = `/r/${ada.slug()}`;
    const ben = await town.visitor(path);
    await ben.joinAs('Benedict');
    await ben.say('hello from below');
    await ada.sees('hello from below');
    const { page } = ada;
    await openSettings(ada, 'Guildhall');
    await page.getByRole('link', { name: 'Roles and rights' }).click();
    await page.getByRole('button', { name: 'New role' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Wardens');
    await page.getByRole('button', { name: /^Keeps order/ }).click();
    await page.getByText('Give this only to people you trust').waitFor();
    await page.getByRole('switch', { name: 'Manage channels' }).click();
    await page.getByRole('radio', { name: 'Purple' }).check({ force: true });
    await ada.shot('role-editor');
    await save(page);
    await page.getByRole('link', { name: 'Members' }).click();
    await page.getByRole('button', { name: /Benedict/ }).click();
    await page.getByRole('switch', { name: 'Wardens' }).click();
    await page.getByText('What can this person do?').click();
    await page
      .getByRole('listitem')
      .filter({ hasText: 'Kick people' })
      .filter({ hasText: 'by the role Wardens' })
      .waitFor();
    await ada.shot('member-editor');
    // The other one sees the new right without a reload.
    await ben.page.getByRole('button', { name: 'Guildhall', exact: true }).first().click();
    await ben.page.getByRole('menuitem', { name: 'Create a channel' }).waitFor();
    await ben.page.getByRole('menuitem', { name: 'Room settings' }).click();
    await ben.page.getByRole('heading', { name: 'Channels', level: 1 }).waitFor();
    assert.equal(await ben.page.getByRole('link', { name: 'Overview' }).count(), 0);
    assert.equal(await ben.page.getByRole('link', { name: 'Bans' }).count(), 1);
    await ben.shot('warden-settings');
    await page.getByRole('switch', { name: 'Wardens' }).click();
    await ben.page.getByText('There is nothing here').waitFor();
  },

  'room settings: name, words, address and picture reach the other one': async (town) => {
    const ada = await town.owner('overseer', 'Old name');
    const ben = await town.visitor(`/r/${ada.slug()}`);
    await ben.joinAs('Watcher');
    const { page } = ada;
    await openSettings(ada, 'Old name');
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('New name');
    await page.getByLabel('Description').fill('What it is about');
    await page.getByLabel('Address of the room').fill('x');
    ada.expectRefusals += 1;
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    const slug = page.getByLabel('Address of the room');
    await page.getByRole('alert').filter({ hasText: /./ }).first().waitFor();
    assert.equal(await slug.evaluate((node) => node === document.activeElement), true);
    await slug.fill('quite-new');
    await save(page);
    await page.waitForURL(/\/r\/quite-new\/settings\/overview$/);
    await ben.page.getByRole('button', { name: 'New name', exact: true }).first().waitFor();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Never');
    await page.getByRole('link', { name: 'Roles and rights' }).click();
    await page.getByRole('alert').filter({ hasText: 'Careful' }).waitFor();
    assert.match(page.url(), /overview$/);
    await page.getByRole('button', { name: 'Reset' }).click();
    assert.equal(
      await page.getByRole('textbox', { name: 'Name', exact: true }).inputValue(),
      'New name',
    );
    const erase = page.getByRole('button', { name: 'Delete room' });
    assert.equal(await erase.isDisabled(), true);
    await page.getByLabel('Type New name to be sure').fill('New name');
    ben.expectRefusals += 1;
    await erase.click();
    await page.waitForURL((url) => url.pathname === '/');
  },

  'room settings: channels move by keyboard, and one becomes private': async (town) => {
    const ada = await town.owner('mover', 'Corridors');
    const ben = await town.visitor(`/r/${ada.slug()}`);
    await ben.joinAs('Walker');
    const { page } = ada;
    await openSettings(ada, 'Corridors');
    await page.getByRole('link', { name: 'Channels' }).click();
    for (const name of ['first', 'second']) {
      await page.getByRole('button', { name: 'Create a channel' }).click();
      await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill(name);
      await page.getByRole('dialog').getByRole('button', { name: 'Create channel' }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    const order = () => page.locator('#channels li .cut').allTextContents();
    const before = await order();
    await page.getByRole('button', { name: 'Move second up' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText(/second is now number/).waitFor();
    const after = await order();
    assert.equal(after.indexOf('second'), before.indexOf('second') - 1);
    await ben.page.getByRole('link', { name: /second/ }).waitFor();
    await page.getByRole('button', { name: 'second', exact: true }).click();
    await page.getByLabel('Topic').fill('Only for some');
    await page.getByLabel('Slow mode').selectOption({ label: '10 seconds' });
    await page.getByRole('switch', { name: 'Private' }).click();
    await ada.shot('channel-editor');
    await save(page);
    await ben.page.getByRole('link', { name: /second/ }).waitFor({ state: 'detached' });
    await page
      .getByLabel('For whom')
      .selectOption({ label: /^Walker/ })
      .catch(async () => {
        const value = await page
          .getByLabel('For whom')
          .locator('option', { hasText: 'Walker' })
          .getAttribute('value');
        await page.getByLabel('For whom').selectOption(value);
      });
    await page
      .getByRole('group', { name: /^See channels/ })
      .getByRole('radio', { name: 'Allow' })
      .check({ force: true });
    await save(page);
    await ben.page.getByRole('link', { name: /second/ }).waitFor();
  },

  'room settings: a channel has an address of its own, also for who keeps only that one': async (
    town,
  ) => {
    const ada = await town.owner('addresser', 'Archive');
    const { page } = ada;
    const slug = ada.slug();
    const ben = await town.visitor(`/r/${slug}`);
    await ben.joinAs('Librarian');
    const general = await channelOf(ada);
    const { guild_id: guildId } = await call(ada, 'GET', `/api/v10/channels/${general}`);
    const shelf = await call(ada, 'POST', `/api/v10/guilds/${guildId}/channels`, {
      name: 'shelf',
      type: 0,
    });
    const benId = (await call(ben, 'GET', '/api/v10/users/@me')).id;
    const address = new RegExp(`/r/${slug}/settings/channels\\?id=${shelf.id}$`);
    await page.getByRole('link', { name: /shelf/ }).click();
    await page.waitForURL(new RegExp(`/${shelf.id}$`));
    // The button above the conversation; a reload stays; Escape leads back to the button.
    await page.getByRole('button', { name: 'Channel settings' }).click();
    await page.waitForURL(address);
    await page.getByLabel('Topic').fill('What stands here');
    await save(page);
    await page.reload();
    await page.getByRole('heading', { name: '#shelf' }).waitFor();
    // What was kept in the browser is there first, what the server says a moment later.
    const topic = () => page.getByLabel('Topic').inputValue();
    await until(async () => assert.equal(await topic(), 'What stands here'));
    // Not saved: neither another channel nor "back" takes it away.
    await page.getByLabel('Topic').fill('half a thou');
    await page.locator('.list').getByRole('button', { name: 'general', exact: true }).click();
    await page.getByRole('alert').filter({ hasText: 'Careful' }).waitFor();
    assert.match(page.url(), address);
    await page.evaluate(() => history.back());
    await page.waitForURL(address);
    await page.getByRole('button', { name: 'Reset' }).click();
    await page.keyboard.press('Escape');
    await page.waitForURL(new RegExp(`/r/${slug}/${shelf.id}$`));
    await page.waitForFunction(() => document.activeElement?.ariaLabel === 'Channel settings');
    // The menu of the channel leads to the same place, and "back" away from it.
    await page.getByRole('link', { name: /shelf/ }).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Edit channel' }).click();
    await page.waitForURL(address);
    await page.goBack();
    await page.waitForURL(new RegExp(`/r/${slug}/${shelf.id}$`));
    // Somebody who may change this channel and nothing else.
    assert.equal(await ben.page.getByRole('button', { name: 'Channel settings' }).count(), 0);
    await call(ada, 'PUT', `/api/v10/channels/${shelf.id}/permissions/${benId}`, {
      type: 1,
      allow: '16',
      deny: '0',
    });
    await ben.page.getByRole('link', { name: /shelf/ }).click();
    await ben.page.getByRole('button', { name: 'Channel settings' }).click();
    await ben.page.waitForURL(address);
    await ben.page.reload();
    const list = ben.page.locator('.list');
    await list.getByRole('button', { name: 'shelf', exact: true }).waitFor();
    assert.equal(
      await list.getByRole('button', { name: 'general', exact: true }).isDisabled(),
      true,
    );
    assert.equal(await ben.page.getByRole('button', { name: 'Create a channel' }).count(), 0);
    assert.equal(await ben.page.getByRole('button', { name: /^Move/ }).count(), 0);
    await ben.page.getByLabel('Topic').fill('Kept by Librarian');
    await save(ben.page);
    await ben.shot('channel-keeper');
    await page.getByText('Kept by Librarian').first().waitFor();
    // On a phone the page covers the list, and "back" uncovers it.
    const phone = await town.visitor(`/r/${slug}/settings/channels`, {
      ...PHONE,
      storageState: await ada.context.storageState(),
    });
    await phone.page.getByRole('button', { name: 'shelf', exact: true }).click();
    await phone.page.waitForURL(address);
    await phone.page.getByRole('heading', { name: '#shelf' }).waitFor();
    await phone.page.waitForFunction(() => /All channels/.test(document.activeElement.innerText));
    await phone.page.goBack();
    await phone.page.getByRole('button', { name: 'Create a channel' }).waitFor();
    await phone.page.waitForFunction(() => /shelf/.test(document.activeElement.innerText));
  },

  'room settings: ban with a reason, lift it, and an invitation that ends': async (town) => {
    const ada = await town.owner('gatekeeper', 'Gate');
    const path = `/r/${ada.slug()}`;
    const ben = await town.visitor(path);
    await ben.joinAs('Pest');
    const { page } = ada;
    await openSettings(ada, 'Gate');
    await page.getByRole('link', { name: 'Members' }).click();
    await page.getByRole('searchbox', { name: 'Search members' }).fill('pes');
    await page.getByRole('button', { name: /Pest/ }).click();
    await page.getByLabel('Reason', { exact: true }).fill('Noise über alles');
    ben.expectRefusals += 5;
    await page.getByRole('button', { name: /^Ban Pest/ }).click();
    await page.getByText('is banned.').waitFor();
    await page.getByRole('link', { name: 'Bans' }).click();
    await page.getByText('Noise über alles').waitFor();
    await ada.shot('bans');
    await page.getByRole('button', { name: /^Lift ban/ }).click();
    await page.getByText('Nobody is banned here.').waitFor();
    await page.getByRole('link', { name: 'Invitations' }).click();
    await page.getByRole('button', { name: 'New invitation' }).click();
    const dialog = page.getByRole('dialog');
    const link = await dialog.getByLabel('Invitation link').inputValue();
    await dialog.getByRole('button', { name: 'Close' }).click();
    const code = link.split('/').pop();
    await page.getByText(`/i/${code}`).waitFor();
    await ada.shot('invites');
    await page.getByRole('button', { name: `Revoke: ${code}` }).click();
    await page.getByText(`/i/${code}`).waitFor({ state: 'detached' });
  },

  'room settings: every page passes axe, dark, light and phone': async (town) => {
    const ada = await town.owner('inspector', 'Inspected');
    const { page } = ada;
    const base = `/r/${ada.slug()}/settings`;
    await openSettings(ada, 'Inspected');
    await page.getByRole('link', { name: 'Roles and rights' }).click();
    await page.getByRole('button', { name: 'New role' }).click();
    await page.getByRole('heading', { name: 'New role' }).waitFor();
    const state = await ada.context.storageState();
    for (const [name, shape, colorScheme] of [
      ['dark', {}, 'dark'],
      ['light', {}, 'light'],
      ['phone', PHONE, 'dark'],
      ['phone-light', PHONE, 'light'],
    ]) {
      const visitor = await town.visitor('/', { ...shape, colorScheme, storageState: state });
      const { page: view } = visitor;
      for (const tab of TABS) {
        await view.goto(`${base}/${tab}`);
        await view.getByRole('heading', { level: 1 }).waitFor();
        const pick = { channels: /^general$/, roles: /New role$/, members: /inspector/ }[tab];
        if (pick) {
          await view.locator('.list').getByRole('button', { name: pick }).last().click();
          await view.locator('.detail h2').waitFor();
        }
        await visitor.axe(`room ${tab} ${name}`);
        await visitor.shot(`room-${tab}-${name}`);
        const wide = await view.evaluate(
          () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
        );
        assert.equal(wide, false, `${tab} ${name} scrolls sideways`);
      }
      await visitor.leave();
    }
  },
};
