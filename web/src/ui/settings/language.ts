/** Another language: kept on this device, and the page is loaded again in it. Drafts and what is
 *  still to be sent are kept by themselves; a form that is not saved asks before. */
import { LANGUAGE_KEY, type LanguageChoice } from '../../lib/i18n';
import { overlay } from '../overlay.svelte';

export function chooseLanguage(choice: LanguageChoice): void {
  try {
    if (choice === 'system') localStorage.removeItem(LANGUAGE_KEY);
    else localStorage.setItem(LANGUAGE_KEY, choice);
  } catch (error) {
    overlay.fail(error);
    return;
  }
  location.reload();
}
