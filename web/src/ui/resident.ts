/** What only those who stay need: keys, a page that works offline, a quick next start, and mutes
 *  that end on time. */
import { expireMutes } from '../action/notification';
import { keepUp } from '../action/warm';
import { installed } from './installed.svelte';
import { listenForShortcuts } from './shortcut';

const MUTES_MS = 30_000;
let settled = false;

export function settle(): void {
  if (settled) return;
  settled = true;
  listenForShortcuts();
  keepUp();
  void installed.start();
  setInterval(() => expireMutes(Date.now()), MUTES_MS);
}
