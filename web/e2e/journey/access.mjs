/** For everybody: phones, keyboards, both themes, no script at all. */
import { strict as assert } from 'node:assert';
import { PHONE } from '../browser.mjs';

export const journeys = {
  'every screen passes axe in dark and light, wide and narrow': async (town) => {
    const ada = await town.owner('vera', 'Showroom');
    await ada.say('Plain words, **strong words**, `code`, ||a secret|| and https://example.org');
    await ada.say('```\na block of code\n```\n> and a quote');
    await ada.act('Plain words', 'React 👍');
    const path = new URL(ada.page.url()).pathname;
    const state = await ada.context.storageState();
    for (const colorScheme of ['dark', 'light']) {
      for (const [size, shape] of [
        ['wide', {}],
        ['phone', PHONE],
      ]) {
        const name = `${size}-${colorScheme}`;
        const stranger = await town.visitor('/', { ...shape, colorScheme });
        await stranger.page
          .getByRole('link', { name: /Showroom/ })
          .first()
          .waitFor();
        await stranger.axe(`main page ${name}`);
        await stranger.shot(`main-${name}`);
        await narrow(stranger);
        await stranger.page.goto(path);
        await stranger.sees('Plain words');
        await stranger.axe(`preview ${name}`);
        await stranger.shot(`preview-${name}`);
        await narrow(stranger);
        const member = await town.visitor(path, { ...shape, colorScheme, storageState: state });
        await member.sees('Plain words');
        await member.composer().waitFor();
        await member.axe(`room ${name}`);
        await member.shot(`room-${name}`);
        await narrow(member);
        if (size === 'phone') {
          await member.page.getByRole('button', { name: 'Channels and rooms' }).tap();
          await member.axe(`channels ${name}`);
          await member.shot(`channels-${name}`);
          await member.page.goBack();
          await member.page.getByRole('button', { name: 'Members' }).tap();
          await member.page.getByRole('button', { name: /vera/ }).waitFor();
          await member.axe(`members ${name}`);
        } else {
          await member.page.getByRole('button', { name: 'Your account and settings' }).click();
          await member.page.getByRole('link', { name: 'Account' }).click();
          await member.page.getByText('Where you are signed in').waitFor();
          await member.page.getByText('this one').waitFor();
          await member.axe(`account ${name}`);
          await member.shot(`account-${name}`);
        }
        await stranger.leave();
        await member.leave();
      }
    }
  },

  'on a phone: join, talk, go back to the rooms': async (town) => {
    const ada = await town.owner('ruth', 'Pocket');
    const ben = await town.visitor('/', PHONE);
    const { page } = ben;
    await page.getByRole('link', { name: /Pocket/ }).tap();
    await page.getByLabel('Your name').fill('Thumb');
    await page.getByRole('button', { name: 'Join and talk' }).tap();
    await ben.composer().fill('from a phone');
    await page.getByRole('button', { name: 'Send message' }).tap();
    await ada.sees('from a phone');
    await page.getByRole('button', { name: 'Channels and rooms' }).tap();
    await page.getByRole('link', { name: 'general' }).tap();
    await ben.composer().waitFor();
    const small = await page.evaluate(() =>
      [...document.querySelectorAll('button, a[href]')]
        .filter((one) => one.checkVisibility({ opacityProperty: true }) && !one.closest('p'))
        .map((one) => ({
          box: one.getBoundingClientRect(),
          text: one.ariaLabel ?? one.textContent,
        }))
        .filter(({ box }) => box.width > 0 && box.left >= 0 && (box.width < 24 || box.height < 24))
        .map(({ text }) => text.trim()),
    );
    assert.deepEqual(small, []);
  },

  'with the keyboard alone': async (town) => {
    const owner = await town.owner('dorothy', 'Keys');
    await owner.say('press on');
    const visitor = await town.visitor('/');
    const { page } = visitor;
    await page.getByRole('link', { name: /Keys/ }).waitFor();
    await page.keyboard.press('Tab');
    await focused(page, 'Skip to the content');
    await tabTo(page, /Keys/);
    await page.keyboard.press('Enter');
    await visitor.sees('press on');
    await tabTo(page, 'Your name');
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type('Tabby');
    await page.keyboard.press('Enter');
    await visitor.composer().waitFor();
    await page.keyboard.type('typed without a mouse');
    await page.keyboard.press('Enter');
    await owner.sees('typed without a mouse');
    await page.keyboard.press('ArrowUp');
    await focused(page, 'Edit message');
    await page.keyboard.type('!');
    await page.keyboard.press('Enter');
    await owner.sees('typed without a mouse!');

    await page.keyboard.press('Shift+Tab');
    await page.getByRole('log').focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    await tabTo(page, 'More');
    await page.keyboard.press('Enter');
    await page.getByRole('menu').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Escape');
    await focused(page, 'More');
    await tabTo(page, 'React');
    await page.keyboard.press('Enter');
    await focused(page, 'Search emoji');
    await page.keyboard.type('tada');
    await page.getByRole('button', { name: 'tada' }).waitFor();
    await page.keyboard.press('Enter');
    await owner.page.getByRole('button', { name: /party, 1/ }).waitFor();
  },

  'new messages are said aloud once, without the time': async (town) => {
    const ada = await town.owner('frances', 'Voices');
    const ben = await town.visitor(`/r/${ada.slug()}`);
    await ben.joinAs('Ben');
    await ada.say('can **you** hear this?');
    const region = ben.page.locator('[aria-live=polite]');
    await region.filter({ hasText: 'can you hear this?' }).waitFor({ state: 'attached' });
    assert.match((await region.textContent()) ?? '', /^frances: can you hear this\?$/);
  },

  'without script the page still reads': async (town) => {
    const ada = await town.owner('beatrice', 'Paper');
    await ada.say('readable <b>anywhere</b>');
    await ada.sees('readable');
    const path = `/r/${ada.slug()}`;
    const plain = await town.visitor(path, { javaScriptEnabled: false });
    await plain.page.getByText('readable <b>anywhere</b>').waitFor();
    assert.match(await plain.page.title(), /Paper/);
    await plain.shot('no-script-room');
    await plain.page.goto('/');
    await plain.page.getByRole('link', { name: /Paper/ }).waitFor();
    await plain.shot('no-script-main');
  },

  'the theme is chosen once and holds': async (town) => {
    const visitor = await town.visitor('/');
    await visitor.page.getByRole('button', { name: 'Switch dark and light' }).click();
    await visitor.page.reload();
    const theme = await visitor.page.evaluate(() => document.documentElement.dataset.theme);
    assert.equal(theme, 'light');
  },
};

async function narrow(visitor) {
  const wider = await visitor.page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  assert.equal(wider, 0, 'the page scrolls sideways');
}

const NAME = () => {
  const one = document.activeElement;
  const label = one?.labels?.[0]?.textContent;
  return (one?.ariaLabel ?? label ?? one?.textContent ?? '').trim();
};

async function focused(page, name) {
  await page.waitForTimeout(60);
  assert.equal(await page.evaluate(NAME), name);
}

async function tabTo(page, name) {
  for (let presses = 0; presses < 60; presses += 1) {
    const now = await page.evaluate(NAME);
    if (typeof name === 'string' ? now === name : name.test(now)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab never reaches ${name}`);
}
