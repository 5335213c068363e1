//! Lists of threads: active ones, archived ones by pages, and those a search finds.

use std::collections::HashMap;

use proto::{
    Id, Permissions, Timestamp,
    channel::{Channel, PRIVATE_THREAD, PUBLIC_THREAD},
    marker,
    thread::{FoundThreads, ThreadListSync, ThreadMember, Threads},
};

use super::{ChannelId, UserId, is_public, is_valid, seat, shown};
use crate::{
    Actor, App, access,
    access::Place,
    cache::{Guild, GuildState, Thread},
    reject::{Reject, Result, no},
    render,
    rows::{ThreadMemberRow, ThreadRow, TipRow},
    store::{IntoKey as _, Scan},
};

/// Archived threads of a page, unless the request says otherwise.
const PAGE: usize = 50;
/// Threads of a channel that a search looks through, the newest first.
const SEARCHED: usize = 10_000;
/// Own places looked through for one page of archived private threads.
const MINE: usize = 2_000;
/// Threads found on one page, as Discord has it.
const FOUND: usize = 25;

/// Which archived threads of a channel.
#[derive(Debug, Clone, Copy)]
pub enum Archive {
    /// The last archived first, before a moment.
    Public(Option<Timestamp>),
    Private(Option<Timestamp>),
    /// Private ones that the actor is in: the newest first, before an id.
    Mine(Option<ChannelId>),
}

/// List Active Guild Threads: those that the actor sees.
pub async fn active(app: &App, actor: &Actor, id: Id<marker::Guild>) -> Result<Threads> {
    let (guild, _) = access::guild(app, actor, id).await?;
    let state = guild.read();
    Ok(listed(render_seen(&state, actor.user, None), false))
}

/// Active threads that a member sees, with their own places in them.
pub(crate) fn render_seen(
    state: &GuildState,
    user: UserId,
    of: Option<&[ChannelId]>,
) -> Vec<Channel> {
    let mut seen = state.threads_seen(user, of);
    seen.sort_by_key(|thread| thread.row.id);
    seen.into_iter().map(|thread| shown(state, thread, user)).collect()
}

/// What a member is told who gained sight of channels; `None`: they have no threads.
pub fn sync(state: &GuildState, user: UserId, of: &[ChannelId]) -> Option<ThreadListSync> {
    let Threads { threads, members, .. } = listed(render_seen(state, user, Some(of)), false);
    let (guild_id, channel_ids) = (state.row.id, Some(of.to_vec()));
    (!threads.is_empty()).then_some(ThreadListSync { guild_id, channel_ids, threads, members })
}

fn own(threads: &[Channel]) -> Vec<ThreadMember> {
    threads.iter().filter_map(|thread| thread.member.as_deref().cloned()).collect()
}

fn listed(threads: Vec<Channel>, has_more: bool) -> Threads {
    Threads { members: own(&threads), threads, has_more }
}

/// A page of the archived threads of a channel.
pub async fn archived(
    app: &App,
    actor: &Actor,
    parent: ChannelId,
    which: Archive,
    limit: Option<usize>,
) -> Result<Threads> {
    let needed = match which {
        Archive::Private(_) => Permissions::READ_MESSAGE_HISTORY | Permissions::MANAGE_THREADS,
        _ => Permissions::READ_MESSAGE_HISTORY,
    };
    let place = access::require(app, actor, parent, needed).await?;
    let most = app.limits.threads_page;
    let limit = limit.unwrap_or(PAGE);
    if limit == 0 || limit > most {
        let message = format!("Must be between 2 and {most}.");
        return no(Reject::field("limit", "NUMBER_TYPE_RANGE", message));
    }
    let mut rows = match which {
        Archive::Public(before) => shelf(app, parent, PUBLIC_THREAD, before, limit + 1).await?,
        Archive::Private(before) => shelf(app, parent, PRIVATE_THREAD, before, limit + 1).await?,
        Archive::Mine(before) => mine(app, actor, &place, before, limit + 1).await?,
    };
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    Ok(listed(render_rows(app, actor, &place, rows).await?, has_more))
}

async fn shelf(
    app: &App,
    parent: ChannelId,
    kind: u8,
    before: Option<Timestamp>,
    limit: usize,
) -> Result<Vec<ThreadRow>> {
    let prefix = (parent, i64::from(kind));
    let scan = Scan::of::<ThreadRow>().by("by_parent").prefix(prefix).newest_first().limit(limit);
    // Active ones have no such moment, and stand before all others.
    let scan = scan.after(Timestamp::from_ms(0));
    Ok(app.disk.scan(before.into_iter().fold(scan, Scan::before)).await?)
}

async fn mine(
    app: &App,
    actor: &Actor,
    place: &Place,
    before: Option<ChannelId>,
    limit: usize,
) -> Result<Vec<ThreadRow>> {
    let scan = Scan::of::<ThreadMemberRow>().by("by_user").prefix(actor.user).newest_first();
    let scan = before.into_iter().fold(scan, Scan::before).limit(MINE);
    let seats = app.disk.scan::<ThreadMemberRow>(scan).await?;
    let here = seats.iter().filter(|seat| {
        Some(seat.guild_id) == place.guild_id() && is_valid(seat, place.member.as_ref())
    });
    let keys = here.map(|seat| seat.thread_id.into_key()).collect();
    let rows = app.disk.get_many::<ThreadRow>(keys).await?.into_iter().flatten();
    let wanted = rows.filter(|row| {
        row.parent_id == place.channel.id && !is_public(row) && row.archived_at.is_some()
    });
    Ok(wanted.take(limit).collect())
}

/// Rows as the actor sees them, active ones too.
async fn render_rows(
    app: &App,
    actor: &Actor,
    place: &Place,
    rows: Vec<ThreadRow>,
) -> Result<Vec<Channel>> {
    let keys = rows.iter().map(|row| row.id.into_key()).collect();
    let tips = app.disk.get_many::<TipRow>(keys).await?;
    let keys = rows.iter().map(|row| (row.id, actor.user).into_key()).collect();
    let seats = app.disk.get_many::<ThreadMemberRow>(keys).await?;
    let state = place.guild.as_ref().map(|guild| guild.read());
    let one = |((row, tip), own): ((&ThreadRow, _), Option<ThreadMemberRow>)| {
        let active = state.as_ref().and_then(|state| Some((state, state.threads.get(&row.id)?)));
        if let Some((state, thread)) = active {
            return shown(state, thread, actor.user);
        }
        let own = own.filter(|own| is_valid(own, place.member.as_ref()));
        Channel {
            member: own.map(|own| Box::new(seat(&own))),
            ..render::thread(row, Option::as_ref(&tip), row.member_count)
        }
    };
    Ok(rows.iter().zip(tips).zip(seats).map(one).collect())
}

/// What is searched for.
#[derive(Debug, Clone, Default)]
pub struct SearchThreads {
    pub name: Option<String>,
    pub archived: Option<bool>,
    pub min_id: Option<ChannelId>,
    pub max_id: Option<ChannelId>,
    pub order: SearchOrder,
    pub ascending: bool,
    pub limit: Option<usize>,
    pub offset: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SearchOrder {
    #[default]
    LastMessage,
    Created,
    Archived,
}

/// Search Threads: of a channel, by name.
pub async fn search(
    app: &App,
    actor: &Actor,
    parent: ChannelId,
    wanted: SearchThreads,
) -> Result<FoundThreads> {
    let place = access::require(app, actor, parent, Permissions::READ_MESSAGE_HISTORY).await?;
    let limit = wanted.limit.unwrap_or(FOUND);
    if limit == 0 || limit > FOUND {
        let message = format!("Must be between 1 and {FOUND}.");
        return no(Reject::field("limit", "NUMBER_TYPE_RANGE", message));
    }
    if wanted.offset > SEARCHED {
        return no(Reject::field("offset", "NUMBER_TYPE_RANGE", "Must be 9975 or fewer."));
    }
    let mut rows = Vec::new();
    for kind in [PUBLIC_THREAD, PRIVATE_THREAD] {
        let scan = Scan::of::<ThreadRow>().by("by_parent").prefix((parent, i64::from(kind)));
        let scan = scan.newest_first().limit(SEARCHED);
        rows.extend(app.disk.scan::<ThreadRow>(scan).await?.into_iter().filter(|r| wanted.fits(r)));
    }
    if !sees_private(&place, actor) {
        rows = visible(app, actor, &place, rows).await?;
    }
    let keys = rows.iter().map(|row| row.id.into_key()).collect();
    let tips = app.disk.get_many::<TipRow>(keys).await?;
    let last = tips.into_iter().flatten().map(|tip| (tip.channel_id, tip.last_message_id));
    let last: HashMap<_, _> = last.collect();
    rows.sort_by_key(|row| match wanted.order {
        SearchOrder::LastMessage => last.get(&row.id).copied().flatten().map_or(0, Id::get),
        SearchOrder::Created => row.id.get(),
        SearchOrder::Archived => row.changed_at.as_ms().unsigned_abs(),
    });
    if !wanted.ascending {
        rows.reverse();
    }
    let total_results = rows.len() as u32;
    let page: Vec<_> = rows.into_iter().skip(wanted.offset).take(limit).collect();
    let has_more = wanted.offset + page.len() < total_results as usize;
    let threads = render_rows(app, actor, &place, page).await?;
    Ok(FoundThreads { members: own(&threads), threads, has_more, total_results })
}

impl SearchThreads {
    fn fits(&self, row: &ThreadRow) -> bool {
        let named = self.name.as_deref().map(str::to_lowercase);
        named.is_none_or(|name| row.name.to_lowercase().contains(&name))
            && self.archived.is_none_or(|archived| archived == row.archived_at.is_some())
            && self.min_id.is_none_or(|min| row.id >= min)
            && self.max_id.is_none_or(|max| row.id <= max)
    }
}

fn sees_private(place: &Place, actor: &Actor) -> bool {
    let guild = place.guild.as_ref();
    guild.is_some_and(|guild| guild.read().manages_threads(actor.user, place.channel.id))
}

/// Without the private ones that the actor is not in.
async fn visible(
    app: &App,
    actor: &Actor,
    place: &Place,
    rows: Vec<ThreadRow>,
) -> Result<Vec<ThreadRow>> {
    let keys = rows.iter().map(|row| (row.id, actor.user).into_key()).collect();
    let seats = app.disk.get_many::<ThreadMemberRow>(keys).await?;
    let is_in =
        |seat: Option<ThreadMemberRow>| seat.is_some_and(|s| is_valid(&s, place.member.as_ref()));
    let seen = rows.into_iter().zip(seats).filter_map(|(row, seat)| {
        let is_seen = is_public(&row) || is_in(seat);
        is_seen.then_some(row)
    });
    Ok(seen.collect())
}

/// The public threads that hang on messages or that they tell of, by id.
pub(crate) async fn of_messages(
    app: &App,
    guild: &Guild,
    viewer: Option<UserId>,
    ids: Vec<ChannelId>,
) -> Result<HashMap<ChannelId, Channel>> {
    let mut found = HashMap::new();
    let mut missing = Vec::new();
    {
        let state = guild.read();
        for id in ids {
            match state.threads.get(&id) {
                Some(thread) => drop(found.insert(id, whole(&state, thread, viewer))),
                None => missing.push(id.into_key()),
            }
        }
    }
    for row in app.disk.get_many::<ThreadRow>(missing).await?.into_iter().flatten() {
        let tip = app.disk.get::<TipRow>(row.id).await?;
        found.insert(row.id, render::thread(&row, tip.as_ref(), row.member_count));
    }
    found.retain(|_, thread| thread.kind == PUBLIC_THREAD);
    Ok(found)
}

fn whole(state: &GuildState, thread: &Thread, viewer: Option<UserId>) -> Channel {
    match viewer {
        Some(viewer) => shown(state, thread, viewer),
        None => {
            let row = &thread.row;
            render::thread(row, state.tips.get(&row.id), thread.members.len() as u32)
        }
    }
}
