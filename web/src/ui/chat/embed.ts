/** Embeds as programs send them, read carefully: anything in them may be missing or odd. */

interface Linked {
  text: string;
  url: string | null;
}

export interface Embed {
  title: string;
  url: string | null;
  description: string;
  color: number | null;
  author: Linked | null;
  fields: { name: string; value: string; inline: boolean }[];
  pictures: string[];
  footer: string;
  timestamp: string | null;
}

type Loose = Record<string, unknown>;

const part = (value: unknown): Loose =>
  typeof value === 'object' && value !== null ? (value as Loose) : {};
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function web(value: unknown): string | null {
  const url = text(value);
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol) ? url : null;
}

/** null: nothing to be shown */
export function embed(value: unknown): Embed | null {
  const from = part(value);
  const author = part(from.author);
  const stamp = Date.parse(text(from.timestamp));
  const fields = Array.isArray(from.fields) ? from.fields.map(part) : [];
  const pictures = [web(part(from.image).url), web(part(from.thumbnail).url)];
  const found: Embed = {
    title: text(from.title),
    url: web(from.url),
    description: text(from.description),
    color: typeof from.color === 'number' ? from.color & 0xffffff : null,
    author: text(author.name) ? { text: text(author.name), url: web(author.url) } : null,
    fields: fields.map((field) => ({
      name: text(field.name),
      value: text(field.value),
      inline: field.inline === true,
    })),
    pictures: [...new Set(pictures.filter((url) => url !== null))],
    footer: text(part(from.footer).text),
    timestamp: Number.isNaN(stamp) ? null : new Date(stamp).toISOString(),
  };
  const empty =
    !found.title &&
    !found.description &&
    !found.author &&
    !found.fields.length &&
    !found.pictures.length &&
    !found.footer;
  return empty ? null : found;
}
