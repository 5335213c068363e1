/** Which Enter sends: plain Enter, or with Ctrl or Cmd when the person wants lines from Enter. On
 *  touch, Enter is always a new line. An input method uses Enter for itself: ask that first. */
import { device } from '../device.svelte';

type Enter = Pick<KeyboardEvent, 'shiftKey' | 'ctrlKey' | 'metaKey'>;

export function sends(event: Enter, coarse: boolean): boolean {
  if (event.ctrlKey || event.metaKey) return true;
  return device.now.enterSends && !coarse && !event.shiftKey;
}
