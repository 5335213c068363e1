/** The work a server asks for when many guests come at once: done beside the page, shown, and
 *  broken off at will. Loaded when it is asked for, which is seldom. */
import { t } from '../lib/i18n';
import { world } from '../model/here';
import { ApiError } from '../net/rest';
import type { Challenge } from '../proto';

interface ScriptPolicy {
  createScriptURL(url: string): string;
}
interface PolicyFactory {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): ScriptPolicy;
}

let policy: ScriptPolicy | null = null;

/** The address of our own worker, as the policy of the page wants it. */
function trusted(url: URL): string {
  const factory = (window as { trustedTypes?: PolicyFactory }).trustedTypes;
  if (!factory) return url.href;
  policy ??= factory.createPolicy('osc-challenge', { createScriptURL: (text) => text });
  return policy.createScriptURL(url.href);
}

const CHALLENGE = 900_010;

/** What the page shows meanwhile. */
export const WORK = 'WORK';
export interface Work {
  part: number;
  stop: () => void;
}

/** Whether a refusal is a challenge: then its answer, to be sent along with the same call. */
export async function solved(error: unknown): Promise<{ token: string; solution: string }> {
  if (!(error instanceof ApiError) || error.code !== CHALLENGE) throw error;
  const { challenge } = error.data as { challenge: Challenge };
  const worker = new Worker(trusted(new URL('./challenge_worker.js', import.meta.url)), {
    type: 'module',
  });
  try {
    return { token: challenge.token, solution: await work(worker, challenge) };
  } finally {
    worker.terminate();
    world.news = null;
  }
}

function work(worker: Worker, challenge: Challenge): Promise<string> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new Error(t('You have stopped it. Try again when you like.')));
    const tell = (part: number) => (world.news = { t: WORK, d: { part, stop } satisfies Work });
    tell(0);
    worker.onmessage = ({ data }: MessageEvent<{ done?: string; tried?: number }>) => {
      if (data.done !== undefined) resolve(data.done);
      // So many tries are usual; who needs more is told that it is nearly done.
      else tell(Math.min(0.97, (data.tried ?? 0) / 2 ** challenge.difficulty));
    };
    worker.onerror = () =>
      reject(new Error(t('Your browser could not do it. Reload the page and try again.')));
    worker.postMessage({ token: challenge.token, difficulty: challenge.difficulty });
  });
}
