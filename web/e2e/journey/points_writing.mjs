/** Points 34 to 44, 50, 51, 55 and 60 of the sixty: writing, menus, what is said aloud. */
import { strict as assert } from 'node:assert';
import { call, channelOf, drawn, gap, lines, write } from '../pen.mjs';
import { PHONE } from '../browser.mjs';

const POST = /\/channels\/\d+\/messages$/;
const isPost = (route) => route.request().method() === 'POST';
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAYAAABytg0kAAAAFElEQVR4nGP8z8Dwn4GBgYGJAQoAHxcCAr7pzjgA' +
    'AAAASUVORK5CYII=',
  'base64',
);
const png = (name) => ({ name, mimeType: 'image/png', buffer: PNG });

/** Answers the sending of messages by hand until told otherwise. */
async function sending(page, answer) {
  const handle = (route) => (isPost(route) ? answer(route) : route.continue());
  await page.route(POST, handle);
  return () => page.unroute(POST, handle);
}

export const journeys = {
  '34: pictures keep their place and open over the screen': async (town) => {
    const ada = await town.owner('mariam', 'Pictures');
    const { page } = ada;
    await page.evaluate(() => {
      globalThis.shift = 0;
      new PerformanceObserver((list) => {
        for (const one of list.getEntries()) if (!one.hadRecentInput) globalThis.shift += one.value;
      }).observe({ type: 'layout-shift', buffered: false });
    });
    await page.locator('input[type=file]').setInputFiles([png('one.png'), png('two.png')]);
    await page.getByLabel('Description of one.png').fill('a red dot');
    await page.getByRole('button', { name: 'Hide two.png as a spoiler' }).click();
    await ada.say('two pictures');
    const row = ada.row('two pictures');
    await row.getByRole('img', { name: 'a red dot' }).waitFor();
    assert.equal(await row.getByRole('img').count(), 1, 'the spoiler is covered');
    await row.getByRole('button', { name: /Spoiler, show/ }).click();
    await row.getByRole('img', { name: 'SPOILER_two.png' }).waitFor();
    assert.ok((await page.evaluate(() => globalThis.shift)) < 0.02, 'nothing jumps');
    await row.getByRole('link').first().click();
    const viewer = page.getByRole('dialog', { name: 'Picture' });
    await viewer.getByText('one.png').waitFor();
    await page.keyboard.press('ArrowRight');
    await viewer.getByText('SPOILER_two.png').waitFor();
    await page.keyboard.press('+');
    await viewer.locator('img.zoomed').waitFor();
    await page.keyboard.press('0');
    await ada.axe('viewer');
    await page.keyboard.press('Escape');
    await viewer.waitFor({ state: 'detached' });
  },

  '35, 36: half-written messages survive the room, a reload and a crash': async (town) => {
    const ada = await town.owner('rosalyn', 'Drafts');
    const path = new URL(ada.page.url()).pathname;
    await ada.say('to be answered');
    await ada.sees('to be answered');
    await ada.act('to be answered', 'Reply');
    await ada.composer().fill('half a sentence');
    await ada.page.locator('input[type=file]').setInputFiles([png('kept.png')]);
    await ada.page.getByText('kept.png').waitFor();
    await ada.page.waitForTimeout(300);
    const whole = async (page) => {
      await page.getByText('kept.png').waitFor();
      assert.equal(
        await page.getByRole('textbox', { name: /^Message / }).inputValue(),
        'half a sentence',
      );
      await page.getByRole('form').getByText('to be answered').waitFor();
    };
    await ada.page.goto('/');
    await ada.page.goto(path);
    await whole(ada.page);
    await ada.page.reload();
    await whole(ada.page);
    await ada.page.close({ runBeforeUnload: false });
    ada.page = await ada.context.newPage();
    await ada.page.goto(path);
    await whole(ada.page);
    await ada.page.getByRole('button', { name: 'Do not answer' }).click();
    await ada.page.getByRole('button', { name: 'Remove kept.png' }).click();
    await ada.composer().fill('');
    await ada.composer().press('ArrowUp');
    const editor = ada.page.getByRole('textbox', { name: 'Edit message' });
    await editor.fill('changed my mind');
    await editor.press('Escape');
    await editor.waitFor({ state: 'detached' });
    await ada.sees('to be answered');
  },

  '37, 43: lists offer, the focus stays, nothing is sent': async (town) => {
    const ada = await town.owner('sofya', 'Lists');
    const { page } = ada;
    await write(ada, ['one before']);
    await ada.sees('one before');
    const count = (await drawn(ada)).length;
    const field = ada.composer();
    const offer = async (text, option, key) => {
      await field.pressSequentially(text);
      await page.getByRole('option', { name: option }).first().waitFor();
      await field.press(key);
      await page.getByRole('option').first().waitFor({ state: 'detached' });
      assert.equal(await page.evaluate(() => document.activeElement.tagName), 'TEXTAREA');
    };
    await offer('hi @sofy', /sofya/, 'Enter');
    await offer('in #gen', /general/, 'Tab');
    await offer('so :tada', /:tada:/, 'Enter');
    await offer('x @sofy', /sofya/, 'Escape');
    assert.equal(await field.inputValue(), 'hi @sofya in #general so 🎉 x @sofy');
    assert.equal((await drawn(ada)).length, count, '37: nothing was sent');
    await field.fill('');

    await page.getByRole('button', { name: 'Emoji' }).hover();
    const opened = await page.evaluate(async () => {
      const start = performance.now();
      document.querySelector('button[aria-label=Emoji]').click();
      while (!document.querySelector('.picker .grid button')) {
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
      return performance.now() - start;
    });
    console.log(`     43: the picker opened in ${Math.round(opened)} ms, its file not yet loaded`);
    const search = page.getByRole('searchbox', { name: 'Search emoji' });
    await page.getByRole('button', { name: 'Skin tone' }).click();
    await page.getByRole('group', { name: 'Skin tone' }).getByRole('button').nth(3).click();
    await search.fill('wave');
    await page.getByRole('button', { name: 'wave', exact: true }).click();
    assert.equal(await field.inputValue(), '👋🏽', '43: in the chosen skin');
    await page.getByRole('button', { name: 'Emoji' }).click();
    await page.getByRole('button', { name: '👋🏽', exact: true }).waitFor(); // remembered
    await ada.axe('emoji picker');
    const again = await page.evaluate(async () => {
      document.querySelector('.picker').hidePopover();
      await new Promise((resolve) => setTimeout(resolve, 100));
      const start = performance.now();
      document.querySelector('button[aria-label=Emoji]').click();
      while (!document.querySelector('.picker .grid button')) {
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
      return performance.now() - start;
    });
    assert.ok(again < 300, `43: opens at once, not in ${again} ms`);
    await page.keyboard.press('Escape');
  },

  '38, 39: files by paste and drop, their progress, and what when they fail': async (town) => {
    const ada = await town.owner('emilie', 'Files');
    const { page } = ada;
    const give = (kind, name, bytes) =>
      page.evaluate(
        ([how, title, size]) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(size)], title, { type: 'image/png' }));
          const target = how === 'paste' ? document.activeElement : document.body;
          const event =
            how === 'paste'
              ? new ClipboardEvent('paste', {
                  clipboardData: data,
                  bubbles: true,
                  cancelable: true,
                })
              : new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true });
          target.dispatchEvent(event);
        },
        [kind, name, bytes],
      );
    await ada.composer().focus();
    await give('paste', 'pasted.png', 100);
    await page.getByText('pasted.png').waitFor();
    await give('drop', 'dropped.png', 100);
    await page.getByText('dropped.png').waitFor();
    const most = await page.evaluate(async () => {
      const facts = await (await fetch('/.well-known/osc')).json();
      return facts.limits.attachment_bytes;
    });
    await give('drop', 'huge.png', most + 1);
    await page.getByText(/huge\.png is too big: at most/).waitFor();

    let answer = (route) =>
      route.fulfill({ status: 400, json: { code: 50035, message: 'Not this one.' } });
    const open = await sending(page, (route) => answer(route));
    ada.expectRefusals = 1;
    await ada.say('with files');
    const failed = page.locator('article.failed');
    await failed.getByText('Not sent: Not this one.').waitFor();
    await failed.getByText('with files').waitFor();
    await ada.axe('failed message');
    let pass;
    answer = async (route) => {
      await new Promise((resolve) => (pass = resolve));
      await route.continue().catch(() => undefined); // called back meanwhile
    };
    await failed.getByRole('button', { name: 'Retry' }).click();
    await page
      .getByText(/of 100 B/)
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Do not send dropped.png' }).click();
    await page.waitForTimeout(200);
    pass();
    await page.waitForTimeout(200);
    answer = (route) => route.continue();
    pass();
    await ada.row('with files').getByText('pasted.png').waitFor();
    assert.equal(await ada.row('with files').getByText('dropped.png').count(), 0);
    await open();
  },

  '40, 41, 55: shown at once, sent once, kept over a reload': async (town) => {
    const ada = await town.owner('nettie', 'Outbox');
    const { page } = ada;
    const path = new URL(page.url()).pathname;
    let pass;
    let open = await sending(page, async (route) => {
      await new Promise((resolve) => (pass = resolve));
      await route.continue();
    });
    await ada.composer().fill('at once');
    const shown = await page.evaluate(async () => {
      const field = document.querySelector('form textarea');
      const start = performance.now();
      const key = { key: 'Enter', bubbles: true, cancelable: true };
      field.dispatchEvent(new KeyboardEvent('keydown', key));
      const mine = () =>
        [...document.querySelectorAll('article')].some((row) =>
          row.textContent.includes('at once'),
        );
      while (!mine()) await new Promise((resolve) => setTimeout(resolve, 1));
      return performance.now() - start;
    });
    assert.ok(shown < 50, `40: shown after ${shown} ms`);
    await page.getByRole('article', { name: 'Your message, not sent yet' }).waitFor();
    await page.waitForTimeout(100);
    pass();
    await ada.row('at once').waitFor();
    await open();

    // 41: the answer is lost after the server has it
    let tries = 0;
    open = await sending(page, async (route) => {
      tries += 1;
      if (tries > 1) return route.continue();
      await route.fetch();
      return route.abort('connectionrefused');
    });
    await ada.say('only once');
    await ada.row('only once').waitFor();
    await page.waitForTimeout(1_000);
    assert.equal(await ada.row('only once').count(), 1);
    await open();

    // 55: what could not be sent is there after a reload, in order, files too
    open = await sending(page, (route) => route.abort('connectionrefused'));
    await ada.say('kept one');
    await page.locator('input[type=file]').setInputFiles([png('kept.png')]);
    await ada.say('kept two');
    await ada.say('kept three');
    await page.getByText('Waiting for the connection').first().waitFor();
    await page.waitForTimeout(500);
    await open();
    await page.reload();
    await ada.row('kept three').waitFor({ timeout: 20_000 });
    await ada.row('kept two').getByRole('img', { name: 'kept.png' }).waitFor();
    const texts = await page.evaluate(() =>
      [...document.querySelectorAll('[role=log] [data-id]')].map((row) => row.textContent),
    );
    const order = ['kept one', 'kept two', 'kept three'].map((one) =>
      texts.findIndex((text) => text.includes(one)),
    );
    assert.deepEqual(
      [...order].sort((a, b) => a - b),
      order,
      '55: in order',
    );
    await page.goto('/');
    await page.goto(path);
    await ada.composer().waitFor(); // the room, and no longer its preview
    for (const one of ['kept one', 'kept two', 'kept three']) {
      await ada.sees(one);
      assert.equal(await ada.row(one).count(), 1, one);
    }
  },

  '42, 44: what Enter means, and a line that moves nothing': async (town) => {
    const ada = await town.owner('caroline', 'Enter');
    const ben = await town.visitor(`/r/${ada.slug()}`, PHONE);
    await ben.joinAs('Ben');
    await ada.composer().fill('日本');
    await ada.page.evaluate(() =>
      document
        .querySelector('form textarea')
        .dispatchEvent(
          new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true }),
        ),
    );
    await ada.page.waitForTimeout(200);
    assert.equal(await ada.composer().inputValue(), '日本', '42: Enter of an input method');
    await ada.composer().press('Shift+Enter');
    assert.equal(await ada.composer().inputValue(), '日本\n');
    await ada.composer().press('Enter');
    await ben.sees('日本');
    await ben.composer().fill('on a phone');
    await ben.composer().press('Enter');
    assert.equal(await ben.composer().inputValue(), 'on a phone\n', '42: a line on a phone');
    const boxes = () =>
      ada.page.evaluate(() =>
        ['[role=log]', 'main form'].map((one) =>
          JSON.stringify(document.querySelector(one).getBoundingClientRect()),
        ),
      );
    await ada.page.waitForTimeout(300);
    const quiet = await boxes();
    await ben.composer().pressSequentially('hm');
    await ada.page.getByText(/Ben#\d+ is typing/).waitFor();
    assert.deepEqual(await boxes(), quiet, '44: nothing moves');
  },

  '50, 51: one menu by four ways, and the focus comes back': async (town) => {
    const ada = await town.owner('mileva', 'Menus');
    await ada.say('the message');
    await ada.sees('the message');
    const ben = await town.visitor(`/r/${ada.slug()}`, PHONE);
    await ben.joinAs('Ben');
    await ben.sees('the message');
    const row = ada.row('the message');
    const entries = async (visitor) => {
      await visitor.page.getByRole('menu').waitFor();
      const names = await visitor.page.getByRole('menuitem').allInnerTexts();
      await visitor.page.keyboard.press('Escape');
      await visitor.page.getByRole('menu').waitFor({ state: 'detached' });
      return names.map((name) => name.split('\n')[0]);
    };
    await row.click({ button: 'right', position: { x: 300, y: 30 } });
    const first = await entries(ada);
    for (const name of ['Reply', 'Edit', 'Copy text', 'Copy link', 'Pin', 'Delete']) {
      assert.ok(first.includes(name), `50: ${name} in ${first}`);
    }
    assert.ok(!first.includes('Copy id'), 'ids are for those who asked for them');
    await row.hover();
    await row.getByRole('button', { name: 'More' }).click();
    assert.deepEqual(await entries(ada), first, '50: the button');
    const active = () => ada.page.evaluate(() => document.activeElement.ariaLabel);
    assert.equal(await active(), 'More', '51: back to the button');
    await row.getByRole('article').focus();
    await ada.page.keyboard.press('Shift+F10');
    assert.deepEqual(await entries(ada), first, '50: Shift+F10');
    assert.match(await active(), /^mileva, the message/, '51: back to the message');

    const touch = await ben.context.newCDPSession(ben.page);
    const { x, y } = await ben.row('the message').boundingBox();
    const points = [{ x: x + 120, y: y + 40 }];
    await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: points });
    await ben.page.waitForTimeout(700);
    await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    await ben.page.getByRole('menu').waitFor();
    await ben.page.waitForTimeout(300);
    await ben.shot('message-sheet');
    const small = await ben.page
      .getByRole('menuitem')
      .evaluateAll((all) =>
        all.map((one) => one.getBoundingClientRect()).filter((box) => box.height < 44),
      );
    assert.equal(small.length, 0, '58: targets for a thumb');
    assert.ok((await entries(ben)).includes('Reply'), '50: a long press');

    // Keys on a message: r, e, Escape, Shift+Delete without a question.
    await row.getByRole('article').focus();
    await ada.page.keyboard.press('r');
    await ada.page.getByRole('form').getByText('the message').waitFor();
    await ada.page.keyboard.press('Escape');
    await row.getByRole('article').focus();
    await ada.page.keyboard.press('Delete');
    const dialog = ada.page.getByRole('dialog');
    await dialog.waitFor();
    await ada.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await row.getByRole('article').focus();
    await ada.page.keyboard.press('Shift+Delete');
    await ben.seesNot('the message');
  },

  'pins: kept at hand, told in the room, found by the panel': async (town) => {
    const ada = await town.owner('lotfi', 'Pins');
    await write(ada, ['to be pinned', ...lines(60)]);
    const ben = await town.visitor(`/r/${ada.slug()}`);
    await ben.joinAs('Ben');
    await ben.sees('line 59.');
    await ada.page.getByRole('button', { name: 'Pinned messages' }).click();
    await ada.page.getByText('Nothing is pinned here yet.').waitFor();
    await ada.page.keyboard.press('Escape');
    const channel = await channelOf(ada);
    const all = await call(ada, 'GET', `/api/v10/channels/${channel}/messages?limit=100`);
    const id = all.find((one) => one.content === 'to be pinned').id;
    await ada.act('line 59.', 'Pin');
    await call(ada, 'PUT', `/api/v10/channels/${channel}/messages/pins/${id}`);
    await ben.page.getByText('lotfi pinned a message.').first().waitFor();
    await ben.page.getByRole('button', { name: 'Pinned messages' }).click();
    const panel = ben.page.getByRole('dialog', { name: 'Pinned messages' });
    await panel.getByText('to be pinned').waitFor();
    assert.equal(await panel.getByRole('listitem').count(), 2);
    assert.equal(await panel.getByRole('button', { name: 'Unpin' }).count(), 0, 'not his to unpin');
    await ben.axe('pins');
    await ben.shot('pins');
    await panel
      .getByRole('listitem')
      .filter({ hasText: 'to be pinned' })
      .getByRole('button')
      .click();
    await ben.page.locator('.flash').filter({ hasText: 'to be pinned' }).waitFor();
    await ben.page.getByRole('button', { name: /Jump to present/ }).click();
    await ben.page.waitForTimeout(300);
    assert.ok((await gap(ben)) < 1);
    await ada.page.getByRole('button', { name: 'Pinned messages' }).click();
    const own = ada.page.getByRole('dialog', { name: 'Pinned messages' });
    await own.getByRole('button', { name: 'Unpin' }).first().click();
    await own.getByRole('listitem').nth(1).waitFor({ state: 'detached' });
  },

  '60: a burst is one sentence, and never the time': async (town) => {
    const ada = await town.owner('ingeborg', 'Burst');
    const ben = await town.visitor(`/r/${ada.slug()}`);
    await ben.joinAs('Ben');
    await ben.page.evaluate(() => {
      const region = document.querySelector('main [aria-live=polite], [aria-live=polite]');
      globalThis.said = [];
      new MutationObserver(() => globalThis.said.push(region.textContent)).observe(region, {
        childList: true,
        characterData: true,
        subtree: true,
      });
    });
    await write(
      ada,
      lines(5, 'quick', () => 1),
    );
    await ben.sees('quick 4.');
    await ben.page.waitForTimeout(1_500);
    const said = await ben.page.evaluate(() => globalThis.said.filter(Boolean));
    assert.ok(said.length <= 3, `said ${said.length} times: ${said}`);
    assert.ok(
      said.some((text) => /^\d new messages$/.test(text)),
      `grouped: ${said}`,
    );
    assert.ok(!said.some((text) => /\d\d:\d\d/.test(text)), `without the time: ${said}`);
    assert.equal(await ben.page.getByRole('log').getAttribute('aria-live'), 'off');
  },
};
