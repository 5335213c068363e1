//! Every stored row, its key and its indexes: the schema on one page.
//!
//! Bodies are JSON; a new field has a `default` and is not written while it has it, and a field
//! never changes its meaning.

mod searched;

use anyhow::Context as _;
use proto::{
    Id, Permissions, Timestamp,
    audit_log::AuditLogChange,
    guild::Visibility,
    marker,
    message::{MessageReference, Nonce},
    permission::Overwrite,
    time::ms,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value as Json, value::RawValue};

use crate::{
    bus::Audience,
    store::{Cell, Column, Entity, Index, Key, Row, Table, Value},
};

pub use searched::{DirectoryRow, MessageTextRow};

/// All tables, for backends to create.
pub const TABLES: &[&Table] = &[
    MetaRow::TABLE,
    UserRow::TABLE,
    CredentialRow::TABLE,
    LoginRow::TABLE,
    PushRow::TABLE,
    SecretRow::TABLE,
    GuildRow::TABLE,
    SlugRow::TABLE,
    DirectoryRow::TABLE,
    ChannelRow::TABLE,
    ThreadRow::TABLE,
    ThreadMemberRow::TABLE,
    TipRow::TABLE,
    RoleRow::TABLE,
    MemberRow::TABLE,
    BanRow::TABLE,
    EmojiRow::TABLE,
    SilenceRow::TABLE,
    AuditLogRow::TABLE,
    InviteRow::TABLE,
    WebhookRow::TABLE,
    MessageRow::TABLE,
    ReindexRow::TABLE,
    MessageTextRow::TABLE,
    ReactionRow::TABLE,
    PinRow::TABLE,
    NonceRow::TABLE,
    AttachmentRow::TABLE,
    UsageRow::TABLE,
    PurgeRow::TABLE,
    ReadStateRow::TABLE,
    DmRow::TABLE,
    RelationshipRow::TABLE,
    NotificationRow::TABLE,
    GuildOrderRow::TABLE,
    PairRow::TABLE,
    CommandRow::TABLE,
    ApplicationRow::TABLE,
    AutoModerationRow::TABLE,
    ReportRow::TABLE,
    JoinRow::TABLE,
    CleanupRow::TABLE,
    CommandPermissionRow::TABLE,
    EndpointRow::TABLE,
    InteractionRow::TABLE,
    EphemeralRow::TABLE,
    EventRow::TABLE,
    GatewaySessionRow::TABLE,
];

const fn index(name: &'static str, columns: &'static [&'static str]) -> Index {
    Index { name, columns, unique: false }
}

const fn unique(name: &'static str, columns: &'static [&'static str]) -> Index {
    Index { name, columns, unique: true }
}

/// What is so is not written: a field that older rows lack changes nothing in their bytes, which
/// expectations compare.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

const fn column<T: Cell>(name: &'static str) -> Column {
    Column { name, kind: T::KIND }
}

fn cell<'r, T: Cell>(values: &mut impl Iterator<Item = &'r Value>) -> anyhow::Result<T> {
    let value = values.next().context("a column is missing")?;
    T::read(value).with_context(|| format!("a column cannot be {value:?}"))
}

fn to_json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("rows are plain data")
}

fn from_json<T: DeserializeOwned>(row: &Row) -> anyhow::Result<T> {
    // One look at all bytes is cheaper than one at each string.
    let body = std::str::from_utf8(&row.body)?;
    Ok(serde_json::from_str(body)?)
}

/// Declares rows: table, key, further columns, indexes, and what else there is. A value stands in
/// one place: in the key, in a column, or in the body.
macro_rules! rows {
    ($(
        $(#[$attribute:meta])*
        $name:ident = $table:literal
        key($($(#[doc = $key_doc:literal])* $key:ident: $key_type:ty),*)
        $(columns($($(#[doc = $column_doc:literal])* $column:ident: $column_type:ty),*))?
        $(indexes($($index:expr),*))?
        { $($(#[doc = $doc:literal])* $(#[serde $serde:tt])* $field:ident: $type:ty,)* }
    )*) => {$(
        $(#[$attribute])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $($(#[doc = $key_doc])* pub $key: $key_type,)*
            $($($(#[doc = $column_doc])* pub $column: $column_type,)*)?
            $($(#[doc = $doc])* pub $field: $type,)*
        }

        const _: () = {
            #[derive(Serialize, Deserialize)]
            struct Body { $($(#[serde $serde])* $field: $type,)* }

            impl Entity for $name {
                const TABLE: &'static Table = &Table {
                    name: $table,
                    key: &[$(column::<$key_type>(stringify!($key))),*],
                    columns: &[$($(column::<$column_type>(stringify!($column))),*)?],
                    indexes: &[$($($index),*)?],
                    searched: false,
                };
                fn key(&self) -> Key {
                    vec![$(Value::from(self.$key.clone())),*]
                }
                fn columns(&self) -> Vec<Value> {
                    vec![$($(Value::from(self.$column.clone())),*)?]
                }
                fn body(&self) -> Vec<u8> {
                    to_json(&Body { $($field: self.$field.clone()),* })
                }
                fn from_row(row: &Row) -> anyhow::Result<Self> {
                    let mut values = row.key.iter().chain(&row.columns);
                    let Body { $($field),* } = from_json(row)?;
                    Ok(Self {
                        $($key: cell(&mut values)?,)*
                        $($($column: cell(&mut values)?,)*)?
                        $($field,)*
                    })
                }
            }
        };
    )*};
}

mod application;
mod safety;

pub use application::{
    Answers, ApplicationRow, CommandPermissionRow, CommandRow, EndpointRow, EphemeralRow,
    InteractionRow,
};
pub use safety::{AutoModerationRow, CleanupRow, JoinRow, ReportRow, Safety};

rows! {
    /// Single values: high-water marks, the server's own secrets and settings.
    MetaRow = "meta" key(name: String) {
        value: Json,
    }

    /// A user of any kind. Ids are never reused; a deleted user keeps its row.
    UserRow = "user" key(id: Id<marker::User>)
    columns(
        /// What an account's username looks like: see `name::skeleton`.
        skeleton: Option<String>,
        /// Of a bot: whose it is. Of a guest who has signed in since: the account.
        owner_id: Option<Id<marker::User>>,
        /// Of a guest: when it was last seen, to within an hour.
        idle_since: Option<Timestamp>
    )
    indexes(
        unique("by_skeleton", &["skeleton"]),
        index("by_owner", &["owner_id"]),
        index("by_idle", &["idle_since"])
    ) {
        kind: UserKind,
        /// Unique for accounts; `guest_ID` for guests; bots may share one.
        username: String,
        #[serde(default, skip_serializing_if = "is_default")]
        global_name: Option<String>,
        #[serde(default, skip_serializing_if = "is_default")]
        avatar: Option<String>,
        /// Of a bot: privileged intents it was granted.
        #[serde(default, skip_serializing_if = "is_default")]
        intents: u64,
        /// What it says about itself.
        #[serde(default, skip_serializing_if = "is_default")]
        bio: Option<String>,
    }

    /// The password of an account, as a PHC string (Argon2id).
    CredentialRow = "credential" key(user_id: Id<marker::User>) {
        password: String,
    }

    /// A login: one token, kept as its SHA-256 in hex.
    LoginRow = "login" key(id: Id<marker::Session>)
    columns(user_id: Id<marker::User>, digest: String)
    indexes(index("by_user", &["user_id"]), unique("by_digest", &["digest"])) {
        #[serde(with = "ms")]
        created_at: Timestamp,
        /// To within a minute.
        #[serde(with = "ms")]
        last_used_at: Timestamp,
        client: String,
    }

    /// Where the browser of a login takes pushes.
    PushRow = "push" key(login_id: Id<marker::Session>) {
        user_id: Id<marker::User>,
        endpoint: String,
        /// The browser's keys, in base64url.
        p256dh: String,
        auth: String,
    }

    /// A one-time secret, kept as its SHA-256 in hex.
    SecretRow = "secret" key(digest: String) {
        purpose: SecretPurpose,
        #[serde(with = "ms")]
        expires_at: Timestamp,
    }

    GuildRow = "guild" key(id: Id<marker::Guild>)
    columns(owner_id: Id<marker::User>)
    indexes(index("by_owner", &["owner_id"])) {
        name: String,
        description: Option<String>,
        icon: Option<String>,
        slug: Option<String>,
        visibility: Visibility,
        /// Guests may write.
        guests_write: bool,
        system_channel_id: Option<Id<marker::Channel>>,
        #[serde(default, skip_serializing_if = "is_default")]
        safety: Safety,
    }

    /// An address of a guild. Never deleted: addresses are never reused.
    SlugRow = "slug" key(slug: String) {
        guild_id: Id<marker::Guild>,
    }

    ChannelRow = "channel" key(id: Id<marker::Channel>)
    columns(
        /// `None`: a direct message.
        guild_id: Option<Id<marker::Guild>>
    )
    indexes(index("by_guild", &["guild_id"])) {
        kind: u8,
        name: String,
        position: u32,
        topic: Option<String>,
        parent_id: Option<Id<marker::Channel>>,
        nsfw: bool,
        /// Slow mode, seconds.
        rate_limit_per_user: u32,
        bitrate: u32,
        user_limit: u32,
        overwrites: Vec<Overwrite>,
        /// Of a direct message: both.
        recipients: Vec<Id<marker::User>>,
        /// Grows when somebody loses access: signed attachment addresses of before end.
        #[serde(default, skip_serializing_if = "is_default")]
        epoch: u32,
        /// Of a group.
        #[serde(default, skip_serializing_if = "is_default")]
        owner_id: Option<Id<marker::User>>,
        /// Of a group.
        #[serde(default, skip_serializing_if = "is_default")]
        icon: Option<String>,
        /// Minutes, for new threads; 0: not set.
        #[serde(default, skip_serializing_if = "is_default")]
        thread_auto_archive: u32,
        /// Slow mode of new threads, seconds.
        #[serde(default, skip_serializing_if = "is_default")]
        thread_rate_limit: u32,
    }

    /// A thread: a channel that hangs on another. Active ones are kept in memory with their guild.
    ThreadRow = "thread" key(id: Id<marker::Channel>)
    columns(
        parent_id: Id<marker::Channel>,
        kind: i64,
        /// Its guild, while it is active.
        active_in: Option<Id<marker::Guild>>,
        /// While it is archived: since when.
        archived_at: Option<Timestamp>,
        /// While it is active: when to look whether it has been quiet for long enough.
        look_at: Option<Timestamp>
    )
    indexes(
        index("by_active", &["active_in"]),
        index("by_parent", &["parent_id", "kind", "archived_at"]),
        index("by_look", &["look_at"])
    ) {
        guild_id: Id<marker::Guild>,
        name: String,
        owner_id: Id<marker::User>,
        /// Minutes.
        auto_archive: u32,
        #[serde(with = "ms")]
        created_at: Timestamp,
        /// When it last became archived, or active.
        #[serde(with = "ms")]
        changed_at: Timestamp,
        #[serde(default, skip_serializing_if = "is_default")]
        locked: bool,
        /// Everybody in it may add people: of a private one.
        #[serde(default, skip_serializing_if = "is_default")]
        invitable: bool,
        /// It hangs on the message of its id.
        #[serde(default, skip_serializing_if = "is_default")]
        of_message: bool,
        #[serde(default, skip_serializing_if = "is_default")]
        rate_limit_per_user: u32,
        /// People in it when it was archived.
        #[serde(default, skip_serializing_if = "is_default")]
        member_count: u32,
        /// Grows when somebody is taken out: signed attachment addresses of before end.
        #[serde(default, skip_serializing_if = "is_default")]
        epoch: u32,
    }

    /// Somebody in a thread. Void if it is older than the person's membership in the guild: who
    /// comes back begins anew.
    ThreadMemberRow = "thread_member"
    key(thread_id: Id<marker::Channel>, user_id: Id<marker::User>)
    indexes(index("by_user", &["user_id"])) {
        guild_id: Id<marker::Guild>,
        #[serde(with = "ms")]
        joined_at: Timestamp,
    }

    /// The end of a channel: what changes with each message, apart from the channel itself.
    TipRow = "tip" key(channel_id: Id<marker::Channel>) {
        guild_id: Option<Id<marker::Guild>>,
        last_message_id: Option<Id<marker::Message>>,
        /// The newest messages that mention everyone or roles, oldest first; at most 25.
        #[serde(default, skip_serializing_if = "is_default")]
        loud: Vec<Loud>,
        #[serde(default, with = "ms::option", skip_serializing_if = "is_default")]
        last_pin_at: Option<Timestamp>,
        /// Of a thread: messages in it, without the one it began with.
        #[serde(default, skip_serializing_if = "is_default")]
        messages: u32,
        /// The same with those that were deleted.
        #[serde(default, skip_serializing_if = "is_default")]
        sent: u32,
    }

    RoleRow = "role"
    key(
        guild_id: Id<marker::Guild>,
        /// @everyone has its guild's.
        id: Id<marker::Role>
    ) {
        name: String,
        color: u32,
        hoist: bool,
        position: u32,
        permissions: Permissions,
        mentionable: bool,
        /// Of a bot: comes and goes with it.
        bot_id: Option<Id<marker::User>>,
    }

    MemberRow = "member" key(guild_id: Id<marker::Guild>, user_id: Id<marker::User>)
    indexes(index("by_user", &["user_id"])) {
        #[serde(default, skip_serializing_if = "is_default")]
        nick: Option<String>,
        /// Without @everyone.
        #[serde(default, skip_serializing_if = "is_default")]
        roles: Vec<Id<marker::Role>>,
        #[serde(with = "ms")]
        joined_at: Timestamp,
        #[serde(with = "ms::option", default, skip_serializing_if = "is_default")]
        timed_out_until: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "is_default")]
        deaf: bool,
        #[serde(default, skip_serializing_if = "is_default")]
        mute: bool,
        /// No account behind it.
        #[serde(default, skip_serializing_if = "is_default")]
        guest: bool,
        /// Its name hit a rule: it may look on until it has another.
        #[serde(default, skip_serializing_if = "is_default")]
        quarantined: bool,
    }

    BanRow = "ban" key(guild_id: Id<marker::Guild>, user_id: Id<marker::User>) {
        reason: Option<String>,
    }

    /// A custom emoji. Its picture is a blob named by its id and this hash.
    EmojiRow = "emoji" key(owner_id: Id<marker::EmojiOwner>, id: Id<marker::Emoji>)
    indexes(unique("by_id", &["id"])) {
        name: String,
        hash: String,
        #[serde(default, skip_serializing_if = "is_default")]
        animated: bool,
        /// Who uploaded it.
        user_id: Id<marker::User>,
        /// Who may use it; empty: everybody.
        #[serde(default, skip_serializing_if = "is_default")]
        roles: Vec<Id<marker::Role>>,
    }

    /// What somebody who left was forbidden: it waits for them, since who comes back is the same
    /// person.
    SilenceRow = "silence" key(guild_id: Id<marker::Guild>, user_id: Id<marker::User>)
    columns(
        /// When nothing of it holds any more.
        until: Timestamp
    )
    indexes(index("by_end", &["until"])) {
        #[serde(with = "ms::option", default, skip_serializing_if = "is_default")]
        timed_out_until: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "is_default")]
        deaf: bool,
        #[serde(default, skip_serializing_if = "is_default")]
        mute: bool,
    }

    /// What somebody did in a guild, for those who look after it.
    AuditLogRow = "audit_log"
    key(guild_id: Id<marker::Guild>, id: Id<marker::AuditLogEntry>)
    columns(
        /// `None`: by who had a token.
        user_id: Option<Id<marker::User>>,
        action: i64
    )
    indexes(
        index("by_user", &["guild_id", "user_id"]),
        index("by_action", &["guild_id", "action"]),
        index("by_both", &["guild_id", "user_id", "action"]),
        index("by_age", &["id"])
    ) {
        #[serde(default, skip_serializing_if = "is_default")]
        target_id: Option<Id<marker::AuditLogTarget>>,
        #[serde(default, skip_serializing_if = "is_default")]
        changes: Vec<AuditLogChange>,
        #[serde(default, skip_serializing_if = "is_default")]
        options: serde_json::Map<String, Json>,
        #[serde(default, skip_serializing_if = "is_default")]
        reason: Option<String>,
    }

    /// An invite. A code is never reused: 64 random bits.
    InviteRow = "invite" key(code: String)
    columns(guild_id: Id<marker::Guild>)
    indexes(index("by_guild", &["guild_id"])) {
        channel_id: Id<marker::Channel>,
        inviter_id: Id<marker::User>,
        #[serde(with = "ms")]
        created_at: Timestamp,
        /// Seconds; 0: never ends.
        max_age: u32,
        /// 0: no limit.
        max_uses: u32,
        uses: u32,
        temporary: bool,
    }

    /// A webhook. Its token can be read again by who manages it, so it is kept as it is.
    WebhookRow = "webhook" key(id: Id<marker::Webhook>)
    columns(guild_id: Id<marker::Guild>, channel_id: Id<marker::Channel>)
    indexes(index("by_guild", &["guild_id"]), index("by_channel", &["channel_id"])) {
        name: String,
        #[serde(default, skip_serializing_if = "is_default")]
        avatar: Option<String>,
        token: String,
        /// Whose space its files take.
        creator_id: Id<marker::User>,
        /// Made by a bot.
        #[serde(default, skip_serializing_if = "is_default")]
        application_id: Option<Id<marker::Application>>,
    }

    MessageRow = "message" key(channel_id: Id<marker::Channel>, id: Id<marker::Message>)
    columns(author_id: Id<marker::User>)
    indexes(index("by_author", &["author_id", "id"])) {
        guild_id: Option<Id<marker::Guild>>,
        kind: u8,
        content: String,
        #[serde(with = "ms::option", default, skip_serializing_if = "is_default")]
        edited_at: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "is_default")]
        mention_everyone: bool,
        #[serde(default, skip_serializing_if = "is_default")]
        mentions: Vec<Id<marker::User>>,
        #[serde(default, skip_serializing_if = "is_default")]
        mention_roles: Vec<Id<marker::Role>>,
        #[serde(default, skip_serializing_if = "is_default")]
        attachments: Vec<AttachmentRow>,
        #[serde(default, skip_serializing_if = "is_default")]
        embeds: Vec<Json>,
        #[serde(default, skip_serializing_if = "is_default")]
        components: Vec<Json>,
        #[serde(default, skip_serializing_if = "is_default")]
        pinned: bool,
        flags: u32,
        #[serde(default, skip_serializing_if = "is_default")]
        reactions: Vec<ReactionCount>,
        #[serde(default, skip_serializing_if = "is_default")]
        reference: Option<MessageReference>,
        #[serde(default, skip_serializing_if = "is_default")]
        nonce: Option<Nonce>,
        /// Who wrote it, if that was no user.
        #[serde(default, skip_serializing_if = "is_default")]
        webhook: Option<WebhookAuthor>,
        /// Of an application's answer: what it answers.
        #[serde(default, skip_serializing_if = "is_default")]
        answers: Option<Answers>,
    }

    /// A message whose entry in the index is old. Written with the message itself.
    ReindexRow = "reindex" key(message_id: Id<marker::Message>) {
        channel_id: Id<marker::Channel>,
        /// Differs each time.
        version: u64,
    }

    /// Who reacted. The counts stand on the message.
    ReactionRow = "reaction"
    key(message_id: Id<marker::Message>, emoji: String, user_id: Id<marker::User>) {}

    /// A pinned message. Times differ within a channel, so that pages can go on from one.
    PinRow = "pin"
    key(channel_id: Id<marker::Channel>, message_id: Id<marker::Message>)
    columns(pinned_at: Timestamp)
    indexes(index("by_time", &["channel_id", "pinned_at"])) {}

    /// (author, channel, nonce) names one message, also after it was deleted.
    NonceRow = "nonce"
    key(author_id: Id<marker::User>, channel_id: Id<marker::Channel>, nonce: String)
    columns(at: Timestamp)
    indexes(index("by_time", &["at"])) {
        message_id: Id<marker::Message>,
    }

    /// A file of a message. Its bytes are a blob named by its id.
    #[derive(Serialize, Deserialize)]
    AttachmentRow = "attachment" key(channel_id: Id<marker::Channel>, id: Id<marker::Attachment>) {
        message_id: Id<marker::Message>,
        uploader_id: Id<marker::User>,
        filename: String,
        /// Bytes.
        size: u32,
        content_type: Option<String>,
        description: Option<String>,
        width: Option<u32>,
        height: Option<u32>,
    }

    /// How many bytes somebody's files take.
    UsageRow = "usage" key(user_id: Id<marker::User>) {
        bytes: u64,
    }

    /// Something that is gone or banned, and what it leaves to be deleted piece by piece.
    PurgeRow = "purge"
    key(
        /// Names the work, so that it is not noted down twice.
        name: String
    ) {
        what: Purge,
    }

    ReadStateRow = "read_state"
    key(user_id: Id<marker::User>, channel_id: Id<marker::Channel>)
    indexes(index("by_channel", &["channel_id"])) {
        last_message_id: Option<Id<marker::Message>>,
        /// Personal mentions since then.
        mention_count: u32,
    }

    /// A direct message in somebody's list.
    DmRow = "dm" key(user_id: Id<marker::User>, channel_id: Id<marker::Channel>) {}

    /// How one of two stands with the other: `osc::Relationship::kind`.
    RelationshipRow = "relationship"
    key(user_id: Id<marker::User>, other_id: Id<marker::User>)
    indexes(index("by_other", &["other_id"])) {
        kind: u8,
        #[serde(with = "ms")]
        since: Timestamp,
    }

    /// How somebody is told of a guild or a channel.
    NotificationRow = "notification"
    key(user_id: Id<marker::User>, target_id: Id<marker::Target>)
    indexes(index("by_target", &["target_id"])) {
        level: Option<u8>,
        muted: bool,
        #[serde(with = "ms::option")]
        muted_until: Option<Timestamp>,
    }

    /// How somebody put its rooms in order.
    GuildOrderRow = "guild_order" key(user_id: Id<marker::User>) {
        guild_ids: Vec<Id<marker::Guild>>,
    }

    /// The one direct message channel of two people.
    PairRow = "pair"
    key(low: Id<marker::User>, high: Id<marker::User>)
    indexes(index("by_high", &["high"])) {
        channel_id: Id<marker::Channel>,
    }

    /// The event log: written in the transaction of what it tells of, kept for some minutes.
    EventRow = "event" key(number: i64) {
        #[serde(with = "ms")]
        at: Timestamp,
        audience: Audience,
        t: String,
        d: Raw,
    }

    /// A gateway session, so that it can be resumed after a restart. The id is kept as its SHA-256.
    GatewaySessionRow = "gateway_session" key(digest: String)
    columns(seen_at: Timestamp)
    indexes(index("by_seen", &["seen_at"])) {
        user_id: Id<marker::User>,
        login_id: Id<marker::Session>,
        /// What the gateway needs to go on.
        data: Json,
    }
}

/// JSON kept as it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Raw(pub Box<RawValue>);

impl PartialEq for Raw {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserKind {
    Guest,
    Account,
    Bot,
    /// Gone; its messages stay under a neutral name.
    Deleted,
}

/// What is to be deleted in the background.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purge {
    /// All in a channel that is gone.
    Channel(Id<marker::Channel>),
    /// Members, bans and invites of a guild that is gone.
    Guild(Id<marker::Guild>),
    /// Emoji and commands of an application that is gone.
    Application(Id<marker::Application>),
    /// What somebody who left a guild had read and set there.
    Member { guild_id: Id<marker::Guild>, user_id: Id<marker::User> },
    /// What somebody wrote in a guild: from this id on, older than the ban.
    Author {
        guild_id: Id<marker::Guild>,
        user_id: Id<marker::User>,
        from: Id<marker::Message>,
        before: Id<marker::Message>,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretPurpose {
    /// Becoming the owner of this server.
    Owner,
    /// Choosing a new password for this account.
    Password(Id<marker::User>),
}

/// A message that mentions many: `roles` empty means everyone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Loud {
    pub id: Id<marker::Message>,
    pub roles: Vec<Id<marker::Role>>,
    /// Who called: nobody calls themselves.
    #[serde(default, skip_serializing_if = "is_default")]
    pub author_id: Option<Id<marker::User>>,
}

/// A webhook as it called itself in a message, whose `author_id` is its id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WebhookAuthor {
    pub id: Id<marker::Webhook>,
    pub username: String,
    /// Shown with its own picture, as long as it has one; else with none.
    pub own_avatar: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReactionCount {
    /// The emoji itself, or the id of a custom one.
    pub emoji: String,
    pub count: u32,
    /// Of a custom one, as it was called by who reacted first.
    #[serde(default, skip_serializing_if = "is_default")]
    pub custom: Option<ReactionName>,
}

/// What a custom emoji on a message is called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReactionName {
    pub name: String,
    #[serde(default, skip_serializing_if = "is_default")]
    pub animated: bool,
}
