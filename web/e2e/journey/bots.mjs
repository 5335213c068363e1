/** Bots of people: made, changed, added by their link, and what those learn who write them. */
import { strict as assert } from 'node:assert';
import { PHONE } from '../browser.mjs';
import { call, until } from '../pen.mjs';

async function makeBot(page, name) {
  await page.goto(new URL('/settings/bots', page.url()).href);
  await page.getByLabel('Name of a new bot').fill(name);
  await page.getByRole('button', { name: 'Make bot' }).click();
  const box = page.getByLabel('The token: it is shown only now');
  await box.waitFor();
  return box.inputValue();
}

/** Asks as a program does: with the token in a header. */
const who = (page, token) =>
  page.evaluate(async (secret) => {
    const headers = { Authorization: `Bot ${secret}` };
    const answer = await fetch('/api/v10/users/@me', { headers, credentials: 'omit' });
    return answer.ok ? (await answer.json()).username : answer.status;
  }, token);

export const journeys = {
  'bots: one is made, changed and added; a new token ends the old one': async (town) => {
    const ada = await town.owner('botsmith', 'Workshop');
    const { page } = ada;
    const token = await makeBot(page, 'Clockwork');
    assert.equal(await who(page, token), 'Clockwork');
    await ada.axe('a bot with its token');
    await ada.shot('bot-made');
    await page.getByLabel('What it does').fill('Tells the time, every hour.');
    await page.getByLabel('Tags').fill('time, bells');
    await page.getByRole('switch', { name: 'Anybody may add it' }).click();
    await page.getByRole('switch', { name: 'Who is online' }).click();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved.', { exact: true }).waitFor();
    const [bot] = await call(ada, 'GET', '/api/osc/v1/bots');
    assert.deepEqual([bot.public, bot.tags, bot.intents], [true, ['time', 'bells'], 32_770]);
    await page.getByRole('button', { name: 'Make a new token' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Make a new token' }).click();
    ada.expectRefusals += 1;
    await until(async () => (await who(page, token)) === 401);
    await ada.shot('bot-editor');

    await page.getByRole('link', { name: 'Add it to a room' }).click();
    await page.getByRole('heading', { name: 'Add Clockwork to a room' }).waitFor();
    await page.goto(`${page.url()}&permissions=${(1 << 11) | (1 << 13) | (1 << 3)}`);
    await page.getByRole('heading', { name: 'Add Clockwork to a room' }).waitFor();
    await page.getByText('made by').waitFor();
    await page.getByRole('switch', { name: 'Administrator' }).click();
    await ada.axe('the page that adds a bot');
    await ada.shot('bot-authorize');
    await page.getByRole('button', { name: 'Add to the room' }).click();
    await page.getByText('Clockwork is a member of Workshop now.').waitFor();
    await ada.shot('bot-added');
    const [{ added }] = (await call(ada, 'GET', `/api/osc/v1/bots/${bot.id}/authorization`)).guilds;
    assert.equal(added, String((1 << 11) | (1 << 13)));
    await page.getByRole('link', { name: 'Open the room' }).click();
    await ada.composer().waitFor();
  },

  'bots: a stranger signs in on the way, and clear words where it does not go': async (town) => {
    const ada = await town.account('botmaker');
    const made = await call(ada, 'POST', '/api/osc/v1/bots', { name: 'Butler' });
    const path = `/oauth2/authorize?client_id=${made.user.id}&permissions=2048&scope=bot`;
    const ben = await town.visitor(path, PHONE);
    const { page } = ben;
    await page.getByText('Sign in first; then you choose the room here.').waitFor();
    await page.getByRole('button', { name: 'Make an account' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Username').fill('botguest');
    await dialog.getByLabel('Password').fill('correct horse battery staple');
    ben.expectRefusals += 1;
    await dialog.getByRole('button', { name: 'Make account' }).click();
    await page.getByText('This bot is private').waitFor();
    await ben.shot('bot-private-phone');
    await call(ada, 'PATCH', `/api/osc/v1/bots/${made.user.id}`, { public: true });
    await page.reload();
    await page.getByText('You manage no room').waitFor();
    await ben.axe('no room to add a bot to, on a phone');
    await ben.shot('bot-no-room-phone');
    await call(ben, 'POST', '/api/osc/v1/guilds', { name: 'Pantry', visibility: 'private' });
    await page.getByRole('button', { name: 'Add to the room' }).waitFor();
    await ben.axe('adding a bot on a phone');
    await ben.shot('bot-authorize-phone');
    await page.getByRole('button', { name: 'Add to the room' }).click();
    await page.getByText('Butler is a member of Pantry now.').waitFor();
    ben.expectRefusals += 1;
    await page.goto(new URL('/oauth2/authorize?client_id=7', page.url()).href);
    await page.getByText('There is no such bot on this server.').waitFor();
    await page.goto(new URL('/oauth2/authorize', page.url()).href);
    await page.getByRole('heading', { name: 'Which bot?' }).waitFor();
  },

  'bots: those who write them find the address, a program and a link': async (town) => {
    const ada = await town.account('botteacher');
    const { page } = ada;
    const made = await call(ada, 'POST', '/api/osc/v1/bots', { name: 'Reader' });
    await page.goto(new URL('/developers', page.url()).href);
    await page.getByRole('heading', { name: 'For bot makers', level: 1 }).waitFor();
    const { origin } = new URL(page.url());
    for (const name of ['discord.py', 'twilight', 'eris', 'JDA', 'discord.js']) {
      await page.getByLabel('Library').selectOption(name);
      await page
        .locator('pre')
        .filter({ hasText: new URL(origin).host })
        .first()
        .waitFor();
    }
    await ada.axe('for bot makers');
    await ada.shot('developers');
    await page.getByRole('switch', { name: 'Write messages' }).click();
    const link = `${origin}/oauth2/authorize?client_id=${made.user.id}&permissions=2048`;
    await page.locator('code').filter({ hasText: link }).waitFor();
    await page.setViewportSize(PHONE.viewport);
    await ada.axe('for bot makers, on a phone');
    await ada.shot('developers-phone');
  },
};
