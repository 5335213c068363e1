/** Dragging the entries of a list with a mouse or pen. Entries carry `data-drag`, their id. Whoever
 *  has no mouse finds "Move up" and "Move down" in the entry's menu: WCAG 2.2, 2.5.7. */

const FAR = 6;

export interface Drop {
  id: string;
  /** the entry that was dropped on, and on which half of it */
  onto: string;
  after: boolean;
}

export function reorder(may: () => boolean, drop: (drop: Drop) => void) {
  return (node: HTMLElement) => {
    let held: { entry: HTMLElement; y: number } | null = null;
    let dragging = false;
    let over: HTMLElement | null = null;
    let after = false;

    const entryAt = (target: EventTarget | null) =>
      target instanceof Element ? target.closest<HTMLElement>('[data-drag]') : null;

    function down(event: PointerEvent) {
      const entry = entryAt(event.target);
      if (event.button !== 0 || event.pointerType === 'touch' || !entry || !may()) return;
      held = { entry, y: event.clientY };
      addEventListener('pointermove', move);
      addEventListener('pointerup', up, { once: true });
      addEventListener('keydown', key, true);
    }

    function move(event: PointerEvent) {
      if (!held) return;
      if (!dragging && Math.abs(event.clientY - held.y) < FAR) return;
      if (!dragging) held.entry.classList.add('dragged');
      dragging = true;
      const below = entryAt(document.elementFromPoint(event.clientX, event.clientY));
      mark(below && node.contains(below) ? below : null, event.clientY);
    }

    function mark(entry: HTMLElement | null, y: number) {
      over?.classList.remove('drop-before', 'drop-after');
      over = entry === held?.entry ? null : entry;
      if (!over) return;
      const box = over.getBoundingClientRect();
      after = y > box.top + box.height / 2;
      over.classList.add(after ? 'drop-after' : 'drop-before');
    }

    function up() {
      const id = held?.entry.dataset.drag;
      const onto = over?.dataset.drag;
      const side = after;
      const moved = dragging;
      stop();
      if (moved) {
        // The click that follows belongs to the drag, not to the link.
        const swallow = (event: Event) => {
          event.preventDefault();
          event.stopPropagation();
        };
        addEventListener('click', swallow, { capture: true, once: true });
        setTimeout(() => removeEventListener('click', swallow, true), 50);
      }
      if (moved && id && onto) drop({ id, onto, after: side });
    }

    function key(event: KeyboardEvent) {
      if (event.key !== 'Escape' || !dragging) return;
      event.stopPropagation();
      stop();
    }

    function stop() {
      held?.entry.classList.remove('dragged');
      over?.classList.remove('drop-before', 'drop-after');
      held = null;
      over = null;
      dragging = false;
      removeEventListener('pointermove', move);
      removeEventListener('pointerup', up);
      removeEventListener('keydown', key, true);
    }

    // Browsers drag links by themselves, as addresses.
    const native = (event: Event) => event.preventDefault();
    node.addEventListener('pointerdown', down);
    node.addEventListener('dragstart', native);
    return () => {
      stop();
      node.removeEventListener('pointerdown', down);
      node.removeEventListener('dragstart', native);
    };
  };
}

/** The list with one entry moved before or after another. */
export function moved(ids: readonly string[], { id, onto, after }: Drop): string[] {
  const rest = ids.filter((one) => one !== id);
  const at = rest.indexOf(onto);
  if (at < 0) return [...ids];
  return rest.toSpliced(at + (after ? 1 : 0), 0, id);
}

/** The list with one entry a step further up or down. */
export function stepped(ids: readonly string[], id: string, step: 1 | -1): string[] {
  const onto = ids[ids.indexOf(id) + step];
  return onto === undefined ? [...ids] : moved(ids, { id, onto, after: step === 1 });
}
