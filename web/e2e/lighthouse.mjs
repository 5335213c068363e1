/** Lighthouse's judgement of the main page and of a room, from outside and inside: `npm run
 *  lighthouse`. It is large and asks for a newer Node than it needs, so it is no dependency: it is
 *  installed beside, once, in `node_modules/.lighthouse`. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { launch } from './browser.mjs';
import { freePort } from './server.mjs';
import { write } from './pen.mjs';
import { Town } from './town.mjs';

const VERSION = '13.5.0';
const LEAST = 95;
const folder = new URL('../node_modules/.lighthouse/', import.meta.url).pathname;
const entry = `${folder}node_modules/lighthouse/core/index.js`;
if (!existsSync(entry)) {
  execFileSync('npm', ['install', '--prefix', folder, '--no-save', `lighthouse@${VERSION}`], {
    stdio: 'inherit',
  });
}
const { default: lighthouse } = await import(pathToFileURL(entry).href);

const FORMS = {
  desktop: { mobile: false, width: 1440, height: 900, deviceScaleFactor: 1 },
  mobile: { mobile: true, width: 390, height: 844, deviceScaleFactor: 2 },
};

const town = await Town.build();
const port = await freePort();
const browser = await launch([`--remote-debugging-port=${port}`]);
let bad = 0;
try {
  const ada = await town.owner('lighthouse', 'Lighthouse');
  await write(ada, ['hello **there**', 'a second message', '`code` and https://example.org']);
  const cookies = await ada.context.cookies();
  const Cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  const room = `/r/${ada.slug()}`;
  for (const [name, path, extraHeaders] of [
    ['main page', '/', {}],
    ['a room from outside', room, {}],
    ['a room from inside', room, { Cookie }],
  ]) {
    for (const [formFactor, screenEmulation] of Object.entries(FORMS)) {
      const onlyCategories = ['accessibility', 'best-practices'];
      const settings = { formFactor, screenEmulation, onlyCategories, extraHeaders };
      const config = { extends: 'lighthouse:default', settings };
      const flags = { port, output: 'json', logLevel: 'error' };
      const { lhr } = await lighthouse(town.server.url + path, flags, config);
      for (const category of Object.values(lhr.categories)) tell(name, formFactor, category, lhr);
    }
  }
} finally {
  await browser.close();
  await town.close();
}
process.exit(bad ? 1 : 0);

function tell(name, form, category, { audits }) {
  const score = Math.round(category.score * 100);
  if (score < LEAST) bad += 1;
  console.log(`${score < LEAST ? 'LOW ' : 'ok  '} ${name}, ${form}: ${category.title} ${score}`);
  for (const { id, weight } of category.auditRefs) {
    const { score: one, title } = audits[id];
    if (weight && one !== null && one < 1) console.log(`     ${title}`);
  }
}
