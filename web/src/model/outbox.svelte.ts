/** Messages of ours that the server has not confirmed. They are kept until an answer or an event
 *  with their nonce comes, and the nonce makes sending them again harmless. */
import type { Message } from './wire';

export type PendingState = 'sending' | 'waiting' | 'failed';

/** A file that goes along, with what its sender says about it. */
export interface Enclosure {
  id: number;
  file: File;
  spoiler: boolean;
  /** said to those who cannot see it */
  description: string;
}

export interface Pending {
  nonce: string;
  channelId: string;
  content: string;
  files: readonly Enclosure[];
  replyTo: Message | null;
  /** place in the order of sending: milliseconds, and unique */
  order: number;
  state: PendingState;
  reason: string;
  /** bytes of files that have left */
  loaded: number;
}

export class Outbox {
  rows = $state.raw<Pending[]>([]);
  /** told after every change, so that what waits can outlive the page; null: it is gone */
  changed: (nonce: string, row: Pending | null) => void = () => {};

  of(channelId: string): Pending[] {
    return this.rows.filter((row) => row.channelId === channelId);
  }

  add(row: Pending): void {
    const at = this.rows.findLastIndex((known) => known.order <= row.order) + 1;
    this.rows = this.rows.toSpliced(at, 0, row);
    this.changed(row.nonce, row);
  }

  get(nonce: string): Pending | undefined {
    return this.rows.find((row) => row.nonce === nonce);
  }

  change(nonce: string, change: Partial<Pending>): void {
    const known = this.get(nonce);
    if (!known) return;
    const next = { ...known, ...change };
    this.rows = this.rows.map((row) => (row === known ? next : row));
    if (change.state || change.files) this.changed(nonce, next);
  }

  settle(nonce: string): void {
    if (!this.get(nonce)) return;
    this.rows = this.rows.filter((row) => row.nonce !== nonce);
    this.changed(nonce, null);
  }
}
