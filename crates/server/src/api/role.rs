//! Roles. <https://discord.com/developers/docs/topics/permissions#role-object>

use std::{collections::BTreeMap, sync::Arc};

use axum::extract::State;
use domain::{App, access, role};
use proto::{
    Id, Permissions, marker,
    role::{Role, RoleDraft, RolePosition},
};

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Path, RawJson},
};

type GuildId = Id<marker::Guild>;
type RoleId = Id<marker::Role>;

pub fn routes() -> Routes {
    Routes::v10()
        .get("/guilds/{guild}/roles", list)
        .post("/guilds/{guild}/roles", create)
        .patch("/guilds/{guild}/roles", reorder)
        .get("/guilds/{guild}/roles/member-counts", member_counts)
        .get("/guilds/{guild}/roles/{role}", get)
        .patch("/guilds/{guild}/roles/{role}", edit)
        .delete("/guilds/{guild}/roles/{role}", delete)
}

/// Get Guild Roles.
async fn list(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
) -> Answer<Vec<Role>> {
    Ok(Reply::ok(role::list(&app, &actor, guild).await?))
}

/// Get Guild Role Member Counts.
async fn member_counts(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
) -> Answer<BTreeMap<RoleId, u32>> {
    Ok(Reply::ok(role::member_counts(&app, &actor, guild).await?))
}

/// Get Guild Role.
async fn get(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((guild, id)): Path<(GuildId, RoleId)>,
) -> Answer<Role> {
    Ok(Reply::ok(role::get(&app, &actor, guild, id).await?))
}

/// Create Guild Role.
async fn create(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
    body: RawJson,
) -> Answer<Role> {
    access::require_guild(&app, &actor, guild, Permissions::MANAGE_ROLES).await?;
    let draft: RoleDraft = body.parse()?;
    Ok(Reply::ok(role::create(&app, &actor, guild, draft).await?))
}

/// Modify Guild Role Positions.
async fn reorder(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
    body: RawJson,
) -> Answer<Vec<Role>> {
    access::require_guild(&app, &actor, guild, Permissions::MANAGE_ROLES).await?;
    let moves: Vec<RolePosition> = body.parse()?;
    Ok(Reply::ok(role::reorder(&app, &actor, guild, moves).await?))
}

/// Modify Guild Role.
async fn edit(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((guild, id)): Path<(GuildId, RoleId)>,
    body: RawJson,
) -> Answer<Role> {
    access::require_guild(&app, &actor, guild, Permissions::MANAGE_ROLES).await?;
    let draft: RoleDraft = body.parse()?;
    Ok(Reply::ok(role::edit(&app, &actor, guild, id, draft).await?))
}

/// Delete Guild Role.
async fn delete(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((guild, id)): Path<(GuildId, RoleId)>,
) -> Answer<()> {
    role::delete(&app, &actor, guild, id).await?;
    Ok(Reply::no_content())
}
