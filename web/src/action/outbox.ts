/** Unsent messages outlive a reload and a crash: text, answer and files are kept in the browser's
 *  database until the server has them, and are sent again in their order by the same nonce. */
import { t } from '../lib/i18n';
import { all, put, remove } from '../lib/shelf';
import { world } from '../model/here';
import type { Pending } from '../model/outbox.svelte';
import { resendAll } from './message';

type Kept = Omit<Pending, 'loaded'> & { of: string | undefined; filesLost?: boolean };

world.outbox.changed = (nonce, row) => void (row ? keep(row) : remove('outbox', nonce));

async function keep(row: Pending): Promise<void> {
  const { loaded: _, ...rest } = row;
  const kept: Kept = { ...rest, files: [...row.files], of: world.me?.id };
  if (await put('outbox', row.nonce, kept)) {
    if (!world.outbox.get(row.nonce)) await remove('outbox', row.nonce); // settled meanwhile
  } else if (row.files.length) {
    // Too big to be kept: the text at least.
    await put('outbox', row.nonce, { ...kept, files: [], filesLost: true });
  }
}

/** Takes up what a former page of the same person could not send. */
export async function recall(): Promise<void> {
  const me = world.me?.id;
  const rows = await all<Kept>('outbox');
  if (me !== world.me?.id) return;
  for (const { of, filesLost, ...row } of rows.sort((a, b) => a.order - b.order)) {
    if (of !== me || world.outbox.get(row.nonce)) continue;
    const reason = filesLost ? t('The files were too big to be kept. Attach them again.') : '';
    const failed = filesLost || row.state === 'failed';
    world.outbox.add({
      ...row,
      reason: reason || row.reason,
      state: failed ? 'failed' : 'waiting',
      loaded: 0,
    });
  }
  if (world.link === 'live') resendAll();
}
