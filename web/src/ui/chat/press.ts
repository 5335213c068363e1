/** A long press: a finger that rests where it came down. What follows it is no click. */

const LONG_MS = 450;
const MOST_PX = 10;

export function longPress(
  node: HTMLElement,
  pressed: (target: HTMLElement, event: PointerEvent) => void,
): { destroy: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let from = { x: 0, y: 0 };
  let done = false;
  const stop = () => clearTimeout(timer);

  const down = (event: PointerEvent) => {
    stop();
    done = false;
    if (event.pointerType !== 'touch' || !event.isPrimary) return;
    from = { x: event.clientX, y: event.clientY };
    const target = event.target as HTMLElement;
    timer = setTimeout(() => {
      done = true;
      pressed(target, event);
    }, LONG_MS);
  };
  const move = (event: PointerEvent) => {
    if (Math.hypot(event.clientX - from.x, event.clientY - from.y) > MOST_PX) stop();
  };
  const swallow = (event: Event) => {
    if (!done) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.type === 'click') done = false;
  };

  const listen: [string, (event: never) => void, AddEventListenerOptions][] = [
    ['pointerdown', down, {}],
    ['pointermove', move, { passive: true }],
    ['pointerup', stop, {}],
    ['pointercancel', stop, {}],
    ['click', swallow, { capture: true }],
    ['touchend', swallow, { capture: true, passive: false }],
  ];
  for (const [name, handler, options] of listen) {
    node.addEventListener(name, handler as EventListener, options);
  }
  return {
    destroy() {
      stop();
      for (const [name, handler, options] of listen) {
        node.removeEventListener(name, handler as EventListener, options);
      }
    },
  };
}
