/** Colours of code, as a tree: highlight.js finds the words, nothing of it becomes HTML. Loaded
 *  with the first piece of code, each language with the first piece in it. */
import hljs from 'highlight.js/lib/core';
import type { LanguageFn } from 'highlight.js';

export type Token = string | { scope: string; children: Token[] };

type Loader = () => Promise<{ default: LanguageFn }>;

const LANGUAGES: Record<string, Loader> = {
  bash: () => import('highlight.js/lib/languages/bash'),
  c: () => import('highlight.js/lib/languages/c'),
  cpp: () => import('highlight.js/lib/languages/cpp'),
  csharp: () => import('highlight.js/lib/languages/csharp'),
  css: () => import('highlight.js/lib/languages/css'),
  diff: () => import('highlight.js/lib/languages/diff'),
  dockerfile: () => import('highlight.js/lib/languages/dockerfile'),
  elixir: () => import('highlight.js/lib/languages/elixir'),
  go: () => import('highlight.js/lib/languages/go'),
  haskell: () => import('highlight.js/lib/languages/haskell'),
  ini: () => import('highlight.js/lib/languages/ini'),
  java: () => import('highlight.js/lib/languages/java'),
  javascript: () => import('highlight.js/lib/languages/javascript'),
  json: () => import('highlight.js/lib/languages/json'),
  kotlin: () => import('highlight.js/lib/languages/kotlin'),
  lua: () => import('highlight.js/lib/languages/lua'),
  makefile: () => import('highlight.js/lib/languages/makefile'),
  markdown: () => import('highlight.js/lib/languages/markdown'),
  nix: () => import('highlight.js/lib/languages/nix'),
  perl: () => import('highlight.js/lib/languages/perl'),
  php: () => import('highlight.js/lib/languages/php'),
  powershell: () => import('highlight.js/lib/languages/powershell'),
  python: () => import('highlight.js/lib/languages/python'),
  r: () => import('highlight.js/lib/languages/r'),
  ruby: () => import('highlight.js/lib/languages/ruby'),
  rust: () => import('highlight.js/lib/languages/rust'),
  scala: () => import('highlight.js/lib/languages/scala'),
  scss: () => import('highlight.js/lib/languages/scss'),
  sql: () => import('highlight.js/lib/languages/sql'),
  swift: () => import('highlight.js/lib/languages/swift'),
  typescript: () => import('highlight.js/lib/languages/typescript'),
  xml: () => import('highlight.js/lib/languages/xml'),
  yaml: () => import('highlight.js/lib/languages/yaml'),
};

const ALIASES: Record<string, string> = {
  'c++': 'cpp',
  'c#': 'csharp',
  cs: 'csharp',
  docker: 'dockerfile',
  golang: 'go',
  h: 'c',
  hpp: 'cpp',
  hs: 'haskell',
  html: 'xml',
  js: 'javascript',
  json5: 'json',
  jsx: 'javascript',
  kt: 'kotlin',
  make: 'makefile',
  md: 'markdown',
  patch: 'diff',
  pl: 'perl',
  ps1: 'powershell',
  py: 'python',
  rb: 'ruby',
  rs: 'rust',
  sh: 'bash',
  shell: 'bash',
  svg: 'xml',
  toml: 'ini',
  ts: 'typescript',
  tsx: 'typescript',
  yml: 'yaml',
  zsh: 'bash',
};

/** Longer pieces stay plain: the search for words would be felt. */
const LONGEST = 20_000;

/** Takes what the library finds; its own one would write HTML. */
class Tree {
  readonly root: { scope: string; children: Token[] } = { scope: '', children: [] };
  #open = [this.root];

  addText(text: string): void {
    if (text) this.#open.at(-1)?.children.push(text);
  }
  startScope(scope: string): void {
    const next = { scope, children: [] };
    this.#open.at(-1)?.children.push(next);
    this.#open.push(next);
  }
  endScope(): void {
    if (this.#open.length > 1) this.#open.pop();
  }
  __addSublanguage(inner: Tree): void {
    this.#open.at(-1)?.children.push(...inner.root.children);
  }
  openNode(scope: string): void {
    this.startScope(scope);
  }
  closeNode(): void {
    this.endScope();
  }
  finalize(): void {}
  toHTML(): string {
    return '';
  }
}

hljs.configure({ __emitter: Tree as never });

export async function highlight(language: string, text: string): Promise<Token[] | null> {
  const name = ALIASES[language] ?? language;
  const load = Object.hasOwn(LANGUAGES, name) ? LANGUAGES[name] : undefined;
  if (!load || text.length > LONGEST) return null;
  if (!hljs.getLanguage(name)) hljs.registerLanguage(name, (await load()).default);
  const result = hljs.highlight(text, { language: name, ignoreIllegals: true });
  return (result._emitter as unknown as Tree).root.children;
}
