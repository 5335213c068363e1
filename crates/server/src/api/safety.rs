//! Raid mode, the lock of a room, what is paused, and who came in.

use std::sync::Arc;

use axum::extract::State;
use domain::{App, access, safety};
use proto::{
    Id, Permissions, Timestamp,
    guild::IncidentsData,
    marker,
    safety::{IncidentActions, Joins, ModifySafety, Safety},
};
use serde::Deserialize;

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Path, Query, RawJson},
};

type GuildId = Id<marker::Guild>;

pub fn routes() -> Routes {
    Routes::v10().put("/guilds/{guild}/incident-actions", pause).merge(
        Routes::osc()
            .get("/guilds/{guild}/safety", get)
            .patch("/guilds/{guild}/safety", edit)
            .get("/guilds/{guild}/joins", joins),
    )
}

/// Modify Guild Incident Actions.
async fn pause(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
    body: RawJson,
) -> Answer<IncidentsData> {
    access::require_guild(&app, &actor, guild, Permissions::MANAGE_GUILD).await?;
    let draft: IncidentActions = body.parse()?;
    Ok(Reply::ok(safety::pause(&app, &actor, guild, draft).await?))
}

/// How safe a room is set.
async fn get(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
) -> Answer<Safety> {
    Ok(Reply::ok(safety::get(&app, &actor, guild).await?))
}

/// Raid mode, lock, and what happens by itself.
async fn edit(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
    body: RawJson,
) -> Answer<Safety> {
    access::require_guild(&app, &actor, guild, Permissions::MODERATE_MEMBERS).await?;
    let draft: ModifySafety = body.parse()?;
    Ok(Reply::ok(safety::edit(&app, &actor, guild, draft).await?))
}

#[derive(Deserialize)]
struct Span {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    code: Option<String>,
    near: Option<Id<marker::User>>,
}

/// Who came in some time.
async fn joins(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
    Query(span): Query<Span>,
) -> Answer<Joins> {
    let Span { since, until, code, near } = span;
    let which = safety::Which { since, until, code, near };
    Ok(Reply::ok(safety::joins(&app, &actor, guild, which).await?))
}
