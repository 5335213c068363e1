//! Threads: conversations that hang on a channel of a guild. Begun, changed, archived, deleted.
//!
//! Who may what in a thread is decided by its channel (`cache::GuildState::permissions_in`); a
//! private one is there only for who is in it and for who manages threads. Active threads are kept
//! in memory; of archived ones nothing is, so there may be any number of them.

mod begin;
mod idle;
mod list;
mod noted;
mod people;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use proto::{
    Code, Id, Permissions, Timestamp,
    audit_log::action,
    channel::{Channel, PUBLIC_THREAD},
    gateway::Dispatch,
    marker, message as wire,
    thread::{AUTO_ARCHIVE, ModifyThread, ThreadDelete, ThreadMember, ThreadMemberUpdate},
};

use crate::{
    Actor, App, access,
    access::Place,
    bus::{Audience, Event},
    cache::{Guild, GuildState, Thread},
    guild, message, name, purge,
    reject::{Reject, Result, no},
    render,
    rows::{MemberRow, MessageRow, Purge, ThreadMemberRow, ThreadRow, TipRow},
    store::{Batch, Scan},
    view::View,
};

pub use begin::{begin, begin_at};
pub(crate) use idle::archive_idle;
pub use list::{Archive, SearchOrder, SearchThreads, active, archived, search, sync};
pub(crate) use list::{of_messages, render_seen};
pub use people::{add, join, leave, member, members, remove};
pub(crate) use people::{answered, inherit, left, left_all, written};

type ChannelId = Id<marker::Channel>;
type UserId = Id<marker::User>;

/// Slow mode, in seconds: up to six hours.
const SLOW_MODE: u32 = 21_600;
const MINUTE_MS: i64 = 60_000;

/// A thread as somebody stands in it.
#[derive(Debug, Clone)]
pub struct Standing {
    pub row: ThreadRow,
    /// They are in it.
    pub is_in: bool,
    /// Who is in it, if it is private and archived: nothing else keeps them at hand.
    pub also: Vec<UserId>,
}

impl Standing {
    pub fn is_archived(&self) -> bool {
        self.row.archived_at.is_some()
    }
}

/// A thread, and how somebody stands in it. What they may is not decided here.
pub(crate) async fn standing(
    app: &App,
    guild: &Guild,
    actor: &Actor,
    id: ChannelId,
) -> Result<Standing> {
    let known = guild.read().threads.get(&id).map(|thread| Standing {
        row: ThreadRow::clone(&thread.row),
        is_in: thread.members.contains_key(&actor.user),
        also: Vec::new(),
    });
    if let Some(known) = known {
        return Ok(known);
    }
    let Some(row) = app.store.get::<ThreadRow>(id).await? else {
        return no(Reject::Unknown(Code::UNKNOWN_CHANNEL));
    };
    let is_in = membership(app, guild, id, actor.user).await?.is_some();
    let also = match is_public(&row) {
        true => Vec::new(),
        false => roll(app, guild, id).await?.iter().map(|row| row.user_id).collect(),
    };
    Ok(Standing { row, is_in, also })
}

/// Loads who is in these threads. A row older than the membership in the guild is void.
pub(crate) async fn load(
    disk: &View,
    rows: Vec<ThreadRow>,
    members: &HashMap<UserId, Arc<MemberRow>>,
) -> anyhow::Result<BTreeMap<ChannelId, Thread>> {
    let mut threads = BTreeMap::new();
    for row in rows {
        let inside = Scan::of::<ThreadMemberRow>().prefix(row.id);
        let inside = disk.scan::<ThreadMemberRow>(inside).await?;
        let valid = |row: &&ThreadMemberRow| is_valid(row, members.get(&row.user_id));
        let members = inside.iter().filter(valid).map(|row| (row.user_id, row.joined_at));
        threads.insert(row.id, Thread { members: members.collect(), row: Arc::new(row) });
    }
    Ok(threads)
}

pub(crate) fn is_valid(row: &ThreadMemberRow, member: Option<&Arc<MemberRow>>) -> bool {
    member.is_some_and(|member| row.joined_at >= member.joined_at)
}

/// Somebody's place in a thread, with what waits for the disk.
async fn membership(
    app: &App,
    guild: &Guild,
    thread: ChannelId,
    user: UserId,
) -> Result<Option<ThreadMemberRow>> {
    let row = app.store.get::<ThreadMemberRow>((thread, user)).await?;
    Ok(row.filter(|row| is_valid(row, guild.read().members.get(&user))))
}

/// Who is in a thread, by id, with what waits for the disk.
async fn roll(app: &App, guild: &Guild, thread: ChannelId) -> Result<Vec<ThreadMemberRow>> {
    let scan = Scan::of::<ThreadMemberRow>().prefix(thread);
    let mut rows = app.store.scan::<ThreadMemberRow>(scan).await?;
    let state = guild.read();
    rows.retain(|row| is_valid(row, state.members.get(&row.user_id)));
    Ok(rows)
}

fn is_public(row: &ThreadRow) -> bool {
    row.kind == i64::from(PUBLIC_THREAD)
}

/// Who hears of what is in a thread. `also`: who is in a private one that is not in memory, and
/// who is just being taken out.
pub(crate) fn audience(row: &ThreadRow, also: Vec<UserId>) -> Audience {
    if is_public(row) {
        return Audience::Channel(row.guild_id, row.parent_id);
    }
    Audience::Thread { guild: row.guild_id, parent: row.parent_id, thread: row.id, also }
}

/// Who hears of what is in a channel or a thread of a guild; `None`: there is no such one.
pub(crate) async fn audience_of(
    app: &App,
    guild: &Guild,
    id: ChannelId,
) -> Result<Option<Audience>> {
    if guild.read().channels.contains_key(&id) {
        return Ok(Some(Audience::Channel(guild.id, id)));
    }
    let Some(row) = app.store.get::<ThreadRow>(id).await? else { return Ok(None) };
    let also = roll(app, guild, id).await?.iter().map(|row| row.user_id).collect();
    Ok(Some(audience(&row, also)))
}

/// Says no in an archived thread: what changes its messages opens it first.
pub(crate) fn is_open(place: &Place) -> Result<()> {
    match &place.thread {
        Some(thread) if thread.is_archived() => no(Reject::Refused(Code::THREAD_ARCHIVED)),
        _ => Ok(()),
    }
}

/// Says no to who may not write because it is locked.
pub(crate) fn is_unlocked(place: &Place) -> Result<()> {
    let locked = place.thread.as_ref().is_some_and(|thread| thread.row.locked);
    if locked && !place.permissions.contains(Permissions::MANAGE_THREADS) {
        return no(Reject::Refused(Code::THREAD_LOCKED));
    }
    Ok(())
}

/// The thread as the actor stands in it; another channel is none.
async fn here(app: &App, actor: &Actor, id: ChannelId) -> Result<(Place, Arc<Guild>, Standing)> {
    let place = access::channel(app, actor, id).await?;
    match (place.guild.clone(), place.thread.clone()) {
        (Some(guild), Some(thread)) => Ok((place, guild, Standing::clone(&thread))),
        _ => no(Reject::Refused(Code::WRONG_TYPE)),
    }
}

/// A thread as the actor sees it.
pub async fn get(app: &App, actor: &Actor, place: &Place) -> Result<Channel> {
    let (Some(guild), Some(thread)) = (&place.guild, &place.thread) else {
        return no(Reject::Refused(Code::WRONG_TYPE));
    };
    {
        let state = guild.read();
        if let Some(known) = state.threads.get(&place.channel.id) {
            return Ok(shown(&state, known, actor.user));
        }
    }
    let tip = app.disk.get::<TipRow>(thread.row.id).await?;
    let own = membership(app, guild, thread.row.id, actor.user).await?;
    let channel = render::thread(&thread.row, tip.as_ref(), thread.row.member_count);
    Ok(Channel { member: own.map(|own| Box::new(seat(&own))), ..channel })
}

/// Changes a thread: its name, whether it is archived or locked, and how it works.
pub async fn edit(app: &App, actor: &Actor, id: ChannelId, draft: ModifyThread) -> Result<Channel> {
    let (place, guild, thread) = here(app, actor, id).await?;
    may_edit(actor, &place, &thread.row, &draft)?;
    let name = changed(app, &thread.row, &draft)?.name;
    if name != thread.row.name {
        message::may_be_called(app, actor, &place, &name).await?;
    }
    let (lane, _) = guild::alone(app, guild.id).await?;
    let (place, guild, thread) = here(app, actor, id).await?;
    may_edit(actor, &place, &thread.row, &draft)?;
    let before = thread.row;
    let mut row = changed(app, &before, &draft)?;
    let tip = app.store.get::<TipRow>(id).await?;
    let people = roll(app, &guild, id).await?;
    let count = people.len() as u32;
    let (was, is) = (before.archived_at.is_some(), draft.archived);
    let mut batch = Batch::new();
    let mut events = Vec::new();
    match is.filter(|is| *is != was) {
        Some(false) => {
            let (opened, more, told) = open(app, &guild, row, tip.as_ref(), &people)?;
            row = opened;
            batch = batch.and(more);
            events.extend(told);
        }
        Some(true) => {
            row = close(app, row, count);
            batch = batch.put(&row);
            events.push(closed(&row, tip.as_ref(), &people));
        }
        None if row == before => return Ok(render::thread(&row, tip.as_ref(), count)),
        None => {
            batch = batch.put(&row);
            let also = thread.also;
            let told = Dispatch::ThreadUpdate(Box::new(render::thread(&row, tip.as_ref(), count)));
            events.push(Event::Dispatch(audience(&row, also), told));
        }
    }
    let entry = noted::entry(action::THREAD_UPDATE, Some(&before), Some(&row));
    if !entry.is_empty() {
        entry.write(app, guild.id, actor.user, &mut batch, &mut events);
    }
    if row.name != before.name && row.archived_at.is_none() {
        let (more, told) = renamed(app, actor, &place, &row).await?;
        batch = batch.and(more);
        events.extend(told);
    }
    lane.enqueue(batch, events).durable().await?;
    let tip = app.disk.get::<TipRow>(id).await?;
    Ok(render::thread(&row, tip.as_ref(), count))
}

/// That it has another name stands in it.
async fn renamed(
    app: &App,
    actor: &Actor,
    place: &Place,
    row: &ThreadRow,
) -> Result<(Batch, Vec<Event>)> {
    let mut notice = message::bare(app, place, wire::CHANNEL_NAME_CHANGE, actor.user);
    notice.content.clone_from(&row.name);
    let (tip, batch, events) = message::tell(app, place, &notice).await?;
    Ok((batch.put(&tip), events))
}

/// Who manages threads may all; who began it may name and archive it; who may write in it may
/// open it again unless it is locked.
fn may_edit(actor: &Actor, place: &Place, row: &ThreadRow, draft: &ModifyThread) -> Result<()> {
    let archived = row.archived_at.is_some();
    let opens = draft.archived == Some(false);
    let describes = draft.name.is_some()
        || draft.invitable.is_some()
        || draft.auto_archive_duration.is_some()
        || !draft.rate_limit_per_user.is_absent();
    let may_all = place.permissions.contains(Permissions::MANAGE_THREADS);
    if !may_all {
        place.require(Permissions::SEND_MESSAGES)?;
        is_unlocked(place)?;
        let locks = draft.locked.is_some_and(|locked| locked != row.locked);
        let closes = draft.archived == Some(true) && !archived;
        let own = row.owner_id == actor.user;
        if locks || !draft.rate_limit_per_user.is_absent() || (!own && (describes || closes)) {
            return no(Reject::Forbidden(Permissions::MANAGE_THREADS));
        }
    }
    if archived && describes && !opens {
        return no(Reject::Refused(Code::THREAD_ARCHIVED));
    }
    Ok(())
}

fn changed(app: &App, before: &ThreadRow, draft: &ModifyThread) -> Result<ThreadRow> {
    let mut row = before.clone();
    if let Some(text) = &draft.name {
        row.name = name::display("name", text, app.limits.name_length)?;
    }
    row.locked = draft.locked.unwrap_or(row.locked);
    if let Some(invitable) = draft.invitable.filter(|_| !is_public(before)) {
        row.invitable = invitable;
    }
    if let Some(minutes) = draft.auto_archive_duration {
        row.auto_archive = auto_archive("auto_archive_duration", minutes)?;
        // It may be due sooner now: looked at at once.
        row.look_at = row.look_at.map(|_| app.clock.now());
    }
    if let Some(seconds) = draft.rate_limit_per_user.clone().change() {
        row.rate_limit_per_user = slow_mode("rate_limit_per_user", seconds.unwrap_or(0))?;
    }
    Ok(row)
}

pub(crate) fn auto_archive(path: &str, minutes: u32) -> Result<u32, Reject> {
    if AUTO_ARCHIVE.contains(&minutes) {
        return Ok(minutes);
    }
    let message = "Must be 60, 1440, 4320 or 10080 minutes.";
    Err(Reject::field(path, "BASE_TYPE_CHOICES", message))
}

pub(crate) fn slow_mode(path: &str, seconds: u32) -> Result<u32, Reject> {
    if seconds <= SLOW_MODE {
        return Ok(seconds);
    }
    let message = format!("Must be between 0 and {SLOW_MODE}.");
    Err(Reject::field(path, "NUMBER_TYPE_RANGE", message))
}

fn due(at: Timestamp, row: &ThreadRow) -> Timestamp {
    at.plus_ms(i64::from(row.auto_archive) * MINUTE_MS)
}

/// An archived thread is active again: with who is in it and its end, which were not in memory.
fn open(
    app: &App,
    guild: &Guild,
    row: ThreadRow,
    tip: Option<&TipRow>,
    people: &[ThreadMemberRow],
) -> Result<(ThreadRow, Batch, Vec<Event>)> {
    if guild.read().threads.len() >= app.limits.guild_threads {
        return no(Reject::Refused(Code::MAX_THREADS));
    }
    let now = app.clock.now();
    let row = ThreadRow {
        archived_at: None,
        active_in: Some(row.guild_id),
        changed_at: now,
        look_at: Some(due(now, &row)),
        member_count: 0,
        ..row
    };
    let batch = people.iter().fold(Batch::new().put(&row), Batch::put);
    let batch = tip.into_iter().fold(batch, Batch::put);
    let thread = render::thread(&row, tip, people.len() as u32);
    let update = Dispatch::ThreadUpdate(Box::new(thread));
    let mut events = vec![Event::Dispatch(audience(&row, Vec::new()), update)];
    // Whoever knew it forgot it as it was archived: they hear that they are in it.
    events.extend(people.iter().map(|member| {
        let update = ThreadMemberUpdate { member: seat(member), guild_id: row.guild_id };
        let update = Dispatch::ThreadMemberUpdate(Box::new(update));
        Event::Dispatch(Audience::Within(row.guild_id, vec![member.user_id]), update)
    }));
    Ok((row, batch, events))
}

/// The thread as it is archived now.
fn close(app: &App, row: ThreadRow, member_count: u32) -> ThreadRow {
    let now = app.clock.now();
    ThreadRow {
        archived_at: Some(now),
        active_in: None,
        look_at: None,
        changed_at: now,
        member_count,
        ..row
    }
}

fn closed(row: &ThreadRow, tip: Option<&TipRow>, people: &[ThreadMemberRow]) -> Event {
    let also = people.iter().map(|member| member.user_id).collect();
    let thread = render::thread(row, tip, row.member_count);
    Event::Dispatch(audience(row, also), Dispatch::ThreadUpdate(Box::new(thread)))
}

/// A place in a thread as it goes over the wire.
fn seat(row: &ThreadMemberRow) -> ThreadMember {
    ThreadMember {
        id: row.thread_id,
        user_id: row.user_id,
        join_timestamp: row.joined_at,
        flags: 0,
        member: None,
        presence: None,
    }
}

/// Deletes a thread with all that was written in it. Needs MANAGE_THREADS.
pub async fn delete(app: &App, actor: &Actor, id: ChannelId) -> Result<Channel> {
    let (place, guild, _) = here(app, actor, id).await?;
    place.require(Permissions::MANAGE_THREADS)?;
    let (lane, _) = guild::alone(app, guild.id).await?;
    let (place, guild, thread) = here(app, actor, id).await?;
    place.require(Permissions::MANAGE_THREADS)?;
    let tip = app.store.get::<TipRow>(id).await?;
    let people = roll(app, &guild, id).await?;
    let row = thread.row;
    let also = people.iter().map(|member| member.user_id).collect();
    let gone =
        ThreadDelete { id, guild_id: row.guild_id, parent_id: row.parent_id, kind: row.kind as u8 };
    let mut events = vec![Event::Dispatch(audience(&row, also), Dispatch::ThreadDelete(gone))];
    let mut batch = deletion(Batch::new(), id).delete::<ThreadRow>(id);
    if let Some((freed, told)) = free(app, actor, &row).await? {
        batch = batch.put(&freed);
        events.push(told);
    }
    let entry = noted::entry(action::THREAD_DELETE, Some(&row), None);
    entry.write(app, guild.id, actor.user, &mut batch, &mut events);
    lane.enqueue(batch, events).durable().await?;
    Ok(render::thread(&row, tip.as_ref(), people.len() as u32))
}

/// What hangs on a thread and goes with it.
pub(crate) fn deletion(batch: Batch, id: ChannelId) -> Batch {
    batch
        .prune::<ThreadMemberRow>(id, None, usize::MAX >> 1)
        .delete::<TipRow>(id)
        .put(&purge::row(Purge::Channel(id)))
}

/// The message that a thread hung on, without it.
async fn free(app: &App, actor: &Actor, row: &ThreadRow) -> Result<Option<(MessageRow, Event)>> {
    if !row.of_message {
        return Ok(None);
    }
    let Some(found) = app.store.get::<MessageRow>((row.parent_id, row.id)).await? else {
        return Ok(None);
    };
    let freed = MessageRow { flags: found.flags & !wire::HAS_THREAD, ..found };
    let parent = access::channel(app, actor, row.parent_id).await?;
    let message = message::render_for_event(app, &parent, &freed).await?;
    let update = Dispatch::MessageUpdate(Box::new(message));
    Ok(Some((freed, Event::Dispatch(message::audience(&parent), update))))
}

/// A thread as a member sees it, with their own place in it.
pub(crate) fn shown(state: &GuildState, thread: &Thread, viewer: UserId) -> Channel {
    let row = &thread.row;
    let mut channel = render::thread(row, state.tips.get(&row.id), thread.members.len() as u32);
    channel.member = thread.members.get(&viewer).map(|joined_at| {
        let (thread_id, user_id, guild_id) = (row.id, viewer, row.guild_id);
        Box::new(seat(&ThreadMemberRow { thread_id, user_id, guild_id, joined_at: *joined_at }))
    });
    channel
}
