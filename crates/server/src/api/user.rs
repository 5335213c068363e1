//! Users. <https://discord.com/developers/docs/resources/user>

use std::sync::Arc;

use axum::extract::State;
use domain::{App, user};
use proto::{
    Id, marker,
    osc::Profile,
    user::{CurrentUser, ModifyCurrentUser, User},
};

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Path, PictureJson},
};

pub fn routes() -> Routes {
    Routes::v10()
        .get("/users/@me", current)
        .patch("/users/@me", modify)
        .get("/users/@me/connections", connections)
        .get("/users/{user}", one)
        .merge(Routes::osc().get("/users/{user}/profile", profile))
}

/// Get Current User.
async fn current(State(app): State<Arc<App>>, Actor(actor): Actor) -> Answer<CurrentUser> {
    Ok(Reply::ok(user::current(&app, &actor).await?))
}

/// Modify Current User.
async fn modify(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    PictureJson(body): PictureJson<ModifyCurrentUser>,
) -> Answer<CurrentUser> {
    Ok(Reply::ok(user::modify(&app, &actor, body).await?))
}

/// Get Current User Connections: accounts elsewhere are not connected here.
async fn connections(_: Actor) -> Answer<[(); 0]> {
    Ok(Reply::ok([]))
}

/// Somebody, with what the two have in common.
async fn profile(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(user): Path<Id<marker::User>>,
) -> Answer<Profile> {
    Ok(Reply::ok(user::profile(&app, &actor, user).await?))
}

/// Get User.
async fn one(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(user): Path<Id<marker::User>>,
) -> Answer<User> {
    Ok(Reply::ok(user::get(&app, &actor, user).await?))
}
