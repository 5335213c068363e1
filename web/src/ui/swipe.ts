/** Swiping sideways between the columns of a phone. There is always a visible button too. */
import { router, type Pane } from './router.svelte';

const FAR = 56;
const SLOW_MS = 600;

export function swipe(panes: () => readonly Pane[]) {
  return (node: HTMLElement) => {
    let from: { x: number; y: number; at: number } | null = null;

    function start(event: TouchEvent) {
      const touch = event.touches[0];
      const target = event.target instanceof Element ? event.target : null;
      // What scrolls sideways by itself, or is written or dragged in, keeps its own gestures.
      const own = target?.closest('pre, input, textarea, [role=separator], [role=slider]');
      from =
        touch && event.touches.length === 1 && !own
          ? { x: touch.clientX, y: touch.clientY, at: event.timeStamp }
          : null;
    }

    function end(event: TouchEvent) {
      const touch = event.changedTouches[0];
      if (!from || !touch) return;
      const x = touch.clientX - from.x;
      const y = touch.clientY - from.y;
      const quick = event.timeStamp - from.at < SLOW_MS;
      from = null;
      if (!quick || Math.abs(x) < FAR || Math.abs(x) < 2 * Math.abs(y)) return;
      const order = panes();
      const to = order[order.indexOf(router.pane) + (x > 0 ? -1 : 1)];
      if (to) router.show(to);
    }

    const passive = { passive: true };
    node.addEventListener('touchstart', start, passive);
    node.addEventListener('touchend', end, passive);
    return () => {
      node.removeEventListener('touchstart', start);
      node.removeEventListener('touchend', end);
    };
  };
}
