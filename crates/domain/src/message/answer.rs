//! Messages that applications answer with.

use proto::{
    Id, Patch,
    gateway::Dispatch,
    marker,
    message::{self as wire, CreateMessage, EditMessage, Message, MessageDelete},
};

use super::{Mentioned, audience, check, deletion, page, system, told};
use crate::{
    Actor, App,
    access::Place,
    attachment::{self, Upload},
    bus::Event,
    reject::Result,
    rows::{Answers, AttachmentRow, InteractionRow, MessageRow},
    store::Batch,
    thread,
};

/// How an answer is told apart from what people say.
pub(crate) struct Voice {
    pub kind: u8,
    /// Beyond those that its sender may set.
    pub flags: u32,
    pub answers: Answers,
}

pub(crate) struct Draft {
    pub voice: Voice,
    /// The message it stands under, if all can see that one.
    pub reply_to: Option<Id<marker::Message>>,
    pub message: CreateMessage,
}

/// The row that an answer becomes, without its files.
pub(crate) async fn compose(
    app: &App,
    place: &Place,
    bot: &Actor,
    draft: Draft,
    files: &[Upload],
) -> Result<(MessageRow, Mentioned)> {
    let Draft { voice, reply_to, message } = draft;
    let above = match reply_to {
        Some(id) => app.store.get::<MessageRow>((place.channel.id, id)).await?,
        None => None,
    };
    let answered = above.map(|row| (super::reply_to(place, row.id), row.author_id));
    let replies = answered.is_some();
    let (mut row, mentioned) = check::draft(app, bot, place, message, files, answered)?;
    row.kind = if replies { wire::REPLY } else { voice.kind };
    row.flags |= voice.flags;
    row.answers = Some(voice.answers);
    Ok((row, mentioned))
}

/// A message that says that another comes in its place.
pub(crate) fn loading(app: &App, place: &Place, bot: &Actor, voice: Voice) -> MessageRow {
    let row = system::bare(app, place, voice.kind, bot.user);
    MessageRow { flags: voice.flags, answers: Some(voice.answers), ..row }
}

/// Files of a command's options, as a message would have them.
pub(crate) fn of_files(
    app: &App,
    actor: &Actor,
    of: &InteractionRow,
    files: Vec<Upload>,
) -> MessageRow {
    let mut row = MessageRow {
        channel_id: of.channel_id,
        id: of.id.cast(),
        guild_id: of.guild_id,
        author_id: actor.user,
        ..system::blank(app)
    };
    row.attachments = attachment::rows(actor, &row, files);
    row
}

/// A file as it will be kept, for who must know its address before.
pub(crate) fn option_file(
    actor: &Actor,
    channel_id: Id<marker::Channel>,
    file: &Upload,
) -> AttachmentRow {
    AttachmentRow {
        channel_id,
        id: file.id,
        // Addresses do not name the message.
        message_id: file.id.cast(),
        uploader_id: actor.user,
        filename: file.filename.clone(),
        size: file.size,
        content_type: file.content_type.clone(),
        description: file.description.clone(),
        width: file.width,
        height: file.height,
    }
}

/// All that comes with a new message for all in the channel.
pub(crate) async fn said(
    app: &App,
    place: &Place,
    row: &MessageRow,
    mentioned: &Mentioned,
) -> Result<(Batch, Vec<Event>, Message)> {
    let (opened, mut events) = thread::answered(app, place).await?;
    let (batch, said, message) = told(app, place, row, mentioned).await?;
    events.extend(said);
    Ok((opened.and(batch), events, page::for_answer(&message)))
}

/// What an edit makes of a message.
pub(crate) struct Change {
    pub row: MessageRow,
    pub added: Vec<AttachmentRow>,
    pub gone: Vec<AttachmentRow>,
}

/// A message of an application's as an edit leaves it. What it only announced comes by this.
pub(crate) fn changed(
    app: &App,
    place: &Place,
    bot: &Actor,
    before: &MessageRow,
    edit: &EditMessage,
    files: Vec<Upload>,
) -> Result<Change> {
    let mut change = super::revised(app, bot, place, before, edit, files)?;
    if before.flags & wire::LOADING == 0 {
        change.row.edited_at = Some(app.clock.now());
    }
    change.row.flags &= !wire::LOADING;
    Ok(change)
}

/// A message that takes the place of one that was announced.
pub(crate) fn as_edit(draft: CreateMessage) -> EditMessage {
    fn value<T>(value: Option<T>) -> Patch<T> {
        value.map_or(Patch::Absent, Patch::Value)
    }
    EditMessage {
        content: value(draft.content),
        embeds: value(draft.embeds),
        flags: value(draft.flags),
        allowed_mentions: value(draft.allowed_mentions),
        components: value(draft.components),
        attachments: Patch::Absent,
    }
}

/// What an edit writes, and what all in the channel are told.
pub(crate) async fn told_change(
    app: &App,
    place: &Place,
    change: &Change,
) -> Result<(Batch, Vec<Event>, Message)> {
    let (opened, mut events) = thread::answered(app, place).await?;
    let batch = opened.put(&change.row).and(attachment::keep(&change.added));
    let batch = batch.and(attachment::drop_rows(&change.gone));
    let message = page::render_for_event(app, place, &change.row).await?;
    let answer = page::for_answer(&message);
    let event = Dispatch::MessageUpdate(Box::new(message));
    events.push(Event::Dispatch(audience(place), event));
    Ok((batch, events, answer))
}

/// What deletes an answer. Afterwards `attachment::remove_blobs`.
pub(crate) async fn removal(
    app: &App,
    place: &Place,
    row: &MessageRow,
) -> Result<(Batch, Vec<Event>)> {
    let batch = deletion(app, std::slice::from_ref(row)).await?;
    let (id, channel_id, guild_id) = (row.id, row.channel_id, place.guild_id());
    let gone = Dispatch::MessageDelete(MessageDelete { id, channel_id, guild_id });
    Ok((batch, vec![Event::Dispatch(audience(place), gone)]))
}
