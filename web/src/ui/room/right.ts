/** The rights of a room in plain sentences, grouped as people think of them. Only what does
 *  something here is listed; other bits of a role are left as they are. */
import { t } from '../../lib/i18n';
import { PERMISSION as P } from '../../lib/permission';

export interface Right {
  bit: bigint;
  name: string;
  text: string;
  /** may hurt the room or its people; said beside it */
  danger?: boolean;
  /** has a meaning in channels of this kind; none: only for the whole room */
  channel?: 'any' | 'text' | 'voice';
}

export interface RightGroup {
  id: string;
  name: string;
  rights: readonly Right[];
}

export const GROUPS: readonly RightGroup[] = [
  {
    id: 'reading',
    name: t('Reading and writing'),
    rights: [
      {
        bit: P.VIEW_CHANNEL,
        name: t('See channels'),
        text: t('Without this a channel is not there at all.'),
        channel: 'any',
      },
      {
        bit: P.READ_MESSAGE_HISTORY,
        name: t('Read earlier messages'),
        text: t('Also those from before they came.'),
        channel: 'text',
      },
      {
        bit: P.SEND_MESSAGES,
        name: t('Write messages'),
        text: t('Without this they only read along.'),
        channel: 'text',
      },
      {
        bit: P.ATTACH_FILES,
        name: t('Attach files'),
        text: t('Pictures and anything else.'),
        channel: 'text',
      },
      {
        bit: P.ADD_REACTIONS,
        name: t('React'),
        text: t('Put new emoji below messages; joining in is always possible.'),
        channel: 'text',
      },
      {
        bit: P.USE_EXTERNAL_EMOJIS,
        name: t('Use emoji of other rooms'),
        text: t('Those of rooms they are in, in messages and reactions.'),
        channel: 'text',
      },
      {
        bit: P.MENTION_EVERYONE,
        name: t('Mention everyone'),
        text: t('Call all members at once with @everyone, and roles that are not mentionable.'),
        danger: true,
        channel: 'text',
      },
      {
        bit: P.BYPASS_SLOWMODE,
        name: t('Ignore slow mode'),
        text: t('Write as fast as they like.'),
        channel: 'text',
      },
    ],
  },
  {
    id: 'voice',
    name: t('Voice'),
    rights: [
      {
        bit: P.CONNECT,
        name: t('Enter voice channels'),
        text: t('Listen to those who are in.'),
        channel: 'voice',
      },
      {
        bit: P.SPEAK,
        name: t('Speak'),
        text: t('Be heard in voice channels.'),
        channel: 'voice',
      },
      {
        bit: P.MUTE_MEMBERS,
        name: t('Silence people'),
        text: t('Mute others for everybody in a voice channel.'),
        channel: 'voice',
      },
      {
        bit: P.MOVE_MEMBERS,
        name: t('Move people'),
        text: t('Into another voice channel, or out.'),
        channel: 'voice',
      },
    ],
  },
  {
    id: 'people',
    name: t('People'),
    rights: [
      {
        bit: P.CREATE_INVITE,
        name: t('Invite people'),
        text: t('Make links that let others in.'),
        channel: 'any',
      },
      {
        bit: P.CHANGE_NICKNAME,
        name: t('Have an own nickname'),
        text: t('Be called something else in this room.'),
      },
      {
        bit: P.MANAGE_NICKNAMES,
        name: t('Change nicknames'),
        text: t('Of people below them.'),
      },
      {
        bit: P.MODERATE_MEMBERS,
        name: t('Time people out'),
        text: t('They read, but cannot write or speak for a while.'),
      },
      {
        bit: P.KICK_MEMBERS,
        name: t('Kick people'),
        text: t('Put people below them out of the room; they may come back.'),
        danger: true,
      },
      {
        bit: P.BAN_MEMBERS,
        name: t('Ban people'),
        text: t('Put people below them out for good and delete what they wrote.'),
        danger: true,
      },
    ],
  },
  {
    id: 'order',
    name: t('Keeping order'),
    rights: [
      {
        bit: P.PIN_MESSAGES,
        name: t('Pin messages'),
        text: t('Keep what matters at hand for everybody.'),
        channel: 'text',
      },
      {
        bit: P.MANAGE_MESSAGES,
        name: t('Delete messages'),
        text: t('Messages of others, and their reactions.'),
        danger: true,
        channel: 'text',
      },
      {
        bit: P.CREATE_EXPRESSIONS,
        name: t('Add emoji'),
        text: t('Upload emoji for this room, and change their own.'),
      },
      {
        bit: P.MANAGE_EXPRESSIONS,
        name: t('Manage emoji'),
        text: t('Rename and delete emoji that others uploaded.'),
      },
      {
        bit: P.MANAGE_CHANNELS,
        name: t('Manage channels'),
        text: t('Create, change and delete channels with all that is in them.'),
        danger: true,
        channel: 'any',
      },
      {
        bit: P.MANAGE_ROLES,
        name: t('Manage roles'),
        text: t('Create and give roles below their own, with rights they have themselves.'),
        danger: true,
        channel: 'any',
      },
      {
        bit: P.MANAGE_GUILD,
        name: t('Manage the room'),
        text: t('Name, picture, who may come in, and all invitations.'),
        danger: true,
      },
      {
        bit: P.ADMINISTRATOR,
        name: t('Administrator'),
        text: t(
          'Everything above, in every channel. Give it only to whom you would give the room.',
        ),
        danger: true,
      },
    ],
  },
];

const READER = P.VIEW_CHANNEL | P.READ_MESSAGE_HISTORY;
const TALKER =
  READER |
  P.SEND_MESSAGES |
  P.ATTACH_FILES |
  P.ADD_REACTIONS |
  P.CONNECT |
  P.SPEAK |
  P.CREATE_INVITE |
  P.CHANGE_NICKNAME;
const MODERATOR =
  TALKER |
  P.MANAGE_MESSAGES |
  P.PIN_MESSAGES |
  P.MODERATE_MEMBERS |
  P.KICK_MEMBERS |
  P.BAN_MEMBERS |
  P.MUTE_MEMBERS |
  P.MOVE_MEMBERS |
  P.MANAGE_NICKNAMES |
  P.BYPASS_SLOWMODE;

export const PRESETS: readonly { name: string; text: string; bits: bigint }[] = [
  { name: t('Reads along'), text: t('Sees everything, changes nothing.'), bits: READER },
  { name: t('Takes part'), text: t('Reads, writes, speaks and invites.'), bits: TALKER },
  {
    name: t('Keeps order'),
    text: t('Takes part, and may delete, time out, kick and ban.'),
    bits: MODERATOR,
  },
];

/** Every bit that the presets and switches of this screen speak about. */
export const LISTED = GROUPS.flatMap((group) => group.rights).reduce(
  (sum, right) => sum | right.bit,
  0n,
);

export function found(query: string, right: Right): boolean {
  const wanted = query.trim().toLocaleLowerCase();
  return !wanted || `${right.name} ${right.text}`.toLocaleLowerCase().includes(wanted);
}
