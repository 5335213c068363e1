/** Text of a message -> a tree of what it means. Components draw the tree; no HTML is ever made
 *  from what people write. Nesting is bounded and every search for an end mark remembers that it
 *  found none, so that no text takes longer than its length allows. */

export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'break' }
  | { kind: 'strong' | 'em' | 'underline' | 'strike' | 'spoiler'; children: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'link'; href: string; children: Inline[] }
  | { kind: 'user' | 'role' | 'channel'; id: string }
  | { kind: 'everyone'; text: string }
  | { kind: 'emoji'; name: string; id: string }
  | { kind: 'time'; seconds: number; style: string };

export type Block =
  | { kind: 'paragraph'; children: Inline[] }
  | { kind: 'quote'; children: Block[] }
  | { kind: 'list'; start: number | null; items: ListItem[] }
  | { kind: 'heading'; level: 1 | 2 | 3; children: Inline[] }
  | { kind: 'subtext'; children: Inline[] }
  | { kind: 'fence'; language: string; text: string };

export interface ListItem {
  children: Inline[];
  /** lists inside this item */
  inner: Block[];
}

const DEEPEST = 8;
const MOST_KEPT = 600;
const kept = new Map<string, readonly Block[]>();

/** The tree of a text, made once for as long as it is among those drawn last. */
export function parsed(source: string): readonly Block[] {
  const tree = kept.get(source) ?? parse(source);
  kept.delete(source);
  kept.set(source, tree);
  for (const oldest of kept.keys()) {
    if (kept.size <= MOST_KEPT) break;
    kept.delete(oldest);
  }
  return tree;
}

export function parse(source: string): Block[] {
  return blocks(source.replaceAll('\r\n', '\n').split('\n'), 0);
}

function blocks(given: string[], depth: number): Block[] {
  const found: Block[] = [];
  const lines = [...given];
  let plain: string[] = [];
  // An opening without an end has none after it either: looked for once, not once a line.
  let mayOpen = true;
  const flush = () => {
    const text = plain.join('\n').replace(/^\n+|\n+$/g, '');
    if (text) found.push({ kind: 'paragraph', children: inlines(text, depth) });
    plain = [];
  };
  for (let at = 0; at < lines.length;) {
    const line = lines[at] ?? '';
    const special = blockAt(lines, at, depth);
    if (special) {
      flush();
      found.push(special.block);
      at = special.next;
      continue;
    }
    const code = mayOpen && line.includes('```') ? fence(lines, at) : null;
    if (!code) {
      if (line.includes('```')) mayOpen = false;
      plain.push(line);
      at += 1;
      continue;
    }
    if (code.before.trim()) plain.push(code.before);
    flush();
    found.push(code.block);
    at = code.next;
    // What stands behind the end mark is text of its own.
    if (code.after.trim()) lines[(at -= 1)] = code.after;
  }
  flush();
  return found;
}

interface Found {
  block: Block;
  next: number;
}

function blockAt(lines: string[], at: number, depth: number): Found | null {
  const line = lines[at] ?? '';
  if (depth < DEEPEST && (line.startsWith('> ') || line === '>')) return quote(lines, at, depth);
  if (depth < DEEPEST && line.startsWith('>>> ')) {
    const rest = [line.slice(4), ...lines.slice(at + 1)];
    return { block: { kind: 'quote', children: blocks(rest, depth + 1) }, next: lines.length };
  }
  const heading = /^(#{1,3}) +(?=\S)/.exec(line);
  if (heading) {
    const level = (heading[1]?.length ?? 1) as 1 | 2 | 3;
    const children = inlines(line.slice(heading[0].length), depth);
    return { block: { kind: 'heading', level, children }, next: at + 1 };
  }
  const small = /^-# +(?=\S)/.exec(line);
  if (small) {
    const children = inlines(line.slice(small[0].length), depth);
    return { block: { kind: 'subtext', children }, next: at + 1 };
  }
  return bullet(line) && !line.includes('```') ? list(lines, at, depth) : null;
}

/** From an opening mark anywhere in a line to the next mark, wherever that is. */
function fence(lines: string[], at: number): (Found & { before: string; after: string }) | null {
  const first = lines[at] ?? '';
  const open = first.indexOf('```');
  if (first[open - 1] === '\\') return null;
  const before = first.slice(0, open);
  const opening = first.slice(open + 3);
  const sameLine = opening.search(/```(?!`)/);
  if (sameLine > 0) {
    const text = opening.slice(0, sameLine);
    if (!text.trim()) return null;
    const after = opening.slice(sameLine + 3);
    return { block: { kind: 'fence', language: '', text }, next: at + 1, before, after };
  }
  const named = /^[\w+#.-]{0,20}$/.test(opening.trimEnd());
  const body: string[] = named ? [] : [opening];
  for (let next = at + 1; next < lines.length; next += 1) {
    const line = lines[next] ?? '';
    const close = line.indexOf('```');
    if (close === -1) {
      body.push(line);
      continue;
    }
    if (close > 0) body.push(line.slice(0, close));
    const text = body.join('\n').replace(/^\n+|\n+$/g, '');
    if (!text.trim()) return null;
    const language = named ? opening.trimEnd().toLowerCase() : '';
    const after = line.slice(close + 3);
    return { block: { kind: 'fence', language, text }, next: next + 1, before, after };
  }
  return null;
}

function quote(lines: string[], at: number, depth: number): Found {
  const body: string[] = [];
  let next = at;
  for (; next < lines.length; next += 1) {
    const line = lines[next] ?? '';
    if (line !== '>' && !line.startsWith('> ')) break;
    body.push(line.slice(2));
  }
  return { block: { kind: 'quote', children: blocks(body, depth + 1) }, next };
}

interface Bullet {
  indent: number;
  /** the number of an ordered item */
  start: number | null;
  text: string;
}

function bullet(line: string): Bullet | null {
  const match = /^( {0,40})(?:[-*]|(\d{1,9})\.) +(?=\S)/.exec(line);
  if (!match) return null;
  const indent = match[1]?.length ?? 0;
  const start = match[2] === undefined ? null : Number(match[2]);
  return { indent, start, text: line.slice(match[0].length) };
}

/** Items of one indent; those further in become a list inside the item before them. */
function list(lines: string[], at: number, depth: number): Found {
  const first = bullet(lines[at] ?? '');
  const indent = first?.indent ?? 0;
  const start = first?.start ?? null;
  const items: ListItem[] = [];
  let next = at;
  while (next < lines.length) {
    const line = lines[next] ?? '';
    const item = bullet(line);
    const last = items.at(-1);
    if (item && last && item.indent > indent + 1 && depth < DEEPEST) {
      const inner = list(lines, next, depth + 1);
      last.inner.push(inner.block);
      next = inner.next;
    } else if (item && (item.indent >= indent - 1 || !last)) {
      if (last && (item.start === null) !== (start === null)) break;
      items.push({ children: inlines(item.text, depth), inner: [] });
      next += 1;
    } else if (!item && last && /^ {2,}\S/.test(line) && !line.includes('```')) {
      last.children.push({ kind: 'break' }, ...inlines(line.trim(), depth));
      next += 1;
    } else break;
  }
  return { block: { kind: 'list', start, items }, next };
}

const MARKS = [
  ['||', 'spoiler'],
  ['**', 'strong'],
  ['__', 'underline'],
  ['~~', 'strike'],
  ['*', 'em'],
  ['_', 'em'],
] as const;

const ANGLE = new RegExp(
  [
    '<@!?(?<user>\\d{1,20})>',
    '<@&(?<role>\\d{1,20})>',
    '<#(?<channel>\\d{1,20})>',
    '<a?:(?<emoji>\\w{2,32}):(?<emojiId>\\d{1,20})>',
    '<t:(?<seconds>-?\\d{1,13})(?::(?<style>[tTdDfFR]))?>',
    '<(?<url>https?://[^\\s<>]{1,2000})>',
  ].join('|'),
  'y',
);
const URL_HERE = /https?:\/\/[^\s<>"]{1,2000}/iy;
const LABELLED =
  /\[([^[\]\n]{1,300})\]\(<?((?:https?:\/\/|mailto:)[^\s()<>]{1,2000})>?(?: "[^"\n]{0,200}")?\)/iy;
const EVERYONE = /@(everyone|here)\b/y;
const WORD = /[\p{L}\p{N}_]/u;

export function inlines(source: string, depth = 0): Inline[] {
  const found: Inline[] = [];
  const missing = new Set<string>();
  let text = '';
  const add = (one: Inline) => {
    if (text) found.push({ kind: 'text', text });
    text = '';
    found.push(one);
  };
  for (let at = 0; at < source.length;) {
    const here = leaf(source, at, missing) ?? wrapped(source, at, depth, missing);
    if (here) {
      add(here.inline);
      at = here.next;
    } else if (source[at] === '\\' && /[\\`*_~|<>[\]()#@:-]/.test(source[at + 1] ?? '')) {
      text += source[at + 1];
      at += 2;
    } else {
      const plain = source[at] === '`' ? tickRun(source, at) : (source[at] ?? '');
      text += plain;
      at += plain.length;
    }
  }
  if (text) found.push({ kind: 'text', text });
  return found;
}

interface Here {
  inline: Inline;
  next: number;
}

function leaf(source: string, at: number, missing: Set<string>): Here | null {
  switch (source[at]) {
    case '\n':
      return { inline: { kind: 'break' }, next: at + 1 };
    case '`':
      return code(source, at, missing);
    case '<':
      return angle(source, at);
    case '[':
      return labelled(source, at);
    case 'h':
    case 'H':
      return bareUrl(source, at);
    case '@': {
      const match = matchAt(EVERYONE, source, at);
      if (!match) return null;
      return { inline: { kind: 'everyone', text: match[0] }, next: at + match[0].length };
    }
    default:
      return null;
  }
}

function code(source: string, at: number, missing: Set<string>): Here | null {
  const mark = tickRun(source, at);
  const ticks = mark.length;
  if (missing.has(mark)) return null;
  const end = source.indexOf(mark, at + ticks);
  if (end === -1) {
    missing.add(mark);
    return null;
  }
  const text = source.slice(at + ticks, end);
  if (!text.trim()) return null;
  return { inline: { kind: 'code', text: text.trim() }, next: end + ticks };
}

/** All the backticks that stand together here. */
function tickRun(source: string, at: number): string {
  let end = at + 1;
  while (source[end] === '`') end += 1;
  return source.slice(at, end);
}

function angle(source: string, at: number): Here | null {
  const match = matchAt(ANGLE, source, at);
  const groups = match?.groups;
  if (!match || !groups) return null;
  const next = at + match[0].length;
  if (groups.user) return { inline: { kind: 'user', id: groups.user }, next };
  if (groups.role) return { inline: { kind: 'role', id: groups.role }, next };
  if (groups.channel) return { inline: { kind: 'channel', id: groups.channel }, next };
  if (groups.emoji && groups.emojiId) {
    return { inline: { kind: 'emoji', name: groups.emoji, id: groups.emojiId }, next };
  }
  if (groups.seconds) {
    const style = groups.style ?? 'f';
    return { inline: { kind: 'time', seconds: Number(groups.seconds), style }, next };
  }
  const href = safeUrl(groups.url ?? '');
  return href ? { inline: link(href, groups.url ?? ''), next } : null;
}

function labelled(source: string, at: number): Here | null {
  const match = matchAt(LABELLED, source, at);
  const href = match && safeUrl(match[2] ?? '');
  if (!match || !href) return null;
  const label = match[1] ?? '';
  const children = inlines(label, DEEPEST - 1).filter((one) => one.kind !== 'link');
  const shown = children.length ? children : link(href, label).children;
  // A label that looks like an address of somewhere else must not hide where the link leads.
  const named = /(?:^|[/\s.@])((?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24})\b/i.exec(label)?.[1];
  const host = new URL(href).hostname;
  const honest = !named || host === named.toLowerCase() || host.endsWith(`.${named.toLowerCase()}`);
  const tail: Inline[] = honest ? [] : [{ kind: 'text', text: ` (${host})` }];
  const honestly = [...shown, ...tail];
  return { inline: { kind: 'link', href, children: honestly }, next: at + match[0].length };
}

function bareUrl(source: string, at: number): Here | null {
  if (at > 0 && WORD.test(source[at - 1] ?? '')) return null;
  const match = matchAt(URL_HERE, source, at);
  if (!match) return null;
  const text = withoutTail(match[0]);
  const href = safeUrl(text);
  return href ? { inline: link(href, text), next: at + text.length } : null;
}

/** The full stop after an address belongs to the sentence; so does a bracket it did not open. */
function withoutTail(url: string): string {
  let end = url.length;
  for (;;) {
    const last = url[end - 1] ?? '';
    const unopened = last === ')' && !url.slice(0, end).includes('(');
    if (!".,;:!?'*_~|".includes(last) && !unopened) return url.slice(0, end);
    end -= 1;
  }
}

function link(href: string, text: string): Inline & { kind: 'link' } {
  return { kind: 'link', href, children: [{ kind: 'text', text }] };
}

const SCHEMES = new Set(['http:', 'https:', 'mailto:']);

/** An address that may become a link, or null. */
export function safeUrl(text: string): string | null {
  try {
    const url = new URL(text);
    return SCHEMES.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function wrapped(source: string, at: number, depth: number, missing: Set<string>): Here | null {
  if (depth >= DEEPEST) return null;
  for (const [mark, kind] of MARKS) {
    if (!source.startsWith(mark, at) || missing.has(mark)) continue;
    const start = at + mark.length;
    if (mark === '_' && WORD.test(source[at - 1] ?? '')) continue;
    if (mark.length === 1 && /[\s*_]/.test(source[start] ?? ' ')) continue;
    const end = closing(source, mark, start);
    if (end === -1) {
      missing.add(mark);
      continue;
    }
    const inner = source.slice(start, end);
    if (!inner.trim()) continue;
    const children = inlines(inner, depth + 1);
    return { inline: { kind, children }, next: end + mark.length };
  }
  return null;
}

function closing(source: string, mark: string, from: number): number {
  let at = source.indexOf(mark, from);
  while (at !== -1) {
    const after = source[at + mark.length] ?? '';
    if (mark.length === 2) {
      // `***both***`: the last two marks of a run are the closing ones.
      return after === mark[0] && source[at + 3] !== mark[0] ? at + 1 : at;
    }
    const doubled = after === mark;
    if (!doubled && !(mark === '_' && WORD.test(after))) return at;
    at = source.indexOf(mark, at + (doubled ? 2 : 1));
  }
  return -1;
}

function matchAt(pattern: RegExp, source: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(source);
}

/** The text without its marks, for labels, previews and announcements. */
export type Named = Extract<Inline, { id: string }> | Extract<Inline, { kind: 'time' }>;

/** `name`: what to call what only has an id. */
export function plainText(
  found: readonly (Block | Inline)[],
  name: (node: Named) => string = () => '',
): string {
  const words = (some: readonly (Block | Inline)[]) => plainText(some, name);
  const parts = found.map((one): string => {
    if ('text' in one) return one.text;
    if ('children' in one) return one.kind === 'spoiler' ? '…' : words(one.children);
    if (one.kind === 'list') {
      return one.items
        .map((item) => [words(item.children), words(item.inner)].filter(Boolean).join(' '))
        .join(' ');
    }
    if (one.kind === 'emoji') return `:${one.name}:`;
    return one.kind === 'break' ? ' ' : name(one);
  });
  return parts.join('');
}
