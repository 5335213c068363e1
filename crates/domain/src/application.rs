//! Applications: what a bot asks about itself, and the commands it registers when it starts.

mod about;
mod check;
pub mod permission;
mod usable;

use proto::{
    Code, Id, Patch,
    application::{ApplicationCommand, CHAT_INPUT, CommandDraft},
    marker,
};
use serde_json::Value;

use crate::{
    Actor, App, access,
    reject::{Reject, Result, no},
    rows::CommandRow,
    store::{Batch, Scan},
};

pub(crate) use about::{Change, SCOPES, about, checked, write};
pub use about::{current, edit_about, get, granted};

type ApplicationId = Id<marker::Application>;
type CommandId = Id<marker::Command>;

pub use check::{ATTACHMENT, BOOLEAN, CHANNEL, INTEGER, MENTIONABLE, NUMBER, ROLE, STRING};
pub use check::{SUB_COMMAND_GROUP, USER, is_of};
pub use usable::usable;

/// Where commands hold.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    pub application: ApplicationId,
    /// `None`: everywhere.
    pub guild: Option<Id<marker::Guild>>,
}

/// How a list has names and descriptions.
#[derive(Debug, Clone, Copy)]
pub enum Words<'l> {
    /// In all languages.
    All,
    /// In one of them, beside the usual.
    Of(Option<&'l str>),
}

/// The commands in a place, oldest first.
pub async fn commands(
    app: &App,
    actor: &Actor,
    scope: Scope,
    words: Words<'_>,
) -> Result<Vec<ApplicationCommand>> {
    authorized(app, actor, scope).await?;
    let rows: Vec<CommandRow> = app.disk.scan(scope.rows()).await?;
    let commands = rows.into_iter().map(|row| row.command);
    Ok(match words {
        Words::All => commands.collect(),
        Words::Of(locale) => commands.map(|command| usable::localized(command, locale)).collect(),
    })
}

/// One command.
pub async fn command(
    app: &App,
    actor: &Actor,
    scope: Scope,
    id: CommandId,
) -> Result<ApplicationCommand> {
    authorized(app, actor, scope).await?;
    let row: Option<CommandRow> = app.disk.get(scope.key(id)).await?;
    row.map(|row| row.command).ok_or_else(|| unknown().into())
}

/// Replaces all commands of a place. One that was there keeps its id.
pub async fn overwrite(
    app: &App,
    actor: &Actor,
    scope: Scope,
    drafts: Vec<CommandDraft>,
) -> Result<Vec<ApplicationCommand>> {
    authorized(app, actor, scope).await?;
    let lane = app.lane_user(actor.user).await;
    let before: Vec<CommandRow> = app.store.scan(scope.rows()).await?;
    let mut commands: Vec<ApplicationCommand> = Vec::new();
    for draft in drafts {
        let command = made(app, scope, draft)?;
        if commands.iter().any(|other| same(other, &command)) {
            let message = "Two commands of one type have this name.";
            return no(Reject::field("name", "APPLICATION_COMMANDS_DUPLICATE_NAME", message));
        }
        let old = before.iter().find(|row| same(&row.command, &command));
        let id = old.map_or(command.id, |row| row.id);
        commands.push(ApplicationCommand { id, ..command });
        not_too_many(app, &commands)?;
    }
    let gone = before.iter().filter(|row| commands.iter().all(|command| command.id != row.id));
    let gone: Vec<_> = gone.cloned().collect();
    let batch = permission::forget(app, Batch::new(), &gone).await?;
    let batch = gone.iter().fold(batch, |b, row| b.delete::<CommandRow>(scope.key(row.id)));
    let batch = commands.iter().fold(batch, |batch, command| batch.put(&scope.row(command)));
    lane.enqueue(batch, Vec::new()).durable().await?;
    Ok(commands)
}

/// Adds a command, or replaces the one of the same type and name. Answers whether it is new.
pub async fn create(
    app: &App,
    actor: &Actor,
    scope: Scope,
    draft: CommandDraft,
) -> Result<(ApplicationCommand, bool)> {
    authorized(app, actor, scope).await?;
    let mut command = made(app, scope, draft)?;
    let lane = app.lane_user(actor.user).await;
    let before: Vec<CommandRow> = app.store.scan(scope.rows()).await?;
    let old = before.iter().find(|row| same(&row.command, &command)).map(|row| row.id);
    command.id = old.unwrap_or(command.id);
    if old.is_none() {
        let mut all: Vec<_> = before.into_iter().map(|row| row.command).collect();
        all.push(command.clone());
        not_too_many(app, &all)?;
    }
    let batch = Batch::new().put(&scope.row(&command));
    lane.enqueue(batch, Vec::new()).durable().await?;
    Ok((command, old.is_none()))
}

/// Changes a command.
pub async fn edit(
    app: &App,
    actor: &Actor,
    scope: Scope,
    id: CommandId,
    draft: CommandDraft,
) -> Result<ApplicationCommand> {
    authorized(app, actor, scope).await?;
    let lane = app.lane_user(actor.user).await;
    let Some(row) = app.store.get::<CommandRow>(scope.key(id)).await? else {
        return no(unknown());
    };
    let version = app.ids.next();
    let command = applied(ApplicationCommand { version, ..row.command }, draft)?;
    let others: Vec<CommandRow> = app.store.scan(scope.rows()).await?;
    if others.iter().any(|other| other.id != id && same(&other.command, &command)) {
        let message = "Another command of this type has this name.";
        return no(Reject::field("name", "APPLICATION_COMMANDS_DUPLICATE_NAME", message));
    }
    let batch = Batch::new().put(&scope.row(&command));
    lane.enqueue(batch, Vec::new()).durable().await?;
    Ok(command)
}

/// Deletes a command.
pub async fn delete(app: &App, actor: &Actor, scope: Scope, id: CommandId) -> Result<()> {
    authorized(app, actor, scope).await?;
    let lane = app.lane_user(actor.user).await;
    let Some(row) = app.store.get::<CommandRow>(scope.key(id)).await? else {
        return no(unknown());
    };
    let batch = permission::forget(app, Batch::new(), &[row]).await?;
    let batch = batch.delete::<CommandRow>(scope.key(id));
    lane.enqueue(batch, Vec::new()).durable().await
}

fn unknown() -> Reject {
    Reject::Unknown(Code::UNKNOWN_COMMAND)
}

/// A bot has its own commands only, in rooms it is in.
async fn authorized(app: &App, actor: &Actor, scope: Scope) -> Result<()> {
    if !actor.is_bot() {
        return no(Reject::Refused(Code::BOTS_ONLY));
    }
    if scope.application != actor.user.cast() {
        return no(Reject::Unknown(Code::UNKNOWN_APPLICATION));
    }
    if let Some(guild) = scope.guild {
        access::guild(app, actor, guild).await?;
    }
    Ok(())
}

impl Scope {
    /// Ids are never zero, so zero stands for everywhere.
    fn place(self) -> i64 {
        self.guild.map_or(0, |guild| guild.get() as i64)
    }

    fn rows(self) -> Scan {
        Scan::of::<CommandRow>().prefix((self.application, self.place()))
    }

    fn key(self, id: CommandId) -> (ApplicationId, i64, CommandId) {
        (self.application, self.place(), id)
    }

    fn row(self, command: &ApplicationCommand) -> CommandRow {
        CommandRow {
            application_id: self.application,
            place: self.place(),
            id: command.id,
            command: command.clone(),
        }
    }
}

fn same(a: &ApplicationCommand, b: &ApplicationCommand) -> bool {
    a.kind == b.kind && a.name == b.name
}

fn not_too_many(app: &App, commands: &[ApplicationCommand]) -> Result<(), Reject> {
    let most = app.limits.application_commands;
    let last = commands.last().map(|command| command.kind);
    if commands.iter().filter(|command| Some(command.kind) == last).count() <= most {
        return Ok(());
    }
    let message = format!("There can be {most} commands of one type.");
    Err(Reject::field("name", "MAX_COMMANDS", message))
}

fn made(app: &App, scope: Scope, draft: CommandDraft) -> Result<ApplicationCommand, Reject> {
    if draft.name.is_none() {
        return Err(Reject::field("name", "BASE_TYPE_REQUIRED", "This field is required"));
    }
    let id = app.ids.next();
    let bare = ApplicationCommand {
        id,
        application_id: scope.application,
        guild_id: scope.guild,
        version: id,
        kind: draft.kind.unwrap_or(CHAT_INPUT),
        name: String::new(),
        name_localized: None,
        name_localizations: Some(None),
        description: String::new(),
        description_localized: None,
        description_localizations: Some(None),
        options: None,
        default_member_permissions: None,
        dm_permission: true,
        contexts: None,
        integration_types: vec![0],
        nsfw: false,
    };
    applied(bare, draft)
}

/// The command with the draft's fields, checked as a whole. Its type stays.
fn applied(
    mut command: ApplicationCommand,
    draft: CommandDraft,
) -> Result<ApplicationCommand, Reject> {
    command.name = draft.name.unwrap_or(command.name);
    command.description = changed(draft.description, command.description, String::new());
    command.dm_permission = changed(draft.dm_permission, command.dm_permission, true);
    command.nsfw = changed(draft.nsfw, command.nsfw, false);
    let everywhere = vec![0];
    command.integration_types =
        changed(draft.integration_types, command.integration_types, everywhere);
    if let Some(texts) = draft.name_localizations.change() {
        command.name_localizations = Some(texts);
    }
    if let Some(texts) = draft.description_localizations.change() {
        command.description_localizations = Some(texts);
    }
    draft.options.apply(&mut command.options);
    draft.contexts.apply(&mut command.contexts);
    if let Some(permissions) = draft.default_member_permissions.change() {
        command.default_member_permissions = match permissions {
            None => None,
            Some(Value::String(bits)) if bits.parse::<u64>().is_ok() => Some(bits),
            Some(Value::Number(bits)) if bits.is_u64() => Some(bits.to_string()),
            Some(_) => {
                let field = "default_member_permissions";
                return Err(Reject::field(field, "BASE_TYPE_BAD_TYPE", "A decimal string."));
            }
        };
    }
    check::sound(command)
}

/// What a field becomes: null brings the default back.
fn changed<T>(patch: Patch<T>, now: T, default: T) -> T {
    match patch {
        Patch::Absent => now,
        Patch::Null => default,
        Patch::Value(value) => value,
    }
}
