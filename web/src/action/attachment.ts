/** What one can do with the files of a message: look into them. */
import { beginning } from '../net/download';

/** Of a longer file only this much is shown; the rest is in the file. */
export const MOST_BYTES = 50_000;

/** The first words of a text; null when it is something else after all. */
export async function peek(url: string): Promise<string | null> {
  const text = await beginning(url, MOST_BYTES);
  return text.includes('\0') ? null : text;
}
