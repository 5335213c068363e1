/** Finds every text given to `t` and `tn`, by the same parser that compiles the components. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'svelte/compiler';

export interface Found {
  text: string;
  /** The singular, when the text has one: it is the key's English other form. */
  one: string | null;
  file: string;
}

interface Node {
  type?: string;
  callee?: Node;
  name?: string;
  arguments?: Node[];
  value?: unknown;
  consequent?: Node;
  alternate?: Node;
  quasis?: { value: { cooked: string } }[];
  expressions?: Node[];
  left?: Node;
  right?: Node;
  operator?: string;
}

export function collect(root: string): { found: Found[]; unreadable: string[] } {
  const found: Found[] = [];
  const unreadable: string[] = [];
  for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!/\.(ts|svelte)$/.test(file) || file.endsWith('.test.ts') || file === 'lib/i18n.ts')
      continue;
    const source = readFileSync(join(root, file), 'utf8');
    if (!/\btn?\(/.test(source)) continue;
    const whole = file.endsWith('.svelte') ? source : `<script lang="ts">${source}\n</script>`;
    walk(parse(whole, { modern: true }) as unknown as Node, (call) => {
      const many = call.callee?.name === 'tn';
      const [first, second, third] = call.arguments ?? [];
      const texts = literals(many ? third : first);
      const ones = many ? literals(second) : [];
      if (!texts.length || (many && ones.length !== texts.length)) {
        unreadable.push(`${file}: ${call.callee?.name}(...) needs a literal text`);
      }
      texts.forEach((text, at) => found.push({ text, one: ones[at] ?? null, file }));
    });
  }
  return { found, unreadable };
}

function walk(node: unknown, call: (node: Node) => void): void {
  if (Array.isArray(node)) {
    for (const one of node) walk(one, call);
  } else if (node && typeof node === 'object') {
    const it = node as Node;
    const name = it.callee?.type === 'Identifier' ? it.callee.name : '';
    if (it.type === 'CallExpression' && (name === 't' || name === 'tn')) call(it);
    for (const [key, value] of Object.entries(node)) if (key !== 'parent') walk(value, call);
  }
}

/** `'a'`, `yes ? 'a' : 'b'`, `'a' + 'b'`; nothing when a text is only known while running. */
function literals(node: Node | undefined): string[] {
  if (!node) return [];
  if (node.type === 'Literal' && typeof node.value === 'string') return [node.value];
  if (node.type === 'TemplateLiteral' && !node.expressions?.length) {
    return [node.quasis?.[0]?.value.cooked ?? ''];
  }
  if (node.type === 'ConditionalExpression') {
    const [yes, no] = [literals(node.consequent), literals(node.alternate)];
    return yes.length && no.length ? [...yes, ...no] : [];
  }
  if (node.type === 'BinaryExpression' && node.operator === '+') {
    const [left] = literals(node.left);
    const [right] = literals(node.right);
    return left !== undefined && right !== undefined ? [left + right] : [];
  }
  return [];
}
