//! Invites. <https://discord.com/developers/docs/resources/invite>

use std::sync::Arc;

use axum::extract::State;
use domain::{App, access, invite};
use proto::{
    Id, Permissions,
    guild::Guild,
    invite::{CreateInvite, Invite},
    marker,
};

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Caller, Counts, Path, Query, RawJson},
};

type ChannelId = Id<marker::Channel>;

pub fn routes() -> Routes {
    Routes::v10()
        .get("/channels/{channel}/invites", of_channel)
        .post("/channels/{channel}/invites", create)
        .get("/guilds/{guild}/invites", of_guild)
        .get("/invites/{code}", get)
        .delete("/invites/{code}", delete)
        .merge(Routes::osc().post("/invites/{code}/join", join))
}

/// Get Channel Invites.
async fn of_channel(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(channel): Path<ChannelId>,
) -> Answer<Vec<Invite>> {
    Ok(Reply::ok(invite::of_channel(&app, &actor, channel).await?))
}

/// Create Channel Invite.
async fn create(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(channel): Path<ChannelId>,
    body: RawJson,
) -> Answer<Invite> {
    access::require(&app, &actor, channel, Permissions::CREATE_INSTANT_INVITE).await?;
    let draft: CreateInvite = body.parse()?;
    Ok(Reply::ok(invite::create(&app, &actor, channel, draft).await?))
}

/// Get Guild Invites.
async fn of_guild(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<Id<marker::Guild>>,
) -> Answer<Vec<Invite>> {
    Ok(Reply::ok(invite::of_guild(&app, &actor, guild).await?))
}

/// Get Invite; no login: the code is enough.
async fn get(
    State(app): State<Arc<App>>,
    Path(code): Path<String>,
    Query(counts): Query<Counts>,
) -> Answer<Invite> {
    Ok(Reply::ok(invite::get(&app, &code, counts.with_counts).await?))
}

/// Delete Invite.
async fn delete(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(code): Path<String>,
) -> Answer<Invite> {
    Ok(Reply::ok(invite::delete(&app, &actor, &code).await?))
}

/// Comes in by an invite.
async fn join(
    State(app): State<Arc<App>>,
    caller: Caller,
    Actor(actor): Actor,
    Path(code): Path<String>,
) -> Answer<Guild> {
    Ok(Reply::ok(invite::join(&app, &actor, &code, caller.arrival(&app)).await?))
}
