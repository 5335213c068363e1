//! The order in which somebody has its rooms.

use std::sync::Arc;

use axum::extract::State;
use domain::{App, guild_order};
use proto::osc::GuildOrder;

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Json},
};

pub fn routes() -> Routes {
    Routes::osc().put("/users/@me/guilds/order", set)
}

async fn set(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Json(body): Json<GuildOrder>,
) -> Answer<GuildOrder> {
    Ok(Reply::ok(guild_order::set(&app, &actor, body).await?))
}
