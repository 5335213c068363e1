//! Bots: made by an account, added to rooms.

use std::sync::Arc;

use axum::extract::State;
use domain::{App, bot};
use proto::{
    Id,
    bot::{AddBot, BotAuthorization, CreateBot, ModifyBot, OwnBot},
    marker,
    member::Member,
    osc::SignedIn,
};

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Json, Path, PictureJson},
};

type UserId = Id<marker::User>;

pub fn routes() -> Routes {
    Routes::osc()
        .post("/bots", create)
        .get("/bots", list)
        .get("/bots/{bot}", one)
        .patch("/bots/{bot}", edit)
        .delete("/bots/{bot}", delete)
        .get("/bots/{bot}/authorization", authorization)
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

async fn list(State(app): State<Arc<App>>, Actor(actor): Actor) -> Answer<Vec<OwnBot>> {
    Ok(Reply::ok(bot::list(&app, &actor).await?))
}

async fn one(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(bot): Path<UserId>,
) -> Answer<OwnBot> {
    Ok(Reply::ok(bot::get(&app, &actor, bot).await?))
}

async fn edit(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(bot): Path<UserId>,
    PictureJson(draft): PictureJson<ModifyBot>,
) -> Answer<OwnBot> {
    Ok(Reply::ok(bot::edit(&app, &actor, bot, draft).await?))
}

/// What somebody decides by who is asked to add it to a room.
async fn authorization(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(bot): Path<UserId>,
) -> Answer<BotAuthorization> {
    Ok(Reply::ok(bot::authorization(&app, &actor, bot).await?))
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
