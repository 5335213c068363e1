/** What a person makes of something that exists: as it is, as they want it, and what of that is
 *  different. Only the difference is sent. */
import { untrack } from 'svelte';
import { Form } from './form.svelte';

export interface Plan<T extends object> {
  /** as it is now, its keys named as they are sent */
  is: () => T;
  /** sends what is different; when it is done, `is` tells it */
  save: (change: Partial<T>) => Promise<void>;
  /** fields that show their own error */
  shows: readonly (keyof T & string)[];
  /** where being equal is not what counts */
  same?: { [K in keyof T]?: (wish: T[K], is: T[K]) => boolean };
}

export class Draft<T extends object> extends Form {
  /** what the fields are bound to */
  wish = $state({} as T);
  #plan: Plan<T>;
  #was: T;

  constructor(plan: Plan<T>) {
    super();
    this.#plan = plan;
    this.#was = plan.is();
    this.wish = { ...this.#was };
  }

  readonly change = $derived.by(() => {
    const is = this.#plan.is();
    const found: Partial<T> = {};
    for (const key of Object.keys(is) as (keyof T)[]) {
      const wish = tidy(this.wish[key]);
      if (!this.#same(key, wish, is[key])) found[key] = wish;
    }
    return found;
  });
  readonly open = $derived(Object.keys(this.change).length > 0);

  reset(): void {
    this.#was = this.#plan.is();
    this.wish = { ...this.#was };
    this.fields = {};
    this.error = '';
  }

  /** For an effect: what others change meanwhile is taken over where we wanted nothing else. */
  follow(): void {
    const is = this.#plan.is();
    untrack(() => {
      for (const key of Object.keys(is) as (keyof T)[]) {
        if (this.#same(key, tidy(this.wish[key]), this.#was[key])) this.wish[key] = is[key];
      }
      this.#was = is;
    });
  }

  async save(): Promise<boolean> {
    const done = await this.run(this.#plan.shows, () => this.#plan.save(this.change));
    if (done) this.reset();
    return done;
  }

  #same<K extends keyof T>(key: K, wish: T[K], is: T[K]): boolean {
    return this.#plan.same?.[key]?.(wish, is) ?? wish === is;
  }
}

/** Spaces around a text are nobody's wish. */
function tidy<V>(value: V): V {
  return typeof value === 'string' ? (value.trim() as V) : value;
}
