//! Automatic moderation: rules, and what they do.
//! <https://discord.com/developers/docs/resources/auto-moderation>

use serde::Deserialize;

use crate::{Id, marker, wire::wire};

/// `event_type`: a message is sent or edited.
pub const MESSAGE_SEND: u8 = 1;
/// `event_type`: somebody joins or changes their name.
pub const MEMBER_UPDATE: u8 = 2;

/// `trigger_type`.
pub const KEYWORD: u8 = 1;
/// `trigger_type`.
pub const SPAM: u8 = 3;
/// `trigger_type`.
pub const KEYWORD_PRESET: u8 = 4;
/// `trigger_type`.
pub const MENTION_SPAM: u8 = 5;
/// `trigger_type`.
pub const MEMBER_PROFILE: u8 = 6;

/// `Action::kind`.
pub const BLOCK_MESSAGE: u8 = 1;
/// `Action::kind`.
pub const SEND_ALERT_MESSAGE: u8 = 2;
/// `Action::kind`.
pub const TIMEOUT: u8 = 3;
/// `Action::kind`.
pub const BLOCK_MEMBER_INTERACTION: u8 = 4;

/// `TriggerMetadata::presets`.
pub const PROFANITY: u8 = 1;
/// `TriggerMetadata::presets`.
pub const SEXUAL_CONTENT: u8 = 2;
/// `TriggerMetadata::presets`.
pub const SLURS: u8 = 3;

wire! {
    /// Also AUTO_MODERATION_RULE_CREATE, _UPDATE and _DELETE.
    pub struct AutoModerationRule {
        pub id: Id<marker::AutoModerationRule>,
        pub guild_id: Id<marker::Guild>,
        pub name: String,
        pub creator_id: Id<marker::User>,
        /// 1: a message is sent; 2: somebody joins or changes.
        pub event_type: u8,
        /// 1 keyword, 3 spam, 4 lists of ours, 5 mentions, 6 names.
        pub trigger_type: u8,
        pub trigger_metadata: TriggerMetadata,
        pub actions: Vec<Action>,
        pub enabled: bool,
        pub exempt_roles: Vec<Id<marker::Role>>,
        pub exempt_channels: Vec<Id<marker::Channel>>,
    }

    /// What a rule looks for: the keys that its kind has.
    #[derive(Default)]
    pub struct TriggerMetadata {
        /// Words; `*` at an end stands for anything there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub keyword_filter: Option<Vec<String>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub regex_patterns: Option<Vec<String>>,
        /// 1 profanity, 2 sexual content, 3 slurs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub presets: Option<Vec<u8>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub allow_list: Option<Vec<String>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub mention_total_limit: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub mention_raid_protection_enabled: Option<bool>,
    }

    pub struct Action {
        /// 1 block, 2 alert, 3 time out, 4 keep from taking part.
        #[serde(rename = "type")]
        pub kind: u8,
        #[serde(default)]
        pub metadata: ActionMetadata,
    }

    #[derive(Default, Eq)]
    pub struct ActionMetadata {
        /// Of an alert.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub channel_id: Option<Id<marker::Channel>>,
        /// Of a timeout.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub duration_seconds: Option<u32>,
        /// Of a block: what its author is told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub custom_message: Option<String>,
    }

    /// AUTO_MODERATION_ACTION_EXECUTION: one for each action that was taken.
    pub struct ActionExecution {
        pub guild_id: Id<marker::Guild>,
        pub action: Action,
        pub rule_id: Id<marker::AutoModerationRule>,
        pub rule_trigger_type: u8,
        pub user_id: Id<marker::User>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub channel_id: Option<Id<marker::Channel>>,
        /// Absent if it was blocked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub message_id: Option<Id<marker::Message>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub alert_system_message_id: Option<Id<marker::Message>>,
        pub content: String,
        pub matched_keyword: Option<String>,
        pub matched_content: Option<String>,
    }
}

impl ActionExecution {
    /// What a session without the MESSAGE_CONTENT intent gets.
    pub fn without_content(&self) -> Self {
        Self {
            content: String::new(),
            matched_content: self.matched_content.as_ref().map(|_| String::new()),
            ..self.clone()
        }
    }
}

/// Body of `POST` and `PATCH /guilds/{guild}/auto-moderation/rules`; a change names what changes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RuleDraft {
    pub name: Option<String>,
    pub event_type: Option<u8>,
    pub trigger_type: Option<u8>,
    pub trigger_metadata: Option<TriggerMetadata>,
    pub actions: Option<Vec<ActionDraft>>,
    pub enabled: Option<bool>,
    pub exempt_roles: Option<Vec<Id<marker::Role>>>,
    pub exempt_channels: Option<Vec<Id<marker::Channel>>>,
}

#[derive(Debug, Deserialize)]
pub struct ActionDraft {
    #[serde(rename = "type")]
    pub kind: u8,
    #[serde(default)]
    pub metadata: Option<ActionMetadata>,
}
