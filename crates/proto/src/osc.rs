//! Our own namespace: what v10 does not have.

use crate::{
    Id, Patch, Timestamp,
    channel::Channel,
    guild::Visibility,
    marker,
    message::Message,
    user::User,
    wire::{is_false, wire},
};

/// `Relationship::kind`.
pub const FRIEND: u8 = 1;
/// `Relationship::kind`.
pub const BLOCKED: u8 = 2;
/// `Relationship::kind`: asks me.
pub const INCOMING: u8 = 3;
/// `Relationship::kind`: asked by me.
pub const OUTGOING: u8 = 4;

/// `NotificationSetting::level`.
pub const ALL: u8 = 0;
/// `NotificationSetting::level`.
pub const MENTIONS: u8 = 1;
/// `NotificationSetting::level`.
pub const NOTHING: u8 = 2;

wire! {
    /// READY's `osc`, for sessions that know us.
    pub struct ReadyOsc {
        pub read_states: Vec<ReadState>,
        #[serde(default)]
        pub relationships: Vec<Relationship>,
        #[serde(default)]
        pub notifications: Vec<NotificationSetting>,
        #[serde(default)]
        pub guild_order: Vec<Id<marker::Guild>>,
    }

    /// How somebody put its rooms in order; those it does not name come after. Also the body of
    /// `PUT /users/@me/guilds/order`. OSC_GUILD_ORDER_UPDATE.
    pub struct GuildOrder {
        pub guild_ids: Vec<Id<marker::Guild>>,
    }

    /// How somebody stands with another. OSC_RELATIONSHIP_UPDATE.
    pub struct Relationship {
        /// The other's.
        pub id: Id<marker::User>,
        /// 1 friend, 2 blocked, 3 asks me, 4 asked by me.
        #[serde(rename = "type")]
        pub kind: u8,
        pub user: User,
        pub since: Timestamp,
    }

    /// OSC_RELATIONSHIP_REMOVE.
    pub struct RelationshipRemove {
        pub id: Id<marker::User>,
    }

    /// How somebody is told of a room or a channel. OSC_NOTIFICATION_UPDATE.
    pub struct NotificationSetting {
        /// A guild's or a channel's.
        pub id: Id<marker::Target>,
        /// 0 all, 1 mentions only, 2 nothing; null: as the room, or by default.
        pub level: Option<u8>,
        pub muted: bool,
        /// Null: until it is unmuted. In the past: not muted any more.
        pub muted_until: Option<Timestamp>,
    }

    /// Somebody as those may see them who know of each other.
    pub struct Profile {
        pub user: User,
        pub bio: Option<String>,
        pub mutual_guilds: Vec<MutualGuild>,
        pub mutual_friends: Vec<Id<marker::User>>,
    }

    pub struct MutualGuild {
        pub id: Id<marker::Guild>,
        /// What they are called there.
        pub nick: Option<String>,
    }

    /// How far somebody has read a channel. OSC_READ_STATE_UPDATE.
    pub struct ReadState {
        pub channel_id: Id<marker::Channel>,
        pub last_message_id: Option<Id<marker::Message>>,
        /// Mentions since then.
        pub mention_count: u32,
    }

    /// `GET /push`: what a browser subscribes with (`applicationServerKey`, base64url).
    pub struct PushKey {
        pub public_key: String,
    }

    /// An answer to subscribing.
    pub struct PushSubscription {
        /// The login it belongs to.
        pub id: Id<marker::Session>,
    }

    /// `GET /.well-known/osc`: what this server is and allows.
    pub struct ServerInfo {
        pub name: String,
        pub description: String,
        pub api: String,
        pub gateway: String,
        pub cdn: String,
        /// What our own namespace offers, as OpenAPI.
        pub openapi: String,
        /// Where somebody adds a bot to a room: `?client_id=...` is appended.
        pub authorize: String,
        /// What those need to know who write bots.
        pub developers: String,
        pub versions: Vec<String>,
        pub limits: ServerLimits,
        /// Guests may come.
        pub guests: bool,
        pub registration: Registration,
    }

    pub struct ServerLimits {
        pub message_length: u32,
        /// Bytes of one file.
        #[cfg_attr(test, ts(type = "number"))]
        pub attachment_bytes: u64,
        pub attachments: u32,
        pub guest_name_length: u32,
        /// Bots of one account.
        pub account_bots: u32,
        /// Custom emoji of a room that stand still; as many again can move.
        pub guild_emojis: u32,
        /// Bytes of a custom emoji's picture.
        pub emoji_bytes: u32,
    }

    /// Who may make an account.
    #[derive(Copy, Eq, Default)]
    #[serde(rename_all = "lowercase")]
    pub enum Registration {
        #[default]
        Open,
        Invite,
        Closed,
    }

    /// An answer to signing in.
    pub struct SignedIn {
        /// Absent in a browser: it got a cookie.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub token: Option<String>,
        pub user: User,
    }

    /// A login of mine.
    pub struct LoginSession {
        pub id: Id<marker::Session>,
        pub created_at: Timestamp,
        pub last_used_at: Timestamp,
        /// The one that asks.
        pub current: bool,
        /// What it called itself, shortened.
        pub client: String,
    }

    /// A room in the directory.
    pub struct DirectoryItem {
        pub id: Id<marker::Guild>,
        pub slug: Option<String>,
        pub name: String,
        pub description: Option<String>,
        pub icon: Option<String>,
        pub member_count: u32,
        pub online_count: u32,
        pub last_activity: Option<Timestamp>,
    }

    pub struct Directory {
        pub items: Vec<DirectoryItem>,
        /// `after` of the next page.
        pub next: Option<String>,
    }

    /// What anybody may know of a public room.
    pub struct GuildSummary {
        pub id: Id<marker::Guild>,
        pub slug: Option<String>,
        pub name: String,
        pub description: Option<String>,
        pub icon: Option<String>,
        pub visibility: Visibility,
        pub member_count: u32,
        pub online_count: u32,
        /// The asker is in it.
        #[serde(default, skip_serializing_if = "is_false")]
        #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
        pub joined: bool,
    }

    /// What a visitor may read of a public room.
    pub struct Preview {
        pub guild: GuildSummary,
        pub channels: Vec<Channel>,
        pub channel_id: Option<Id<marker::Channel>>,
        /// Newest first.
        pub messages: Vec<Message>,
    }
}

/// Body of `POST /guilds`.
#[derive(Debug, serde::Deserialize)]
pub struct CreateGuild {
    pub name: String,
    pub visibility: Visibility,
    #[serde(default)]
    pub description: Option<String>,
    /// A data URI.
    #[serde(default)]
    pub icon: Option<String>,
    /// Absent: they may.
    #[serde(default)]
    pub guests_write: Option<bool>,
}

/// Body of `PATCH /guilds/{guild}`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct ModifyGuildOsc {
    pub visibility: Option<Visibility>,
    /// Of a public room: its address. Null on an unlisted one: a new one, the old one ends.
    pub slug: Patch<String>,
    pub guests_write: Option<bool>,
}

/// Body of `POST /relationships`.
#[derive(Debug, serde::Deserialize)]
pub struct AskFriend {
    pub username: String,
}

/// Body of `PUT /relationships/{user}`: 1 asks or agrees, 2 blocks.
#[derive(Debug, serde::Deserialize)]
pub struct PutRelationship {
    #[serde(rename = "type")]
    pub kind: u8,
}

/// Body of `PUT /notifications/{target}`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct ModifyNotification {
    pub level: Patch<u8>,
    pub muted: Option<bool>,
    pub muted_until: Patch<Timestamp>,
}

/// Body of `POST /push/subscriptions`: `PushSubscription.toJSON()` of a browser.
/// <https://www.w3.org/TR/push-api/#pushsubscription-interface>
#[derive(Debug, serde::Deserialize)]
pub struct PushSubscriptionDraft {
    pub endpoint: String,
    pub keys: PushKeys,
}

/// Both in base64url.
#[derive(Debug, serde::Deserialize)]
pub struct PushKeys {
    pub p256dh: String,
    pub auth: String,
}

/// Body of `PUT /guilds/{guild}/owner`.
#[derive(Debug, serde::Deserialize)]
pub struct NewOwner {
    pub user_id: Id<marker::User>,
}
