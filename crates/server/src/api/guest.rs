//! Guests: people without an account.

use std::sync::Arc;

use axum::extract::State;
use domain::{App, guest};
use proto::{account::CreateGuest, osc::SignedIn};

use super::{
    Answer, Routes,
    extract::{Client, Json},
};

pub fn routes() -> Routes {
    Routes::osc().post("/guests", create)
}

/// A guest, one click away.
async fn create(
    State(app): State<Arc<App>>,
    client: Client,
    Json(body): Json<CreateGuest>,
) -> Answer<SignedIn> {
    let guest = guest::create(&app, &body.name, &client.name).await?;
    Ok(client.signed_in(guest))
}
