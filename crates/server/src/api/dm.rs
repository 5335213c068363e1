//! Direct messages. <https://discord.com/developers/docs/resources/user#create-dm>

use std::sync::Arc;

use axum::extract::State;
use domain::{App, Reject, dm, group, reject::no};
use proto::{Id, channel::Channel, marker};
use serde::Deserialize;

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Json},
};

pub fn routes() -> Routes {
    Routes::v10()
        .post("/users/@me/channels", open)
        .merge(Routes::osc().get("/users/@me/channels", list))
}

/// COMPAT: the documentation has `recipient_id`; clients of people send a list: many make a group.
#[derive(Deserialize)]
struct Open {
    recipient_id: Option<Id<marker::User>>,
    #[serde(default)]
    recipients: Vec<Id<marker::User>>,
}

/// Create DM, Create Group DM.
async fn open(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Json(body): Json<Open>,
) -> Answer<Channel> {
    let channel = match (body.recipient_id, body.recipients) {
        (Some(one), _) => dm::open(&app, &actor, one).await?,
        (None, recipients) if !recipients.is_empty() => {
            group::create(&app, &actor, recipients).await?
        }
        _ => {
            let message = "This field is required.";
            return Ok(no(Reject::field("recipient_id", "BASE_TYPE_REQUIRED", message))?);
        }
    };
    Ok(Reply::ok(channel))
}

/// The actor's direct messages.
async fn list(State(app): State<Arc<App>>, Actor(actor): Actor) -> Answer<Vec<Channel>> {
    Ok(Reply::ok(dm::list(&app, actor.user).await?))
}
