//! Pins. <https://discord.com/developers/docs/resources/message#get-channel-pins>

use std::sync::Arc;

use axum::extract::State;
use domain::{App, pin};
use proto::{
    Id, Timestamp, marker,
    message::{Message, Pins},
};
use serde::Deserialize;

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Path, Query},
};

type ChannelId = Id<marker::Channel>;
type MessageId = Id<marker::Message>;

/// COMPAT: both forms; libraries changed from the first to the second in 2025.
pub fn routes() -> Routes {
    Routes::v10()
        .get("/channels/{channel}/pins", list)
        .put("/channels/{channel}/pins/{message}", add)
        .delete("/channels/{channel}/pins/{message}", remove)
        .get("/channels/{channel}/messages/pins", page)
        .put("/channels/{channel}/messages/pins/{message}", add)
        .delete("/channels/{channel}/messages/pins/{message}", remove)
}

/// Get Pinned Messages, as it was.
async fn list(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(channel): Path<ChannelId>,
) -> Answer<Vec<Message>> {
    Ok(Reply::ok(pin::list(&app, &actor, channel).await?))
}

#[derive(Deserialize)]
struct Page {
    before: Option<Timestamp>,
    limit: Option<usize>,
}

/// Get Channel Pins.
async fn page(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(channel): Path<ChannelId>,
    Query(asked): Query<Page>,
) -> Answer<Pins> {
    let limit = asked.limit.unwrap_or(app.limits.pins_page);
    Ok(Reply::ok(pin::page(&app, &actor, channel, asked.before, limit).await?))
}

/// Pin Message.
async fn add(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((channel, message)): Path<(ChannelId, MessageId)>,
) -> Answer<()> {
    pin::add(&app, &actor, channel, message).await?;
    Ok(Reply::no_content())
}

/// Unpin Message.
async fn remove(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((channel, message)): Path<(ChannelId, MessageId)>,
) -> Answer<()> {
    pin::remove(&app, &actor, channel, message).await?;
    Ok(Reply::no_content())
}
