//! Integrations: the bots of a room as who runs it sees them.
//! <https://discord.com/developers/docs/resources/guild#integration-object>

use serde::Serialize;

use crate::{Id, marker, user::User};

/// A bot that was added. An integration has its bot's id.
#[derive(Debug, Clone, Serialize)]
pub struct Integration {
    pub id: Id<marker::Integration>,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub name: String,
    pub account: IntegrationAccount,
    pub enabled: bool,
    pub application: IntegrationApplication,
    pub scopes: [&'static str; 2],
}

#[derive(Debug, Clone, Serialize)]
pub struct IntegrationAccount {
    pub id: String,
    pub name: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct IntegrationApplication {
    pub id: Id<marker::Application>,
    pub name: String,
    pub icon: Option<String>,
    pub description: String,
    /// COMPAT: discord.py reads it, though it is no longer described.
    pub summary: &'static str,
    #[serde(rename = "type")]
    pub kind: Option<u8>,
    pub bot: User,
}
