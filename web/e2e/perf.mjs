/** Figures of the conversation under load: `npm run perf`. Times are of the page's main thread, in
 *  CPU where the browser tells it, because a busy machine makes every wall clock lie. */
import { call, drawn, write } from './pen.mjs';
import { Town } from './town.mjs';

const RATE = 1_000;
const SECONDS = 10;
const KNOWN = 50_000;

/** Keeps the page's gateway socket at hand, to hand it events the server never sent. */
function tap() {
  const Real = globalThis.WebSocket;
  globalThis.WebSocket = class extends Real {
    constructor(...args) {
      super(...args);
      globalThis.tapped = this;
    }
    send(text) {
      // The server counts what it sent and would see more here: heartbeats are answered at home.
      if (globalThis.flooding && JSON.parse(text).op === 1) {
        queueMicrotask(() => this.onmessage({ data: JSON.stringify({ op: 11 }) }));
      } else super.send(text);
    }
  };
  globalThis.frame = (channel, author, id, at) =>
    JSON.stringify({
      op: 0,
      t: 'MESSAGE_CREATE',
      s: null,
      d: {
        id: String(id),
        channel_id: channel,
        type: 0,
        author,
        content: `flood **${at}** with some \`code\` and words`,
        timestamp: new Date().toISOString(),
      },
    });
}

/** So many messages a second into the open channel; gives the last id. */
function flood(page, channel, rate, seconds) {
  return page.evaluate(
    async ([id, each, time]) => {
      globalThis.flooding = true;
      const author = { id: '9000000000000000', username: 'flood', global_name: 'Flood' };
      const start = performance.now();
      const total = each * time;
      let next = BigInt(Date.now() - 1_420_070_400_000 + 60_000) << 22n;
      let sent = 0;
      const frames = [];
      let last = start;
      const count = (now) => {
        frames.push(now - last);
        last = now;
        if (sent < total) requestAnimationFrame(count);
      };
      requestAnimationFrame(count);
      while (sent < total) {
        const owed = Math.floor(((performance.now() - start) / 1_000) * each);
        const due = Math.min(total, owed, sent + 50); // a late timer is no burst of a network
        for (; sent < due; sent += 1) {
          next += 1n;
          globalThis.tapped.onmessage({ data: globalThis.frame(id, author, next, sent) });
        }
        await new Promise((resolve) => setTimeout(resolve, 4));
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
      return { last: String(next), frames: frames.length, ms: performance.now() - start };
    },
    [channel, rate, seconds],
  );
}

/** The longest tasks of the page's main thread in a trace, in CPU milliseconds. */
function tasks(trace) {
  const { traceEvents: events } = JSON.parse(trace.toString());
  const main = new Set(
    events
      .filter((one) => one.name === 'thread_name' && one.args.name === 'CrRendererMain')
      .map((one) => `${one.pid}.${one.tid}`),
  );
  const busiest = {};
  for (const one of events) {
    if (!/RunTask$/.test(one.name) || !main.has(`${one.pid}.${one.tid}`)) continue;
    (busiest[one.pid] ??= []).push((one.tdur ?? one.dur ?? 0) / 1_000);
  }
  const all = Object.values(busiest).sort((a, b) => sum(b) - sum(a))[0] ?? [];
  const timed = events.some((one) => one.tdur > 0) ? 'CPU' : 'wall clock';
  return {
    timed,
    longest: Math.max(0, ...all),
    sum: sum(all),
    over: all.filter((ms) => ms > 100).length,
  };
}
const sum = (all) => all.reduce((total, one) => total + one, 0);
const round = (value) => Math.round(value * 10) / 10;

async function heap(cdp) {
  await cdp.send('HeapProfiler.collectGarbage');
  const { usedSize } = await cdp.send('Runtime.getHeapUsage');
  return usedSize / 1_000_000;
}

async function cpu(cdp) {
  const { metrics } = await cdp.send('Performance.getMetrics');
  return metrics.find((one) => one.name === 'TaskDuration').value * 1_000;
}

const town = await Town.build();
let bad = 0;
const tell = (name, value, unit, limit) => {
  const fine = value <= limit;
  if (!fine) bad += 1;
  console.log(`${fine ? 'ok  ' : 'OVER'} ${name}: ${round(value)} ${unit} (limit ${limit})`);
};

try {
  const ada = await town.owner('perf', 'Perf');
  await ada.context.addInitScript(tap);
  const { page } = ada;
  const cdp = await ada.context.newCDPSession(page);
  await cdp.send('Performance.enable');
  await write(ada, ['begin']);
  const guild = await page.evaluate(() => location.pathname.split('/')[2]);
  const facts = await call(ada, 'GET', `/api/osc/v1/guilds/by-slug/${guild}`);
  const other = await call(ada, 'POST', `/api/v10/guilds/${facts.id}/channels`, {
    name: 'other',
    type: 0,
  });
  await page.reload();
  await ada.sees('begin');
  const channel = await page.evaluate(() =>
    document.querySelector('nav[aria-label=Channels] a').pathname.split('/').at(-1),
  );

  await town.browser.startTracing(page, {
    categories: ['toplevel', 'disabled-by-default-devtools.timeline'],
  });
  const run = await flood(page, channel, RATE, SECONDS);
  const trace = tasks(await town.browser.stopTracing());
  const ids = await drawn(ada);
  const inOrder = ids.every((id, at) => at === 0 || BigInt(id) === BigInt(ids[at - 1]) + 1n);
  console.log(
    `     ${RATE} messages/s for ${SECONDS} s: ${round(run.frames / (run.ms / 1_000))} fps`,
  );
  console.log(`     main thread busy for ${round((trace.sum / run.ms) * 100)} % of it`);
  tell('longest task', trace.longest, `ms of ${trace.timed}`, 100);
  tell('messages lost', ids.at(-1) === run.last && inOrder && ids.length >= 50 ? 0 : 1, '', 0);

  await flood(page, channel, 5_000, KNOWN / 5_000);
  tell(`heap after ${KNOWN} more messages`, await heap(cdp), 'MB', 80);
  const nodes = await page.evaluate(() => document.querySelectorAll('*').length);
  tell('nodes in the page', nodes, '', 6_000);

  const go = (name) =>
    page.evaluate(async (wanted) => {
      const links = [...document.querySelectorAll('nav[aria-label=Channels] a')];
      const start = performance.now();
      links.find((one) => one.textContent.includes(wanted)).click();
      const there = () => document.querySelector('main h1')?.textContent === wanted;
      while (!there()) await new Promise((resolve) => setTimeout(resolve));
      document.querySelector('[role=log]').getBoundingClientRect();
      return performance.now() - start;
    }, name);
  await go('other');
  await page.waitForTimeout(800);
  const walls = [];
  const work = [];
  for (let turn = 0; turn < 6; turn += 1) {
    const before = await cpu(cdp);
    walls.push(await go('general'));
    work.push((await cpu(cdp)) - before);
    await page.waitForTimeout(300);
    await go('other');
    await page.waitForTimeout(300);
  }
  const middle = (all) => [...all].sort((a, b) => a - b)[all.length >> 1];
  console.log(`     switching: main thread ${round(middle(work))} ms`);
  tell('switch to a channel seen before', middle(walls), 'ms', 50);
  void other;
} finally {
  await town.close();
}
process.exit(bad ? 1 : 0);
