/** Puts something of ours into the clipboard, and says whether that worked. */
import Hash from '@lucide/svelte/icons/hash';
import { t } from '../lib/i18n';
import { device } from './device.svelte';
import { overlay, type MenuItem } from './overlay.svelte';

export async function copy(text: string): Promise<void> {
  await put(text, t('Copied.'), t('The browser did not allow copying.'));
}

export async function copyLink(path: string): Promise<void> {
  await put(
    location.origin + path,
    t('Link copied.'),
    t('The browser did not allow copying. The address bar has the link too.'),
  );
}

/** The end of a menu for those who write programs; nothing for everybody else. */
export function idItems(id: string): MenuItem[] {
  if (!device.now.developer) return [];
  return [{ label: t('Copy id'), icon: Hash, divide: true, run: () => void copy(id) }];
}

async function put(text: string, said: string, refused: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    overlay.say(said);
  } catch {
    overlay.fail(refused);
  }
}
