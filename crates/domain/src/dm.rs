//! Direct messages: one channel for two people, in the list of each.

use proto::{
    Code, Id,
    channel::{self, Channel},
    gateway::Dispatch,
    marker,
    user::User,
};

use crate::{
    Actor, App,
    bus::Event,
    group,
    reject::{Reject, Result, no},
    relationship, render,
    rows::{ChannelRow, DmRow, MemberRow, PairRow, TipRow, UserKind},
    store::{Batch, IntoKey as _, Scan},
};

/// Opens the direct message channel with somebody, making it if need be.
pub async fn open(app: &App, actor: &Actor, other: Id<marker::User>) -> Result<Channel> {
    if other == actor.user {
        return no(Reject::Refused(Code::CANNOT_DM));
    }
    let user = app.user(other).await?;
    let pair_of = (actor.user.min(other), actor.user.max(other));
    if app.disk.get::<PairRow>(pair_of).await?.is_none() {
        may_open(app, actor, other).await?;
    }
    let (low, high) = (actor.user.min(other), actor.user.max(other));
    let lane = app.lane_named("pair", (low, high)).await;
    let pair = app.store.get::<PairRow>((low, high)).await?;
    if user.kind == UserKind::Deleted || (actor.is_bot() && user.kind == UserKind::Bot) {
        return no(Reject::Refused(Code::CANNOT_DM));
    }
    let (row, mut batch) = match pair {
        Some(pair) => {
            let row = app.store.get::<ChannelRow>(pair.channel_id).await?;
            let Some(row) = row else { return no(Reject::Unknown(Code::UNKNOWN_CHANNEL)) };
            (row, Batch::new())
        }
        None => create(app, low, high),
    };
    let mut events = Vec::new();
    let mine = DmRow { user_id: actor.user, channel_id: row.id };
    if app.store.get::<DmRow>((actor.user, row.id)).await?.is_none() {
        let most = app.limits.user_dms;
        let scan = Scan::of::<DmRow>().prefix(actor.user).limit(most);
        if app.store.scan::<DmRow>(scan).await?.len() >= most {
            return no(Reject::Refused(Code::MAX_GUILDS));
        }
        batch = batch.put(&mine);
        events.push(told(app, &row, actor.user).await?);
    }
    if !batch.ops.is_empty() {
        lane.enqueue(batch, events).durable().await?;
    }
    render_for(app, &row, actor.user).await
}

fn create(app: &App, low: Id<marker::User>, high: Id<marker::User>) -> (ChannelRow, Batch) {
    let row = ChannelRow { recipients: vec![low, high], ..row(app, channel::DM) };
    let pair = PairRow { low, high, channel_id: row.id };
    let batch = Batch::new().insert(&row).insert(&pair);
    (row, batch)
}

/// Who shares no room with somebody does not learn that they exist. Having asked to be a friend is
/// not enough to write: anybody can ask.
pub(crate) async fn may_open(app: &App, actor: &Actor, other: Id<marker::User>) -> Result<()> {
    if !may_reach(app, actor.user, other).await? {
        let asked = relationship::between(app, actor.user, other).await?;
        let unknown = Reject::Unknown(Code::UNKNOWN_USER);
        return no(if asked { Reject::Refused(Code::CANNOT_DM) } else { unknown });
    }
    if paused(app, actor.user, other).await? {
        return no(Reject::Refused(Code::CANNOT_DM));
    }
    relationship::on_terms(app, actor.user, other).await
}

/// Whether the rooms that bring these two together have all paused direct messages.
async fn paused(app: &App, one: Id<marker::User>, other: Id<marker::User>) -> Result<bool> {
    let shared = shared_guilds(app, one, other).await?;
    let now = app.clock.now();
    let shut = |member: &MemberRow| {
        let guild = app.cache.guild(member.guild_id);
        let until = guild.and_then(|guild| guild.read().row.safety.dms_disabled_until);
        until.is_some_and(|until| until > now)
    };
    Ok(!shared.is_empty()
        && shared.iter().all(shut)
        && !relationship::welcome(app, one, other).await?)
}

/// A bare conversation.
pub(crate) fn row(app: &App, kind: u8) -> ChannelRow {
    ChannelRow {
        id: app.ids.next(),
        guild_id: None,
        kind,
        name: String::new(),
        position: 0,
        topic: None,
        parent_id: None,
        nsfw: false,
        rate_limit_per_user: 0,
        bitrate: 0,
        user_limit: 0,
        overwrites: Vec::new(),
        recipients: Vec::new(),
        epoch: 0,
        owner_id: None,
        icon: None,
        thread_auto_archive: 0,
        thread_rate_limit: 0,
    }
}

/// In a direct message: says no if one of the two has blocked the other.
pub(crate) async fn on_terms(app: &App, actor: &Actor, row: &ChannelRow) -> Result<()> {
    let other = row.recipients.iter().find(|user| **user != actor.user);
    match other.filter(|_| row.kind == channel::DM) {
        Some(other) => relationship::on_terms(app, actor.user, *other).await,
        None => Ok(()),
    }
}

/// Everybody somebody has a conversation with.
pub(crate) async fn partners(app: &App, user: Id<marker::User>) -> Result<Vec<Id<marker::User>>> {
    let low = app.disk.scan::<PairRow>(Scan::of::<PairRow>().prefix(user)).await?;
    let high = Scan::of::<PairRow>().by("by_high").prefix(user);
    let high = app.disk.scan::<PairRow>(high).await?;
    let pairs = low.iter().map(|pair| pair.high).chain(high.iter().map(|pair| pair.low));
    let groups = group::of(app, user).await?;
    let mut all: Vec<_> = pairs.chain(groups.into_iter().flat_map(|row| row.recipients)).collect();
    all.sort_unstable();
    all.dedup();
    all.retain(|one| *one != user);
    Ok(all)
}

/// The other's memberships in rooms that both are in.
async fn shared_guilds(
    app: &App,
    one: Id<marker::User>,
    other: Id<marker::User>,
) -> Result<Vec<MemberRow>> {
    let guilds = |user| Scan::of::<MemberRow>().by("by_user").prefix(user);
    let mine = app.disk.scan::<MemberRow>(guilds(one)).await?;
    let keys = mine.iter().map(|member| (member.guild_id, other).into_key()).collect();
    Ok(app.disk.get_many::<MemberRow>(keys).await?.into_iter().flatten().collect())
}

async fn share_a_guild(app: &App, one: Id<marker::User>, other: Id<marker::User>) -> Result<bool> {
    Ok(!shared_guilds(app, one, other).await?.is_empty())
}

/// Whether these two may know of each other: a shared room, a conversation, as friends, or because
/// one has asked the other.
pub async fn acquainted(app: &App, one: Id<marker::User>, other: Id<marker::User>) -> Result<bool> {
    Ok(one == other
        || relationship::between(app, one, other).await?
        || may_reach(app, one, other).await?)
}

/// Whether the one may write to the other: a shared room, a conversation, as friends, or because
/// the other has asked to be one.
async fn may_reach(app: &App, one: Id<marker::User>, other: Id<marker::User>) -> Result<bool> {
    if app.disk.get::<PairRow>((one.min(other), one.max(other))).await?.is_some() {
        return Ok(true);
    }
    if share_a_guild(app, one, other).await? || relationship::welcome(app, one, other).await? {
        return Ok(true);
    }
    Ok(group::of(app, one).await?.iter().any(|row| row.recipients.contains(&other)))
}

/// For a message: puts the channel into the list of whoever closed it or never saw it.
pub(crate) async fn open_for_all(app: &App, row: &ChannelRow) -> Result<(Batch, Vec<Event>)> {
    let (mut batch, mut events) = (Batch::new(), Vec::new());
    if row.kind != channel::DM {
        // A group stays in the list of all who are in it.
        return Ok((batch, events));
    }
    for user in &row.recipients {
        if app.store.get::<DmRow>((*user, row.id)).await?.is_none() {
            batch = batch.put(&DmRow { user_id: *user, channel_id: row.id });
            events.push(told(app, row, *user).await?);
        }
    }
    Ok((batch, events))
}

async fn told(app: &App, row: &ChannelRow, user: Id<marker::User>) -> Result<Event> {
    let channel = render_for(app, row, user).await?;
    Ok(Event::to_users([user], Dispatch::OscChannelCreate(Box::new(channel))))
}

async fn lost(app: &App, row: &ChannelRow, user: Id<marker::User>) -> Result<Event> {
    let channel = render_for(app, row, user).await?;
    Ok(Event::to_users([user], Dispatch::ChannelDelete(Box::new(channel))))
}

/// Takes a direct message out of one's list. It stays, and comes back with the next message.
pub async fn close(app: &App, actor: &Actor, row: &ChannelRow) -> Result<Channel> {
    let lane = app.lane_channel(None, row.id).await;
    let channel = render_for(app, row, actor.user).await?;
    let event = Dispatch::ChannelDelete(Box::new(channel.clone()));
    let batch = Batch::new().delete::<DmRow>((actor.user, row.id));
    lane.enqueue(batch, vec![Event::to_users([actor.user], event)]).durable().await?;
    Ok(channel)
}

/// The channel as one of its two sees it.
pub async fn render_for(app: &App, row: &ChannelRow, viewer: Id<marker::User>) -> Result<Channel> {
    let tip = app.disk.get::<TipRow>(row.id).await?;
    Ok(render::dm(row, tip.as_ref(), others(app, row, viewer).await?))
}

pub(crate) async fn others(
    app: &App,
    row: &ChannelRow,
    viewer: Id<marker::User>,
) -> Result<Vec<User>> {
    let ids: Vec<_> = row.recipients.iter().copied().filter(|id| *id != viewer).collect();
    let users = app.users(&ids).await?;
    let rendered = users.iter().zip(ids).map(|(user, id)| match user {
        Some(row) => render::user(row),
        None => render::deleted_user(id),
    });
    Ok(rendered.collect())
}

/// A guest goes on as the account it has, in its conversations with others. One that the account
/// has with somebody already is the one that goes on.
pub(crate) async fn inherit(
    app: &App,
    guest: Id<marker::User>,
    account: Id<marker::User>,
) -> Result<()> {
    let rows = app.disk.scan::<DmRow>(Scan::of::<DmRow>().prefix(guest)).await?;
    let keys = rows.iter().map(|row| row.channel_id.into_key()).collect();
    let channels = app.disk.get_many::<ChannelRow>(keys).await?.into_iter().flatten();
    for row in channels.filter(|row| row.kind == channel::DM) {
        let Some(other) = row.recipients.iter().copied().find(|one| *one != guest) else {
            continue;
        };
        let (low, high) = (account.min(other), account.max(other));
        let lane = app.lane_named("pair", (low, high)).await;
        let there = app.store.get::<PairRow>((low, high)).await?.is_some();
        let most = app.limits.user_dms;
        let scan = Scan::of::<DmRow>().prefix(account).limit(most);
        let full = app.store.scan::<DmRow>(scan).await?.len() >= most;
        if other == account || there || full {
            continue;
        }
        let now = ChannelRow { recipients: vec![low, high], ..row.clone() };
        let mut batch = Batch::new()
            .expect(&row)
            .put(&now)
            .delete::<PairRow>((guest.min(other), guest.max(other)))
            .insert(&PairRow { low, high, channel_id: row.id })
            .delete::<DmRow>((guest, row.id))
            .put(&DmRow { user_id: account, channel_id: row.id });
        let mut events = vec![lost(app, &row, guest).await?, told(app, &now, account).await?];
        // In the other's list, unless it is closed there, it is another from now on.
        if let Some(listed) = app.store.get::<DmRow>((other, row.id)).await? {
            batch = batch.expect(&listed);
            events.extend([lost(app, &row, other).await?, told(app, &now, other).await?]);
        }
        // Closed or opened at the same moment: it stays with the guest.
        lane.enqueue(batch, events).durable_or_conflict().await?.ok();
    }
    Ok(())
}

/// Somebody's list, by id.
pub async fn list(app: &App, user: Id<marker::User>) -> Result<Vec<Channel>> {
    let rows = app.disk.scan::<DmRow>(Scan::of::<DmRow>().prefix(user)).await?;
    let keys: Vec<_> = rows.iter().map(|row| row.channel_id.into_key()).collect();
    let channels = app.disk.get_many::<ChannelRow>(keys).await?;
    let mut list = Vec::with_capacity(channels.len());
    for row in channels.into_iter().flatten() {
        list.push(render_for(app, &row, user).await?);
    }
    Ok(list)
}
