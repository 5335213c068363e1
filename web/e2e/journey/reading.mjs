/** What one reads stays where it is, and what others write stays text. */
import { strict as assert } from 'node:assert';

const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  '<script>alert(1)</script>',
  '[click](javascript:alert(1))',
  '[click](data:text/html,<script>alert(1)</script>)',
  '<svg onload=alert(1)>',
  '"><iframe srcdoc="<script>alert(1)</script>">',
  '{{constructor.constructor("alert(1)")()}}',
  '\u202etxt.exe\u2066 turned around',
  'javascript:alert(1)',
  '<https://example.org/"onmouseover="alert(1)>',
  `${'*_'.repeat(300)}deep`,
  `||${'> '.repeat(50)}||`,
  '`'.repeat(300),
  'Z\u0351\u036b\u0343\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308 stacked',
];

/** Many messages by one call each, as fast as the server takes them. */
async function write(visitor, texts) {
  await visitor.page.evaluate(async (all) => {
    const id = document.querySelector('nav[aria-label=Channels] a').href.split('/').pop();
    for (const content of all) {
      const answer = await fetch(`/api/v10/channels/${id}/messages`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Osc-Client': 'web' },
        body: JSON.stringify({ content }),
      });
      if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
    }
  }, texts);
}

const topOf = (visitor, text) =>
  visitor.row(text).evaluate((row) => row.getBoundingClientRect().top);

export const journeys = {
  'hostile text in messages and names stays text': async (town) => {
    const owner = await town.owner('evelyn', '<b>Bold</b> & "quoted"');
    let dialogs = 0;
    owner.page.on('dialog', (dialog) => {
      dialogs += 1;
      void dialog.dismiss();
    });
    await write(owner, HOSTILE);
    await owner.sees('turned around');
    await owner.sees('<img src=x onerror=alert(1)>');
    await owner.sees('stacked');
    const unsafe = await owner.page.evaluate(() =>
      [...document.querySelectorAll('[role=log] *')]
        .filter(
          (one) =>
            ['SCRIPT', 'IFRAME', 'IMG'].includes(one.tagName) ||
            /^(javascript|data):/.test(one.href),
        )
        .map((one) => one.outerHTML),
    );
    assert.deepEqual(unsafe, []);
    const plain = await town.visitor(`/r/${owner.slug()}`, { javaScriptEnabled: false });
    await plain.page.getByText('<script>alert(1)</script>', { exact: true }).waitFor();
    assert.equal(dialogs, 0);
  },

  'the row being read does not move': async (town) => {
    const ada = await town.owner('hilda', 'Still');
    await write(
      ada,
      Array.from({ length: 120 }, (_, at) => `row ${at}. ${'words '.repeat(at % 30)}`),
    );
    const ben = await town.visitor(`/r/${ada.slug()}`);
    await ben.joinAs('Ben');
    await ben.sees('row 119.');
    const log = ben.page.getByRole('log');
    await log.evaluate((box) => (box.scrollTop = -1500));
    await ben.page.waitForTimeout(1_000); // older pages come in above
    const read = await log.evaluate((box) => {
      const top = box.getBoundingClientRect().top;
      const row = [...box.querySelectorAll('[data-id]')].find(
        (one) => one.getBoundingClientRect().bottom > top + 1,
      );
      return /row \d+\./.exec(row.textContent)[0];
    });
    const before = await topOf(ben, read);
    await write(ada, ['new one', `new two ${'long '.repeat(200)}`, 'new three']);
    await ada.act('new three', 'React 👍');
    await ben.page.getByRole('button', { name: /^3 new messages/ }).waitFor();
    assert.ok(Math.abs((await topOf(ben, read)) - before) < 1, 'new messages moved it');
    await ben.composer().fill('a\nb\nc\nd\ne\nf');
    await ben.page.waitForTimeout(300);
    assert.ok(Math.abs((await topOf(ben, read)) - before) < 1, 'a growing composer moved it');
    await ben.page.setViewportSize({ width: 1440, height: 800 });
    await ben.page.waitForTimeout(300);
    assert.ok(Math.abs((await topOf(ben, read)) - before) < 1, 'another height moved it');
    await ben.composer().press('Enter');
    await ben.sees('new three'); // sending leads to the end
    await ben.page.waitForFunction(() => {
      const box = document.querySelector('[role=log]');
      return Math.abs(box.scrollTop) < 2;
    });
    await write(ada, ['after that']);
    await ben.sees('after that');
    const gap = await log.evaluate((box) => Math.abs(box.scrollTop));
    assert.ok(gap < 2, `at the end it stays at the end, not ${gap} above it`);
  },

  'a flood of messages arrives whole': async (town) => {
    const ada = await town.owner('edith', 'Flood');
    const ben = await town.visitor(`/r/${ada.slug()}`);
    await ben.joinAs('Ben');
    await Promise.all(
      Array.from({ length: 5 }, (_, lane) =>
        write(
          ada,
          Array.from({ length: 40 }, (_, at) => `flood ${lane}-${at}.`),
        ),
      ),
    );
    for (let lane = 0; lane < 5; lane += 1) await ben.sees(`flood ${lane}-39.`);
    const ids = await ben.page.evaluate(() =>
      [...document.querySelectorAll('[data-id]')].map((row) => row.dataset.id),
    );
    assert.equal(new Set(ids).size, ids.length, 'a row came twice');
    assert.deepEqual(ids, [...ids].sort(), 'rows are out of order');
    assert.ok(ids.length <= 151, `${ids.length} rows are drawn`);
  },
};
