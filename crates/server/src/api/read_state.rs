//! Read markers, and typing: what somebody does with a channel besides writing.

use std::sync::Arc;

use axum::extract::State;
use domain::{App, read_state, typing};
use proto::{Id, marker, osc::ReadState};
use serde::Deserialize;

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Json, Path},
};

pub fn routes() -> Routes {
    Routes::osc()
        .put("/channels/{channel}/read", mark)
        .merge(Routes::v10().post("/channels/{channel}/typing", start_typing))
}

#[derive(Deserialize)]
struct Mark {
    message_id: Id<marker::Message>,
}

/// Sets how far the actor has read.
async fn mark(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(channel): Path<Id<marker::Channel>>,
    Json(mark): Json<Mark>,
) -> Answer<ReadState> {
    Ok(Reply::ok(read_state::mark(&app, &actor, channel, mark.message_id).await?))
}

/// Trigger Typing Indicator.
async fn start_typing(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(channel): Path<Id<marker::Channel>>,
) -> Answer<()> {
    typing::start(&app, &actor, channel).await?;
    Ok(Reply::no_content())
}
