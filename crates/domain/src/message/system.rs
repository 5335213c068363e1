//! Messages that nobody wrote: what happened in a channel, told where people read.

use std::sync::Arc;

use proto::{Id, Permissions, gateway::Dispatch, marker, message};

use super::{Mentioned, audience, next_tip, page};
use crate::{
    App,
    access::Place,
    bus::Event,
    dm, read_state,
    reject::Result,
    rows::{MessageRow, TipRow},
    store::Batch,
};

/// The bare row of something that happened in this place, by this person.
pub(crate) fn bare(app: &App, place: &Place, kind: u8, author: Id<marker::User>) -> MessageRow {
    MessageRow {
        channel_id: place.channel.id,
        guild_id: place.guild_id(),
        author_id: author,
        kind,
        ..blank(app)
    }
}

/// A row that says nothing, of nobody.
pub(crate) fn blank(app: &App) -> MessageRow {
    let id: Id<marker::Message> = app.ids.next();
    MessageRow {
        channel_id: id.cast(),
        id,
        guild_id: None,
        author_id: id.cast(),
        kind: message::DEFAULT,
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
        webhook: None,
        answers: None,
    }
}

/// All that comes with such a message: its row, the channel's end, unread marks, and its events.
/// The caller holds the channel's lane, and may change the end further.
pub(crate) async fn tell(
    app: &App,
    place: &Place,
    row: &MessageRow,
) -> Result<(TipRow, Batch, Vec<Event>)> {
    let tip = next_tip(app, place, row).await?;
    let mut batch = Batch::new().insert(row);
    let mut events = Vec::new();
    if place.guild.is_none() {
        let nobody = Mentioned::default();
        batch = batch.and(read_state::count_mentions(app, place, row, &nobody).await?);
        let (open, told) = dm::open_for_all(app, &place.channel).await?;
        batch = batch.and(open);
        events.extend(told);
    }
    let message = page::render_for_event(app, place, row).await?;
    events.push(Event::Dispatch(audience(place), Dispatch::MessageCreate(Box::new(message))));
    Ok((tip, batch, events))
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
    let place = Place {
        channel,
        thread: None,
        guild: Some(guild.clone()),
        permissions: Permissions::NONE,
        member: Some(Arc::new(member.clone())),
    };
    let row = bare(app, &place, message::USER_JOIN, member.user_id);
    let tip = next_tip(app, &place, &row).await?;
    let message = page::render_for_event(app, &place, &row).await?;
    let event = Event::Dispatch(audience(&place), Dispatch::MessageCreate(Box::new(message)));
    Ok(Some((Batch::new().insert(&row).put(&tip), event)))
}
