//! What a webhook says: sent, changed and taken back by who has its token.

use std::sync::Arc;

use proto::{
    Code, Id, Permissions,
    gateway::Dispatch,
    marker,
    message::{CreateMessage, EditMessage, Message, MessageDelete},
    webhook::ExecuteWebhook,
};

use super::{by_token, named};
use crate::{
    Actor, App,
    access::Place,
    attachment::{self, Upload},
    bus::Event,
    message,
    reject::{Reject, Result, no},
    rows::{MessageRow, UserKind, WebhookAuthor, WebhookRow},
    store::Batch,
    thread,
};

type ChannelId = Id<marker::Channel>;

/// What a webhook may in its channel whatever its members may: say something, whole.
const OWN: Permissions = Permissions::from_bits_truncate(
    Permissions::VIEW_CHANNEL.bits()
        | Permissions::SEND_MESSAGES.bits()
        | Permissions::EMBED_LINKS.bits()
        | Permissions::ATTACH_FILES.bits()
        | Permissions::READ_MESSAGE_HISTORY.bits(),
);

/// What it may if @everyone may.
const AS_EVERYONE: Permissions = Permissions::from_bits_truncate(
    Permissions::MENTION_EVERYONE.bits() | Permissions::USE_EXTERNAL_EMOJIS.bits(),
);

/// The webhook as who writes.
fn voice(row: &WebhookRow) -> Actor {
    Actor { user: row.id.cast(), kind: UserKind::Bot, login: row.id.cast(), server_owner: false }
}

/// Its channel or a thread there, as it stands in it.
async fn place(app: &App, row: &WebhookRow, thread: Option<ChannelId>) -> Result<Place> {
    let (channel, guild) = app.channel(row.channel_id).await?;
    let unknown = Reject::Unknown(Code::UNKNOWN_CHANNEL);
    let Some(guild) = guild else {
        return no(unknown);
    };
    let everyone = guild.read().permissions_of_everyone(&channel);
    let permissions = OWN | (everyone & AS_EVERYONE);
    let place = Place { channel, guild: Some(guild), permissions, member: None, thread: None };
    match (thread, place.guild.as_ref()) {
        (Some(id), Some(guild)) if id != row.channel_id => {
            let standing = thread::standing(app, guild, &voice(row), id).await?;
            // Of another channel, or of another guild: as if there were none.
            let here = standing.row.parent_id == row.channel_id;
            let channel = guild.read().thread_channel(&standing.row).filter(|_| here);
            let Some(channel) = channel else {
                return no(unknown);
            };
            Ok(Place { channel, thread: Some(Arc::new(standing)), ..place })
        }
        _ => Ok(place),
    }
}

/// The channel that this address writes to: what is refused before a body is looked at.
pub async fn may_write(
    app: &App,
    id: Id<marker::Webhook>,
    token: &str,
    thread: Option<ChannelId>,
) -> Result<ChannelId> {
    let row = by_token(app, id, token).await?;
    let place = place(app, &row, thread).await?;
    message::takes_messages(&place)?;
    Ok(place.channel.id)
}

/// Whose space the files of a webhook take: of who made it.
pub async fn uploader(app: &App, id: Id<marker::Webhook>, token: &str) -> Result<Actor> {
    let row = by_token(app, id, token).await?;
    let creator = app.user(row.creator_id).await?;
    Ok(Actor { user: creator.id, kind: creator.kind, ..voice(&row) })
}

/// Says something, in its channel or in a thread there, which opens if it is archived. `files` are
/// durable blobs that it takes over.
pub async fn execute(
    app: &App,
    id: Id<marker::Webhook>,
    token: &str,
    thread: Option<ChannelId>,
    draft: ExecuteWebhook,
    files: Vec<Upload>,
    with_components: bool,
) -> Result<Message> {
    let row = by_token(app, id, token).await?;
    if draft.thread_name.is_some() {
        return no(Reject::Refused(Code::FORUM_ONLY));
    }
    let username = match draft.username.as_deref().filter(|name| !name.trim().is_empty()) {
        Some(text) => Some(named(app, "username", text)?),
        None => None,
    };
    let owner = uploader(app, id, token).await?;
    let channel = place(app, &row, thread).await?.channel.id;
    let lane = app.lane_channel(Some(row.guild_id), channel).await;
    // What was seen before the lane was free may have changed: moved, or gone.
    let now = by_token(app, id, token).await?;
    if now.channel_id != row.channel_id {
        return no(Reject::Unknown(Code::UNKNOWN_CHANNEL));
    }
    let place = place(app, &now, thread).await?;
    message::takes_messages(&place)?;
    let author = WebhookAuthor {
        id,
        username: username.unwrap_or(now.name.clone()),
        // A strange picture is neither fetched nor shown, and its own would be the wrong one.
        own_avatar: draft.avatar_url.as_deref().is_none_or(str::is_empty),
    };
    let components = draft.components.filter(|_| with_components);
    let draft = CreateMessage {
        content: draft.content,
        embeds: draft.embeds,
        allowed_mentions: draft.allowed_mentions,
        components,
        flags: draft.flags,
        poll: draft.poll,
        ..CreateMessage::default()
    };
    let (mut said, mentioned) = message::draft(app, &voice(&now), &place, draft, &files, None)?;
    said.webhook = Some(author);
    said.attachments = attachment::rows(&owner, &said, files);
    let opened = thread::written(app, &voice(&now), &place, &mentioned.users).await?;
    let (batch, told, message) = message::told(app, &place, &said, &mentioned).await?;
    let (batch, events) = (opened.0.and(batch), [opened.1, told].concat());
    lane.enqueue(batch, events).durable().await?;
    Ok(message::for_answer(&message))
}

/// One of its own messages; others' look like none.
async fn own(
    app: &App,
    row: &WebhookRow,
    channel: ChannelId,
    id: Id<marker::Message>,
) -> Result<MessageRow> {
    let said = app.store.get::<MessageRow>((channel, id)).await?;
    let said = said.filter(|said| said.webhook.as_ref().is_some_and(|by| by.id == row.id));
    said.ok_or_else(|| Reject::Unknown(Code::UNKNOWN_MESSAGE).into())
}

/// One of its own messages.
pub async fn message(
    app: &App,
    id: Id<marker::Webhook>,
    token: &str,
    thread: Option<ChannelId>,
    message_id: Id<marker::Message>,
) -> Result<Message> {
    let row = by_token(app, id, token).await?;
    let place = place(app, &row, thread).await?;
    let said = own(app, &row, place.channel.id, message_id).await?;
    message::render_one(app, &voice(&row), &said).await
}

/// Changes one of its own messages.
pub async fn edit_message(
    app: &App,
    id: Id<marker::Webhook>,
    token: &str,
    thread: Option<ChannelId>,
    message_id: Id<marker::Message>,
    edit: EditMessage,
    files: Vec<Upload>,
) -> Result<Message> {
    let row = by_token(app, id, token).await?;
    let owner = uploader(app, id, token).await?;
    let channel = place(app, &row, thread).await?.channel.id;
    let lane = app.lane_channel(Some(row.guild_id), channel).await;
    let row = by_token(app, id, token).await?;
    let place = place(app, &row, thread).await?;
    thread::is_open(&place)?;
    let before = own(app, &row, place.channel.id, message_id).await?;
    let mut change = message::revised(app, &voice(&row), &place, &before, &edit, files)?;
    // They take the space of who made the webhook.
    for file in change.row.attachments.iter_mut().chain(&mut change.added) {
        file.uploader_id = owner.user;
    }
    change.row.edited_at = Some(app.clock.now());
    let batch = Batch::new().put(&change.row).and(attachment::keep(&change.added));
    let batch = batch.and(attachment::drop_rows(&change.gone));
    let message = message::render_for_event(app, &place, &change.row).await?;
    let answer = message::for_answer(&message);
    let event = Dispatch::MessageUpdate(Box::new(message));
    let event = Event::Dispatch(message::audience(&place), event);
    lane.enqueue(batch, vec![event]).durable().await?;
    attachment::remove_blobs(app, &change.gone).await;
    Ok(answer)
}

/// Takes one of its own messages back.
pub async fn delete_message(
    app: &App,
    id: Id<marker::Webhook>,
    token: &str,
    thread: Option<ChannelId>,
    message_id: Id<marker::Message>,
) -> Result<()> {
    let row = by_token(app, id, token).await?;
    let channel = place(app, &row, thread).await?.channel.id;
    let lane = app.lane_channel(Some(row.guild_id), channel).await;
    let row = by_token(app, id, token).await?;
    let place = place(app, &row, thread).await?;
    let said = own(app, &row, place.channel.id, message_id).await?;
    let batch = message::deletion(app, std::slice::from_ref(&said)).await?;
    let (channel_id, guild_id) = (place.channel.id, place.guild_id());
    let gone = Dispatch::MessageDelete(MessageDelete { id: message_id, channel_id, guild_id });
    let event = Event::Dispatch(message::audience(&place), gone);
    lane.enqueue(batch, vec![event]).durable().await?;
    attachment::remove_blobs(app, &said.attachments).await;
    Ok(())
}
