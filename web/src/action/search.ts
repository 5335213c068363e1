/** Searching among messages: of a room, or of one conversation. */
import { said } from '../lib/i18n';
import type { Message } from '../model/wire';
import { get, OSC, V10 } from '../net/rest';

export const PAGE = 25;

export interface SearchPage {
  total_results: number;
  messages: (Message & { hit: boolean })[][];
  /** those that messages stand in */
  threads?: { id: string; name?: string | null; parent_id?: string | null }[];
}

interface NotReady {
  code: number;
  message: string;
  retry_after: number;
}

const INDEXING = 110_000;
const TRIES = 60;

/** `ongoing` is told when the server still prepares its index; then it is asked again. */
export async function search(
  where: { guildId: string | null; channelId: string },
  query: URLSearchParams,
  ongoing: () => void,
): Promise<SearchPage> {
  const base = where.guildId
    ? `${V10}/guilds/${where.guildId}`
    : `${OSC}/channels/${where.channelId}`;
  for (let tries = 1; ; tries += 1) {
    const answer = await get<SearchPage | NotReady>(`${base}/messages/search?${query}`);
    if ('messages' in answer) return answer;
    if (answer.code !== INDEXING || tries >= TRIES) throw new Error(said(answer.message));
    ongoing();
    await new Promise((resolve) => setTimeout(resolve, answer.retry_after * 1_000));
  }
}
