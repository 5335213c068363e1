//! Undoing a raid: many people banned together, and let in again.

use std::sync::Arc;

use axum::extract::State;
use domain::{App, access, cleanup};
use proto::{
    Id, Permissions, marker,
    safety::{Cleanup, CreateCleanup},
};

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Path, RawJson},
};

type GuildId = Id<marker::Guild>;
type CleanupId = Id<marker::Cleanup>;

pub fn routes() -> Routes {
    Routes::osc()
        .get("/guilds/{guild}/cleanups", list)
        .post("/guilds/{guild}/cleanups", create)
        .get("/guilds/{guild}/cleanups/{cleanup}", get)
        .post("/guilds/{guild}/cleanups/{cleanup}/undo", undo)
}

/// The newest cleanups of a room.
async fn list(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
) -> Answer<Vec<Cleanup>> {
    Ok(Reply::ok(cleanup::list(&app, &actor, guild).await?))
}

/// How far one is.
async fn get(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((guild, id)): Path<(GuildId, CleanupId)>,
) -> Answer<Cleanup> {
    Ok(Reply::ok(cleanup::get(&app, &actor, guild, id).await?))
}

/// Bans these people and deletes their messages, in the background.
async fn create(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
    body: RawJson,
) -> Answer<Cleanup> {
    access::require_guild(&app, &actor, guild, Permissions::BAN_MEMBERS).await?;
    let draft: CreateCleanup = body.parse()?;
    let begun = cleanup::create(&app, &actor, guild, draft).await?;
    work(app, guild, begun.id);
    Ok(Reply::accepted(begun))
}

/// Lifts its bans, in the background.
async fn undo(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((guild, id)): Path<(GuildId, CleanupId)>,
) -> Answer<Cleanup> {
    let begun = cleanup::undo(&app, &actor, guild, id).await?;
    work(app, guild, id);
    Ok(Reply::accepted(begun))
}

/// Goes on after the answer. What does not get done now is taken up again in a few seconds.
fn work(app: Arc<App>, guild: GuildId, id: CleanupId) {
    tokio::spawn(async move {
        if let Err(error) = cleanup::work(&app, guild, id).await {
            tracing::warn!(?error, guild.id = %guild, "a cleanup stopped");
        }
        if let Err(error) = domain::purge::run_once(&app).await {
            tracing::warn!(?error, guild.id = %guild, "a cleanup's messages wait");
        }
    });
}
