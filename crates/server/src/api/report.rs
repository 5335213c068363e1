//! Reports: told, looked at, answered.

use std::sync::Arc;

use axum::extract::State;
use domain::{App, access, report, report::Desk};
use proto::{
    Id, Permissions, marker,
    safety::{CreateReport, ModifyReport, OwnReport, Report, ReportState, Reports},
};
use serde::Deserialize;

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Json, Path, Query, RawJson},
};

type GuildId = Id<marker::Guild>;
type ReportId = Id<marker::Report>;

pub fn routes() -> Routes {
    Routes::osc()
        .post("/reports", create)
        .get("/reports", mine)
        .get("/guilds/{guild}/reports", of_guild)
        .patch("/guilds/{guild}/reports/{report}", edit)
        .get("/owner/reports", of_server)
        .patch("/owner/reports/{report}", edit_of_server)
}

/// Reports a message, a member or a room.
async fn create(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Json(draft): Json<CreateReport>,
) -> Answer<OwnReport> {
    Ok(Reply::created(report::create(&app, &actor, draft).await?))
}

/// What one reported, and what came of it.
async fn mine(State(app): State<Arc<App>>, Actor(actor): Actor) -> Answer<Vec<OwnReport>> {
    Ok(Reply::ok(report::mine(&app, &actor).await?))
}

#[derive(Deserialize)]
struct Page {
    state: Option<ReportState>,
    before: Option<ReportId>,
}

impl Page {
    fn which(self) -> report::Which {
        report::Which { state: self.state, before: self.before }
    }
}

/// Reports of a room.
async fn of_guild(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
    Query(page): Query<Page>,
) -> Answer<Reports> {
    Ok(Reply::ok(report::list(&app, &actor, Desk::Guild(guild), page.which()).await?))
}

/// Takes a report of a room, does something about it, ends it.
async fn edit(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((guild, id)): Path<(GuildId, ReportId)>,
    body: RawJson,
) -> Answer<Report> {
    access::require_guild(&app, &actor, guild, Permissions::MODERATE_MEMBERS).await?;
    let draft: ModifyReport = body.parse()?;
    Ok(Reply::ok(report::edit(&app, &actor, Desk::Guild(guild), id, draft).await?))
}

/// Reports for the owner of the server.
async fn of_server(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Query(page): Query<Page>,
) -> Answer<Reports> {
    Ok(Reply::ok(report::list(&app, &actor, Desk::Server, page.which()).await?))
}

/// The same for the owner of the server.
async fn edit_of_server(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(id): Path<ReportId>,
    Json(draft): Json<ModifyReport>,
) -> Answer<Report> {
    Ok(Reply::ok(report::edit(&app, &actor, Desk::Server, id, draft).await?))
}
