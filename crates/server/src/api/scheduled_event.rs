//! Scheduled events: rooms here have none so far; bots that ask are told so.
//! <https://discord.com/developers/docs/resources/guild-scheduled-event>

use std::sync::Arc;

use axum::extract::State;
use domain::{App, access};
use proto::{Id, marker};

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Path},
};

pub fn routes() -> Routes {
    Routes::v10().get("/guilds/{guild}/scheduled-events", list)
}

/// List Scheduled Events for Guild.
async fn list(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<Id<marker::Guild>>,
) -> Answer<[(); 0]> {
    access::guild(&app, &actor, guild).await?;
    Ok(Reply::ok([]))
}
