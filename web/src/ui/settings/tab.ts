/** A page of settings, as the list beside it and the search know it. */
import type { Component } from 'svelte';

export interface Tab {
  id: string;
  name: string;
  icon: Component;
  /** heading above it in the list; the first tab of a group has it */
  group?: string;
  danger?: boolean;
}

/** One thing that can be set, for the search: where it is and what it is called. */
export interface Entry {
  tab: string;
  /** the id of its section in the page */
  id: string;
  text: string;
  /** other words people may look for */
  words?: string;
}
