/** What a member may do: the same sum the server makes, used only to hide what would be refused.
 *  The server decides; a wrong answer here costs a button, never a right. */

export const PERMISSION = {
  CREATE_INVITE: 1n << 0n,
  KICK_MEMBERS: 1n << 1n,
  BAN_MEMBERS: 1n << 2n,
  ADMINISTRATOR: 1n << 3n,
  MANAGE_CHANNELS: 1n << 4n,
  MANAGE_GUILD: 1n << 5n,
  ADD_REACTIONS: 1n << 6n,
  VIEW_AUDIT_LOG: 1n << 7n,
  VIEW_CHANNEL: 1n << 10n,
  SEND_MESSAGES: 1n << 11n,
  MANAGE_MESSAGES: 1n << 13n,
  ATTACH_FILES: 1n << 15n,
  READ_MESSAGE_HISTORY: 1n << 16n,
  MENTION_EVERYONE: 1n << 17n,
  USE_EXTERNAL_EMOJIS: 1n << 18n,
  CONNECT: 1n << 20n,
  SPEAK: 1n << 21n,
  MUTE_MEMBERS: 1n << 22n,
  DEAFEN_MEMBERS: 1n << 23n,
  MOVE_MEMBERS: 1n << 24n,
  CHANGE_NICKNAME: 1n << 26n,
  MANAGE_NICKNAMES: 1n << 27n,
  MANAGE_ROLES: 1n << 28n,
  MANAGE_WEBHOOKS: 1n << 29n,
  MANAGE_EXPRESSIONS: 1n << 30n,
  MANAGE_THREADS: 1n << 34n,
  CREATE_THREADS: 1n << 35n,
  CREATE_PRIVATE_THREADS: 1n << 36n,
  SEND_IN_THREADS: 1n << 38n,
  MODERATE_MEMBERS: 1n << 40n,
  CREATE_EXPRESSIONS: 1n << 43n,
  PIN_MESSAGES: 1n << 51n,
  BYPASS_SLOWMODE: 1n << 52n,
} as const;

/** Any of these opens the settings of a room. */
const MANAGING =
  PERMISSION.MANAGE_GUILD |
  PERMISSION.MANAGE_ROLES |
  PERMISSION.MANAGE_CHANNELS |
  PERMISSION.KICK_MEMBERS |
  PERMISSION.MODERATE_MEMBERS |
  PERMISSION.BAN_MEMBERS |
  PERMISSION.VIEW_AUDIT_LOG |
  PERMISSION.MANAGE_WEBHOOKS |
  PERMISSION.MANAGE_EXPRESSIONS |
  PERMISSION.CREATE_EXPRESSIONS;

export const mayManage = (rights: bigint): boolean => (rights & MANAGING) !== 0n;

const ALL = (1n << 63n) - 1n;

/** Who may write in a locked room. */
const MODERATES =
  PERMISSION.MANAGE_MESSAGES | PERMISSION.MODERATE_MEMBERS | PERMISSION.MANAGE_GUILD;

export interface Shut {
  locked: boolean;
  raidUntil: string;
}

/** What nobody else does there. */
const WRITES =
  PERMISSION.SEND_MESSAGES |
  PERMISSION.ADD_REACTIONS |
  PERMISSION.CREATE_THREADS |
  PERMISSION.CREATE_PRIVATE_THREADS;

/** Without what is shut for now. */
export function asItStands(rights: bigint, shut: Shut | null, guest: boolean | undefined): bigint {
  if (!shut || rights & MODERATES) return rights;
  const closed = shut.locked || (guest && Date.parse(shut.raidUntil) > Date.now());
  return closed ? rights & ~WRITES : rights;
}

interface RoleBits {
  id: string;
  permissions: string;
}

interface OverwriteBits {
  id: string;
  allow: string;
  deny: string;
}

export interface Who {
  userId: string;
  ownerId: string;
  guildId: string;
  roles: readonly RoleBits[];
  memberRoles: readonly string[];
}

export function permissions(who: Who, overwrites: readonly OverwriteBits[] = []): bigint {
  if (who.userId === who.ownerId) return ALL;
  let bits = 0n;
  for (const role of who.roles) {
    if (role.id === who.guildId || who.memberRoles.includes(role.id))
      bits |= parse(role.permissions);
  }
  if (bits & PERMISSION.ADMINISTRATOR) return ALL;
  const everyone = overwrites.find((entry) => entry.id === who.guildId);
  if (everyone) bits = (bits & ~parse(everyone.deny)) | parse(everyone.allow);
  let allow = 0n;
  let deny = 0n;
  for (const entry of overwrites) {
    if (!who.memberRoles.includes(entry.id)) continue;
    allow |= parse(entry.allow);
    deny |= parse(entry.deny);
  }
  bits = (bits & ~deny) | allow;
  const own = overwrites.find((entry) => entry.id === who.userId);
  if (own) bits = (bits & ~parse(own.deny)) | parse(own.allow);
  return bits;
}

export function parse(text: string): bigint {
  try {
    return BigInt(text);
  } catch {
    return 0n;
  }
}
