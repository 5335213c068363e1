//! Rows of applications: their commands, and what people do with them.

use proto::{
    Id, Timestamp,
    application::{ApplicationCommand, InstallParams},
    interaction::CommandPermission,
    marker,
};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{cell, column, from_json, index, is_default, to_json, unique};
use crate::{
    component::Modal,
    store::{Entity, Key, Row, Table, Value},
};

rows! {
    /// A command of an application.
    CommandRow = "command"
    key(
        application_id: Id<marker::Application>,
        /// The guild's id; 0 stands for everywhere.
        place: i64,
        id: Id<marker::Command>
    ) {
        command: ApplicationCommand,
    }

    /// What an application says of itself and allows. It has its bot's id.
    ApplicationRow = "application" key(id: Id<marker::Application>) {
        #[serde(default, skip_serializing_if = "is_default")]
        description: String,
        #[serde(default, skip_serializing_if = "is_default")]
        tags: Vec<String>,
        /// Anybody may add its bot to rooms of theirs.
        #[serde(default, skip_serializing_if = "is_default")]
        public: bool,
        #[serde(default, skip_serializing_if = "is_default")]
        install: Option<InstallParams>,
        #[serde(default, skip_serializing_if = "is_default")]
        custom_install_url: Option<String>,
    }

    /// Who may use a command in a guild, or all commands of an application.
    CommandPermissionRow = "command_permission"
    key(
        guild_id: Id<marker::Guild>,
        application_id: Id<marker::Application>,
        /// A command's, or the application's own.
        id: Id<marker::Command>
    )
    indexes(index("by_command", &["application_id", "id"])) {
        permissions: Vec<CommandPermission>,
    }

    /// What an application's interactions are signed with, and where they go.
    EndpointRow = "endpoint" key(application_id: Id<marker::Application>) {
        /// The seed of its Ed25519 key, in base64url.
        seed: String,
        /// `None`: to its gateway sessions.
        url: Option<String>,
    }

    /// Something somebody did with an application, as long as it may be answered.
    InteractionRow = "interaction" key(id: Id<marker::Interaction>)
    columns(
        expires_at: Timestamp,
        /// SHA-256 of its token, in hex.
        digest: String
    )
    indexes(index("by_end", &["expires_at"]), unique("by_digest", &["digest"])) {
        channel_id: Id<marker::Channel>,
        guild_id: Option<Id<marker::Guild>>,
        what: Answers,
        /// The message its component is on.
        message_id: Option<Id<marker::Message>>,
        /// The type of the first answer.
        callback: Option<u8>,
        /// The first answer: `@original`.
        original: Option<Id<marker::Message>>,
        /// The form that was shown.
        modal: Option<Modal>,
        /// The type of the option that is being completed.
        focused: Option<u8>,
        messages: u32,
    }

    /// A message that only one person sees, as long as its interaction may be answered.
    EphemeralRow = "ephemeral" key(id: Id<marker::Message>)
    columns(until: Timestamp, interaction_id: Id<marker::Interaction>)
    indexes(index("by_end", &["until"]), index("by_interaction", &["interaction_id"])) {
        user_id: Id<marker::User>,
        author_id: Id<marker::User>,
        channel_id: Id<marker::Channel>,
        /// The body of a message row.
        message: Json,
    }
}

/// What an application answers: who did what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answers {
    pub interaction_id: Id<marker::Interaction>,
    pub application_id: Id<marker::Application>,
    /// `proto::interaction::Interaction::kind`.
    pub kind: u8,
    pub user_id: Id<marker::User>,
    /// Of a command.
    #[serde(default, skip_serializing_if = "is_default")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub command_type: Option<u8>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub target_user: Option<Id<marker::User>>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub target_message: Option<Id<marker::Message>>,
    /// Of a follow-up.
    #[serde(default, skip_serializing_if = "is_default")]
    pub original: Option<Id<marker::Message>>,
    /// Of a component.
    #[serde(default, skip_serializing_if = "is_default")]
    pub interacted: Option<Id<marker::Message>>,
    /// Of a modal: what opened it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub opened_by: Option<Box<Answers>>,
}
