/** Messages of ours that the server has not confirmed. They are kept until an answer or an event
 *  with their nonce comes, and the nonce makes sending them again harmless. */
import type { Message } from './wire';

export type PendingState = 'sending' | 'waiting' | 'failed';

export interface Pending {
  nonce: string;
  channelId: string;
  content: string;
  files: File[];
  replyTo: Message | null;
  createdAt: number;
  state: PendingState;
  reason: string;
  /** 0 to 1 while files are on their way */
  progress: number;
}

export class Outbox {
  rows = $state.raw<Pending[]>([]);
  /** told after every change, so that what waits can outlive the page */
  changed: () => void = () => {};

  of(channelId: string): Pending[] {
    return this.rows.filter((row) => row.channelId === channelId);
  }

  add(row: Pending): void {
    this.rows = [...this.rows, row];
    this.changed();
  }

  get(nonce: string): Pending | undefined {
    return this.rows.find((row) => row.nonce === nonce);
  }

  change(nonce: string, change: Partial<Pending>): void {
    this.rows = this.rows.map((row) => (row.nonce === nonce ? { ...row, ...change } : row));
    if (change.state) this.changed();
  }

  settle(nonce: string): void {
    if (!this.get(nonce)) return;
    this.rows = this.rows.filter((row) => row.nonce !== nonce);
    this.changed();
  }
}
