/** How wide the columns are and what is folded away, as this device's owner likes it. */
import { MediaQuery } from 'svelte/reactivity';
import { isRecord, isTexts, Remembered } from './remembered.svelte';

export interface Edge {
  least: number;
  most: number;
  usual: number;
}

export const SIDE: Edge = { least: 180, most: 400, usual: 248 };
export const PEOPLE: Edge = { least: 180, most: 400, usual: 232 };
export const THREAD: Edge = { least: 320, most: 720, usual: 440 };

const isNumber = (value: unknown) => typeof value === 'number' && Number.isFinite(value);

class Panes {
  readonly #side = new Remembered<number>('pane.side', SIDE.usual, isNumber);
  readonly #people = new Remembered<number>('pane.people', PEOPLE.usual, isNumber);
  readonly #thread = new Remembered<number>('pane.thread', THREAD.usual, isNumber);
  readonly #wide = new MediaQuery('(min-width: 1200px)');
  readonly #alone = new Remembered('pane.alone', false, (value) => value === true);
  readonly #folded = new Remembered<string[]>('pane.folded', [], isTexts);
  readonly #last = new Remembered<Record<string, string>>('pane.last', {}, isRecord);

  get side(): number {
    return within(this.#side.value, SIDE);
  }
  set side(width: number) {
    this.#side.value = within(width, SIDE);
  }

  get people(): number {
    return within(this.#people.value, PEOPLE);
  }
  set people(width: number) {
    this.#people.value = within(width, PEOPLE);
  }

  get thread(): number {
    return within(this.#thread.value, THREAD);
  }
  set thread(width: number) {
    this.#thread.value = within(width, THREAD);
  }

  /** There is room for a thread beside its channel. */
  get wide(): boolean {
    return this.#wide.current;
  }

  /** the column of people is put away, where there is room for one */
  get alone(): boolean {
    return this.#alone.value;
  }
  set alone(alone: boolean) {
    this.#alone.value = alone;
  }

  folded(id: string): boolean {
    return this.#folded.value.includes(id);
  }

  fold(id: string, folded: boolean): void {
    const others = this.#folded.value.filter((one) => one !== id);
    this.#folded.value = folded ? [...others, id] : others;
  }

  /** The channel of a room that was open last: where one returns to. */
  lastIn(guildId: string): string | undefined {
    return this.#last.value[guildId];
  }

  visited(guildId: string, channelId: string): void {
    if (this.#last.value[guildId] === channelId) return;
    this.#last.value = { ...this.#last.value, [guildId]: channelId };
  }
}

export const panes = new Panes();

function within(width: number, edge: Edge): number {
  return Math.round(Math.min(edge.most, Math.max(edge.least, width)));
}
