/** Point 25 and 26: nine ways in which a list of messages could move under one's eyes. */
import { strict as assert } from 'node:assert';
import { call, channelOf, drawn, gap, lines, scrollTo, strayed, until, write } from '../pen.mjs';

/** Holds the next page of history back until it is let through. */
async function held(page) {
  let pass;
  let seen;
  const gate = new Promise((resolve) => (pass = resolve));
  const asked = new Promise((resolve) => (seen = resolve));
  const hold = async (route) => {
    seen();
    await gate;
    await route.continue();
  };
  await page.route(/messages\?.*before=/, hold, { times: 1 });
  const release = async () => pass();
  return { asked, release };
}

/** What a picture of unknown size does when it comes at last. */
const swell = (visitor, which, by) =>
  visitor.page.evaluate(
    ([place, height]) => {
      const box = document.querySelector('[role=log]');
      const edge = box.getBoundingClientRect();
      const rows = [...box.querySelectorAll('[data-id]')];
      const chosen =
        place === 'above'
          ? rows.filter((row) => row.getBoundingClientRect().bottom < edge.top).slice(-8)
          : rows.slice(-3);
      for (const row of chosen) {
        const block = document.createElement('div');
        row.append(block);
        setTimeout(() => (block.style.height = `${height}px`), 60);
      }
      return chosen.length;
    },
    [which, by],
  );

export const journeys = {
  '25, 26: the row being read moves 0 px, in nine cases': async (town) => {
    const ada = await town.owner('hypatia', 'Rock');
    const ids = await write(ada, lines(330));
    const channel = await channelOf(ada);
    const ben = await town.visitor(`/r/${ada.slug()}`);
    await ben.joinAs('Ben');
    await ben.sees('line 329.');
    await until(async () => assert.ok((await drawn(ben)).length >= 50));
    const { page } = ben;
    const still = (what, watch) =>
      assert.ok(watch.worst < 1 && watch.frames > 5, `${what}: ${JSON.stringify(watch)}`);

    let gate = await held(page);
    await scrollTo(ben, -1_200);
    await gate.asked;
    const before = (await drawn(ben)).length;
    still('prepend 50', await strayed(ben, gate.release));
    assert.ok((await drawn(ben)).length >= before + 49, 'a page came in above');

    still(
      'late pictures above',
      await strayed(ben, async () => assert.ok((await swell(ben, 'above', 180)) > 2)),
    );

    gate = await held(page);
    await scrollTo(ben, -1_000_000);
    await gate.asked;
    await page.waitForTimeout(200);
    still(
      'prepend 50 at the very top, with late pictures',
      await strayed(ben, async () => {
        await gate.release();
        await page.waitForTimeout(300);
        await swell(ben, 'above', 180);
      }),
    );

    const [, , above] = await drawn(ben);
    still(
      'edit above',
      await strayed(ben, () =>
        call(ada, 'PATCH', `/api/v10/channels/${channel}/messages/${above}`, {
          content: 'much longer now '.repeat(80),
        }),
      ),
    );

    gate = await held(page);
    await scrollTo(ben, -1_000_000);
    await gate.asked;
    await page.waitForTimeout(200);
    const newest = (await drawn(ben)).at(-1);
    still('50 rows trimmed below', await strayed(ben, gate.release));
    assert.notEqual((await drawn(ben)).at(-1), newest, 'rows were let go below');
    assert.ok((await drawn(ben)).length <= 150);

    still(
      'new messages while reading',
      await strayed(ben, () =>
        write(
          ada,
          lines(12, 'fresh', () => 60),
        ),
      ),
    );

    // The wheel moves it by what the wheel turns, and by nothing else.
    await page.getByRole('button', { name: /Jump to present/ }).click();
    await ben.sees('fresh 11.');
    await page.waitForTimeout(300);
    gate = await held(page);
    await page.evaluate(() => {
      const box = document.querySelector('[role=log]');
      box.scrollTop = -(box.scrollHeight - box.clientHeight - 900);
    });
    await gate.asked;
    await page.waitForTimeout(200);
    await page.getByRole('log').hover();
    // The row at the top of the view is the one being read; what is far below may grow.
    const reading = await page.evaluate(() => {
      const box = document.querySelector('[role=log]');
      const top = box.getBoundingClientRect().top;
      const rows = [...box.querySelectorAll('[data-id]')];
      return rows.find((row) => row.getBoundingClientRect().bottom > top + 1).dataset.id;
    });
    const place = () =>
      page.evaluate((id) => {
        const row = document.querySelector(`[data-id="${id}"]`);
        return row.getBoundingClientRect().top;
      }, reading);
    const from = await place();
    for (let turn = 0; turn < 10; turn += 1) {
      await page.mouse.wheel(0, -60);
      if (turn === 4) await gate.release();
      await page.waitForTimeout(40);
    }
    await page.waitForTimeout(500);
    const strayedBy = (await place()) - from - 600;
    assert.ok(Math.abs(strayedBy) < 2, `wheel: ${strayedBy} px`);

    await ben.page.getByRole('button', { name: /Jump to present/ }).click();
    await page.waitForTimeout(300);
    await swell(ben, 'end', 300);
    await page.waitForTimeout(400);
    assert.ok((await gap(ben)) < 1, '26: at the end, a picture loads');
    await ben.composer().fill('a\nb\nc\nd\ne\nf\ng\nh');
    await page.waitForTimeout(300);
    assert.ok((await gap(ben)) < 1, '26: at the end, the composer grows');
    await page.setViewportSize({ width: 1440, height: 500 });
    await page.waitForTimeout(300);
    assert.ok((await gap(ben)) < 1, '26: at the end, a keyboard opens');
  },
};
