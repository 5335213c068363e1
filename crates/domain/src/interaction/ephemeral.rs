//! Messages that only one person sees: told to them alone, and kept as long as their interaction
//! may be answered, so that it can change them. They are in no history and in no search.

use anyhow::Context as _;
use proto::{
    Id,
    gateway::Dispatch,
    marker,
    message::{EditMessage, MessageDelete},
};

use super::{InteractionId, answer::Done};
use crate::{
    Actor, App,
    access::Place,
    attachment::{self, Upload},
    bus::Event,
    message::{self, answer},
    reject::Result,
    rows::{AttachmentRow, EphemeralRow, InteractionRow, MessageRow},
    store::{Batch, Entity as _, Row, Scan},
};

/// Rows looked at in one piece.
const PIECE: usize = 200;
/// Pieces in one run.
const PIECES: usize = 10;

/// A message as it is kept.
fn kept(of: &InteractionRow, message: &MessageRow) -> Result<EphemeralRow> {
    let body = serde_json::from_slice(&message.body()).context("a message is plain data")?;
    Ok(EphemeralRow {
        id: message.id,
        until: of.expires_at,
        interaction_id: of.id,
        user_id: of.what.user_id,
        author_id: message.author_id,
        channel_id: message.channel_id,
        message: body,
    })
}

/// The message that is kept so.
pub(super) fn message(row: &EphemeralRow) -> Result<MessageRow> {
    let body = serde_json::to_vec(&row.message).context("JSON is JSON")?;
    let key = vec![row.channel_id.into(), row.id.into()];
    let columns = vec![row.author_id.into()];
    let row = Row { key, columns, body: body.into(), text: String::new() };
    Ok(MessageRow::from_row(&row)?)
}

/// Such a message that an interaction was answered with, or is about.
pub(super) async fn row(
    app: &App,
    of: &InteractionRow,
    id: Id<marker::Message>,
) -> Result<Option<EphemeralRow>> {
    let row = app.store.get::<EphemeralRow>(id).await?;
    let bot: Id<marker::User> = of.what.application_id.cast();
    Ok(row.filter(|row| {
        let about = of.message_id == Some(id) || of.original == Some(id);
        (row.interaction_id == of.id || about) && row.author_id == bot
    }))
}

/// Such a message of somebody's, in this channel.
pub(super) async fn for_person(
    app: &App,
    user: Id<marker::User>,
    channel: Id<marker::Channel>,
    id: Id<marker::Message>,
) -> Result<Option<MessageRow>> {
    let row = app.store.get::<EphemeralRow>(id).await?;
    let mine = row.filter(|row| {
        row.user_id == user && row.channel_id == channel && row.until > app.clock.now()
    });
    mine.as_ref().map(message).transpose()
}

/// What is pressed stays as long as what came of it may be answered.
pub(super) async fn keep_longer(app: &App, actor: &Actor, of: &InteractionRow) -> Result<Batch> {
    let Some(id) = of.message_id else { return Ok(Batch::new()) };
    let row = app.store.get::<EphemeralRow>(id).await?;
    Ok(match row.filter(|row| row.user_id == actor.user) {
        Some(row) => Batch::new().put(&EphemeralRow { until: of.expires_at, ..row }),
        None => Batch::new(),
    })
}

/// Files that somebody gave a command, kept under the interaction's own id.
pub(super) fn option_files(
    app: &App,
    actor: &Actor,
    of: &InteractionRow,
    files: Vec<Upload>,
) -> Batch {
    if files.is_empty() {
        return Batch::new();
    }
    let message = answer::of_files(app, actor, of, files);
    let batch = attachment::keep(&message.attachments);
    match kept(of, &message) {
        Ok(row) => batch.put(&row),
        Err(_) => Batch::new(),
    }
}

/// Whether a message that only one person sees has this file.
pub async fn file(
    app: &App,
    of: Id<marker::Message>,
    file: Id<marker::Attachment>,
) -> Result<bool> {
    let Some(row) = app.disk.get::<EphemeralRow>(of).await? else { return Ok(false) };
    Ok(message(&row)?.attachments.iter().any(|kept| kept.id == file))
}

/// A new message for who asked, alone.
pub(super) async fn whispered(
    app: &App,
    place: &Place,
    of: &InteractionRow,
    message: &MessageRow,
) -> Result<Done> {
    let batch = Batch::new().put(&kept(of, message)?).and(attachment::keep(&message.attachments));
    let told = message::render_for_event(app, place, message).await?;
    let answer = message::for_answer(&told);
    let event = Dispatch::MessageCreate(Box::new(told));
    let events = vec![Event::to_users([of.what.user_id], event)];
    Ok(Done { batch, events, message: Some(answer), gone: Vec::new() })
}

pub(super) async fn changed(
    app: &App,
    place: &Place,
    bot: &Actor,
    row: EphemeralRow,
    edit: &EditMessage,
    files: Vec<Upload>,
) -> Result<Done> {
    let before = message(&row)?;
    let change = answer::changed(app, place, bot, &before, edit, files)?;
    let body = serde_json::from_slice(&change.row.body()).context("a message is plain data")?;
    let user = row.user_id;
    let batch = Batch::new().put(&EphemeralRow { message: body, ..row });
    let batch = batch.and(attachment::keep(&change.added)).and(attachment::drop_rows(&change.gone));
    let told = message::render_for_event(app, place, &change.row).await?;
    let answer = message::for_answer(&told);
    let events = vec![Event::to_users([user], Dispatch::MessageUpdate(Box::new(told)))];
    Ok(Done { batch, events, message: Some(answer), gone: change.gone })
}

type Removal = (Batch, Vec<Event>, Vec<AttachmentRow>);

pub(super) fn removal(place: &Place, row: &EphemeralRow) -> Result<Removal> {
    let files = message(row)?.attachments;
    let batch = Batch::new().delete::<EphemeralRow>(row.id).and(attachment::drop_rows(&files));
    let (channel_id, guild_id) = (row.channel_id, place.guild_id());
    let gone = Dispatch::MessageDelete(MessageDelete { id: row.id, channel_id, guild_id });
    Ok((batch, vec![Event::to_users([row.user_id], gone)], files))
}

/// Forgets interactions that nobody may answer any more, and what only one person saw of them.
pub async fn prune(app: &App) -> Result<()> {
    let now = app.clock.now();
    for _ in 0..PIECES {
        let old = Scan::of::<EphemeralRow>().by("by_end").before(now).limit(PIECE);
        let old: Vec<EphemeralRow> = app.disk.scan(old).await?;
        let mut batch = Batch::new();
        let mut files = Vec::new();
        for row in &old {
            batch = batch.delete::<EphemeralRow>(row.id);
            // One that cannot be read any more goes all the same; the sweep takes its files.
            files.extend(message(row).map(|message| message.attachments).unwrap_or_default());
        }
        let over = Scan::of::<InteractionRow>().by("by_end").before(now).limit(PIECE);
        let over: Vec<InteractionRow> = app.disk.scan(over).await?;
        let ids = over.iter().map(|row| row.id);
        batch = ids.fold(batch, |batch, id: InteractionId| batch.delete::<InteractionRow>(id));
        if batch.ops.is_empty() {
            return Ok(());
        }
        let lane = app.lane_named("due", "interactions").await;
        let batch = batch.and(attachment::drop_rows(&files));
        lane.enqueue(batch, Vec::new()).durable().await?;
        attachment::remove_blobs(app, &files).await;
    }
    Ok(())
}
