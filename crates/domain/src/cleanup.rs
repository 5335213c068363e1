//! Undoing a raid: many people banned together, their messages deleted, and all of it taken back if
//! it was a mistake.
//!
//! What is to be done is noted down first and done piece by piece: a crash loses nothing, and
//! nobody else in the room waits for it.

use std::{collections::BTreeSet, sync::Arc};

use proto::{
    Code, Id, Permissions,
    audit_log::action,
    gateway::Dispatch,
    marker,
    safety::{Cleanup, CleanupState, CreateCleanup},
};

use crate::{
    Actor, App, access,
    audit_log::{self, Entry},
    ban,
    bus::{Audience, Event},
    cache::GuildState,
    guild,
    reject::{Error, Reject, Result, no},
    rows::{BanRow, CleanupRow, UserKind, UserRow},
    store::{Batch, IntoKey as _, Scan},
};

const NEEDED: Permissions = Permissions::BAN_MEMBERS;

/// People banned in one batch.
const PIECE: usize = 50;

/// Cleanups that are shown of a room.
const SHOWN: usize = 20;

/// Why, where bans are listed.
const REASON: &str = "Raid";

fn rendered(row: &CleanupRow) -> Cleanup {
    Cleanup {
        id: row.id,
        guild_id: row.guild_id,
        created_at: row.id.created_at(),
        by_id: row.by_id,
        total: row.total,
        done: row.total - (row.waiting.len() as u32).min(row.total),
        banned: row.banned.len() as u32,
        state: row.state,
    }
}

fn told(row: &CleanupRow) -> Event {
    let audience = Audience::GuildWith(row.guild_id, NEEDED);
    Event::Dispatch(audience, Dispatch::OscCleanupUpdate(rendered(row)))
}

/// Notes down whom to ban. Needs BAN_MEMBERS; who stands above the actor is left alone.
pub async fn create(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    draft: CreateCleanup,
) -> Result<Cleanup> {
    access::require_guild(app, actor, id, NEEDED).await?;
    let seconds = draft.delete_message_seconds.unwrap_or(0);
    if seconds > ban::DELETE_S {
        let message = format!("Must be between 0 and {}.", ban::DELETE_S);
        return no(Reject::field("delete_message_seconds", "NUMBER_TYPE_RANGE", message));
    }
    let people: BTreeSet<_> = draft.user_ids.into_iter().collect();
    if people.is_empty() || people.len() > app.limits.cleanup_people {
        return no(Reject::length("user_ids", 1, app.limits.cleanup_people));
    }
    let row = CleanupRow {
        guild_id: id,
        id: app.ids.next(),
        by_id: actor.user,
        state: CleanupState::Banning,
        delete_message_seconds: seconds,
        total: people.len() as u32,
        waiting: people.into_iter().collect(),
        banned: Vec::new(),
        reason: audit_log::said(),
    };
    let (lane, guild) = guild::alone(app, id).await?;
    guild::require(app, &guild.read(), actor, NEEDED)?;
    lane.enqueue(Batch::new().insert(&row), vec![told(&row)]).durable().await?;
    Ok(rendered(&row))
}

/// The newest cleanups of a room.
pub async fn list(app: &App, actor: &Actor, id: Id<marker::Guild>) -> Result<Vec<Cleanup>> {
    access::require_guild(app, actor, id, NEEDED).await?;
    let scan = Scan::of::<CleanupRow>().prefix(id).newest_first().limit(SHOWN);
    Ok(app.disk.scan::<CleanupRow>(scan).await?.iter().map(rendered).collect())
}

/// One, to look how far it is.
pub async fn get(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    cleanup: Id<marker::Cleanup>,
) -> Result<Cleanup> {
    access::require_guild(app, actor, id, NEEDED).await?;
    match app.disk.get::<CleanupRow>((id, cleanup)).await? {
        Some(row) => Ok(rendered(&row)),
        None => no(Reject::Unknown(Code::UNKNOWN_CLEANUP)),
    }
}

/// Lifts all bans of a cleanup. What was deleted stays deleted.
pub async fn undo(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    cleanup: Id<marker::Cleanup>,
) -> Result<Cleanup> {
    access::require_guild(app, actor, id, NEEDED).await?;
    let (lane, guild) = guild::alone(app, id).await?;
    guild::require(app, &guild.read(), actor, NEEDED)?;
    let Some(mut row) = app.store.get::<CleanupRow>((id, cleanup)).await? else {
        return no(Reject::Unknown(Code::UNKNOWN_CLEANUP));
    };
    if matches!(row.state, CleanupState::Banning | CleanupState::Done) {
        row.state = CleanupState::Undoing;
        row.waiting = std::mem::take(&mut row.banned);
        row.total = row.waiting.len() as u32;
        row.by_id = actor.user;
        row.reason = audit_log::said();
        lane.enqueue(Batch::new().put(&row), vec![told(&row)]).durable().await?;
    }
    Ok(rendered(&row))
}

/// Works on a cleanup until it is done.
pub async fn work(app: &App, id: Id<marker::Guild>, cleanup: Id<marker::Cleanup>) -> Result<()> {
    // Why, as whoever asked for it said it: the request is long answered.
    let row = app.store.get::<CleanupRow>((id, cleanup)).await?;
    let reason = row.and_then(|row| match row.state {
        CleanupState::Banning => row.reason.or_else(|| Some(REASON.to_owned())),
        _ => row.reason,
    });
    audit_log::because(reason, async {
        while piece(app, id, cleanup).await? {}
        Ok(())
    })
    .await
}

/// Goes on with what a crash left, and forgets what is old.
pub async fn run_once(app: &App) -> Result<()> {
    let kept_ms = i64::from(app.limits.join_days) * 86_400_000;
    let old = crate::report::id_at(app.clock.now().plus_ms(-kept_ms)).cast::<marker::Cleanup>();
    for row in app.disk.scan::<CleanupRow>(Scan::of::<CleanupRow>().limit(PIECE)).await? {
        match row.state {
            CleanupState::Banning | CleanupState::Undoing => {
                match work(app, row.guild_id, row.id).await {
                    // The room is gone, and takes this along.
                    Err(Error::Reject(Reject::Unknown(_))) => {}
                    other => other?,
                }
            }
            CleanupState::Done | CleanupState::Undone if row.id < old => {
                let lane = app.lane_guild(row.guild_id).await;
                let batch = Batch::new().delete::<CleanupRow>((row.guild_id, row.id));
                lane.enqueue(batch, Vec::new()).durable().await?;
            }
            CleanupState::Done | CleanupState::Undone => {}
        }
    }
    Ok(())
}

/// Some more of it; answers whether there is more.
async fn piece(app: &App, id: Id<marker::Guild>, cleanup: Id<marker::Cleanup>) -> Result<bool> {
    app.guild(id).await?;
    let Some(seen) = app.store.get::<CleanupRow>((id, cleanup)).await? else { return Ok(false) };
    let ahead: Vec<_> = seen.waiting.iter().take(PIECE).copied().collect();
    let users = app.users(&ahead).await?;
    let (lane, guild) = guild::alone(app, id).await?;
    let Some(mut row) = app.store.get::<CleanupRow>((id, cleanup)).await? else { return Ok(false) };
    if row.state != seen.state {
        // It was taken back meanwhile: begin with what now waits.
        return Ok(true);
    }
    row.waiting.retain(|waiting| !ahead.contains(waiting));
    let people: Vec<_> = users.into_iter().flatten().collect();
    let keys = people.iter().map(|user| (id, user.id).into_key()).collect();
    let bans = app.store.get_many::<BanRow>(keys).await?;
    let people: Vec<_> = people.into_iter().zip(bans.iter().map(Option::is_some)).collect();
    let (mut batch, mut events) = match row.state {
        CleanupState::Banning => {
            let left = app.limits.guild_bans.saturating_sub(ban::count(app, id).await?);
            bans_of(app, &guild.read(), &mut row, &people, left)
        }
        CleanupState::Undoing => lifts_of(app, &row, &people),
        CleanupState::Done | CleanupState::Undone => return Ok(false),
    };
    let more = !row.waiting.is_empty();
    if !more {
        let undone = row.state == CleanupState::Undoing;
        row.state = if undone { CleanupState::Undone } else { CleanupState::Done };
    }
    events.push(self::told(&row));
    batch = batch.put(&row);
    lane.enqueue(batch, events).durable().await?;
    Ok(more)
}

type People = [(Arc<UserRow>, bool)];

/// Bans those of these who are not banned yet and do not stand above who asked for it.
fn bans_of(
    app: &App,
    state: &GuildState,
    row: &mut CleanupRow,
    people: &People,
    mut left: usize,
) -> (Batch, Vec<Event>) {
    let (mut batch, mut events) = (Batch::new(), Vec::new());
    for (user, banned) in people {
        if *banned || left == 0 || user.kind == UserKind::Deleted {
            continue;
        }
        let reason = Some(row.reason.clone().unwrap_or_else(|| REASON.to_owned()));
        let seconds = row.delete_message_seconds;
        let Ok((one, told)) = ban::banning(app, state, row.by_id, user, seconds, reason) else {
            continue;
        };
        batch = batch.and(one);
        events.extend(told);
        row.banned.push(user.id);
        left -= 1;
    }
    (batch, events)
}

/// Lifts the bans that are still there.
fn lifts_of(app: &App, row: &CleanupRow, people: &People) -> (Batch, Vec<Event>) {
    let (mut batch, mut events) = (Batch::new(), Vec::new());
    for (user, _) in people.iter().filter(|(_, banned)| *banned) {
        batch = batch.delete::<BanRow>((row.guild_id, user.id));
        events.push(ban::told(row.guild_id, user, Dispatch::GuildBanRemove));
        let entry = Entry::new(action::MEMBER_BAN_REMOVE, Some(user.id.cast()));
        entry.write(app, row.guild_id, row.by_id, &mut batch, &mut events);
    }
    (batch, events)
}
