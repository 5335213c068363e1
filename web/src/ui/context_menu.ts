/** One menu, four ways to it: right click, long press, Shift+F10 (or the menu key), and the
 *  "..." button that calls `open` itself. */

const LONG_MS = 500;
const STILL = 10;

export function contextMenu(open: (at: HTMLElement | MouseEvent) => void) {
  return (node: HTMLElement) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let from = { x: 0, y: 0 };
    let held = false;
    let openedAt = -Infinity; // times count from when the page began

    const anchor = () => node.querySelector<HTMLElement>('a, button') ?? node;

    function oncontext(event: MouseEvent) {
      event.preventDefault();
      event.stopPropagation();
      // A long press and a menu key announce themselves a second time as this event.
      if (event.timeStamp - openedAt < 1_000) return;
      if (event.clientX === 0 && event.clientY === 0) open(anchor());
      else open(event);
    }

    function onkey(event: KeyboardEvent) {
      const asked = event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey);
      if (!asked) return;
      event.preventDefault();
      event.stopPropagation();
      openedAt = event.timeStamp;
      open(anchor());
    }

    function ontouch(event: TouchEvent) {
      const touch = event.touches[0];
      clearTimeout(timer);
      held = false;
      if (!touch || event.touches.length > 1) return;
      from = { x: touch.clientX, y: touch.clientY };
      timer = setTimeout(() => {
        held = true;
        openedAt = performance.now();
        open(anchor());
      }, LONG_MS);
    }

    function onmove(event: TouchEvent) {
      const touch = event.touches[0];
      if (touch && Math.hypot(touch.clientX - from.x, touch.clientY - from.y) > STILL) {
        clearTimeout(timer);
      }
    }

    function onlift(event: TouchEvent) {
      clearTimeout(timer);
      if (held) event.preventDefault(); // the finger asked for the menu, not for the link below it
      held = false;
    }

    const passive = { passive: true };
    node.addEventListener('contextmenu', oncontext);
    node.addEventListener('keydown', onkey);
    node.addEventListener('touchstart', ontouch, passive);
    node.addEventListener('touchmove', onmove, passive);
    node.addEventListener('touchend', onlift);
    node.addEventListener('touchcancel', onlift);
    return () => {
      clearTimeout(timer);
      node.removeEventListener('contextmenu', oncontext);
      node.removeEventListener('keydown', onkey);
      node.removeEventListener('touchstart', ontouch);
      node.removeEventListener('touchmove', onmove);
      node.removeEventListener('touchend', onlift);
      node.removeEventListener('touchcancel', onlift);
    };
  };
}
