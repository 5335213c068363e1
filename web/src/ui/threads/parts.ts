/** What of threads is seen in a room, in one file: loaded when there is a thread. */
export { find } from '../../action/thread';
export { default as ThreadBar } from './ThreadBar.svelte';
export { default as ThreadChip } from './ThreadChip.svelte';
export { default as ThreadIntro } from './ThreadIntro.svelte';
export { default as ThreadNotice } from './ThreadNotice.svelte';
export { default as ThreadRows } from './ThreadRows.svelte';
