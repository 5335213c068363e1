//! Messages. <https://discord.com/developers/docs/resources/message>

use serde::Deserialize;
use serde_json::Value;

use crate::{
    Id, Patch, Timestamp,
    channel::Channel,
    emoji::Emoji,
    interaction::{InteractionMetadata, MessageInteraction},
    marker,
    member::Member,
    user::User,
    wire::{fixed, wire},
};

/// `Message::kind`: somebody wrote it.
pub const DEFAULT: u8 = 0;
/// `Message::kind`: somebody was brought into a group.
pub const RECIPIENT_ADD: u8 = 1;
/// `Message::kind`: somebody left a group, or was taken out.
pub const RECIPIENT_REMOVE: u8 = 2;
/// `Message::kind`: a group has another name.
pub const CHANNEL_NAME_CHANGE: u8 = 4;
/// `Message::kind`: a group has another picture.
pub const CHANNEL_ICON_CHANGE: u8 = 5;
/// `Message::kind`: a message was pinned.
pub const CHANNEL_PINNED_MESSAGE: u8 = 6;
/// `Message::kind`: somebody joined the guild.
pub const USER_JOIN: u8 = 7;
/// `Message::kind`: somebody began a thread in this channel.
pub const THREAD_CREATED: u8 = 18;
/// `Message::kind`: an answer to another message.
pub const REPLY: u8 = 19;
/// `Message::kind`: an application answers a command.
pub const CHAT_INPUT_COMMAND: u8 = 20;
/// `Message::kind`: the message that a thread began with, quoted at its top.
pub const THREAD_STARTER_MESSAGE: u8 = 21;
/// `Message::kind`: an application answers a command about somebody or a message.
pub const CONTEXT_MENU_COMMAND: u8 = 23;
/// `Message::kind`: a rule of automatic moderation was hit.
pub const AUTO_MODERATION_ACTION: u8 = 24;

/// `Message::flags`: links are not embedded.
pub const SUPPRESS_EMBEDS: u32 = 1 << 2;
/// `Message::flags`: a thread hangs on it.
pub const HAS_THREAD: u32 = 1 << 5;
/// `Message::flags`: only one person sees it, for a while.
pub const EPHEMERAL: u32 = 1 << 6;
/// `Message::flags`: an application is thinking.
pub const LOADING: u32 = 1 << 7;
/// `Message::flags`: nothing but components says something.
pub const IS_COMPONENTS_V2: u32 = 1 << 15;
/// `Message::flags`: nobody is notified.
pub const SUPPRESS_NOTIFICATIONS: u32 = 1 << 12;

wire! {
    pub struct Message {
        pub id: Id<marker::Message>,
        #[serde(rename = "type")]
        pub kind: u8,
        pub channel_id: Id<marker::Channel>,
        pub author: User,
        pub content: String,
        pub timestamp: Timestamp,
        pub edited_timestamp: Option<Timestamp>,
        pub mention_everyone: bool,
        pub mentions: Vec<User>,
        pub mention_roles: Vec<Id<marker::Role>>,
        pub attachments: Vec<Attachment>,
        /// As the sender gave them.
        #[cfg_attr(test, ts(type = "unknown[]"))]
        pub embeds: Vec<Value>,
        #[serde(default)]
        #[cfg_attr(test, ts(type = "unknown[]"))]
        pub components: Vec<Value>,
        pub pinned: bool,
        #[serde(default)]
        pub flags: u32,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(test, ts(optional, as = "Option<Vec<Reaction>>"))]
        pub reactions: Vec<Reaction>,
        /// The sender's own name for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub nonce: Option<Nonce>,
        /// Of a message that came in by a webhook: its id, which its author has too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub webhook_id: Option<Id<marker::Webhook>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub message_reference: Option<MessageReference>,
        /// Of a reply: absent if not loaded, null if deleted.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            with = "crate::channel::nullable"
        )]
        #[cfg_attr(test, ts(optional, as = "Option<Option<Box<Message>>>"))]
        pub referenced_message: Option<Option<Box<Message>>>,
        /// The thread that hangs on it, or that it tells of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub thread: Option<Box<Channel>>,
        /// Of an application's answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub application_id: Option<Id<marker::Application>>,
        /// Of an application's answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub interaction_metadata: Option<Box<InteractionMetadata>>,
        /// COMPAT: what older libraries read instead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub interaction: Option<Box<MessageInteraction>>,
        /// Only in events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub guild_id: Option<Id<marker::Guild>>,
        /// Only in events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub member: Option<Member>,
        #[serde(flatten, skip_deserializing)]
        pub fixed: MessageFixed,
    }

    /// A nonce is echoed as it came.
    #[derive(Eq, Hash)]
    #[serde(untagged)]
    pub enum Nonce {
        Text(String),
        #[cfg_attr(test, ts(type = "number"))]
        Number(i64),
    }

    /// A page of pins, the newest first.
    pub struct Pins {
        pub items: Vec<Pin>,
        /// There are older ones: ask for those before the last `pinned_at`.
        pub has_more: bool,
    }

    pub struct Pin {
        pub pinned_at: Timestamp,
        pub message: Message,
    }

    pub struct Attachment {
        pub id: Id<marker::Attachment>,
        pub filename: String,
        /// Bytes.
        pub size: u32,
        pub url: String,
        pub proxy_url: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub content_type: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub description: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub width: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub height: Option<u32>,
    }

    pub struct Reaction {
        pub emoji: Emoji,
        pub count: u32,
        pub count_details: ReactionCounts,
        /// The asker is among them. Never true in an event.
        pub me: bool,
        pub me_burst: bool,
        pub burst_colors: Vec<String>,
    }

    pub struct ReactionCounts {
        pub burst: u32,
        pub normal: u32,
    }

    pub struct MessageReference {
        /// 0: a reply.
        #[serde(default, rename = "type")]
        pub kind: u8,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub message_id: Option<Id<marker::Message>>,
        pub channel_id: Id<marker::Channel>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub guild_id: Option<Id<marker::Guild>>,
    }

    /// MESSAGE_DELETE.
    pub struct MessageDelete {
        pub id: Id<marker::Message>,
        pub channel_id: Id<marker::Channel>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub guild_id: Option<Id<marker::Guild>>,
    }

    /// MESSAGE_DELETE_BULK.
    pub struct MessageDeleteBulk {
        pub ids: Vec<Id<marker::Message>>,
        pub channel_id: Id<marker::Channel>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub guild_id: Option<Id<marker::Guild>>,
    }

    /// MESSAGE_REACTION_ADD and _REMOVE.
    pub struct ReactionEvent {
        pub user_id: Id<marker::User>,
        pub channel_id: Id<marker::Channel>,
        pub message_id: Id<marker::Message>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub guild_id: Option<Id<marker::Guild>>,
        /// Only when added.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub member: Option<Member>,
        pub emoji: Emoji,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub message_author_id: Option<Id<marker::User>>,
        pub burst: bool,
        #[serde(rename = "type")]
        pub kind: u8,
    }

    /// MESSAGE_REACTION_REMOVE_ALL, and with an emoji MESSAGE_REACTION_REMOVE_EMOJI.
    pub struct ReactionsCleared {
        pub channel_id: Id<marker::Channel>,
        pub message_id: Id<marker::Message>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub guild_id: Option<Id<marker::Guild>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub emoji: Option<Emoji>,
    }
}

fixed! {
    MessageFixed { tts: bool = false }
}

/// Body of `POST /channels/{channel}/messages`; the JSON of its multipart form too.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CreateMessage {
    pub content: Option<String>,
    pub nonce: Option<Nonce>,
    pub tts: Option<bool>,
    pub embeds: Option<Vec<Value>>,
    pub allowed_mentions: Option<AllowedMentions>,
    pub message_reference: Option<ReferenceDraft>,
    pub components: Option<Vec<Value>>,
    pub sticker_ids: Option<Vec<Value>>,
    pub poll: Option<Value>,
    pub flags: Option<u32>,
    pub attachments: Option<Vec<AttachmentDraft>>,
    pub enforce_nonce: Option<bool>,
}

/// Body of `PATCH /channels/{channel}/messages/{message}`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct EditMessage {
    pub content: Patch<String>,
    pub embeds: Patch<Vec<Value>>,
    pub flags: Patch<u32>,
    pub allowed_mentions: Patch<AllowedMentions>,
    pub components: Patch<Vec<Value>>,
    /// Those that stay, and those that come with this request.
    pub attachments: Patch<Vec<AttachmentDraft>>,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub struct AllowedMentions {
    /// `roles`, `users`, `everyone`.
    pub parse: Option<Vec<String>>,
    pub roles: Option<Vec<Id<marker::Role>>>,
    pub users: Option<Vec<Id<marker::User>>>,
    pub replied_user: Option<bool>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct ReferenceDraft {
    #[serde(default, rename = "type")]
    pub kind: Option<u8>,
    pub message_id: Option<Id<marker::Message>>,
    #[serde(default)]
    pub channel_id: Option<Id<marker::Channel>>,
    #[serde(default)]
    pub guild_id: Option<Id<marker::Guild>>,
    #[serde(default)]
    pub fail_if_not_exists: Option<bool>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct AttachmentDraft {
    /// The number of its `files[n]`, or the id of one that is there.
    pub id: Value,
    #[serde(default)]
    pub filename: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
}
