//! Read markers: how far somebody has read, and how often they were meant since.
//!
//! Personal mentions are counted as they happen. Mentions of everyone or of roles are kept on the
//! channel's tip and counted when asked, so that they cost one row and not one per member.

use std::collections::{HashMap, HashSet};

use proto::{Code, Id, Timestamp, gateway::Dispatch, marker, osc::ReadState};

use crate::{
    Actor, App, access,
    access::Place,
    bus::Event,
    message::Mentioned,
    reject::{Error, Reject, Result, no},
    relationship,
    rows::{DmRow, MemberRow, MessageRow, ReadStateRow, TipRow},
    store::{Batch, Scan},
};

/// Messages that mention many, remembered per channel.
pub const LOUD_MOST: usize = 25;

/// Messages looked through to count personal mentions behind a marker set back.
const RECOUNT_MOST: usize = 100;

/// Sets how far the actor has read: to any message of the channel, also an older one.
pub async fn mark(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    message: Id<marker::Message>,
) -> Result<ReadState> {
    let place = access::channel(app, actor, channel).await?;
    let lane = app.lane_channel(place.guild_id(), channel).await;
    let tip = app.store.get::<TipRow>(channel).await?;
    let last = tip.as_ref().and_then(|tip| tip.last_message_id);
    // Message ids only say where; a deleted one is as good a place as any.
    if last.is_none_or(|last| message > last) || message.get() < channel.get() {
        return no(Reject::Unknown(Code::UNKNOWN_MESSAGE));
    }
    let mention_count = count_behind(app, actor, &place, message).await?;
    let row = ReadStateRow {
        user_id: actor.user,
        channel_id: channel,
        last_message_id: Some(message),
        mention_count,
    };
    let blocked = relationship::blocked_by(app, actor.user).await?;
    let called = Called::at(&place, in_thread_since(&place, actor.user));
    let state = whole(&row, tip.as_ref(), called, &blocked);
    let event = Event::to_users([actor.user], Dispatch::OscReadStateUpdate(state.clone()));
    lane.enqueue(Batch::new().put(&row), vec![event]).durable().await?;
    Ok(state)
}

/// Personal mentions behind a message.
async fn count_behind(
    app: &App,
    actor: &Actor,
    place: &Place,
    message: Id<marker::Message>,
) -> Result<u32> {
    let scan = Scan::of::<MessageRow>().prefix(place.channel.id).after(message);
    let rows = app.store.scan::<MessageRow>(scan.limit(RECOUNT_MOST)).await?;
    let blocked = relationship::blocked_by(app, actor.user).await?;
    let meant = |row: &&MessageRow| {
        let named = place.guild.is_none() || row.mentions.contains(&actor.user);
        let heard = row.author_id != actor.user && !blocked.contains(&row.author_id);
        heard && named && !calls_loudly(row, place.member.as_deref())
    };
    Ok(rows.iter().filter(meant).count() as u32)
}

/// Whether a message calls this member along with others: then the tip counts it, once.
fn calls_loudly(row: &MessageRow, member: Option<&MemberRow>) -> bool {
    let roles = member.map_or(&[][..], |member| &member.roles);
    row.mention_everyone || row.mention_roles.iter().any(|role| roles.contains(role))
}

/// The rows that change because of a new message. The caller holds the channel's lane.
pub(crate) async fn count_mentions(
    app: &App,
    place: &Place,
    row: &MessageRow,
    mentioned: &Mentioned,
) -> Result<Batch> {
    // In a direct message everything is meant for the other.
    let users: Vec<_> = match &place.guild {
        Some(_) => mentioned.users.clone(),
        None => place.channel.recipients.clone(),
    };
    let mut batch = Batch::new();
    let loudly = |user: &Id<marker::User>| {
        let guild = place.guild.as_ref().map(|guild| guild.read());
        let member = guild.as_ref().and_then(|guild| guild.members.get(user).cloned());
        calls_loudly(row, member.as_deref())
    };
    for user in users.into_iter().filter(|user| *user != row.author_id && !loudly(user)) {
        // Whom somebody has blocked does not call them.
        if relationship::blocks(app, user, row.author_id).await? {
            continue;
        }
        let state = app.store.get::<ReadStateRow>((user, row.channel_id)).await?;
        let mut state = state.unwrap_or(ReadStateRow {
            user_id: user,
            channel_id: row.channel_id,
            last_message_id: None,
            mention_count: 0,
        });
        state.mention_count = state.mention_count.saturating_add(1);
        batch = batch.put(&state);
    }
    Ok(batch)
}

/// Whom a call of many reaches, and since when: members of the guild, in a thread who is in it.
#[derive(Clone, Copy)]
struct Called<'a> {
    member: &'a MemberRow,
    since: Timestamp,
}

impl<'a> Called<'a> {
    fn by_channel(member: &'a MemberRow) -> Self {
        Self { member, since: member.joined_at }
    }

    /// As somebody stands in this place.
    fn at(place: &'a Place, since: Option<Timestamp>) -> Option<Self> {
        let member = place.member.as_deref()?;
        match &place.thread {
            Some(_) => since.map(|since| Self { member, since }),
            None => Some(Self::by_channel(member)),
        }
    }
}

/// Since when somebody is in this thread.
fn in_thread_since(place: &Place, user: Id<marker::User>) -> Option<Timestamp> {
    let guild = place.guild.as_ref()?.read();
    guild.threads.get(&place.channel.id)?.members.get(&user).copied()
}

/// With the mentions of everyone and of the member's roles.
fn whole(
    row: &ReadStateRow,
    tip: Option<&TipRow>,
    called: Option<Called<'_>>,
    blocked: &HashSet<Id<marker::User>>,
) -> ReadState {
    let loud = match (tip, called) {
        (Some(tip), Some(called)) => count_loud(tip, called, row.last_message_id, blocked),
        _ => 0,
    };
    ReadState {
        channel_id: row.channel_id,
        last_message_id: row.last_message_id,
        mention_count: row.mention_count.saturating_add(loud),
    }
}

/// Mentions of many that meant this member, since the marker or since it joined.
fn count_loud(
    tip: &TipRow,
    called: Called<'_>,
    marker: Option<Id<marker::Message>>,
    blocked: &HashSet<Id<marker::User>>,
) -> u32 {
    let Called { member, since } = called;
    // Who comes into a thread later was not called in it before, whatever they had read there.
    let in_guild = since == member.joined_at;
    let since = |id: Id<marker::Message>| match marker {
        Some(marker) => id > marker && (in_guild || id.created_at() >= since),
        None => id.created_at() >= since,
    };
    let meant = |roles: &[Id<marker::Role>]| {
        roles.is_empty() || roles.iter().any(|role| member.roles.contains(role))
    };
    let heard = |author| author != member.user_id && !blocked.contains(&author);
    let others = tip.loud.iter().filter(|loud| loud.author_id.is_none_or(heard));
    others.filter(|loud| since(loud.id) && meant(&loud.roles)).count() as u32
}

/// A guest goes on as the account it has: how far it has read goes along where the account sees the
/// channel and has not read further.
pub(crate) async fn inherit(app: &App, guest: Id<marker::User>, account: &Actor) -> Result<()> {
    let user = account.user;
    let blocked = relationship::blocked_by(app, user).await?;
    let rows = app.store.scan::<ReadStateRow>(Scan::of::<ReadStateRow>().prefix(guest)).await?;
    for row in rows {
        let place = match access::channel(app, account, row.channel_id).await {
            Err(Error::Reject(_)) => continue,
            other => other?,
        };
        let lane = app.lane_channel(place.guild_id(), row.channel_id).await;
        let own = app.store.get::<ReadStateRow>((user, row.channel_id)).await?;
        if own.is_some_and(|own| own.last_message_id >= row.last_message_id) {
            continue;
        }
        let tip = app.store.get::<TipRow>(row.channel_id).await?;
        let row = ReadStateRow { user_id: user, ..row };
        let called = Called::at(&place, in_thread_since(&place, user));
        let state = whole(&row, tip.as_ref(), called, &blocked);
        let event = Event::to_users([user], Dispatch::OscReadStateUpdate(state));
        // Nothing waits for it: the next one need not wait for this one's disk.
        drop(lane.enqueue(Batch::new().put(&row), vec![event]));
    }
    Ok(())
}

/// Who leaves a thread is not called in it any more.
pub(crate) async fn uncalled(
    app: &App,
    user: Id<marker::User>,
    thread: Id<marker::Channel>,
) -> Result<Batch> {
    let row = app.store.get::<ReadStateRow>((user, thread)).await?;
    Ok(match row {
        Some(row) if row.last_message_id.is_some() => {
            Batch::new().put(&ReadStateRow { mention_count: 0, ..row })
        }
        Some(_) => Batch::new().delete::<ReadStateRow>((user, thread)),
        None => Batch::new(),
    })
}

/// All of somebody's: for READY. Channels never read and without mentions are left out.
/// The guilds must be active.
pub async fn all(
    app: &App,
    user: Id<marker::User>,
    guilds: &[std::sync::Arc<crate::cache::Guild>],
) -> Result<Vec<ReadState>> {
    let blocked = relationship::blocked_by(app, user).await?;
    let rows = app.disk.scan::<ReadStateRow>(Scan::of::<ReadStateRow>().prefix(user)).await?;
    let mut rows: HashMap<_, _> = rows.into_iter().map(|row| (row.channel_id, row)).collect();
    let mut states = Vec::new();
    for guild in guilds {
        let state = guild.read();
        let Some(member) = state.members.get(&user) else { continue };
        for channel in state.visible_to(user) {
            let tip = state.tips.get(&channel);
            let row = rows.remove(&channel);
            let known = row.is_some();
            let row = row.unwrap_or_else(|| unread(user, channel));
            let state = whole(&row, tip, Some(Called::by_channel(member)), &blocked);
            if known || state.mention_count > 0 {
                states.push(state);
            }
        }
        for thread in state.threads_seen(user, None) {
            let row = rows.remove(&thread.row.id);
            let known = row.is_some();
            let row = row.unwrap_or_else(|| unread(user, thread.row.id));
            let called = thread.members.get(&user).map(|since| Called { member, since: *since });
            let state = whole(&row, state.tips.get(&thread.row.id), called, &blocked);
            if known || state.mention_count > 0 {
                states.push(state);
            }
        }
    }
    let dms = app.disk.scan::<DmRow>(Scan::of::<DmRow>().prefix(user)).await?;
    states.extend(
        dms.iter()
            .filter_map(|dm| rows.remove(&dm.channel_id))
            .map(|row| whole(&row, None, None, &blocked)),
    );
    states.sort_unstable_by_key(|state| state.channel_id);
    Ok(states)
}

fn unread(user: Id<marker::User>, channel: Id<marker::Channel>) -> ReadStateRow {
    ReadStateRow { user_id: user, channel_id: channel, last_message_id: None, mention_count: 0 }
}
