//! Threads: conversations that hang on a channel, and who is in them.
//!
//! A thread is a channel of its own type (`channel::PUBLIC_THREAD`, `PRIVATE_THREAD`).
//! <https://discord.com/developers/docs/topics/threads>

use crate::{
    Id, Patch, Timestamp, channel::Channel, marker, member::Member, presence::Presence, wire::wire,
};

/// Minutes without a message after which a thread may go out of sight.
pub const AUTO_ARCHIVE: [u32; 4] = [60, 1_440, 4_320, 10_080];

wire! {
    /// What only threads have.
    pub struct ThreadMetadata {
        pub archived: bool,
        /// When it last became archived, or active.
        pub archive_timestamp: Timestamp,
        /// Minutes.
        pub auto_archive_duration: u32,
        /// Only who manages threads opens it again.
        pub locked: bool,
        /// Of a private one: everybody in it may add people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub invitable: Option<bool>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub create_timestamp: Option<Timestamp>,
    }

    /// Somebody in a thread.
    pub struct ThreadMember {
        /// The thread's.
        pub id: Id<marker::Channel>,
        pub user_id: Id<marker::User>,
        pub join_timestamp: Timestamp,
        pub flags: u32,
        /// Where it was asked for, and in THREAD_MEMBERS_UPDATE.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub member: Option<Member>,
        /// `Some(None)` is null: THREAD_MEMBERS_UPDATE has the key.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            with = "crate::channel::nullable"
        )]
        #[cfg_attr(test, ts(optional, as = "Option<Option<Presence>>"))]
        pub presence: Option<Option<Presence>>,
    }

    /// A list of threads. `members` are the asker's own memberships in them.
    pub struct Threads {
        pub threads: Vec<Channel>,
        pub members: Vec<ThreadMember>,
        pub has_more: bool,
    }

    /// What a search found.
    pub struct FoundThreads {
        pub threads: Vec<Channel>,
        pub members: Vec<ThreadMember>,
        pub has_more: bool,
        pub total_results: u32,
    }

    /// THREAD_DELETE.
    pub struct ThreadDelete {
        pub id: Id<marker::Channel>,
        pub guild_id: Id<marker::Guild>,
        pub parent_id: Id<marker::Channel>,
        #[serde(rename = "type")]
        pub kind: u8,
    }

    /// THREAD_LIST_SYNC: all active threads of these channels that the session may see.
    pub struct ThreadListSync {
        pub guild_id: Id<marker::Guild>,
        /// Absent: of all channels.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub channel_ids: Option<Vec<Id<marker::Channel>>>,
        pub threads: Vec<Channel>,
        /// Of the session's own.
        pub members: Vec<ThreadMember>,
    }

    /// THREAD_MEMBER_UPDATE: one's own membership.
    pub struct ThreadMemberUpdate {
        #[serde(flatten)]
        pub member: ThreadMember,
        pub guild_id: Id<marker::Guild>,
    }

    /// THREAD_MEMBERS_UPDATE.
    pub struct ThreadMembersUpdate {
        pub id: Id<marker::Channel>,
        pub guild_id: Id<marker::Guild>,
        pub member_count: u32,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(test, ts(optional, as = "Option<Vec<ThreadMember>>"))]
        pub added_members: Vec<ThreadMember>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(test, ts(optional, as = "Option<Vec<String>>"))]
        pub removed_member_ids: Vec<Id<marker::User>>,
    }
}

impl ThreadMembersUpdate {
    /// Whether somebody came in by it, or went.
    pub fn is_about(&self, user: Id<marker::User>) -> bool {
        self.added_members.iter().any(|added| added.user_id == user)
            || self.removed_member_ids.contains(&user)
    }
}

/// Body of `POST /channels/{channel}/threads`, and of a message's.
#[derive(Debug, Default, serde::Deserialize)]
pub struct CreateThread {
    pub name: String,
    #[serde(default)]
    pub auto_archive_duration: Option<u32>,
    #[serde(default)]
    pub rate_limit_per_user: Option<u32>,
    /// Not of a message's: that one is public.
    #[serde(default, rename = "type")]
    pub kind: Option<u8>,
    #[serde(default)]
    pub invitable: Option<bool>,
}

/// Body of `PATCH /channels/{channel}` of a thread.
#[derive(Debug, Default, Clone, serde::Deserialize)]
#[serde(default)]
pub struct ModifyThread {
    pub name: Option<String>,
    pub archived: Option<bool>,
    pub locked: Option<bool>,
    pub invitable: Option<bool>,
    pub auto_archive_duration: Option<u32>,
    pub rate_limit_per_user: Patch<u32>,
    pub flags: Option<u32>,
}
