/** What the bots of a channel offer for a person or a message, as items of a menu. */
import { type Offer, offers, TYPE, use } from '../../action/command';
import { t } from '../../lib/i18n';
import { overlay } from '../overlay.svelte';
import { settle } from './outcome';

/** Opens the list of them; says so when there is none. */
export async function openApps(
  channelId: string,
  type: (typeof TYPE)['USER' | 'MESSAGE'],
  targetId: string,
): Promise<void> {
  // Where the menu before it went back to.
  const anchor = document.activeElement;
  let all: Offer[];
  try {
    all = (await offers(channelId)).filter((one) => one.type === type);
  } catch (error) {
    overlay.fail(error);
    return;
  }
  if (!all.length) {
    overlay.say(t('No app offers anything for this here.'));
    return;
  }
  const items = all.map((one) => ({
    label: one.title,
    hint: one.bot.username,
    run: () =>
      void use(channelId, one, new Map(), targetId).then(
        (outcome) => settle(channelId, outcome),
        (error) => overlay.fail(error),
      ),
  }));
  const at = anchor instanceof HTMLElement ? anchor : document.body;
  overlay.openMenu(at, t('Apps'), items);
}
