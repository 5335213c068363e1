/** Two strangers meet, talk, change their minds, and find everything again. */
import { strict as assert } from 'node:assert';

export const journeys = {
  'two strangers join as guests and talk': async (town) => {
    const owner = await town.owner('harbourmaster', 'Pine Harbour');
    await owner.say('Welcome to the harbour. **Be kind.**');
    await owner.sees('Welcome to the harbour. Be kind.');

    const anna = await town.visitor('/');
    await anna.page.getByRole('link', { name: /Pine Harbour/ }).click();
    await anna.sees('Welcome to the harbour');
    await anna.axe('preview');
    await anna.joinAs('Anna');
    const ben = await town.visitor(`/r/${owner.slug()}`);
    await ben.joinAs('Ben');

    await anna.say('Hello from Anna');
    await ben.sees('Hello from Anna');
    await ben.composer().pressSequentially('hi A');
    await anna.page.getByText(/Ben#\d+ is typing/).waitFor();
    await ben.composer().press('Enter');
    await anna.sees('hi A');
    await owner.sees('hi A');

    const people = anna.page.getByRole('complementary', { name: 'Members' });
    await people.getByRole('button', { name: /Ben#\d+/ }).waitFor();
    await people.getByText('Online, 3').waitFor();
    await ben.leave();
    await people.getByText('Online, 2').waitFor();
    await anna.shot('room-dark');
  },

  'edits, deletions, reactions and answers reach the other': async (town) => {
    const ada = await town.owner('ada', 'Workshop');
    const ben = await town.visitor(`/r/${ada.slug()}`);
    await ben.joinAs('Ben');

    await ada.say('frist version');
    await ben.sees('frist version');
    await ada.composer().press('ArrowUp');
    const editor = ada.page.getByRole('textbox', { name: 'Edit message' });
    await editor.fill('first version');
    await editor.press('Enter');
    await ben.sees('first version');
    await ben.row('first version').getByText('(edited)').waitFor();

    await ben.act('first version', 'React 👍');
    await ada
      .row('first version')
      .getByRole('button', { name: /thumbs up, 1/ })
      .waitFor();
    await ada
      .row('first version')
      .getByRole('button', { name: /thumbs up/ })
      .click();
    await ben
      .row('first version')
      .getByRole('button', { name: /thumbs up, 2/ })
      .waitFor();
    await ben
      .row('first version')
      .getByRole('button', { name: /thumbs up/ })
      .click();
    await ada
      .row('first version')
      .getByRole('button', { name: /thumbs up, 1/ })
      .waitFor();

    await ben.act('first version', 'Reply');
    await ben.say('this is an answer');
    const answer = ada.row('this is an answer');
    await answer.getByRole('button', { name: /first version/ }).waitFor();
    await answer.locator('article.called').waitFor(); // an answer calls the one it answers

    await ada.say('a slip of the pen');
    await ada.act('a slip of the pen', 'Delete');
    await ada.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await ben.seesNot('a slip of the pen');

    await ada.composer().pressSequentially('look @Be');
    await ada.page.getByRole('option', { name: /Ben#\d+/ }).waitFor();
    await ada.composer().press('Enter');
    await ada.composer().press('Enter');
    await ben
      .row('look')
      .getByText(/@Ben#\d+/)
      .waitFor();
    assert.equal(await ben.page.locator('article.called').count(), 1);

    await ada.act('this is an answer', 'Delete'); // the owner may delete what others wrote
    await ada.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await ben.seesNot('this is an answer');
  },

  'a reload keeps everything': async (town) => {
    const ada = await town.owner('grace', 'Archive');
    await ada.say('to be found again');
    await ada.sees('to be found again');
    await ada.composer().fill('half a thought');
    await ada.page.reload();
    await ada.sees('to be found again');
    assert.equal(await ada.composer().inputValue(), 'half a thought');
    const slug = ada.slug();
    const ben = await town.visitor(`/r/${slug}`);
    await ben.joinAs('Ben');
    await ben.say('as a guest');
    await ben.page.reload();
    await ben.sees('as a guest');
    await ben.composer().waitFor();
  },

  'files are sent, shown and fetched': async (town) => {
    const ada = await town.owner('hedy', 'Gallery');
    const ben = await town.visitor(`/r/${ada.slug()}`);
    await ben.joinAs('Ben');
    const png = Buffer.from(
      [
        'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAYAAABytg0kAAAAFElEQVR4nGP8z8Dwn4GBgYGJAQoAHxcCAr7p',
        'zjgAAAAASUVORK5CYII=',
      ].join(''),
      'base64',
    );
    await ada.page.locator('input[type=file]').setInputFiles([
      { name: 'dot.png', mimeType: 'image/png', buffer: png },
      { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('some notes') },
    ]);
    await ada.say('two files');
    const row = ben.row('two files');
    const image = row.getByRole('img', { name: 'dot.png' });
    await image.waitFor();
    await ben.page.waitForFunction(
      (one) => one.complete && one.naturalWidth === 2,
      await image.elementHandle(),
    );
    const [download] = await Promise.all([
      ben.page.waitForEvent('download'),
      row.getByRole('link', { name: /notes.txt/ }).click(),
    ]);
    assert.equal(await text(await download.createReadStream()), 'some notes');
  },

  'history is read back, page by page, and the present is one click away': async (town) => {
    const ada = await town.owner('radia', 'Long room');
    const channel = await ada.page.evaluate(() =>
      document.querySelector('nav[aria-label=Channels] a').getAttribute('href').split('/').pop(),
    );
    const sent = await ada.page.evaluate(async (id) => {
      let count = 0;
      while (count < 130) {
        const answer = await fetch(`/api/v10/channels/${id}/messages`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', 'X-Osc-Client': 'web' },
          body: JSON.stringify({ content: `line ${count}.` }),
        });
        if (answer.ok) count += 1;
        else {
          const { retry_after: wait = 1 } = await answer.json();
          await new Promise((resolve) => setTimeout(resolve, wait * 1000));
        }
      }
      return count;
    }, channel);
    assert.equal(sent, 130);
    const ben = await town.visitor(`/r/${ada.slug()}`);
    await ben.joinAs('Ben');
    await ben.sees('line 129.');
    const log = ben.page.getByRole('log');
    for (let turn = 0; turn < 60 && !(await ben.row('line 0.').count()); turn += 1) {
      await log.hover();
      await ben.page.mouse.wheel(0, -1200);
      await ben.page.waitForTimeout(80);
    }
    await ben.sees('line 0.');
    await ada.say('while you read the past');
    await ben.page.waitForTimeout(500);
    await ben.page.getByRole('button', { name: /Jump to present/ }).click();
    await ben.sees('while you read the past');
    const rows = await ben.page.locator('[data-id]').count();
    assert.ok(rows <= 151, `${rows} rows are drawn`);
  },
};

async function text(stream) {
  let all = '';
  for await (const piece of stream) all += piece;
  return all;
}
