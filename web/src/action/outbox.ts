/** Unsent messages outlive a reload and a crash: the text is kept here until the server has it.
 *  Files are not; a browser cannot keep them without being asked. */
import { world } from '../model/here';
import type { Pending } from '../model/outbox.svelte';

const KEY = 'osc.outbox';

type Kept = Omit<Pending, 'files' | 'progress'>;

world.outbox.changed = keep;

function keep(): void {
  const rows: Kept[] = world.outbox.rows
    .filter((row) => row.content)
    .map(({ files: _files, progress: _progress, ...rest }) => rest);
  try {
    if (rows.length) localStorage.setItem(KEY, JSON.stringify({ of: world.me?.id, rows }));
    else localStorage.removeItem(KEY);
  } catch {
    // full or forbidden: it is still in this page
  }
}

/** Takes up what a former page of the same person could not send. */
export function recall(): void {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? 'null') as {
      of?: string;
      rows?: Kept[];
    } | null;
    if (!kept?.rows || kept.of !== world.me?.id) return;
    for (const row of kept.rows) {
      if (world.outbox.get(row.nonce)) continue;
      const state = row.state === 'failed' ? 'failed' : 'waiting';
      world.outbox.add({ ...row, state, files: [], progress: 0 });
    }
  } catch {
    // unreadable: nothing to take up
  }
}
