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
  | { kind: 'list'; items: Inline[][] }
  | { kind: 'heading'; level: 1 | 2 | 3; children: Inline[] }
  | { kind: 'fence'; language: string; text: string };

const DEEPEST = 8;

export function parse(source: string): Block[] {
  return blocks(source.replaceAll('\r\n', '\n').split('\n'), 0);
}

function blocks(lines: string[], depth: number): Block[] {
  const found: Block[] = [];
  let plain: string[] = [];
  const flush = () => {
    const text = plain.join('\n').replace(/^\n+|\n+$/g, '');
    if (text) found.push({ kind: 'paragraph', children: inlines(text, depth) });
    plain = [];
  };
  for (let at = 0; at < lines.length;) {
    const special = blockAt(lines, at, depth);
    if (special) {
      flush();
      found.push(special.block);
      at = special.next;
    } else {
      plain.push(lines[at] ?? '');
      at += 1;
    }
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
  if (line.startsWith('```')) return fence(lines, at);
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
  return /^[-*] \S/.test(line) ? list(lines, at, depth) : null;
}

function fence(lines: string[], at: number): Found | null {
  const opening = (lines[at] ?? '').slice(3);
  const sameLine = opening.indexOf('```');
  if (sameLine > 0 && opening.slice(sameLine + 3).trim() === '') {
    const text = opening.slice(0, sameLine);
    return { block: { kind: 'fence', language: '', text }, next: at + 1 };
  }
  const named = /^[\w+#.-]{0,20}$/.test(opening);
  const body: string[] = named || !opening ? [] : [opening];
  for (let next = at + 1; next < lines.length; next += 1) {
    const line = lines[next] ?? '';
    if (line.trimEnd().endsWith('```')) {
      const last = line.trimEnd().slice(0, -3);
      if (last) body.push(last);
      const language = named ? opening : '';
      return { block: { kind: 'fence', language, text: body.join('\n') }, next: next + 1 };
    }
    body.push(line);
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

function list(lines: string[], at: number, depth: number): Found {
  const items: Inline[][] = [];
  let next = at;
  for (; next < lines.length; next += 1) {
    const line = lines[next] ?? '';
    if (!/^[-*] \S/.test(line)) break;
    items.push(inlines(line.slice(2), depth));
  }
  return { block: { kind: 'list', items }, next };
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
const LABELLED = /\[([^[\]\n]{1,300})\]\(<?((?:https?:\/\/|mailto:)[^\s()<>]{1,2000})>?\)/iy;
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
  return { inline: link(href, match[1] ?? ''), next: at + match[0].length };
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

function link(href: string, text: string): Inline {
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
export function plainText(found: readonly (Block | Inline)[]): string {
  const parts = found.map((one): string => {
    if ('text' in one) return one.text;
    if ('children' in one) return one.kind === 'spoiler' ? '…' : plainText(one.children);
    if (one.kind === 'list') return one.items.map((item) => plainText(item)).join(' ');
    if (one.kind === 'emoji') return `:${one.name}:`;
    return one.kind === 'break' ? ' ' : '';
  });
  return parts.join('');
}
