/** The address that asks to add a bot to a room: `/oauth2/authorize?client_id=...`. */

export interface Asked {
  botId: string | null;
  /** null: what the bot asks for by itself */
  permissions: bigint | null;
  /** a room that is chosen already */
  guildId: string | null;
  /** and cannot be chosen anew */
  fixed: boolean;
  /** what is asked for that there is not here */
  foreign: string[];
}

const KNOWN = ['bot', 'applications.commands'];

export function asked(search: string): Asked {
  const query = new URLSearchParams(search);
  const id = (name: string) => {
    const text = query.get(name) ?? '';
    return /^\d{1,20}$/.test(text) ? text : null;
  };
  const scopes = (query.get('scope') ?? '').split(/\s+/).filter(Boolean);
  const bits = query.get('permissions') ?? '';
  return {
    botId: id('client_id'),
    permissions: /^\d{1,20}$/.test(bits) ? BigInt(bits) : null,
    guildId: id('guild_id'),
    fixed: query.get('disable_guild_select') === 'true' && id('guild_id') !== null,
    foreign: [...new Set(scopes)].filter((scope) => !KNOWN.includes(scope)),
  };
}

/** Beside the origin, as every library writes it. */
export function addressOf(botId: string, permissions: string): string {
  const bits = permissions === '0' ? '' : `&permissions=${permissions}`;
  return `/oauth2/authorize?client_id=${botId}${bits}&scope=bot+applications.commands`;
}
