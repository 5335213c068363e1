//! Stickers: there are none here so far; bots that ask are told so.
//! <https://discord.com/developers/docs/resources/sticker>

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
    Routes::v10().get("/sticker-packs", packs).get("/guilds/{guild}/stickers", list)
}

#[derive(Serialize)]
struct Packs {
    sticker_packs: [(); 0],
}

/// List Sticker Packs. Anybody may ask.
async fn packs() -> Answer<Packs> {
    Ok(Reply::ok(Packs { sticker_packs: [] }))
}

/// List Guild Stickers.
async fn list(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<Id<marker::Guild>>,
) -> Answer<[(); 0]> {
    access::guild(&app, &actor, guild).await?;
    Ok(Reply::ok([]))
}
