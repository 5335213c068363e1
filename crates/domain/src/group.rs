//! Group conversations: a direct message of three to ten people, with a name and an owner.
//!
//! Everybody in it may bring others along and rename it; only the owner takes somebody out. Who is
//! in it stands in the channel's row, so all changes happen in the channel's lane.

use std::sync::Arc;

use proto::{
    Code, Id, Permissions,
    channel::{self, Channel, ChannelRecipient, ModifyGroup},
    gateway::Dispatch,
    marker, message,
};

use crate::{
    Actor, App, access,
    access::Place,
    bus::Event,
    dm,
    message::{bare, tell},
    name, notification, picture, purge,
    reject::{Reject, Result, no},
    render,
    rows::{ChannelRow, DmRow, MessageRow, NotificationRow, Purge, ReadStateRow, TipRow, UserKind},
    store::{Batch, IntoKey as _, Scan},
};

type UserId = Id<marker::User>;
type ChannelId = Id<marker::Channel>;

/// Opens a conversation with these people. One of them alone: the direct message of the two.
pub async fn create(app: &App, actor: &Actor, others: Vec<UserId>) -> Result<Channel> {
    let mut recipients = vec![actor.user];
    for other in others {
        if !recipients.contains(&other) {
            recipients.push(other);
        }
        if recipients.len() > app.limits.group_recipients {
            return no(Reject::Refused(Code::MAX_RECIPIENTS));
        }
    }
    match recipients[1..] {
        [] => return no(Reject::Refused(Code::CANNOT_DM)),
        [one] => return dm::open(app, actor, one).await,
        _ => {}
    }
    actor.person()?;
    for other in &recipients[1..] {
        may_bring(app, actor, *other).await?;
    }
    let row = ChannelRow {
        recipients: recipients.clone(),
        owner_id: Some(actor.user),
        ..dm::row(app, channel::GROUP_DM)
    };
    let mut batch = Batch::new().insert(&row);
    let mut events = Vec::new();
    for user in &recipients {
        room_for_more(app, *user).await?;
        batch = batch.put(&DmRow { user_id: *user, channel_id: row.id });
        let seen = Box::new(seen_by(app, &row, None, *user).await?);
        events.push(Event::to_users([*user], Dispatch::OscChannelCreate(seen)));
    }
    let lane = app.lane_channel(None, row.id).await;
    lane.enqueue(batch, events).durable().await?;
    seen_by(app, &row, None, actor.user).await
}

/// Renames it, or changes its picture. Everybody in it may.
pub async fn edit(app: &App, actor: &Actor, id: ChannelId, draft: ModifyGroup) -> Result<Channel> {
    group(app, actor, id).await?;
    let mut turn = picture::turn(app, "icon", id).await?;
    let outcome = edited(app, actor, id, draft, &mut turn).await;
    turn.settle().await;
    outcome
}

async fn edited(
    app: &App,
    actor: &Actor,
    id: ChannelId,
    draft: ModifyGroup,
    turn: &mut picture::Turn<'_>,
) -> Result<Channel> {
    let new_name = match draft.name.change() {
        None => None,
        Some(text) => Some(group_name(app, &text.unwrap_or_default())?),
    };
    let icon = match draft.icon.change() {
        None => None,
        Some(None) => Some(None),
        Some(Some(uri)) => Some(Some(turn.keep(actor.user, &uri).await?)),
    };
    let lane = app.lane_channel(None, id).await;
    let before = group(app, actor, id).await?;
    let mut row = ChannelRow::clone(&before);
    row.name = new_name.unwrap_or(row.name);
    row.icon = icon.unwrap_or(row.icon);
    let tip = app.store.get::<TipRow>(id).await?;
    if row == *before {
        return seen_by(app, &row, tip.as_ref(), actor.user).await;
    }
    let place = direct(row.clone());
    let (mut batch, mut events) = (Batch::new().put(&row), updates(app, &row).await?);
    let mut last = None;
    if row.name != before.name {
        let mut notice = bare(app, &place, message::CHANNEL_NAME_CHANGE, actor.user);
        notice.content = row.name.clone();
        last = Some(notice);
    } else if row.icon != before.icon {
        last = Some(bare(app, &place, message::CHANNEL_ICON_CHANGE, actor.user));
    }
    if let Some(notice) = last {
        (batch, events) = with_notice(app, &place, &notice, batch, events).await?;
    }
    lane.enqueue(batch, events).durable().await?;
    seen_by(app, &row, tip.as_ref(), actor.user).await
}

/// Brings somebody along. That they are in it already is no error.
pub async fn add(app: &App, actor: &Actor, id: ChannelId, user: UserId) -> Result<()> {
    group(app, actor, id).await?;
    let lane = app.lane_channel(None, id).await;
    let mut row = ChannelRow::clone(group(app, actor, id).await?.as_ref());
    if row.recipients.contains(&user) {
        return Ok(());
    }
    may_bring(app, actor, user).await?;
    room_for_more(app, user).await?;
    if row.recipients.len() >= app.limits.group_recipients {
        return no(Reject::Refused(Code::MAX_RECIPIENTS));
    }
    let before = row.recipients.clone();
    row.recipients.push(user);
    let tip = app.store.get::<TipRow>(id).await?;
    let whole = Box::new(seen_by(app, &row, tip.as_ref(), user).await?);
    let recipient = recipient(app, id, user).await?;
    let events = vec![
        Event::to_users(before, Dispatch::ChannelRecipientAdd(Box::new(recipient))),
        Event::to_users([user], Dispatch::OscChannelCreate(whole)),
    ];
    let batch = Batch::new().put(&row).put(&DmRow { user_id: user, channel_id: id });
    let place = direct(row);
    let mut notice = bare(app, &place, message::RECIPIENT_ADD, actor.user);
    notice.mentions = vec![user];
    let (batch, events) = with_notice(app, &place, &notice, batch, events).await?;
    lane.enqueue(batch, events).durable().await
}

/// Takes somebody out: oneself, or as its owner anybody.
pub async fn remove(app: &App, actor: &Actor, id: ChannelId, user: UserId) -> Result<()> {
    let row = group(app, actor, id).await?;
    if user != actor.user && row.owner_id != Some(actor.user) {
        return no(Reject::Forbidden(Permissions::NONE));
    }
    let lane = app.lane_channel(None, id).await;
    let row = group(app, actor, id).await?;
    if user != actor.user && row.owner_id != Some(actor.user) {
        return no(Reject::Forbidden(Permissions::NONE));
    }
    if !row.recipients.contains(&user) {
        return no(Reject::Unknown(Code::UNKNOWN_USER));
    }
    let (batch, events) = without(app, &row, user, actor.user).await?;
    lane.enqueue(batch, events).durable().await
}

/// Leaves it; the answer is how it looked.
pub async fn leave(app: &App, actor: &Actor, id: ChannelId) -> Result<Channel> {
    let row = group(app, actor, id).await?;
    let tip = app.disk.get::<TipRow>(id).await?;
    let seen = seen_by(app, &row, tip.as_ref(), actor.user).await?;
    remove(app, actor, id, actor.user).await?;
    Ok(seen)
}

/// Takes somebody who is erased out of all they are in.
pub(crate) async fn leave_all(app: &App, user: UserId) -> Result<()> {
    for row in of(app, user).await? {
        let lane = app.lane_channel(None, row.id).await;
        let now = app.store.get::<ChannelRow>(row.id).await?;
        let Some(row) = now.filter(|row| row.recipients.contains(&user)) else { continue };
        let (batch, events) = without(app, &row, user, user).await?;
        lane.enqueue(batch, events).durable().await?;
    }
    Ok(())
}

/// A guest goes on as the account it has, in all groups it is in: one person, so nobody is brought
/// along and no place is needed. An account whose list is full stays out.
pub(crate) async fn inherit(app: &App, guest: UserId, account: UserId) -> Result<()> {
    for row in of(app, guest).await? {
        let lane = app.lane_channel(None, row.id).await;
        let now = app.store.get::<ChannelRow>(row.id).await?;
        let Some(before) = now.filter(|row| row.recipients.contains(&guest)) else { continue };
        let there = before.recipients.contains(&account);
        let full = !there && room_for_more(app, account).await.is_err();
        let (batch, events) = match full {
            true => without(app, &before, guest, guest).await?,
            false => succession(app, &before, guest, account).await?,
        };
        lane.enqueue(batch, events).durable().await?;
    }
    Ok(())
}

async fn succession(
    app: &App,
    before: &ChannelRow,
    guest: UserId,
    account: UserId,
) -> Result<(Batch, Vec<Event>)> {
    let id = before.id;
    let tip = app.store.get::<TipRow>(id).await?;
    let gone = Box::new(seen_by(app, before, tip.as_ref(), guest).await?);
    let mut row = before.clone();
    row.recipients.retain(|one| *one != guest && *one != account);
    let others = row.recipients.clone();
    let there = before.recipients.contains(&account);
    let mut rest = others.clone();
    rest.extend(there.then_some(account));
    row.recipients.push(account);
    row.owner_id = row.owner_id.map(|owner| if owner == guest { account } else { owner });
    let left = Dispatch::ChannelRecipientRemove(Box::new(recipient(app, id, guest).await?));
    let mut events =
        vec![Event::to_users([guest], Dispatch::ChannelDelete(gone)), Event::to_users(rest, left)];
    if !there {
        let came = Dispatch::ChannelRecipientAdd(Box::new(recipient(app, id, account).await?));
        let whole = Box::new(seen_by(app, &row, tip.as_ref(), account).await?);
        events.push(Event::to_users(others, came));
        events.push(Event::to_users([account], Dispatch::OscChannelCreate(whole)));
    }
    if there || row.owner_id != before.owner_id {
        events.extend(updates(app, &row).await?);
    }
    let batch = Batch::new()
        .put(&row)
        .delete::<DmRow>((guest, id))
        .put(&DmRow { user_id: account, channel_id: id });
    Ok((batch, events))
}

/// The groups somebody is in.
pub(crate) async fn of(app: &App, user: UserId) -> Result<Vec<ChannelRow>> {
    let rows = app.disk.scan::<DmRow>(Scan::of::<DmRow>().prefix(user)).await?;
    let keys = rows.iter().map(|row| row.channel_id.into_key()).collect();
    let rows = app.disk.get_many::<ChannelRow>(keys).await?.into_iter().flatten();
    Ok(rows.filter(|row| row.kind == channel::GROUP_DM).collect())
}

/// The group, if the actor is in it.
async fn group(app: &App, actor: &Actor, id: ChannelId) -> Result<Arc<ChannelRow>> {
    let place = access::channel(app, actor, id).await?;
    if place.channel.kind != channel::GROUP_DM {
        return no(Reject::Refused(Code::WRONG_TYPE));
    }
    Ok(place.channel)
}

/// What remains when somebody goes, and who is told what. Nobody left: nothing remains.
async fn without(
    app: &App,
    before: &ChannelRow,
    user: UserId,
    by: UserId,
) -> Result<(Batch, Vec<Event>)> {
    let tip = app.store.get::<TipRow>(before.id).await?;
    let gone = Box::new(seen_by(app, before, tip.as_ref(), user).await?);
    let mut events = vec![Event::to_users([user], Dispatch::ChannelDelete(gone))];
    let batch =
        Batch::new().delete::<DmRow>((user, before.id)).delete::<ReadStateRow>((user, before.id));
    let set = app.store.get::<NotificationRow>((user, before.id)).await?;
    let (batch, told) = notification::forget(batch, set.as_slice());
    events.extend(told);
    let mut row = before.clone();
    row.recipients.retain(|one| *one != user);
    // Signed addresses of files end for who is gone.
    row.epoch = row.epoch.wrapping_add(1);
    let Some(oldest) = row.recipients.first().copied() else {
        let batch = batch.delete::<ChannelRow>(row.id).delete::<TipRow>(row.id);
        return Ok((batch.put(&purge::row(Purge::Channel(row.id))), events));
    };
    if row.owner_id == Some(user) {
        row.owner_id = Some(oldest);
    }
    let recipient = recipient(app, row.id, user).await?;
    let dispatch = Dispatch::ChannelRecipientRemove(Box::new(recipient));
    events.push(Event::to_users(row.recipients.clone(), dispatch));
    if row.owner_id != before.owner_id {
        events.extend(updates(app, &row).await?);
    }
    let batch = batch.put(&row);
    let place = direct(row);
    let mut notice = bare(app, &place, message::RECIPIENT_REMOVE, by);
    notice.mentions = vec![user];
    with_notice(app, &place, &notice, batch, events).await
}

async fn with_notice(
    app: &App,
    place: &Place,
    notice: &MessageRow,
    batch: Batch,
    mut events: Vec<Event>,
) -> Result<(Batch, Vec<Event>)> {
    let (tip, told, notices) = tell(app, place, notice).await?;
    events.extend(notices);
    Ok((batch.and(told).put(&tip), events))
}

/// CHANNEL_UPDATE: one each, since each sees the others.
async fn updates(app: &App, row: &ChannelRow) -> Result<Vec<Event>> {
    let tip = app.store.get::<TipRow>(row.id).await?;
    let mut events = Vec::with_capacity(row.recipients.len());
    for user in &row.recipients {
        let seen = Box::new(seen_by(app, row, tip.as_ref(), *user).await?);
        events.push(Event::to_users([*user], Dispatch::ChannelUpdate(seen)));
    }
    Ok(events)
}

async fn seen_by(
    app: &App,
    row: &ChannelRow,
    tip: Option<&TipRow>,
    viewer: UserId,
) -> Result<Channel> {
    Ok(render::dm(row, tip, dm::others(app, row, viewer).await?))
}

async fn recipient(app: &App, channel_id: ChannelId, user: UserId) -> Result<ChannelRecipient> {
    let user = app.user(user).await?;
    Ok(ChannelRecipient { channel_id, user: render::user(&user) })
}

fn direct(row: ChannelRow) -> Place {
    let permissions = Permissions::NONE;
    Place { channel: Arc::new(row), thread: None, guild: None, permissions, member: None }
}

/// Somebody the actor could also write to alone.
async fn may_bring(app: &App, actor: &Actor, other: UserId) -> Result<()> {
    dm::may_open(app, actor, other).await?;
    let user = app.user(other).await?;
    if !matches!(user.kind, UserKind::Guest | UserKind::Account) {
        return no(Reject::Refused(Code::CANNOT_DM));
    }
    // Who is brought along does not ask for it, and a list holds only so much.
    let most = app.limits.people_brought_per_10min;
    app.cache.brought.count(app.clock.now(), most, &actor.user.to_string())
}

async fn room_for_more(app: &App, user: UserId) -> Result<()> {
    let most = app.limits.user_dms;
    let scan = Scan::of::<DmRow>().prefix(user).limit(most);
    if app.store.scan::<DmRow>(scan).await?.len() >= most {
        return no(Reject::Refused(Code::MAX_GUILDS));
    }
    Ok(())
}

/// Empty: it is called by who is in it.
fn group_name(app: &App, text: &str) -> Result<String> {
    let most = app.limits.name_length;
    match name::clean_text(text).filter(|text| text.chars().count() <= most) {
        Some(text) => Ok(text),
        None => no(Reject::length("name", 0, most)),
    }
}

#[cfg(test)]
mod tests {
    use proto::Limits;

    use super::*;
    use crate::{Error, testing::World};

    #[tokio::test]
    async fn nobody_fills_the_lists_of_others() {
        let limits = Limits { people_brought_per_10min: 5, ..Limits::default() };
        let world = World::with_limits(limits).await;
        let app = &world.app;
        let [eve, bob, carol] = ["eve", "bob", "carol"].map(|name| world.person(name));
        let (eve, bob, carol) = (eve.await, bob.await, carol.await);
        world.guild(&[&eve, &bob, &carol]).await;
        let both = || vec![bob.user, carol.user];
        for _ in 0..2 {
            create(app, &eve, both()).await.expect("a group");
        }
        let limited = create(app, &eve, both()).await;
        assert!(matches!(limited, Err(Error::Reject(Reject::RateLimited { .. }))));
        create(app, &bob, vec![eve.user, carol.user]).await.expect("others may");
        world.clock.advance_ms(600_001);
        create(app, &eve, both()).await.expect("later again");
        // A very long list is refused before anybody is looked at.
        let many = (1..20_000).filter_map(Id::new).collect();
        let refused = create(app, &eve, many).await;
        assert!(matches!(refused, Err(Error::Reject(Reject::Refused(Code::MAX_RECIPIENTS)))));
    }

    #[tokio::test]
    async fn who_leaves_keeps_nothing_of_it() {
        let world = World::new().await;
        let app = &world.app;
        let [eve, bob, carol] = ["eve", "bob", "carol"].map(|name| world.person(name));
        let (eve, bob, carol) = (eve.await, bob.await, carol.await);
        world.guild(&[&eve, &bob, &carol]).await;
        let group = create(app, &eve, vec![bob.user, carol.user]).await.expect("a group").id;
        let set = NotificationRow {
            user_id: bob.user,
            target_id: group.cast(),
            level: None,
            muted: true,
            muted_until: None,
        };
        let read = ReadStateRow {
            user_id: bob.user,
            channel_id: group,
            last_message_id: None,
            mention_count: 1,
        };
        world.write(Batch::new().put(&set).put(&read)).await;
        // Both at once: one of them is too late, and nothing is left of either.
        let (left, out) = tokio::join!(leave(app, &bob, group), remove(app, &eve, group, bob.user));
        assert!(left.is_ok() || out.is_ok());
        assert_eq!(notification::rows(app, bob.user).await.expect("reads"), []);
        let key = (bob.user, group);
        assert_eq!(app.disk.get::<ReadStateRow>(key).await.expect("reads"), None);
        let again = access::channel(app, &bob, group).await;
        assert!(matches!(again, Err(Error::Reject(Reject::Unknown(_)))));
        let row = app.disk.get::<ChannelRow>(group).await.expect("reads").expect("there");
        assert_eq!(row.recipients, [eve.user, carol.user]);
    }
}
