/** Records what the real server tells a client during a lively visit, and what it tells the same
 *  person afresh: `node e2e/record.mjs` writes src/model/fixtures/. The unit tests hold the model
 *  to it: what one followed must equal what one is told anew. */
import { mkdir, writeFile } from 'node:fs/promises';
import { Town } from './town.mjs';

const folder = new URL('../src/model/fixtures/', import.meta.url);
const town = await Town.build();
const failed = (name) => (error) => {
  throw new Error(`${name}: ${error.message}`);
};

/** Everything dispatched to the sockets that this page opens from now on. */
function listen(page) {
  const events = [];
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => {
      const { op, t, d } = JSON.parse(String(payload));
      if (op === 0) events.push({ t, d });
    }),
  );
  return events;
}

const call = (visitor, method, path, body) =>
  visitor.page
    .evaluate(
      async ([how, where, what]) => {
        const answer = await fetch(`/api${where}`, {
          method: how,
          headers: { 'Content-Type': 'application/json', 'X-Osc-Client': 'web' },
          body: what === undefined ? undefined : JSON.stringify(what),
        });
        const text = await answer.text();
        if (!answer.ok) throw new Error(`${answer.status} ${text}`);
        return text ? JSON.parse(text) : null;
      },
      [method, path, body],
    )
    .catch(failed(`${method} ${path}`));

try {
  const ada = await town.owner('ada', 'Recorded');
  const cleo = await town.account('cleo');
  const ben = await town.account('ben');
  const session = listen(ben.page);
  const path = `/r/${ada.slug()}`;
  await ben.page.goto(path);
  await ben.page.getByRole('button', { name: 'Join and talk' }).click();
  await ben.composer().waitFor();
  await live(ada, cleo, ben);
  await ben.page.waitForTimeout(1_500);

  const fresh = listen(ben.page);
  session.length = session.length; // what follows belongs to the fresh visit
  const told = session.slice();
  await ben.page.goto('/friends');
  await ben.page.waitForTimeout(2_500);
  await mkdir(folder, { recursive: true });
  await save('session', told);
  await save('fresh', fresh);
} finally {
  await town.close();
}

/** What can happen to a room, its people and oneself in a short while. */
async function live(ada, cleo, ben) {
  const me = await call(ben, 'GET', '/v10/users/@me');
  const other = await call(cleo, 'GET', '/v10/users/@me');
  const [guild] = (await call(ada, 'GET', '/v10/users/@me/guilds')).map((one) => one.id);
  const channels = await call(ada, 'GET', `/v10/guilds/${guild}/channels`);
  const general = channels.find((one) => one.type === 0).id;
  const made = {};
  for (const [name, type] of [
    ['Attic', 4],
    ['dust', 0],
    ['doomed', 0],
  ]) {
    made[name] = (await call(ada, 'POST', `/v10/guilds/${guild}/channels`, { name, type })).id;
  }
  await call(ada, 'PATCH', `/v10/channels/${made.dust}`, {
    topic: 'what lies around',
    rate_limit_per_user: 5,
    parent_id: made.Attic,
  });
  await call(ada, 'PATCH', `/v10/guilds/${guild}/channels`, [{ id: made.dust, position: 7 }]);
  const role = await call(ada, 'POST', `/v10/guilds/${guild}/roles`, { name: 'keeper' });
  await call(ada, 'PATCH', `/v10/guilds/${guild}/roles/${role.id}`, { hoist: true, color: 255 });
  const gone = await call(ada, 'POST', `/v10/guilds/${guild}/roles`, { name: 'gone' });
  await call(ada, 'PUT', `/v10/guilds/${guild}/members/${me.id}/roles/${role.id}`);
  await call(ada, 'DELETE', `/v10/guilds/${guild}/roles/${gone.id}`);
  await call(ada, 'PUT', `/v10/channels/${made.dust}/permissions/${role.id}`, {
    type: 0,
    allow: '0',
    deny: '2048',
  });
  await call(cleo, 'POST', `/osc/v1/guilds/${guild}/join`);
  const say = (who, where, content) =>
    call(who, 'POST', `/v10/channels/${where}/messages`, { content });
  await say(ada, made.dust, `hello <@${me.id}>`);
  await say(ada, made.dust, `and again <@${me.id}> <@&${role.id}>`);
  const doomed = await say(ada, made.doomed, 'not for long');
  await call(ada, 'DELETE', `/v10/channels/${made.doomed}/messages/${doomed.id}`);
  await call(ada, 'DELETE', `/v10/channels/${made.doomed}`);
  const word = await say(cleo, general, 'hello all');
  await call(cleo, 'PATCH', `/v10/channels/${general}/messages/${word.id}`, { content: 'hi all' });
  await call(ada, 'PUT', `/v10/channels/${general}/messages/${word.id}/reactions/%F0%9F%91%8D/@me`);
  await say(ben, general, 'hello cleo');
  await call(ben, 'PUT', `/osc/v1/channels/${general}/read`, { message_id: word.id });
  await call(ada, 'PATCH', `/v10/guilds/${guild}`, { name: 'Recorded twice' });
  await call(cleo, 'PUT', `/osc/v1/relationships/${me.id}`, { type: 1 });
  await call(ben, 'PUT', `/osc/v1/relationships/${other.id}`, { type: 1 });
  const direct = await call(cleo, 'POST', '/v10/users/@me/channels', { recipient_id: me.id });
  await say(cleo, direct.id, 'between us');
  const owner = await call(ada, 'GET', '/v10/users/@me');
  const group = await call(cleo, 'POST', '/v10/users/@me/channels', {
    recipients: [me.id, owner.id],
  });
  await call(cleo, 'PATCH', `/v10/channels/${group.id}`, { name: 'three of us' });
  await say(cleo, group.id, 'all three');
  await call(cleo, 'DELETE', `/v10/channels/${group.id}/recipients/${owner.id}`);
  await call(ben, 'PUT', `/osc/v1/notifications/${guild}`, { level: 1, muted: true });
  await call(ada, 'DELETE', `/v10/guilds/${guild}/members/${other.id}`);
}

async function save(name, events) {
  const text = `[\n${events.map((one) => JSON.stringify(one)).join(',\n')}\n]\n`;
  await writeFile(new URL(`${name}.json`, folder), text);
  console.log(`${name}: ${events.length} events, ${text.length} bytes`);
}
