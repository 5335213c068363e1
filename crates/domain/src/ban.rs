//! Bans: who cannot come back, and what becomes of what they wrote.

use proto::{
    Code, Id, Permissions, Timestamp,
    gateway::{Dispatch, GuildUser},
    id::{EPOCH_MS, TIME_SHIFT},
    marker,
    member::{Ban, CreateBan},
};

use crate::{
    Actor, App, access,
    bus::{Audience, Event},
    channel, guild, member, purge,
    reject::{Reject, Result, no},
    render,
    rows::{BanRow, Purge, UserKind, UserRow},
    store::{Batch, SCAN_MAX, Scan},
};

/// How far back a ban deletes messages: seven days.
const DELETE_S: u32 = 604_800;
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
    let (mut batch, mut events) = (Batch::new(), Vec::new());
    {
        let state = guild.read();
        guild::require(app, &state, actor, Permissions::BAN_MEMBERS)?;
        if state.is_owner(target) || target == actor.user {
            return no(Reject::Refused(Code::MISSING_PERMISSIONS));
        }
        if state.members.contains_key(&target) {
            if !member::outranks(&state, actor.user, target) {
                return no(Reject::Refused(Code::MISSING_PERMISSIONS));
            }
            (batch, events) = member::removal(app, &state, &user);
        }
    }
    batch = batch.put(&BanRow { guild_id: id, user_id: target, reason });
    if seconds > 0 {
        let from = id_at(app.clock.now().plus_ms(-i64::from(seconds) * 1_000));
        let what = Purge::Author { guild_id: id, user_id: target, from, before: app.ids.next() };
        batch = batch.put(&purge::row(what));
    }
    events.insert(0, told(id, &user, Dispatch::GuildBanAdd));
    lane.enqueue(batch, events).durable().await
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
fn id_at(at: Timestamp) -> Id<marker::Message> {
    let ms = at.as_ms().saturating_sub(EPOCH_MS).max(1) as u64;
    Id::new(ms << TIME_SHIFT).expect("a time above the epoch")
}

/// How many are banned, as far as the limit is concerned.
async fn count(app: &App, id: Id<marker::Guild>) -> Result<usize> {
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

fn told(
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
    let events = user.iter().map(|user| told(id, user, Dispatch::GuildBanRemove)).collect();
    lane.enqueue(Batch::new().delete::<BanRow>((id, target)), events).durable().await
}
