import http from 'node:http';
import { readFileSync, existsSync } from 'node:fs';
import { launch } from './browser.mjs';
const dist = new URL('../dist/', import.meta.url).pathname;
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html";
const me = {
  id: '1300000000000000100',
  username: 'g100',
  global_name: 'Quiet Otter',
  osc: { guest: true, tag: '4821' },
};
const U = (id, n) => ({ id: '13000000000000002' + id, username: n, global_name: n });
const ada = U('01', 'ada'),
  linus = U('02', 'linus'),
  grace = U('03', 'grace'),
  radia = U('04', 'radia');
const iso = (m) => new Date(Date.now() - m * 60000).toISOString();
let seq = 1400000000000000000n;
const M = (a, content, m, more = {}) => ({
  id: String((seq += 1000n)),
  channel_id: '11',
  guild_id: '1',
  type: 0,
  author: a,
  content,
  timestamp: iso(m),
  mentions: [],
  attachments: [],
  reactions: [],
  ...more,
});
const msgs = [
  M(ada, 'Yesterday we moved the harbour lights.', 1500),
  M(
    ada,
    'Morning! The new build keeps the scroll position when history loads above. `column-reverse` plus one observer.',
    50,
  ),
  M(ada, 'Spoiler for the film club: ||it was the lighthouse||', 49),
];
msgs.push(
  M(
    linus,
    'Nice. Measured it here too:\n```\nprepend 50   drift 0 px\nimages late  drift 0 px\n```',
    45,
    {
      type: 19,
      message_reference: { message_id: msgs[1].id },
      referenced_message: msgs[1],
      reactions: [
        { emoji: { id: null, name: '👍' }, count: 4, me: true },
        { emoji: { id: null, name: '🎉' }, count: 2, me: false },
      ],
    },
  ),
);
msgs.push(
  M(
    grace,
    `<@${me.id}> could you look at the release notes? [draft is here](https://example.org)`,
    40,
    { mentions: [me] },
  ),
  M(
    radia,
    "I'm in the lounge if anyone wants to talk it through. **Bold**, *em*, ~~gone~~ and https://example.org/very/long/path.",
    30,
    { edited_timestamp: iso(2) },
  ),
  M(me, 'On my way. Attached the notes.', 20, {
    attachments: [
      {
        id: '1',
        filename: 'release-notes.pdf',
        size: 123456,
        url: '/cdn/x.pdf',
        content_type: 'application/pdf',
      },
    ],
  }),
  M({ ...linus, id: '1300000000000000299' }, '', 18, { type: 7 }),
);
const roles = [
  {
    id: '1',
    name: '@everyone',
    color: 0,
    position: 0,
    permissions: String(
      (1n << 0n) | (1n << 6n) | (1n << 10n) | (1n << 11n) | (1n << 15n) | (1n << 16n),
    ),
  },
];
const channels = [
  {
    id: '11',
    type: 0,
    name: 'general',
    topic: 'Say hello. Be kind.',
    position: 0,
    last_message_id: msgs.at(-1).id,
  },
  { id: '12', type: 0, name: 'announcements', position: 1, last_message_id: '1400000000000999999' },
  { id: '13', type: 2, name: 'Lounge', position: 2 },
  { id: '14', type: 4, name: 'Projects', position: 3 },
  { id: '15', type: 0, name: 'off-topic', position: 4, parent_id: '14' },
];
const guild = {
  id: '1',
  name: 'Pine Harbour',
  description: 'Boats, lights and slow mornings',
  owner_id: process.env.OWNER ? me.id : ada.id,
  roles,
  channels,
  member_count: 5,
  joined_at: iso(3000),
  members: [ada, linus, grace, radia, me].map((user) => ({
    user,
    roles: [],
    joined_at: iso(3000),
  })),
  presences: [ada, grace, linus].map((u) => ({ user: { id: u.id }, status: 'online' })),
  voice_states: [{ user_id: radia.id, channel_id: '13' }],
  osc: { slug: 'pine-harbour', visibility: 'public', online_count: 3 },
};
const dir = {
  items: [
    'Pine Harbour',
    'Rustaceans',
    'Film club',
    'Night radio',
    'Learning German',
    'Very long room name that never seems to end at all',
  ].map((name, i) => ({
    id: String(i + 1),
    slug: name.toLowerCase().replaceAll(' ', '-'),
    name,
    description: [
      'Boats, lights and slow mornings',
      'Questions about lifetimes are welcome. Nobody laughs. We have all been there and we will be there again tomorrow.',
      null,
      'Music until four',
      'Deutsch für alle',
      'x',
    ][i],
    member_count: [5, 1204, 33, 1, 87, 2][i],
    online_count: [3, 211, 0, 1, 12, 0][i],
    last_activity: iso(i * 400),
  })),
  next: 'x',
};
const server = {
  name: 'opensrcchat',
  limits: {
    message_length: 2000,
    attachment_bytes: 26214400,
    attachments: 10,
    guest_name_length: 32,
  },
  guests: true,
  registration: 'open',
};
const preview = {
  guild: {
    id: '1',
    slug: 'pine-harbour',
    name: 'Pine Harbour',
    description: guild.description,
    member_count: 5,
    online_count: 3,
  },
  channels,
  channel_id: '11',
  messages: [...msgs].reverse(),
};
let loggedIn = false;
const srv = http
  .createServer((q, r) => {
    const p = new URL(q.url, 'http://x').pathname;
    const J = (o, s = 200) => {
      r.writeHead(s, { 'content-type': 'application/json' });
      r.end(JSON.stringify(o));
    };
    if (p.startsWith('/assets/')) {
      const f = dist + p;
      if (!existsSync(f)) {
        r.writeHead(404);
        return r.end();
      }
      const t = p.endsWith('.js')
        ? 'text/javascript'
        : p.endsWith('.css')
          ? 'text/css'
          : p.endsWith('.svg')
            ? 'image/svg+xml'
            : 'font/woff2';
      r.writeHead(200, { 'content-type': t });
      return r.end(readFileSync(f));
    }
    if (p.startsWith('/api/')) {
      if (/messages$/.test(p)) {
        return J([...msgs].reverse());
      }
      if (/directory/.test(p)) return J(dir);
      if (/sessions$/.test(p))
        return J([
          { id: '1', created_at: iso(100), last_used_at: iso(1), current: true, client: 'web' },
          {
            id: '2',
            created_at: iso(9000),
            last_used_at: iso(4000),
            current: false,
            client: 'Firefox on Linux',
          },
        ]);
      if (/invites/.test(p)) return J({ code: 'aBcDeFgH12' });
      if (/guests$/.test(p)) {
        loggedIn = true;
        return J({ user: me }, 201);
      }
      if (/join$/.test(p)) return J(guild);
      return J({});
    }
    const anon = q.headers.cookie?.includes('anon=1') && !loggedIn;
    const boot = {
      server,
      me: anon ? null : me,
      directory: dir,
      preview,
      invite: {
        code: 'abc',
        guild: { id: '1', name: 'Pine Harbour', description: guild.description },
        approximate_member_count: 5,
        approximate_presence_count: 3,
      },
    };
    let h = readFileSync(dist + 'index.html', 'utf8').replace(
      '<!--osc:boot-->',
      `<script type="application/json" id="boot">${JSON.stringify(boot).replaceAll('<', '\\u003c')}</script>`,
    );
    r.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': CSP });
    r.end(h);
  })
  .listen(0);
await new Promise((r) => srv.on('listening', r));
const base = `http://127.0.0.1:${srv.address().port}`;
const b = await launch();
export async function visit(path, { phone = false, light = false, anon = false } = {}) {
  loggedIn = false;
  const c = await b.newContext({
    viewport: phone ? { width: 390, height: 844 } : { width: 1440, height: 900 },
    colorScheme: light ? 'light' : 'dark',
    deviceScaleFactor: phone ? 2 : 1,
    hasTouch: phone,
    isMobile: phone,
    reducedMotion: 'reduce',
  });
  if (anon) await c.addCookies([{ name: 'anon', value: '1', url: base }]);
  const page = await c.newPage();
  page.on(
    'console',
    (m) => ['error', 'warning'].includes(m.type()) && console.log('CONSOLE', path, m.text()),
  );
  page.on('pageerror', (e) => console.log('PAGEERR', path, e.stack));
  await page.routeWebSocket(/gateway/, (ws) => {
    let s = 10;
    const D = (t, d) => ws.send(JSON.stringify({ op: 0, t, s: ++s, d }));
    ws.send(JSON.stringify({ op: 10, d: { heartbeat_interval: 41250 } }));
    ws.onMessage((m) => {
      const f = JSON.parse(m);
      if (f.op === 2) {
        D('READY', {
          v: 10,
          user: me,
          session_id: 's',
          guilds: [{ id: '1', unavailable: true }],
          private_channels: [
            { id: '90', type: 1, recipients: [ada], last_message_id: '1400000000000000500' },
          ],
          osc: {
            read_states: [
              { channel_id: '11', last_message_id: msgs[3].id, mention_count: 1 },
              { channel_id: '12', last_message_id: '1', mention_count: 3 },
            ],
          },
        });
        D('GUILD_CREATE', guild);
        setTimeout(() => D('TYPING_START', { channel_id: '11', user_id: radia.id }), 300);
      }
      if (f.op === 8)
        D('GUILD_MEMBERS_CHUNK', {
          guild_id: '1',
          members: guild.members,
          presences: guild.presences,
          chunk_index: 0,
          chunk_count: 1,
        });
      if (f.op === 1) ws.send(JSON.stringify({ op: 11 }));
    });
  });
  await page.goto(base + path);
  await page.waitForTimeout(1200);
  return page;
}
const S = (p, n) => p.screenshot({ path: `/tmp/mockshots/${n}.png` });
for (const light of [false, true]) {
  const l = light ? 'light' : 'dark';
  await S(await visit('/', { anon: true, light }), 'home-anon-' + l);
  await S(await visit('/r/pine-harbour', { light }), 'room-' + l);
}
await S(await visit('/'), 'home-in');
await S(await visit('/r/pine-harbour', { anon: true }), 'preview');
await S(await visit('/r/pine-harbour', { phone: true }), 'room-phone');
await S(await visit('/', { phone: true, anon: true }), 'home-phone');
let p = await visit('/r/pine-harbour', { phone: true });
await p.getByRole('button', { name: 'Channels and rooms' }).click();
await p.waitForTimeout(200);
await S(p, 'side-phone');
p = await visit('/i/abc', { anon: true });
await S(p, 'invite');
p = await visit('/r/pine-harbour');
await p.getByText('could you look').hover();
await p.waitForTimeout(200);
await S(p, 'hover');
await p.getByRole('button', { name: 'React', exact: true }).click();
await p.waitForTimeout(200);
await S(p, 'emoji');
await p.keyboard.press('Escape');
await p.getByText('could you look').hover();
await p
  .getByRole('button', { name: 'More' })
  .last()
  .click({ force: true })
  .catch((e) => console.log(e.message));
await p.waitForTimeout(200);
await S(p, 'menu');
p = await visit('/r/pine-harbour');
await p.getByRole('button', { name: 'Your account and settings' }).click();
await p.waitForTimeout(500);
await S(p, 'account');
p = await visit('/', { anon: true });
await p.getByRole('button', { name: 'Make an account' }).click();
await p.waitForTimeout(500);
await S(p, 'register');
await b.close();
srv.close();
