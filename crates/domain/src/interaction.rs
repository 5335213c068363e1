//! Interactions: somebody does something with an application, and the application answers.
//!
//! What an application gets is built here from what is known, never copied from who asks. Its token
//! is the right to answer for a quarter of an hour; it is kept as its SHA-256 and goes to the
//! application alone.

mod answer;
pub mod endpoint;
mod ephemeral;
mod followup;
mod option;
mod render;
mod waiting;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use proto::{
    Code, Id, Permissions,
    application::{ApplicationCommand, CHAT_INPUT},
    gateway::Dispatch,
    interaction::{
        APPLICATION_COMMAND, AUTOCOMPLETE, Interaction, Invoke, MESSAGE_COMPONENT, MODAL_SUBMIT,
    },
    marker,
    message::Message,
};
use serde_json::{Map, Value as Json, json};
use tokio::sync::oneshot;

use crate::{
    Actor, App, access,
    access::Place,
    application::permission,
    attachment::Upload,
    bus::{Audience, Event},
    component, dm, login, message,
    reject::{Reject, Result, no},
    rows::{Answers, InteractionRow, MessageRow, NonceRow, UserKind},
    store::Batch,
    thread,
};

pub use answer::{Reply, callback, open};
pub use ephemeral::{file as ephemeral_file, prune};
pub use followup::{delete, edit, follow_up, one, open as open_webhook};
pub use waiting::{Said, Waiting};

type InteractionId = Id<marker::Interaction>;
type MessageId = Id<marker::Message>;

/// How long an application has for its first answer.
pub const FIRST_MS: i64 = 3_000;
/// How long it may go on answering.
const LIFE_MS: i64 = 15 * 60_000;
/// Characters of a language's name.
const LOCALE_LENGTH: usize = 16;
/// What libraries take for a token: so many characters of base64url.
const TOKEN_BYTES: usize = 51;

/// An interaction on its way.
pub struct Begun {
    pub id: InteractionId,
    /// `None`: it was sent before.
    pub sent: Option<Sent>,
}

pub struct Sent {
    /// To be sent there; `None`: it goes to the application's sessions.
    pub endpoint: Option<String>,
    pub interaction: Box<Interaction>,
    /// What the application says first.
    pub said: oneshot::Receiver<Said>,
}

/// What was done: the data for the application, and what the server keeps of it.
struct Deed {
    data: Json,
    what: Answers,
    message: Option<Message>,
    message_id: Option<MessageId>,
    focused: Option<u8>,
}

/// Somebody uses a command, asks for suggestions, presses, picks, or sends a form.
pub async fn begin(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    draft: Invoke,
    files: Vec<Upload>,
) -> Result<Begun> {
    let place = may_begin(app, actor, channel).await?;
    let id: InteractionId = app.ids.next();
    if let Some(known) = sent_before(app, actor, channel, &draft).await? {
        return Ok(Begun { id: known, sent: None });
    }
    let deed = match draft.kind {
        APPLICATION_COMMAND | AUTOCOMPLETE => {
            command(app, actor, &place, id, &draft, &files).await?
        }
        MESSAGE_COMPONENT => pressed(app, actor, &place, id, &draft).await?,
        MODAL_SUBMIT => filled_in(app, actor, &place, id, &draft).await?,
        _ => {
            let message = "Value must be one of {2, 3, 4, 5}.";
            return no(Reject::field("type", "BASE_TYPE_CHOICES", message));
        }
    };
    let token = BASE64.encode(app.random::<TOKEN_BYTES>());
    let row = InteractionRow {
        id,
        expires_at: app.clock.now().plus_ms(LIFE_MS),
        digest: login::digest(&token),
        channel_id: channel,
        guild_id: place.guild_id(),
        what: deed.what.clone(),
        message_id: deed.message_id,
        callback: None,
        original: None,
        modal: None,
        focused: deed.focused,
        messages: 0,
    };
    let application = row.what.application_id;
    let interaction = render::interaction(app, actor, &place, &draft, deed, &row, token).await?;
    let endpoint = endpoint::url(app, application).await?;
    let said = app.interactions.wait(id);
    let lane = app.lane_channel(place.guild_id(), channel).await;
    let mut batch = Batch::new().put(&row);
    batch = batch.and(ephemeral::keep_longer(app, actor, &row).await?);
    batch = batch.and(ephemeral::option_files(app, actor, &row, files));
    if let Some(nonce) = nonce_of(app, actor, channel, &draft, id)? {
        batch = batch.put(&nonce);
    }
    lane.enqueue(batch, Vec::new()).durable().await?;
    let interaction = Box::new(interaction);
    if endpoint.is_none() {
        // Not in the log on disk: the token is the application's alone.
        let event = Dispatch::InteractionCreate(interaction.clone());
        app.announce(match place.guild_id() {
            // To the shard that the guild is on.
            Some(guild) => {
                Event::Dispatch(Audience::Within(guild, vec![application.cast()]), event)
            }
            None => Event::to_users([application.cast()], event),
        });
    }
    Ok(Begun { id, sent: Some(Sent { endpoint, interaction, said }) })
}

/// Whether the actor may do anything with applications here. Before the body is read.
pub async fn may_begin(app: &App, actor: &Actor, channel: Id<marker::Channel>) -> Result<Place> {
    let place = access::channel(app, actor, channel).await?;
    actor.person()?;
    place.require(Permissions::USE_APPLICATION_COMMANDS)?;
    thread::is_unlocked(&place)?;
    dm::on_terms(app, actor, &place.channel).await?;
    Ok(place)
}

/// A nonce of interactions never meets one of messages.
fn nonce_name(app: &App, draft: &Invoke) -> Result<Option<String>> {
    let Some(nonce) = draft.nonce.as_ref().filter(|_| draft.kind != AUTOCOMPLETE) else {
        return Ok(None);
    };
    Ok(Some(format!("interaction/{}", message::nonce(app, nonce)?)))
}

async fn sent_before(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    draft: &Invoke,
) -> Result<Option<InteractionId>> {
    let Some(name) = nonce_name(app, draft)? else { return Ok(None) };
    let known = app.store.get::<NonceRow>((actor.user, channel, name.as_str())).await?;
    Ok(known.map(|row| row.message_id.cast()))
}

fn nonce_of(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    draft: &Invoke,
    id: InteractionId,
) -> Result<Option<NonceRow>> {
    let name = nonce_name(app, draft)?;
    Ok(name.map(|nonce| NonceRow {
        author_id: actor.user,
        channel_id: channel,
        nonce,
        message_id: id.cast(),
        at: app.clock.now(),
    }))
}

/// The bot of an application, if it is in this place.
async fn bot_here(
    app: &App,
    place: &Place,
    application: Id<marker::Application>,
) -> Result<Id<marker::User>> {
    let bot: Id<marker::User> = application.cast();
    let here = match &place.guild {
        Some(guild) => guild.read().members.contains_key(&bot),
        None => place.channel.recipients.contains(&bot),
    };
    let unknown = || Reject::Unknown(Code::UNKNOWN_APPLICATION);
    if !here {
        return no(unknown());
    }
    match app.user(bot).await {
        Ok(user) if user.kind == UserKind::Bot => Ok(bot),
        _ => no(unknown()),
    }
}

fn required(path: &str) -> Reject {
    Reject::field(path, "BASE_TYPE_REQUIRED", "This field is required")
}

fn plain(
    actor: &Actor,
    id: InteractionId,
    kind: u8,
    application_id: Id<marker::Application>,
) -> Answers {
    Answers {
        interaction_id: id,
        application_id,
        kind,
        user_id: actor.user,
        name: None,
        command_type: None,
        target_user: None,
        target_message: None,
        original: None,
        interacted: None,
        opened_by: None,
    }
}

async fn command(
    app: &App,
    actor: &Actor,
    place: &Place,
    id: InteractionId,
    draft: &Invoke,
    files: &[Upload],
) -> Result<Deed> {
    let Some(application) = draft.application_id else {
        return no(required("application_id"));
    };
    bot_here(app, place, application).await?;
    let Some(command) = draft.data.id else {
        return no(required("data.id"));
    };
    let command = permission::find(app, application, place.guild_id(), command).await?;
    let said = match place.guild_id() {
        Some(guild) => permission::rows(app, application, guild).await?,
        None => Vec::new(),
    };
    if !permission::may_use(place, actor, &command, &said) {
        return no(Reject::Unknown(Code::UNKNOWN_COMMAND));
    }
    let mut what = plain(actor, id, draft.kind, application);
    what.name = Some(command.name.clone());
    what.command_type = Some(command.kind);
    let mut data = named(&command);
    let mut focused = None;
    let mut found = option::Found::default();
    if command.kind == CHAT_INPUT {
        let given = &draft.data.options;
        let completing = draft.kind == AUTOCOMPLETE;
        let read = option::read(place, actor, &command, given, completing, files)?;
        focused = read.focused;
        found = read.found;
        what.name = Some(read.name);
        if completing && focused.is_none() {
            let message = "One option with suggestions is being filled in.";
            return no(Reject::field("data.options", "BASE_TYPE_REQUIRED", message));
        }
        if !read.options.is_empty() {
            data.insert("options".to_owned(), read.options.into());
        }
    } else {
        let target = target(app, place, &command, draft).await?;
        data.insert("target_id".to_owned(), json!(target.id()));
        match target {
            Target::User(user) => {
                found.users.insert(user);
                what.target_user = Some(user);
            }
            Target::Message(row) => {
                what.target_message = Some(row.id);
                let told = render::target(app, place, &row).await?;
                found.messages.push(told);
            }
        }
    }
    let resolved = option::resolved(app, actor, place, &found, files).await?;
    if !resolved.is_empty() {
        data.insert("resolved".to_owned(), resolved.into());
    }
    let (message, message_id) = (None, None);
    Ok(Deed { data: data.into(), what, message, message_id, focused })
}

/// Which command it is, as the application gets it.
fn named(command: &ApplicationCommand) -> Map<String, Json> {
    let mut data = Map::new();
    data.insert("id".to_owned(), json!(command.id));
    data.insert("name".to_owned(), json!(command.name));
    data.insert("type".to_owned(), json!(command.kind));
    if let Some(guild) = command.guild_id {
        data.insert("guild_id".to_owned(), json!(guild));
    }
    data
}

/// What a command of a menu is about.
enum Target {
    User(Id<marker::User>),
    Message(Box<MessageRow>),
}

impl Target {
    fn id(&self) -> Id<marker::Target> {
        match self {
            Self::User(id) => id.cast(),
            Self::Message(row) => row.id.cast(),
        }
    }
}

async fn target(
    app: &App,
    place: &Place,
    command: &ApplicationCommand,
    draft: &Invoke,
) -> Result<Target> {
    let Some(target) = draft.data.target_id else {
        return no(required("data.target_id"));
    };
    if command.kind == proto::application::USER {
        if !option::is_here(place, target.cast()) {
            return no(Reject::Unknown(Code::UNKNOWN_USER));
        }
        return Ok(Target::User(target.cast()));
    }
    place.require(Permissions::READ_MESSAGE_HISTORY)?;
    match app.store.get::<MessageRow>((place.channel.id, target.cast::<marker::Message>())).await? {
        Some(row) => Ok(Target::Message(Box::new(row))),
        None => no(Reject::Unknown(Code::UNKNOWN_MESSAGE)),
    }
}

/// A button was pressed, or something picked.
async fn pressed(
    app: &App,
    actor: &Actor,
    place: &Place,
    id: InteractionId,
    draft: &Invoke,
) -> Result<Deed> {
    let unknown = || Reject::Unknown(Code::UNKNOWN_MESSAGE);
    let Some(message_id) = draft.message_id else { return no(unknown()) };
    let Some(row) = answerable(app, actor, place, message_id).await? else {
        return no(unknown());
    };
    let application: Id<marker::Application> = row.author_id.cast();
    bot_here(app, place, application).await?;
    let wrong =
        |message: &str| Reject::field("data.custom_id", "COMPONENT_VALIDATION_FAILED", message);
    let name = &draft.data.custom_id;
    let Some(pressed) = component::find(&row.components, name).filter(|_| !name.is_empty()) else {
        return no(wrong("The message has no such component (any more)."));
    };
    if pressed["disabled"] == true {
        return no(wrong("This component is switched off."));
    }
    let kind = pressed["type"].as_u64().unwrap_or_default();
    let mut data = json!({ "custom_id": name, "component_type": kind, "id": pressed["id"] });
    if kind != component::BUTTON {
        let empty = Vec::new();
        let values = draft.data.values.as_array().unwrap_or(&empty);
        let known = |kind: u64, id: &str| option::may_name(place, actor, pressed, kind, id);
        let picked = component::picked(pressed, values, &known);
        let picked = picked.map_err(|message| {
            Reject::field("data.values", "COMPONENT_VALIDATION_FAILED", message)
        })?;
        if component::resolvable(kind) {
            let found = option::of_values(place, kind, &picked.values);
            let resolved = option::resolved(app, actor, place, &found, &[]).await?;
            data["resolved"] = resolved.into();
        }
        data["values"] = json!(picked.values);
    }
    let mut what = plain(actor, id, MESSAGE_COMPONENT, application);
    what.interacted = Some(message_id);
    let message = Some(render::target(app, place, &row).await?);
    Ok(Deed { data, what, message, message_id: Some(message_id), focused: None })
}

/// A message here whose components the actor can reach: one for all, or for them alone.
async fn answerable(
    app: &App,
    actor: &Actor,
    place: &Place,
    id: MessageId,
) -> Result<Option<MessageRow>> {
    if let Some(row) = app.store.get::<MessageRow>((place.channel.id, id)).await? {
        place.require(Permissions::READ_MESSAGE_HISTORY)?;
        return Ok(Some(row));
    }
    ephemeral::for_person(app, actor.user, place.channel.id, id).await
}

/// A form was filled in.
async fn filled_in(
    app: &App,
    actor: &Actor,
    place: &Place,
    id: InteractionId,
    draft: &Invoke,
) -> Result<Deed> {
    let unknown = || Reject::Unknown(Code::UNKNOWN_INTERACTION);
    let Some(opener) = draft.interaction_id else { return no(unknown()) };
    let opener = app.store.get::<InteractionRow>(opener).await?;
    let mine = |row: &InteractionRow| {
        let here = row.channel_id == place.channel.id && row.what.user_id == actor.user;
        here && row.expires_at > app.clock.now()
    };
    let Some(opener) = opener.filter(mine) else { return no(unknown()) };
    let Some(modal) = &opener.modal else { return no(unknown()) };
    if draft.data.custom_id != modal.custom_id {
        let message = "This is not the form that was shown.";
        return no(Reject::field("data.custom_id", "COMPONENT_VALIDATION_FAILED", message));
    }
    let application = opener.what.application_id;
    bot_here(app, place, application).await?;
    let empty = Map::new();
    let values = draft.data.values.as_object().unwrap_or(&empty);
    let known = |kind: u64, id: &str| option::may_name(place, actor, &Json::Null, kind, id);
    let rows = component::submitted(&modal.components, values, &known)?;
    let mut data = json!({ "custom_id": modal.custom_id, "components": rows });
    let found = option::of_form(place, &rows);
    let resolved = option::resolved(app, actor, place, &found, &[]).await?;
    if !resolved.is_empty() {
        data["resolved"] = resolved.into();
    }
    let mut what = plain(actor, id, MODAL_SUBMIT, application);
    let message = match opener.message_id {
        Some(id) => match answerable(app, actor, place, id).await? {
            Some(row) => Some(render::target(app, place, &row).await?),
            None => None,
        },
        None => None,
    };
    what.interacted = opener.what.interacted;
    what.opened_by = Some(Box::new(opener.what));
    let message_id = opener.message_id.filter(|_| message.is_some());
    Ok(Deed { data, what, message, message_id, focused: None })
}
