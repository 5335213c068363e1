//! Channels. <https://discord.com/developers/docs/resources/channel>

use crate::{
    Id, Patch, Timestamp, marker,
    permission::Overwrite,
    thread::{ThreadMember, ThreadMetadata},
    user::User,
    wire::{is_zero, wire},
};

/// `Channel::kind`: text in a guild.
pub const GUILD_TEXT: u8 = 0;
/// `Channel::kind`: two people.
pub const DM: u8 = 1;
/// `Channel::kind`: a place to talk in, with text beside it.
pub const GUILD_VOICE: u8 = 2;
/// `Channel::kind`: a few people.
pub const GROUP_DM: u8 = 3;
/// `Channel::kind`: groups channels.
pub const GUILD_CATEGORY: u8 = 4;
/// `Channel::kind`: a thread for all who see its channel.
pub const PUBLIC_THREAD: u8 = 11;
/// `Channel::kind`: a thread for those in it, and for who manages threads.
pub const PRIVATE_THREAD: u8 = 12;

/// Whether a channel of this type hangs on another.
pub const fn is_thread(kind: u8) -> bool {
    matches!(kind, PUBLIC_THREAD | PRIVATE_THREAD)
}

wire! {
    /// A channel of any type; which keys it has depends on the type.
    pub struct Channel {
        pub id: Id<marker::Channel>,
        #[serde(rename = "type")]
        pub kind: u8,
        #[serde(default)]
        pub flags: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub guild_id: Option<Id<marker::Guild>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub position: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub permission_overwrites: Option<Vec<Overwrite>>,
        /// `Some(None)` is null: a guild's channels have the key.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "nullable")]
        #[cfg_attr(test, ts(optional, as = "Option<Option<String>>"))]
        pub topic: Option<Option<String>>,
        #[serde(default, skip_serializing_if = "Option::is_none", with = "nullable")]
        #[cfg_attr(test, ts(optional, as = "Option<Option<String>>"))]
        pub parent_id: Option<Option<Id<marker::Channel>>>,
        #[serde(default, skip_serializing_if = "Option::is_none", with = "nullable")]
        #[cfg_attr(test, ts(optional, as = "Option<Option<String>>"))]
        pub last_message_id: Option<Option<Id<marker::Message>>>,
        /// When the newest pin was made; absent while there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub last_pin_timestamp: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub nsfw: Option<bool>,
        /// Slow mode, in seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub rate_limit_per_user: Option<u32>,
        /// Voice: bits per second.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub bitrate: Option<u32>,
        /// Voice: 0 means no limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub user_limit: Option<u32>,
        /// Direct messages: the others.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub recipients: Option<Vec<User>>,
        /// A group's picture.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "nullable")]
        #[cfg_attr(test, ts(optional, as = "Option<Option<String>>"))]
        pub icon: Option<Option<String>>,
        /// Of a group or a thread.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub owner_id: Option<Id<marker::User>>,
        /// For new threads, in minutes.
        #[serde(default, skip_serializing_if = "is_zero")]
        #[cfg_attr(test, ts(optional, as = "Option<u32>"))]
        pub default_auto_archive_duration: u32,
        /// Slow mode of new threads, in seconds.
        #[serde(default, skip_serializing_if = "is_zero")]
        #[cfg_attr(test, ts(optional, as = "Option<u32>"))]
        pub default_thread_rate_limit_per_user: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub thread_metadata: Option<ThreadMetadata>,
        /// Messages in a thread, without the one it began with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub message_count: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub member_count: Option<u32>,
        /// With those that were deleted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub total_message_sent: Option<u32>,
        /// Who it is for is in the thread. Never in an event for many.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub member: Option<Box<ThreadMember>>,
        /// THREAD_CREATE of one that has just been made.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub newly_created: Option<bool>,
    }

    /// CHANNEL_RECIPIENT_ADD and _REMOVE: somebody came into a group, or went.
    pub struct ChannelRecipient {
        pub channel_id: Id<marker::Channel>,
        pub user: User,
    }

    /// CHANNEL_PINS_UPDATE.
    pub struct ChannelPinsUpdate {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub guild_id: Option<Id<marker::Guild>>,
        pub channel_id: Id<marker::Channel>,
        pub last_pin_timestamp: Option<Timestamp>,
    }
}

impl Channel {
    /// The bare channel; the rest is absent.
    pub fn bare(id: Id<marker::Channel>, kind: u8) -> Self {
        Self {
            id,
            kind,
            flags: 0,
            guild_id: None,
            name: None,
            position: None,
            permission_overwrites: None,
            topic: None,
            parent_id: None,
            last_message_id: None,
            last_pin_timestamp: None,
            nsfw: None,
            rate_limit_per_user: None,
            bitrate: None,
            user_limit: None,
            recipients: None,
            icon: None,
            owner_id: None,
            default_auto_archive_duration: 0,
            default_thread_rate_limit_per_user: 0,
            thread_metadata: None,
            message_count: None,
            member_count: None,
            total_message_sent: None,
            member: None,
            newly_created: None,
        }
    }
}

/// `Option<Option<T>>`: absent, null or a value.
pub(crate) mod nullable {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<T: Serialize, S: Serializer>(
        value: &Option<Option<T>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_ref().and_then(Option::as_ref).serialize(serializer)
    }

    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<T>>, D::Error> {
        Option::deserialize(deserializer).map(Some)
    }
}

/// Body of `POST /guilds/{guild}/channels`.
#[derive(Debug, serde::Deserialize)]
pub struct CreateChannel {
    pub name: String,
    #[serde(default, rename = "type")]
    pub kind: Option<u8>,
    #[serde(default)]
    pub topic: Option<String>,
    #[serde(default)]
    pub bitrate: Option<u32>,
    #[serde(default)]
    pub user_limit: Option<u32>,
    #[serde(default)]
    pub rate_limit_per_user: Option<u32>,
    #[serde(default)]
    pub position: Option<u32>,
    #[serde(default)]
    pub permission_overwrites: Option<Vec<Overwrite>>,
    #[serde(default)]
    pub parent_id: Option<Id<marker::Channel>>,
    #[serde(default)]
    pub nsfw: Option<bool>,
    #[serde(default)]
    pub default_auto_archive_duration: Option<u32>,
    #[serde(default)]
    pub default_thread_rate_limit_per_user: Option<u32>,
}

/// Body of `PATCH /channels/{channel}`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct ModifyChannel {
    pub name: Option<String>,
    pub topic: Patch<String>,
    pub nsfw: Patch<bool>,
    pub rate_limit_per_user: Patch<u32>,
    pub bitrate: Patch<u32>,
    pub user_limit: Patch<u32>,
    pub position: Patch<u32>,
    pub permission_overwrites: Patch<Vec<Overwrite>>,
    pub parent_id: Patch<Id<marker::Channel>>,
    pub default_auto_archive_duration: Patch<u32>,
    pub default_thread_rate_limit_per_user: Patch<u32>,
}

/// Body of `PATCH /channels/{channel}` of a group.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct ModifyGroup {
    /// Null or empty: it is called by who is in it.
    pub name: Patch<String>,
    /// A data URI.
    pub icon: Patch<String>,
}

/// An item of `PATCH /guilds/{guild}/channels`.
#[derive(Debug, serde::Deserialize)]
pub struct ChannelPosition {
    pub id: Id<marker::Channel>,
    #[serde(default)]
    pub position: Option<u32>,
    #[serde(default)]
    pub parent_id: Patch<Id<marker::Channel>>,
    #[serde(default)]
    pub lock_permissions: Option<bool>,
}
