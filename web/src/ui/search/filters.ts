/** What a search can be narrowed down by: in words, as chips, and as the server is asked. */
import { t } from '../../lib/i18n';
import { fromTime } from '../../lib/snowflake';
import type { Channel } from '../../model/channel.svelte';
import { world } from '../../model/here';
import { label as nameOf } from '../../model/person';

export type Kind = 'from' | 'mentions' | 'has' | 'in' | 'before' | 'after' | 'during' | 'pinned';

export interface Chip {
  kind: Kind;
  /** as the server, or a date field, has it */
  value: string;
  label: string;
}

export interface Filter {
  kind: Kind;
  /** what may be typed before a colon */
  words: string[];
  name: string;
  example: string;
}

export const DATES: readonly Kind[] = ['before', 'after', 'during'];

export const FILTERS: readonly Filter[] = [
  { kind: 'from', words: ['from', t('from')], name: t('From somebody'), example: t('a name') },
  {
    kind: 'mentions',
    words: ['mentions', t('mentions')],
    name: t('Mentions somebody'),
    example: t('a name'),
  },
  {
    kind: 'has',
    words: ['has', t('has')],
    name: t('Has something in it'),
    example: t('a link, a picture, a file'),
  },
  { kind: 'in', words: ['in', t('in')], name: t('In a channel'), example: t('a channel') },
  { kind: 'before', words: ['before', t('before')], name: t('Before a day'), example: t('a day') },
  { kind: 'after', words: ['after', t('after')], name: t('After a day'), example: t('a day') },
  { kind: 'during', words: ['during', t('on')], name: t('On a day'), example: t('a day') },
  {
    kind: 'pinned',
    words: ['pinned', t('pinned')],
    name: t('Pinned or not'),
    example: t('yes or no'),
  },
];

const HAS: readonly (readonly [string, string])[] = [
  ['link', t('a link')],
  ['image', t('a picture')],
  ['video', t('a film')],
  ['sound', t('a sound')],
  ['file', t('a file')],
  ['embed', t('a preview of a link')],
];

/** The filter that is being typed at the end of the text. */
export function begun(text: string): { filter: Filter; query: string; at: number } | null {
  const match = /(?:^|\s)([\p{L}]+):([^\s:]*)$/u.exec(text);
  if (!match) return null;
  const [, word = '', query = ''] = match;
  const filter = FILTERS.find((one) => one.words.includes(word.toLocaleLowerCase()));
  return filter ? { filter, query, at: text.length - word.length - 1 - query.length } : null;
}

const MOST = 8;

/** What may be meant. */
export function options(kind: Kind, query: string, channel: Channel): Chip[] {
  const wanted = query.toLocaleLowerCase();
  const chip = (value: string, label: string): Chip => ({ kind, value, label });
  const fits = (...names: string[]) =>
    names.some((name) => name.toLocaleLowerCase().includes(wanted));
  if (kind === 'has') {
    return HAS.filter(([value, name]) => fits(value, name)).map(([v, name]) => chip(v, name));
  }
  if (kind === 'pinned') {
    return [chip('true', t('yes')), chip('false', t('no'))].filter((one) => fits(one.label));
  }
  if (kind === 'in') {
    if (!channel.guildId) return [];
    const found = world.channelsOf(channel.guildId).filter((one) => one.readable && fits(one.name));
    return found.slice(0, MOST).map((one) => chip(one.id, `#${one.name}`));
  }
  if (DATES.includes(kind)) {
    return days()
      .filter((one) => fits(one.label))
      .map((one) => chip(one.value, one.label));
  }
  return people(channel)
    .filter(({ name, username }) => fits(name, username))
    .slice(0, MOST)
    .map(({ id, name }) => chip(id, name));
}

function people(channel: Channel): { id: string; name: string; username: string }[] {
  const guild = channel.guildId ? world.guilds.get(channel.guildId) : undefined;
  const me = world.me ? [{ user: world.me, member: null }] : [];
  const all = guild
    ? [...guild.members.values()].flatMap((member) =>
        member.user ? [{ user: member.user, member }] : [],
      )
    : [...channel.recipients.map((user) => ({ user, member: null })), ...me];
  return all
    .map(({ user, member }) => ({
      id: user.id,
      name: nameOf(user, member),
      username: user.username,
    }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** A day as a date field has it: `2026-11-23`. */
export function dayOf(date: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function days(): { value: string; label: string }[] {
  const ago = (n: number) => {
    const day = new Date();
    day.setDate(day.getDate() - n);
    return dayOf(day);
  };
  return [
    { value: ago(0), label: t('today') },
    { value: ago(1), label: t('yesterday') },
    { value: ago(7), label: t('a week ago') },
    { value: ago(30), label: t('30 days ago') },
  ];
}

/** The first moment of a day here, some days later. */
function startOf(day: string, later = 0): number {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  return new Date(year, month - 1, date + later).getTime();
}

export type Order = 'newest' | 'oldest' | 'relevant';

/** As the server is asked. */
export function asked(chips: readonly Chip[], text: string, order: Order): URLSearchParams {
  const query = new URLSearchParams({ include_nsfw: 'true' });
  if (text.trim()) query.set('content', text.trim());
  if (order === 'relevant') query.set('sort_by', 'relevance');
  if (order === 'oldest') query.set('sort_order', 'asc');
  const before = (id: string) => String(BigInt(id) - 1n);
  for (const { kind, value } of chips) {
    if (kind === 'from') query.append('author_id', value);
    else if (kind === 'in') query.append('channel_id', value);
    else if (kind === 'has' || kind === 'mentions' || kind === 'pinned') query.append(kind, value);
    else if (kind === 'before') query.set('max_id', fromTime(startOf(value)));
    else if (kind === 'after') query.set('min_id', before(fromTime(startOf(value, 1))));
    else {
      query.set('min_id', before(fromTime(startOf(value))));
      query.set('max_id', fromTime(startOf(value, 1)));
    }
  }
  return query;
}

/** What a text is in order to be compared: without case and without accents. */
const plain = (text: string) =>
  text
    .normalize('NFKD')
    .replaceAll(/\p{Mn}/gu, '')
    .toLocaleLowerCase();

export interface Piece {
  text: string;
  hit: boolean;
}

/** A text around the first of the words asked for, with all of them marked. */
export function marked(text: string, query: string, most = 240): Piece[] {
  const phrases = [...query.matchAll(/"([^"]+)"|(\S+)/g)].map((one) => one[1] ?? one[2] ?? '');
  const words = phrases.map(plain).filter(Boolean);
  // One letter of what is shown may be several of what is compared.
  const letters = [...text];
  const folded = letters.map(plain);
  const hits = letters.map(() => false);
  const starts: number[] = [];
  for (let at = 0; at < letters.length; at += 1) {
    if (at > 0 && /[\p{L}\p{N}]/u.test(letters[at - 1] ?? '') && !alone(letters[at] ?? ''))
      continue;
    for (const word of words) {
      let [end, seen] = [at, ''];
      while (end < letters.length && seen.length < word.length) seen += folded[end++];
      if (!seen.startsWith(word)) continue;
      starts.push(at);
      hits.fill(true, at, end);
    }
  }
  const from = Math.max(0, Math.min((starts[0] ?? 0) - 40, letters.length - most));
  const to = Math.min(letters.length, from + most);
  const pieces: Piece[] = [];
  for (let at = from; at < to; at += 1) {
    const last = pieces.at(-1);
    const hit = hits[at] ?? false;
    if (last && last.hit === hit) last.text += letters[at];
    else pieces.push({ text: letters[at] ?? '', hit });
  }
  const first = pieces[0];
  const end = pieces.at(-1);
  if (from > 0 && first) first.text = `…${first.text}`;
  if (to < letters.length && end) end.text += '…';
  return pieces;
}

/** Scripts without spaces between words. */
const alone = (letter: string) =>
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/u.test(
    letter,
  );
