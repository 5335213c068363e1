//! The audit log: who did what in a guild, and why.
//! <https://discord.com/developers/docs/resources/audit-log>

use serde_json::Value;

use crate::{
    Id, application::ApplicationCommand, auto_moderation::AutoModerationRule, channel::Channel,
    marker, user::User, webhook::Webhook, wire::wire,
};

/// `AuditLogEntry::action_type`.
pub mod action {
    macro_rules! actions {
        ($($name:ident = $number:literal;)*) => {
            $(pub const $name: u8 = $number;)*
            /// All of them.
            pub const ALL: &[u8] = &[$($name,)*];
        };
    }
    actions! {
        GUILD_UPDATE = 1;
        CHANNEL_CREATE = 10;
        CHANNEL_UPDATE = 11;
        CHANNEL_DELETE = 12;
        CHANNEL_OVERWRITE_CREATE = 13;
        CHANNEL_OVERWRITE_UPDATE = 14;
        CHANNEL_OVERWRITE_DELETE = 15;
        MEMBER_KICK = 20;
        MEMBER_PRUNE = 21;
        MEMBER_BAN_ADD = 22;
        MEMBER_BAN_REMOVE = 23;
        MEMBER_UPDATE = 24;
        MEMBER_ROLE_UPDATE = 25;
        MEMBER_MOVE = 26;
        MEMBER_DISCONNECT = 27;
        BOT_ADD = 28;
        ROLE_CREATE = 30;
        ROLE_UPDATE = 31;
        ROLE_DELETE = 32;
        INVITE_CREATE = 40;
        INVITE_UPDATE = 41;
        INVITE_DELETE = 42;
        WEBHOOK_CREATE = 50;
        WEBHOOK_UPDATE = 51;
        WEBHOOK_DELETE = 52;
        EMOJI_CREATE = 60;
        EMOJI_UPDATE = 61;
        EMOJI_DELETE = 62;
        MESSAGE_DELETE = 72;
        MESSAGE_BULK_DELETE = 73;
        MESSAGE_PIN = 74;
        MESSAGE_UNPIN = 75;
        INTEGRATION_CREATE = 80;
        INTEGRATION_UPDATE = 81;
        INTEGRATION_DELETE = 82;
        STAGE_INSTANCE_CREATE = 83;
        STAGE_INSTANCE_UPDATE = 84;
        STAGE_INSTANCE_DELETE = 85;
        STICKER_CREATE = 90;
        STICKER_UPDATE = 91;
        STICKER_DELETE = 92;
        GUILD_SCHEDULED_EVENT_CREATE = 100;
        GUILD_SCHEDULED_EVENT_UPDATE = 101;
        GUILD_SCHEDULED_EVENT_DELETE = 102;
        THREAD_CREATE = 110;
        THREAD_UPDATE = 111;
        THREAD_DELETE = 112;
        APPLICATION_COMMAND_PERMISSION_UPDATE = 121;
        AUTO_MODERATION_RULE_CREATE = 140;
        AUTO_MODERATION_RULE_UPDATE = 141;
        AUTO_MODERATION_RULE_DELETE = 142;
        AUTO_MODERATION_BLOCK_MESSAGE = 143;
        AUTO_MODERATION_FLAG_TO_CHANNEL = 144;
        AUTO_MODERATION_USER_COMMUNICATION_DISABLED = 145;
        AUTO_MODERATION_QUARANTINE_USER = 146;
    }
}

wire! {
    pub struct AuditLogEntry {
        pub id: Id<marker::AuditLogEntry>,
        /// One of `action`.
        pub action_type: u8,
        /// Who did it.
        pub user_id: Option<Id<marker::User>>,
        /// To whom or what; null for what has no id, like an invite.
        pub target_id: Option<Id<marker::AuditLogTarget>>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(test, ts(optional, as = "Option<Vec<AuditLogChange>>"))]
        pub changes: Vec<AuditLogChange>,
        /// What else is to be known of it; all values are texts, numbers too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "Record<string, string>"))]
        pub options: Option<serde_json::Map<String, Value>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub reason: Option<String>,
    }

    /// Without an old value it was set, without a new one taken away.
    pub struct AuditLogChange {
        pub key: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "unknown"))]
        pub old_value: Option<Value>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "unknown"))]
        pub new_value: Option<Value>,
    }

    /// GUILD_AUDIT_LOG_ENTRY_CREATE.
    pub struct AuditLogEntryCreate {
        #[serde(flatten)]
        pub entry: AuditLogEntry,
        pub guild_id: Id<marker::Guild>,
    }

    /// A page of the log, with what its entries name.
    pub struct AuditLog {
        pub audit_log_entries: Vec<AuditLogEntry>,
        pub users: Vec<User>,
        pub webhooks: Vec<Webhook>,
        #[cfg_attr(test, ts(type = "unknown[]"))]
        pub integrations: Vec<Value>,
        pub threads: Vec<Channel>,
        #[cfg_attr(test, ts(type = "unknown[]"))]
        pub application_commands: Vec<ApplicationCommand>,
        pub auto_moderation_rules: Vec<AutoModerationRule>,
        #[cfg_attr(test, ts(type = "unknown[]"))]
        pub guild_scheduled_events: Vec<Value>,
    }
}
