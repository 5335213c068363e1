/** People: cards, friends, blocks, groups and crowds. Numbers are those of the sixty points. */
import { strict as assert } from 'node:assert';

const menu = (visitor, entry) => visitor.page.getByRole('menuitem', { name: entry, exact: true });

export const journeys = {
  '49: ten thousand members scroll smoothly, and keys walk through them': async (town) => {
    const ada = await town.owner('crowd', 'Stadium');
    const path = new URL(ada.page.url()).pathname;
    const state = await ada.context.storageState();
    const ben = await town.visitor('about:blank', { storageState: state });
    const { page } = ben;
    // The crowd comes over the wire in the way the server sends it, a thousand at a time.
    await page.routeWebSocket(/\/gateway/, (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((text) => {
        server.send(text);
        const frame = JSON.parse(String(text));
        if (frame.op !== 8) return;
        setTimeout(() => {
          for (let chunk = 0; chunk < 10; chunk += 1) {
            const members = Array.from({ length: 1_000 }, (_, k) => {
              const n = chunk * 1_000 + k;
              const id = String(9_000_000_000_000_000n + BigInt(n));
              const username = `person${String(n).padStart(5, '0')}`;
              return { user: { id, username, global_name: null, avatar: null }, roles: [] };
            });
            const presences = members
              .slice(0, 300)
              .map((one) => ({ user: { id: one.user.id }, status: chunk % 2 ? 'idle' : 'online' }));
            const d = { guild_id: frame.d.guild_id, members, presences };
            const counted = { ...d, chunk_index: chunk, chunk_count: 10, not_found: [] };
            socket.send(JSON.stringify({ op: 0, t: 'GUILD_MEMBERS_CHUNK', s: null, d: counted }));
          }
        }, 300);
      });
    });
    await page.goto(path);
    const people = page.getByRole('complementary', { name: 'Members' });
    await people.getByRole('heading', { name: /Away, 7,?000/ }).waitFor();
    const drawn = () => people.locator('li').count();
    assert.ok((await drawn()) < 80, `${await drawn()} rows are drawn`);
    // By the page's own work: what else this machine does shows in frames, not in this.
    const cdp = await ben.context.newCDPSession(page);
    await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
    const busy = async () => {
      const { metrics } = await cdp.send('Performance.getMetrics');
      return metrics.find((one) => one.name === 'TaskDuration').value * 1000;
    };
    const before = await busy();
    const frames = await people.locator('.scroll').evaluate(
      (box) =>
        new Promise((resolve) => {
          const times = [];
          let last = performance.now();
          const step = (now) => {
            times.push(now - last);
            last = now;
            box.scrollTop += 250; // 15,000 px a second: a hard fling
            if (times.length < 90) requestAnimationFrame(step);
            else resolve(times.slice(2).sort((a, b) => a - b));
          };
          requestAnimationFrame(step);
        }),
    );
    const median = frames[frames.length >> 1];
    const each = (await busy()) - before;
    console.log(
      `     scrolling: ${(each / 90).toFixed(1)} ms of work, ${median.toFixed(1)} ms a frame`,
    );
    assert.ok(each / 90 < 16, `${each / 90} ms of work a frame`);
    assert.ok((await drawn()) < 80, `${await drawn()} rows are drawn`);
    await people.locator('.scroll').evaluate((box) => (box.scrollTop = 0));
    await people.getByRole('button', { name: /crowd/ }).focus();
    await page.keyboard.press('End');
    await people.getByRole('button', { name: /person09999/ }).waitFor();
    const last = await page.evaluate(() => document.activeElement.textContent);
    assert.match(last, /person09999/);
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    const second = await page.evaluate(() => document.activeElement.dataset.at);
    assert.equal(second, '1');
    await ben.axe('ten thousand members');
    await ben.shot('members');
  },

  'a card says who somebody is, and friendship is asked and answered': async (town) => {
    const ada = await town.owner('adele', 'Meeting point');
    const ben = await town.account('benno');
    await ben.page.goto(`/r/${ada.slug()}`);
    await ben.page.getByRole('button', { name: 'Join and talk' }).click();
    await ben.composer().waitFor();
    const people = ada.page.getByRole('complementary', { name: 'Members' });
    await people.getByRole('button', { name: /benno/ }).click();
    const card = ada.page.getByRole('dialog', { name: /benno/ });
    await card.getByText('@benno · online').waitFor();
    await ada.axe('profile card');
    await ada.shot('profile-card');
    await ada.page.keyboard.press('Escape');
    await card.waitFor({ state: 'detached' });
    const back = await ada.page.evaluate(() => document.activeElement.textContent);
    assert.match(back, /benno/, 'focus comes back');
    await people.getByRole('button', { name: /benno/ }).click();
    await card.getByRole('button', { name: 'Add friend' }).click();
    await ada.page.getByText('benno was asked.').waitFor();

    await ben.page.getByRole('link', { name: /Direct messages, 1 new/ }).waitFor();
    await ben.page.goto('/friends/pending');
    await ben.page.getByText('wants to be your friend').waitFor();
    await ben.axe('friends');
    await ben.shot('friends');
    await ben.page.getByRole('button', { name: 'Accept adele' }).click();
    await ben.page.getByRole('link', { name: 'All', exact: true }).click();
    await ben.page.getByRole('button', { name: 'Message adele' }).click();
    await ben.say('hello friend');
    await ada.page.getByRole('link', { name: /Direct messages, 1 new/ }).click();
    await ada.page.getByRole('link', { name: /^benno/ }).click();
    await ada.sees('hello friend');
  },

  'friends are added by name, and a block ends the talking': async (town) => {
    const ada = await town.account('agatha');
    const ben = await town.account('bertie');
    await ada.page.goto('/friends');
    const field = ada.page.getByLabel('Add a friend by username');
    ada.expectRefusals += 1;
    await field.fill('nobody-of-that-name');
    await ada.page.getByRole('button', { name: 'Ask', exact: true }).click();
    await ada.page.getByRole('alert').filter({ hasText: /\w/ }).first().waitFor();
    await field.fill('bertie');
    await ada.page.getByRole('button', { name: 'Ask', exact: true }).click();
    await ada.page.getByText('bertie was asked.').waitFor();
    await ben.page.goto('/friends/pending');
    await ben.page.getByRole('button', { name: 'Accept agatha' }).click();
    await ben.page.goto('/friends/all');
    await ben.page.getByRole('button', { name: 'Message agatha' }).click();
    await ben.say('nice to meet you');
    await ben.sees('nice to meet you');
    await ada.page.goto('/friends/all');
    await ada.page.getByRole('button', { name: 'Options for bertie' }).last().click();
    await menu(ada, 'Block').click();
    await ada.page.getByRole('dialog').getByRole('button', { name: 'Block' }).click();
    await ada.page.getByRole('link', { name: 'Blocked' }).click();
    await ada.page.getByRole('button', { name: 'Unblock' }).waitFor();
    ben.expectRefusals += 5;
    await ben.say('are you there?');
    await ben.page.getByText('are you there?').first().waitFor();
    await ben.page
      .getByRole('button', { name: /Delete|Discard|Remove/ })
      .first()
      .waitFor();
    await ada.page.getByRole('button', { name: 'Unblock' }).click();
    await ada.page.getByText('You have blocked nobody.').waitFor();
  },

  'a group is made, named, joined by another, and left': async (town) => {
    const ada = await town.owner('greta', 'Staircase');
    const others = [];
    for (const name of ['hans', 'inge', 'jorg']) {
      const one = await town.account(name);
      await one.page.goto(`/r/${ada.slug()}`);
      await one.page.getByRole('button', { name: 'Join and talk' }).click();
      await one.composer().waitFor();
      others.push(one);
    }
    const [hans, inge, jorg] = others;
    await ada.page.goto('/dm');
    await ada.page
      .getByRole('link', { name: /Staircase/ })
      .first()
      .click();
    await ada.page
      .getByRole('complementary', { name: 'Members' })
      .getByRole('button', { name: /jorg/ })
      .waitFor();
    await ada.page.getByRole('link', { name: 'Direct messages' }).click();
    await ada.page.getByRole('button', { name: 'New conversation' }).click();
    const dialog = ada.page.getByRole('dialog');
    for (const name of ['hans', 'inge']) {
      await dialog.getByLabel('Find people').fill(name);
      await dialog.getByRole('checkbox', { name }).check();
    }
    await ada.axe('new group');
    await ada.shot('new-group');
    await dialog.getByRole('button', { name: 'Create group' }).click();
    await ada.say('welcome to the group');
    const people = ada.page.getByRole('complementary', { name: 'Members' });
    await people.getByText('In this group, 3').waitFor();
    await people.getByLabel('Name of the group').fill('Stair talk');
    await people.getByRole('button', { name: 'Save' }).click();
    await ada.page.getByRole('heading', { level: 1, name: 'Stair talk' }).waitFor();
    await hans.page.getByRole('link', { name: /Direct messages, \d+ new/ }).click();
    await hans.page.getByRole('link', { name: /^Stair talk/ }).click();
    await hans.sees('welcome to the group');
    await hans.say('thank you');
    await ada.sees('thank you');
    await people.getByRole('button', { name: 'Add people' }).click();
    await dialog.getByLabel('Find people').fill('jorg');
    await dialog.getByRole('checkbox', { name: 'jorg' }).check();
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    await people.getByText('In this group, 4').waitFor();
    await jorg.page.getByRole('link', { name: /Direct messages/ }).click();
    await jorg.page.getByRole('link', { name: /^Stair talk/ }).click();
    await ada.shot('group');
    await ada.axe('group');
    await inge.page.getByRole('link', { name: /Direct messages/ }).click();
    await inge.page.getByRole('link', { name: /^Stair talk/ }).click();
    await inge.page
      .getByRole('complementary', { name: 'Members' })
      .getByRole('button', { name: 'Leave group' })
      .click();
    await inge.page.getByRole('dialog').getByRole('button', { name: 'Leave group' }).click();
    await inge.page.getByRole('heading', { level: 1, name: 'Friends' }).waitFor();
    await people.getByText('In this group, 3').waitFor();
  },

  '57: what is empty says what it is and what to do': async (town) => {
    const ada = await town.account('emma-nobody');
    await ada.page.goto('/friends/all');
    await ada.page.getByText('No friends yet. Add one by name above.').waitFor();
    await ada.page.getByText('No conversation yet.').waitFor();
    await ada.page.goto('/dm/123456789');
    await ada.page.getByText('This conversation does not exist.').waitFor();
    await ada.page.goto('/');
    await ada.page.getByRole('searchbox', { name: 'Search rooms' }).fill('zzzz nothing');
    await ada.page.getByText('No room matches').waitFor();
    await ada.page
      .getByRole('main')
      .getByRole('button', { name: 'Create a room' })
      .first()
      .waitFor();
  },
};
