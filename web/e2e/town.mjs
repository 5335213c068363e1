/** One server, one browser, and a book of complaints for each journey. */
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch, Visitor } from './browser.mjs';
import { startServer } from './server.mjs';

export class Town {
  complaints = [];
  visitors = [];

  static async build(limits = {}) {
    const town = new Town();
    town.shots = process.env.OSC_SHOTS ?? join(tmpdir(), 'osc-shots');
    await mkdir(town.shots, { recursive: true });
    town.server = await startServer(limits);
    town.browser = await launch();
    return town;
  }

  complain(text) {
    this.complaints.push(text);
  }

  async visitor(path = '/', options = {}) {
    const visitor = await Visitor.arrive(this, path, options);
    this.visitors.push(visitor);
    return visitor;
  }

  /** Somebody with an account of their own, on the main page. */
  async account(username, options = {}) {
    const visitor = await this.visitor('/', options);
    const { page } = visitor;
    await page.getByRole('button', { name: 'Make an account' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Username').fill(username);
    await dialog.getByLabel('Password').fill('correct horse battery staple');
    await dialog.getByRole('button', { name: 'Make account' }).click();
    await page.getByRole('button', { name: 'Your account and settings' }).waitFor();
    return visitor;
  }

  /** An account that owns a new room; the owner stands in it afterwards. */
  async owner(username, room, visibility = 'Public') {
    const owner = await this.account(username);
    await this.found(owner, room, visibility);
    return owner;
  }

  async found(owner, room, visibility = 'Public') {
    const { page } = owner;
    await page.getByRole('main').getByRole('button', { name: 'Create a room' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name', { exact: true }).fill(room);
    await dialog.getByText(visibility, { exact: true }).click();
    await dialog.getByRole('button', { name: 'Create room' }).click();
    await owner.composer().waitFor();
  }

  /** Between two journeys: everybody goes home. */
  async clear() {
    for (const visitor of this.visitors.splice(0)) await visitor.leave().catch(() => undefined);
    return this.complaints.splice(0);
  }

  async close() {
    await this.browser?.close();
    await this.server?.close();
  }
}
