/** The part of a channel's history that is loaded: a bounded window, oldest first.
 *  Rows are never changed in place; a new array or object is what the list redraws on. */
import { compare } from '../lib/snowflake';
import { whispered, type Message } from './wire';

export const PAGE = 50;
export const MOST_ROWS = 150;
/** How far a window grows below somebody who reads in its middle before it lets the present go. */
const MOST_BELOW = 400;

export class Timeline {
  readonly channelId: string;
  rows = $state.raw<Message[]>([]);
  /** older messages exist before the first row */
  hasOlder = $state.raw(true);
  /** newer messages exist after the last row: the window does not reach the present */
  hasNewer = $state.raw(false);
  loaded = $state.raw(false);
  loading = $state.raw(false);
  failure = $state.raw('');
  /** rows may miss events (the connection had a gap); fetch again before trusting them */
  stale = $state.raw(false);
  /** nobody reads above the end: what is old may go as new messages come */
  following = true;
  /** rises with every replacement of the whole window */
  generation = $state.raw(0);
  /** what events changed while a page was on its way, to be done again on top of that page */
  #meanwhile: (() => void)[] = [];

  constructor(channelId: string) {
    this.channelId = channelId;
  }

  /** Of what is in the history: what only we see is in none. */
  get newestId(): string | null {
    return this.rows.findLast((row) => !whispered(row))?.id ?? null;
  }

  find(id: string): Message | undefined {
    return this.rows.find((row) => row.id === id);
  }

  /** A page is being fetched. */
  begin(): void {
    this.loading = true;
    this.failure = '';
    this.#meanwhile = [];
  }

  /** The fetch is over, with or without a page. */
  end(failure = ''): void {
    this.loading = false;
    this.failure = failure;
    const again = this.#meanwhile;
    this.#meanwhile = [];
    for (const change of again) change();
  }

  /** A message from an event or an answer: puts it in its place, or over the one it repeats. */
  put(message: Message): void {
    if (this.loading) this.#meanwhile.push(() => this.put(message));
    const newest = this.rows.at(-1);
    const behind = !newest || compare(newest.id, message.id) < 0;
    const at = behind ? -1 : this.rows.findIndex((row) => compare(row.id, message.id) >= 0);
    if (at === -1) {
      if (!this.loaded || this.hasNewer) return;
      this.#append(message);
    } else if (this.rows[at]?.id === message.id) {
      this.rows = this.rows.with(at, { ...message, reactions: this.rows[at].reactions });
    } else if (at > 0 || !this.hasOlder) {
      this.rows = this.rows.toSpliced(at, 0, message);
    }
  }

  /** In a burst only the newest page is kept; below a reader the window ends at some point. */
  #append(message: Message): void {
    if (this.following && this.rows.length >= MOST_ROWS) {
      this.rows = [...this.rows.slice(-PAGE), message];
      this.hasOlder = true;
    } else if (!this.following && this.rows.length >= MOST_BELOW) {
      this.hasNewer = true;
    } else {
      this.rows = [...this.rows, message];
    }
  }

  change(id: string, change: (message: Message) => Message): void {
    if (this.loading) this.#meanwhile.push(() => this.change(id, change));
    const at = this.rows.findIndex((row) => row.id === id);
    const row = this.rows[at];
    if (row) this.rows = this.rows.with(at, change(row));
  }

  remove(ids: readonly string[]): void {
    if (this.loading) this.#meanwhile.push(() => this.remove(ids));
    if (!this.rows.some((row) => ids.includes(row.id))) return;
    this.rows = this.rows.filter((row) => !ids.includes(row.id));
  }

  /** Replaces the window by pages just fetched. */
  replace(messages: Message[], edges: { hasOlder: boolean; hasNewer: boolean }): void {
    this.rows = ordered(messages);
    this.hasOlder = edges.hasOlder;
    this.hasNewer = edges.hasNewer;
    this.loaded = true;
    this.stale = false;
    this.generation += 1;
  }

  prepend(messages: Message[], hasOlder: boolean): void {
    const rows = merged(messages, this.rows);
    this.hasOlder = hasOlder;
    if (rows.length > MOST_ROWS) this.hasNewer = true;
    this.rows = rows.slice(0, MOST_ROWS);
  }

  append(messages: Message[], hasNewer: boolean): void {
    const rows = merged(this.rows, messages);
    this.hasNewer = hasNewer;
    this.rows = rows;
    this.trimOldest();
  }

  /** Called while the reader is at the end: what has scrolled far away is let go. */
  trimOldest(most = MOST_ROWS): void {
    if (this.rows.length <= most) return;
    this.rows = this.rows.slice(-most);
    this.hasOlder = true;
  }
}

function ordered(messages: Message[]): Message[] {
  return [...messages].sort((a, b) => compare(a.id, b.id));
}

function merged(first: Message[], second: Message[]): Message[] {
  const byId = new Map([...first, ...second].map((message) => [message.id, message]));
  return ordered([...byId.values()]);
}
