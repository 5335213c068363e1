//! Presence: who is there. <https://discord.com/developers/docs/events/gateway-events#presence>

use crate::{Id, marker, wire::wire};

wire! {
    /// PRESENCE_UPDATE, and an item of GUILD_CREATE's and of member chunks' presences.
    pub struct Presence {
        pub user: PresenceUser,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub guild_id: Option<Id<marker::Guild>>,
        pub status: Status,
        #[serde(default)]
        pub activities: Vec<Activity>,
        #[serde(default)]
        pub client_status: ClientStatus,
    }

    /// Only the id: the rest is known from the member.
    pub struct PresenceUser {
        pub id: Id<marker::User>,
    }

    #[derive(Copy, Eq, Default)]
    #[serde(rename_all = "lowercase")]
    pub enum Status {
        Online,
        Idle,
        Dnd,
        #[default]
        Offline,
    }

    /// Custom statuses and what bots play.
    pub struct Activity {
        pub name: String,
        #[serde(rename = "type")]
        pub kind: u8,
        #[serde(default)]
        pub state: Option<String>,
        /// Unix milliseconds.
        #[serde(default)]
        #[cfg_attr(test, ts(type = "number"))]
        pub created_at: i64,
    }

    #[derive(Default)]
    pub struct ClientStatus {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub desktop: Option<Status>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub mobile: Option<Status>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub web: Option<Status>,
    }

    /// TYPING_START.
    pub struct TypingStart {
        pub channel_id: Id<marker::Channel>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub guild_id: Option<Id<marker::Guild>>,
        pub user_id: Id<marker::User>,
        /// Unix seconds.
        #[cfg_attr(test, ts(type = "number"))]
        pub timestamp: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub member: Option<crate::member::Member>,
    }
}
