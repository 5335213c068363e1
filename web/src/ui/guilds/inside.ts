/** What the step from outside into a room takes, in one file: deeds, and the screen behind. */
export { join } from '../../action/guild';
export { send } from '../../action/message';
export { default as GuildScreen } from './GuildScreen.svelte';
