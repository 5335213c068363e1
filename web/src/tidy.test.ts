/** House rules of the page that a compiler does not know. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname);
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(ts|js|svelte|css)$/.test(name) && !name.startsWith('proto/'))
  .map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }));
const code = files.filter(({ name }) => !name.endsWith('.test.ts'));

it('nobody makes HTML from text', () => {
  const forbidden = [
    '{@html',
    'innerHTML',
    'outerHTML',
    'insertAdjacentHTML',
    'eval(',
    'new Function',
  ];
  for (const { name, text } of code) {
    for (const word of forbidden) expect(text.includes(word), `${name}: ${word}`).toBe(false);
  }
});

it('no style attribute in markup: the policy would refuse it', () => {
  for (const { name, text } of code) expect(/\sstyle="/.test(text), name).toBe(false);
});

it('imports follow the arrows: ui -> action -> net, ui -> model, nobody -> ui', () => {
  const allowed: Record<string, string[]> = {
    lib: ['lib'],
    model: ['model', 'lib', 'proto'],
    net: ['net', 'model', 'lib', 'proto'],
    action: ['action', 'net', 'model', 'lib', 'proto'],
  };
  for (const { name, text } of code) {
    const folder = name.split('/')[0] ?? '';
    const may = allowed[folder];
    if (!may) continue;
    for (const [, target = ''] of text.matchAll(/from '\.\.\/(\w+)/g)) {
      expect(may, `${name} imports ${target}`).toContain(target);
    }
  }
});

it('the parts in ui/kit know nothing of chat', () => {
  for (const { name, text } of code.filter((one) => one.name.startsWith('ui/kit/'))) {
    expect(/from '\.\.\/\.\./.test(text), name).toBe(false);
  }
});

it('components never call the server themselves', () => {
  for (const { name, text } of code.filter((one) => one.name.startsWith('ui/'))) {
    expect(/\bfetch\(|\/net\//.test(text), name).toBe(false);
  }
});

it('files and lines stay readable', () => {
  for (const { name, text } of files) {
    const lines = text.split('\n');
    expect(lines.length, `${name} is long`).toBeLessThanOrEqual(800);
    for (const line of lines) {
      expect([...line].length <= 100, `${name}: ${line}`).toBe(true);
    }
  }
});
