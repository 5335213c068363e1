/** The service worker as the page sees it: put in place once somebody stays, and asked from time to
 *  time whether there is a newer page. A new version waits until its reader agrees. */
import { parseRoute, router } from './router.svelte';
import { unsaved } from './unsaved.svelte';

const ASK_EVERY_MS = 15 * 60_000;
const PATH = '/sw.js';

interface ScriptPolicy {
  createScriptURL(url: string): string;
}
interface PolicyFactory {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): ScriptPolicy;
}

class Installed {
  /** a newer page is ready */
  updated = $state.raw(false);
  /** a part of this page did not come: no network, or only a newer page has it */
  broken = $state.raw(false);
  #registration: ServiceWorkerRegistration | null = null;
  #askedAt = 0;
  #started = false;

  constructor() {
    addEventListener('vite:preloadError', () => (this.broken = true));
  }

  async start(): Promise<void> {
    if (this.#started || !import.meta.env.PROD || !('serviceWorker' in navigator)) return;
    this.#started = true;
    navigator.serviceWorker.addEventListener('message', (event) => listen(event.data));
    try {
      const registration = await navigator.serviceWorker.register(trusted(), { scope: '/' });
      this.#registration = registration;
      this.#askedAt = Date.now();
      this.#watch(registration);
    } catch (error) {
      console.warn('the page works, but not offline', error);
    }
  }

  /** Asks the server for a newer page, not too often; cheap: one small file. */
  ask(): void {
    if (!this.#registration || Date.now() - this.#askedAt < ASK_EVERY_MS) return;
    this.askNow();
  }

  askNow(): void {
    this.#askedAt = Date.now();
    this.#registration?.update().catch(() => undefined);
  }

  /** Loads the newer page. Only ever called by a click. */
  change(): void {
    const waiting = this.#registration?.waiting;
    if (!waiting) return location.reload();
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), {
      once: true,
    });
    waiting.postMessage('take-over');
  }

  #watch(registration: ServiceWorkerRegistration): void {
    const look = () => {
      // The first one ever is not an update.
      if (registration.waiting && navigator.serviceWorker.controller) this.updated = true;
    };
    look();
    registration.addEventListener('updatefound', () => {
      registration.installing?.addEventListener('statechange', look);
    });
  }
}

export const installed = new Installed();

/** The policy of the page lets scripts come only from addresses that were vouched for. */
function trusted(): string {
  const factory = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes;
  if (!factory) return PATH;
  const createScriptURL = (url: string) => {
    if (url !== PATH) throw new TypeError(`not our worker: ${url}`);
    return url;
  };
  return factory.createPolicy('osc-worker', { createScriptURL }).createScriptURL(PATH);
}

/** A notification was clicked: the worker brought this tab to the front. */
function listen(data: unknown): void {
  const { kind, path } = (data ?? {}) as { kind?: string; path?: string };
  if (kind !== 'go' || !path || parseRoute(path).name === 'missing') return;
  if (path !== location.pathname && unsaved.mayLeave()) router.go(path);
}
