//! Integrations. <https://discord.com/developers/docs/resources/guild#get-guild-integrations>

use std::sync::Arc;

use axum::extract::State;
use domain::{App, integration};
use proto::{Id, integration::Integration, marker};

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Path},
};

pub fn routes() -> Routes {
    Routes::v10()
        .get("/guilds/{guild}/integrations", list)
        .delete("/guilds/{guild}/integrations/{integration}", delete)
}

/// Get Guild Integrations.
async fn list(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<Id<marker::Guild>>,
) -> Answer<Vec<Integration>> {
    Ok(Reply::ok(integration::list(&app, &actor, guild).await?))
}

/// Delete Guild Integration: the bot leaves.
async fn delete(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((guild, integration)): Path<(Id<marker::Guild>, Id<marker::Integration>)>,
) -> Answer<()> {
    integration::delete(&app, &actor, guild, integration).await?;
    Ok(Reply::no_content())
}
