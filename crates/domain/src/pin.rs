//! Pins: messages of a channel that are kept at hand.
//!
//! When something was pinned stands in a row of its own; the message itself only knows that it is.

use proto::{
    Code, Id, Permissions, Timestamp,
    audit_log::action,
    channel::ChannelPinsUpdate,
    gateway::Dispatch,
    marker,
    message::{self, Message, MessageReference, Pin, Pins},
};

use crate::{
    Actor, App, access,
    access::Place,
    audit_log::Entry,
    bus::Event,
    message::{audience, bare, find, may_be_pinned, render_all, render_for_event, tell},
    reject::{Reject, Result, no},
    rows::{MessageRow, PinRow, TipRow},
    store::{Batch, IntoKey as _, Scan},
    thread,
};

/// Pins a message. That it is pinned already is no error.
pub async fn add(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    id: Id<marker::Message>,
) -> Result<()> {
    let place = place(app, actor, channel).await?;
    let lane = app.lane_channel(place.guild_id(), channel).await;
    let place = self::place(app, actor, channel).await?;
    let mut row = find(app, channel, id).await?;
    if !may_be_pinned(row.kind) {
        return no(Reject::Refused(Code::SYSTEM_MESSAGE));
    }
    if row.pinned {
        return Ok(());
    }
    let pins = Scan::of::<PinRow>().prefix(channel).limit(app.limits.channel_pins);
    if app.store.scan::<PinRow>(pins).await?.len() >= app.limits.channel_pins {
        return no(Reject::Refused(Code::MAX_PINS));
    }
    row.pinned = true;
    let mut notice = bare(app, &place, message::CHANNEL_PINNED_MESSAGE, actor.user);
    notice.reference = Some(MessageReference {
        kind: 0,
        message_id: Some(id),
        channel_id: channel,
        guild_id: place.guild_id(),
    });
    let (mut tip, told, notices) = tell(app, &place, &notice).await?;
    let after_last = tip.last_pin_at.map(|last| last.plus_ms(1));
    let pinned_at = after_last.map_or(app.clock.now(), |next| next.max(app.clock.now()));
    tip.last_pin_at = Some(pinned_at);
    let pin = PinRow { channel_id: channel, message_id: id, pinned_at };
    let mut batch = Batch::new().put(&row).insert(&pin).put(&tip).and(told);
    let mut events = changed(app, &place, &row, Some(pinned_at)).await?;
    events.extend(notices);
    note(app, actor, action::MESSAGE_PIN, &row, &mut batch, &mut events);
    lane.enqueue(batch, events).durable().await
}

/// Unpins a message. That it is not pinned is no error.
pub async fn remove(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    id: Id<marker::Message>,
) -> Result<()> {
    let place = place(app, actor, channel).await?;
    let lane = app.lane_channel(place.guild_id(), channel).await;
    let place = self::place(app, actor, channel).await?;
    let mut row = find(app, channel, id).await?;
    if !row.pinned {
        return Ok(());
    }
    row.pinned = false;
    let newest = Scan::of::<PinRow>().by("by_time").prefix(channel).newest_first().limit(2);
    let newest = app.store.scan::<PinRow>(newest).await?;
    let last = newest.iter().find(|pin| pin.message_id != id).map(|pin| pin.pinned_at);
    let mut batch = Batch::new().put(&row).delete::<PinRow>((channel, id));
    if let Some(tip) = app.store.get::<TipRow>(channel).await? {
        batch = batch.put(&TipRow { last_pin_at: last, ..tip });
    }
    let mut events = changed(app, &place, &row, last).await?;
    note(app, actor, action::MESSAGE_UNPIN, &row, &mut batch, &mut events);
    lane.enqueue(batch, events).durable().await
}

/// In a guild it is written down who keeps what at hand.
fn note(
    app: &App,
    actor: &Actor,
    action: u8,
    row: &MessageRow,
    batch: &mut Batch,
    events: &mut Vec<Event>,
) {
    let Some(guild) = row.guild_id else { return };
    let entry = Entry::new(action, Some(row.author_id.cast()));
    let entry = entry.option("channel_id", row.channel_id).option("message_id", row.id);
    entry.write(app, guild, actor.user, batch, events);
}

/// The channel, if the actor may pin there.
async fn place(app: &App, actor: &Actor, channel: Id<marker::Channel>) -> Result<Place> {
    let place = access::channel(app, actor, channel).await?;
    // COMPAT: bots of before the two were split know only the one.
    if !place.permissions.contains(Permissions::MANAGE_MESSAGES) {
        place.require(Permissions::PIN_MESSAGES)?;
    }
    thread::is_open(&place)?;
    Ok(place)
}

async fn changed(
    app: &App,
    place: &Place,
    row: &MessageRow,
    last: Option<Timestamp>,
) -> Result<Vec<Event>> {
    let message = render_for_event(app, place, row).await?;
    let pins = ChannelPinsUpdate {
        guild_id: place.guild_id(),
        channel_id: row.channel_id,
        last_pin_timestamp: last,
    };
    let events = [Dispatch::MessageUpdate(Box::new(message)), Dispatch::ChannelPinsUpdate(pins)];
    Ok(events.into_iter().map(|event| Event::Dispatch(audience(place), event)).collect())
}

/// A page of pins, the newest first. Without READ_MESSAGE_HISTORY it is empty.
pub async fn page(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    before: Option<Timestamp>,
    limit: usize,
) -> Result<Pins> {
    let place = access::channel(app, actor, channel).await?;
    if limit == 0 || limit > app.limits.pins_page {
        let message = format!("Must be between 1 and {}.", app.limits.pins_page);
        return no(Reject::field("limit", "NUMBER_TYPE_RANGE", message));
    }
    if !place.permissions.contains(Permissions::READ_MESSAGE_HISTORY) {
        return Ok(Pins { items: Vec::new(), has_more: false });
    }
    let mut scan = Scan::of::<PinRow>().by("by_time").prefix(channel).newest_first();
    if let Some(before) = before {
        scan = scan.before(before);
    }
    let mut pins = app.disk.scan::<PinRow>(scan.limit(limit + 1)).await?;
    let has_more = pins.len() > limit;
    pins.truncate(limit);
    let keys = pins.iter().map(|pin| (channel, pin.message_id).into_key()).collect();
    let rows: Vec<MessageRow> =
        app.disk.get_many::<MessageRow>(keys).await?.into_iter().flatten().collect();
    let messages = render_all(app, actor, &place.channel, &rows).await?;
    let items = messages.into_iter().filter_map(|message| {
        let pin = pins.iter().find(|pin| pin.message_id == message.id)?;
        Some(Pin { pinned_at: pin.pinned_at, message })
    });
    Ok(Pins { items: items.collect(), has_more })
}

/// The newest pins, as libraries of before the pages ask for them.
pub async fn list(app: &App, actor: &Actor, channel: Id<marker::Channel>) -> Result<Vec<Message>> {
    let pins = page(app, actor, channel, None, app.limits.pins_page).await?;
    Ok(pins.items.into_iter().map(|pin| pin.message).collect())
}

#[cfg(test)]
mod tests {
    use proto::{Limits, message::CreateMessage};

    use super::*;
    use crate::{Error, testing::World};

    async fn say(world: &World, who: &Actor, channel: Id<marker::Channel>) -> Id<marker::Message> {
        let draft = CreateMessage { content: Some("x".to_owned()), ..Default::default() };
        let sent = crate::message::send(&world.app, who, channel, draft, vec![]).await;
        sent.expect("sent").id
    }

    #[tokio::test]
    async fn pages_go_on_where_the_last_ended_even_within_one_moment() {
        let world = World::new().await;
        let alice = world.person("alice").await;
        let room = world.guild(&[&alice]).await;
        let mut ids = Vec::new();
        for _ in 0..5 {
            let id = say(&world, &alice, room.general).await;
            add(&world.app, &alice, room.general, id).await.expect("pinned");
            ids.insert(0, id);
        }
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let page = page(&world.app, &alice, room.general, before, 2).await.expect("a page");
            seen.extend(page.items.iter().map(|pin| pin.message.id));
            before = page.items.last().map(|pin| pin.pinned_at);
            if !page.has_more {
                break;
            }
        }
        assert_eq!(seen, ids);
        let gone = crate::message::delete(&world.app, &alice, room.general, ids[0]).await;
        gone.expect("deleted");
        let left = list(&world.app, &alice, room.general).await.expect("a list");
        assert_eq!(left.len(), 4, "a deleted message is pinned no more");
    }

    #[tokio::test]
    async fn a_channel_holds_so_many_pins_and_notices_cannot_be_pinned() {
        let world = World::with_limits(Limits { channel_pins: 1, ..Limits::default() }).await;
        let (alice, bob) = (world.person("alice").await, world.person("bob").await);
        let room = world.guild(&[&alice, &bob]).await;
        let (one, two) =
            (say(&world, &alice, room.general).await, say(&world, &alice, room.general).await);
        let refused = add(&world.app, &bob, room.general, one).await;
        assert!(matches!(refused, Err(Error::Reject(Reject::Forbidden(_)))));
        for _ in 0..2 {
            add(&world.app, &alice, room.general, one).await.expect("pinned, or pinned already");
        }
        let full = add(&world.app, &alice, room.general, two).await;
        assert!(matches!(full, Err(Error::Reject(Reject::Refused(Code::MAX_PINS)))));
        let newest = Scan::of::<MessageRow>().prefix(room.general).newest_first().limit(1);
        let notice = world.app.disk.scan::<MessageRow>(newest).await.expect("read").remove(0);
        assert_eq!(notice.kind, message::CHANNEL_PINNED_MESSAGE);
        let refused = add(&world.app, &alice, room.general, notice.id).await;
        assert!(matches!(refused, Err(Error::Reject(Reject::Refused(Code::SYSTEM_MESSAGE)))));
        for _ in 0..2 {
            remove(&world.app, &alice, room.general, one).await.expect("unpinned, or never was");
        }
        add(&world.app, &alice, room.general, two).await.expect("there is room again");
    }
}
