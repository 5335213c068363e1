//! Bans: who cannot come back, and what becomes of what they wrote.

use proto::{
    Code, Id, Permissions, Timestamp,
    audit_log::action,
    gateway::{Dispatch, GuildUser},
    id::{EPOCH_MS, TIME_SHIFT},
    marker,
    member::{Ban, BulkBan, BulkBanned, CreateBan},
};

use crate::{
    Actor, App, access,
    audit_log::Entry,
    bus::{Audience, Event},
    cache::GuildState,
    channel, guild, member, purge,
    reject::{Reject, Result, no},
    render,
    rows::{BanRow, Purge, UserKind, UserRow},
    store::{Batch, IntoKey as _, SCAN_MAX, Scan},
};

/// How far back a ban deletes messages: seven days.
pub(crate) const DELETE_S: u32 = 604_800;
const DAY_S: u32 = 86_400;

/// Bans of one page, as Discord has it.
const PAGE: usize = 1_000;

/// Characters of a reason.
const REASON: usize = 512;

/// Which part of the bans, by user.
#[derive(Debug, Clone, Copy, Default)]
pub struct Page {
    pub before: Option<Id<marker::User>>,
    pub after: Option<Id<marker::User>>,
    pub limit: Option<usize>,
}

/// Who is banned. Needs BAN_MEMBERS.
pub async fn list(app: &App, actor: &Actor, id: Id<marker::Guild>, page: Page) -> Result<Vec<Ban>> {
    access::require_guild(app, actor, id, Permissions::BAN_MEMBERS).await?;
    let limit = page.limit.unwrap_or(PAGE);
    if limit == 0 || limit > PAGE {
        let message = format!("Must be between 1 and {PAGE}.");
        return no(Reject::field("limit", "NUMBER_TYPE_RANGE", message));
    }
    let scan = Scan::of::<BanRow>().prefix(id).limit(limit);
    let scan = match (page.before, page.after) {
        (Some(before), _) => scan.before(before).newest_first(),
        (None, Some(after)) => scan.after(after),
        (None, None) => scan,
    };
    let mut rows = app.disk.scan::<BanRow>(scan).await?;
    rows.sort_by_key(|row| row.user_id);
    rendered(app, rows).await
}

async fn rendered(app: &App, rows: Vec<BanRow>) -> Result<Vec<Ban>> {
    let ids: Vec<_> = rows.iter().map(|row| row.user_id).collect();
    let users = app.users(&ids).await?;
    let ban = |(row, user): (BanRow, Option<std::sync::Arc<UserRow>>)| Ban {
        user: match user {
            Some(user) => render::user(&user),
            None => render::deleted_user(row.user_id),
        },
        reason: row.reason,
    };
    Ok(rows.into_iter().zip(users).map(ban).collect())
}

/// One ban. Needs BAN_MEMBERS.
pub async fn get(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    user: Id<marker::User>,
) -> Result<Ban> {
    access::require_guild(app, actor, id, Permissions::BAN_MEMBERS).await?;
    match app.disk.get::<BanRow>((id, user)).await? {
        Some(row) => Ok(rendered(app, vec![row]).await?.pop().expect("one row makes one ban")),
        None => no(Reject::Unknown(Code::UNKNOWN_BAN)),
    }
}

/// Bans somebody, member or not. Needs BAN_MEMBERS and a higher place.
pub async fn create(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    target: Id<marker::User>,
    draft: CreateBan,
    reason: Option<String>,
) -> Result<()> {
    access::require_guild(app, actor, id, Permissions::BAN_MEMBERS).await?;
    let user = app.user(target).await?;
    if user.kind == UserKind::Deleted {
        return no(Reject::Unknown(Code::UNKNOWN_USER));
    }
    let seconds = delete_seconds(&draft)?;
    let reason = reason.map(|text| channel::lines("reason", &text, REASON)).transpose()?;
    let (lane, guild) = guild::alone(app, id).await?;
    if app.store.get::<BanRow>((id, target)).await?.is_some() {
        // Nothing is left to be done but to say so.
        return guild::require(app, &guild.read(), actor, Permissions::BAN_MEMBERS).map(drop);
    }
    if count(app, id).await? >= app.limits.guild_bans {
        return no(Reject::Refused(Code::MAX_BANS));
    }
    let (batch, events) = {
        let state = guild.read();
        guild::require(app, &state, actor, Permissions::BAN_MEMBERS)?;
        banning(app, &state, actor.user, &user, seconds, reason)?
    };
    lane.enqueue(batch, events).durable().await
}

/// What bans somebody who is not banned yet.
pub(crate) fn banning(
    app: &App,
    state: &GuildState,
    by: Id<marker::User>,
    user: &UserRow,
    seconds: u32,
    reason: Option<String>,
) -> Result<(Batch, Vec<Event>)> {
    let (id, target) = (state.row.id, user.id);
    if state.is_owner(target) || target == by {
        return no(Reject::Refused(Code::MISSING_PERMISSIONS));
    }
    let (mut batch, mut events) = (Batch::new(), Vec::new());
    if state.members.contains_key(&target) {
        if !member::outranks(state, by, target) {
            return no(Reject::Refused(Code::MISSING_PERMISSIONS));
        }
        (batch, events) = member::removal(app, state, user);
    }
    batch = batch.put(&BanRow { guild_id: id, user_id: target, reason });
    if seconds > 0 {
        let from = id_at(app.clock.now().plus_ms(-i64::from(seconds) * 1_000));
        let what = Purge::Author { guild_id: id, user_id: target, from, before: app.ids.next() };
        batch = batch.put(&purge::row(what));
    }
    events.insert(0, told(id, user, Dispatch::GuildBanAdd));
    let entry = Entry::new(action::MEMBER_BAN_ADD, Some(target.cast()));
    entry.write(app, id, by, &mut batch, &mut events);
    Ok((batch, events))
}

/// What banning several at once needs.
const BULK: Permissions = Permissions::from_bits_truncate(
    Permissions::BAN_MEMBERS.bits() | Permissions::MANAGE_GUILD.bits(),
);

/// Says no to who may not ban several, before a body is looked at.
pub async fn may_ban_many(app: &App, actor: &Actor, id: Id<marker::Guild>) -> Result<()> {
    access::require_guild(app, actor, id, BULK).await.map(drop)
}

/// Bans several at once, all that can be; the others are told. Needs BAN_MEMBERS and MANAGE_GUILD.
pub async fn create_many(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    draft: BulkBan,
    reason: Option<String>,
) -> Result<BulkBanned> {
    access::require_guild(app, actor, id, BULK).await?;
    let mut ids = draft.user_ids;
    ids.sort_unstable();
    ids.dedup();
    if !(1..=app.limits.bulk_bans).contains(&ids.len()) {
        return no(Reject::length("user_ids", 1, app.limits.bulk_bans));
    }
    let seconds = delete_seconds(&CreateBan {
        delete_message_seconds: draft.delete_message_seconds,
        ..CreateBan::default()
    })?;
    let reason = reason.map(|text| channel::lines("reason", &text, REASON)).transpose()?;
    let users = app.users(&ids).await?;
    let (lane, guild) = guild::alone(app, id).await?;
    let mut left = app.limits.guild_bans.saturating_sub(count(app, id).await?);
    let keys = ids.iter().map(|user| (id, *user).into_key()).collect();
    let known = app.store.get_many::<BanRow>(keys).await?;
    let (mut batch, mut events) = (Batch::new(), Vec::new());
    let mut answer = BulkBanned { banned_users: Vec::new(), failed_users: Vec::new() };
    {
        let state = guild.read();
        guild::require(app, &state, actor, BULK)?;
        for ((target, user), ban) in ids.into_iter().zip(users).zip(known) {
            let user = user.filter(|user| user.kind != UserKind::Deleted);
            let user = user.filter(|_| ban.is_none() && left > 0);
            let done =
                user.map(|user| banning(app, &state, actor.user, &user, seconds, reason.clone()));
            let Some(Ok((one, told))) = done else {
                answer.failed_users.push(target);
                continue;
            };
            (batch, left) = (batch.and(one), left - 1);
            events.extend(told);
            answer.banned_users.push(target);
        }
    }
    if answer.banned_users.is_empty() {
        return no(Reject::Refused(Code::BULK_BAN_FAILED));
    }
    lane.enqueue(batch, events).durable().await?;
    Ok(answer)
}

fn delete_seconds(draft: &CreateBan) -> Result<u32> {
    let days = draft.delete_message_days.unwrap_or(0).saturating_mul(DAY_S);
    let seconds = draft.delete_message_seconds.unwrap_or(days);
    if seconds > DELETE_S {
        let message = format!("Must be between 0 and {DELETE_S}.");
        return no(Reject::field("delete_message_seconds", "NUMBER_TYPE_RANGE", message));
    }
    Ok(seconds)
}

/// The least id of that time.
pub(crate) fn id_at(at: Timestamp) -> Id<marker::Message> {
    let ms = at.as_ms().saturating_sub(EPOCH_MS).max(1) as u64;
    Id::new(ms << TIME_SHIFT).expect("a time above the epoch")
}

/// How many are banned, as far as the limit is concerned.
pub(crate) async fn count(app: &App, id: Id<marker::Guild>) -> Result<usize> {
    let mut count = 0;
    let mut page = Scan::of::<BanRow>().prefix(id);
    loop {
        let rows = app.disk.scan::<BanRow>(page.clone()).await?;
        count += rows.len();
        match rows.last() {
            Some(last) if rows.len() == SCAN_MAX && count < app.limits.guild_bans => {
                page = page.after(last.user_id);
            }
            _ => return Ok(count),
        }
    }
}

pub(crate) fn told(
    guild_id: Id<marker::Guild>,
    user: &UserRow,
    dispatch: impl FnOnce(Box<GuildUser>) -> Dispatch,
) -> Event {
    let user = render::user(user);
    let dispatch = dispatch(Box::new(GuildUser { guild_id, user }));
    Event::Dispatch(Audience::GuildWith(guild_id, Permissions::BAN_MEMBERS), dispatch)
}

/// Lifts a ban. Needs BAN_MEMBERS.
pub async fn delete(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    target: Id<marker::User>,
) -> Result<()> {
    access::require_guild(app, actor, id, Permissions::BAN_MEMBERS).await?;
    let user = app.users(&[target]).await?.pop().flatten();
    let (lane, guild) = guild::alone(app, id).await?;
    guild::require(app, &guild.read(), actor, Permissions::BAN_MEMBERS)?;
    if app.store.get::<BanRow>((id, target)).await?.is_none() {
        return no(Reject::Unknown(Code::UNKNOWN_BAN));
    }
    let events = user.iter().map(|user| told(id, user, Dispatch::GuildBanRemove));
    let (mut batch, mut events) = (Batch::new().delete::<BanRow>((id, target)), events.collect());
    let entry = Entry::new(action::MEMBER_BAN_REMOVE, Some(target.cast()));
    entry.write(app, id, actor.user, &mut batch, &mut events);
    lane.enqueue(batch, events).durable().await
}
