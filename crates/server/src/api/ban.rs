//! Bans. <https://discord.com/developers/docs/resources/guild#ban-object>

use std::sync::Arc;

use axum::extract::State;
use domain::{App, access, ban};
use proto::{
    Id, Permissions, marker,
    member::{Ban, BulkBan, BulkBanned, CreateBan},
};
use serde::Deserialize;

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Path, Query, RawJson, Reason},
};

type GuildId = Id<marker::Guild>;
type UserId = Id<marker::User>;

pub fn routes() -> Routes {
    Routes::v10()
        .get("/guilds/{guild}/bans", list)
        .get("/guilds/{guild}/bans/{user}", get)
        .put("/guilds/{guild}/bans/{user}", create)
        .delete("/guilds/{guild}/bans/{user}", delete)
        .post("/guilds/{guild}/bulk-ban", create_many)
}

#[derive(Deserialize)]
struct Page {
    limit: Option<usize>,
    #[serde(default, deserialize_with = "super::extract::before")]
    before: Option<UserId>,
    #[serde(default, deserialize_with = "super::extract::after")]
    after: Option<UserId>,
}

/// Get Guild Bans.
async fn list(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
    Query(page): Query<Page>,
) -> Answer<Vec<Ban>> {
    let Page { limit, before, after } = page;
    let page = ban::Page { before, after, limit };
    Ok(Reply::ok(ban::list(&app, &actor, guild, page).await?))
}

/// Get Guild Ban.
async fn get(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((guild, user)): Path<(GuildId, UserId)>,
) -> Answer<Ban> {
    Ok(Reply::ok(ban::get(&app, &actor, guild, user).await?))
}

/// Create Guild Ban.
async fn create(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((guild, user)): Path<(GuildId, UserId)>,
    Reason(reason): Reason,
    body: RawJson,
) -> Answer<()> {
    access::require_guild(&app, &actor, guild, Permissions::BAN_MEMBERS).await?;
    let draft: CreateBan = body.parse()?;
    ban::create(&app, &actor, guild, user, draft, reason).await?;
    Ok(Reply::no_content())
}

/// Remove Guild Ban.
async fn delete(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((guild, user)): Path<(GuildId, UserId)>,
) -> Answer<()> {
    ban::delete(&app, &actor, guild, user).await?;
    Ok(Reply::no_content())
}

/// Bulk Guild Ban.
async fn create_many(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
    Reason(reason): Reason,
    body: RawJson,
) -> Answer<BulkBanned> {
    ban::may_ban_many(&app, &actor, guild).await?;
    let draft: BulkBan = body.parse()?;
    Ok(Reply::ok(ban::create_many(&app, &actor, guild, draft, reason).await?))
}
