//! Guests: people without an account.

use std::sync::Arc;

use axum::extract::State;
use domain::{
    App,
    guest::{self, Newcomer},
    safety::Block,
};
use proto::{account::CreateGuest, osc::SignedIn};

use super::{
    Answer, Routes,
    extract::{Caller, Client, Json},
};

pub fn routes() -> Routes {
    Routes::osc().post("/guests", create)
}

/// A guest, one click away.
async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    client: Client,
    Json(body): Json<CreateGuest>,
) -> Answer<SignedIn> {
    let block = caller.known_address().map(|address| Block::of(&app, address));
    let newcomer = Newcomer { block, challenge: body.challenge };
    let guest = guest::create(&app, &body.name, &client.name, &newcomer).await?;
    Ok(client.signed_in(guest))
}
