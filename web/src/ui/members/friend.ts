/** What can be done about two people: asking, answering, parting, blocking. */
import Ban from '@lucide/svelte/icons/ban';
import UserCheck from '@lucide/svelte/icons/user-check';
import UserMinus from '@lucide/svelte/icons/user-minus';
import UserPlus from '@lucide/svelte/icons/user-plus';
import UserX from '@lucide/svelte/icons/user-x';
import { open } from '../../action/direct';
import { befriend, block, part } from '../../action/relationship';
import { t } from '../../lib/i18n';
import { world } from '../../model/here';
import { label } from '../../model/person';
import { RELATION } from '../../model/relationship';
import type { User } from '../../model/wire';
import { idItems } from '../copy';
import { overlay, type MenuItem } from '../overlay.svelte';
import { router } from '../router.svelte';

/** The whole menu of somebody one meets outside of rooms. */
export function personItems(user: User): MenuItem[] {
  return [...friendItems(user), ...idItems(user.id)];
}

export function friendItems(user: User): MenuItem[] {
  if (user.bot || user.id === world.me?.id) return [];
  const type = world.relationships.get(user.id)?.type;
  const name = label(user);
  const doing = (work: () => Promise<void>, said: string) => () => {
    work().then(
      () => overlay.say(said),
      (error: unknown) => overlay.fail(error),
    );
  };
  const away = (text: string, said: string): MenuItem => ({
    label: text,
    icon: UserMinus,
    run: doing(() => part(user.id), said),
  });
  const blocking = { label: t('Block'), icon: Ban, danger: true, run: () => askBlock(user) };
  const asked = t('{name} was asked.', { name });
  const friends = t('You and {name} are friends now.', { name });
  switch (type) {
    case RELATION.BLOCKED:
      return [
        {
          label: t('Unblock'),
          icon: UserCheck,
          run: doing(() => part(user.id), t('{name} is no longer blocked.', { name })),
        },
      ];
    case RELATION.FRIEND:
      return [away(t('Remove friend'), t('{name} is no longer a friend.', { name })), blocking];
    case RELATION.INCOMING:
      return [
        {
          label: t('Accept friend request'),
          icon: UserCheck,
          run: doing(() => befriend(user.id), friends),
        },
        {
          label: t('Decline friend request'),
          icon: UserX,
          run: doing(() => part(user.id), t('Declined.')),
        },
        blocking,
      ];
    case RELATION.OUTGOING:
      return [away(t('Withdraw request'), t('Withdrawn.')), blocking];
    default:
      return [
        { label: t('Add friend'), icon: UserPlus, run: doing(() => befriend(user.id), asked) },
        blocking,
      ];
  }
}

function askBlock(user: User): void {
  const name = label(user);
  overlay.confirm({
    title: t('Block {name}?', { name }),
    text: t('They can no longer write to you, and you see their words only if you want to.'),
    action: t('Block'),
    run: async () => {
      await block(user.id);
      overlay.say(t('{name} is blocked.', { name }));
    },
  });
}

export async function talk(userId: string): Promise<void> {
  try {
    router.go(`/dm/${await open(userId)}`);
  } catch (error) {
    overlay.fail(error);
  }
}
