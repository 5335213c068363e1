//! JSON error codes and gateway close codes.
//! <https://discord.com/developers/docs/topics/opcodes-and-status-codes>

/// `code` of an error body, with the message that stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code(pub u32, pub &'static str);

macro_rules! codes {
    ($($name:ident = $code:literal, $message:literal;)*) => {
        impl Code { $(pub const $name: Self = Self($code, $message);)* }
        /// All of them, for the reference page.
        pub const CODES: &[Code] = &[$(Code::$name,)*];
    };
}

codes! {
    GENERAL = 0, "General error";
    UNKNOWN_APPLICATION = 10002, "Unknown application";
    UNKNOWN_CHANNEL = 10003, "Unknown channel";
    UNKNOWN_GUILD = 10004, "Unknown guild";
    UNKNOWN_INTEGRATION = 10005, "Unknown integration";
    UNKNOWN_INVITE = 10006, "Unknown invite";
    UNKNOWN_MEMBER = 10007, "Unknown member";
    UNKNOWN_MESSAGE = 10008, "Unknown message";
    UNKNOWN_OVERWRITE = 10009, "Unknown permission overwrite";
    UNKNOWN_ROLE = 10011, "Unknown role";
    UNKNOWN_USER = 10013, "Unknown user";
    UNKNOWN_EMOJI = 10014, "Unknown emoji";
    UNKNOWN_WEBHOOK = 10015, "Unknown webhook";
    UNKNOWN_SESSION = 10020, "Unknown session";
    UNKNOWN_BAN = 10026, "Unknown ban";
    UNKNOWN_AUTO_MODERATION_RULE = 10068, "Unknown auto moderation rule";
    UNKNOWN_INTERACTION = 10062, "Unknown interaction";
    UNKNOWN_COMMAND = 10063, "Unknown application command";
    UNKNOWN_VOICE_STATE = 10065, "Unknown voice state";
    UNKNOWN_COMMAND_PERMISSIONS = 10066, "Unknown application command permissions";
    BOTS_ONLY = 20002, "Only bots can use this endpoint";
    PEOPLE_ONLY = 20001, "Bots cannot use this endpoint";
    SLOW_MODE = 20016, "This channel is in slow mode: wait before you write again";
    MAX_GUILDS = 30001, "Maximum number of rooms reached";
    MAX_FRIENDS = 30002, "Maximum number of friends reached: end a friendship or a block first";
    MAX_PINS = 30003, "Maximum number of pins reached: unpin something first";
    MAX_RECIPIENTS = 30004, "Maximum number of people in a group reached";
    MAX_ROLES = 30005, "Maximum number of roles reached";
    MAX_WEBHOOKS = 30007, "Maximum number of webhooks reached: delete one first";
    MAX_EMOJIS = 30008, "Maximum number of emoji reached: delete one first";
    MAX_REACTIONS = 30010, "Maximum number of reactions reached";
    MAX_CHANNELS = 30013, "Maximum number of channels reached";
    MAX_ATTACHMENTS = 30015, "Maximum number of attachments reached";
    MAX_INVITES = 30016, "Maximum number of invites reached";
    MAX_ANIMATED_EMOJIS = 30018, "Maximum number of animated emoji reached: delete one first";
    MAX_BANS = 30035, "Maximum number of bans reached";
    MAX_THREAD_MEMBERS = 30033, "Maximum number of people in a thread reached";
    NOT_IN_VOICE = 40032, "This member is not in voice";
    UNAUTHORIZED = 40001, "Unauthorized: sign in and send your token";
    BODY_TOO_LARGE = 40005, "The request is too large: send something smaller";
    BANNED = 40007, "You are banned from this room";
    INTERACTION_ACKNOWLEDGED = 40060, "Interaction has already been acknowledged";
    MAX_FOLLOWUPS = 40094, "This interaction has reached the maximum number of messages";
    MISSING_ACCESS = 50001, "Missing access";
    DM_EXECUTE = 50003, "This cannot be done in a direct message";
    WIDGET_OFF = 50004, "This room has no widget";
    NOT_AUTHOR = 50005, "Only the author can edit a message";
    EMPTY_MESSAGE = 50006, "A message needs content, an embed or a file";
    CANNOT_DM = 50007, "You cannot send messages to this user";
    NOT_TEXT = 50008, "This channel does not take messages";
    MISSING_PERMISSIONS = 50013, "You lack the permission to do this";
    INVALID_TOKEN = 50014, "Invalid token: sign in again";
    BULK_DELETE_COUNT = 50016, "Between 2 and 100 messages can be deleted at once";
    WRONG_CHANNEL = 50019, "A message can only be pinned in its own channel";
    SYSTEM_MESSAGE = 50021, "This cannot be done to a system message";
    WRONG_TYPE = 50024, "This cannot be done in this type of channel";
    INVALID_WEBHOOK_TOKEN = 50027, "Invalid webhook token";
    INVALID_ROLE = 50028, "Invalid role";
    INVALID_FORM = 50035, "Invalid form body";
    INVALID_JSON = 50109, "The request body is not valid JSON";
    MEMBER_OWNER = 50055, "The owner of the room is out of reach";
    UPLOAD_TOO_LARGE = 50045, "The file is too large";
    MESSAGE_TYPE = 50068, "This cannot be done to a message of this type";
    THREAD_ARCHIVED = 50083, "This thread is archived: open it again first";
    REACTION_BLOCKED = 90001, "Reaction was blocked";
    BULK_BAN_FAILED = 500000, "None of these people could be banned";
    INDEX_NOT_READY = 110000, "The index is not ready yet: try again in a moment";
    OVERLOADED = 130000, "The server is busy: try again in a moment";
    HAS_THREAD = 160004, "This message has a thread already";
    THREAD_LOCKED = 160005, "This thread is locked: only who manages threads can write in it";
    MAX_THREADS = 160006, "Maximum number of active threads reached: archive some first";
    AUTO_MODERATION_BLOCKED = 200000, "Message was blocked by automatic moderation";
    FORUM_ONLY = 220003, "A webhook can only begin threads in forums, and there are none here";
    // Ours.
    VOICE_FULL = 900015, "This voice channel is full";
    WRONG_PASSWORD = 900001, "Name or password is wrong";
    NAME_TAKEN = 900002, "This name is taken: choose another";
    GUESTS_OFF = 900003, "Guests cannot come here: make an account or sign in";
    REGISTRATION_OFF = 900004, "New accounts cannot be made here: ask the owner of this server";
    ALREADY_ACCOUNT = 900005, "You have an account already: log out first";
    ACCOUNT_NEEDED = 900006, "This needs an account: make one first, you keep everything";
    SECRET_GONE = 900007, "This link was used or has run out: ask for a new one";
    STORAGE_FULL = 900008, "The server's disk is full: nothing was saved, try again later";
    NOT_SERVER_OWNER = 900009, "Only the owner of this server can do this";
    CHALLENGE = 900010, "Many guests are coming: solve the challenge and try again";
    OWNER_CANNOT_LEAVE = 900011, "Hand the room over or delete it before you leave";
    SLUG_TAKEN = 900012, "This address is taken: choose another";
    FOREIGN_ORIGIN = 900013, "This page may not act for you: send your token in a header";
    TOO_SLOW = 900014, "The request came in too slowly";
    OWN_RELATIONSHIP = 900017, "This is you: choose somebody else";
    BOT_RELATIONSHIP = 900018, "Bots have no friends: add them to a room instead";
    MAX_NOTIFICATIONS = 900019, "Too many notification settings: set some back first";
    PRIVATE_BOT = 900040, "This bot is private: only who made it can add it to a room";
    RAID_GUESTS = 900030, "No guests come in here for now: try again later, or make an account";
    INVITES_PAUSED = 900031, "Invites of this room are paused for now: try again later";
    UNKNOWN_REPORT = 900032, "Unknown report";
    MAX_REPORTS = 900033, "You have reported much today: the moderators will look at it first";
    MAX_RULES = 900034, "Maximum number of rules of this kind reached: delete one first";
    UNKNOWN_CLEANUP = 900035, "Unknown cleanup";
    FILES_FULL = 900016, "Your files take all the space you have here: delete some first";
}

/// Why a gateway socket was closed.
pub mod close {
    pub const UNKNOWN_ERROR: u16 = 4000;
    pub const UNKNOWN_OPCODE: u16 = 4001;
    pub const DECODE_ERROR: u16 = 4002;
    pub const NOT_AUTHENTICATED: u16 = 4003;
    pub const AUTHENTICATION_FAILED: u16 = 4004;
    pub const ALREADY_AUTHENTICATED: u16 = 4005;
    pub const INVALID_SEQ: u16 = 4007;
    pub const RATE_LIMITED: u16 = 4008;
    pub const SESSION_TIMED_OUT: u16 = 4009;
    pub const INVALID_SHARD: u16 = 4010;
    pub const SHARDING_REQUIRED: u16 = 4011;
    pub const INVALID_VERSION: u16 = 4012;
    pub const INVALID_INTENTS: u16 = 4013;
    pub const DISALLOWED_INTENTS: u16 = 4014;
}
