/** Puts an address of ours into the clipboard, and says whether that worked. */
import { t } from '../lib/i18n';
import { overlay } from './overlay.svelte';

export async function copyLink(path: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(location.origin + path);
    overlay.say(t('Link copied.'));
  } catch {
    overlay.fail(t('The browser did not allow copying. The address bar has the link too.'));
  }
}
