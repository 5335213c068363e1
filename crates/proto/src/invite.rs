//! Invites. <https://discord.com/developers/docs/resources/invite>

use crate::{
    Id, Timestamp, marker,
    user::User,
    wire::{fixed, wire},
};

wire! {
    /// An invite with all that its manager may know; the keys about uses are absent for others.
    pub struct Invite {
        /// 0: to a guild.
        #[serde(rename = "type")]
        pub kind: u8,
        pub code: String,
        pub guild_id: Id<marker::Guild>,
        pub guild: InviteGuild,
        pub channel: InviteChannel,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub inviter: Option<User>,
        pub expires_at: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub approximate_member_count: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub approximate_presence_count: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub uses: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub max_uses: Option<u32>,
        /// Seconds; 0: never ends.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub max_age: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub temporary: Option<bool>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub created_at: Option<Timestamp>,
        /// With counts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub osc: Option<InviteOsc>,
    }

    /// What is ours of an invite.
    pub struct InviteOsc {
        /// Some of those who are online.
        pub online: Vec<User>,
    }

    pub struct InviteGuild {
        pub id: Id<marker::Guild>,
        pub name: String,
        pub icon: Option<String>,
        pub description: Option<String>,
        pub features: Vec<String>,
        #[serde(flatten, skip_deserializing)]
        pub fixed: InviteGuildFixed,
    }

    pub struct InviteChannel {
        pub id: Id<marker::Channel>,
        #[serde(rename = "type")]
        pub kind: u8,
        pub name: Option<String>,
    }

    /// INVITE_CREATE.
    pub struct InviteCreate {
        pub channel_id: Id<marker::Channel>,
        pub code: String,
        pub created_at: Timestamp,
        pub guild_id: Id<marker::Guild>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub inviter: Option<User>,
        pub max_age: u32,
        pub max_uses: u32,
        pub temporary: bool,
        pub uses: u32,
        pub expires_at: Option<Timestamp>,
    }

    /// INVITE_DELETE.
    pub struct InviteDelete {
        pub channel_id: Id<marker::Channel>,
        pub guild_id: Id<marker::Guild>,
        pub code: String,
    }
}

fixed! {
    InviteGuildFixed {
        splash: Option<()> = None,
        banner: Option<()> = None,
        verification_level: u8 = 0,
        vanity_url_code: Option<()> = None,
        nsfw_level: u8 = 0,
        nsfw: bool = false,
        premium_subscription_count: u32 = 0,
    }
}

/// Body of `POST /channels/{channel}/invites`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct CreateInvite {
    /// Seconds; 0: never ends. Absent: a day.
    pub max_age: Option<u32>,
    /// 0: no limit.
    pub max_uses: Option<u32>,
    pub temporary: Option<bool>,
    pub unique: Option<bool>,
}
