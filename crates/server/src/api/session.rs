//! Logins: signing in, the list of places where one is, signing out anywhere.

use std::sync::Arc;

use axum::extract::State;
use domain::{App, Reject, account, login, reject::no};
use proto::{
    Code,
    account::LogIn,
    osc::{LoginSession, SignedIn},
};

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Client, Json, Path},
};

pub fn routes() -> Routes {
    Routes::osc()
        .post("/sessions", create)
        .get("/sessions", list)
        .delete("/sessions/{session}", delete)
}

/// Signs in. A guest who does takes its rooms along.
async fn create(
    State(app): State<Arc<App>>,
    actor: Option<Actor>,
    client: Client,
    Json(body): Json<LogIn>,
) -> Answer<SignedIn> {
    let account = account::log_in(&app, actor.as_deref(), body, &client.name).await?;
    Ok(client.signed_in(account))
}

async fn list(State(app): State<Arc<App>>, Actor(actor): Actor) -> Answer<Vec<LoginSession>> {
    Ok(Reply::ok(login::list(&app, &actor).await?))
}

/// Ends a login; `@current` is the one that asks. Its sockets are closed at once.
async fn delete(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    client: Client,
    Path(session): Path<String>,
) -> Answer<()> {
    let id = match session.parse() {
        Ok(id) => id,
        Err(_) if session == "@current" => actor.login,
        Err(_) => return Ok(no(Reject::Unknown(Code::UNKNOWN_SESSION))?),
    };
    login::revoke(&app, &actor, id).await?;
    let here = id == actor.login;
    Ok(if here { client.signed_out() } else { Reply::no_content() })
}
