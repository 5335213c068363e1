/** Which screen the address asks for. Every place has an address; on a phone the column that is in
 *  front is part of the history too, so that "back" does what people expect. */

import { unsaved } from './unsaved.svelte';

export type Route =
  | { name: 'home' }
  | {
      name: 'guild';
      slug: string | null;
      guildId: string | null;
      channelId: string | null;
      messageId: string | null;
    }
  | { name: 'direct'; channelId: string | null; messageId: string | null }
  | { name: 'friends'; list: FriendList }
  | { name: 'settings'; tab: string | null }
  | {
      name: 'guild-settings';
      slug: string | null;
      guildId: string | null;
      tab: string | null;
      /** the channel, role or member that is looked at on the page */
      chosen: string | null;
    }
  | { name: 'invite'; code: string }
  | { name: 'owner'; secret: string }
  | { name: 'reset'; secret: string }
  | { name: 'authorize'; search: string }
  | { name: 'missing' };

export type FriendList = 'online' | 'all' | 'pending' | 'blocked';
const LISTS: readonly string[] = ['online', 'all', 'pending', 'blocked'];

/** The column a phone shows: channels and rooms, the conversation, or the people. */
export type Pane = 'side' | 'main' | 'members';

export function parseRoute(path: string, hash = '', search = ''): Route {
  const parts = path.split('/').filter(Boolean).map(decode);
  const [first = '', second, third, fourth] = parts;
  const id = (text: string | undefined) => (text && /^\d{1,20}$/.test(text) ? text : null);
  if (first === 'settings' && !third) return { name: 'settings', tab: second ?? null };
  if (third === 'settings' && second && parts.length <= 4) {
    const tab = fourth ?? null;
    const chosen = id(new URLSearchParams(search).get('id') ?? undefined);
    const name = 'guild-settings';
    if (first === 'r') return { name, slug: second, guildId: null, tab, chosen };
    if (first === 'g') return { name, slug: null, guildId: id(second), tab, chosen };
  }
  if (parts.length > 4 || parts.slice(2).some((part) => !id(part))) return { name: 'missing' };
  if (!first) return { name: 'home' };
  const [channelId, messageId] = [id(third), id(fourth)];
  if (first === 'r' && second) {
    return { name: 'guild', slug: second, guildId: null, channelId, messageId };
  }
  if (first === 'g' && id(second)) {
    return { name: 'guild', slug: null, guildId: id(second), channelId, messageId };
  }
  if (fourth) return { name: 'missing' };
  if (first === 'dm' && (!second || id(second))) {
    return { name: 'direct', channelId: id(second), messageId: id(third) };
  }
  if (first === 'oauth2' && second === 'authorize' && !third) return { name: 'authorize', search };
  if (third) return { name: 'missing' };
  if (first === 'developers' && !second) return { name: 'settings', tab: 'developers' };
  if (first === 'friends' && (!second || LISTS.includes(second))) {
    return { name: 'friends', list: (second ?? 'online') as FriendList };
  }
  if (first === 'i' && second) return { name: 'invite', code: second };
  if (first === 'owner' && !second) return { name: 'owner', secret: hash.slice(1) };
  if (first === 'reset' && !second) return { name: 'reset', secret: hash.slice(1) };
  return { name: 'missing' };
}

interface Kept {
  pane?: Pane;
  /** the column that was in front before this one */
  from?: Pane;
}

class Router {
  route = $state.raw<Route>({ name: 'home' });
  /** rises with every step, also with one to where we are: asked to jump to a message again */
  steps = $state.raw(0);
  pane = $state.raw<Pane>('main');
  /** when the last change of place was asked for, for measuring how long it took */
  leftAt = 0;
  #path = '';

  start(): void {
    this.#read();
    addEventListener('popstate', () => this.#back());
    document.addEventListener('click', (event) => this.#follow(event));
  }

  go(path: string, options: { replace?: boolean; pane?: Pane } = {}): void {
    const state: Kept = { pane: options.pane ?? 'main' };
    this.leftAt = performance.now();
    if (options.replace) history.replaceState(state, '', path);
    else history.pushState(state, '', path);
    this.#read();
  }

  show(pane: Pane): void {
    if (pane === this.pane) return;
    // Going back to where one came from is going back, so that the way out stays short.
    if ((history.state as Kept | null)?.from === pane) return history.back();
    history.pushState({ pane, from: this.pane } satisfies Kept, '', location.href);
    this.pane = pane;
  }

  /** "Back" does not throw away what is not saved: the place is put back as it was. */
  #back(): void {
    if (here() === this.#path || unsaved.mayLeave()) this.#read();
    else history.pushState({ pane: this.pane }, '', this.#path);
  }

  #read(): void {
    this.#path = here();
    this.route = parseRoute(location.pathname, location.hash, location.search);
    this.steps += 1;
    this.pane = (history.state as Kept | null)?.pane ?? 'main';
  }

  /** Links inside the page change the screen without loading it again. */
  #follow(event: MouseEvent): void {
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
    const target = event.target instanceof Element ? event.target.closest('a') : null;
    if (!plain || event.altKey || event.defaultPrevented || !target) return;
    if (target.target || target.origin !== location.origin || target.hash) return;
    if (parseRoute(target.pathname).name === 'missing') return;
    event.preventDefault();
    if (!unsaved.mayLeave()) return;
    const pane = target.dataset.pane === 'side' ? 'side' : 'main';
    this.go(target.pathname + target.search, { pane });
  }
}

export const router = new Router();

const here = () => location.pathname + location.search;

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
