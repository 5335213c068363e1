//! Reactions. <https://discord.com/developers/docs/resources/message#create-reaction>

use std::sync::Arc;

use axum::extract::State;
use domain::{App, reaction};
use proto::{Id, marker, user::User};
use serde::Deserialize;

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Path, Query},
};

pub fn routes() -> Routes {
    Routes::v10()
        .put("/channels/{channel}/messages/{message}/reactions/{emoji}/@me", add)
        .delete("/channels/{channel}/messages/{message}/reactions/{emoji}/@me", remove_own)
        .delete("/channels/{channel}/messages/{message}/reactions/{emoji}/{user}", remove)
        .get("/channels/{channel}/messages/{message}/reactions/{emoji}", list)
        .delete("/channels/{channel}/messages/{message}/reactions/{emoji}", clear_emoji)
        .delete("/channels/{channel}/messages/{message}/reactions", clear)
}

type Channel = Id<marker::Channel>;
type Message = Id<marker::Message>;
type UserId = Id<marker::User>;

/// Create Reaction.
async fn add(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((channel, message, emoji)): Path<(Channel, Message, String)>,
) -> Answer<()> {
    reaction::add(&app, &actor, channel, message, &emoji).await?;
    Ok(Reply::no_content())
}

/// Delete Own Reaction.
async fn remove_own(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((channel, message, emoji)): Path<(Channel, Message, String)>,
) -> Answer<()> {
    reaction::remove(&app, &actor, channel, message, &emoji, actor.user).await?;
    Ok(Reply::no_content())
}

/// Delete User Reaction.
async fn remove(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((channel, message, emoji, user)): Path<(Channel, Message, String, UserId)>,
) -> Answer<()> {
    reaction::remove(&app, &actor, channel, message, &emoji, user).await?;
    Ok(Reply::no_content())
}

#[derive(Deserialize)]
struct Page {
    #[serde(default, deserialize_with = "super::extract::after")]
    after: Option<UserId>,
    limit: Option<usize>,
}

/// Get Reactions.
async fn list(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((channel, message, emoji)): Path<(Channel, Message, String)>,
    Query(page): Query<Page>,
) -> Answer<Vec<User>> {
    let limit = page.limit.unwrap_or(25);
    let users = reaction::list(&app, &actor, channel, message, &emoji, page.after, limit).await?;
    Ok(Reply::ok(users))
}

/// Delete All Reactions.
async fn clear(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((channel, message)): Path<(Channel, Message)>,
) -> Answer<()> {
    reaction::clear(&app, &actor, channel, message, None).await?;
    Ok(Reply::no_content())
}

/// Delete All Reactions for Emoji.
async fn clear_emoji(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((channel, message, emoji)): Path<(Channel, Message, String)>,
) -> Answer<()> {
    reaction::clear(&app, &actor, channel, message, Some(&emoji)).await?;
    Ok(Reply::no_content())
}
