/** Threads: begun at a message, talked in, found again; private ones; by key and on a phone. */
import { strict as assert } from 'node:assert';
import { call, channelOf } from '../pen.mjs';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

const inThread = (visitor, name) =>
  visitor.page.getByRole('textbox', { name: `Message ${name}`, exact: true });

/** Beside its channel there are two places to write. */
async function sayIn(visitor, name, text) {
  await inThread(visitor, name).fill(text);
  await inThread(visitor, name).press('Enter');
}

/** Begins a thread by a message's menu and stands in it. */
async function begin(visitor, text, name) {
  await visitor.act(text, 'Begin a thread');
  const dialog = visitor.page.getByRole('dialog', { name: 'Begin a thread' });
  await dialog.getByLabel('Name of the thread').fill(name);
  await dialog.getByRole('button', { name: 'Begin thread' }).click();
  await visitor.page.getByRole('heading', { name }).first().waitFor();
}

export const journeys = {
  'two people and a thread': async (town) => {
    const lunch = 'Lunch on Friday';
    const rosa = await town.owner('rosa_threads', 'Threadneedle');
    const ben = await town.visitor(`/r/${rosa.slug()}`);
    await ben.joinAs('Ben');
    await ben.say('Shall we have lunch on Friday?');
    await rosa.sees('Shall we have lunch on Friday?');
    await rosa.row('Shall we have lunch').hover();
    await rosa.row('Shall we have lunch').getByRole('button', { name: 'Begin a thread' }).waitFor();
    await begin(rosa, 'Shall we have lunch', lunch);
    await rosa.page.getByRole('article', { name: 'What this thread began with' }).waitFor();
    await sayIn(rosa, lunch, 'The new place at the corner?');
    await rosa.sees('The new place at the corner?');
    await rosa.axe('thread beside its channel');
    await rosa.shot('thread-wide');

    const chip = ben.row('Shall we have lunch').getByRole('link', { name: /Lunch on Friday/ });
    await chip.getByText('1 message').waitFor();
    await chip.getByText('The new place at the corner?').waitFor();
    await ben.shot('thread-chip');
    await ben.axe('thread chip');
    await chip.click();
    await ben.sees('The new place at the corner?');
    await sayIn(ben, lunch, 'Yes, at one.');
    await rosa.sees('Yes, at one.');
    const list = ben.page.getByRole('list', { name: 'Threads of general' });
    await list.getByRole('link', { name: /Lunch on Friday/ }).waitFor();
    await ben.axe('thread');

    // What is said while one is elsewhere waits in the list.
    await ben.page.getByRole('link', { name: 'Close the thread' }).click();
    await inThread(ben, lunch).waitFor({ state: 'detached' });
    await sayIn(rosa, lunch, 'I booked a table.');
    await list.getByRole('link', { name: /Lunch on Friday, thread, unread/ }).waitFor();
    await chip.getByText('3 messages').waitFor();
    await chip.getByText('I booked a table.').waitFor();
    await ben.shot('thread-chip-last');

    // Archived, found in the list, opened again by writing.
    await rosa.page.getByRole('button', { name: 'Options for Lunch on Friday' }).last().click();
    await rosa.page.getByRole('menuitem', { name: 'Archive', exact: true }).click();
    await rosa.page.getByText('This thread is archived. Writing in it opens it again.').waitFor();
    await rosa.shot('thread-archived');
    await rosa.page.emulateMedia({ colorScheme: 'light' });
    await rosa.shot('thread-light');
    await rosa.axe('thread in light');
    await list.waitFor({ state: 'detached' });
    await ben.page.reload();
    await ben.sees('Shall we have lunch on Friday?');
    await ben.page.getByRole('button', { name: 'Threads', exact: true }).click();
    const threads = ben.page.getByRole('dialog', { name: 'Threads in #general' });
    await threads.getByText('No thread is active here.').waitFor();
    await threads.getByText('Archived', { exact: true }).click();
    await threads.getByRole('link', { name: /Lunch on Friday/ }).waitFor();
    await ben.shot('thread-list');
    await ben.axe('list of threads');
    await threads.getByRole('link', { name: /Lunch on Friday/ }).click();
    await ben.sees('I booked a table.');
    await sayIn(ben, lunch, 'Great!');
    await rosa.sees('Great!');
    await list.getByRole('link', { name: /Lunch on Friday/ }).waitFor();
  },

  'a private thread stays with those in it': async (town) => {
    const ida = await town.owner('ida_threads', 'Whisper Gallery');
    const [cleo, dan] = [
      await town.visitor(`/r/${ida.slug()}`),
      await town.visitor(`/r/${ida.slug()}`),
    ];
    await cleo.joinAs('Cleo');
    await dan.joinAs('Dan');
    await cleo.say('hello');
    await dan.say('hello too');
    await ida.sees('hello too');
    await ida.page.getByRole('button', { name: 'Options for general' }).click();
    await ida.page.getByRole('menuitem', { name: 'Threads' }).click();
    await ida.page.getByRole('dialog').getByRole('button', { name: 'Begin a thread' }).click();
    const dialog = ida.page.getByRole('dialog', { name: 'Begin a thread' });
    await dialog.getByLabel('Name of the thread').fill('A surprise');
    await dialog.getByRole('switch', { name: 'Private' }).check();
    await ida.shot('thread-begin');
    await dialog.getByRole('button', { name: 'Begin thread' }).click();
    await ida.page.getByRole('heading', { name: 'A surprise' }).first().waitFor();
    await sayIn(ida, 'A surprise', 'The cake comes at five.');
    const path = await ida.page.evaluate(() => location.pathname);

    await ida.page.getByRole('button', { name: /^People in this thread/ }).click();
    const people = ida.page.getByRole('dialog', { name: 'People in this thread' });
    await people.getByRole('searchbox').fill('Cleo');
    await people.getByRole('button', { name: /^Add Cleo/ }).click();
    await people.getByRole('list', { name: 'In the thread' }).getByText(/Cleo/).waitFor();
    await ida.shot('thread-people');
    await ida.axe('people of a thread');
    await ida.page.keyboard.press('Escape');

    const link = (who) => who.page.getByRole('link', { name: /A surprise/ });
    await link(cleo).click();
    await cleo.sees('The cake comes at five.');
    assert.equal(await link(dan).count(), 0);
    dan.expectRefusals = 1;
    await dan.page.goto(new URL(path, dan.page.url()).href);
    await dan.page.getByText('This channel does not exist, or you may not see it.').waitFor();
    const seen = await dan.page.evaluate(() => document.body.textContent);
    assert.ok(!seen.includes('surprise') && !seen.includes('cake'));

    // Taken out: gone at once.
    cleo.expectRefusals = 1;
    await ida.page.getByRole('button', { name: /^People in this thread/ }).click();
    await people.getByRole('button', { name: /^Take Cleo/ }).click();
    await cleo.page.getByText('This channel does not exist, or you may not see it.').waitFor();
    assert.equal(await link(cleo).count(), 0);

    // Called by name is added.
    const { id } = await call(dan, 'GET', '/api/v10/users/@me');
    const thread = path.split('/').at(-1);
    const content = `<@${id}> come along`;
    await call(ida, 'POST', `/api/v10/channels/${thread}/messages`, { content });
    await dan.sees('come along');
    await link(dan).first().waitFor();
  },

  'a thread by key, and on a phone': async (town) => {
    const uma = await town.owner('uma_threads', 'Keys and Thumbs');
    await uma.say('a thought to go on with');
    await uma.sees('a thought to go on with');
    await uma.row('a thought').locator('article').focus();
    await uma.page.keyboard.press('t');
    const dialog = uma.page.getByRole('dialog', { name: 'Begin a thread' });
    await dialog.getByLabel('Name of the thread').waitFor();
    assert.equal(
      await dialog.getByLabel('Name of the thread').inputValue(),
      'a thought to go on with',
    );
    await uma.page.keyboard.press('Enter');
    const thought = 'a thought to go on with';
    await inThread(uma, thought).and(uma.page.locator(':focus')).waitFor();
    await uma.page.keyboard.type('typed without a mouse');
    await uma.page.keyboard.press('Enter');
    await uma.sees('typed without a mouse');

    // Alt+Up leaves it for its channel, Alt+Down comes back.
    await uma.page.keyboard.press('Alt+ArrowUp');
    await inThread(uma, thought).waitFor({ state: 'detached' });
    await uma.page.keyboard.press('Alt+ArrowDown');
    await inThread(uma, thought).waitFor();

    const thread = (await uma.page.evaluate(() => location.pathname)).split('/').at(-1);
    const phil = await town.visitor(`/r/${uma.slug()}`, PHONE);
    await phil.joinAs('Phil');
    const chip = phil.page.getByRole('link', { name: /a thought to go on with/ }).first();
    await chip.waitFor();
    const box = await chip.boundingBox();
    assert.ok(box.height >= 44 && box.width <= 390, JSON.stringify(box));
    await phil.shot('thread-phone-chip');
    await chip.tap();
    await phil.sees('typed without a mouse');
    await phil.page.getByRole('button', { name: 'Join' }).tap();
    await phil.page.getByRole('button', { name: 'Join' }).waitFor({ state: 'detached' });
    await phil.composer().fill('with two thumbs');
    await phil.page.getByRole('button', { name: 'Send message' }).tap();
    await uma.sees('with two thumbs');
    await phil.shot('thread-phone');
    await phil.axe('thread on a phone');

    await call(uma, 'PATCH', `/api/v10/channels/${thread}`, { locked: true });
    await phil.page.getByText(/^This thread is locked\. Only who manages threads/).waitFor();
    assert.equal(await phil.composer().count(), 0);
    await phil.shot('thread-phone-locked');
    await phil.page.getByRole('link', { name: 'Back to #general' }).tap();
    await phil.page.getByRole('heading', { level: 1, name: 'general' }).waitFor();
    assert.ok(await channelOf(uma));
  },
};
