/** What can be done with a message: the same list by right click, long press, Shift+F10, "…". */
import Blocks from '@lucide/svelte/icons/blocks';
import Copy from '@lucide/svelte/icons/copy';
import Flag from '@lucide/svelte/icons/flag';
import Link from '@lucide/svelte/icons/link';
import MessagesSquare from '@lucide/svelte/icons/messages-square';
import MailOpen from '@lucide/svelte/icons/mail-open';
import Pencil from '@lucide/svelte/icons/pencil';
import Pin from '@lucide/svelte/icons/pin';
import PinOff from '@lucide/svelte/icons/pin-off';
import Reply from '@lucide/svelte/icons/reply';
import SmilePlus from '@lucide/svelte/icons/smile-plus';
import Trash2 from '@lucide/svelte/icons/trash-2';
import { TYPE } from '../../action/command';
import { remove } from '../../action/message';
import { pin } from '../../action/pin';
import { QUICK, recent } from '../../lib/emoji';
import { t } from '../../lib/i18n';
import { PERMISSION } from '../../lib/permission';
import type { Channel } from '../../model/channel.svelte';
import { world } from '../../model/here';
import { CHANNEL, type Message, spoken, whispered } from '../../model/wire';
import { openApps } from '../apps/items';
import { label } from '../../model/person';
import { copy, copyLink, idItems } from '../copy';
import { overlay, type MenuItem } from '../overlay.svelte';
import { channelPath, messagePath } from '../place';
import { router } from '../router.svelte';

/** What the pane does itself, since it concerns the composer or the list. */
export interface Deeds {
  react: (message: Message, emoji: string) => void;
  pick: (message: Message) => void;
  reply: (message: Message) => void;
  edit: (message: Message) => void;
  unread: (message: Message) => void;
}

export interface Rights {
  write: boolean;
  react: boolean;
  pin: boolean;
  thread: boolean;
  edit: boolean;
  remove: boolean;
}

const MOST_QUICK = 5;

export function rightsOn(channel: Channel, message: Message): Rights {
  const bits = channel.guildId ? world.rights(channel.guildId, channel) : null;
  const may = (permission: bigint) => bits === null || (bits & permission) !== 0n;
  const mine = message.author.id === world.me?.id;
  return {
    write: may(PERMISSION.SEND_MESSAGES),
    react: may(PERMISSION.ADD_REACTIONS),
    pin: may(PERMISSION.PIN_MESSAGES) || may(PERMISSION.MANAGE_MESSAGES),
    thread:
      channel.type === CHANNEL.TEXT &&
      !message.thread &&
      may(PERMISSION.CREATE_THREADS) &&
      may(PERMISSION.READ_MESSAGE_HISTORY),
    edit: mine,
    remove: mine || (bits !== null && may(PERMISSION.MANAGE_MESSAGES)),
  };
}

export function messageItems(channel: Channel, message: Message, deeds: Deeds): MenuItem[] {
  const rights = rightsOn(channel, message);
  const items: MenuItem[] = [];
  if (rights.react) {
    for (const emoji of [...new Set([...QUICK.slice(0, 3), ...recent(), ...QUICK])]) {
      if (items.length === MOST_QUICK) break;
      const run = () => deeds.react(message, emoji);
      items.push({ label: t('React {emoji}', { emoji }), quick: emoji, run });
    }
    const run = () => deeds.pick(message);
    items.push({ label: t('Add a reaction'), icon: SmilePlus, hint: '+', run });
  }
  if (rights.write) {
    items.push({ label: t('Reply'), icon: Reply, hint: 'R', run: () => deeds.reply(message) });
  }
  const guild = world.guilds.get(channel.guildId ?? '');
  const { thread } = message;
  if (thread && guild) {
    const run = () => router.go(channelPath(guild, thread.id));
    items.push({ label: t('View thread'), icon: MessagesSquare, hint: 'T', run });
  } else if (rights.thread) {
    const run = () => beginThread(channel, message);
    items.push({ label: t('Begin a thread'), icon: MessagesSquare, hint: 'T', run });
  }
  if (rights.edit) {
    items.push({ label: t('Edit'), icon: Pencil, hint: 'E', run: () => deeds.edit(message) });
  }
  if (message.content) {
    const run = () => void copy(message.content);
    items.push({ label: t('Copy text'), icon: Copy, hint: 'C', divide: true, run });
  }
  items.push({
    label: t('Copy link'),
    icon: Link,
    hint: 'L',
    run: () => copyAddress(channel, message),
  });
  if (rights.pin) {
    const label = message.pinned ? t('Unpin') : t('Pin');
    const icon = message.pinned ? PinOff : Pin;
    items.push({ label, icon, hint: 'P', divide: true, run: () => togglePin(message) });
  }
  const run = () => deeds.unread(message);
  items.push({ label: t('Unread from here'), icon: MailOpen, hint: 'U', run });
  if (rights.write && !whispered(message)) {
    const use = () => void openApps(channel.id, TYPE.MESSAGE, message.id);
    items.push({ label: t('Apps'), icon: Blocks, run: use });
  }
  if (rights.remove) {
    items.push({
      label: t('Delete'),
      icon: Trash2,
      danger: true,
      hint: 'Del',
      divide: true,
      run: (event) => askRemove(message, event?.shiftKey ?? false),
    });
  }
  if (message.author.id !== world.me?.id && spoken(message)) {
    const subject = { channel_id: message.channel_id, message_id: message.id };
    const about = `${label(message.author)}: ${message.content.slice(0, 200)}`;
    const server = !channel.guildId;
    const tell = () => overlay.open({ kind: 'report', subject, about, server });
    items.push({ label: t('Report…'), icon: Flag, danger: true, run: tell });
  }
  items.push(...idItems(message.id));
  return items;
}

/** What the letters of the list above do. */
export function act(
  channel: Channel,
  message: Message,
  key: string,
  surely: boolean,
  deeds: Deeds,
): void {
  const rights = rightsOn(channel, message);
  const keys: Record<string, [boolean, () => void]> = {
    r: [rights.write, () => deeds.reply(message)],
    e: [rights.edit, () => deeds.edit(message)],
    '+': [rights.react, () => deeds.pick(message)],
    p: [rights.pin, () => togglePin(message)],
    c: [!!message.content, () => void copy(message.content)],
    l: [true, () => copyAddress(channel, message)],
    u: [true, () => deeds.unread(message)],
    t: [rights.thread || !!message.thread, () => beginThread(channel, message)],
    delete: [rights.remove, () => askRemove(message, surely)],
    backspace: [rights.remove, () => askRemove(message, surely)],
  };
  const [may, run] = keys[key] ?? [false, null];
  if (may) run?.();
}

/** Asks first; who holds Shift has been asked often enough. */
function askRemove(message: Message, surely: boolean): void {
  if (surely) {
    remove(message).catch((error) => overlay.fail(error));
    return;
  }
  overlay.confirm({
    title: t('Delete this message?'),
    text: message.content.slice(0, 200) || t('It disappears for everybody.'),
    action: t('Delete'),
    run: () => remove(message),
  });
}

/** The thread of a message; if it has none, one is begun. */
export function beginThread(channel: Channel, message: Message): void {
  const guild = world.guilds.get(channel.guildId ?? '');
  if (message.thread && guild) router.go(channelPath(guild, message.thread.id));
  else overlay.open({ kind: 'thread-begin', parent: channel, message });
}

export function togglePin(message: Message): void {
  pin(message, !message.pinned).then(
    () => overlay.say(message.pinned ? t('Unpinned.') : t('Pinned.')),
    (error) => overlay.fail(error),
  );
}

function copyAddress(channel: Channel, message: Message): void {
  const guild = channel.guildId ? world.guilds.get(channel.guildId) : undefined;
  void copyLink(messagePath(guild, channel.id, message.id));
}
