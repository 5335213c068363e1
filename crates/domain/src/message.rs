//! Messages: send, edit, delete, read.

mod check;
mod page;

use std::sync::Arc;

use proto::{
    Code, Id, Permissions,
    gateway::Dispatch,
    marker,
    message::{
        self, CreateMessage, EditMessage, Message, MessageDelete, MessageDeleteBulk,
        MessageReference, Nonce,
    },
};

use crate::{
    Actor, App, access,
    access::Place,
    attachment::{self, Upload},
    bus::{Audience, Event},
    dm, read_state, render,
    reject::{Reject, Result, no},
    rows::{AttachmentRow, Loud, MessageRow, NonceRow, ReactionRow, TipRow},
    store::Batch,
};

pub use check::{LastSent, Mentioned};
pub use page::{Around, emoji, list, one, preview_page, render_one};

/// Messages deleted in one batch.
const DELETE_MOST: usize = 100;

/// Sends a message to a channel. `files` are durable blobs that it takes over.
pub async fn send(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    draft: CreateMessage,
    files: Vec<Upload>,
) -> Result<Message> {
    let place = access::require(app, actor, channel, Permissions::SEND_MESSAGES).await?;
    check::takes_messages(&place)?;
    let lane = app.lane_channel(place.guild_id(), channel).await;
    // What was seen before the lane was free may have changed.
    let place = access::require(app, actor, channel, Permissions::SEND_MESSAGES).await?;
    let nonce = draft.nonce.as_ref().map(|nonce| check::nonce(app, nonce)).transpose()?;
    if let Some(nonce) = &nonce {
        let key = (actor.user, channel, nonce.as_str());
        if let Some(known) = app.store.get::<NonceRow>(key).await? {
            drop(lane);
            return sent_before(app, actor, known).await;
        }
    }
    check::slow_mode(app, actor, &place).await?;
    let reference = check::reference(app, &place, &draft).await?;
    let (mut row, mentioned) = check::draft(app, actor, &place, draft, &files, reference)?;
    row.attachments = attachment::rows(actor, &row, files);

    let mut batch = Batch::new().insert(&row).put(&next_tip(app, &place, &row).await?);
    if let Some(nonce) = nonce {
        let at = app.clock.now();
        let author_id = actor.user;
        batch = batch.put(&NonceRow { author_id, channel_id: channel, nonce, message_id: row.id, at });
    }
    batch = batch.and(attachment::keep(&row.attachments));
    batch = batch.and(read_state::count_mentions(app, &place, &row, &mentioned).await?);
    let mut events = Vec::new();
    if place.guild.is_none() {
        let (open, told) = dm::open_for_all(app, &place.channel).await?;
        batch = batch.and(open);
        events.extend(told);
    }
    let message = page::render_for_event(app, &place, &row).await?;
    let answer = page::for_answer(&message);
    events.push(Event::Dispatch(audience(&place), Dispatch::MessageCreate(Box::new(message))));
    lane.enqueue(batch, events).durable().await?;
    check::sent(app, actor, &place);
    Ok(answer)
}

/// A retry: the same message, once it is sure to be on disk.
async fn sent_before(app: &App, actor: &Actor, known: NonceRow) -> Result<Message> {
    app.flushed().await?;
    let key = (known.channel_id, known.message_id);
    match app.disk.get::<MessageRow>(key).await? {
        Some(row) => page::render_one(app, actor, &row).await,
        // It was sent, and is deleted: a retry must not bring it back.
        None => no(Reject::Unknown(Code::UNKNOWN_MESSAGE)),
    }
}

/// Who hears of messages in this place.
pub(crate) fn audience(place: &Place) -> Audience {
    match &place.guild {
        Some(guild) => Audience::Channel(guild.id, place.channel.id),
        None => Audience::Users(place.channel.recipients.clone()),
    }
}

/// The end of the channel with this message.
async fn next_tip(app: &App, place: &Place, row: &MessageRow) -> Result<TipRow> {
    let tip = app.store.get::<TipRow>(row.channel_id).await?;
    let mut tip = tip.unwrap_or(TipRow {
        channel_id: row.channel_id,
        guild_id: place.guild_id(),
        last_message_id: None,
        loud: Vec::new(),
        last_pin_at: None,
    });
    tip.last_message_id = Some(row.id);
    if row.mention_everyone || !row.mention_roles.is_empty() {
        let roles =
            if row.mention_everyone { Vec::new() } else { row.mention_roles.clone() };
        tip.loud.push(Loud { id: row.id, roles });
        if tip.loud.len() > read_state::LOUD_MOST {
            tip.loud.remove(0);
        }
    }
    Ok(tip)
}

/// Edits a message. Only its author changes what it says; managers may hide its embeds.
pub async fn edit(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    id: Id<marker::Message>,
    edit: EditMessage,
    files: Vec<Upload>,
) -> Result<Message> {
    let place = access::channel(app, actor, channel).await?;
    let lane = app.lane_channel(place.guild_id(), channel).await;
    let place = access::channel(app, actor, channel).await?;
    let before = find(app, channel, id).await?;
    may_edit(actor, &place, &before, &edit)?;
    let mut row = check::edited(app, actor, &place, &before, &edit, &files)?;
    let added = attachment::rows(actor, &row, files);
    let gone: Vec<_> = {
        let stays = |file: &AttachmentRow| row.attachments.iter().any(|kept| kept.id == file.id);
        before.attachments.iter().filter(|file| !stays(file)).cloned().collect()
    };
    row.attachments.extend(added.iter().cloned());
    if row.attachments.len() > app.limits.message_attachments {
        return no(Reject::Refused(Code::MAX_ATTACHMENTS));
    }
    if !changes(&before, &row) {
        return page::render_one(app, actor, &before).await;
    }
    row.edited_at = Some(app.clock.now());
    let mut batch = Batch::new().put(&row).and(attachment::keep(&added));
    batch = batch.and(attachment::drop_rows(&gone));
    let message = page::render_for_event(app, &place, &row).await?;
    let event = Dispatch::MessageUpdate(Box::new(message));
    lane.enqueue(batch, vec![Event::Dispatch(audience(&place), event)]).durable().await?;
    attachment::remove_blobs(app, &gone).await;
    page::render_one(app, actor, &row).await
}

fn changes(before: &MessageRow, after: &MessageRow) -> bool {
    before.content != after.content
        || before.embeds != after.embeds
        || before.components != after.components
        || before.flags != after.flags
        || before.attachments != after.attachments
}

fn may_edit(actor: &Actor, place: &Place, row: &MessageRow, edit: &EditMessage) -> Result<()> {
    if !check::written(row.kind) {
        return no(Reject::Refused(Code::SYSTEM_MESSAGE));
    }
    if row.author_id == actor.user {
        return Ok(());
    }
    let only_flags = edit.content.is_absent()
        && edit.embeds.is_absent()
        && edit.components.is_absent()
        && edit.attachments.is_absent();
    if !only_flags {
        return no(Reject::Refused(Code::NOT_AUTHOR));
    }
    place.require(Permissions::MANAGE_MESSAGES)
}

/// The message as decisions see it. The caller holds the channel's lane.
pub(crate) async fn find(
    app: &App,
    channel: Id<marker::Channel>,
    id: Id<marker::Message>,
) -> Result<MessageRow> {
    let row = app.store.get::<MessageRow>((channel, id)).await?;
    row.ok_or_else(|| Reject::Unknown(Code::UNKNOWN_MESSAGE).into())
}

/// Deletes a message: one's own, or with MANAGE_MESSAGES any.
pub async fn delete(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    id: Id<marker::Message>,
) -> Result<()> {
    let place = access::channel(app, actor, channel).await?;
    let lane = app.lane_channel(place.guild_id(), channel).await;
    let place = access::channel(app, actor, channel).await?;
    let row = find(app, channel, id).await?;
    if row.author_id != actor.user {
        place.require(Permissions::MANAGE_MESSAGES)?;
    }
    let batch = deletion(app, std::slice::from_ref(&row)).await?;
    let gone = MessageDelete { id, channel_id: channel, guild_id: place.guild_id() };
    let event = Event::Dispatch(audience(&place), Dispatch::MessageDelete(gone));
    lane.enqueue(batch, vec![event]).durable().await?;
    attachment::remove_blobs(app, &row.attachments).await;
    Ok(())
}

/// Bulk Delete Messages: 2 to 100 of a channel; those that are gone are passed over.
pub async fn delete_bulk(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    mut ids: Vec<Id<marker::Message>>,
) -> Result<()> {
    let place = access::require(app, actor, channel, Permissions::MANAGE_MESSAGES).await?;
    ids.sort_unstable();
    ids.dedup();
    if !(2..=DELETE_MOST).contains(&ids.len()) {
        return no(Reject::Refused(Code::BULK_DELETE_COUNT));
    }
    delete_many(app, &place.channel, ids).await
}

/// Deletes messages of one channel, at most 100, without asking who may.
pub async fn delete_many(
    app: &App,
    channel: &crate::rows::ChannelRow,
    ids: Vec<Id<marker::Message>>,
) -> Result<()> {
    let lane = app.lane_channel(channel.guild_id, channel.id).await;
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids.into_iter().take(DELETE_MOST) {
        rows.extend(app.store.get::<MessageRow>((channel.id, id)).await?);
    }
    if rows.is_empty() {
        return Ok(());
    }
    let batch = deletion(app, &rows).await?;
    let ids = rows.iter().map(|row| row.id).collect();
    let gone = MessageDeleteBulk { ids, channel_id: channel.id, guild_id: channel.guild_id };
    let audience = match channel.guild_id {
        Some(guild) => Audience::Channel(guild, channel.id),
        None => Audience::Users(channel.recipients.clone()),
    };
    let event = Event::Dispatch(audience, Dispatch::MessageDeleteBulk(gone));
    lane.enqueue(batch, vec![event]).durable().await?;
    for row in &rows {
        attachment::remove_blobs(app, &row.attachments).await;
    }
    Ok(())
}

/// All that goes with these messages. The nonces stay: a retry must not bring a message back.
async fn deletion(app: &App, rows: &[MessageRow]) -> Result<Batch> {
    let mut batch = Batch::new();
    let Some(first) = rows.first() else {
        return Ok(batch);
    };
    for row in rows {
        batch = batch.delete::<MessageRow>((row.channel_id, row.id));
        batch = batch.prune::<ReactionRow>(row.id, None, usize::MAX >> 1);
    }
    let files: Vec<_> = rows.iter().flat_map(|row| row.attachments.iter().cloned()).collect();
    batch = batch.and(attachment::drop_rows(&files));
    if let Some(mut tip) = app.store.get::<TipRow>(first.channel_id).await? {
        let before = tip.loud.len();
        tip.loud.retain(|loud| !rows.iter().any(|row| row.id == loud.id));
        if tip.loud.len() != before {
            batch = batch.put(&tip);
        }
    }
    Ok(batch)
}

/// Tells in the guild's system channel that somebody joined, if it has one: the message's row and
/// event, for the batch of the join. The caller knows the guild is loaded.
pub async fn joined(
    app: &App,
    guild: &Arc<crate::cache::Guild>,
    member: &crate::rows::MemberRow,
) -> Result<Option<(Batch, Event)>> {
    let channel = {
        let state = guild.read();
        let channel = state.row.system_channel_id.and_then(|id| state.channels.get(&id).cloned());
        match channel {
            Some(channel) => channel,
            None => return Ok(None),
        }
    };
    let row = MessageRow {
        channel_id: channel.id,
        id: app.ids.next(),
        guild_id: Some(guild.id),
        author_id: member.user_id,
        kind: message::USER_JOIN,
        content: String::new(),
        edited_at: None,
        mention_everyone: false,
        mentions: Vec::new(),
        mention_roles: Vec::new(),
        attachments: Vec::new(),
        embeds: Vec::new(),
        components: Vec::new(),
        pinned: false,
        flags: 0,
        reactions: Vec::new(),
        reference: None,
        nonce: None,
    };
    let place = Place {
        channel,
        guild: Some(guild.clone()),
        permissions: Permissions::NONE,
        member: Some(Arc::new(member.clone())),
    };
    let tip = next_tip(app, &place, &row).await?;
    let message = page::render_for_event(app, &place, &row).await?;
    let event = Event::Dispatch(audience(&place), Dispatch::MessageCreate(Box::new(message)));
    Ok(Some((Batch::new().insert(&row).put(&tip), event)))
}

/// As the key of a nonce row. Numbers and texts that look alike are one.
pub(crate) fn nonce_key(nonce: &Nonce) -> String {
    match nonce {
        Nonce::Text(text) => text.clone(),
        Nonce::Number(number) => number.to_string(),
    }
}

/// Where a reply points.
pub(crate) fn reply_to(place: &Place, id: Id<marker::Message>) -> MessageReference {
    MessageReference {
        kind: 0,
        message_id: Some(id),
        channel_id: place.channel.id,
        guild_id: place.guild_id(),
    }
}

/// A member as it stands beside a message.
pub(crate) fn beside(place: &Place, author: Id<marker::User>) -> Option<proto::member::Member> {
    let guild = place.guild.as_ref()?;
    let state = guild.read();
    let own = place.member.as_ref().filter(|member| member.user_id == author);
    let member = state.members.get(&author).or(own)?;
    Some(render::member(member, None))
}
