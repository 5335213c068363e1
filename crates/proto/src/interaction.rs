//! Interactions: what somebody did with an application, and what it answers.
//! <https://discord.com/developers/docs/interactions/receiving-and-responding>

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Id, Permissions,
    application::ApplicationCommand,
    channel::Channel,
    marker,
    member::Member,
    message::{AttachmentDraft, Message, Nonce},
    user::User,
    wire::wire,
};

/// `Interaction::kind`: the application shows that it is there.
pub const PING: u8 = 1;
pub const APPLICATION_COMMAND: u8 = 2;
pub const MESSAGE_COMPONENT: u8 = 3;
pub const AUTOCOMPLETE: u8 = 4;
pub const MODAL_SUBMIT: u8 = 5;

/// `Callback::kind`.
pub const PONG: u8 = 1;
pub const CHANNEL_MESSAGE: u8 = 4;
pub const DEFERRED_CHANNEL_MESSAGE: u8 = 5;
pub const DEFERRED_UPDATE: u8 = 6;
pub const UPDATE_MESSAGE: u8 = 7;
pub const AUTOCOMPLETE_RESULT: u8 = 8;
pub const MODAL: u8 = 9;

/// `Interaction::context`: in a guild.
pub const IN_GUILD: u8 = 0;
/// `Interaction::context`: in a direct message with the application's bot.
pub const IN_BOT_DM: u8 = 1;

wire! {
    /// INTERACTION_CREATE, and the body that goes to an application's endpoint.
    pub struct Interaction {
        pub id: Id<marker::Interaction>,
        pub application_id: Id<marker::Application>,
        #[serde(rename = "type")]
        pub kind: u8,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(type = "unknown", optional))]
        pub data: Option<Value>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub guild: Option<InteractionGuild>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub guild_id: Option<Id<marker::Guild>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub channel: Option<Channel>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub channel_id: Option<Id<marker::Channel>>,
        /// In a guild: who, with what they may do in the channel.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub member: Option<Member>,
        /// Elsewhere: who.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub user: Option<User>,
        /// Lets the application answer.
        pub token: String,
        pub version: u8,
        /// Of a component: the message it is on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub message: Option<Box<Message>>,
        pub app_permissions: Permissions,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub locale: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub guild_locale: Option<String>,
        #[cfg_attr(test, ts(type = "unknown[]"))]
        pub entitlements: [(); 0],
        #[cfg_attr(test, ts(type = "unknown[]"))]
        pub entitlement_sku_ids: [(); 0],
        /// By kind of installation, whose it is: `"0"`, the guild; in a direct message 0.
        #[cfg_attr(test, ts(type = "Record<string, string>"))]
        pub authorizing_integration_owners: Value,
        pub context: u8,
        /// Bytes.
        pub attachment_size_limit: u64,
    }

    pub struct InteractionGuild {
        pub id: Id<marker::Guild>,
        pub locale: String,
        pub features: Vec<String>,
    }

    /// Who made an application say something, and with what.
    pub struct InteractionMetadata {
        pub id: Id<marker::Interaction>,
        #[serde(rename = "type")]
        pub kind: u8,
        pub user: User,
        #[cfg_attr(test, ts(type = "Record<string, string>"))]
        pub authorizing_integration_owners: Value,
        /// COMPAT: not documented any more, and clients show it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub command_type: Option<u8>,
        /// Of a follow-up: the first answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub original_response_message_id: Option<Id<marker::Message>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub target_user: Option<User>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub target_message_id: Option<Id<marker::Message>>,
        /// Of a component: the message it is on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub interacted_message_id: Option<Id<marker::Message>>,
        /// Of a modal: what opened it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub triggering_interaction_metadata: Option<Box<InteractionMetadata>>,
    }

    /// The older form of the same.
    pub struct MessageInteraction {
        pub id: Id<marker::Interaction>,
        #[serde(rename = "type")]
        pub kind: u8,
        pub name: String,
        pub user: User,
    }

    /// APPLICATION_COMMAND_PERMISSIONS_UPDATE, and what is asked for by the same name.
    pub struct CommandPermissions {
        /// A command's; the application's own: for all of its commands.
        pub id: Id<marker::Command>,
        pub application_id: Id<marker::Application>,
        pub guild_id: Id<marker::Guild>,
        pub permissions: Vec<CommandPermission>,
    }

    pub struct CommandPermission {
        /// A role, a user, or a channel; the guild's own: everyone; less one: all channels.
        pub id: Id<marker::Overwrite>,
        /// 1 role, 2 user, 3 channel.
        #[serde(rename = "type")]
        pub kind: u8,
        pub permission: bool,
    }

    /// What somebody may use in a channel. Ours.
    pub struct UsableCommands {
        pub applications: Vec<UsableApplication>,
        pub commands: Vec<ApplicationCommand>,
    }

    pub struct UsableApplication {
        pub id: Id<marker::Application>,
        pub bot: User,
    }

    /// Where a bot's interactions go, and what they are checked with. Ours.
    pub struct BotEndpoint {
        /// Null: to its gateway sessions.
        pub url: Option<String>,
        /// Ed25519, in hex.
        pub verify_key: String,
    }

    /// What came of an interaction. Ours.
    pub struct InteractionOutcome {
        pub id: Id<marker::Interaction>,
        pub state: InteractionState,
        /// `choices`: what the application offers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(type = "Array<{ name: string, value: string | number }>", optional))]
        pub choices: Option<Vec<Value>>,
        /// `modal`: the form to fill in, and to send with this interaction's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(
            test,
            ts(type = "{ custom_id: string, title: string, components: unknown[] }", optional)
        )]
        pub modal: Option<Value>,
    }

    #[derive(Copy, Eq)]
    #[serde(rename_all = "lowercase")]
    pub enum InteractionState {
        /// The application answered: what it said comes as an event.
        Answered,
        Choices,
        Modal,
        /// It did not answer in time.
        Silent,
        /// It was sent before, with the same nonce.
        Sent,
    }
}

/// Body of `POST /channels/{channel}/interactions`. Ours.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Invoke {
    #[serde(rename = "type")]
    pub kind: u8,
    pub application_id: Option<Id<marker::Application>>,
    /// Of a component.
    pub message_id: Option<Id<marker::Message>>,
    /// Of a modal: the interaction that opened it.
    pub interaction_id: Option<Id<marker::Interaction>>,
    pub nonce: Option<Nonce>,
    pub locale: Option<String>,
    pub data: InvokeData,
    /// Files of options, by the number in the form.
    pub attachments: Option<Vec<AttachmentDraft>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct InvokeData {
    /// Of a command.
    pub id: Option<Id<marker::Command>>,
    pub options: Vec<InvokeOption>,
    /// What a command of a user or a message is about.
    pub target_id: Option<Id<marker::Target>>,
    /// Of a component or a modal.
    pub custom_id: String,
    /// Picked from a select.
    pub values: Value,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub struct InvokeOption {
    pub name: String,
    pub value: Option<Value>,
    pub options: Vec<InvokeOption>,
    pub focused: bool,
}

/// Body of `POST /interactions/{interaction}/{token}/callback`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Callback {
    #[serde(rename = "type")]
    pub kind: u8,
    pub data: Option<Value>,
}

/// What the callback answers with `?with_response=true`.
#[derive(Debug, Clone, Serialize)]
pub struct CallbackResponse {
    pub interaction: CallbackInteraction,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<CallbackResource>,
}

#[derive(Debug, Clone, Serialize)]
pub struct CallbackInteraction {
    pub id: Id<marker::Interaction>,
    #[serde(rename = "type")]
    pub kind: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_message_id: Option<Id<marker::Message>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_message_loading: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_message_ephemeral: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_id: Option<Id<marker::Channel>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guild_id: Option<Id<marker::Guild>>,
}

#[derive(Debug, Clone, Serialize)]
pub struct CallbackResource {
    #[serde(rename = "type")]
    pub kind: u8,
    pub message: Message,
}

/// Body of `PUT .../commands/{command}/permissions`.
#[derive(Debug, Default, Deserialize)]
pub struct PermissionsDraft {
    pub permissions: Vec<CommandPermission>,
}
