/** The server dies in mid-conversation and comes back; nothing is lost and nothing comes twice. */
import { strict as assert } from 'node:assert';

export const journeys = {
  'kill -9 and restart in mid-conversation loses nothing': async (town) => {
    const ada = await town.owner('margaret', 'Sturdy');
    const ben = await town.visitor(`/r/${ada.slug()}`);
    await ben.joinAs('Ben');
    for (let n = 0; n < 3; n += 1) {
      await ada.say(`before ${n}.`);
      await ben.sees(`before ${n}.`);
    }
    await town.server.stop('SIGKILL');
    await ada.say('written while it was down, by ada');
    await ben.say('written while it was down, by ben');
    await ada.page.getByText('No connection.').waitFor();
    await ada.shot('offline');
    await town.server.start();
    for (const one of [ada, ben]) {
      await one.row('while it was down, by ada').first().waitFor({ timeout: 30_000 });
      await one.row('while it was down, by ben').first().waitFor({ timeout: 30_000 });
    }
    await ada.say('and on we go');
    await ben.sees('and on we go');
    await once(ada, ben, [
      'before 0.',
      'before 1.',
      'before 2.',
      'by ada',
      'by ben',
      'and on we go',
    ]);
    assert.equal(await ada.page.getByText('No connection.').count(), 0);
  },

  'a message sent while somebody is offline is there when they are back': async (town) => {
    const ada = await town.owner('katherine', 'Tunnel');
    const ben = await town.visitor(`/r/${ada.slug()}`);
    await ben.joinAs('Ben');
    await ben.context.setOffline(true);
    await ben.say('from the tunnel');
    await ben.page.getByText('Waiting for the connection').waitFor();
    await ada.say('can you hear me?');
    await ben.context.setOffline(false);
    await ben.sees('can you hear me?');
    await ada.sees('from the tunnel');
    await once(ada, ben, ['from the tunnel', 'can you hear me?']);
  },

  'a graceful restart is hardly noticed': async (town) => {
    const ada = await town.owner('barbara', 'Gentle');
    const ben = await town.visitor(`/r/${ada.slug()}`);
    await ben.joinAs('Ben');
    await ada.say('one.');
    await ben.sees('one.');
    await town.server.stop('SIGTERM');
    await town.server.start();
    await ada.say('two.');
    await ben.row('two.').first().waitFor({ timeout: 30_000 });
    await once(ada, ben, ['one.', 'two.']);
  },

  'a session that is gone starts anew and fetches what was missed': async (town) => {
    const ada = await town.owner('mary', 'Gapless');
    const path = `/r/${ada.slug()}`;
    const ben = await town.visitor('about:blank');
    let cut = null;
    let refused = 0;
    await ben.page.routeWebSocket(/\/gateway/, (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((text) => {
        const frame = JSON.parse(String(text));
        if (frame.op === 6) {
          refused += 1;
          socket.send(JSON.stringify({ op: 9, d: false }));
        } else server.send(text);
      });
      cut = () => socket.close({ code: 4000 });
    });
    await ben.page.goto(path);
    await ben.joinAs('Ben');
    await ada.say('one.');
    await ben.sees('one.');
    cut();
    await ada.say('two.');
    await ada.say('three.');
    await ben.sees('three.');
    await ben.say('four.');
    await ada.sees('four.');
    assert.equal(refused, 1);
    await once(ada, ben, ['one.', 'two.', 'three.', 'four.']);
  },
};

async function once(ada, ben, texts) {
  await ada.page.waitForTimeout(300);
  for (const visitor of [ada, ben]) {
    for (const text of texts) assert.equal(await visitor.row(text).count(), 1, text);
  }
}
