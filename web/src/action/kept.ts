/** Whether this device keeps what somebody saw last, and letting it go. */

const KEPT = 'osc.kept';

/** Whether this device keeps something, without opening what it keeps it in. */
export function wasKept(): boolean {
  try {
    return localStorage.getItem(KEPT) !== null;
  } catch {
    return false;
  }
}

export function markKept(kept: boolean): void {
  try {
    if (kept) localStorage.setItem(KEPT, '1');
    else localStorage.removeItem(KEPT);
  } catch {
    // forbidden: then nothing is kept either
  }
}

/** What the device kept of somebody goes with them. Loaded then: a stranger never needs it. */
export async function forgetKept(): Promise<void> {
  await (await import('./warm')).forgetKept();
}
