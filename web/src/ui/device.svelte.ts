/** What a person chose for this device: looks, sounds, keys. It stays in the browser, and theme.js
 *  reads it before the first paint. */

import { setClock } from '../lib/time';

export interface Choices {
  theme: 'system' | 'dark' | 'light';
  contrast: boolean;
  density: 'cosy' | 'compact';
  /** of messages, in points of 1/16 rem */
  fontSize: number;
  reducedMotion: boolean;
  /** per cent */
  saturation: number;
  clock: 'system' | '12' | '24';
  /** else Ctrl+Enter (or Cmd+Enter) does, and Enter begins a new line */
  enterSends: boolean;
  /** messages pop up on the desktop while nobody looks at the page */
  desktop: boolean;
  sounds: boolean;
  /** per cent */
  volume: number;
  /** the number of mentions in the tab's title and on its icon */
  badge: boolean;
  /** menus offer to copy ids */
  developer: boolean;
}

export const USUAL: Readonly<Choices> = {
  theme: 'system',
  contrast: false,
  density: 'cosy',
  fontSize: 15,
  reducedMotion: false,
  saturation: 100,
  clock: 'system',
  enterSends: true,
  desktop: false,
  sounds: true,
  volume: 60,
  badge: true,
  developer: false,
};

const KEY = 'osc.device';

class Device {
  now = $state.raw<Choices>(stored());

  constructor() {
    setClock(this.now.clock);
    // Another tab of this browser: both look the same.
    addEventListener('storage', (event) => {
      if (event.key === KEY) this.#take(stored());
    });
    matchMedia('(prefers-contrast: more)').addEventListener?.('change', () => look(this.now));
  }

  /** Takes effect at once; answers what it was before, for whoever wants to undo it. */
  set(change: Partial<Choices>): Partial<Choices> {
    const before: Record<string, unknown> = {};
    for (const key of Object.keys(change) as (keyof Choices)[]) before[key] = this.now[key];
    this.#take({ ...this.now, ...change });
    try {
      const chosen = Object.entries(this.now).filter(
        ([key, value]) => value !== USUAL[key as keyof Choices],
      );
      if (chosen.length) localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(chosen)));
      else localStorage.removeItem(KEY);
    } catch {
      // not remembered then; it still holds for this visit
    }
    return before as Partial<Choices>;
  }

  get dark(): boolean {
    if (this.now.theme !== 'system') return this.now.theme === 'dark';
    return matchMedia('(prefers-color-scheme: dark)').matches;
  }

  #take(choices: Choices): void {
    setClock(choices.clock);
    this.now = choices;
    look(choices);
  }
}

export const device = new Device();

function look(choices: Choices): void {
  (globalThis as { osc?: { look: (choices: Choices) => void } }).osc?.look(choices);
}

/** Only what has the right kind of value: the storage may be from another time. */
function stored(): Choices {
  try {
    const saved = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Record<string, unknown>;
    const fits = Object.entries(saved).filter(
      ([key, value]) => typeof value === typeof USUAL[key as keyof Choices],
    );
    return { ...USUAL, ...Object.fromEntries(fits) };
  } catch {
    return { ...USUAL };
  }
}
