/** What two people are to each other, as one of them sees it. */
import type { User } from './wire';

export const RELATION = { FRIEND: 1, BLOCKED: 2, INCOMING: 3, OUTGOING: 4 } as const;

export interface Relationship {
  /** the other's user id */
  id: string;
  type: number;
  user: User;
  since?: string | null;
}
