/** The one world of this page. */
import { World } from './world.svelte';

export const world = new World();
