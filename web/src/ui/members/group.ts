/** The people of a room under headings: roles that stand apart first, then who is there, then who
 *  is not. Pure, so that ten thousand are a matter of milliseconds. */
import type { Member, Role, User } from '../../model/wire';

export interface Row {
  user: User;
  member: Member;
  /** for sorting */
  name: string;
  here: boolean;
}

export interface Section {
  key: string;
  /** null: online or away, which the list names itself */
  role: Role | null;
  here: boolean;
  rows: Row[];
}

export function sections(rows: readonly Row[], roles: readonly Role[]): Section[] {
  const apart = roles.filter((role) => role.hoist === true);
  const byRole = new Map<string, Row[]>(apart.map((role) => [role.id, []]));
  const online: Row[] = [];
  const away: Row[] = [];
  for (const row of rows) {
    // The roles come with the highest first.
    const role = row.here ? apart.find((one) => row.member.roles.includes(one.id)) : undefined;
    if (role) byRole.get(role.id)?.push(row);
    else (row.here ? online : away).push(row);
  }
  return [
    ...apart.map((role) => ({ key: role.id, role, here: true, rows: byRole.get(role.id) ?? [] })),
    { key: 'on', role: null, here: true, rows: online },
    { key: 'off', role: null, here: false, rows: away },
  ].filter((section) => section.rows.length > 0);
}

export interface Slice {
  from: number;
  to: number;
}

/** Which rows of each section are near the part that is looked at. */
export function visible(
  all: readonly Section[],
  scrollTop: number,
  height: number,
  sizes: { title: number; row: number; spare: number },
): Slice[] {
  let top = 0;
  return all.map(({ rows }) => {
    const start = top + sizes.title;
    top = start + rows.length * sizes.row;
    const at = (y: number) => Math.floor((y - start) / sizes.row);
    const from = Math.min(rows.length, Math.max(0, at(scrollTop - sizes.spare)));
    const to = Math.max(from, Math.min(rows.length, at(scrollTop + height + sizes.spare) + 1));
    return { from, to };
  });
}
