//! Applications and their commands.
//! <https://discord.com/developers/docs/resources/application>
//! <https://discord.com/developers/docs/interactions/application-commands>

use std::sync::Arc;

use axum::{Extension, extract::State, http::HeaderMap};
use domain::{
    App,
    application::{self, Scope, Words, permission},
};
use proto::{
    Id,
    application::{Application, ApplicationCommand, CommandDraft, ModifyApplication},
    interaction::{CommandPermissions, PermissionsDraft},
    marker,
};
use serde::{Deserialize, Serialize};

use crate::interactions::Endpoints;

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Json, Path, PictureJson, Query, RawJson},
};

const GLOBAL: &str = "/applications/{application}/commands";
const GLOBAL_ONE: &str = "/applications/{application}/commands/{command}";
const GUILD: &str = "/applications/{application}/guilds/{guild}/commands";
const GUILD_ONE: &str = "/applications/{application}/guilds/{guild}/commands/{command}";

const PERMISSIONS: &str =
    "/applications/{application}/guilds/{guild}/commands/{command}/permissions";

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
        .get("/applications/{application}/guilds/{guild}/commands/permissions", permissions)
        .get(PERMISSIONS, permissions_of)
        .put(PERMISSIONS, set_permissions)
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
    Extension(endpoints): Extension<Arc<Endpoints>>,
    PictureJson(draft): PictureJson<ModifyApplication>,
) -> Answer<Application> {
    // People have no application of their own.
    application::current(&app, &actor).await?;
    edit_about(&app, &endpoints, &actor, actor.user.cast(), draft).await
}

/// The endpoint is asked whether it is one before anything is changed.
async fn edit_about(
    app: &Arc<App>,
    endpoints: &Endpoints,
    actor: &domain::Actor,
    id: Id<marker::Application>,
    mut draft: ModifyApplication,
) -> Answer<Application> {
    application::get(app, actor, id).await?;
    if let Some(url) = std::mem::take(&mut draft.interactions_endpoint_url).change() {
        endpoints.set(app, id, url.filter(|url| !url.is_empty())).await?;
    }
    Ok(Reply::ok(application::edit_about(app, actor, id, draft).await?))
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
    Extension(endpoints): Extension<Arc<Endpoints>>,
    PictureJson(draft): PictureJson<ModifyApplication>,
) -> Answer<Application> {
    edit_about(&app, &endpoints, &actor, id, draft).await
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

#[derive(Deserialize)]
struct Localizations {
    #[serde(default)]
    with_localizations: bool,
}

/// The language that who asks wants names in.
fn language(headers: &HeaderMap) -> Option<&str> {
    let said = ["x-discord-locale", "accept-language"].into_iter();
    let said = said.filter_map(|name| headers.get(name)?.to_str().ok()).next()?;
    said.split([',', ';']).next().map(str::trim).filter(|locale| *locale != "*")
}

/// Get Global Application Commands, and of a guild.
async fn list(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(place): Path<Place>,
    Query(query): Query<Localizations>,
    headers: HeaderMap,
) -> Answer<Vec<ApplicationCommand>> {
    let one = Words::Of(language(&headers));
    let words = if query.with_localizations { Words::All } else { one };
    Ok(Reply::ok(application::commands(&app, &actor, place.scope(), words).await?))
}

#[derive(Deserialize)]
struct InGuild {
    application: Id<marker::Application>,
    guild: Id<marker::Guild>,
}

#[derive(Deserialize)]
struct OfCommand {
    application: Id<marker::Application>,
    guild: Id<marker::Guild>,
    command: Id<marker::Command>,
}

/// Get Guild Application Command Permissions.
async fn permissions(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(of): Path<InGuild>,
) -> Answer<Vec<CommandPermissions>> {
    Ok(Reply::ok(permission::permissions(&app, &actor, of.application, of.guild).await?))
}

/// Get Application Command Permissions.
async fn permissions_of(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(of): Path<OfCommand>,
) -> Answer<CommandPermissions> {
    let OfCommand { application, guild, command } = of;
    let said = permission::permissions_of(&app, &actor, application, guild, command).await?;
    Ok(Reply::ok(said))
}

/// Edit Application Command Permissions: by who runs the room, not by a bot.
async fn set_permissions(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(of): Path<OfCommand>,
    body: RawJson,
) -> Answer<CommandPermissions> {
    let OfCommand { application, guild, command } = of;
    permission::may_set(&app, &actor, application, guild).await?;
    let draft: PermissionsDraft = body.parse()?;
    let said = draft.permissions;
    let set = permission::set(&app, &actor, application, guild, command, said).await?;
    Ok(Reply::ok(set))
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
