//! Applications and their commands.
//! <https://discord.com/developers/docs/resources/application>
//! <https://discord.com/developers/docs/interactions/application-commands>

use std::sync::Arc;

use axum::extract::State;
use domain::{
    App,
    application::{self, Scope},
};
use proto::{
    Id,
    application::{Application, ApplicationCommand, CommandDraft, ModifyApplication},
    marker,
};
use serde::{Deserialize, Serialize};

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Json, Path, PictureJson},
};

const GLOBAL: &str = "/applications/{application}/commands";
const GLOBAL_ONE: &str = "/applications/{application}/commands/{command}";
const GUILD: &str = "/applications/{application}/guilds/{guild}/commands";
const GUILD_ONE: &str = "/applications/{application}/guilds/{guild}/commands/{command}";

pub fn routes() -> Routes {
    Routes::v10()
        .get("/oauth2/applications/@me", current)
        .get("/applications/@me", current)
        .patch("/applications/@me", modify_current)
        .get("/applications/{application}", get)
        .patch("/applications/{application}", modify)
        .get("/applications/{application}/role-connections/metadata", role_connections)
        .get("/oauth2/keys", keys)
        .get(GLOBAL, list)
        .put(GLOBAL, overwrite)
        .post(GLOBAL, create)
        .get(GLOBAL_ONE, one)
        .patch(GLOBAL_ONE, edit)
        .delete(GLOBAL_ONE, delete)
        .get(GUILD, list)
        .put(GUILD, overwrite)
        .post(GUILD, create)
        .get(GUILD_ONE, one)
        .patch(GUILD_ONE, edit)
        .delete(GUILD_ONE, delete)
}

/// What the path of a list names.
#[derive(Deserialize)]
struct Place {
    application: Id<marker::Application>,
    guild: Option<Id<marker::Guild>>,
}

/// What the path of one command names.
#[derive(Deserialize)]
struct At {
    application: Id<marker::Application>,
    guild: Option<Id<marker::Guild>>,
    command: Id<marker::Command>,
}

impl Place {
    fn scope(&self) -> Scope {
        Scope { application: self.application, guild: self.guild }
    }
}

impl At {
    fn scope(&self) -> Scope {
        Scope { application: self.application, guild: self.guild }
    }
}

/// Get Current Application; Get Current Bot Application Information.
async fn current(State(app): State<Arc<App>>, Actor(actor): Actor) -> Answer<Application> {
    Ok(Reply::ok(application::current(&app, &actor).await?))
}

/// Edit Current Application.
async fn modify_current(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    PictureJson(draft): PictureJson<ModifyApplication>,
) -> Answer<Application> {
    let id = actor.user.cast();
    Ok(Reply::ok(application::edit_about(&app, &actor, id, draft).await?))
}

/// Get Application: of the bot that asks, or one made by who asks.
async fn get(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(id): Path<Id<marker::Application>>,
) -> Answer<Application> {
    Ok(Reply::ok(application::get(&app, &actor, id).await?))
}

/// Edit Application.
async fn modify(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(id): Path<Id<marker::Application>>,
    PictureJson(draft): PictureJson<ModifyApplication>,
) -> Answer<Application> {
    Ok(Reply::ok(application::edit_about(&app, &actor, id, draft).await?))
}

/// Get Application Role Connection Metadata Records: there are none here.
async fn role_connections(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(id): Path<Id<marker::Application>>,
) -> Answer<[(); 0]> {
    application::get(&app, &actor, id).await?;
    Ok(Reply::ok([]))
}

#[derive(Serialize)]
struct Keys {
    keys: [(); 0],
}

/// The keys that identity tokens are signed with: none are given out.
async fn keys() -> Answer<Keys> {
    Ok(Reply::ok(Keys { keys: [] }))
}

/// Get Global Application Commands, and of a guild.
async fn list(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(place): Path<Place>,
) -> Answer<Vec<ApplicationCommand>> {
    Ok(Reply::ok(application::commands(&app, &actor, place.scope()).await?))
}

/// Bulk Overwrite Application Commands.
async fn overwrite(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(place): Path<Place>,
    Json(body): Json<Vec<CommandDraft>>,
) -> Answer<Vec<ApplicationCommand>> {
    Ok(Reply::ok(application::overwrite(&app, &actor, place.scope(), body).await?))
}

/// Create Application Command: 200 where it replaced one of the same name.
async fn create(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(place): Path<Place>,
    Json(body): Json<CommandDraft>,
) -> Answer<ApplicationCommand> {
    let (command, new) = application::create(&app, &actor, place.scope(), body).await?;
    Ok(if new { Reply::created(command) } else { Reply::ok(command) })
}

/// Get Application Command.
async fn one(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(at): Path<At>,
) -> Answer<ApplicationCommand> {
    Ok(Reply::ok(application::command(&app, &actor, at.scope(), at.command).await?))
}

/// Edit Application Command.
async fn edit(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(at): Path<At>,
    Json(body): Json<CommandDraft>,
) -> Answer<ApplicationCommand> {
    Ok(Reply::ok(application::edit(&app, &actor, at.scope(), at.command, body).await?))
}

/// Delete Application Command.
async fn delete(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(at): Path<At>,
) -> Answer<()> {
    application::delete(&app, &actor, at.scope(), at.command).await?;
    Ok(Reply::no_content())
}
