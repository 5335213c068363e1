/** Where channels stand after one was moved: position and category of each, in the order shown. */
import type { Placed } from '../../action/channel';
import type { Drop } from '../reorder';

export interface Standing {
  id: string;
  category: boolean;
  parentId: string | null;
}

/** `shown`: those without a category first, then each category followed by its own. */
export function arrange(shown: readonly Standing[], drop: Drop): Placed[] | null {
  const held = shown.find((one) => one.id === drop.id);
  const onto = shown.find((one) => one.id === drop.onto);
  if (!held || !onto || held === onto) return null;
  return held.category
    ? moveCategory(shown, held, onto, drop.after)
    : move(shown, held, onto, drop);
}

/** One place up or down; at the edge of a category into the next one. */
export function step(shown: readonly Standing[], id: string, by: 1 | -1): Placed[] | null {
  const held = shown.find((one) => one.id === id);
  if (!held) return null;
  const among = held.category ? shown.filter((one) => one.category) : shown;
  const onto = among[among.indexOf(held) + by];
  if (!onto) return null;
  if (held.category || !onto.category) {
    const stays = onto.parentId === held.parentId;
    return arrange(shown, { id, onto: onto.id, after: stays ? by === 1 : by === -1 });
  }
  if (by === 1) return arrange(shown, { id, onto: onto.id, after: true });
  // Above the heading of its own category: the end of what stands before it.
  const before = shown.slice(0, shown.indexOf(onto)).at(-1);
  const parentId = before?.category ? before.id : (before?.parentId ?? null);
  return numbered(put(shown, { ...held, parentId }, onto.id, false));
}

function move(shown: readonly Standing[], held: Standing, onto: Standing, drop: Drop): Placed[] {
  if (onto.category) {
    return numbered(put(shown, { ...held, parentId: onto.id }, onto.id, true));
  }
  return numbered(put(shown, { ...held, parentId: onto.parentId }, onto.id, drop.after));
}

function moveCategory(
  shown: readonly Standing[],
  held: Standing,
  onto: Standing,
  after: boolean,
): Placed[] | null {
  const target = onto.category ? onto.id : onto.parentId;
  if (target === held.id) return null;
  const categories = shown.filter((one) => one.category && one.id !== held.id);
  const at = categories.findIndex((one) => one.id === target);
  const order = categories.toSpliced(at < 0 ? 0 : at + (after ? 1 : 0), 0, held);
  const within = (id: string | null) => shown.filter((one) => !one.category && one.parentId === id);
  return numbered([...within(null), ...order.flatMap((one) => [one, ...within(one.id)])]);
}

function put(shown: readonly Standing[], held: Standing, onto: string, after: boolean): Standing[] {
  const rest = shown.filter((one) => one.id !== held.id);
  const at = rest.findIndex((one) => one.id === onto);
  return rest.toSpliced(at + (after ? 1 : 0), 0, held);
}

/** Categories and channels count by themselves, as everywhere in this protocol. */
function numbered(shown: readonly Standing[]): Placed[] {
  let categories = 0;
  let channels = 0;
  return shown.map(({ id, category, parentId }) => ({
    id,
    position: category ? categories++ : channels++,
    parent_id: parentId,
  }));
}
