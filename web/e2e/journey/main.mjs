/** The main page and the way in. The numbers are those of the list of sixty points. */
import { strict as assert } from 'node:assert';

const api = (page, method, path, body) =>
  page.evaluate(
    async ([how, where, what]) => {
      const answer = await fetch(where, {
        method: how,
        headers: { 'Content-Type': 'application/json', 'X-Osc-Client': 'web' },
        body: what ? JSON.stringify(what) : undefined,
      });
      if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
      return answer.status === 204 ? null : answer.json();
    },
    [method, path, body],
  );

export const journeys = {
  '1: the main page is the directory, also in its first HTML': async (town) => {
    await town.owner('annika', 'First light');
    const plain = await town.visitor('about:blank', { javaScriptEnabled: false });
    await plain.page.goto('/');
    assert.equal(new URL(plain.page.url()).pathname, '/');
    await plain.page.getByRole('link', { name: 'First light' }).waitFor();
  },

  '2, 3, 6: two clicks from a cold visit to the first message': async (town) => {
    const owner = await town.owner('henrietta', 'Open door');
    await owner.say('come in');
    const stranger = await town.visitor('/');
    const { page } = stranger;
    const start = Date.now();
    await page.getByRole('link', { name: /Open door/ }).click();
    const field = page.getByRole('textbox', { name: 'Your first message' });
    await field.fill('typed before I was anybody');
    assert.notEqual(await page.getByLabel('Your name').inputValue(), '', 'a name is proposed');
    await page.getByRole('button', { name: 'Join and send' }).click();
    await owner.sees('typed before I was anybody');
    const took = Date.now() - start;
    console.log(`     cold visit to first message: ${took} ms`);
    assert.ok(took < 5_000, `${took} ms`);
    await stranger.composer().waitFor();
    await stranger.sees('typed before I was anybody');
    assert.equal(await stranger.row('typed before I was anybody').count(), 1, 'exactly once');
    assert.match(new URL(page.url()).pathname, /^\/r\/open-door/, 'where they were going');

    const other = await town.visitor(`/r/${owner.slug()}`);
    await other.page.getByRole('textbox', { name: 'Your first message' }).fill('kept in between');
    await other.page.reload();
    await other.page.getByRole('button', { name: 'Join and send' }).click();
    await owner.sees('kept in between');
  },

  '7: what is wrong is said beside the field': async (town) => {
    await town.account('rosa');
    const visitor = await town.visitor('/');
    visitor.expectRefusals += 1;
    const { page } = visitor;
    await page.getByRole('button', { name: 'Make an account' }).click();
    await page.getByLabel('Username').fill('rosa');
    await page.getByLabel('Password').fill('correct horse battery staple');
    await page.getByRole('button', { name: 'Make account' }).click();
    await page.getByRole('alert').filter({ hasText: /./ }).first().waitFor();
    assert.equal(
      await page.getByLabel('Username').evaluate((one) => one === document.activeElement),
      true,
      'the field with the fault has the focus',
    );
  },

  '9: rooms are searched, ordered and paged': async (town) => {
    const ada = await town.account('grete');
    for (let n = 0; n < 45; n += 1) {
      await api(ada.page, 'POST', '/api/osc/v1/guilds', {
        name: `Plaza ${String(n).padStart(3, '0')}`,
        description: n % 2 ? 'about chess and tea' : 'about boats',
        visibility: 'public',
      });
    }
    const visitor = await town.visitor('/');
    const { page } = visitor;
    const cards = page.getByRole('main').locator('ul a');
    await cards.first().waitFor();
    await page.getByRole('combobox', { name: 'Order' }).selectOption('new');
    await page.getByRole('link', { name: /Plaza 044/ }).waitFor();
    const names = async () =>
      (await cards.locator('.name').allTextContents()).filter((one) => one.startsWith('Plaza'));
    const first = await names();
    assert.deepEqual([...first].sort().reverse(), first, 'newest first');
    await page.getByRole('main').evaluate((box) => box.scrollTo(0, box.scrollHeight));
    await page.waitForFunction(() => document.querySelectorAll('main ul a').length > 40);
    const all = await names();
    assert.equal(new Set(all).size, all.length, 'no room twice');
    const search = page.getByRole('searchbox', { name: 'Search rooms' });
    await search.fill('plaza chess');
    await page.waitForFunction(() =>
      [...document.querySelectorAll('main ul a')].every((one) => /chess/.test(one.textContent)),
    );
    await visitor.shot('directory-search');
    await page.reload();
    const kept = await page.getByRole('combobox', { name: 'Order' }).inputValue();
    assert.equal(kept, 'new', 'the order is kept');
  },

  '10: a room is read before joining, and its name stands in the title': async (town) => {
    const owner = await town.owner('ida', 'Window shopping');
    await owner.say('for everybody to read');
    const visitor = await town.visitor(`/r/${owner.slug()}`);
    await visitor.sees('for everybody to read');
    await visitor.page.getByRole('button', { name: 'Join and talk' }).waitFor();
    assert.match(await visitor.page.title(), /Window shopping/);
    await visitor.page.goto('/');
    await visitor.page.getByRole('link', { name: /Window shopping/ }).click();
    await visitor.sees('for everybody to read');
    assert.match(await visitor.page.title(), /Window shopping/);
  },

  '5: an invitation says what it is and has one button': async (town) => {
    const owner = await town.owner('emmeline', 'Behind the hedge', 'Private');
    const id = await owner.page.evaluate(() => location.pathname.split('/').pop());
    const channels = await owner.page.evaluate(
      () => document.querySelector('nav[aria-label=Channels] a').href.split('/').pop(),
      id,
    );
    const { code } = await api(owner.page, 'POST', `/api/v10/channels/${channels}/invites`, {});
    const guest = await town.visitor(`/i/${code}`);
    await guest.page.getByRole('heading', { name: 'Behind the hedge' }).waitFor();
    await guest.page.getByText('1 member').waitFor();
    await guest.page.getByText('1 online').waitFor();
    await guest.page.getByRole('button', { name: 'Join as guest' }).click();
    await guest.composer().waitFor();
  },
};
