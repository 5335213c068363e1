/** A choice that belongs to this device: column widths, what is folded away.
 *  It survives a reload; where storage is forbidden it lasts as long as the page. */

export class Remembered<T> {
  #value = $state.raw() as T;
  readonly #key: string;

  constructor(name: string, fallback: T, fits: (value: unknown) => boolean) {
    this.#key = `osc.${name}`;
    this.#value = fallback;
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(this.#key) ?? 'null');
      if (kept !== null && fits(kept)) this.#value = kept as T;
    } catch {
      // forbidden or not ours: the fallback is right
    }
  }

  get value(): T {
    return this.#value;
  }

  set value(value: T) {
    this.#value = value;
    try {
      localStorage.setItem(this.#key, JSON.stringify(value));
    } catch {
      // full or forbidden
    }
  }
}

export const isTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');

export const isRecord = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
