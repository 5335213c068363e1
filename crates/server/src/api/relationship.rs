//! Friends, requests and blocks.

use std::sync::Arc;

use axum::extract::State;
use domain::{App, Reject, reject::no, relationship};
use proto::{
    Id, marker,
    osc::{AskFriend, BLOCKED, FRIEND, PutRelationship, Relationship},
};

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Json, Path},
};

pub fn routes() -> Routes {
    Routes::osc()
        .get("/relationships", list)
        .post("/relationships", ask)
        .put("/relationships/{user}", put)
        .delete("/relationships/{user}", remove)
}

/// The actor's own.
async fn list(State(app): State<Arc<App>>, Actor(actor): Actor) -> Answer<Vec<Relationship>> {
    Ok(Reply::ok(relationship::list(&app, actor.user).await?))
}

/// Asks somebody by name.
async fn ask(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Json(body): Json<AskFriend>,
) -> Answer<Relationship> {
    Ok(Reply::ok(relationship::ask_by_name(&app, &actor, &body.username).await?))
}

/// Asks or agrees, or blocks.
async fn put(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(user): Path<Id<marker::User>>,
    Json(body): Json<PutRelationship>,
) -> Answer<Relationship> {
    match body.kind {
        FRIEND => Ok(Reply::ok(relationship::ask(&app, &actor, user).await?)),
        BLOCKED => Ok(Reply::ok(relationship::block(&app, &actor, user).await?)),
        _ => {
            let message = "Must be 1 (friend) or 2 (blocked).";
            Ok(no(Reject::field("type", "BASE_TYPE_CHOICES", message))?)
        }
    }
}

/// Ends it, whatever it is.
async fn remove(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(user): Path<Id<marker::User>>,
) -> Answer<()> {
    relationship::remove(&app, &actor, user).await?;
    Ok(Reply::no_content())
}
