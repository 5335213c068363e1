//! Guilds. <https://discord.com/developers/docs/resources/guild>
//!
//! Founding, finding and joining are ours: bots have none of it.

use std::sync::Arc;

use axum::extract::State;
use domain::{
    App, access,
    guild::{self, Mine},
    member, message,
};
use proto::{
    Id, Permissions,
    guild::{Guild, GuildPreview, ModifyGuild, PartialGuild},
    marker,
    osc::{CreateGuild, GuildSummary, ModifyGuildOsc, NewOwner, Preview},
};
use serde::{Deserialize, Serialize};

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Caller, Counts, Path, PictureJson, Query, RawJson},
};

type GuildId = Id<marker::Guild>;

pub fn routes() -> Routes {
    let osc = Routes::osc()
        .post("/guilds", create)
        .patch("/guilds/{guild}", edit_osc)
        .delete("/guilds/{guild}", delete)
        .put("/guilds/{guild}/owner", hand_over)
        .post("/guilds/{guild}/join", join)
        .get("/guilds/{guild}/preview", preview)
        .get("/guilds/by-slug/{slug}", by_slug)
        .post("/guilds/by-slug/{slug}/join", join_by_slug);
    Routes::v10()
        .get("/guilds/{guild}", get)
        .patch("/guilds/{guild}", edit)
        .get("/guilds/{guild}/preview", outline)
        .get("/guilds/{guild}/vanity-url", vanity_url)
        .get("/users/@me/guilds", mine)
        .delete("/users/@me/guilds/{guild}", leave)
        .merge(osc)
}

/// Get Guild.
async fn get(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(id): Path<GuildId>,
    Query(counts): Query<Counts>,
) -> Answer<Guild> {
    Ok(Reply::ok(guild::get(&app, &actor, id, counts.with_counts).await?))
}

/// Get Guild Preview.
async fn outline(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(id): Path<GuildId>,
) -> Answer<GuildPreview> {
    Ok(Reply::ok(guild::outline(&app, &actor, id).await?))
}

#[derive(Serialize)]
struct VanityUrl {
    code: Option<()>,
    uses: u32,
}

/// Get Guild Vanity URL. A room's own address is no invite.
async fn vanity_url(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(id): Path<GuildId>,
) -> Answer<VanityUrl> {
    access::require_guild(&app, &actor, id, Permissions::MANAGE_GUILD).await?;
    Ok(Reply::ok(VanityUrl { code: None, uses: 0 }))
}

/// Modify Guild.
async fn edit(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(id): Path<GuildId>,
    PictureJson(draft): PictureJson<ModifyGuild>,
) -> Answer<Guild> {
    Ok(Reply::ok(guild::edit(&app, &actor, id, draft).await?))
}

#[derive(Deserialize)]
struct MinePage {
    #[serde(default, deserialize_with = "super::extract::before")]
    before: Option<GuildId>,
    #[serde(default, deserialize_with = "super::extract::after")]
    after: Option<GuildId>,
    limit: Option<usize>,
    #[serde(default)]
    with_counts: bool,
}

/// Get Current User Guilds.
async fn mine(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Query(page): Query<MinePage>,
) -> Answer<Vec<PartialGuild>> {
    let MinePage { before, after, limit, with_counts } = page;
    let page = Mine { before, after, limit, with_counts };
    Ok(Reply::ok(guild::mine(&app, &actor, page).await?))
}

/// Leave Guild.
async fn leave(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(id): Path<GuildId>,
) -> Answer<()> {
    member::leave(&app, &actor, id).await?;
    Ok(Reply::no_content())
}

/// Founds a room.
async fn create(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    PictureJson(draft): PictureJson<CreateGuild>,
) -> Answer<Guild> {
    Ok(Reply::created(guild::create(&app, &actor, draft).await?))
}

/// Who finds the room, where, and whether guests may write.
async fn edit_osc(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(id): Path<GuildId>,
    body: RawJson,
) -> Answer<Guild> {
    access::require_guild(&app, &actor, id, Permissions::MANAGE_GUILD).await?;
    let draft: ModifyGuildOsc = body.parse()?;
    Ok(Reply::ok(guild::edit_osc(&app, &actor, id, draft).await?))
}

/// Deletes the room.
async fn delete(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(id): Path<GuildId>,
) -> Answer<()> {
    guild::delete(&app, &actor, id).await?;
    Ok(Reply::no_content())
}

/// Hands the room to another member.
async fn hand_over(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(id): Path<GuildId>,
    body: RawJson,
) -> Answer<Guild> {
    guild::owned_by(&app, &actor, id).await?;
    let NewOwner { user_id } = body.parse()?;
    Ok(Reply::ok(guild::hand_over(&app, &actor, id, user_id).await?))
}

/// Comes into a public room.
async fn join(
    State(app): State<Arc<App>>,
    caller: Caller,
    Actor(actor): Actor,
    Path(id): Path<GuildId>,
) -> Answer<Guild> {
    Ok(Reply::ok(member::join(&app, &actor, id, caller.arrival(&app)).await?))
}

/// Comes into a room by its address.
async fn join_by_slug(
    State(app): State<Arc<App>>,
    caller: Caller,
    Actor(actor): Actor,
    Path(slug): Path<String>,
) -> Answer<Guild> {
    Ok(Reply::ok(member::join_by_slug(&app, &actor, &slug, caller.arrival(&app)).await?))
}

/// The room at an address; no login.
async fn by_slug(
    State(app): State<Arc<App>>,
    actor: Option<Actor>,
    Path(slug): Path<String>,
) -> Answer<GuildSummary> {
    let actor = actor.map(|Actor(actor)| actor);
    Ok(Reply::ok(guild::by_slug(&app, actor.as_ref(), &slug).await?))
}

#[derive(Deserialize)]
struct PreviewPage {
    channel_id: Option<Id<marker::Channel>>,
    #[serde(default, deserialize_with = "super::extract::before")]
    before: Option<Id<marker::Message>>,
    #[serde(default, deserialize_with = "super::extract::after")]
    after: Option<Id<marker::Message>>,
    around: Option<Id<marker::Message>>,
    limit: Option<usize>,
}

/// What a visitor may read; no login.
async fn preview(
    State(app): State<Arc<App>>,
    actor: Option<Actor>,
    Path(id): Path<GuildId>,
    Query(page): Query<PreviewPage>,
) -> Answer<Preview> {
    let actor = actor.map(|Actor(actor)| actor);
    let PreviewPage { channel_id, before, after, around, limit } = page;
    let around = message::Around::of(around, before, after);
    let preview = guild::preview(&app, actor.as_ref(), id, channel_id, around, limit).await?;
    Ok(Reply::ok(preview))
}
