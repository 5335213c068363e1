/** Leaving: an account comes back by its password, a guest never does and is asked first. */
import { logOut } from '../../action/session';
import { t } from '../../lib/i18n';
import { world } from '../../model/here';
import { overlay } from '../overlay.svelte';
import { router } from '../router.svelte';
import { unsaved } from '../unsaved.svelte';

export function askLogOut(): void {
  if (!unsaved.mayLeave()) return;
  const go = async () => {
    await logOut();
    router.go('/');
  };
  if (!world.me?.osc?.guest) {
    go().catch((error) => overlay.fail(error));
    return;
  }
  overlay.confirm({
    title: t('Sign out of a guest?'),
    text: t(
      'A guest has no password: once logged out, nobody can be it again. ' +
        'Make an account first to keep it.',
    ),
    action: t('Sign out for good'),
    run: go,
  });
}
