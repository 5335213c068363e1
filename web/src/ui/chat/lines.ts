/** How each message of a window is drawn: whether it begins a group, a day, or what is new. */
import { compare, isNewer } from '../../lib/snowflake';
import { sameDay } from '../../lib/time';
import { MESSAGE, type Message, spoken } from '../../model/wire';

export interface Line {
  message: Message;
  /** the first of several by one author */
  first: boolean;
  /** a day begins */
  day: boolean;
  /** what is new begins */
  fresh: boolean;
  /** by somebody we have blocked: how many stand together here, 0 for those behind the first */
  blocked: number | null;
}

export interface View {
  /** messages after this one are new to us */
  newAfter: string | null;
  hasOlder: boolean;
  me: string | undefined;
  isBlocked: (userId: string) => boolean;
}

const GROUP_MS = 7 * 60_000;

/** Lines that did not change stay the same objects, so that nothing of them is drawn again. */
export function lines(rows: readonly Message[], view: View, before: readonly Line[]): Line[] {
  const known = new Map(before.map((line) => [line.message.id, line]));
  const freshId = firstNew(rows, view);
  const found = rows.map((message, at): Line => {
    const last = rows[at - 1];
    const day = !last || !sameDay(last.timestamp, message.timestamp);
    const fresh = message.id === freshId;
    const first = day || fresh || startsGroup(last, message);
    return { message, first, day, fresh, blocked: view.isBlocked(message.author.id) ? 0 : null };
  });
  countBlocked(found);
  return found.map((line) => {
    const old = known.get(line.message.id);
    return old && same(old, line) ? old : line;
  });
}

function startsGroup(last: Message, message: Message): boolean {
  return (
    last.author.id !== message.author.id ||
    // A webhook speaks under many names.
    last.author.username !== message.author.username ||
    !spoken(last) ||
    message.type !== MESSAGE.DEFAULT ||
    Date.parse(message.timestamp) - Date.parse(last.timestamp) > GROUP_MS
  );
}

function firstNew(rows: readonly Message[], view: View): string | null {
  const { newAfter } = view;
  if (newAfter === null) return null;
  const at = rows.findIndex((row) => isNewer(row.id, newAfter));
  const first = rows[at];
  if (!first) return null;
  // Further up there may be more that is new: the line is not here then.
  const reaches = at > 0 || !view.hasOlder || compare(first.id, newAfter) === 0;
  const byOthers = rows.slice(at).some((row) => row.author.id !== view.me);
  return reaches && byOthers ? first.id : null;
}

function countBlocked(all: Line[]): void {
  let head: Line | null = null;
  for (const line of all) {
    if (line.blocked === null) head = null;
    else if (head && !line.day && !line.fresh) head.blocked = (head.blocked ?? 0) + 1;
    else {
      head = line;
      head.blocked = 1;
    }
  }
}

function same(a: Line, b: Line): boolean {
  return (
    a.message === b.message &&
    a.first === b.first &&
    a.day === b.day &&
    a.fresh === b.fresh &&
    a.blocked === b.blocked
  );
}
