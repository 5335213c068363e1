/** Whether one searches, in the place of the members; and what was asked last, for each place. */
import { router } from '../router.svelte';

class Finder {
  open = $state.raw(false);

  show(): void {
    this.open = true;
    // Where the members are not beside the conversation they are a screen of their own.
    if (innerWidth < 1000) router.show('members');
    else document.querySelector<HTMLInputElement>('.search-panel input')?.focus();
  }

  close(): void {
    this.open = false;
    if (router.pane === 'members') router.show('main');
  }
}

export const finder = new Finder();
