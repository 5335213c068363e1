//! Bodies of making bots and adding them to rooms. Our own namespace.

use serde::Deserialize;

use crate::Permissions;

/// Body of `POST /bots`.
#[derive(Deserialize)]
pub struct CreateBot {
    pub name: String,
}

/// Body of `PUT /guilds/{guild}/bots/{bot}`.
#[derive(Deserialize)]
pub struct AddBot {
    #[serde(default)]
    pub permissions: Permissions,
}
