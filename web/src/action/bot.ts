/** Bots of one's own: made, changed, given a token, added to rooms. */
import type { Member } from '../model/wire';
import type { BotAuthorization, OwnBot } from '../proto';
import { del, get, OSC, patch, post, put } from '../net/rest';

export type { BotAuthorization, BotPlace, OwnBot } from '../proto';

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

export function add(guildId: string, id: string, permissions: string): Promise<Member> {
  return put<Member>(`${OSC}/guilds/${guildId}/bots/${id}`, { permissions });
}
