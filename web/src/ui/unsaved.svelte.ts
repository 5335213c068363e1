/** Whether something is changed and not saved. Whoever wants to leave the place asks first; while
 *  something is open they stay, and the save bar calls for attention. */

class Unsaved {
  /** goes up each time somebody tried to leave */
  alarm = $state.raw(0);
  #open: (() => boolean) | null = null;

  constructor() {
    addEventListener('beforeunload', (event) => {
      if (this.#open?.()) event.preventDefault();
    });
  }

  /** For an effect: watches one form until the form is gone. */
  watch(open: () => boolean): () => void {
    this.#open = open;
    this.alarm = 0;
    return () => {
      if (this.#open === open) this.#open = null;
    };
  }

  calm(): void {
    this.alarm = 0;
  }

  /** True when nothing holds us here. */
  mayLeave(): boolean {
    if (!this.#open?.()) return true;
    this.alarm += 1;
    return false;
  }
}

export const unsaved = new Unsaved();
