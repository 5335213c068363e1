/** Keeping a room safe: rules, reports, raid mode, undoing a raid, the challenge of guests. */
import { strict as assert } from 'node:assert';
import { PHONE } from '../browser.mjs';
import { call, channelOf, until, write } from '../pen.mjs';
import { Town } from '../town.mjs';

async function safetyOf({ page }, room) {
  await page.getByRole('button', { name: room, exact: true }).first().click();
  await page.getByRole('menuitem', { name: 'Room settings' }).click();
  await page.getByRole('link', { name: 'Safety', exact: true }).click();
  await page.getByRole('heading', { name: 'When it gets bad' }).waitFor();
}

export const journeys = {
  'safety: a word rule is tried, keeps words out, and its writer keeps them': async (town) => {
    const ada = await town.owner('rulewright', 'Ruled hall');
    const ben = await town.visitor(`/r/${ada.slug()}`);
    await ben.joinAs('Ruled Ben');
    await ben.say('hello there');
    const { page } = ada;
    await safetyOf(ada, 'Ruled hall');
    await page.getByRole('button', { name: /^Words/ }).click();
    await page.getByLabel('Words and phrases').fill('gherkin*\npickle');
    await page.getByLabel('Try it').fill('what a g-h-e-r-k-i-n');
    await page.getByText('The rule is hit by: gherkin*').waitFor();
    await page.getByLabel('What its writer is told').fill('No vegetables, please.');
    await page.getByLabel('Tell the moderators in').selectOption({ label: '#general' });
    await ada.shot('safety-rule');
    await ada.axe('a rule');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved.', { exact: true }).waitFor();

    ben.expectRefusals += 1;
    await ben.composer().fill('Gherkins for all');
    await ben.page.keyboard.press('Enter');
    await ben.page.getByText('Not sent: No vegetables, please.').waitFor();
    await ben.shot('safety-blocked');
    await ben.page.getByRole('button', { name: 'Edit', exact: true }).click();
    assert.equal(await ben.composer().inputValue(), 'Gherkins for all');
    await ben.page.getByText(/Ruled Ben#\d+ hit the rule “Words”/).waitFor();
    await ben.composer().fill('Carrots for all');
    await ben.page.keyboard.press('Enter');
    await ben.sees('Carrots for all');
    await ben.page.emulateMedia({ colorScheme: 'light' });
    await ben.shot('safety-alert-light');
  },

  'safety: a report is looked at, acted on and answered': async (town) => {
    const ada = await town.owner('deskmaster', 'Report hall');
    const path = `/r/${ada.slug()}`;
    const ben = await town.visitor(path);
    await ben.joinAs('Witness');
    const eve = await town.visitor(path);
    await eve.joinAs('Nuisance');
    await eve.say('you are all fools');
    await ben.sees('you are all fools');
    await ben.act('you are all fools', 'Report…');
    await ben.page.getByRole('radio', { name: 'Insults or harassment' }).check();
    await ben.page.getByLabel('In your own words').fill('She does this every day.');
    await ben.shot('safety-report');
    await ben.axe('a report');
    await ben.page.getByRole('button', { name: 'Send report' }).click();
    await ben.page.getByText('Thank you. You are told here what comes of it.').waitFor();

    const { page } = ada;
    await safetyOf(ada, 'Report hall');
    await page.getByRole('link', { name: 'Reports', exact: true }).click();
    const card = page.getByRole('article');
    await card.getByText('She does this every day.').waitFor();
    await ada.shot('safety-reports');
    await card.getByRole('button', { name: 'Delete the message' }).click();
    await eve.seesNot('you are all fools');
    await page.getByText('Being looked at').first().click();
    await card.getByRole('button', { name: 'Time out for an hour' }).click();
    await card.getByText('Message deleted · Timed out').waitFor();
    await card.getByLabel('Answer to who reported it').fill('We spoke to her.');
    await ada.axe('reports');
    await card.getByRole('button', { name: 'Done', exact: true }).click();
    await ben.page.getByText(/Something was done about what you reported\. We spoke/).waitFor();
    const id = await channelOf(eve);
    eve.expectRefusals += 1;
    const refused = call(eve, 'POST', `/api/v10/channels/${id}/messages`, { content: 'fools' });
    await assert.rejects(refused, /403/);
  },

  'safety: raid mode stops guests, the raid is undone, and that is undone': async (town) => {
    const ada = await town.owner('watchwoman', 'Raid hall');
    const path = `/r/${ada.slug()}`;
    const raiders = [];
    for (const name of ['Raider one', 'Raider two']) {
      const one = await town.visitor(path);
      await one.joinAs(name);
      await write(one, [`spam by ${name}`]);
      raiders.push(one);
    }
    const { page } = ada;
    await safetyOf(ada, 'Raid hall');
    await page.getByRole('switch', { name: 'Raid mode' }).click();
    await page.getByText('Saved.', { exact: true }).waitFor();
    await raiders[0].page.getByText('You may read here, but not write.').waitFor();
    await raiders[0].page.getByText(/Raid mode until/).waitFor();
    await raiders[0].shot('safety-raid-guest');
    const late = await town.visitor(path, PHONE);
    late.expectRefusals += 1;
    await late.page.getByRole('button', { name: /^Join and/ }).click();
    await late.page.getByText(/No guests come in here for now/).waitFor();
    await late.shot('safety-raid-late-phone');

    await page.getByRole('button', { name: 'Show who came in' }).click();
    await page.getByRole('button', { name: 'Choose all' }).click();
    await ada.shot('safety-undo-raid');
    await ada.axe('undoing a raid');
    await page.getByRole('button', { name: 'Ban 2 people' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Ban', exact: true }).click();
    await page.getByText('2 people banned').waitFor();
    await raiders[1].page.getByText('You are looking in from outside.').waitFor();
    await page.emulateMedia({ colorScheme: 'light' });
    await ada.shot('safety-tab-light');
    await page.getByRole('button', { name: 'Let them all in again' }).click();
    const guild = (await call(ada, 'GET', '/api/v10/users/@me/guilds'))[0].id;
    await until(async () => {
      assert.deepEqual(await call(ada, 'GET', `/api/v10/guilds/${guild}/bans`), []);
    });
    await page.getByRole('switch', { name: 'Raid mode' }).click();
    await page.getByRole('switch', { name: 'Lock the room' }).click();
    await until(async () => {
      const { osc } = await call(ada, 'GET', `/api/v10/guilds/${guild}`);
      assert.deepEqual([osc.locked, osc.raid_until ?? null], [true, null]);
    });
    await page.setViewportSize(PHONE.viewport);
    await ada.shot('safety-tab-phone');
  },

  'safety: a real browser answers the challenge, and says that it does': async () => {
    // A server that asks everybody.
    const strict = await Town.build({ guests_unchallenged: 0, guests_per_10min: 3 });
    try {
      const ada = await strict.owner('gatekeeper', 'Guarded hall');
      const ben = await strict.visitor(`/r/${ada.slug()}`);
      ben.expectRefusals += 1;
      await ben.joinAs('Patient Ben');
      await ben.say('I worked for this');
      await ada.sees('I worked for this');
      assert.deepEqual(await strict.clear(), []);
    } finally {
      await strict.close();
    }
  },
};
