//! The gateway: every event there is, who may ask for it, and in which shapes it is written.
//!
//! <https://discord.com/developers/docs/events/gateway-events>

pub mod command;
pub mod session;
pub mod shard;

use serde::{Deserialize, Serialize, de::Error as _};
use serde_json::{Value, value::RawValue};

use crate::{
    Id,
    audit_log::AuditLogEntryCreate,
    auto_moderation::{ActionExecution, AutoModerationRule},
    channel::{Channel, ChannelPinsUpdate, ChannelRecipient},
    emoji::EmojisUpdate,
    guild::{Guild, GuildCreate, UnavailableGuild},
    interaction::{CommandPermissions, Interaction},
    invite::{InviteCreate, InviteDelete},
    marker,
    member::Member,
    message::{Message, MessageDelete, MessageDeleteBulk, ReactionEvent, ReactionsCleared},
    osc::{GuildOrder, NotificationSetting, ReadState, ReadyOsc, Relationship, RelationshipRemove},
    presence::{Presence, TypingStart},
    role::Role,
    safety::{Cleanup, OwnReport, RaidAlert, ReportNotice},
    thread::{ThreadDelete, ThreadListSync, ThreadMemberUpdate, ThreadMembersUpdate},
    user::{CurrentUser, User},
    voice::{VoiceServerUpdate, VoiceState},
    webhook::WebhooksUpdate,
    wire::wire,
};

wire! {
    pub struct Ready {
        pub v: u8,
        pub user: CurrentUser,
        /// A guild each, unavailable; its GUILD_CREATE follows.
        pub guilds: Vec<UnavailableGuild>,
        pub session_id: String,
        pub resume_gateway_url: String,
        /// Direct messages, for our own clients; empty for others.
        pub private_channels: Vec<Channel>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub shard: Option<[u32; 2]>,
        pub application: ReadyApplication,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub osc: Option<ReadyOsc>,
    }

    /// COMPAT: some libraries end without it, so people's sessions have one too (their own id).
    pub struct ReadyApplication {
        pub id: Id<marker::Application>,
        pub flags: u32,
    }

    /// RESUMED has nothing to say.
    pub struct Resumed {}

    /// GUILD_MEMBER_ADD and _UPDATE.
    pub struct MemberEvent {
        #[serde(flatten)]
        pub member: Member,
        pub guild_id: Id<marker::Guild>,
    }

    /// GUILD_MEMBER_REMOVE, GUILD_BAN_ADD and _REMOVE.
    pub struct GuildUser {
        pub guild_id: Id<marker::Guild>,
        pub user: User,
    }

    /// GUILD_ROLE_CREATE and _UPDATE.
    pub struct RoleEvent {
        pub guild_id: Id<marker::Guild>,
        pub role: Role,
    }

    pub struct RoleDelete {
        pub guild_id: Id<marker::Guild>,
        pub role_id: Id<marker::Role>,
    }

    pub struct MembersChunk {
        pub guild_id: Id<marker::Guild>,
        pub members: Vec<Member>,
        pub chunk_index: u32,
        pub chunk_count: u32,
        #[serde(default)]
        pub not_found: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub presences: Option<Vec<Presence>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub nonce: Option<String>,
    }
}

wire! {
    /// RATE_LIMITED: a request was not carried out.
    pub struct RateLimited {
        pub opcode: u8,
        /// Seconds.
        pub retry_after: f64,
        pub meta: RateLimitedMeta,
    }

    /// Of a request for members.
    pub struct RateLimitedMeta {
        pub guild_id: Id<marker::Guild>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub nonce: Option<String>,
    }
}

macro_rules! dispatches {
    ($($(#[$doc:meta])* $variant:ident($payload:ty) = $name:literal,)*) => {
        /// Every event: the closed list.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Dispatch { $($(#[$doc])* $variant($payload),)* }

        impl Dispatch {
            /// `t` on the wire.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name,)* }
            }

            /// Reads what `t` and `d` say; `None` if there is no such event.
            pub fn parse(name: &str, data: &str) -> Option<serde_json::Result<Self>> {
                Some(match name {
                    $($name => serde_json::from_str(data).map(Self::$variant),)*
                    _ => return None,
                })
            }

            fn data_to_value(&self) -> Value {
                let value = match self { $(Self::$variant(d) => serde_json::to_value(d),)* };
                value.expect("wire types are plain data")
            }

            fn write_data(&self, out: &mut Vec<u8>) {
                let written = match self {
                    $(Self::$variant(d) => serde_json::to_writer(out, d),)*
                };
                written.expect("wire types are plain data");
            }
        }
    };
}

dispatches! {
    Ready(Box<Ready>) = "READY",
    Resumed(Resumed) = "RESUMED",
    GuildCreate(Box<GuildCreate>) = "GUILD_CREATE",
    GuildUpdate(Box<Guild>) = "GUILD_UPDATE",
    GuildDelete(UnavailableGuild) = "GUILD_DELETE",
    ChannelCreate(Box<Channel>) = "CHANNEL_CREATE",
    ChannelUpdate(Box<Channel>) = "CHANNEL_UPDATE",
    ChannelDelete(Box<Channel>) = "CHANNEL_DELETE",
    ChannelPinsUpdate(ChannelPinsUpdate) = "CHANNEL_PINS_UPDATE",
    ChannelRecipientAdd(Box<ChannelRecipient>) = "CHANNEL_RECIPIENT_ADD",
    ChannelRecipientRemove(Box<ChannelRecipient>) = "CHANNEL_RECIPIENT_REMOVE",
    GuildEmojisUpdate(Box<EmojisUpdate>) = "GUILD_EMOJIS_UPDATE",
    ThreadCreate(Box<Channel>) = "THREAD_CREATE",
    ThreadUpdate(Box<Channel>) = "THREAD_UPDATE",
    ThreadDelete(ThreadDelete) = "THREAD_DELETE",
    ThreadListSync(Box<ThreadListSync>) = "THREAD_LIST_SYNC",
    ThreadMemberUpdate(Box<ThreadMemberUpdate>) = "THREAD_MEMBER_UPDATE",
    ThreadMembersUpdate(Box<ThreadMembersUpdate>) = "THREAD_MEMBERS_UPDATE",
    GuildRoleCreate(RoleEvent) = "GUILD_ROLE_CREATE",
    GuildRoleUpdate(RoleEvent) = "GUILD_ROLE_UPDATE",
    GuildRoleDelete(RoleDelete) = "GUILD_ROLE_DELETE",
    GuildMemberAdd(Box<MemberEvent>) = "GUILD_MEMBER_ADD",
    GuildMemberUpdate(Box<MemberEvent>) = "GUILD_MEMBER_UPDATE",
    GuildMemberRemove(Box<GuildUser>) = "GUILD_MEMBER_REMOVE",
    GuildBanAdd(Box<GuildUser>) = "GUILD_BAN_ADD",
    GuildBanRemove(Box<GuildUser>) = "GUILD_BAN_REMOVE",
    GuildAuditLogEntryCreate(Box<AuditLogEntryCreate>) = "GUILD_AUDIT_LOG_ENTRY_CREATE",
    GuildMembersChunk(Box<MembersChunk>) = "GUILD_MEMBERS_CHUNK",
    RateLimited(RateLimited) = "RATE_LIMITED",
    /// To the application's own sessions.
    InteractionCreate(Box<Interaction>) = "INTERACTION_CREATE",
    ApplicationCommandPermissionsUpdate(Box<CommandPermissions>) =
        "APPLICATION_COMMAND_PERMISSIONS_UPDATE",
    InviteCreate(Box<InviteCreate>) = "INVITE_CREATE",
    InviteDelete(InviteDelete) = "INVITE_DELETE",
    MessageCreate(Box<Message>) = "MESSAGE_CREATE",
    MessageUpdate(Box<Message>) = "MESSAGE_UPDATE",
    MessageDelete(MessageDelete) = "MESSAGE_DELETE",
    MessageDeleteBulk(MessageDeleteBulk) = "MESSAGE_DELETE_BULK",
    MessageReactionAdd(Box<ReactionEvent>) = "MESSAGE_REACTION_ADD",
    MessageReactionRemove(Box<ReactionEvent>) = "MESSAGE_REACTION_REMOVE",
    MessageReactionRemoveAll(ReactionsCleared) = "MESSAGE_REACTION_REMOVE_ALL",
    MessageReactionRemoveEmoji(ReactionsCleared) = "MESSAGE_REACTION_REMOVE_EMOJI",
    PresenceUpdate(Box<Presence>) = "PRESENCE_UPDATE",
    TypingStart(Box<TypingStart>) = "TYPING_START",
    UserUpdate(Box<CurrentUser>) = "USER_UPDATE",
    VoiceStateUpdate(Box<VoiceState>) = "VOICE_STATE_UPDATE",
    VoiceServerUpdate(VoiceServerUpdate) = "VOICE_SERVER_UPDATE",
    WebhooksUpdate(WebhooksUpdate) = "WEBHOOKS_UPDATE",
    AutoModerationRuleCreate(Box<AutoModerationRule>) = "AUTO_MODERATION_RULE_CREATE",
    AutoModerationRuleUpdate(Box<AutoModerationRule>) = "AUTO_MODERATION_RULE_UPDATE",
    AutoModerationRuleDelete(Box<AutoModerationRule>) = "AUTO_MODERATION_RULE_DELETE",
    AutoModerationActionExecution(Box<ActionExecution>) = "AUTO_MODERATION_ACTION_EXECUTION",
    /// A direct message was opened. COMPAT: never CHANNEL_CREATE, some libraries fail on it.
    OscChannelCreate(Box<Channel>) = "OSC_CHANNEL_CREATE",
    OscReadStateUpdate(ReadState) = "OSC_READ_STATE_UPDATE",
    OscRelationshipUpdate(Box<Relationship>) = "OSC_RELATIONSHIP_UPDATE",
    OscRelationshipRemove(RelationshipRemove) = "OSC_RELATIONSHIP_REMOVE",
    OscNotificationUpdate(NotificationSetting) = "OSC_NOTIFICATION_UPDATE",
    OscGuildOrderUpdate(GuildOrder) = "OSC_GUILD_ORDER_UPDATE",
    /// Many come into a room at once: for those who manage it.
    OscRaidAlert(RaidAlert) = "OSC_RAID_ALERT",
    /// There is a report, or it has changed: for those who may look at it.
    OscReportUpdate(ReportNotice) = "OSC_REPORT_UPDATE",
    /// A report of one's own was answered.
    OscReportAnswer(Box<OwnReport>) = "OSC_REPORT_ANSWER",
    /// How far a cleanup is.
    OscCleanupUpdate(Cleanup) = "OSC_CLEANUP_UPDATE",
    /// Somebody known from a conversation or as a friend has another name or picture.
    OscUserUpdate(Box<User>) = "OSC_USER_UPDATE",
}

/// Which of the four encodings of an event a session gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Message content, embeds, attachments and components are there.
    pub content: bool,
    /// Our own keys and events are there.
    pub osc: bool,
}

impl Shape {
    pub const ALL: [Self; 4] = [
        Self { content: false, osc: false },
        Self { content: false, osc: true },
        Self { content: true, osc: false },
        Self { content: true, osc: true },
    ];

    /// 0 to 3, the place in `ALL`.
    pub fn index(self) -> usize {
        usize::from(self.content) * 2 + usize::from(self.osc)
    }
}

impl Dispatch {
    /// Whether this event exists only in our own namespace.
    pub fn is_osc(&self) -> bool {
        self.name().starts_with("OSC_")
    }

    /// The end of its frame, after the sequence number: `,"t":"NAME","d":{...}}`.
    /// The whole frame is `{"op":0,"s":` + number + this. `None` if this shape has no such event.
    pub fn encode(&self, shape: Shape) -> Option<Vec<u8>> {
        if self.is_osc() && !shape.osc {
            return None;
        }
        let mut out = Vec::with_capacity(512);
        out.extend_from_slice(b",\"t\":\"");
        out.extend_from_slice(self.name().as_bytes());
        out.extend_from_slice(b"\",\"d\":");
        match self {
            Self::MessageCreate(message) if !shape.content => {
                let bare = Self::MessageCreate(Box::new(message.without_content()));
                bare.write(shape, &mut out);
            }
            Self::MessageUpdate(message) if !shape.content => {
                let bare = Self::MessageUpdate(Box::new(message.without_content()));
                bare.write(shape, &mut out);
            }
            Self::AutoModerationActionExecution(done) if !shape.content => {
                let bare = Self::AutoModerationActionExecution(Box::new(done.without_content()));
                bare.write(shape, &mut out);
            }
            _ => self.write(shape, &mut out),
        }
        out.push(b'}');
        Some(out)
    }

    fn write(&self, shape: Shape, out: &mut Vec<u8>) {
        if shape.osc {
            return self.write_data(out);
        }
        let mut value = self.data_to_value();
        strip_osc(&mut value);
        serde_json::to_writer(out, &value).expect("plain data");
    }

    /// The intent that asks for it; `None`: everybody gets it.
    pub fn intent(&self) -> Option<Intents> {
        use Dispatch as D;
        Some(match self {
            D::Ready(_) | D::Resumed(_) | D::GuildMembersChunk(_) | D::UserUpdate(_) => {
                return None;
            }
            D::InteractionCreate(_) | D::ApplicationCommandPermissionsUpdate(_) => return None,
            D::VoiceServerUpdate(_) | D::OscChannelCreate(_) | D::OscReadStateUpdate(_) => {
                return None;
            }
            D::OscRelationshipUpdate(_) | D::OscRelationshipRemove(_) => return None,
            D::OscNotificationUpdate(_) | D::OscGuildOrderUpdate(_) | D::OscUserUpdate(_) => {
                return None;
            }
            D::RateLimited(_) => return None,
            D::OscRaidAlert(_) | D::OscReportUpdate(_) | D::OscReportAnswer(_) => return None,
            D::OscCleanupUpdate(_) => return None,
            D::AutoModerationRuleCreate(_)
            | D::AutoModerationRuleUpdate(_)
            | D::AutoModerationRuleDelete(_) => Intents::AUTO_MODERATION_CONFIGURATION,
            D::AutoModerationActionExecution(_) => Intents::AUTO_MODERATION_EXECUTION,
            D::ChannelRecipientAdd(_) | D::ChannelRecipientRemove(_) => Intents::GUILDS,
            D::GuildCreate(_) | D::GuildUpdate(_) | D::GuildDelete(_) => Intents::GUILDS,
            D::ChannelCreate(_) | D::ChannelUpdate(_) | D::ChannelDelete(_) => Intents::GUILDS,
            D::ThreadCreate(_) | D::ThreadUpdate(_) | D::ThreadDelete(_) => Intents::GUILDS,
            // COMPAT: without GUILD_MEMBERS one hears of oneself only: `Dispatch::is_meant_for`.
            D::ThreadListSync(_) | D::ThreadMemberUpdate(_) | D::ThreadMembersUpdate(_) => {
                Intents::GUILDS
            }
            D::GuildRoleCreate(_) | D::GuildRoleUpdate(_) | D::GuildRoleDelete(_) => {
                Intents::GUILDS
            }
            D::ChannelPinsUpdate(event) => {
                by_place(event.guild_id, Intents::GUILDS, Intents::DIRECT_MESSAGES)
            }
            D::GuildMemberAdd(_) | D::GuildMemberUpdate(_) | D::GuildMemberRemove(_) => {
                Intents::GUILD_MEMBERS
            }
            D::GuildEmojisUpdate(_) => Intents::GUILD_EXPRESSIONS,
            D::GuildBanAdd(_) | D::GuildBanRemove(_) | D::GuildAuditLogEntryCreate(_) => {
                Intents::GUILD_MODERATION
            }
            D::InviteCreate(_) | D::InviteDelete(_) => Intents::GUILD_INVITES,
            D::MessageCreate(m) | D::MessageUpdate(m) => message_intent(m.guild_id),
            D::MessageDelete(event) => message_intent(event.guild_id),
            D::MessageDeleteBulk(event) => message_intent(event.guild_id),
            D::MessageReactionAdd(e) | D::MessageReactionRemove(e) => reaction_intent(e.guild_id),
            D::MessageReactionRemoveAll(e) | D::MessageReactionRemoveEmoji(e) => {
                reaction_intent(e.guild_id)
            }
            D::PresenceUpdate(_) => Intents::GUILD_PRESENCES,
            D::TypingStart(e) => {
                by_place(e.guild_id, Intents::GUILD_MESSAGE_TYPING, Intents::DIRECT_MESSAGE_TYPING)
            }
            D::VoiceStateUpdate(_) => Intents::GUILD_VOICE_STATES,
            D::WebhooksUpdate(_) => Intents::GUILD_WEBHOOKS,
        })
    }
}

impl Dispatch {
    /// Whether a session with these intents is told of it.
    pub fn is_meant_for(&self, user: Id<marker::User>, intents: Intents) -> bool {
        let wanted = self.intent().is_none_or(|needed| intents.contains(needed));
        match self {
            Self::ThreadMembersUpdate(update) => {
                wanted && (intents.contains(Intents::GUILD_MEMBERS) || update.is_about(user))
            }
            _ => wanted,
        }
    }
}

fn by_place(guild: Option<Id<marker::Guild>>, there: Intents, direct: Intents) -> Intents {
    if guild.is_some() { there } else { direct }
}

fn message_intent(guild: Option<Id<marker::Guild>>) -> Intents {
    by_place(guild, Intents::GUILD_MESSAGES, Intents::DIRECT_MESSAGES)
}

fn reaction_intent(guild: Option<Id<marker::Guild>>) -> Intents {
    by_place(guild, Intents::GUILD_MESSAGE_REACTIONS, Intents::DIRECT_MESSAGE_REACTIONS)
}

/// Removes our own keys, at every depth, from what a session or caller that does not know us gets.
pub fn strip_osc(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.remove("osc");
            map.values_mut().for_each(strip_osc);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_osc),
        _ => {}
    }
}

impl Message {
    /// What a session without the MESSAGE_CONTENT intent gets of others' messages.
    pub fn without_content(&self) -> Self {
        let quoted = self.referenced_message.as_ref();
        Self {
            content: String::new(),
            embeds: Vec::new(),
            attachments: Vec::new(),
            components: Vec::new(),
            referenced_message: quoted
                .map(|quoted| quoted.as_ref().map(|m| Box::new(m.without_content()))),
            ..self.clone()
        }
    }
}

/// What a session asks for. Unknown bits are ignored: libraries pass "all".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Intents(pub u64);

macro_rules! intents {
    ($($name:ident = $bit:literal;)*) => {
        impl Intents {
            $(pub const $name: Self = Self(1 << $bit);)*
        }
    };
}

intents! {
    GUILDS = 0;
    GUILD_MEMBERS = 1;
    GUILD_MODERATION = 2;
    GUILD_EXPRESSIONS = 3;
    GUILD_INTEGRATIONS = 4;
    GUILD_WEBHOOKS = 5;
    GUILD_INVITES = 6;
    GUILD_VOICE_STATES = 7;
    GUILD_PRESENCES = 8;
    GUILD_MESSAGES = 9;
    GUILD_MESSAGE_REACTIONS = 10;
    GUILD_MESSAGE_TYPING = 11;
    DIRECT_MESSAGES = 12;
    DIRECT_MESSAGE_REACTIONS = 13;
    DIRECT_MESSAGE_TYPING = 14;
    MESSAGE_CONTENT = 15;
    AUTO_MODERATION_CONFIGURATION = 20;
    AUTO_MODERATION_EXECUTION = 21;
}

impl Intents {
    /// Those a bot must be granted.
    pub const PRIVILEGED: Self =
        Self(Self::GUILD_MEMBERS.0 | Self::GUILD_PRESENCES.0 | Self::MESSAGE_CONTENT.0);

    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Opcodes. <https://discord.com/developers/docs/topics/opcodes-and-status-codes>
pub mod opcode {
    pub const DISPATCH: u8 = 0;
    pub const HEARTBEAT: u8 = 1;
    pub const IDENTIFY: u8 = 2;
    pub const PRESENCE_UPDATE: u8 = 3;
    pub const VOICE_STATE_UPDATE: u8 = 4;
    pub const RESUME: u8 = 6;
    pub const RECONNECT: u8 = 7;
    pub const REQUEST_GUILD_MEMBERS: u8 = 8;
    pub const INVALID_SESSION: u8 = 9;
    pub const HELLO: u8 = 10;
    pub const HEARTBEAT_ACK: u8 = 11;
    pub const REQUEST_SOUNDBOARD_SOUNDS: u8 = 31;
    pub const REQUEST_CHANNEL_INFO: u8 = 43;
    /// Ours: commands of clients that know us.
    pub const OSC: u8 = 200;
}

/// A frame with its data unread: what comes in is parsed `op` first.
#[derive(Debug, Deserialize, Serialize)]
pub struct Frame<'a> {
    pub op: u8,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub d: Option<&'a RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s: Option<u64>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub t: Option<std::borrow::Cow<'a, str>>,
}

/// `d` of op 2.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Identify {
    /// With or without `Bot `; empty: by the cookie of the upgrade.
    #[serde(default)]
    pub token: String,
    #[serde(default)]
    pub intents: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub properties: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compress: Option<bool>,
    /// 50 to 250: above it members who are offline are not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub large_threshold: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<[u32; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presence: Option<Value>,
    /// Present: the client knows us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub osc: Option<IdentifyOsc>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct IdentifyOsc {
    pub v: u32,
    #[serde(default)]
    pub features: Vec<String>,
}

/// `d` of op 6.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Resume {
    #[serde(default)]
    pub token: String,
    pub session_id: String,
    pub seq: u64,
}

/// `d` of op 4.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct UpdateVoiceState {
    pub guild_id: Id<marker::Guild>,
    pub channel_id: Option<Id<marker::Channel>>,
    #[serde(default)]
    pub self_mute: bool,
    #[serde(default)]
    pub self_deaf: bool,
    #[serde(default)]
    pub self_video: bool,
}

/// `d` of op 8.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct RequestGuildMembers {
    #[serde(deserialize_with = "one_or_first")]
    pub guild_id: Id<marker::Guild>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    #[serde(default)]
    pub limit: u32,
    #[serde(default)]
    pub presences: bool,
    #[serde(default, deserialize_with = "one_or_many", skip_serializing_if = "Vec::is_empty")]
    pub user_ids: Vec<Id<marker::User>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

/// COMPAT: some libraries send a list of one guild.
fn one_or_first<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Id<marker::Guild>, D::Error> {
    match OneOrMany::deserialize(d)? {
        OneOrMany::One(id) => Ok(id),
        OneOrMany::Many(ids) => ids.first().copied().ok_or_else(|| D::Error::custom("no guild")),
    }
}

fn one_or_many<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Vec<Id<marker::User>>, D::Error> {
    Ok(match Option::<OneOrMany<_>>::deserialize(d)? {
        None => Vec::new(),
        Some(OneOrMany::One(id)) => vec![id],
        Some(OneOrMany::Many(ids)) => ids,
    })
}

#[cfg(test)]
mod pair_tests;
