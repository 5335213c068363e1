/** Which screen the address asks for. Every place has an address; on a phone the column that is in
 *  front is part of the history too, so that "back" does what people expect. */

export type Route =
  | { name: 'home' }
  | { name: 'guild'; slug: string | null; guildId: string | null; channelId: string | null }
  | { name: 'direct'; channelId: string | null }
  | { name: 'invite'; code: string }
  | { name: 'owner'; secret: string }
  | { name: 'reset'; secret: string }
  | { name: 'missing' };

/** The column a phone shows: channels and rooms, the conversation, or the people. */
export type Pane = 'side' | 'main' | 'members';

export function parseRoute(path: string, hash = ''): Route {
  const [first = '', second, third, ...rest] = path.split('/').filter(Boolean).map(decode);
  const id = (text: string | undefined) => (text && /^\d{1,20}$/.test(text) ? text : null);
  if (rest.length || (third !== undefined && !id(third))) return { name: 'missing' };
  if (!first) return { name: 'home' };
  if (first === 'r' && second) {
    return { name: 'guild', slug: second, guildId: null, channelId: id(third) };
  }
  if (first === 'g' && id(second)) {
    return { name: 'guild', slug: null, guildId: id(second), channelId: id(third) };
  }
  if (first === 'dm' && !third) return { name: 'direct', channelId: id(second) };
  if (first === 'i' && second && !third) return { name: 'invite', code: second };
  if (first === 'owner' && !second) return { name: 'owner', secret: hash.slice(1) };
  if (first === 'reset' && !second) return { name: 'reset', secret: hash.slice(1) };
  return { name: 'missing' };
}

class Router {
  route = $state.raw<Route>({ name: 'home' });
  pane = $state.raw<Pane>('main');

  start(): void {
    this.#read();
    addEventListener('popstate', () => this.#read());
    document.addEventListener('click', (event) => this.#follow(event));
  }

  go(path: string, options: { replace?: boolean; pane?: Pane } = {}): void {
    const state = { pane: options.pane ?? 'main' };
    if (options.replace) history.replaceState(state, '', path);
    else history.pushState(state, '', path);
    this.#read();
  }

  show(pane: Pane): void {
    if (pane === this.pane) return;
    history.pushState({ pane }, '', location.href);
    this.pane = pane;
  }

  #read(): void {
    this.route = parseRoute(location.pathname, location.hash);
    this.pane = (history.state as { pane?: Pane } | null)?.pane ?? 'main';
  }

  /** Links inside the page change the screen without loading it again. */
  #follow(event: MouseEvent): void {
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
    const target = event.target instanceof Element ? event.target.closest('a') : null;
    if (!plain || event.altKey || event.defaultPrevented || !target) return;
    if (target.target || target.origin !== location.origin || target.hash) return;
    if (parseRoute(target.pathname).name === 'missing') return;
    event.preventDefault();
    this.go(target.pathname);
  }
}

export const router = new Router();

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
