//! Members of a guild. <https://discord.com/developers/docs/resources/guild#guild-member-object>

use crate::{
    Id, Patch, Permissions, Timestamp, marker,
    user::User,
    wire::{fixed, wire},
};

/// `Member::flags` of a guest: no account behind it.
pub const MEMBER_IS_GUEST: u32 = 1 << 4;
/// `Member::flags`: its name hit a rule of automatic moderation.
pub const MEMBER_QUARANTINED: u32 = 1 << 7;

wire! {
    pub struct Member {
        /// Missing in a message, where the author stands beside it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub user: Option<User>,
        pub nick: Option<String>,
        pub roles: Vec<Id<marker::Role>>,
        pub joined_at: Timestamp,
        pub communication_disabled_until: Option<Timestamp>,
        pub deaf: bool,
        pub mute: bool,
        pub flags: u32,
        /// Computed, in few answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub permissions: Option<Permissions>,
        #[serde(flatten, skip_deserializing)]
        pub fixed: MemberFixed,
    }
}

fixed! {
    /// What no member of ours has.
    MemberFixed {
        avatar: Option<()> = None,
        banner: Option<()> = None,
        premium_since: Option<()> = None,
        pending: bool = false,
    }
}

/// Body of `PATCH /guilds/{guild}/members/{user}`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct ModifyMember {
    pub nick: Patch<String>,
    pub roles: Patch<Vec<Id<marker::Role>>>,
    pub mute: Patch<bool>,
    pub deaf: Patch<bool>,
    /// Moves to a voice channel, or out of voice.
    pub channel_id: Patch<Id<marker::Channel>>,
    pub communication_disabled_until: Patch<Timestamp>,
}

/// Body of `PATCH /guilds/{guild}/members/@me`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct ModifyCurrentMember {
    pub nick: Patch<String>,
}

wire! {
    /// An item of `GET /guilds/{guild}/bans`.
    pub struct Ban {
        pub reason: Option<String>,
        pub user: User,
    }
}

/// Body of `PUT /guilds/{guild}/bans/{user}`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct CreateBan {
    pub delete_message_days: Option<u32>,
    pub delete_message_seconds: Option<u32>,
}

/// Body of `POST /guilds/{guild}/bulk-ban`.
#[derive(Debug, Default, serde::Deserialize)]
pub struct BulkBan {
    pub user_ids: Vec<Id<marker::User>>,
    #[serde(default)]
    pub delete_message_seconds: Option<u32>,
}

wire! {
    pub struct BulkBanned {
        pub banned_users: Vec<Id<marker::User>>,
        pub failed_users: Vec<Id<marker::User>>,
    }

    pub struct Pruned {
        /// Null: it was not asked for.
        pub pruned: Option<u32>,
    }
}
