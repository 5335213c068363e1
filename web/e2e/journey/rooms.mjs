/** Rooms, channels, invitations, and those who keep order. */
import { strict as assert } from 'node:assert';

export const journeys = {
  'a room, a channel, an invitation: the other comes in by the link': async (town) => {
    const ada = await town.owner('sophie', 'Secret garden', 'Private');
    const { page } = ada;
    await page.getByRole('button', { name: 'Create a channel' }).click();
    await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('roses');
    await page.getByRole('dialog').getByLabel('Topic (optional)').fill('Thorns too');
    await page.getByRole('dialog').getByRole('button', { name: 'Create channel' }).click();
    await page.getByRole('heading', { level: 1, name: 'roses' }).waitFor();
    await ada.say('first rose');
    await page.getByRole('button', { name: 'Invite people' }).click();
    const link = page.getByLabel('Invitation link');
    await link.waitFor();
    const address = await link.inputValue();
    await page.getByRole('button', { name: 'Copy' }).click();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), address);
    await ada.shot('invite');
    await ada.axe('invite dialog');
    await page.getByRole('button', { name: 'Close' }).click();

    const outside = await town.visitor(new URL(page.url()).pathname);
    outside.expectRefusals += 1;
    await outside.page.getByText('There is nothing here').waitFor();

    const ben = await town.visitor(new URL(address).pathname);
    await ben.page.getByRole('heading', { name: 'Secret garden' }).waitFor();
    await ben.axe('invitation');
    await ben.shot('invitation');
    await ben.page.getByLabel('Your name').fill('Ben');
    await ben.page.getByRole('button', { name: 'Join as guest' }).click();
    await ben.page.getByRole('link', { name: 'roses' }).click();
    await ben.sees('first rose');
    await ben.say('and a second');
    await ada.sees('and a second');
  },

  'the directory finds rooms, with people counted': async (town) => {
    const ada = await town.owner('lisette', 'Orchard of apples');
    const visitor = await town.visitor('/');
    const search = visitor.page.getByRole('searchbox', { name: 'Search rooms' });
    await search.fill('orchard');
    await visitor.page.getByRole('link', { name: /Orchard of apples/ }).waitFor();
    await visitor.page.getByText('1 member').first().waitFor();
    await search.fill('no such room anywhere');
    await visitor.page.getByText('No room matches').waitFor();
    await ada.leave();
  },

  'kick and ban end a visit': async (town) => {
    const ada = await town.owner('maria', 'Strict');
    const address = `/r/${ada.slug()}`;
    const noisy = await town.visitor(address);
    await noisy.joinAs('Noisy');
    await noisy.say('LOUD NOISE');
    await ada.sees('LOUD NOISE');
    const people = ada.page.getByRole('complementary', { name: 'Members' });
    const menu = async (entry) => {
      await people.getByRole('button', { name: /Noisy#/ }).click({ button: 'right' });
      await ada.page.getByRole('menuitem', { name: entry }).click();
      await ada.page.getByRole('dialog').getByRole('button', { name: entry }).click();
    };
    await menu('Kick');
    await noisy.page.getByRole('button', { name: 'Join and talk' }).click();
    await noisy.composer().waitFor();
    noisy.expectRefusals += 1;
    await menu('Ban');
    await ada.seesNot('LOUD NOISE');
    await noisy.page.getByRole('button', { name: 'Join and talk' }).click();
    await noisy.page.getByRole('alert').filter({ hasText: /./ }).first().waitFor();
    await ada.page.getByRole('button', { name: 'Strict', exact: true }).click();
    await ada.page.getByRole('menuitem', { name: 'Room settings' }).click();
    await ada.page.getByRole('link', { name: 'Bans' }).click();
    await ada.page.getByRole('button', { name: 'Lift ban' }).click();
    await ada.page.getByText('Nobody is banned here.').waitFor();
  },

  'unread marks, mentions and direct messages': async (town) => {
    const ada = await town.owner('chien', 'Marks');
    const ben = await town.visitor(`/r/${ada.slug()}`);
    await ben.joinAs('Ben');
    await ada.page.getByRole('button', { name: 'Create a channel' }).click();
    await ada.page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('second');
    await ada.page.getByRole('dialog').getByRole('button', { name: 'Create channel' }).click();
    await ada.page.getByRole('heading', { level: 1, name: 'second' }).waitFor();
    await ada.say('nobody looks here');
    await ben.page.getByRole('link', { name: 'second, unread' }).waitFor();
    await ada.composer().pressSequentially('hey @Be');
    await ada.page.getByRole('option', { name: /Ben#/ }).waitFor();
    await ada.composer().press('Tab');
    await ada.composer().press('Enter');
    await ben.page.getByRole('link', { name: /second, 1 mention, unread/ }).waitFor();
    await ben.page.reload();
    const second = ben.page.getByRole('link', { name: /second, 1 mention, unread/ });
    await second.waitFor();
    await second.click();
    await ben.sees('nobody looks here');
    await ben.page.getByText('New', { exact: true }).waitFor();
    await ben.page.waitForTimeout(800);
    await ben.page.reload();
    await ben.page.getByRole('link', { name: 'second', exact: true }).waitFor();

    const people = ben.page.getByRole('complementary', { name: 'Members' });
    await people.getByRole('button', { name: /chien/ }).click();
    await ben.page.getByRole('dialog').getByRole('button', { name: 'Message' }).click();
    await ben.page.getByRole('heading', { level: 1, name: 'chien' }).waitFor();
    await ben.say('psst');
    await ada.page.getByRole('link', { name: /Direct messages, 1 new/ }).click();
    await ada.page.getByRole('link', { name: /Ben#\d+/ }).click();
    await ada.sees('psst');
    await ada.say('yes?');
    await ben.sees('yes?');
  },

  'leaving and coming back, settings, deleting the room': async (town) => {
    const ada = await town.owner('tu', 'Passing place');
    const ben = await town.visitor(`/r/${ada.slug()}`);
    await ben.joinAs('Ben');
    await ada.page.getByRole('button', { name: 'Passing place', exact: true }).click();
    await ada.page.getByRole('menuitem', { name: 'Room settings' }).click();
    await ada.axe('room settings');
    await ada.page.getByRole('textbox', { name: 'Name', exact: true }).fill('Resting place');
    await ada.page.getByRole('button', { name: 'Save', exact: true }).click();
    await ada.page.getByText('Saved.', { exact: true }).waitFor();
    await ada.page
      .getByRole('button', { name: 'Save', exact: true })
      .waitFor({ state: 'detached' });
    await ada.page.keyboard.press('Escape');
    await ben.page.getByRole('button', { name: 'Resting place' }).waitFor();
    await ben.page.getByRole('button', { name: 'Resting place' }).click();
    await ben.page.getByRole('menuitem', { name: 'Leave room' }).click();
    await ben.page.getByRole('dialog').getByRole('button', { name: 'Leave room' }).click();
    await ben.page.getByRole('link', { name: /Resting place/ }).click();
    await ben.page.getByRole('button', { name: 'Join and talk' }).click();
    await ben.composer().waitFor();
    await ada.page.getByRole('button', { name: 'Resting place', exact: true }).click();
    await ada.page.getByRole('menuitem', { name: 'Room settings' }).click();
    ben.expectRefusals += 1;
    await ada.page.getByText('Nobody can undo this').waitFor();
    await ada.page.getByLabel('Type Resting place to be sure').fill('Resting place');
    await ada.page.getByRole('button', { name: 'Delete room' }).click();
    await ben.page.getByText('There is nothing here').waitFor();
  },
};
