/** Chromium, and visitors who notice what goes wrong: console errors, broken policies, crashes. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** What a browser says by itself while the server is away; not a fault of the page. */
const EXPECTED =
  /ERR_CONNECTION|WebSocket connection to|ERR_INTERNET_DISCONNECTED|ERR_EMPTY|error occurred when fetching the script/;

const MISSING = /Unable to preload CSS|dynamically imported module/;

export const DESKTOP = { viewport: { width: 1440, height: 900 } };
export const PHONE = {
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
  deviceScaleFactor: 2,
};

export function launch(more = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...more,
    ],
  });
}

/** A stranger with a browser of their own. */
export class Visitor {
  static async arrive(town, path, options = {}) {
    const context = await town.browser.newContext({
      ...DESKTOP,
      colorScheme: 'dark',
      reducedMotion: 'reduce',
      locale: 'en-GB',
      ...options,
      baseURL: town.server.url,
    });
    context.setDefaultTimeout(10_000);
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const visitor = new Visitor(town, context, await context.newPage());
    await visitor.page.goto(path);
    return visitor;
  }

  constructor(town, context, page) {
    this.town = town;
    this.context = context;
    this.page = page;
    this.expectRefusals = 0;
    /** parts of the page are kept from it: its complaints of them are expected */
    this.expectMissing = false;
    page.on('pageerror', (error) => {
      if (this.expectMissing && MISSING.test(String(error))) return;
      town.complain(`page error: ${error.stack ?? error}`);
    });
    page.on('console', (message) => this.#listen(message));
  }

  #listen(message) {
    const text = message.text();
    if (message.type() !== 'error' && !/Content Security Policy|Trusted/.test(text)) return;
    if (EXPECTED.test(text)) return;
    if (this.expectRefusals > 0 && /the server responded with a status of 4/.test(text)) return;
    this.town.complain(`console: ${text} (${message.location().url})`);
  }

  /** From a preview into the room as a guest. */
  async joinAs(name) {
    await this.page.getByLabel('Your name').fill(name);
    await this.page.getByRole('button', { name: 'Join and talk' }).click();
    await this.composer().waitFor();
  }

  composer() {
    return this.page.getByRole('textbox', { name: /^Message / });
  }

  async say(text) {
    await this.composer().fill(text);
    await this.composer().press('Enter');
  }

  row(text) {
    return this.page.locator('[data-id]').filter({ hasText: text });
  }

  async sees(text) {
    await this.row(text).first().waitFor();
  }

  async seesNot(text) {
    await this.row(text).first().waitFor({ state: 'detached' });
  }

  /** Opens the menu of a message and picks an entry. */
  async act(text, entry) {
    const row = this.row(text).first();
    await row.hover();
    await row.getByRole('button', { name: 'More' }).click();
    await this.page.getByRole('menuitem', { name: entry, exact: true }).click();
  }

  /** The slug of the room in the address. */
  slug() {
    return new URL(this.page.url()).pathname.split('/')[2];
  }

  /** Runs axe; every violation is a complaint. */
  async axe(where) {
    await this.page.evaluate(AXE);
    const found = await this.page.evaluate(async (tags) => {
      const { violations } = await globalThis.axe.run(document, {
        runOnly: { type: 'tag', values: tags },
      });
      return violations.map(
        (one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' | ')}`,
      );
    }, TAGS);
    for (const one of found) this.town.complain(`axe ${where}: ${one.slice(0, 600)}`);
  }

  async shot(name) {
    await this.page.screenshot({ path: `${this.town.shots}/${name}.png` });
  }

  async leave() {
    await this.context.close();
  }
}
