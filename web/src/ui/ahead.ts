/** Parts of the page that come in files of their own, fetched a moment before they are asked for:
 *  at the first sign that somebody is there. */
import { prepare } from '../action/connection';
import { world } from '../model/here';
import { overlay } from './overlay.svelte';
import { screen } from './screen';

const SIGNS = ['pointermove', 'pointerdown', 'keydown', 'touchstart'] as const;

/** What fails here is asked for again when it is needed. */
const quietly = (part: Promise<unknown>) => void part.catch(() => undefined);

export function fetchAhead(): void {
  const passive = { capture: true, passive: true };
  const come = () => {
    for (const sign of SIGNS) removeEventListener(sign, come, passive);
    overlay.awake = true;
    if (world.me) return;
    quietly(prepare());
    quietly(import('./settings/EnterDialog.svelte'));
    quietly(screen('guild'));
    quietly(import('./guilds/PreviewScreen.svelte'));
  };
  for (const sign of SIGNS) addEventListener(sign, come, passive);
}
