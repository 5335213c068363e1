/** Bad inputs, and eyes for what they could do to a page. The list lies beside the repository in
 *  `shared`; it is never copied into it. */
import { existsSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { strict as assert } from 'node:assert';

const LIST = 'kit/inputs/bad.json';
/** Longer ones say nothing new, and take a browser's memory. */
const MOST = 60_000;
const PASSWORD = 'correct horse battery staple'; // as town.account has it

/** The list of bad inputs, or null where it is not: then the reader says so and skips. */
export function badInputs() {
  const path = beside(LIST);
  if (!path) {
    console.log(`     skipped: ${LIST} is not beside this repository (../shared)`);
    return null;
  }
  const all = JSON.parse(readFileSync(path, 'utf8'));
  return (group) => all[group].map(repeated);
}

/** Beside this checkout, or beside the repository that this checkout is a worktree of. */
function beside(path) {
  const here = new URL('../../', import.meta.url).pathname;
  const roots = [here];
  try {
    const told = ['-C', here, 'rev-parse', '--path-format=absolute', '--git-common-dir'];
    roots.push(`${execFileSync('git', told, { encoding: 'utf8' }).trim()}/../`);
  } catch {
    // no repository: the sources alone
  }
  return roots.map((root) => `${root}../shared/${path}`).find(existsSync);
}

/** `a{N=3}` is `aaa`: the whole input before it, as often. */
function repeated(input) {
  const found = /^([^]*?)\{N=(\d+)\}([^]*)$/.exec(input);
  if (!found) return input;
  const [, unit, count, tail] = found;
  return unit.repeat(Math.min(Number(count), MOST / unit.length)) + tail;
}

/** A caller of the API without a page; each answer has to be a yes or a no, never a fault. */
export class Caller {
  constructor(town, headers) {
    this.town = town;
    this.headers = headers;
  }

  static guest(town, name) {
    return Caller.#come(town, 'guests', { name });
  }

  static account(town, username) {
    return Caller.#come(town, 'accounts', { username, password: PASSWORD });
  }

  /** Somebody whom a journey made on the page, with a login beside it. */
  static signIn(town, username) {
    return Caller.#come(town, 'sessions', { username, password: PASSWORD });
  }

  /** Null when the server wants nobody of that name. */
  static async #come(town, door, body) {
    const answer = await new Caller(town, {}).ask('POST', `/api/osc/v1/${door}`, body);
    if (!answer) return null;
    const caller = new Caller(town, { Authorization: answer.token });
    return Object.assign(caller, { user: answer.user });
  }

  /** The answer; null when it was refused. */
  async ask(method, path, body) {
    const form = body instanceof FormData;
    const type = form || body === undefined ? {} : { 'Content-Type': 'application/json' };
    const answer = await fetch(this.town.server.url + path, {
      method,
      headers: { ...this.headers, ...type },
      body: form ? body : JSON.stringify(body),
    });
    const shown = JSON.stringify(body)?.slice(0, 120);
    assert.ok(answer.status < 500, `${method} ${path} ${shown}: ${answer.status}`);
    assert.notEqual(
      answer.status,
      429,
      `${method} ${path} is limited: it says nothing of the input`,
    );
    assert.notEqual(answer.status, 401, `${method} ${path} as nobody`);
    const text = await answer.text();
    if (!answer.ok) return null;
    return text ? JSON.parse(text) : {};
  }
}

/** Complains of every dialog and every broken policy of a visitor's page, from its next load on. */
export async function watch(visitor) {
  const { page, town } = visitor;
  page.on('dialog', (dialog) => {
    if (dialog.type() !== 'beforeunload') town.complain(`a dialog: ${dialog.message()}`);
    void dialog.accept();
  });
  await page.exposeFunction('broken', (what) => town.complain(`broken policy: ${what}`));
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) =>
      globalThis.broken(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`),
    );
    const types = ['csp-violation', 'intervention'];
    new ReportingObserver(
      (reports) => {
        for (const one of reports) {
          if (one.type === 'csp-violation') globalThis.broken(JSON.stringify(one.body));
        }
      },
      { types, buffered: true },
    ).observe();
  });
}

/** Looks at every element of the page: none may come from a text, none may be pushed aside. */
export async function audit(visitor, where) {
  const faults = await visitor.page.evaluate(() => {
    const found = [];
    const tell = (what, one) => found.push(`${what}: ${one.outerHTML.slice(0, 200)}`);
    const foreign =
      'iframe, object, embed, applet, base, math, annotation-xml, frame, portal, marquee, ' +
      'svg script, svg style, svg animate, svg set, svg foreignObject, svg a, svg image, svg use';
    for (const one of document.querySelectorAll(foreign)) tell('a foreign element', one);
    for (const one of document.querySelectorAll('script')) {
      const own = one.src && new URL(one.src).origin === location.origin;
      if (!own && one.id !== 'boot') tell('a script', one);
    }
    for (const one of document.querySelectorAll('*')) {
      for (const { name, value } of one.attributes) {
        if (/^on/i.test(name) || name === 'srcdoc') tell(`an attribute ${name}`, one);
        const leads = ['href', 'src', 'action', 'formaction', 'xlink:href', 'poster'];
        if (leads.includes(name) && /^[\s\0]*(javascript|vbscript|data:text)/i.test(value)) {
          tell('an address', one);
        }
      }
      if (one.localName === 'img') {
        const { origin, protocol, pathname } = new URL(one.src, location.href);
        const own = origin === location.origin && /^\/(cdn|assets)\//.test(pathname);
        if (!own && !['blob:', 'data:'].includes(protocol)) tell('a picture', one);
      }
    }
    const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    if (wide > 0) found.push(`the page scrolls sideways by ${wide} px`);
    for (const one of document.querySelectorAll('main, main > *, nav, [role=log], aside')) {
      const { left, right } = one.getBoundingClientRect();
      if (one.checkVisibility() && (left < -1 || right > innerWidth + 1)) tell('pushed out', one);
    }
    return found;
  });
  for (const one of faults) visitor.town.complain(`${where}: ${one}`);
}
