//! An application's first answer.

use proto::{
    Code, Id, Permissions,
    interaction::{
        APPLICATION_COMMAND, AUTOCOMPLETE, AUTOCOMPLETE_RESULT, CHANNEL_MESSAGE,
        CallbackInteraction, CallbackResource, CallbackResponse, DEFERRED_CHANNEL_MESSAGE,
        DEFERRED_UPDATE, MESSAGE_COMPONENT, MODAL, MODAL_SUBMIT, UPDATE_MESSAGE,
    },
    marker,
    message::{self as wire, CreateMessage, EditMessage, Message},
};
use serde_json::{Value as Json, json};

use super::{FIRST_MS, InteractionId, Said, ephemeral};
use crate::{
    Actor, App, access,
    access::Place,
    application::is_of,
    attachment::{self, Upload},
    bus::Event,
    component::{self, Modal},
    login,
    message::answer::{self, Draft},
    reject::{FieldError, Reject, Result, no},
    rows::{InteractionRow, MessageRow, UserKind},
    store::{Batch, Scan},
};

/// Suggestions in one answer.
const CHOICES: usize = 25;

/// What an application answers first.
pub enum Reply {
    Message(Box<CreateMessage>),
    /// A message comes later.
    Later {
        flags: u32,
    },
    /// Its message changes later, or not at all.
    LaterUpdate,
    Update(Box<EditMessage>),
    Choices(Vec<Json>),
    Modal(Modal),
}

impl Reply {
    fn kind(&self) -> u8 {
        match self {
            Self::Message(_) => CHANNEL_MESSAGE,
            Self::Later { .. } => DEFERRED_CHANNEL_MESSAGE,
            Self::LaterUpdate => DEFERRED_UPDATE,
            Self::Update(_) => UPDATE_MESSAGE,
            Self::Choices(_) => AUTOCOMPLETE_RESULT,
            Self::Modal(_) => MODAL,
        }
    }

    /// The form of a callback of type 9.
    pub fn modal(data: &Json) -> Result<Self> {
        component::modal(data).map(Self::Modal)
    }
}

/// The application's bot, as it acts with a token of an interaction.
pub(super) fn bot(application: Id<marker::Application>) -> Actor {
    let login = application.cast();
    Actor { user: application.cast(), kind: UserKind::Bot, login, server_owner: false }
}

/// The interaction that this token is for, as long as it may be answered.
pub(super) async fn with_token(app: &App, token: &str) -> Result<Option<InteractionRow>> {
    let digest = login::digest(token);
    let scan = Scan::of::<InteractionRow>().by("by_digest").prefix(digest.as_str()).limit(1);
    let row = app.store.scan::<InteractionRow>(scan).await?.into_iter().next();
    Ok(row.filter(|row| row.expires_at > app.clock.now()))
}

/// Where the answer goes, as the application's bot stands there: who asked it to speak lets it.
pub(super) async fn place(app: &App, row: &InteractionRow) -> Result<Place> {
    let (channel, guild) = app.channel(row.channel_id).await?;
    let speaking = Permissions::VIEW_CHANNEL
        | Permissions::SEND_MESSAGES
        | Permissions::EMBED_LINKS
        | Permissions::ATTACH_FILES
        | Permissions::READ_MESSAGE_HISTORY;
    let Some(guild) = guild else {
        let permissions = speaking;
        return Ok(Place { channel, thread: None, guild: None, permissions, member: None });
    };
    let bot = bot(row.what.application_id);
    let member = guild.read().members.get(&bot.user).cloned();
    if member.is_none() {
        return no(Reject::Unknown(Code::UNKNOWN_INTERACTION));
    }
    let (thread, have) = access::inside(app, &bot, &guild, &channel).await?;
    Ok(Place { channel, thread, guild: Some(guild), permissions: have | speaking, member })
}

/// Who answers and where, before the answer is read: for its files.
pub async fn open(
    app: &App,
    id: InteractionId,
    token: &str,
) -> Result<(Actor, Id<marker::Channel>)> {
    let unknown = Reject::Unknown(Code::UNKNOWN_INTERACTION);
    match with_token(app, token).await?.filter(|row| row.id == id) {
        Some(row) => Ok((bot(row.what.application_id), row.channel_id)),
        None => no(unknown),
    }
}

/// Takes an application's first answer: one, within three seconds.
pub async fn callback(
    app: &App,
    id: InteractionId,
    token: &str,
    reply: Reply,
    files: Vec<Upload>,
) -> Result<CallbackResponse> {
    let unknown = || Reject::Unknown(Code::UNKNOWN_INTERACTION);
    let seen = with_token(app, token).await?.filter(|row| row.id == id);
    let Some(seen) = seen else { return no(unknown()) };
    let here = place(app, &seen).await?;
    let lane = app.lane_channel(here.guild_id(), seen.channel_id).await;
    let here = place(app, &seen).await?;
    let Some(mut row) = app.store.get::<InteractionRow>(id).await? else { return no(unknown()) };
    if row.callback.is_some() {
        return no(Reject::Refused(Code::INTERACTION_ACKNOWLEDGED));
    }
    if app.clock.now().ms_since(id.created_at()) > FIRST_MS {
        return no(unknown());
    }
    fits(&row, &reply)?;
    row.callback = Some(reply.kind());
    let kind = reply.kind();
    let (mut said, mut done) = (Said::Answered, Done::default());
    match reply {
        Reply::Message(draft) => done = first(app, &here, &row, *draft, files).await?,
        Reply::Later { flags } => {
            let flags = wire::LOADING | flags & wire::EPHEMERAL;
            let message =
                answer::loading(app, &here, &bot(row.what.application_id), voice(&row, flags));
            done = spoken(app, &here, &row, message, Default::default(), Vec::new()).await?;
        }
        Reply::LaterUpdate => row.original = row.message_id,
        Reply::Update(edit) => {
            let Some(target) = row.message_id else { return no(unknown()) };
            done = changed(app, &here, &row, target, &edit, files).await?;
        }
        Reply::Choices(choices) => said = Said::Choices(suggested(&row, choices)?),
        Reply::Modal(modal) => {
            said = Said::Modal(json!(modal));
            row.modal = Some(modal);
        }
    }
    if let Some(message) = &done.message {
        row.original = Some(message.id);
        row.messages += 1;
    }
    let batch = done.batch.put(&row);
    lane.enqueue(batch, done.events).durable().await?;
    attachment::remove_blobs(app, &done.gone).await;
    app.interactions.tell(id, said);
    Ok(response(&row, kind, done.message))
}

/// What an answer changes.
#[derive(Default)]
pub(super) struct Done {
    pub batch: Batch,
    pub events: Vec<Event>,
    pub message: Option<Message>,
    /// Files that an edit took away.
    pub gone: Vec<crate::rows::AttachmentRow>,
}

fn response(row: &InteractionRow, kind: u8, message: Option<Message>) -> CallbackResponse {
    let flags = message.as_ref().map(|message| message.flags);
    CallbackResponse {
        interaction: CallbackInteraction {
            id: row.id,
            kind: row.what.kind,
            response_message_id: row.original,
            response_message_loading: flags.map(|flags| flags & wire::LOADING != 0),
            response_message_ephemeral: flags.map(|flags| flags & wire::EPHEMERAL != 0),
            channel_id: Some(row.channel_id),
            guild_id: row.guild_id,
        },
        // A message that was made, or one that was changed: whether it is whole says its flag.
        resource: message.map(|message| {
            let kind = if kind == UPDATE_MESSAGE { kind } else { CHANNEL_MESSAGE };
            CallbackResource { kind, message }
        }),
    }
}

/// Whether this kind of answer goes with what was done.
fn fits(row: &InteractionRow, reply: &Reply) -> Result<()> {
    let allowed: &[u8] = match row.what.kind {
        APPLICATION_COMMAND => &[CHANNEL_MESSAGE, DEFERRED_CHANNEL_MESSAGE, MODAL],
        AUTOCOMPLETE => &[AUTOCOMPLETE_RESULT],
        MODAL_SUBMIT if row.message_id.is_none() => &[CHANNEL_MESSAGE, DEFERRED_CHANNEL_MESSAGE],
        MODAL_SUBMIT => {
            &[CHANNEL_MESSAGE, DEFERRED_CHANNEL_MESSAGE, DEFERRED_UPDATE, UPDATE_MESSAGE]
        }
        _ => &[CHANNEL_MESSAGE, DEFERRED_CHANNEL_MESSAGE, DEFERRED_UPDATE, UPDATE_MESSAGE, MODAL],
    };
    if allowed.contains(&reply.kind()) {
        return Ok(());
    }
    let allowed: Vec<_> = allowed.iter().map(u8::to_string).collect();
    let message = format!("Value must be one of {{{}}}.", allowed.join(", "));
    no(Reject::field("type", "BASE_TYPE_CHOICES", message))
}

/// How a first answer is told apart: its type, and what it points at.
pub(super) fn voice(row: &InteractionRow, flags: u32) -> answer::Voice {
    let kind = match (row.what.kind, row.what.command_type) {
        (APPLICATION_COMMAND, Some(proto::application::CHAT_INPUT)) => wire::CHAT_INPUT_COMMAND,
        (APPLICATION_COMMAND, _) => wire::CONTEXT_MENU_COMMAND,
        _ => wire::DEFAULT,
    };
    answer::Voice { kind, flags, answers: row.what.clone() }
}

async fn first(
    app: &App,
    place: &Place,
    row: &InteractionRow,
    draft: CreateMessage,
    files: Vec<Upload>,
) -> Result<Done> {
    let voice = voice(row, draft.flags.unwrap_or(0) & wire::EPHEMERAL);
    let pressed = row.message_id.filter(|_| row.what.kind == MESSAGE_COMPONENT);
    let draft = Draft { voice, reply_to: pressed, message: draft };
    let bot = bot(row.what.application_id);
    let (message, mentioned) = answer::compose(app, place, &bot, draft, &files).await?;
    spoken(app, place, row, message, mentioned, files).await
}

/// A new message: for all in the channel, or for who asked alone.
pub(super) async fn spoken(
    app: &App,
    place: &Place,
    row: &InteractionRow,
    mut message: MessageRow,
    mentioned: crate::message::Mentioned,
    files: Vec<Upload>,
) -> Result<Done> {
    message.attachments = attachment::rows(&bot(row.what.application_id), &message, files);
    if message.flags & wire::EPHEMERAL == 0 {
        let (batch, events, told) = answer::said(app, place, &message, &mentioned).await?;
        return Ok(Done { batch, events, message: Some(told), gone: Vec::new() });
    }
    ephemeral::whispered(app, place, row, &message).await
}

/// The message that something is on, or that was answered with, is edited.
pub(super) async fn changed(
    app: &App,
    place: &Place,
    row: &InteractionRow,
    target: Id<marker::Message>,
    edit: &EditMessage,
    files: Vec<Upload>,
) -> Result<Done> {
    let bot = bot(row.what.application_id);
    if let Some(whisper) = ephemeral::row(app, row, target).await? {
        return ephemeral::changed(app, place, &bot, whisper, edit, files).await;
    }
    let before = app.store.get::<MessageRow>((row.channel_id, target)).await?;
    let Some(before) = before.filter(|before| before.author_id == bot.user) else {
        return no(Reject::Unknown(Code::UNKNOWN_MESSAGE));
    };
    let change = answer::changed(app, place, &bot, &before, edit, files)?;
    let (batch, events, told) = answer::told_change(app, place, &change).await?;
    Ok(Done { batch, events, message: Some(told), gone: change.gone })
}

/// Suggestions, checked against the option they are for.
fn suggested(row: &InteractionRow, choices: Vec<Json>) -> Result<Vec<Json>> {
    if choices.len() > CHOICES {
        return no(Reject::length("data.choices", 0, CHOICES));
    }
    let kind = u64::from(row.focused.unwrap_or_default());
    let mut errors = Vec::new();
    let mut told = Vec::with_capacity(choices.len());
    for (at, choice) in choices.into_iter().enumerate() {
        let name = choice["name"].as_str().unwrap_or_default().to_owned();
        let mut wrong = |key: &str, code, message: &str| {
            let path = format!("data.choices.{at}.{key}");
            errors.push(FieldError { path, code, message: message.to_owned() });
        };
        if !(1..=100).contains(&name.chars().count()) {
            wrong("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.");
        }
        if !is_of(kind, &choice["value"]) {
            wrong("value", "BASE_TYPE_BAD_TYPE", "Not of the type of the option.");
        }
        told.push(json!({ "name": name, "value": choice["value"] }));
    }
    if errors.is_empty() { Ok(told) } else { no(Reject::Invalid(errors)) }
}
