/** Emoji that people upload to their rooms. */
import type { CustomEmoji } from '../model/wire';
import { del, get, patch, post, V10 } from '../net/rest';

const base = (guildId: string) => `${V10}/guilds/${guildId}/emojis`;

/** With who uploaded them, for those who may change them. */
export const ofGuild = (guildId: string): Promise<CustomEmoji[]> =>
  get<CustomEmoji[]>(base(guildId));

export const upload = (guildId: string, name: string, image: string): Promise<CustomEmoji> =>
  post<CustomEmoji>(base(guildId), { name, image });

export const rename = (guildId: string, id: string, name: string): Promise<CustomEmoji> =>
  patch<CustomEmoji>(`${base(guildId)}/${id}`, { name });

export const remove = (guildId: string, id: string): Promise<void> => del(`${base(guildId)}/${id}`);
