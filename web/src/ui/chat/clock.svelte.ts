/** The time now, as something the screen follows: it ticks only while somebody shows it. */
import { createSubscriber } from 'svelte/reactivity';

const EVERY_MS = 10_000;

const subscribe = createSubscriber((update) => {
  const timer = setInterval(update, EVERY_MS);
  return () => clearInterval(timer);
});

export function nowMs(): number {
  subscribe();
  return Date.now();
}
