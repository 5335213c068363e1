//! Applications and their commands: what a bot asks about itself when it starts.
//! <https://discord.com/developers/docs/resources/application>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Id, Patch, Permissions, marker,
    user::User,
    wire::{fixed, wire},
};

/// `GET /applications/@me`. An application has the id of its bot.
#[derive(Debug, Clone, Serialize)]
pub struct Application {
    pub id: Id<marker::Application>,
    pub name: String,
    pub icon: Option<String>,
    pub description: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    pub bot: User,
    /// Anybody may add its bot to rooms of theirs.
    pub bot_public: bool,
    pub owner: User,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install_params: Option<InstallParams>,
    pub integration_types_config: BTreeMap<String, IntegrationType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_install_url: Option<String>,
    /// Which privileged intents it was granted.
    pub flags: u32,
    pub flags_new: String,
    /// What its interactions are signed with: Ed25519, in hex.
    pub verify_key: String,
    /// Where they are sent; null: to its gateway sessions.
    pub interactions_endpoint_url: Option<String>,
    pub approximate_guild_count: u32,
    #[serde(flatten)]
    pub fixed: ApplicationFixed,
}

/// What an application asks for when it is added by its default address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstallParams {
    pub scopes: Vec<String>,
    pub permissions: Permissions,
}

/// How it can be added to one kind of place: key 0 stands for rooms.
#[derive(Debug, Clone, Serialize)]
pub struct IntegrationType {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth2_install_params: Option<InstallParams>,
}

/// `Application::flags`: may ask for presences.
pub const GATEWAY_PRESENCE: u32 = 1 << 12;
/// May ask for members.
pub const GATEWAY_GUILD_MEMBERS: u32 = 1 << 14;
/// May read what messages say.
pub const GATEWAY_MESSAGE_CONTENT: u32 = 1 << 18;

/// Body of `PATCH /applications/@me`. What is here as `Value` is refused unless it is null.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ModifyApplication {
    /// A text, or an object with the text as `default`.
    pub description: Patch<Value>,
    /// A data URI: the bot's picture.
    pub icon: Patch<String>,
    pub tags: Patch<Vec<String>>,
    pub custom_install_url: Patch<String>,
    pub install_params: Patch<InstallDraft>,
    pub integration_types_config: Patch<BTreeMap<String, Option<IntegrationDraft>>>,
    pub flags: Patch<u64>,
    pub cover_image: Patch<Value>,
    pub interactions_endpoint_url: Patch<String>,
    pub role_connections_verification_url: Patch<Value>,
    pub event_webhooks_url: Patch<Value>,
}

/// As it is sent: permissions as a number or a decimal string.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct InstallDraft {
    pub scopes: Option<Vec<String>>,
    pub permissions: Option<Value>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct IntegrationDraft {
    pub oauth2_install_params: Option<InstallDraft>,
}

fixed! {
    /// What no application of ours has.
    ApplicationFixed {
        // COMPAT: interactions.py ends without it.
        summary: &'static str = "",
        r#type: Option<()> = None,
        bot_require_code_grant: bool = false,
        redirect_uris: [&'static str; 0] = [],
        role_connections_verification_url: Option<()> = None,
        approximate_user_install_count: u32 = 0,
        approximate_user_authorization_count: u32 = 0,
        explicit_content_filter: u32 = 0,
        team: Option<()> = None,
        eligible_oauth2_scopes: [&'static str; 0] = [],
    }
}

wire! {
    /// A command that a bot registered.
    /// <https://discord.com/developers/docs/interactions/application-commands>
    pub struct ApplicationCommand {
        pub id: Id<marker::Command>,
        pub application_id: Id<marker::Application>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub guild_id: Option<Id<marker::Guild>>,
        /// Changes with each change of the command.
        pub version: Id<marker::Command>,
        /// 1 chat, 2 user, 3 message.
        #[serde(rename = "type")]
        pub kind: u8,
        pub name: String,
        /// For who asked in a language that the command has a name in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub name_localized: Option<String>,
        /// Left out of lists unless asked for.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            with = "crate::channel::nullable"
        )]
        #[cfg_attr(test, ts(type = "Record<string, string> | null", optional))]
        pub name_localizations: Option<Option<Value>>,
        pub description: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub description_localized: Option<String>,
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            with = "crate::channel::nullable"
        )]
        #[cfg_attr(test, ts(type = "Record<string, string> | null", optional))]
        pub description_localizations: Option<Option<Value>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(type = "unknown[]", optional))]
        pub options: Option<Vec<Value>>,
        pub default_member_permissions: Option<String>,
        pub dm_permission: bool,
        pub contexts: Option<Vec<u8>>,
        pub integration_types: Vec<u8>,
        pub nsfw: bool,
    }
}

/// `ApplicationCommand::kind`: written into the composer.
pub const CHAT_INPUT: u8 = 1;
/// `ApplicationCommand::kind`: about somebody.
pub const USER: u8 = 2;
/// `ApplicationCommand::kind`: about a message.
pub const MESSAGE: u8 = 3;

/// Body of `POST` and `PATCH` of a command, and an item of `PUT`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CommandDraft {
    pub name: Option<String>,
    pub name_localizations: Patch<Value>,
    pub description: Patch<String>,
    pub description_localizations: Patch<Value>,
    pub options: Patch<Vec<Value>>,
    /// A decimal string, or a number as some send it.
    pub default_member_permissions: Patch<Value>,
    pub dm_permission: Patch<bool>,
    pub contexts: Patch<Vec<u8>>,
    pub integration_types: Patch<Vec<u8>>,
    pub nsfw: Patch<bool>,
    #[serde(rename = "type")]
    pub kind: Option<u8>,
}
