//! What somebody wants to be told of.

use std::sync::Arc;

use axum::extract::State;
use domain::{App, notification};
use proto::{
    Id, marker,
    osc::{ModifyNotification, NotificationSetting},
};

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Json, Path},
};

pub fn routes() -> Routes {
    Routes::osc().put("/notifications/{target}", set)
}

/// Of a room or a channel.
async fn set(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(target): Path<Id<marker::Target>>,
    Json(body): Json<ModifyNotification>,
) -> Answer<NotificationSetting> {
    Ok(Reply::ok(notification::set(&app, &actor, target, body).await?))
}
