//! Accounts: made, guarded by a password, deleted.

use std::sync::Arc;

use axum::extract::State;
use domain::{
    App, account,
    server_owner::{self, Link},
};
use proto::{
    account::{ChangePassword, CreateAccount, DeleteAccount, MakeResetLink, ResetPassword},
    osc::SignedIn,
};

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Client, Json, RawJson},
};

pub fn routes() -> Routes {
    Routes::osc()
        .post("/accounts", create)
        .delete("/accounts/@me", delete)
        .put("/accounts/@me/password", change_password)
        .post("/password-reset-links", make_reset)
        .post("/password-resets", reset_password)
}

/// An account; a guest becomes it.
async fn create(
    State(app): State<Arc<App>>,
    actor: Option<Actor>,
    client: Client,
    Json(body): Json<CreateAccount>,
) -> Answer<SignedIn> {
    let actor = actor.as_deref();
    let account = account::create(&app, actor, body, &client.name).await?;
    Ok(client.signed_in(account))
}

/// Goes for good. Guests, too.
async fn delete(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    client: Client,
    Json(body): Json<DeleteAccount>,
) -> Answer<()> {
    account::delete(&app, &actor, body.password.as_deref()).await?;
    Ok(client.signed_out())
}

async fn change_password(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Json(body): Json<ChangePassword>,
) -> Answer<()> {
    account::change_password(&app, &actor, body).await?;
    Ok(Reply::no_content())
}

/// A link for somebody who forgot their password: for the owner of the server to hand on.
async fn make_reset(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    body: RawJson,
) -> Answer<Link> {
    server_owner::require(&actor)?;
    let MakeResetLink { username } = body.parse()?;
    Ok(Reply::created(account::make_reset(&app, &username).await?))
}

/// A new password by such a link.
async fn reset_password(
    State(app): State<Arc<App>>,
    Json(body): Json<ResetPassword>,
) -> Answer<()> {
    account::reset_password(&app, body).await?;
    Ok(Reply::no_content())
}
