//! Group conversations: who comes and goes.
//! <https://discord.com/developers/docs/resources/channel#group-dm-add-recipient>

use std::sync::Arc;

use axum::extract::State;
use domain::{App, group};
use proto::{Id, marker};

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Path},
};

type ChannelId = Id<marker::Channel>;
type UserId = Id<marker::User>;

pub fn routes() -> Routes {
    Routes::v10()
        .put("/channels/{channel}/recipients/{user}", add)
        .delete("/channels/{channel}/recipients/{user}", remove)
}

/// Group DM Add Recipient. COMPAT: the token and the nick in its body are of no use here.
async fn add(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((channel, user)): Path<(ChannelId, UserId)>,
) -> Answer<()> {
    group::add(&app, &actor, channel, user).await?;
    Ok(Reply::no_content())
}

/// Group DM Remove Recipient.
async fn remove(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((channel, user)): Path<(ChannelId, UserId)>,
) -> Answer<()> {
    group::remove(&app, &actor, channel, user).await?;
    Ok(Reply::no_content())
}
