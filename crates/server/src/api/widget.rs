//! Widgets: rooms here have none so far; their forms say that it is off.
//! <https://discord.com/developers/docs/resources/guild#get-guild-widget>

use std::sync::Arc;

use axum::extract::State;
use domain::{App, Reject, access, guild};
use proto::{Code, Id, Permissions, marker};
use serde::Serialize;

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Path},
};

type GuildId = Id<marker::Guild>;

pub fn routes() -> Routes {
    Routes::v10().get("/guilds/{guild}/widget", settings).get("/guilds/{guild}/widget.json", widget)
}

#[derive(Serialize)]
struct Settings {
    enabled: bool,
    channel_id: Option<()>,
}

/// Get Guild Widget Settings.
async fn settings(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
) -> Answer<Settings> {
    access::require_guild(&app, &actor, guild, Permissions::MANAGE_GUILD).await?;
    Ok(Reply::ok(Settings { enabled: false, channel_id: None }))
}

/// Get Guild Widget; no login. Only of a public room it is said that there is none.
async fn widget(State(app): State<Arc<App>>, Path(guild): Path<GuildId>) -> Answer<()> {
    guild::public(&app, guild).await?;
    Err(Reject::Refused(Code::WIDGET_OFF).into())
}
