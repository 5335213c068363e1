/** What others call themselves and their rooms to break a page: a name is a name, wherever it
 *  stands. */
import { strict as assert } from 'node:assert';
import { audit, badInputs, Caller, watch } from '../bad.mjs';
import { PHONE } from '../browser.mjs';
import { until } from '../pen.mjs';

const V10 = '/api/v10';
const OSC = '/api/osc/v1';
const NAMES = ['text_must_stay_text', 'markdown', 'usernames_reject_or_fold_to_same_skeleton'];

const texts = (locator) => locator.allTextContents();
const named = (user) => user.global_name ?? user.username;
const tagged = (user) => (user.osc?.tag ? `${named(user)}#${user.osc.tag}` : named(user));

export const journeys = {
  'bad input: names of rooms, channels, topics, roles and groups stay names': async (town) => {
    const bad = badInputs();
    if (!bad) return;
    const visitor = await town.account('bad-founder');
    const { page } = visitor;
    await watch(visitor);
    const owner = await Caller.signIn(town, 'bad-founder');
    const rooms = [];
    for (const text of NAMES.flatMap(bad)) {
      const wish = { name: text, description: text, visibility: 'public' };
      const room = await owner.ask('POST', `${OSC}/guilds`, wish);
      const plain = { name: 'Plain', description: text, visibility: 'public' };
      if (room) rooms.push(room);
      else if (rooms.length < 60) await owner.ask('POST', `${OSC}/guilds`, plain);
    }
    assert.ok(rooms.length > 30, `${rooms.length} rooms were made`);
    await inTheDirectory(town, visitor, rooms);
    await inTheRail(visitor, rooms);
    const nasty = rooms.filter(({ name }) => /[<&"{%]/.test(name)).slice(0, 5);
    for (const room of nasty) await inside(town, visitor, owner, room);
    await furnished(visitor, owner, nasty[0], NAMES.flatMap(bad));
  },

  'bad input: what people are called and say of themselves stays text': async (town) => {
    const bad = badInputs();
    if (!bad) return;
    const visitor = await town.owner('bad-host', 'Called');
    const { page } = visitor;
    await page.setViewportSize({ width: 1440, height: 4_000 }); // every member is drawn
    await watch(visitor);
    const owner = await Caller.signIn(town, 'bad-host');
    const room = await owner.ask('GET', `${OSC}/guilds/by-slug/${visitor.slug()}`);
    const [general] = await owner.ask('GET', `${V10}/guilds/${room.id}/channels`);
    const people = [];
    for (const text of NAMES.flatMap(bad)) {
      const guest = await Caller.guest(town, text);
      if (guest) people.push(guest);
    }
    for (const text of bad(NAMES[2])) {
      const account = await Caller.account(town, text);
      if (account) people.push(account);
    }
    assert.ok(people.length > 30, `${people.length} people came`);
    for (const one of people) await one.ask('POST', `${OSC}/guilds/${room.id}/join`);
    const channel = await owner.ask('POST', `${V10}/guilds/${room.id}/channels`, { name: 'talk' });
    const messages = `${V10}/channels/${channel?.id ?? general.id}/messages`;
    await page.goto(`/r/${visitor.slug()}/${channel?.id ?? general.id}`);
    await visitor.composer().waitFor();
    await typed(visitor, people, messages);
    await listed(visitor, people);
    await called(visitor, owner, people, messages);
    await described(visitor, owner, room, NAMES.flatMap(bad));
    await page.setViewportSize({ width: 1440, height: 900 });
    await befriended(visitor, owner, room);
  },
};

/** On the main page, with and without script, and on a phone. */
async function inTheDirectory(town, visitor, rooms) {
  const { page } = visitor;
  await page.goto('/');
  await page.getByRole('combobox', { name: 'Order' }).selectOption('new');
  const cards = page.getByRole('main').locator('ul a');
  await until(async () => {
    await cards.last().scrollIntoViewIfNeeded();
    const shown = new Set(await texts(cards.locator('.name')));
    for (const { name } of rooms) assert.ok(shown.has(name), `not in the directory: ${name}`);
  });
  await audit(visitor, 'directory');
  await visitor.shot('bad-directory');
  const phone = await town.visitor('/', PHONE);
  await phone.page.getByRole('main').locator('ul a').first().waitFor();
  await audit(phone, 'directory on a phone');
  await phone.shot('bad-directory-phone');
  await phone.leave();

  const plain = await town.visitor('about:blank', { javaScriptEnabled: false });
  const shown = new Set();
  for (let path = '/'; path;) {
    await plain.page.goto(path);
    await audit(plain, `${path} without script`);
    for (const name of await texts(plain.page.locator('.ssr-room > :first-child'))) shown.add(name);
    const more = plain.page.getByRole('link', { name: 'More rooms' });
    path = (await more.count()) ? await more.getAttribute('href') : null;
  }
  for (const { name } of rooms) assert.ok(shown.has(name), `not without script: ${name}`);
  await plain.leave();
}

/** In the rail and in the quick switcher. */
async function inTheRail(visitor, rooms) {
  const { page } = visitor;
  const rail = page.getByRole('navigation', { name: 'Rooms' });
  const spoken = (await texts(rail.locator('.room .vh'))).map((one) => one.trim());
  for (const { name } of rooms) {
    assert.ok(
      spoken.some((one) => one.startsWith(name)),
      `not in the rail: ${name}`,
    );
  }
  await page.keyboard.press('Control+K');
  const field = page.getByRole('combobox', { name: 'Where to?' });
  for (const { name } of rooms.slice(0, 25)) {
    await field.fill(name.replace(/^[#@>]+/, ''));
    await until(async () => {
      const found = await texts(page.locator('[role=option] bdi:not(.where)'));
      assert.ok(found.includes(name), `${name} is not found among ${found}`);
    });
    await audit(visitor, 'switcher');
  }
  await page.keyboard.press('Escape');
}

/** A room from inside, its title, its settings, an invitation to it, and its page for strangers. */
async function inside(town, visitor, owner, room) {
  const { page } = visitor;
  const { name } = room;
  const [channel] = await owner.ask('GET', `${V10}/guilds/${room.id}/channels`);
  await owner.ask('PATCH', `${V10}/channels/${channel.id}`, { topic: name });
  const slug = room.slug ?? room.osc.slug;
  await page.goto(`/r/${slug}`);
  await visitor.composer().waitFor();
  await page.getByRole('button', { name, exact: true }).waitFor();
  const title = `#general · ${name}`;
  await page.waitForFunction((text) => document.title.includes(text), title);
  assert.equal(await page.locator('.topic').first().textContent(), name);
  await audit(visitor, `inside of ${name}`);

  const invite = await owner.ask('POST', `${V10}/channels/${channel.id}/invites`, {});
  for (const path of [`/i/${invite.code}`, `/r/${slug}`]) {
    const stranger = await town.visitor('about:blank');
    await watch(stranger);
    await stranger.page.goto(path);
    await stranger.page.getByLabel('Your name').waitFor();
    await stranger.page.getByText(name, { exact: true }).first().waitFor();
    await audit(stranger, path);
    await stranger.leave();
    const plain = await town.visitor('about:blank', { javaScriptEnabled: false });
    await plain.page.goto(path);
    assert.equal(await plain.page.locator('h1').textContent(), name);
    assert.ok((await plain.page.title()).includes(name), `the title of ${path}`);
    await audit(plain, `${path} without script`);
    await plain.leave();
  }
  for (const tab of ['overview', 'channels', 'invites']) {
    await page.goto(`/r/${slug}/settings/${tab}`);
    await page.getByRole('main').getByRole('heading').first().waitFor();
    await audit(visitor, `${tab} of ${name}`);
  }
}

/** Channels, categories, roles and a ban's reason with every text, where they are shown. */
async function furnished(visitor, owner, room, inputs) {
  const { page } = visitor;
  const path = `${V10}/guilds/${room.id}`;
  const channels = [];
  const roles = [];
  for (const [at, text] of inputs.entries()) {
    const wish = { name: text, topic: text, type: at % 5 ? 0 : 4 };
    const channel = await owner.ask('POST', `${path}/channels`, wish);
    if (channel) channels.push(channel);
    const role = await owner.ask('POST', `${path}/roles`, { name: text, mentionable: true });
    if (role) roles.push(role);
  }
  assert.ok(channels.length > 20 && roles.length > 20, `${channels.length}, ${roles.length}`);
  const slug = room.slug ?? room.osc.slug;
  const texted = channels.filter(({ type }) => type === 0);
  await page.goto(`/r/${slug}/${texted[0].id}`);
  await visitor.composer().waitFor();
  const nav = page.getByRole('navigation', { name: 'Channels' });
  for (const { id, name, type } of channels) {
    const row = nav.locator(`[data-drag="${id}"]`).first();
    const shown = type === 0 ? row.locator('bdi') : row.locator('.cut').first();
    assert.equal((await shown.textContent()).trim(), name);
  }
  await audit(visitor, 'channels');
  await visitor.shot('bad-channels');
  const offered = page.getByRole('listbox', { name: 'Suggestions' });
  for (const [sigil, all] of [
    ['#', texted],
    ['@', roles],
  ]) {
    for (const { name } of all.slice(0, 12)) {
      const begun = /^[^\s@#:`]{1,6}/.exec(name)?.[0];
      if (!begun) continue;
      await visitor.composer().fill('');
      await visitor.composer().pressSequentially(`${sigil}${begun}`);
      await offered.waitFor();
      await audit(visitor, `suggestions for ${begun}`);
    }
    await visitor.composer().fill('');
  }
  for (const { id, name } of roles.slice(0, 20)) {
    const content = `meant: <@&${id}>`;
    await owner.ask('POST', `${V10}/channels/${texted[0].id}/messages`, { content });
    await page.locator('.mention').getByText(name, { exact: true }).first().waitFor();
  }
  const guest = await Caller.guest(visitor.town, 'To be banned');
  await guest.ask('POST', `${OSC}/guilds/${room.id}/join`);
  const reason = encodeURIComponent(room.name);
  const banned = new Caller(visitor.town, { ...owner.headers, 'X-Audit-Log-Reason': reason });
  await banned.ask('PUT', `${path}/bans/${guest.user.id}`, {});
  for (const [tab, seen] of [
    ['channels', texted[1].name],
    ['roles', roles[1].name],
    ['members', 'bad-founder'],
    ['bans', room.name],
  ]) {
    await page.goto(`/r/${slug}/settings/${tab}`);
    await page.getByRole('main').getByText(seen, { exact: true }).first().waitFor();
    await audit(visitor, `${tab} in the settings`);
    await visitor.shot(`bad-settings-${tab}`);
  }
}

/** Who types, and who writes. */
async function typed(visitor, people, messages) {
  const { page } = visitor;
  for (const one of people) {
    await one.ask('POST', messages.replace(/messages$/, 'typing'));
    await page.getByText(`${tagged(one.user)} is typing…`, { exact: true }).waitFor();
    const { id } = await one.ask('POST', messages, { content: 'here' });
    const row = page.locator(`[data-id="${id}"]`);
    await row.waitFor();
    assert.equal(await row.locator('.author bdi').textContent(), named(one.user));
  }
  await audit(visitor, 'typing and writing');
}

/** In the list of members and on their cards. */
async function listed(visitor, people) {
  const { page } = visitor;
  const list = page.getByRole('complementary', { name: 'Members' });
  await until(async () => {
    const names = await texts(list.locator('button bdi.name'));
    for (const { user } of people) {
      assert.ok(names.includes(named(user)), `not listed: ${tagged(user)}`);
    }
  });
  await audit(visitor, 'members');
  await visitor.shot('bad-members');
  for (const { user } of people.slice(0, 20)) {
    const name = named(user);
    const row = list.locator('button').filter({ has: page.getByText(name, { exact: true }) });
    await row.first().click();
    const card = page.locator('.profile');
    assert.equal(await card.locator('h2 bdi').textContent(), name);
    await audit(visitor, `the card of ${name}`);
    await page.keyboard.press('Escape');
    await card.waitFor({ state: 'detached' });
  }
}

/** As mentions, as those who are offered behind @, and as those who reacted. */
async function called(visitor, owner, people, messages) {
  const { page } = visitor;
  for (let at = 0; at < people.length; at += 15) {
    const some = people.slice(at, at + 15);
    const content = some.map(({ user }) => `<@${user.id}>`).join(' ');
    const { id } = await owner.ask('POST', messages, { content });
    const row = page.locator(`[data-id="${id}"]`);
    await row.waitFor();
    assert.deepEqual(
      await texts(row.locator('.mention bdi')),
      some.map(({ user }) => tagged(user)),
    );
    for (const one of some) {
      await one.ask('PUT', `${messages}/${id}/reactions/${encodeURIComponent('👍')}/@me`);
    }
    const reaction = row.getByRole('button', { name: new RegExp(`, ${some.length}`) });
    await reaction.waitFor();
    await reaction.hover();
    await reaction.focus();
    await audit(visitor, 'mentions and reactions');
  }
  for (const { user } of people.slice(0, 15)) {
    const begun = /^[^\s@#:`]{2,6}/.exec(named(user))?.[0];
    if (!begun) continue;
    await visitor.composer().fill('');
    await visitor.composer().pressSequentially(`@${begun}`);
    await page.getByRole('option').getByText(tagged(user), { exact: true }).first().waitFor();
    await audit(visitor, `suggestions for ${begun}`);
  }
  await visitor.composer().fill('');
}

/** Nicknames, display names and what somebody says of themselves, on the card. */
async function described(visitor, owner, room, inputs) {
  const { page } = visitor;
  const one = await Caller.account(visitor.town, 'bad-changeling');
  await one.ask('POST', `${OSC}/guilds/${room.id}/join`);
  const list = page.getByRole('complementary', { name: 'Members' });
  const row = list.locator('button').filter({ has: page.getByText('guise', { exact: true }) });
  const card = page.locator('.profile');
  let shown = 0;
  for (const text of inputs) {
    const me = await one.ask('PATCH', `${V10}/users/@me`, { bio: text });
    const nick = { nick: text };
    const renamed = await one.ask('PATCH', `${V10}/guilds/${room.id}/members/@me`, nick);
    if (renamed?.nick) {
      await list.getByText(renamed.nick, { exact: true }).first().waitFor();
    }
    await one.ask('PATCH', `${V10}/guilds/${room.id}/members/@me`, { nick: 'guise' });
    if (!me) continue;
    // A press that begins on a row which moves away meanwhile opens nothing.
    await until(async () => {
      if (!(await card.isVisible())) await row.first().click();
      await card.waitFor({ timeout: 2_000 });
    });
    const { bio } = await owner.ask('GET', `${OSC}/users/${one.user.id}/profile`);
    if (bio) {
      await until(async () => assert.equal(await card.locator('.bio').textContent(), bio));
      shown += 1;
    }
    await audit(visitor, `the card that says ${text.slice(0, 40)}`);
    await page.keyboard.press('Escape');
    await card.waitFor({ state: 'detached' });
  }
  assert.ok(shown > 20, `${shown} texts of people about themselves were shown`);
}

/** Friends, a group, and everything that is told of them. */
async function befriended(visitor, owner, room) {
  const { page, town } = visitor;
  const name = '<img src=x onerror=a()>';
  const others = [];
  for (const username of ['bad-friend', 'bad-buddy']) {
    const other = await Caller.account(town, username);
    const renamed = await other.ask('PATCH', `${V10}/users/@me`, { global_name: name });
    assert.equal(renamed.global_name, name);
    await other.ask('POST', `${OSC}/guilds/${room.id}/join`);
    await other.ask('POST', `${OSC}/relationships`, { username: 'bad-host' });
    others.push(other);
  }
  await page.goto('/friends/pending');
  await page
    .getByRole('button', { name: `Accept ${name}` })
    .first()
    .waitFor();
  await audit(visitor, 'requests of friends');
  for (const { user } of others) {
    await owner.ask('PUT', `${OSC}/relationships/${user.id}`, { type: 1 });
  }
  await page.goto('/friends/all');
  await page.getByRole('main').getByText(name, { exact: true }).nth(1).waitFor();
  await audit(visitor, 'friends');
  const recipients = others.map(({ user }) => user.id);
  const group = await owner.ask('POST', `${V10}/users/@me/channels`, { recipients });
  await owner.ask('PATCH', `${V10}/channels/${group.id}`, { name });
  await others[0].ask('POST', `${V10}/channels/${group.id}/messages`, { content: name });
  await page.goto(`/dm/${group.id}`);
  await page.getByRole('heading', { level: 1, name }).waitFor();
  await page.getByText(`bad-host called it “${name}”.`).waitFor();
  await page.waitForFunction((text) => document.title.includes(text), name);
  await audit(visitor, 'group');
  await visitor.shot('bad-group');
}
