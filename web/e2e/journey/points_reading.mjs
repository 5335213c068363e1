/** Points 19 to 34 of the sixty: reading. */
import { strict as assert } from 'node:assert';
import { call, channelOf, drawn, gap, lines, scrollTo, until, write } from '../pen.mjs';

const newLine = (visitor) => visitor.page.locator('[data-new]');
const inView = (visitor, locator) =>
  locator.evaluate((row) => {
    const box = document.querySelector('[role=log]').getBoundingClientRect();
    const own = row.getBoundingClientRect();
    return own.bottom > box.top && own.top < box.bottom;
  });

async function pair(town, name, room) {
  const ada = await town.owner(name, room);
  const ben = await town.visitor(`/r/${ada.slug()}`);
  await ben.joinAs('Ben');
  return { ada, ben };
}

export const journeys = {
  '19, 20, 21, 22: where a channel opens, and when it counts as read': async (town) => {
    const { ada, ben } = await pair(town, 'ching', 'Opening');
    const { page } = ben;
    const path = new URL(page.url()).pathname;
    await write(ada, lines(30, 'old'));
    await ben.sees('old 29.');
    await page.waitForTimeout(700); // the mark goes out
    await page.goto('/');
    await write(ada, lines(70, 'new'));
    await page.goto(path);
    await newLine(ben).waitFor();
    assert.ok(await inView(ben, ben.row('new 0.').first()), '19: opens at the first unread');
    assert.equal(await newLine(ben).count(), 1);
    assert.match(await newLine(ben).innerText(), /new 0\./);
    await page.getByRole('button', { name: /Jump to present/ }).click();
    await ben.sees('new 69.');
    await page.waitForTimeout(1_500);
    await scrollTo(ben, -1_000_000);
    await page.waitForTimeout(800);
    await page.getByRole('button', { name: /Jump to present/ }).click();
    await page.waitForTimeout(300);

    // 20: a line stays while one reads on
    const acks = [];
    page.on('request', (one) => {
      if (one.method() === 'PUT' && one.url().endsWith('/read')) acks.push(one.postDataJSON());
    });
    const look = (here) =>
      page.evaluate((focused) => {
        document.hasFocus = () => focused;
        dispatchEvent(new Event(focused ? 'focus' : 'blur'));
      }, here);
    await look(false);
    await write(ada, ['while nobody looks']);
    await ben.sees('while nobody looks');
    await page.waitForTimeout(1_200);
    assert.deepEqual(acks, [], '21: a window without focus acknowledges nothing');
    await look(true);
    await page.waitForTimeout(1_000);
    assert.ok(acks.length >= 1, '21: looking at it does');
    await page.waitForTimeout(2_500);
    assert.match(await newLine(ben).innerText(), /while nobody looks/, '20: the line stays');

    // 22: by hand, and by Escape
    acks.length = 0;
    await ben.act('new 60.', 'Unread from here');
    await page.waitForTimeout(800);
    assert.ok(acks.length >= 1);
    assert.match(await newLine(ben).innerText(), /new 60\./);
    const marked = acks.at(-1).message_id;
    await page.goto('/');
    await page.goto(path);
    await newLine(ben).waitFor();
    assert.match(await newLine(ben).innerText(), /new 60\./, '22: and it is kept');
    acks.length = 0;
    await scrollTo(ben, -900);
    await page.waitForTimeout(200);
    await ben.composer().press('Escape');
    await page.waitForTimeout(900);
    assert.ok((await gap(ben)) < 1, '22: Escape shows the present');
    assert.equal(await newLine(ben).count(), 0);
    const after = acks.at(-1)?.message_id;
    assert.ok(!after || BigInt(after) > BigInt(marked), '22: and counts as read');
    await page.goto('/');
    await page.goto(path);
    await ben.sees('while nobody looks');
    await page.waitForTimeout(300);
    assert.equal(await newLine(ben).count(), 0, '19: without unread, no line');
    assert.ok((await gap(ben)) < 1, '19: and the end');
  },

  '23, 24, 27: the bar to the present': async (town) => {
    const { ada, ben } = await pair(town, 'lise', 'Bars');
    const { page } = ben;
    const ids = await write(ada, lines(260));
    await ben.sees('line 259.');
    await scrollTo(ben, -2_000);
    await page.waitForTimeout(600);
    const at = await page.evaluate(() => document.querySelector('[role=log]').scrollTop);
    await write(ada, lines(12, 'later'));
    const bar = page.getByRole('button', { name: /^12 new messages since \d/ });
    await bar.waitFor();
    const [over, log] = [await bar.boundingBox(), await page.getByRole('log').boundingBox()];
    assert.ok(over.y >= log.y + log.height - 1, '23: it covers no text');
    const form = await page.getByRole('form').boundingBox();
    assert.ok(over.y + over.height <= form.y, '23: nor the composer');
    assert.ok(over.width > log.width * 0.9, '23: full width');
    assert.ok(at < 0 && (await gap(ben)) > 1_000, '27: others do not pull one to the end');
    await ben.say('back in the present');
    await ben.sees('back in the present');
    await page.waitForTimeout(300);
    assert.ok((await gap(ben)) < 1, '27: sending does');

    await page.evaluate(
      (id) => {
        history.pushState({}, '', `${location.pathname.split('/').slice(0, 3).join('/')}/${id}`);
        dispatchEvent(new PopStateEvent('popstate'));
      },
      `${await channelOf(ben)}/${ids[20]}`,
    );
    await ben.row('line 20.').first().waitFor();
    await page.waitForTimeout(400);
    assert.ok(await inView(ben, ben.row('line 20.').first()), '13: a message has an address');
    await page.getByRole('button', { name: /Jump to present/ }).click();
    await ben.sees('back in the present');
    await page.waitForTimeout(300);
    assert.ok((await gap(ben)) < 1, '24: the present after a deep jump');
    assert.ok((await drawn(ben)).length <= 150);
  },

  '28, 29: groups, times and days': async (town) => {
    const ada = await town.owner('shiung', 'Groups');
    await ada.say('first of a group');
    await ada.say('second of a group');
    const second = ada.row('second of a group');
    await second.waitFor();
    assert.equal(await second.locator('article.first').count(), 0, '28: one group');
    const side = second.locator('time.side');
    const seen = () => side.evaluate((one) => getComputedStyle(one).opacity);
    await ada.page.mouse.move(5, 5);
    await ada.composer().focus();
    assert.equal(await seen(), '0');
    await second.hover();
    await until(async () => assert.equal(await seen(), '1', '28: on hover'));
    await ada.page.mouse.move(5, 5);
    await ada.page.keyboard.press('Shift+Tab');
    for (let at = 0; at < 8 && (await seen()) !== '1'; at += 1) {
      await ada.page.keyboard.press('Shift+Tab');
    }
    assert.equal(await seen(), '1', '28: and on focus');
    assert.match(await side.getAttribute('datetime'), /^\d{4}-\d\d-\d\dT/);
    assert.match(await side.getAttribute('title'), /\d{4}.*\d\d:\d\d/);

    const german = await town.visitor(`/r/${ada.slug()}`, { locale: 'de-DE' });
    await german.sees('second of a group');
    const day = await german.page.locator('.rule').first().innerText();
    assert.match(day, /^\d{1,2}\. \p{L}+ \d{4}$/u, `29: ${day}`);
  },

  '30, 32, 33: answers lead to what they answer; spoilers': async (town) => {
    const { ada, ben } = await pair(town, 'tapputi', 'Answers');
    const { page } = ben;
    const ids = await write(ada, lines(160));
    const channel = await channelOf(ada);
    const path = `/api/v10/channels/${channel}/messages`;
    await call(ada, 'POST', path, {
      content: 'an answer to the past',
      message_reference: { message_id: ids[3] },
    });
    await ben.sees('an answer to the past');
    await write(ada, lines(8, 'and so on'));
    await ben.sees('and so on 7.');
    await scrollTo(ben, -120);
    await page.waitForTimeout(300);
    const row = ben.row('an answer to the past');
    const before = (await row.boundingBox()).y;
    await row.getByRole('button', { name: /line 3\./ }).click();
    await ben.row('line 3.').first().waitFor();
    await ben.page.locator('.flash').filter({ hasText: 'line 3.' }).waitFor();
    await page.waitForTimeout(300);
    assert.ok(await inView(ben, ben.row('line 3.').first()), '30: it jumps');
    await page.getByRole('button', { name: 'Back to where you were' }).click();
    await row.waitFor();
    await page.waitForTimeout(600);
    const after = (await row.boundingBox()).y;
    assert.ok(Math.abs(after - before) < 2, `30: and back: ${after - before} px`);

    await call(ada, 'DELETE', `${path}/${ids[3]}`);
    await call(ada, 'PATCH', `${path}/${ids[158]}`, { content: 'line 158. as it is now' });
    await ben.row('as it is now').getByText('(edited)').waitFor();
    await ada.say('the ||lighthouse|| is it');
    const hidden = ben.row('is it').getByRole('button', { name: 'Spoiler' });
    assert.equal(await hidden.getAttribute('aria-expanded'), 'false', '33');
    assert.equal(await ben.page.getByText('lighthouse').count(), 0, '33: not even in the page');
    await hidden.focus();
    await page.keyboard.press('Enter');
    await ben.page.getByRole('group', { name: 'Spoiler, shown' }).getByText('lighthouse').waitFor();
    await page.reload();
    await ben.row('an answer to the past').getByText('The message was deleted.').waitFor();
  },
};
