//! Bots: made by an account, added to rooms.

use std::sync::Arc;

use axum::extract::State;
use domain::{App, bot};
use proto::{
    Id,
    bot::{AddBot, CreateBot},
    marker,
    member::Member,
    osc::SignedIn,
    user::User,
};

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Json, Path},
};

type UserId = Id<marker::User>;

pub fn routes() -> Routes {
    Routes::osc()
        .post("/bots", create)
        .get("/bots", list)
        .delete("/bots/{bot}", delete)
        .post("/bots/{bot}/token", new_token)
        .put("/guilds/{guild}/bots/{bot}", add)
}

/// A bot of mine, with its token.
async fn create(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Json(body): Json<CreateBot>,
) -> Answer<SignedIn> {
    Ok(Reply::created(bot::create(&app, &actor, body).await?))
}

async fn list(State(app): State<Arc<App>>, Actor(actor): Actor) -> Answer<Vec<User>> {
    Ok(Reply::ok(bot::list(&app, &actor).await?))
}

async fn delete(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(bot): Path<UserId>,
) -> Answer<()> {
    bot::delete(&app, &actor, bot).await?;
    Ok(Reply::no_content())
}

/// Another token; the old one ends.
async fn new_token(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(bot): Path<UserId>,
) -> Answer<SignedIn> {
    Ok(Reply::created(bot::new_token(&app, &actor, bot).await?))
}

/// Adds a bot of mine to a room, or changes what it may do there.
async fn add(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((guild, bot)): Path<(Id<marker::Guild>, UserId)>,
    Json(body): Json<AddBot>,
) -> Answer<Member> {
    Ok(Reply::ok(bot::add(&app, &actor, guild, bot, body).await?))
}
