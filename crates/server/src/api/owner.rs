//! The owner of the server: the one-time link that its operator printed.

use std::sync::Arc;

use axum::extract::State;
use domain::{App, server_owner};
use proto::account::BecomeOwner;

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Json},
};

pub fn routes() -> Routes {
    Routes::osc().post("/owner", become_owner)
}

/// By a click of somebody signed in: visiting the link does nothing yet.
async fn become_owner(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Json(body): Json<BecomeOwner>,
) -> Answer<()> {
    server_owner::become_owner(&app, &actor, &body.secret).await?;
    Ok(Reply::no_content())
}
