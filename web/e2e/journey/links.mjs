/** Links that people hand to strangers lead where they say. */
import { strict as assert } from 'node:assert';
import { call, channelOf, lines, until, write } from '../pen.mjs';

export const journeys = {
  'a link to a message shows it to a stranger, who can read on from there': async (town) => {
    const ada = await town.owner('linda', 'Almanac');
    const ids = await write(
      ada,
      lines(150, 'entry', () => 3),
    );
    const channel = await channelOf(ada);
    const stranger = await town.visitor(`/r/${ada.slug()}/${channel}/${ids[20]}`);
    await stranger.sees('entry 20.');
    const inView = () =>
      stranger.row('entry 20.').evaluate((row) => {
        const { top, bottom } = row.getBoundingClientRect();
        return top >= 0 && bottom <= innerHeight;
      });
    await until(async () => assert.ok(await inView(), 'the message is on the screen'));
    assert.equal(await stranger.row('entry 149.').count(), 0, 'not everything was fetched');
    const log = stranger.page.getByRole('log');
    await until(async () => {
      await log.evaluate((box) => (box.scrollTop = 0));
      assert.equal(await stranger.row('entry 149.').count(), 1, 'one can read on to the present');
    });
  },

  'an invitation shows who is there and leads into its channel': async (town) => {
    const ada = await town.owner('ilse', 'Greenhouse');
    const guild = await call(ada, 'GET', `/api/osc/v1/guilds/by-slug/${ada.slug()}`);
    const ferns = await call(ada, 'POST', `/api/v10/guilds/${guild.id}/channels`, {
      name: 'ferns',
    });
    const wish = { max_age: 3_600 };
    const { code } = await call(ada, 'POST', `/api/v10/channels/${ferns.id}/invites`, wish);
    const again = await call(ada, 'POST', `/api/v10/channels/${ferns.id}/invites`, wish);
    assert.equal(again.code, code, 'a second wish for the same makes no second link');
    const ben = await town.visitor(`/i/${code}`);
    const faces = ben.page.getByRole('list', { name: 'Here now' });
    await faces.getByText('ilse').waitFor();
    await ben.shot('invite-faces');
    await ben.page.getByLabel('Your name').fill('Ben');
    await ben.page.getByRole('button', { name: 'Join as guest' }).click();
    await ben.page.getByRole('heading', { name: 'ferns', exact: true, level: 1 }).waitFor();
    assert.ok(ben.page.url().includes(ferns.id), ben.page.url());
  },

  'what is quoted keeps its names, and one emoji is one reaction': async (town) => {
    const ada = await town.owner('quentin', 'Chorus');
    const me = await call(ada, 'GET', '/api/v10/users/@me');
    await write(ada, [`<@${me.id}>`]);
    await ada.sees('quentin');
    const row = ada.row('@quentin').first();
    await row.hover();
    await row.getByRole('button', { name: 'Reply', exact: true }).click();
    await ada.page.getByText(/Answer to\s+quentin\s+@quentin/).waitFor();
    await ada.say('that is me');
    await ada
      .row('that is me')
      .getByRole('button', { name: /@quentin/ })
      .waitFor();
    await row.hover();
    await row.getByRole('button', { name: 'React', exact: true }).click();
    await ada.page
      .getByRole('searchbox')
      .or(ada.page.getByPlaceholder(/Search/))
      .first()
      .waitFor();
    await ada.page.keyboard.type('thumbsup');
    await ada.page
      .getByRole('option', { name: /thumbs/i })
      .or(ada.page.getByRole('button', { name: /thumbs ?up|\+1/i }))
      .first()
      .waitFor();
    await ada.page.keyboard.press('Enter');
    const chip = row.locator('.reactions button[aria-pressed]');
    await chip.first().waitFor();
    const channel = await channelOf(ada);
    const [message] = (
      await call(ada, 'GET', `/api/v10/channels/${channel}/messages?limit=5`)
    ).filter((one) => one.reactions);
    assert.deepEqual(
      message.reactions.map((one) => one.emoji.name),
      ['👍'],
    );
  },
};
