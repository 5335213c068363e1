//! Channels. <https://discord.com/developers/docs/resources/channel>

use std::sync::Arc;

use axum::extract::State;
use domain::{App, access, channel, group, thread};
use proto::{
    Id, Permissions,
    channel::{Channel, ChannelPosition, CreateChannel, GROUP_DM, ModifyChannel},
    marker,
    permission::Overwrite,
};
use serde::Deserialize;

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Path, RawJson, RawPictureJson},
};

type ChannelId = Id<marker::Channel>;
type GuildId = Id<marker::Guild>;
type OverwriteId = Id<marker::Overwrite>;

pub fn routes() -> Routes {
    Routes::v10()
        .get("/guilds/{guild}/channels", list)
        .post("/guilds/{guild}/channels", create)
        .patch("/guilds/{guild}/channels", reorder)
        .get("/channels/{channel}", get)
        .patch("/channels/{channel}", edit)
        .delete("/channels/{channel}", delete)
        .put("/channels/{channel}/permissions/{overwrite}", set_overwrite)
        .delete("/channels/{channel}/permissions/{overwrite}", delete_overwrite)
}

/// Get Guild Channels.
async fn list(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
) -> Answer<Vec<Channel>> {
    Ok(Reply::ok(channel::list(&app, &actor, guild).await?))
}

/// Create Guild Channel.
async fn create(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
    body: RawJson,
) -> Answer<Channel> {
    access::require_guild(&app, &actor, guild, Permissions::MANAGE_CHANNELS).await?;
    let draft: CreateChannel = body.parse()?;
    Ok(Reply::created(channel::create(&app, &actor, guild, draft).await?))
}

/// Modify Guild Channel Positions.
async fn reorder(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
    body: RawJson,
) -> Answer<()> {
    access::require_guild(&app, &actor, guild, Permissions::MANAGE_CHANNELS).await?;
    let moves: Vec<ChannelPosition> = body.parse()?;
    channel::reorder(&app, &actor, guild, moves).await?;
    Ok(Reply::no_content())
}

/// Get Channel.
async fn get(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(id): Path<ChannelId>,
) -> Answer<Channel> {
    Ok(Reply::ok(channel::get(&app, &actor, id).await?))
}

/// Modify Channel.
async fn edit(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(id): Path<ChannelId>,
    body: RawPictureJson,
) -> Answer<Channel> {
    let place = access::require(&app, &actor, id, Permissions::VIEW_CHANNEL).await?;
    if place.channel.kind == GROUP_DM {
        return Ok(Reply::ok(group::edit(&app, &actor, id, body.parse()?).await?));
    }
    if place.thread.is_some() {
        return Ok(Reply::ok(thread::edit(&app, &actor, id, body.parse()?).await?));
    }
    let draft: ModifyChannel = body.parse()?;
    Ok(Reply::ok(channel::edit(&app, &actor, id, draft).await?))
}

/// Delete/Close Channel.
async fn delete(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(id): Path<ChannelId>,
) -> Answer<Channel> {
    Ok(Reply::ok(channel::delete(&app, &actor, id).await?))
}

/// COMPAT: null is sent for "none".
#[derive(Deserialize)]
struct OverwriteDraft {
    #[serde(rename = "type")]
    kind: u8,
    #[serde(default)]
    allow: Option<Permissions>,
    #[serde(default)]
    deny: Option<Permissions>,
}

/// Edit Channel Permissions.
async fn set_overwrite(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((channel, id)): Path<(ChannelId, OverwriteId)>,
    body: RawJson,
) -> Answer<()> {
    channel::may_overwrite(&app, &actor, channel).await?;
    let OverwriteDraft { kind, allow, deny } = body.parse()?;
    let (allow, deny) = (allow.unwrap_or_default(), deny.unwrap_or_default());
    let overwrite = Overwrite { id, kind, allow, deny };
    channel::set_overwrite(&app, &actor, channel, overwrite).await?;
    Ok(Reply::no_content())
}

/// Delete Channel Permission.
async fn delete_overwrite(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((channel, id)): Path<(ChannelId, OverwriteId)>,
) -> Answer<()> {
    channel::delete_overwrite(&app, &actor, channel, id).await?;
    Ok(Reply::no_content())
}
