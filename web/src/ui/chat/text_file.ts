/** Which files of a message are text that can be read at once, and in which language. */
import type { Attachment } from '../../model/wire';

const PLAIN = /\.(txt|log|csv|tsv|cfg|conf|env|srt|text)$/i;
const CODE = new Set(
  (
    'bash c cc cpp cs css diff ex exs go h hpp hs html ini java js json json5 jsx kt lua md ' +
    'mjs nix patch php pl ps1 py r rb rs scala scss sh sql svelte swift toml ts tsx vue xml ' +
    'yaml yml zsh'
  ).split(' '),
);
const NAMES: Record<string, string> = {
  cc: 'cpp',
  ex: 'elixir',
  exs: 'elixir',
  mjs: 'javascript',
  svelte: 'xml',
  vue: 'xml',
};

/** The language of its colours, '' for plain words, null for what is no text. */
export function languageOf({ filename, content_type: type, size }: Attachment): string | null {
  if (!size || /^(image|audio|video|font)\//.test(type ?? '')) return null;
  const ending = /\.(\w+)$/.exec(filename)?.[1]?.toLowerCase() ?? '';
  if (CODE.has(ending)) return NAMES[ending] ?? ending;
  return PLAIN.test(filename) || /^text\/plain\b/.test(type ?? '') ? '' : null;
}
