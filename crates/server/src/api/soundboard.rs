//! Soundboards: there are no sounds here so far; bots that ask are told so.
//! <https://discord.com/developers/docs/resources/soundboard>

use std::sync::Arc;

use axum::extract::State;
use domain::{App, access};
use proto::{Id, marker};
use serde::Serialize;

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Path},
};

pub fn routes() -> Routes {
    Routes::v10()
        .get("/soundboard-default-sounds", defaults)
        .get("/guilds/{guild}/soundboard-sounds", list)
}

#[derive(Serialize)]
struct Sounds {
    items: [(); 0],
}

/// List Default Soundboard Sounds.
async fn defaults(_: Actor) -> Answer<[(); 0]> {
    Ok(Reply::ok([]))
}

/// List Guild Soundboard Sounds.
async fn list(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<Id<marker::Guild>>,
) -> Answer<Sounds> {
    access::guild(&app, &actor, guild).await?;
    Ok(Reply::ok(Sounds { items: [] }))
}
