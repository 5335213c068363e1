/** Addresses of pictures, as Discord's CDN has them; null where there is no picture. */

export function iconUrl(guildId: string, hash: string | null | undefined): string | null {
  return hash ? `/cdn/icons/${guildId}/${hash}.png` : null;
}

export function avatarUrl(user: { id: string; avatar?: string | null }): string | null {
  return user.avatar ? `/cdn/avatars/${user.id}/${user.avatar}.png` : null;
}

/** A custom emoji; a browser scales it as it is needed. */
export const emojiUrl = (id: string): string => `/cdn/emojis/${id}.webp`;
