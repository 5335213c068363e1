//! Who may use which command: what the bot says, and what a room says about it.

use proto::{
    Code, Id, Permissions,
    application::ApplicationCommand,
    audit_log::action,
    gateway::Dispatch,
    interaction::{CommandPermission, CommandPermissions},
    marker,
};

use super::{ApplicationId, CommandId, Scope};
use crate::{
    Actor, App, access,
    access::Place,
    audit_log::Entry,
    bus::{Audience, Event},
    reject::{Reject, Result, no},
    rows::{CommandPermissionRow, CommandRow},
    store::{Batch, Scan},
};

/// `CommandPermission::kind`.
const ROLE: u8 = 1;
const USER: u8 = 2;
const CHANNEL: u8 = 3;

/// A bot looks at its own, and who runs the room at any bot's that is in it.
async fn may_look(
    app: &App,
    actor: &Actor,
    application: ApplicationId,
    guild: Id<marker::Guild>,
) -> Result<()> {
    let unknown = Reject::Unknown(Code::UNKNOWN_APPLICATION);
    if actor.is_bot() {
        if application != actor.user.cast() {
            return no(unknown);
        }
        return access::guild(app, actor, guild).await.map(drop);
    }
    let here = access::require_guild(app, actor, guild, Permissions::MANAGE_GUILD).await?.0;
    let bot: Id<marker::User> = application.cast();
    let there = here.read().members.contains_key(&bot);
    if !there || app.user(bot).await?.kind != crate::rows::UserKind::Bot {
        return no(unknown);
    }
    Ok(())
}

/// What a room says about the commands of an application.
pub async fn permissions(
    app: &App,
    actor: &Actor,
    application: ApplicationId,
    guild: Id<marker::Guild>,
) -> Result<Vec<CommandPermissions>> {
    may_look(app, actor, application, guild).await?;
    Ok(rows(app, application, guild).await?.into_iter().map(told).collect())
}

/// All commands of an application that hold in a room, in one language, for who keeps them in
/// order there: also those that they may not use themselves.
pub async fn commands(
    app: &App,
    actor: &Actor,
    application: ApplicationId,
    guild: Id<marker::Guild>,
    locale: Option<&str>,
) -> Result<Vec<ApplicationCommand>> {
    may_look(app, actor, application, guild).await?;
    let mut commands = Vec::new();
    for guild in [None, Some(guild)] {
        let rows: Vec<CommandRow> = app.disk.scan(Scope { application, guild }.rows()).await?;
        commands.extend(rows.into_iter().map(|row| super::usable::localized(row.command, locale)));
    }
    Ok(commands)
}

/// What a room says about one command.
pub async fn permissions_of(
    app: &App,
    actor: &Actor,
    application: ApplicationId,
    guild: Id<marker::Guild>,
    command: CommandId,
) -> Result<CommandPermissions> {
    may_look(app, actor, application, guild).await?;
    match app.disk.get::<CommandPermissionRow>((guild, application, command)).await? {
        Some(row) => Ok(told(row)),
        None => no(Reject::Unknown(Code::UNKNOWN_COMMAND_PERMISSIONS)),
    }
}

/// Whether the actor may say who uses an application's commands: with MANAGE_GUILD and
/// MANAGE_ROLES, and not as a bot.
pub async fn may_set(
    app: &App,
    actor: &Actor,
    application: ApplicationId,
    guild: Id<marker::Guild>,
) -> Result<()> {
    actor.person()?;
    let needed = Permissions::MANAGE_GUILD | Permissions::MANAGE_ROLES;
    access::require_guild(app, actor, guild, needed).await?;
    may_look(app, actor, application, guild).await
}

/// Says who may use a command, or all commands of an application.
pub async fn set(
    app: &App,
    actor: &Actor,
    application: ApplicationId,
    guild: Id<marker::Guild>,
    command: CommandId,
    permissions: Vec<CommandPermission>,
) -> Result<CommandPermissions> {
    may_set(app, actor, application, guild).await?;
    if command != application.cast() {
        find(app, application, Some(guild), command).await?;
    }
    let most = app.limits.command_permissions;
    if permissions.len() > most {
        return no(Reject::length("permissions", 0, most));
    }
    for (at, one) in permissions.iter().enumerate() {
        let twice = permissions[..at].iter().any(|o| (o.id, o.kind) == (one.id, one.kind));
        if twice || !(ROLE..=CHANNEL).contains(&one.kind) {
            let path = format!("permissions.{at}");
            let message = "A role (1), a user (2) or a channel (3), each once.";
            return no(Reject::field(&path, "BASE_TYPE_CHOICES", message));
        }
    }
    let row = CommandPermissionRow {
        guild_id: guild,
        application_id: application,
        id: command,
        permissions,
    };
    let event = Dispatch::ApplicationCommandPermissionsUpdate(Box::new(told(row.clone())));
    let lane = app.lane_named("command_permission", (guild, application)).await;
    let key = (guild, application, command);
    let before = app.store.get::<CommandPermissionRow>(key).await?;
    let before = before.map(|row| row.permissions).unwrap_or_default();
    let mut batch = match row.permissions.is_empty() {
        true => Batch::new().delete::<CommandPermissionRow>(key),
        false => Batch::new().put(&row),
    };
    let to_bot = Audience::Within(guild, vec![application.cast()]);
    let mut events = vec![Event::Dispatch(to_bot, event)];
    let entry = noted(application, command, &before, &row.permissions);
    if !entry.is_empty() {
        entry.write(app, guild, actor.user, &mut batch, &mut events);
    }
    lane.enqueue(batch, events).durable().await?;
    Ok(told(row))
}

/// What the audit log says: one change for each whose right changed, by its id.
fn noted(
    application: ApplicationId,
    command: CommandId,
    before: &[CommandPermission],
    after: &[CommandPermission],
) -> Entry {
    let entry = Entry::new(action::APPLICATION_COMMAND_PERMISSION_UPDATE, Some(command.cast()));
    let mut entry = entry.option("application_id", application);
    let of = |said: &[CommandPermission], one: &CommandPermission| {
        said.iter().find(|other| (other.id, other.kind) == (one.id, one.kind)).cloned()
    };
    for one in after {
        entry = entry.change(&one.id.to_string(), of(before, one), one);
    }
    for one in before.iter().filter(|one| of(after, one).is_none()) {
        entry = entry.change(&one.id.to_string(), one, ());
    }
    entry
}

fn told(row: CommandPermissionRow) -> CommandPermissions {
    CommandPermissions {
        id: row.id,
        application_id: row.application_id,
        guild_id: row.guild_id,
        permissions: row.permissions,
    }
}

/// A command that holds in a guild: its own, or one that holds everywhere.
pub(crate) async fn find(
    app: &App,
    application: ApplicationId,
    guild: Option<Id<marker::Guild>>,
    command: CommandId,
) -> Result<ApplicationCommand> {
    let found = known(app, application, guild, command).await?;
    found.ok_or_else(|| Reject::Unknown(Code::UNKNOWN_COMMAND).into())
}

pub(crate) async fn known(
    app: &App,
    application: ApplicationId,
    guild: Option<Id<marker::Guild>>,
    command: CommandId,
) -> Result<Option<ApplicationCommand>> {
    let scopes = [guild, None].map(|guild| Scope { application, guild });
    for scope in scopes {
        if let Some(row) = app.disk.get::<CommandRow>(scope.key(command)).await? {
            return Ok(Some(row.command));
        }
    }
    Ok(None)
}

pub(crate) async fn rows(
    app: &App,
    application: ApplicationId,
    guild: Id<marker::Guild>,
) -> Result<Vec<CommandPermissionRow>> {
    let scan = Scan::of::<CommandPermissionRow>().prefix((guild, application));
    Ok(app.disk.scan(scan).await?)
}

/// Forgets what rooms said about a command that is gone.
pub(crate) async fn forget(app: &App, batch: Batch, gone: &[CommandRow]) -> Result<Batch> {
    let mut batch = batch;
    for row in gone {
        let scan = Scan::of::<CommandPermissionRow>().by("by_command");
        let scan = scan.prefix((row.application_id, row.id));
        for row in app.disk.scan::<CommandPermissionRow>(scan).await? {
            batch =
                batch.delete::<CommandPermissionRow>((row.guild_id, row.application_id, row.id));
        }
    }
    Ok(batch)
}

/// Forgets what rooms said about an application that is gone.
pub(crate) async fn forget_all(
    app: &App,
    batch: Batch,
    application: ApplicationId,
) -> Result<Batch> {
    let scan = Scan::of::<CommandPermissionRow>().by("by_command").prefix(application);
    let rows = app.disk.scan::<CommandPermissionRow>(scan).await?;
    Ok(rows.iter().fold(batch, |batch, row| {
        batch.delete::<CommandPermissionRow>((row.guild_id, row.application_id, row.id))
    }))
}

/// Whether somebody may use a command here. `said`: what the room says about its application.
pub(crate) fn may_use(
    place: &Place,
    actor: &Actor,
    command: &ApplicationCommand,
    said: &[CommandPermissionRow],
) -> bool {
    let Some(guild) = &place.guild else {
        // A direct message with the bot.
        let contexts = command.contexts.as_ref();
        let there = contexts.map_or(command.dm_permission, |list| list.contains(&1));
        return there && command.guild_id.is_none();
    };
    if command.contexts.as_ref().is_some_and(|list| !list.contains(&0)) {
        return false;
    }
    if command.nsfw && !place.channel.nsfw {
        return false;
    }
    if place.permissions.contains(Permissions::ADMINISTRATOR) {
        return true;
    }
    let by = |id: CommandId| said.iter().find(|row| row.id == id).map(|row| &row.permissions[..]);
    let (own, all) = (by(command.id), by(command.application_id.cast()));
    let everywhere = Id::new(guild.id.get().saturating_sub(1));
    // What is said of a channel holds for its threads.
    let channel = place.thread.as_ref().map_or(place.channel.id, |thread| thread.row.parent_id);
    let here = |said: Option<&[CommandPermission]>| {
        let in_channel = named(said?, CHANNEL, channel.cast());
        in_channel.or_else(|| named(said?, CHANNEL, everywhere?))
    };
    if here(own).or_else(|| here(all)) == Some(false) {
        return false;
    }
    let roles = place.member.as_ref().map_or(&[][..], |member| &member.roles[..]);
    let people = |said: Option<&[CommandPermission]>| -> Option<bool> {
        let said = said?;
        if let Some(own) = named(said, USER, actor.user.cast()) {
            return Some(own);
        }
        let of_roles: Vec<_> =
            roles.iter().filter_map(|role| named(said, ROLE, role.cast())).collect();
        match of_roles.is_empty() {
            false => Some(of_roles.contains(&true)),
            true => named(said, ROLE, guild.id.cast()),
        }
    };
    if let Some(own) = people(own) {
        return own;
    }
    if people(all) == Some(false) {
        return false;
    }
    match command.default_member_permissions.as_deref().map(str::parse::<u64>) {
        None => true,
        Some(Ok(bits)) if bits != 0 => {
            place.permissions.contains(Permissions::from_bits_truncate(bits))
        }
        Some(_) => false,
    }
}

fn named(said: &[CommandPermission], kind: u8, id: Id<marker::Overwrite>) -> Option<bool> {
    said.iter().find(|one| one.kind == kind && one.id == id).map(|one| one.permission)
}
