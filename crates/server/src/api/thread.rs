//! Threads. <https://discord.com/developers/docs/topics/threads>

use std::sync::Arc;

use axum::extract::State;
use domain::{
    App, access,
    thread::{self, Archive, SearchOrder, SearchThreads},
};
use proto::{
    Id, Permissions, Timestamp,
    channel::Channel,
    marker,
    thread::{CreateThread, FoundThreads, ThreadMember, Threads},
};
use serde::Deserialize;

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Path, Query, RawJson},
};

type ChannelId = Id<marker::Channel>;
type GuildId = Id<marker::Guild>;
type MessageId = Id<marker::Message>;
type UserId = Id<marker::User>;

pub fn routes() -> Routes {
    Routes::v10()
        .post("/channels/{channel}/messages/{message}/threads", begin_at)
        .post("/channels/{channel}/threads", begin)
        .get("/channels/{thread}/thread-members", members)
        .get("/channels/{thread}/thread-members/{user}", member)
        .put("/channels/{thread}/thread-members/@me", join)
        // COMPAT: nextcord asks so.
        .post("/channels/{thread}/thread-members/@me", join)
        .delete("/channels/{thread}/thread-members/@me", leave)
        .put("/channels/{thread}/thread-members/{user}", add)
        .delete("/channels/{thread}/thread-members/{user}", remove)
        .get("/channels/{channel}/threads/archived/public", archived_public)
        .get("/channels/{channel}/threads/archived/private", archived_private)
        .get("/channels/{channel}/users/@me/threads/archived/private", archived_mine)
        .get("/channels/{channel}/threads/search", search)
        .get("/guilds/{guild}/threads/active", active)
}

/// Start Thread from Message.
async fn begin_at(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((channel, message)): Path<(ChannelId, MessageId)>,
    body: RawJson,
) -> Answer<Channel> {
    access::require(&app, &actor, channel, Permissions::CREATE_PUBLIC_THREADS).await?;
    let draft: CreateThread = body.parse()?;
    Ok(Reply::created(thread::begin_at(&app, &actor, channel, message, draft).await?))
}

/// Start Thread without Message.
async fn begin(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(channel): Path<ChannelId>,
    body: RawJson,
) -> Answer<Channel> {
    // Which of two permissions it takes stands in the body.
    let place = access::channel(&app, &actor, channel).await?;
    if !place.permissions.contains(Permissions::CREATE_PRIVATE_THREADS) {
        place.require(Permissions::CREATE_PUBLIC_THREADS)?;
    }
    let draft: CreateThread = body.parse()?;
    Ok(Reply::created(thread::begin(&app, &actor, channel, draft).await?))
}

#[derive(Deserialize)]
struct MembersPage {
    #[serde(default)]
    with_member: bool,
    #[serde(default, deserialize_with = "super::extract::after")]
    after: Option<UserId>,
    limit: Option<usize>,
}

/// List Thread Members.
async fn members(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(thread): Path<ChannelId>,
    Query(page): Query<MembersPage>,
) -> Answer<Vec<ThreadMember>> {
    let MembersPage { with_member, after, limit } = page;
    Ok(Reply::ok(thread::members(&app, &actor, thread, with_member, after, limit).await?))
}

/// Get Thread Member.
async fn member(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((thread, user)): Path<(ChannelId, UserId)>,
    Query(page): Query<MembersPage>,
) -> Answer<ThreadMember> {
    Ok(Reply::ok(thread::member(&app, &actor, thread, user, page.with_member).await?))
}

/// Join Thread.
async fn join(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(thread): Path<ChannelId>,
) -> Answer<()> {
    thread::join(&app, &actor, thread).await?;
    Ok(Reply::no_content())
}

/// Leave Thread.
async fn leave(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(thread): Path<ChannelId>,
) -> Answer<()> {
    thread::leave(&app, &actor, thread).await?;
    Ok(Reply::no_content())
}

/// Add Thread Member.
async fn add(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((thread, user)): Path<(ChannelId, UserId)>,
) -> Answer<()> {
    thread::add(&app, &actor, thread, user).await?;
    Ok(Reply::no_content())
}

/// Remove Thread Member.
async fn remove(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((thread, user)): Path<(ChannelId, UserId)>,
) -> Answer<()> {
    thread::remove(&app, &actor, thread, user).await?;
    Ok(Reply::no_content())
}

#[derive(Deserialize)]
struct ByTime {
    before: Option<Timestamp>,
    limit: Option<usize>,
}

/// List Public Archived Threads.
async fn archived_public(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(channel): Path<ChannelId>,
    Query(ByTime { before, limit }): Query<ByTime>,
) -> Answer<Threads> {
    let which = Archive::Public(before);
    Ok(Reply::ok(thread::archived(&app, &actor, channel, which, limit).await?))
}

/// List Private Archived Threads.
async fn archived_private(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(channel): Path<ChannelId>,
    Query(ByTime { before, limit }): Query<ByTime>,
) -> Answer<Threads> {
    let which = Archive::Private(before);
    Ok(Reply::ok(thread::archived(&app, &actor, channel, which, limit).await?))
}

#[derive(Deserialize)]
struct ById {
    #[serde(default, deserialize_with = "super::extract::before")]
    before: Option<ChannelId>,
    limit: Option<usize>,
}

/// List Joined Private Archived Threads.
async fn archived_mine(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(channel): Path<ChannelId>,
    Query(ById { before, limit }): Query<ById>,
) -> Answer<Threads> {
    let which = Archive::Mine(before);
    Ok(Reply::ok(thread::archived(&app, &actor, channel, which, limit).await?))
}

/// COMPAT: `slop` and tags are for searches of another kind, and are passed over.
#[derive(Deserialize)]
struct Wanted {
    name: Option<String>,
    min_id: Option<ChannelId>,
    max_id: Option<ChannelId>,
    archived: Option<bool>,
    sort_by: Option<String>,
    sort_order: Option<String>,
    limit: Option<usize>,
    offset: Option<usize>,
}

/// Search Threads.
async fn search(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(channel): Path<ChannelId>,
    Query(wanted): Query<Wanted>,
) -> Answer<FoundThreads> {
    let order = match wanted.sort_by.as_deref() {
        Some("creation_time") => SearchOrder::Created,
        Some("archive_time") => SearchOrder::Archived,
        _ => SearchOrder::LastMessage,
    };
    let wanted = SearchThreads {
        name: wanted.name,
        archived: wanted.archived,
        min_id: wanted.min_id,
        max_id: wanted.max_id,
        order,
        ascending: wanted.sort_order.as_deref() == Some("asc"),
        limit: wanted.limit,
        offset: wanted.offset.unwrap_or(0),
    };
    Ok(Reply::ok(thread::search(&app, &actor, channel, wanted).await?))
}

/// List Active Guild Threads.
async fn active(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
) -> Answer<Threads> {
    Ok(Reply::ok(thread::active(&app, &actor, guild).await?))
}
