//! Webhooks: addresses by which programs say something in a channel without signing in.
//! <https://discord.com/developers/docs/resources/webhook>

use serde::Deserialize;

use crate::{
    Id, Patch, marker,
    message::{AllowedMentions, AttachmentDraft},
    user::User,
    wire::wire,
};

/// `Webhook::kind`: takes messages in.
pub const INCOMING: u8 = 1;

wire! {
    pub struct Webhook {
        pub id: Id<marker::Webhook>,
        #[serde(rename = "type")]
        pub kind: u8,
        pub guild_id: Option<Id<marker::Guild>>,
        pub channel_id: Option<Id<marker::Channel>>,
        pub name: Option<String>,
        /// Hash of the picture.
        pub avatar: Option<String>,
        /// Who made it; not told to who only has the address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub user: Option<User>,
        /// Whoever has it can write.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub token: Option<String>,
        /// The whole address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub url: Option<String>,
        /// Of one that a bot made: the bot.
        pub application_id: Option<Id<marker::Application>>,
    }

    /// WEBHOOKS_UPDATE: those of a channel are not what they were.
    pub struct WebhooksUpdate {
        pub guild_id: Id<marker::Guild>,
        pub channel_id: Id<marker::Channel>,
    }
}

/// Body of `POST /channels/{channel}/webhooks`.
#[derive(Debug, Default, Deserialize)]
pub struct CreateWebhook {
    pub name: String,
    /// A data URI.
    #[serde(default)]
    pub avatar: Option<String>,
}

/// Body of `PATCH /webhooks/{webhook}`, and with its token, where it stays in its channel.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ModifyWebhook {
    pub name: Patch<String>,
    /// A data URI.
    pub avatar: Patch<String>,
    pub channel_id: Patch<Id<marker::Channel>>,
}

/// Body of `POST /webhooks/{webhook}/{token}`; the JSON of its multipart form too.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ExecuteWebhook {
    pub content: Option<String>,
    /// Instead of its own name.
    pub username: Option<String>,
    /// COMPAT: read and checked, never fetched nor shown: the server asks no strange server, and
    /// the page shows pictures of no other.
    pub avatar_url: Option<String>,
    pub tts: Option<bool>,
    pub embeds: Option<Vec<serde_json::Value>>,
    pub allowed_mentions: Option<AllowedMentions>,
    pub components: Option<Vec<serde_json::Value>>,
    pub attachments: Option<Vec<AttachmentDraft>>,
    pub flags: Option<u32>,
    pub thread_name: Option<String>,
    pub poll: Option<serde_json::Value>,
}
