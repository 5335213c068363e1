//! Search among messages.
//! <https://discord.com/developers/docs/resources/message#search-guild-messages>

use serde::Deserialize;

use crate::{Id, channel::Channel, marker, message::Message, thread::ThreadMember, wire::wire};

wire! {
    /// What was found, newest first unless it was asked for otherwise.
    pub struct MessageSearch {
        /// One message in each: those around it are not sent along.
        pub messages: Vec<Vec<Found>>,
        /// So many fit, as far as was counted.
        pub total_results: u32,
        /// Messages of before there was an index are still being taken into it.
        pub doing_deep_historical_index: bool,
        /// Those that messages stand in.
        pub threads: Vec<Channel>,
        /// The asker's own memberships in them.
        pub members: Vec<ThreadMember>,
    }

    pub struct Found {
        #[serde(flatten)]
        pub message: Message,
        pub hit: bool,
    }

    /// 202: the index is not ready yet.
    pub struct SearchNotReady {
        pub message: String,
        pub code: u32,
        pub documents_indexed: u32,
        /// Seconds.
        pub retry_after: u32,
    }
}

/// The query of a search; what is absent does not matter.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub struct SearchQuery {
    /// Words, each may be only a beginning; "between quotes" whole and in this order.
    pub content: Option<String>,
    /// How many words may stand between: nothing depends on it here.
    pub slop: Option<u32>,
    pub author_id: Vec<Id<marker::User>>,
    /// `user`, `bot`, `webhook`; with a minus in front: none of these.
    pub author_type: Vec<String>,
    pub mentions: Vec<Id<marker::User>>,
    pub mentions_role_id: Vec<Id<marker::Role>>,
    pub replied_to_user_id: Vec<Id<marker::User>>,
    pub replied_to_message_id: Vec<Id<marker::Message>>,
    pub mention_everyone: Option<bool>,
    /// Newer than this.
    pub min_id: Option<Id<marker::Message>>,
    /// Older than this.
    pub max_id: Option<Id<marker::Message>>,
    pub limit: Option<usize>,
    pub offset: Option<usize>,
    /// `link`, `embed`, `file`, `image`, ...; all of them; with a minus in front: none of these.
    pub has: Vec<String>,
    pub link_hostname: Vec<String>,
    pub embed_provider: Vec<String>,
    pub embed_type: Vec<String>,
    pub attachment_extension: Vec<String>,
    pub attachment_filename: Vec<String>,
    pub pinned: Option<bool>,
    pub include_nsfw: Option<bool>,
    pub channel_id: Vec<Id<marker::Channel>>,
    /// `timestamp` or `relevance`.
    pub sort_by: Option<String>,
    /// `desc` or `asc`.
    pub sort_order: Option<String>,
}
