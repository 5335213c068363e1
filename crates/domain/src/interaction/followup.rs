//! What an application says after its first answer: more messages, and changes of them.

use proto::{
    Code, Id, marker,
    message::{self as wire, CreateMessage, EditMessage, Message},
};

use super::{
    answer::{Done, bot, changed, place, spoken, with_token},
    ephemeral,
};
use crate::{
    Actor, App,
    access::Place,
    attachment::{self, Upload},
    message::{
        self,
        answer::{self, Draft},
    },
    reject::{Reject, Result, no},
    rows::{InteractionRow, MessageRow},
    store::Batch,
};

type ApplicationId = Id<marker::Application>;
type MessageId = Id<marker::Message>;

/// The interaction behind a token of an application that has answered; others look unknown.
async fn answered(app: &App, application: ApplicationId, token: &str) -> Result<InteractionRow> {
    let row = with_token(app, token).await?;
    let own =
        |row: &InteractionRow| row.what.application_id == application && row.callback.is_some();
    row.filter(own).ok_or_else(|| Reject::Unknown(Code::UNKNOWN_WEBHOOK).into())
}

/// Whether this is a token of an interaction of this application, and who speaks where with it:
/// before the message is read.
pub async fn open(
    app: &App,
    application: ApplicationId,
    token: &str,
) -> Result<(Actor, Id<marker::Channel>)> {
    let row = answered(app, application, token).await?;
    Ok((bot(application), row.channel_id))
}

/// Create Followup Message.
pub async fn follow_up(
    app: &App,
    application: ApplicationId,
    token: &str,
    draft: CreateMessage,
    files: Vec<Upload>,
) -> Result<Message> {
    let row = answered(app, application, token).await?;
    let here = place(app, &row).await?;
    let lane = app.lane_channel(here.guild_id(), row.channel_id).await;
    let here = place(app, &row).await?;
    let mut row = answered(app, application, token).await?;
    if row.messages >= app.limits.interaction_messages {
        return no(Reject::Refused(Code::MAX_FOLLOWUPS));
    }
    row.messages += 1;
    let done = match loading(app, &row).await? {
        // COMPAT: the first message after a deferred answer takes its place.
        Some(original) => {
            let edit = answer::as_edit(draft);
            changed(app, &here, &row, original, &edit, files).await?
        }
        None => {
            let flags = draft.flags.unwrap_or(0) & wire::EPHEMERAL;
            let mut answers = row.what.clone();
            answers.original = row.original;
            let voice = answer::Voice { kind: wire::DEFAULT, flags, answers };
            let draft = Draft { voice, reply_to: row.original, message: draft };
            let bot = bot(application);
            let (message, mentioned) = answer::compose(app, &here, &bot, draft, &files).await?;
            spoken(app, &here, &row, message, mentioned, files).await?
        }
    };
    finish(app, lane, done, Some(&row)).await
}

async fn finish(
    app: &App,
    lane: crate::lane::Lane<'_>,
    done: Done,
    row: Option<&InteractionRow>,
) -> Result<Message> {
    let batch = row.map_or(Batch::new(), |row| Batch::new().put(row)).and(done.batch);
    lane.enqueue(batch, done.events).durable().await?;
    attachment::remove_blobs(app, &done.gone).await;
    done.message.ok_or_else(|| Reject::Unknown(Code::UNKNOWN_MESSAGE).into())
}

/// The first answer, while it says that another comes.
async fn loading(app: &App, row: &InteractionRow) -> Result<Option<MessageId>> {
    let Some(original) = row.original else { return Ok(None) };
    let message = match ephemeral::row(app, row, original).await? {
        Some(whisper) => Some(ephemeral::message(&whisper)?),
        None => app.store.get::<MessageRow>((row.channel_id, original)).await?,
    };
    Ok(message.filter(|message| message.flags & wire::LOADING != 0).map(|_| original))
}

/// Which message; `None`: the first answer.
fn which(row: &InteractionRow, id: Option<MessageId>) -> Result<MessageId> {
    id.or(row.original).ok_or_else(|| Reject::Unknown(Code::UNKNOWN_MESSAGE).into())
}

/// A message that this interaction was answered with, seen by all.
async fn own(app: &App, row: &InteractionRow, id: MessageId) -> Result<MessageRow> {
    let message = app.store.get::<MessageRow>((row.channel_id, id)).await?;
    let own = |message: &MessageRow| {
        let answers = message.answers.as_ref();
        let of_this = answers.is_some_and(|answers| answers.interaction_id == row.id);
        let bot: Id<marker::User> = row.what.application_id.cast();
        (of_this || row.original == Some(id)) && message.author_id == bot
    };
    message.filter(own).ok_or_else(|| Reject::Unknown(Code::UNKNOWN_MESSAGE).into())
}

/// Get Original Interaction Response, Get Followup Message.
pub async fn one(
    app: &App,
    application: ApplicationId,
    token: &str,
    id: Option<MessageId>,
) -> Result<Message> {
    let row = answered(app, application, token).await?;
    let here = place(app, &row).await?;
    let id = which(&row, id)?;
    let message = match ephemeral::row(app, &row, id).await? {
        Some(whisper) => ephemeral::message(&whisper)?,
        None => own(app, &row, id).await?,
    };
    let told = message::render_for_event(app, &here, &message).await?;
    Ok(message::for_answer(&told))
}

/// Edit Original Interaction Response, Edit Followup Message.
pub async fn edit(
    app: &App,
    application: ApplicationId,
    token: &str,
    id: Option<MessageId>,
    edit: EditMessage,
    files: Vec<Upload>,
) -> Result<Message> {
    let row = answered(app, application, token).await?;
    let here = place(app, &row).await?;
    let lane = app.lane_channel(here.guild_id(), row.channel_id).await;
    let here = place(app, &row).await?;
    let row = answered(app, application, token).await?;
    let id = which(&row, id)?;
    if ephemeral::row(app, &row, id).await?.is_none() {
        own(app, &row, id).await?;
    }
    let done = changed(app, &here, &row, id, &edit, files).await?;
    finish(app, lane, done, None).await
}

/// Delete Original Interaction Response, Delete Followup Message.
pub async fn delete(
    app: &App,
    application: ApplicationId,
    token: &str,
    id: Option<MessageId>,
) -> Result<()> {
    let row = answered(app, application, token).await?;
    let here: Place = place(app, &row).await?;
    let lane = app.lane_channel(here.guild_id(), row.channel_id).await;
    let row = answered(app, application, token).await?;
    let id = which(&row, id)?;
    let (batch, events, files) = match ephemeral::row(app, &row, id).await? {
        Some(whisper) => ephemeral::removal(&here, &whisper)?,
        None => {
            let message = own(app, &row, id).await?;
            let (batch, events) = answer::removal(app, &here, &message).await?;
            (batch, events, message.attachments)
        }
    };
    lane.enqueue(batch, events).durable().await?;
    attachment::remove_blobs(app, &files).await;
    Ok(())
}
