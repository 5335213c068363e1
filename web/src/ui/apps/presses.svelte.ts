/** What of a message is being pressed, and what went wrong. */
import { press } from '../../action/command';
import type { Message } from '../../model/wire';
import { settle } from './outcome';

export class Presses {
  /** the name of what was pressed, until the app has answered */
  busy = $state.raw('');
  failure = $state.raw('');

  async send(message: Message, customId: string, values?: readonly string[]): Promise<void> {
    if (this.busy) return;
    this.busy = customId;
    this.failure = '';
    try {
      settle(message.channel_id, await press(message.channel_id, message.id, customId, values));
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
    } finally {
      this.busy = '';
    }
  }
}
