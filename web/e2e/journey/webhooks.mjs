/** Programs that write into a room, and the book of who did what. */
import { strict as assert } from 'node:assert';
import { PHONE } from '../browser.mjs';
import { call } from '../pen.mjs';

const PUSH = {
  ref: 'refs/heads/main',
  compare: 'https://code.test/tea/compare',
  repository: { full_name: 'ann/tea', html_url: 'https://code.test/tea' },
  sender: { login: 'ann' },
  commits: [
    {
      id: '0123456789abcdef',
      message: 'Warm the pot first',
      url: 'https://code.test/tea/1',
      author: { username: 'ann' },
    },
  ],
};

/** From outside, as another program asks. */
async function tell(url, body, headers = {}) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return answer.status;
}

const guildOf = async (visitor, name) => {
  const all = await call(visitor, 'GET', '/api/v10/users/@me/guilds');
  return all.find((one) => one.name === name).id;
};

export const journeys = {
  'webhooks: made in the page, written to from outside, seen at once': async (town) => {
    const ada = await town.owner('hookmaker', 'Workshop');
    const { page } = ada;
    const room = `/r/${ada.slug()}`;
    const home = new URL(page.url());
    await page.goto(`${home.origin}${room}/settings/webhooks`);
    await page.getByRole('textbox', { name: 'Name' }).fill('Build');
    await page.getByRole('button', { name: 'New webhook' }).click();
    await page.getByRole('button', { name: 'Copy address: Build' }).waitFor();
    await ada.shot('webhooks');
    const guild = await guildOf(ada, 'Workshop');
    const [hook] = await call(ada, 'GET', `/api/v10/guilds/${guild}/webhooks`);
    const address = `${home.origin}/api/webhooks/${hook.id}/${hook.token}`;
    await page.getByRole('button', { name: 'Change: Build' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Name' }).fill('Kettle');
    await dialog.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved.', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Change: Kettle' }).waitFor();

    await page.goto(home.href);
    await ada.composer().waitFor();
    assert.equal(await tell(address, { content: 'The water **boils**' }), 204);
    const row = page.getByRole('article').filter({ hasText: 'The water boils' }).first();
    await row.getByText('Kettle', { exact: true }).waitFor();
    await row.getByText('bot', { exact: true }).waitFor();
    assert.equal(await tell(`${address}/github`, PUSH, { 'X-GitHub-Event': 'push' }), 204);
    await page.getByRole('link', { name: '[ann/tea:main] 1 new commit' }).waitFor();
    await page.getByText('Warm the pot first').waitFor();
    assert.equal(await tell(`${address}x`, { content: 'never' }), 401);
    await ada.shot('webhook-messages');
    const phone = await town.visitor(home.pathname, {
      ...PHONE,
      storageState: await ada.context.storageState(),
    });
    await phone.page.getByText('Warm the pot first').waitFor();
    await phone.shot('webhook-messages-phone');

    await page.goto(`${home.origin}${room}/settings/webhooks`);
    await page.getByRole('button', { name: 'Delete: Kettle' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByText('Kettle is deleted.', { exact: true }).waitFor();
    assert.equal(await tell(address, { content: 'never' }), 404);
  },

  'audit log: who was kicked and why, and what a name was before': async (town) => {
    const ada = await town.owner('bookkeeper', 'Ledger');
    const { page } = ada;
    const room = `/r/${ada.slug()}`;
    const { origin } = new URL(page.url());
    const ben = await town.visitor(room);
    await ben.joinAs('Hubertus');
    await ben.say('hello');
    await ada.sees('hello');
    const guild = await guildOf(ada, 'Ledger');
    const [message] = await call(
      ada,
      'GET',
      `/api/v10/guilds/${guild}/members/search?query=Hubertus`,
    );
    await call(ada, 'PATCH', `/api/v10/guilds/${guild}`, { name: 'New ledger' });
    ben.expectRefusals += 1;
    await page.evaluate(
      ([path]) =>
        fetch(path, {
          method: 'DELETE',
          headers: { 'X-Osc-Client': 'web', 'X-Audit-Log-Reason': 'Selling%20tea' },
        }),
      [`/api/v10/guilds/${guild}/members/${message.user.id}`],
    );
    await page.goto(`${origin}${room}/settings/audit`);
    await page.getByText('kicked Hubertus').waitFor();
    await page.getByText('Reason: Selling tea').waitFor();
    await page.getByText('changed the room').click();
    await page.getByText('New ledger', { exact: true }).last().waitFor();
    await ada.shot('audit-log');
    await page.getByLabel('What', { exact: true }).selectOption({ label: 'Kick' });
    await page.getByText('changed the room').waitFor({ state: 'detached' });
    await page.getByText('kicked Hubertus').waitFor();
    const phone = await town.visitor(`${room}/settings/audit`, {
      ...PHONE,
      colorScheme: 'light',
      storageState: await ada.context.storageState(),
    });
    await phone.page.getByText('Reason: Selling tea').waitFor();
    await phone.shot('audit-log-phone');
  },
};
