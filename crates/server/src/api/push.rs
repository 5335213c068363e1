//! Push subscriptions of browsers.

use std::sync::Arc;

use axum::{Extension, extract::State};
use domain::{App, Reject, push as rules, reject::no};
use proto::{
    Id, marker,
    osc::{PushKey, PushSubscription, PushSubscriptionDraft},
};

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Json, Path},
};
use crate::push::Pusher;

pub fn routes() -> Routes {
    Routes::osc()
        .get("/push", key)
        .post("/push/subscriptions", subscribe)
        .delete("/push/subscriptions/{session}", unsubscribe)
}

/// The key to subscribe with.
async fn key(Extension(pusher): Extension<Arc<Pusher>>) -> Answer<PushKey> {
    Ok(Reply::ok(PushKey { public_key: pusher.public_key() }))
}

/// Subscribes the browser behind this login; again: in place of the one before.
async fn subscribe(
    State(app): State<Arc<App>>,
    Extension(pusher): Extension<Arc<Pusher>>,
    Actor(actor): Actor,
    Json(draft): Json<PushSubscriptionDraft>,
) -> Answer<PushSubscription> {
    if let Err(error) = pusher.check(&draft.endpoint) {
        let message = format!("No address of a push service: {error}.");
        return Ok(no(Reject::field("endpoint", "URL_TYPE_INVALID_URL", message))?);
    }
    Ok(Reply::created(rules::subscribe(&app, &actor, draft).await?))
}

async fn unsubscribe(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(session): Path<Id<marker::Session>>,
) -> Answer<()> {
    rules::unsubscribe(&app, &actor, session).await?;
    Ok(Reply::no_content())
}
