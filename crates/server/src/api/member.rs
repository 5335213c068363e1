//! Members. <https://discord.com/developers/docs/resources/guild#guild-member-object>

use std::sync::Arc;

use axum::extract::State;
use domain::{App, Reject, access, member, member::Inactive};
use proto::{
    Id, marker,
    member::{Member, ModifyCurrentMember, ModifyMember, Pruned},
};
use serde::{Deserialize, Serialize};

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Path, Query, RawJson},
};

type GuildId = Id<marker::Guild>;
type RoleId = Id<marker::Role>;
type UserId = Id<marker::User>;

pub fn routes() -> Routes {
    Routes::v10()
        .get("/guilds/{guild}/members", list)
        .get("/guilds/{guild}/members/search", search)
        .patch("/guilds/{guild}/members/@me", edit_own)
        .patch("/guilds/{guild}/members/@me/nick", edit_nick)
        .get("/users/@me/guilds/{guild}/member", own)
        .get("/guilds/{guild}/prune", prune_count)
        .post("/guilds/{guild}/prune", prune)
        .get("/guilds/{guild}/members/{user}", get)
        .patch("/guilds/{guild}/members/{user}", edit)
        .delete("/guilds/{guild}/members/{user}", kick)
        .put("/guilds/{guild}/members/{user}/roles/{role}", add_role)
        .delete("/guilds/{guild}/members/{user}/roles/{role}", remove_role)
}

#[derive(Deserialize)]
struct Page {
    limit: Option<usize>,
    #[serde(default, deserialize_with = "super::extract::after")]
    after: Option<UserId>,
}

/// List Guild Members.
async fn list(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
    Query(page): Query<Page>,
) -> Answer<Vec<Member>> {
    let (limit, after) = (page.limit.unwrap_or(1), page.after);
    Ok(Reply::ok(member::list(&app, &actor, guild, after, limit).await?))
}

#[derive(Deserialize)]
struct Search {
    query: String,
    limit: Option<usize>,
}

/// Search Guild Members.
async fn search(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
    Query(page): Query<Search>,
) -> Answer<Vec<Member>> {
    let limit = page.limit.unwrap_or(1);
    Ok(Reply::ok(member::search(&app, &actor, guild, &page.query, limit).await?))
}

/// Get Guild Member.
async fn get(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((guild, user)): Path<(GuildId, UserId)>,
) -> Answer<Member> {
    Ok(Reply::ok(member::get(&app, &actor, guild, user).await?))
}

/// Modify Current Member.
async fn edit_own(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
    body: RawJson,
) -> Answer<Member> {
    access::guild(&app, &actor, guild).await?;
    let draft: ModifyCurrentMember = body.parse()?;
    Ok(Reply::ok(member::edit_own(&app, &actor, guild, draft).await?))
}

#[derive(Serialize)]
struct Nick {
    nick: Option<String>,
}

/// Modify Current User Nick. COMPAT: an older form of `members/@me`, which nextcord still uses.
async fn edit_nick(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
    body: RawJson,
) -> Answer<Nick> {
    access::guild(&app, &actor, guild).await?;
    let draft: ModifyCurrentMember = body.parse()?;
    let member = member::edit_own(&app, &actor, guild, draft).await?;
    Ok(Reply::ok(Nick { nick: member.nick }))
}

/// Modify Guild Member.
async fn edit(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((guild, user)): Path<(GuildId, UserId)>,
    body: RawJson,
) -> Answer<Member> {
    access::guild(&app, &actor, guild).await?;
    let draft: ModifyMember = body.parse()?;
    Ok(Reply::ok(member::edit(&app, &actor, guild, user, draft).await?))
}

/// Remove Guild Member.
async fn kick(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((guild, user)): Path<(GuildId, UserId)>,
) -> Answer<()> {
    member::kick(&app, &actor, guild, user).await?;
    Ok(Reply::no_content())
}

/// Add Guild Member Role.
async fn add_role(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((guild, user, role)): Path<(GuildId, UserId, RoleId)>,
) -> Answer<()> {
    member::add_role(&app, &actor, guild, user, role).await?;
    Ok(Reply::no_content())
}

/// Remove Guild Member Role.
async fn remove_role(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((guild, user, role)): Path<(GuildId, UserId, RoleId)>,
) -> Answer<()> {
    member::remove_role(&app, &actor, guild, user, role).await?;
    Ok(Reply::no_content())
}

/// Get Current User Guild Member.
async fn own(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
) -> Answer<Member> {
    Ok(Reply::ok(member::own(&app, &actor, guild).await?))
}

/// Days somebody must have been away, unless it is said.
const DAYS: u32 = 7;

/// COMPAT: roles come as a list, or as one text with commas between.
#[derive(Deserialize)]
#[serde(untagged)]
enum IncludeRoles {
    List(Vec<RoleId>),
    Text(String),
}

impl IncludeRoles {
    fn ids(self) -> Result<Vec<RoleId>, Reject> {
        let text = match self {
            Self::List(ids) => return Ok(ids),
            Self::Text(text) => text,
        };
        let ids = text.split(',').map(str::trim).filter(|id| !id.is_empty());
        ids.map(|id| {
            let wrong = || Reject::field("include_roles", "NUMBER_TYPE_COERCE", "Send ids.");
            id.parse().map_err(|_| wrong())
        })
        .collect()
    }
}

#[derive(Deserialize)]
struct PruneQuery {
    days: Option<u32>,
    include_roles: Option<String>,
}

/// Get Guild Prune Count.
async fn prune_count(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
    Query(query): Query<PruneQuery>,
) -> Answer<Pruned> {
    member::may_prune(&app, &actor, guild).await?;
    let roles = query.include_roles.map(IncludeRoles::Text).map(IncludeRoles::ids).transpose()?;
    let inactive = Inactive { days: query.days.unwrap_or(DAYS), roles: roles.unwrap_or_default() };
    let count = member::prune_count(&app, &actor, guild, &inactive).await?;
    Ok(Reply::ok(Pruned { pruned: Some(count as u32) }))
}

#[derive(Deserialize)]
struct Prune {
    days: Option<u32>,
    compute_prune_count: Option<bool>,
    include_roles: Option<IncludeRoles>,
}

/// Begin Guild Prune.
async fn prune(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
    body: RawJson,
) -> Answer<Pruned> {
    member::may_prune(&app, &actor, guild).await?;
    let Prune { days, compute_prune_count, include_roles } = body.parse()?;
    let roles = include_roles.map(IncludeRoles::ids).transpose()?;
    let inactive = Inactive { days: days.unwrap_or(DAYS), roles: roles.unwrap_or_default() };
    let count = member::prune(&app, &actor, guild, &inactive).await?;
    let told = compute_prune_count.unwrap_or(true);
    Ok(Reply::ok(Pruned { pruned: told.then_some(count as u32) }))
}
