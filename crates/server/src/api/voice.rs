//! Voice, as far as it is asked over HTTP. <https://discord.com/developers/docs/resources/voice>

use std::sync::Arc;

use axum::extract::State;
use domain::{App, access, voice};
use proto::{Id, marker, voice::VoiceState};
use serde::Serialize;

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Path},
};

type GuildId = Id<marker::Guild>;

pub fn routes() -> Routes {
    Routes::v10()
        .get("/voice/regions", regions)
        .get("/guilds/{guild}/regions", guild_regions)
        .get("/guilds/{guild}/voice-states/@me", own)
        .get("/guilds/{guild}/voice-states/{user}", one)
}

#[derive(Serialize)]
struct Region {
    id: &'static str,
    name: &'static str,
    custom: bool,
    deprecated: bool,
    optimal: bool,
}

/// Those in voice reach each other directly: there is one region, and nothing to choose.
const MESH: [Region; 1] =
    [Region { id: "mesh", name: "Mesh", custom: false, deprecated: false, optimal: true }];

/// List Voice Regions.
async fn regions(_: Actor) -> Answer<[Region; 1]> {
    Ok(Reply::ok(MESH))
}

/// Get Guild Voice Regions.
async fn guild_regions(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
) -> Answer<[Region; 1]> {
    access::guild(&app, &actor, guild).await?;
    Ok(Reply::ok(MESH))
}

/// Get Current User Voice State.
async fn own(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
) -> Answer<VoiceState> {
    Ok(Reply::ok(voice::get(&app, &actor, guild, actor.user).await?))
}

/// Get User Voice State.
async fn one(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((guild, user)): Path<(GuildId, Id<marker::User>)>,
) -> Answer<VoiceState> {
    Ok(Reply::ok(voice::get(&app, &actor, guild, user).await?))
}
