/** Guests, accounts, and what becomes of them. */
import { strict as assert } from 'node:assert';

const PASSWORD = 'a long enough sentence';

async function fill(page, mode, username) {
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Username').fill(username);
  await dialog.getByLabel('Password').fill(PASSWORD);
  await dialog.getByRole('button', { name: mode, exact: true }).click();
}

export const journeys = {
  'a guest makes an account and keeps name, room and messages': async (town) => {
    const owner = await town.owner('annie', 'Keepers');
    const guest = await town.visitor(`/r/${owner.slug()}`);
    await guest.joinAs('Mary');
    await guest.say('written as a guest');
    await guest.page.getByText('forgotten after 30 days').waitFor();
    await guest.page.getByRole('button', { name: 'Make an account' }).click();
    await guest.axe('register dialog');
    await fill(guest.page, 'Make account', 'mary.keeper');
    await guest.page.getByText('Your account is ready').waitFor();
    await guest.say('written with an account');
    await owner.sees('written with an account');
    assert.equal(await guest.page.getByText('forgotten after 30 days').count(), 0);
    await guest.page.reload();
    await guest.sees('written as a guest');
    await guest.act('written as a guest', 'Edit'); // still ours
    await guest.page.getByRole('textbox', { name: 'Edit message' }).press('Escape');

    const elsewhere = await town.visitor('/');
    await elsewhere.page.getByRole('button', { name: 'Sign in' }).click();
    await fill(elsewhere.page, 'Sign in', 'mary.keeper');
    await elsewhere.page
      .getByRole('link', { name: /^Keepers/ })
      .first()
      .click();
    await elsewhere.sees('written as a guest');

    await guest.page.getByRole('button', { name: 'Your account and settings' }).click();
    await guest.page.getByRole('link', { name: 'Account' }).click();
    guest.expectRefusals += 1;
    elsewhere.expectRefusals += 1;
    await guest.page.getByRole('button', { name: 'Sign out there' }).first().click();
    await elsewhere.page.getByText('You were signed out').waitFor();
  },

  'signing in as a guest is warned about and brings the rooms along': async (town) => {
    const owner = await town.owner('joan', 'Crossing');
    const account = await town.account('rosalind');
    await account.leave();
    const guest = await town.visitor(`/r/${owner.slug()}`);
    await guest.joinAs('Passing');
    await guest.page.getByRole('button', { name: 'Your account and settings' }).click();
    await guest.page.getByRole('link', { name: 'Account' }).click();
    await guest.page.getByRole('main').getByRole('button', { name: 'Sign in' }).click();
    await guest.page.getByText(/You are the guest Passing#\d+/).waitFor();
    const dialog = guest.page.getByRole('dialog');
    await dialog.getByLabel('Username').fill('rosalind');
    await dialog.getByLabel('Password').fill('correct horse battery staple');
    await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
    await guest.page.getByText('@rosalind').waitFor();
    await guest.composer().waitFor();
    await guest.say('rosalind is here');
    await owner.sees('rosalind is here');
  },

  'wrong words are answered beside the field, and a guest is warned before logging out': async (
    town,
  ) => {
    const visitor = await town.visitor('/');
    visitor.expectRefusals += 1;
    const { page } = visitor;
    await page.getByRole('button', { name: 'Sign in' }).click();
    await fill(page, 'Sign in', 'nobody.at.all');
    await page.getByRole('alert').filter({ hasText: /./ }).first().waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Join as guest' }).click();
    await page.getByRole('dialog').getByLabel('Your name').fill('Brief');
    await page.getByRole('dialog').getByRole('button', { name: 'Join as guest' }).click();
    await page.getByRole('button', { name: 'Your account and settings' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('nobody can be it again').waitFor();
    await page.getByRole('button', { name: 'Sign out for good' }).click();
    await page.getByRole('button', { name: 'Join as guest' }).waitFor();
  },

  'name and password change, and an account can go for good': async (town) => {
    const visitor = await town.account('emmy');
    const { page } = visitor;
    await page.getByRole('button', { name: 'Your account and settings' }).click();
    await page.getByLabel('Display name').fill('Emmy N.');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved.', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Account' }).click();
    await visitor.shot('account');
    await page.getByLabel('Current password').fill('correct horse battery staple');
    await page.getByLabel('New password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.getByText('Your password is changed.').waitFor();
    await page.getByLabel('Your password, to be sure').fill(PASSWORD);
    await page.getByRole('button', { name: 'Delete for good' }).click();
    await page.getByText('Your account is deleted.').waitFor();
    await page.getByRole('button', { name: 'Join as guest' }).waitFor();
  },

  "the operator's link makes an owner, once": async (town) => {
    const link = /\/owner#[\w-]+/.exec(await town.server.admin('owner-link'))?.[0];
    assert.ok(link, 'no link was printed');
    const visitor = await town.visitor(link);
    await visitor.page.getByRole('button', { name: 'Make an account' }).click();
    await fill(visitor.page, 'Make account', 'keyholder');
    await visitor.page.getByText('keyholder will own').waitFor();
    await visitor.axe('owner page');
    await visitor.page.getByRole('button', { name: 'Become owner of this server' }).click();
    await visitor.page.getByText('You are the owner of').waitFor();
    const late = await town.account('too.late');
    late.expectRefusals += 1;
    await late.page.goto(link);
    await late.page.getByRole('button', { name: 'Become owner of this server' }).click();
    await late.page.getByRole('alert').filter({ hasText: /./ }).first().waitFor();
  },

  'a forgotten password is replaced by a link': async (town) => {
    const visitor = await town.account('forgetful');
    await visitor.leave();
    const printed = await town.server.admin('reset-password', 'forgetful');
    const link = /\/reset#[\w-]+/.exec(printed)?.[0];
    assert.ok(link, 'no link was printed');
    const again = await town.visitor(link);
    await again.page.getByLabel('New password').waitFor();
    await again.axe('reset page');
    await again.page.getByLabel('New password').fill(PASSWORD);
    await again.page.getByRole('button', { name: 'Save password' }).click();
    await again.page.getByText('Your password is changed').waitFor();
    await again.page.getByRole('button', { name: 'Sign in' }).click();
    await fill(again.page, 'Sign in', 'forgetful');
    await again.page.getByRole('link', { name: 'Go to the rooms' }).click();
    await again.page.getByText('@forgetful').waitFor();
  },
};
