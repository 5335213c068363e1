/** Bots of one's own: made, changed, given a token, added to rooms. */
import type { Member } from '../model/wire';
import type { BotAuthorization, BotEndpoint, OwnBot } from '../proto';
import { del, get, OSC, patch, post, put, V10 } from '../net/rest';

export type { BotAuthorization, BotEndpoint as Endpoint, BotPlace, OwnBot } from '../proto';

export interface BotChange {
  name?: string;
  /** a data URI */
  avatar?: string | null;
  description?: string;
  tags?: string[];
  public?: boolean;
  intents?: number;
  permissions?: string;
}

/** A bot with its token, which is told this one time. */
export interface Made {
  token: string;
  user: { id: string };
}

const path = (id: string, rest = '') => `${OSC}/bots/${id}${rest}`;

export const list = () => get<OwnBot[]>(`${OSC}/bots`);
export const create = (name: string) => post<Made>(`${OSC}/bots`, { name });
export const edit = (id: string, change: BotChange) => patch<OwnBot>(path(id), change);
export const remove = (id: string) => del(path(id));
export const newToken = (id: string) => post<Made>(path(id, '/token'));
export const authorization = (id: string) => get<BotAuthorization>(path(id, '/authorization'));

export async function endpoint(id: string): Promise<BotEndpoint> {
  type About = { interactions_endpoint_url: string | null; verify_key: string };
  const about = await get<About>(`${V10}/applications/${id}`);
  return { url: about.interactions_endpoint_url, verify_key: about.verify_key };
}

/** Where its interactions go, once that has answered; null: over the gateway. */
export const setEndpoint = (id: string, url: string | null) =>
  put<BotEndpoint>(path(id, '/endpoint'), { url });

export function add(guildId: string, id: string, permissions: string): Promise<Member> {
  return put<Member>(`${OSC}/guilds/${guildId}/bots/${id}`, { permissions });
}
