//! Who is in a thread: they come by themselves, by writing, or because somebody calls them.

use proto::{
    Code, Permissions,
    gateway::Dispatch,
    message as wire,
    thread::{ThreadMember, ThreadMembersUpdate},
};

use super::{
    ChannelId, Standing, UserId, audience, here, is_open, is_public, is_unlocked, membership, open,
    roll, seat,
};
use crate::{
    Actor, App,
    access::Place,
    bus::{Audience, Event},
    cache::{Guild, GuildState},
    message, purge, read_state,
    reject::{Error, Reject, Result, no},
    render,
    rows::{MemberRow, Purge, ThreadMemberRow, ThreadRow, TipRow},
    store::{Batch, Scan},
};

/// The actor comes in. To be in it already is no error.
pub async fn join(app: &App, actor: &Actor, id: ChannelId) -> Result<()> {
    let (place, guild, _) = here(app, actor, id).await?;
    is_open(&place)?;
    let lane = app.lane_channel(Some(guild.id), id).await;
    let (place, guild, thread) = here(app, actor, id).await?;
    is_open(&place)?;
    if membership(app, &guild, id, actor.user).await?.is_some() {
        return Ok(());
    }
    let (batch, events) = enter(app, &guild, &thread.row, &[actor.user], actor.user).await?;
    lane.enqueue(batch, events).durable().await
}

/// Brings somebody in who sees the channel. To be in it already is no error.
pub async fn add(app: &App, actor: &Actor, id: ChannelId, user: UserId) -> Result<()> {
    let (place, guild, thread) = here(app, actor, id).await?;
    may_add(actor, &place, &thread)?;
    let lane = app.lane_channel(Some(guild.id), id).await;
    let (place, guild, thread) = here(app, actor, id).await?;
    may_add(actor, &place, &thread)?;
    if !guild.read().members.contains_key(&user) {
        return no(Reject::Unknown(Code::UNKNOWN_MEMBER));
    }
    if !sees_parent(app, &guild.read(), &thread.row, user) {
        return no(Reject::Refused(Code::MISSING_ACCESS));
    }
    if membership(app, &guild, id, user).await?.is_some() {
        return Ok(());
    }
    let (batch, mut events) = enter(app, &guild, &thread.row, &[user], actor.user).await?;
    let (more, told) = notice(app, actor, &place, user).await?;
    events.extend(told);
    lane.enqueue(batch.and(more), events).durable().await
}

fn may_add(actor: &Actor, place: &Place, thread: &Standing) -> Result<()> {
    place.require(Permissions::SEND_MESSAGES)?;
    is_open(place)?;
    is_unlocked(place)?;
    match may_invite(actor, place, &thread.row) {
        true => Ok(()),
        false => no(Reject::Forbidden(Permissions::MANAGE_THREADS)),
    }
}

/// Into a private one that is not open to invitations only its owner and managers bring others.
fn may_invite(actor: &Actor, place: &Place, row: &ThreadRow) -> bool {
    let manages = place.permissions.contains(Permissions::MANAGE_THREADS);
    is_public(row) || row.invitable || row.owner_id == actor.user || manages
}

fn sees_parent(app: &App, state: &GuildState, row: &ThreadRow, user: UserId) -> bool {
    let parent = state.channels.get(&row.parent_id);
    parent.is_some_and(|parent| {
        let have = state.permissions_in(user, parent, app.clock.now());
        have.contains(Permissions::VIEW_CHANNEL)
    })
}

/// That somebody was brought in stands in the thread, and calls them.
async fn notice(
    app: &App,
    actor: &Actor,
    place: &Place,
    user: UserId,
) -> Result<(Batch, Vec<Event>)> {
    let mut row = message::bare(app, place, wire::RECIPIENT_ADD, actor.user);
    row.mentions = vec![user];
    let called = message::Mentioned { users: vec![user] };
    let counted = read_state::count_mentions(app, place, &row, &called).await?;
    let (tip, batch, events) = message::tell(app, place, &row).await?;
    Ok((batch.put(&tip).and(counted), events))
}

/// These people, who are not in it and see the channel, come in. The caller holds the thread's
/// lane.
async fn enter(
    app: &App,
    guild: &Guild,
    row: &ThreadRow,
    users: &[UserId],
    by: UserId,
) -> Result<(Batch, Vec<Event>)> {
    let before = roll(app, guild, row.id).await?.len();
    if before + users.len() > app.limits.thread_members {
        return no(Reject::Refused(Code::MAX_THREAD_MEMBERS));
    }
    let joined_at = app.clock.now();
    let row_of = |user: &UserId| ThreadMemberRow {
        thread_id: row.id,
        user_id: *user,
        guild_id: row.guild_id,
        joined_at,
    };
    let rows: Vec<_> = users.iter().map(row_of).collect();
    let count = (before + rows.len()) as u32;
    let tip = app.store.get::<TipRow>(row.id).await?;
    let mut events = Vec::new();
    for seat_row in rows.iter().filter(|seat_row| seat_row.user_id != by) {
        let mut thread = render::thread(row, tip.as_ref(), count);
        thread.member = Some(Box::new(seat(seat_row)));
        let made = Dispatch::ThreadCreate(Box::new(thread));
        events.push(Event::Dispatch(Audience::Within(guild.id, vec![seat_row.user_id]), made));
    }
    events.push(came(app, guild, row, &rows, count).await?);
    Ok((rows.iter().fold(Batch::new(), Batch::put), events))
}

/// THREAD_MEMBERS_UPDATE of people who came in.
pub(super) async fn came(
    app: &App,
    guild: &Guild,
    row: &ThreadRow,
    rows: &[ThreadMemberRow],
    member_count: u32,
) -> Result<Event> {
    let added_members = with_members(app, guild, rows).await?.into_iter();
    let update = ThreadMembersUpdate {
        id: row.id,
        guild_id: row.guild_id,
        member_count,
        added_members: added_members
            .map(|one| ThreadMember { presence: Some(None), ..one })
            .collect(),
        removed_member_ids: Vec::new(),
    };
    let update = Dispatch::ThreadMembersUpdate(Box::new(update));
    Ok(Event::Dispatch(audience(row, Vec::new()), update))
}

/// Places in a thread with the members of the guild beside them.
async fn with_members(
    app: &App,
    guild: &Guild,
    rows: &[ThreadMemberRow],
) -> Result<Vec<ThreadMember>> {
    let ids: Vec<_> = rows.iter().map(|row| row.user_id).collect();
    let users = app.users(&ids).await?;
    let state = guild.read();
    let whole = rows.iter().zip(users).map(|(row, user)| {
        let member = state.members.get(&row.user_id);
        let user = user.map(|user| render::user(&user));
        ThreadMember {
            member: member.zip(user).map(|(member, user)| render::member(member, Some(user))),
            ..seat(row)
        }
    });
    Ok(whole.collect())
}

/// The actor goes out. Not to be in it is no error.
pub async fn leave(app: &App, actor: &Actor, id: ChannelId) -> Result<()> {
    let (place, guild, _) = here(app, actor, id).await?;
    is_open(&place)?;
    let lane = app.lane_channel(Some(guild.id), id).await;
    let (place, guild, thread) = here(app, actor, id).await?;
    is_open(&place)?;
    if membership(app, &guild, id, actor.user).await?.is_none() {
        return Ok(());
    }
    let (batch, events) = go(app, &guild, &thread.row, actor.user).await?;
    lane.enqueue(batch, events).durable().await
}

/// Takes somebody out. Needs MANAGE_THREADS, or to have begun the private thread.
pub async fn remove(app: &App, actor: &Actor, id: ChannelId, user: UserId) -> Result<()> {
    if user == actor.user {
        return leave(app, actor, id).await;
    }
    let (place, guild, thread) = here(app, actor, id).await?;
    may_remove(actor, &place, &thread)?;
    let lane = app.lane_channel(Some(guild.id), id).await;
    let (place, guild, thread) = here(app, actor, id).await?;
    may_remove(actor, &place, &thread)?;
    if membership(app, &guild, id, user).await?.is_none() {
        return no(Reject::Unknown(Code::UNKNOWN_MEMBER));
    }
    let (batch, events) = go(app, &guild, &thread.row, user).await?;
    lane.enqueue(batch, events).durable().await
}

fn may_remove(actor: &Actor, place: &Place, thread: &Standing) -> Result<()> {
    let own = !is_public(&thread.row) && thread.row.owner_id == actor.user;
    place.require(if own { Permissions::SEND_MESSAGES } else { Permissions::MANAGE_THREADS })?;
    is_open(place)
}

/// Somebody who is in it goes. Of a private thread they hear no more, and addresses of its files
/// end.
async fn go(
    app: &App,
    guild: &Guild,
    row: &ThreadRow,
    user: UserId,
) -> Result<(Batch, Vec<Event>)> {
    let count = roll(app, guild, row.id).await?.len().saturating_sub(1) as u32;
    let mut batch = Batch::new().delete::<ThreadMemberRow>((row.id, user));
    batch = batch.and(read_state::uncalled(app, user, row.id).await?);
    let mut events = vec![went(row, user, count)];
    if !is_public(row) {
        // With what waits: another may be going at the same time.
        let known = app.store.get::<ThreadRow>(row.id).await?.unwrap_or_else(|| row.clone());
        batch = batch.put(&ThreadRow { epoch: known.epoch.wrapping_add(1), ..known });
        // Who does not see the channel has never heard of it.
        if guild.read().is_guest_of_threads(user, row.parent_id) {
            let gone = proto::thread::ThreadDelete {
                id: row.id,
                guild_id: row.guild_id,
                parent_id: row.parent_id,
                kind: row.kind as u8,
            };
            let gone = Dispatch::ThreadDelete(gone);
            events.push(Event::Dispatch(Audience::Within(guild.id, vec![user]), gone));
        }
    }
    Ok((batch, events))
}

/// THREAD_MEMBERS_UPDATE of somebody who went.
fn went(row: &ThreadRow, user: UserId, member_count: u32) -> Event {
    let update = ThreadMembersUpdate {
        id: row.id,
        guild_id: row.guild_id,
        member_count,
        added_members: Vec::new(),
        removed_member_ids: vec![user],
    };
    let update = Dispatch::ThreadMembersUpdate(Box::new(update));
    Event::Dispatch(audience(row, vec![user]), update)
}

/// What somebody leaves behind who leaves the guild: they are in its active threads no more. Rows
/// of archived ones are void from now on (`ThreadMemberRow`), and are purged later.
pub(crate) fn left(state: &GuildState, user: UserId) -> (Batch, Vec<Event>) {
    let (mut batch, mut events) = (Batch::new(), Vec::new());
    for thread in state.threads.values().filter(|thread| thread.members.contains_key(&user)) {
        batch = batch.delete::<ThreadMemberRow>((thread.row.id, user));
        let count = thread.members.len().saturating_sub(1) as u32;
        let update = ThreadMembersUpdate {
            id: thread.row.id,
            guild_id: thread.row.guild_id,
            member_count: count,
            added_members: Vec::new(),
            removed_member_ids: vec![user],
        };
        let update = Dispatch::ThreadMembersUpdate(Box::new(update));
        events.push(Event::Dispatch(audience(&thread.row, Vec::new()), update));
    }
    (batch, events)
}

/// The same for somebody who leaves all these guilds.
pub(crate) fn left_all(app: &App, members: &[MemberRow]) -> (Batch, Vec<Event>) {
    let (mut batch, mut events) = (Batch::new(), Vec::new());
    for row in members {
        let (guild_id, user_id) = (row.guild_id, row.user_id);
        if let Some(guild) = app.cache.guild(guild_id) {
            let (rows, told) = left(&guild.read(), user_id);
            batch = batch.and(rows);
            events.extend(told);
        }
        batch = batch.put(&purge::row(Purge::Member { guild_id, user_id }));
    }
    (batch, events)
}

/// What a message in a thread brings along, before it: an archived one opens, and who writes and
/// whom they call comes in. The caller holds the thread's lane.
pub(crate) async fn written(
    app: &App,
    actor: &Actor,
    place: &Place,
    called: &[UserId],
) -> Result<(Batch, Vec<Event>)> {
    let (Some(guild), Some(_)) = (&place.guild, &place.thread) else {
        return Ok(Default::default());
    };
    is_unlocked(place)?;
    let id = place.channel.id;
    let (row, mut batch, mut events) = opened(app, guild, id).await?;
    let invites = may_invite(actor, place, &row);
    let mut new = Vec::new();
    for user in std::iter::once(&actor.user).chain(called.iter().filter(|_| invites)) {
        let here = {
            let state = guild.read();
            !state.is_in(*user, id) && sees_parent(app, &state, &row, *user)
        };
        if here && !new.contains(user) && membership(app, guild, id, *user).await?.is_none() {
            new.push(*user);
        }
    }
    let room = app.limits.thread_members.saturating_sub(match new.is_empty() {
        true => 0,
        false => roll(app, guild, id).await?.len(),
    });
    new.truncate(room);
    if !new.is_empty() {
        let (more, told) = enter(app, guild, &row, &new, actor.user).await?;
        batch = batch.and(more);
        events.extend(told);
    }
    Ok((batch, events))
}

/// Who signs in to an account is in the active threads in which they were as a guest, as far as the
/// account sees their channels.
pub(crate) async fn inherit(app: &App, guest: UserId, account: UserId) -> Result<()> {
    let memberships = Scan::of::<MemberRow>().by("by_user").prefix(account);
    for member in app.store.scan::<MemberRow>(memberships).await? {
        let guild = match app.guild(member.guild_id).await {
            Err(Error::Reject(_)) => continue,
            other => other?,
        };
        let known: Vec<ChannelId> = {
            let state = guild.read();
            let inside = state.threads.values().filter(|t| t.members.contains_key(&guest));
            inside.map(|thread| thread.row.id).collect()
        };
        for id in known {
            inherit_one(app, &guild, id, guest, account).await?;
        }
    }
    Ok(())
}

async fn inherit_one(
    app: &App,
    guild: &Guild,
    id: ChannelId,
    guest: UserId,
    account: UserId,
) -> Result<()> {
    let lane = app.lane_channel(Some(guild.id), id).await;
    let row = {
        let state = guild.read();
        let row = state.threads.get(&id).map(|thread| ThreadRow::clone(&thread.row));
        let comes = state.is_in(guest, id) && !state.is_in(account, id);
        row.filter(|row| comes && sees_parent(app, &state, row, account))
    };
    let Some(row) = row else { return Ok(()) };
    match enter(app, guild, &row, &[account], guest).await {
        Ok((batch, events)) => lane.enqueue(batch, events).durable().await,
        // It is full.
        Err(Error::Reject(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The same of an application's answer: it comes where it was asked, and nobody comes in by it.
pub(crate) async fn answered(app: &App, place: &Place) -> Result<(Batch, Vec<Event>)> {
    let (Some(guild), Some(_)) = (&place.guild, &place.thread) else {
        return Ok(Default::default());
    };
    let (_, batch, events) = opened(app, guild, place.channel.id).await?;
    Ok((batch, events))
}

/// A thread, and what opens it if it is archived.
async fn opened(app: &App, guild: &Guild, id: ChannelId) -> Result<(ThreadRow, Batch, Vec<Event>)> {
    let Some(row) = app.store.get::<ThreadRow>(id).await? else {
        return no(Reject::Unknown(Code::UNKNOWN_CHANNEL));
    };
    if row.archived_at.is_none() {
        return Ok((row, Batch::new(), Vec::new()));
    }
    let tip = app.store.get::<TipRow>(id).await?;
    let people = roll(app, guild, id).await?;
    let (row, batch, told) = open(app, guild, row, tip.as_ref(), &people)?;
    Ok((row, batch, told.into_iter().collect()))
}

/// Somebody in a thread.
pub async fn member(
    app: &App,
    actor: &Actor,
    id: ChannelId,
    user: UserId,
    with_member: bool,
) -> Result<ThreadMember> {
    let (_, guild, _) = here(app, actor, id).await?;
    let Some(row) = membership(app, &guild, id, user).await? else {
        return no(Reject::Unknown(Code::UNKNOWN_MEMBER));
    };
    if !with_member {
        return Ok(seat(&row));
    }
    let mut whole = with_members(app, &guild, &[row]).await?;
    whole.pop().ok_or_else(|| Reject::Unknown(Code::UNKNOWN_MEMBER).into())
}

/// Who is in a thread, by id. With members in pages.
pub async fn members(
    app: &App,
    actor: &Actor,
    id: ChannelId,
    with_member: bool,
    after: Option<UserId>,
    limit: Option<usize>,
) -> Result<Vec<ThreadMember>> {
    let (_, guild, _) = here(app, actor, id).await?;
    let most = app.limits.threads_page;
    if limit.is_some_and(|limit| limit == 0 || limit > most) {
        let message = format!("Must be between 1 and {most}.");
        return no(Reject::field("limit", "NUMBER_TYPE_RANGE", message));
    }
    let mut rows = roll(app, &guild, id).await?;
    rows.retain(|row| after.is_none_or(|after| row.user_id > after));
    if with_member || limit.is_some() {
        rows.truncate(limit.unwrap_or(most));
    }
    match with_member {
        true => with_members(app, &guild, &rows).await,
        false => Ok(rows.iter().map(seat).collect()),
    }
}
