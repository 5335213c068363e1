/** What lies over the screen: at most one dialog, one menu, and short notices. */
import type { Component } from 'svelte';
import type { Subject } from '../action/safety';
import type { Channel } from '../model/channel.svelte';
import type { Guild } from '../model/guild.svelte';
import type { Message, User } from '../model/wire';
import type { Form } from './apps/outcome';

export type Dialog =
  | {
      kind: 'enter';
      mode: 'guest' | 'sign-in' | 'register';
      then?: () => void | Promise<void>;
      /** what comes next, for who wanted something else than to come in */
      next?: string;
    }
  | { kind: 'create-guild' }
  | { kind: 'create-channel'; guild: Guild; parentId?: string }
  | { kind: 'invite'; guild: Guild; channel: Channel }
  | { kind: 'group'; channel: Channel | null }
  | { kind: 'thread-begin'; parent: Channel; message: Message | null }
  | { kind: 'thread-edit' | 'thread-people'; thread: Channel }
  | { kind: 'threads'; parent: Channel }
  | { kind: 'report'; subject: Subject; about: string; server: boolean }
  | { kind: 'timeout'; guildId: string; userId: string; name: string }
  | { kind: 'switcher' }
  | { kind: 'shortcuts' }
  | { kind: 'form'; channelId: string; interactionId: string; form: Form }
  | { kind: 'confirm'; ask: Question };

/** Whose card to show, and beside what. */
export interface ProfileCard {
  user: User;
  guild: Guild | null;
  at: HTMLElement;
  /** puts a mention into the composer, where there is one */
  mention?: ((userId: string) => void) | null;
}

export interface Question {
  title: string;
  text: string;
  action: string;
  run: () => void | Promise<void>;
}

export interface MenuItem {
  label: string;
  icon?: Component;
  danger?: boolean;
  /** the key that does the same */
  hint?: string;
  /** one of a row of pictures on top of the menu */
  quick?: string;
  /** a line above */
  divide?: boolean;
  run: (event?: MouseEvent) => void;
}

/** Where a menu opens, and where the focus goes back to. */
export interface Spot {
  x: number;
  y: number;
  anchor: HTMLElement | null;
}

export interface OpenMenu extends Spot {
  items: MenuItem[];
  label: string;
  /** what it is whose menu this is, in words */
  about?: string;
}

/** A button, a click, or what was made of either while the click was fresh. */
export type At = HTMLElement | MouseEvent | Spot;

/** Below a button, or where the pointer asked. */
export function spotOf(at: At): Spot {
  if (at instanceof HTMLElement) {
    const box = at.getBoundingClientRect();
    return { x: box.left, y: box.bottom + 4, anchor: at };
  }
  if (!(at instanceof MouseEvent)) return at;
  at.preventDefault();
  const anchor = at.currentTarget instanceof HTMLElement ? at.currentTarget : null;
  // A menu key has no position: the element itself is where it was asked for.
  const box = anchor?.getBoundingClientRect();
  const byKey = at.clientX === 0 && at.clientY === 0;
  const x = byKey && box ? box.left + 16 : at.clientX;
  const y = byKey && box ? box.top + 16 : at.clientY;
  return { x, y, anchor };
}

export interface NoticeAction {
  label: string;
  run: () => void;
}

export interface Notice {
  text: string;
  bad: boolean;
  action: NoticeAction | null;
}

class Overlay {
  dialog = $state.raw<Dialog | null>(null);
  menu = $state.raw<OpenMenu | null>(null);
  profile = $state.raw<ProfileCard | null>(null);
  notice = $state.raw<Notice | null>(null);
  /** what draws all this is put in place before it is first asked for: keys must find it there */
  awake = $state.raw(false);
  #timer: ReturnType<typeof setTimeout> | undefined;

  open(dialog: Dialog): void {
    this.dialog = dialog;
  }

  close(): void {
    this.dialog = null;
  }

  /** What draws all this did not come: whatever was asked for is asked for again, or not. */
  clear(): void {
    this.dialog = this.menu = this.profile = null;
    this.awake = false;
  }

  openProfile(card: ProfileCard): void {
    this.profile = card;
  }

  confirm(ask: Question): void {
    this.dialog = { kind: 'confirm', ask };
  }

  openMenu(at: At, label: string, items: MenuItem[], about = ''): void {
    if (items.length) this.menu = { items, label, about, ...spotOf(at) };
  }

  /** With something to press, like undo, it stays for longer. */
  say(text: string, action: NoticeAction | null = null): void {
    this.#note(text, false, action);
  }

  hush(): void {
    clearTimeout(this.#timer);
    this.notice = null;
  }

  fail(error: unknown): void {
    this.#note(error instanceof Error ? error.message : String(error), true);
  }

  #note(text: string, bad: boolean, action: NoticeAction | null = null): void {
    this.notice = { text, bad, action };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.notice = null), bad || action ? 8_000 : 4_000);
  }
}

export const overlay = new Overlay();
