/** What others type to break a page, shown everywhere text is shown: it stays text. */
import { strict as assert } from 'node:assert';
import { audit, badInputs, Caller, watch } from '../bad.mjs';
import { call, until } from '../pen.mjs';

const V10 = '/api/v10';
const OSC = '/api/osc/v1';
const LONGEST = 2_000;
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAYAAABytg0kAAAAFElEQVR4nGP8z8Dwn4GBgYGJAQoAHxcCAr7pzjgA' +
    'AAAASUVORK5CYII=',
  'base64',
);

const guildOf = (visitor) =>
  call(visitor, 'GET', `${OSC}/guilds/by-slug/${visitor.slug()}`).then((guild) => guild.id);

/** What a message of the list reads as, where that is not what was typed. */
const READS = new Map([
  ['__proto__', 'proto'],
  // A label that looks like another address says where it leads.
  ['[https://bank.example](https://evil.example)', 'https://bank.example (evil.example)'],
  ['![x](http://127.0.0.1:6379/)', '!x'],
  ['<https://a.example/?"onmouseover=alert(1)>', 'https://a.example/?"onmouseover=alert(1)'],
  ['```html\n<script>\n```', '<script>'],
  ['<@&1>', '@a role'],
  ['<@!0000000000000000001>', '@somebody'],
  ['<#1>', '#unknown'],
]);
const MARKS = /[*_`>|\s]/g;

/** Each message says what was typed; only marks of the markup may be drawn instead of shown. */
function assertReads(content, shown) {
  const exact = READS.get(content) ?? content;
  if (shown.trim() === exact.trim()) return;
  const what = JSON.stringify([content.slice(0, 80), shown.slice(0, 80)]);
  assert.ok(content.length > 200, `reads as something else: ${what}`);
  const bare = content.replaceAll('||spoiler||', 'Spoiler').replace(MARKS, '');
  const most = shown.replaceAll('||spoiler||', 'Spoiler').replace(MARKS, '');
  assert.ok(bare.startsWith(most) && bare.length - most.length < 12, `loses something: ${what}`);
}

/** The text of an element, line breaks as such. */
const textOf = (locator) =>
  locator.evaluate((one) => {
    const copy = one.cloneNode(true);
    for (const line of copy.querySelectorAll('br')) line.replaceWith('\n');
    return copy.textContent;
  });

/** Everybody's page of a room without script: the texts of its messages and its elements. */
async function plainly(town, path) {
  const plain = await town.visitor('about:blank', { javaScriptEnabled: false });
  await plain.page.goto(path);
  await audit(plain, `${path} without script`);
  return plain;
}

async function writeAll(author, path, inputs) {
  const sent = [];
  for (const input of inputs) {
    // As it is, which may be refused, and as much of it as a message takes.
    for (const content of new Set([input, input.slice(0, LONGEST)])) {
      const message = await author.ask('POST', path, { content });
      if (message) sent.push(message);
    }
  }
  return sent;
}

export const journeys = {
  'bad input: messages stay text, answered, pinned, edited, said aloud and without script': async (
    town,
  ) => {
    const bad = badInputs();
    if (!bad) return;
    const owner = await town.owner('bad-writer', 'Written');
    const { page } = owner;
    const guild = await guildOf(owner);
    const slug = owner.slug();
    await watch(owner);
    const author = await Caller.guest(town, 'Mallory');
    await author.ask('POST', `${OSC}/guilds/${guild}/join`);
    for (const group of ['text_must_stay_text', 'markdown', 'markdown_blowups_linear_time']) {
      const channel = await call(owner, 'POST', `${V10}/guilds/${guild}/channels`, {
        name: group.replaceAll('_', '-'),
        type: 0,
      });
      const path = `${V10}/channels/${channel.id}/messages`;
      const sent = await writeAll(author, path, bad(group));
      assert.ok(sent.length > 10, `${group}: ${sent.length} were taken`);
      await page.goto(`/r/${slug}/${channel.id}`);
      await page.locator(`[data-id="${sent.at(-1).id}"]`).waitFor();
      for (const { id, content } of sent) {
        assertReads(content, await textOf(page.locator(`[data-id="${id}"] .content`)));
      }
      await audit(owner, group);
      const piled = page.locator('.content').filter({ hasText: '\u0301\u0301' });
      if (await piled.count()) await piled.first().scrollIntoViewIfNeeded();
      await owner.shot(`bad-${group}`);

      const plain = await plainly(town, `/r/${slug}/${channel.id}`);
      for (const { id, content } of sent) {
        const shown = await plain.page.locator(`#m${id} .ssr-content`).textContent();
        assert.equal(shown, content, 'without script');
      }
      await plain.leave();
      const reader = await town.visitor('about:blank');
      await watch(reader);
      await reader.page.goto(`/r/${slug}/${channel.id}`);
      await reader.page.locator(`[data-id="${sent.at(-1).id}"]`).waitFor();
      await audit(reader, `${group}, looked at from outside`);
      await reader.leave();

      if (group === 'markdown_blowups_linear_time') continue;
      await answered(owner, author, path, sent);
      await pinned(owner, path, sent);
      await edited(owner, author, path, sent);
    }
    await aloud(town, owner, guild, bad('text_must_stay_text'));
  },

  'bad input: files keep their names as text, and no name becomes a header': async (town) => {
    const bad = badInputs();
    if (!bad) return;
    const owner = await town.owner('bad-filer', 'Filed');
    const { page } = owner;
    const guild = await guildOf(owner);
    const slug = owner.slug();
    const channel = new URL(page.url()).pathname.split('/')[3];
    await watch(owner);
    const author = await Caller.guest(town, 'Filer');
    await author.ask('POST', `${OSC}/guilds/${guild}/join`);
    const general = channel ?? (await call(owner, 'GET', `${V10}/guilds/${guild}/channels`))[0].id;
    const path = `${V10}/channels/${general}/messages`;
    const sent = [];
    for (const name of bad('filenames')) {
      for (const form of [named(name), hidden(name)]) {
        const message = await author.ask('POST', path, form);
        if (message) sent.push(message);
      }
    }
    assert.ok(sent.length > 20, `${sent.length} files were taken`);
    await page.goto(`/r/${slug}/${general}`);
    await page.locator(`[data-id="${sent.at(-1).id}"]`).waitFor();
    for (const { id, attachments } of sent) {
      const [file] = attachments;
      assert.doesNotMatch(file.filename, /[/\\\0\r\n]/, 'no path and no line in a name');
      const row = page.locator(`[data-id="${id}"]`);
      if (file.width) {
        const alt = await row.getByRole('img').getAttribute('alt');
        assert.equal(alt, file.description || file.filename);
      } else assert.equal(await row.locator('.file bdi').textContent(), file.filename);
    }
    await audit(owner, 'files');
    await owner.shot('bad-files');
    await harmless(town, sent);

    const picture = sent.find(({ attachments }) => /onerror/.test(attachments[0].filename));
    assert.ok(picture, 'a picture with a bad name was taken');
    await page.locator(`[data-id="${picture.id}"]`).getByRole('link').first().click();
    const viewer = page.getByRole('dialog', { name: 'Picture' });
    await viewer.getByText(picture.attachments[0].filename).first().waitFor();
    await audit(owner, 'viewer');
    await page.keyboard.press('Escape');

    const plain = await plainly(town, `/r/${slug}/${general}`);
    for (const { id, attachments } of sent.slice(-20)) {
      const link = plain.page.locator(`#m${id} a`);
      assert.equal(await link.textContent(), attachments[0].filename);
    }
  },
};

/** A picture whose name stands where browsers write it. */
function named(name) {
  const form = new FormData();
  form.append('payload_json', JSON.stringify({ content: '' }));
  form.append('files[0]', new Blob([PNG], { type: 'image/png' }), name);
  return form;
}

/** The name and the description come beside the file, where no browser changes them. */
function hidden(name) {
  const form = new FormData();
  const attachments = [{ id: 0, filename: name, description: name }];
  form.append('payload_json', JSON.stringify({ attachments }));
  form.append('files[0]', new Blob(['text'], { type: 'text/plain' }), 'plain.txt');
  return form;
}

/** What the server says of each file is about the file, and never that a browser may run it. */
async function harmless(town, sent) {
  for (const { attachments } of sent) {
    const { url, filename } = attachments[0];
    const answer = await fetch(new URL(url, town.server.url));
    assert.equal(answer.status, 200, filename);
    assert.equal(answer.headers.get('x-injected'), null, filename);
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    assert.match(answer.headers.get('content-security-policy') ?? '', /sandbox/, filename);
    const type = answer.headers.get('content-type') ?? '';
    assert.doesNotMatch(type, /html|xml|svg|multipart|script/, `${filename} as ${type}`);
  }
}

/** Previews of what was answered. */
async function answered(owner, author, path, sent) {
  const { page } = owner;
  const answers = [];
  for (const { id } of sent) {
    const body = { content: 'an answer', message_reference: { message_id: id } };
    answers.push(await author.ask('POST', path, body));
  }
  for (const [at, { id }] of answers.entries()) {
    const { content } = sent[at];
    const shown = await page.locator(`[data-id="${id}"] .answer button`).textContent();
    if (READS.has(content) || content.length > 100 || content.startsWith('||')) continue;
    const words = (text) => text.replace(/\s+/g, ' ').trim();
    assert.ok(words(shown).endsWith(words(content)), JSON.stringify([content, shown]));
  }
  await audit(owner, 'answers');
}

async function pinned(owner, path, sent) {
  const { page } = owner;
  for (const { id } of sent) await call(owner, 'PUT', `${path}/pins/${id}`);
  await page.getByRole('button', { name: 'Pinned messages' }).click();
  const panel = page.getByRole('dialog', { name: 'Pinned messages' });
  const items = panel.getByRole('listitem').filter({ has: page.locator('.content') });
  await items.nth(sent.length - 1).waitFor();
  const texts = await items.locator('.content').evaluateAll((all) =>
    all.map((one) => {
      const copy = one.cloneNode(true);
      for (const line of copy.querySelectorAll('br')) line.replaceWith('\n');
      return copy.textContent;
    }),
  );
  for (const [at, { content }] of [...sent].reverse().entries()) assertReads(content, texts[at]);
  await audit(owner, 'pins');
  await page.keyboard.press('Escape');
  await panel.waitFor({ state: 'detached' });
}

/** One message becomes each of the others while somebody looks at it. */
async function edited(owner, author, path, sent) {
  const { page } = owner;
  const { id } = await author.ask('POST', path, { content: 'to be edited' });
  const row = page.locator(`[data-id="${id}"]`);
  await row.waitFor();
  for (const { content } of sent) {
    await author.ask('PATCH', `${path}/${id}`, { content });
    await until(async () => assertReads(content, await textOf(row.locator('.content'))));
  }
  await row.locator('.edited').waitFor();
  await audit(owner, 'edits');
  // The same in the field of its author's editor: as typed, and nothing else.
  const mine = await call(owner, 'POST', path, { content: sent[1].content });
  await page.locator(`[data-id="${mine.id}"]`).waitFor();
  await owner.composer().press('ArrowUp');
  const editor = page.getByRole('textbox', { name: 'Edit message' });
  assert.equal(await editor.inputValue(), mine.content);
  await editor.press('Escape');
  await page.locator(`[data-id="${mine.id}"] article`).focus();
  await page.keyboard.press('Delete');
  await page.getByRole('dialog').waitFor();
  await audit(owner, 'the question before deleting');
  await page.keyboard.press('Escape');
}

/** What is said aloud, told on the desktop, and offered again behind @. */
async function aloud(town, owner, guild, inputs) {
  const { page } = owner;
  const general = (await call(owner, 'GET', `${V10}/guilds/${guild}/channels`)).find(
    (one) => one.name === 'general',
  );
  const author = await Caller.guest(town, 'Loud');
  await author.ask('POST', `${OSC}/guilds/${guild}/join`);
  await page.goto(`/r/${owner.slug()}/${general.id}`);
  await owner.composer().waitFor();
  const region = page.locator('main [aria-live=polite]').first();
  for (const content of inputs.filter((one) => one.startsWith('<'))) {
    await author.ask('POST', `${V10}/channels/${general.id}/messages`, { content });
    await region.filter({ hasText: content }).waitFor({ state: 'attached' });
    assert.equal(await region.locator('*').count(), 0);
  }
  await audit(owner, 'the live region');
}
