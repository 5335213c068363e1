/** Says to the server when nobody has been here for a while, so that others see it and a phone is
 *  told instead of this page. */
import { beHere } from '../../action/presence';
import { attention } from '../attention.svelte';
import { own } from '../members/presence';

/** Without a look, a key or a move of the pointer. */
export const AWAY_AFTER_MS = 5 * 60_000;
const LOOK_EVERY_MS = 15_000;
const SIGNS = ['keydown', 'pointermove', 'pointerdown', 'wheel', 'touchmove'] as const;

export class Absence {
  away = $state.raw(false);
  #lastMs = Date.now();
  /** what the server knows; a new connection begins as somebody who is here */
  #told = false;

  /** For an effect: ends with it. */
  watch(): () => void {
    const sign = () => this.seen(Date.now());
    for (const name of SIGNS) addEventListener(name, sign, { passive: true });
    const timer = setInterval(() => this.look(Date.now()), LOOK_EVERY_MS);
    // Whoever comes back to the page is here, before they touch anything.
    if (attention.here) sign();
    return () => {
      for (const name of SIGNS) removeEventListener(name, sign);
      clearInterval(timer);
    };
  }

  seen(nowMs: number): void {
    if (!attention.here) return; // the pointer passes over a window behind another one
    this.#lastMs = nowMs;
    if (this.away) this.away = false;
  }

  look(nowMs: number): void {
    if (nowMs - this.#lastMs >= AWAY_AFTER_MS) this.away = true;
  }

  /** For an effect: whenever it changes, and on every new connection. */
  tell(live: boolean): void {
    const { away } = this;
    const special = away || own.value !== 'online';
    if (!live || (!special && !this.#told)) return;
    if (beHere(!away, own.value)) this.#told = special;
  }
}
