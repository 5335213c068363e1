//! What somebody may use in a channel: the commands of the bots that are there.

use proto::{
    Id, Permissions,
    application::ApplicationCommand,
    channel,
    interaction::{UsableApplication, UsableCommands},
    marker,
};
use serde_json::Value as Json;

use super::{Scope, permission};
use crate::{
    Actor, App, access,
    access::Place,
    reject::Result,
    render,
    rows::{CommandRow, UserKind},
};

/// Bots of one room that are asked for.
const BOTS: usize = 100;

/// The commands that the actor may use in a channel, in the language they ask for.
pub async fn usable(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    locale: Option<&str>,
) -> Result<UsableCommands> {
    let place = access::channel(app, actor, channel).await?;
    actor.person()?;
    let mut found = UsableCommands { applications: Vec::new(), commands: Vec::new() };
    if !place.permissions.contains(Permissions::USE_APPLICATION_COMMANDS) {
        return Ok(found);
    }
    for bot in bots(&place) {
        let Ok(user) = app.user(bot).await else { continue };
        if user.kind != UserKind::Bot {
            continue;
        }
        let said = match place.guild_id() {
            Some(guild) => permission::rows(app, bot.cast(), guild).await?,
            None => Vec::new(),
        };
        let before = found.commands.len();
        let guilds = [None, place.guild_id()];
        for guild in &guilds[..1 + usize::from(guilds[1].is_some())] {
            let scope = Scope { application: bot.cast(), guild: *guild };
            let rows: Vec<CommandRow> = app.disk.scan(scope.rows()).await?;
            let may = rows.into_iter().map(|row| row.command);
            let may = may.filter(|command| permission::may_use(&place, actor, command, &said));
            found.commands.extend(may.map(|command| localized(command, locale)));
        }
        if found.commands.len() > before {
            let bot = render::user(&user);
            found.applications.push(UsableApplication { id: user.id.cast(), bot });
        }
    }
    Ok(found)
}

/// The bots of a place: each came into a room with a role of its own.
fn bots(place: &Place) -> Vec<Id<marker::User>> {
    let Some(guild) = &place.guild else {
        let direct = place.channel.kind == channel::DM;
        return if direct { place.channel.recipients.clone() } else { Vec::new() };
    };
    let state = guild.read();
    let bots = state.roles.values().filter_map(|role| role.bot_id);
    let mut bots: Vec<_> = bots.filter(|bot| state.members.contains_key(bot)).collect();
    bots.sort_unstable();
    bots.dedup();
    bots.truncate(BOTS);
    bots
}

/// Names and descriptions in one language instead of all.
pub(super) fn localized(
    mut command: ApplicationCommand,
    locale: Option<&str>,
) -> ApplicationCommand {
    let names = command.name_localizations.take().flatten();
    let descriptions = command.description_localizations.take().flatten();
    command.name_localized = locale.and_then(|locale| text(names.as_ref(), locale));
    command.description_localized = locale.and_then(|locale| text(descriptions.as_ref(), locale));
    for option in command.options.iter_mut().flatten() {
        localize(option, locale);
    }
    command
}

fn localize(option: &mut Json, locale: Option<&str>) {
    for (all, one) in [
        ("name_localizations", "name_localized"),
        ("description_localizations", "description_localized"),
    ] {
        let Some(object) = option.as_object_mut() else { return };
        let texts = object.remove(all);
        if let Some(text) = locale.and_then(|locale| text(texts.as_ref(), locale)) {
            object.insert(one.to_owned(), text.into());
        }
    }
    for list in ["options", "choices"] {
        for inside in option.get_mut(list).and_then(Json::as_array_mut).into_iter().flatten() {
            localize(inside, locale);
        }
    }
}

/// The text of a language, or of one that is like it: `de` for `de-AT`, `en-US` for `en`.
fn text(texts: Option<&Json>, locale: &str) -> Option<String> {
    let texts = texts?.as_object()?;
    let language = |locale: &str| locale.split('-').next().unwrap_or_default().to_owned();
    let exact = texts.get(locale);
    let like = || {
        let asked = language(locale);
        texts.iter().find(|(known, _)| language(known) == asked).map(|(_, text)| text)
    };
    exact.or_else(like)?.as_str().map(str::to_owned)
}
