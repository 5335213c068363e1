//! Invites: links by which people come into a room, counted and ended exactly.

use std::sync::Arc;

use proto::{
    Code, Id, Permissions, Timestamp,
    audit_log::action,
    channel::GUILD_CATEGORY,
    gateway::Dispatch,
    guild::Guild,
    invite::{self, CreateInvite, Invite, InviteChannel, InviteDelete, InviteGuild, InviteOsc},
    marker,
};
use serde_json::json;

use crate::{
    Actor, App, access,
    audit_log::Entry,
    bus::{Audience, Event},
    cache::{self, GuildState},
    member,
    reject::{Reject, Result, no},
    render,
    rows::{InviteRow, UserKind, UserRow},
    safety::{self, Arrival},
    store::{Batch, Scan},
};

/// Seconds until an invite ends, if nothing else is said: a day.
const AGE_S: u32 = 86_400;
/// A week.
const AGE_MOST_S: u32 = 604_800;
const USES_MOST: u32 = 100;

/// Letters and digits that cannot be taken for each other.
const LETTERS: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// How many of those online an invite shows.
const FACES: usize = 6;

/// Longer than any code of ours.
const CODE_LENGTH: usize = 32;

/// All rows of a guild's invites, with those that ended.
pub(crate) async fn rows(app: &App, id: Id<marker::Guild>) -> Result<Vec<InviteRow>> {
    let scan = Scan::of::<InviteRow>().by("by_guild").prefix(id);
    Ok(app.store.scan::<InviteRow>(scan).await?)
}

/// Told to those who may manage channels: a code opens the door.
pub(crate) fn told(guild: Id<marker::Guild>, dispatch: Dispatch) -> Event {
    Event::Dispatch(Audience::GuildWith(guild, Permissions::MANAGE_CHANNELS), dispatch)
}

fn deleted(row: &InviteRow) -> Event {
    let (channel_id, guild_id) = (row.channel_id, row.guild_id);
    let gone = InviteDelete { channel_id, guild_id, code: row.code.clone() };
    told(guild_id, Dispatch::InviteDelete(gone))
}

fn ends_at(row: &InviteRow) -> Option<Timestamp> {
    (row.max_age > 0).then(|| row.created_at.plus_ms(i64::from(row.max_age) * 1_000))
}

fn is_good(row: &InviteRow, now: Timestamp) -> bool {
    ends_at(row).is_none_or(|end| end > now) && (row.max_uses == 0 || row.uses < row.max_uses)
}

/// 64 random bits in letters and digits.
fn code(app: &App) -> String {
    let mut left = u64::from_le_bytes(app.random());
    let mut code = String::new();
    for _ in 0..11 {
        code.push(char::from(LETTERS[(left % LETTERS.len() as u64) as usize]));
        left /= LETTERS.len() as u64;
    }
    code
}

/// Whether this one does for who wishes another: the same in all, and hardly begun. A link for so
/// many people is never given twice: each was meant for others.
fn does_for(row: &InviteRow, wish: &InviteRow) -> bool {
    let same = (row.inviter_id, row.channel_id, row.max_age, row.max_uses)
        == (wish.inviter_id, wish.channel_id, wish.max_age, wish.max_uses);
    let elapsed = wish.created_at.as_ms() - row.created_at.as_ms();
    let young = row.max_age == 0 || elapsed <= i64::from(row.max_age) * 1_000 / 8;
    same && young && row.max_uses == 0
}

/// Makes an invite. Needs CREATE_INSTANT_INVITE in the channel. One that is alike is given again,
/// unless it is to be unique.
pub async fn create(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    draft: CreateInvite,
) -> Result<Invite> {
    let needed = Permissions::CREATE_INSTANT_INVITE;
    let place = access::require(app, actor, channel, needed).await?;
    let Some(guild) = place.guild.clone() else {
        return no(Reject::Refused(Code::DM_EXECUTE));
    };
    if place.channel.kind == GUILD_CATEGORY || place.thread.is_some() {
        return no(Reject::Refused(Code::WRONG_TYPE));
    }
    let wish = wish(app, actor, &place, &draft)?;
    let inviter = app.user(actor.user).await?;
    let lane = app.lane_channel(Some(guild.id), channel).await;
    let place = access::require(app, actor, channel, needed).await?;
    let rows = rows(app, guild.id).await?;
    let alike = rows.iter().find(|row| does_for(row, &wish));
    if draft.unique != Some(true)
        && let Some(row) = alike
    {
        drop(lane);
        app.flushed().await?;
        return Ok(rendered(app, &guild.read(), row, Some(&inviter), true));
    }
    let now = app.clock.now();
    let (good, ended): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| is_good(row, now));
    let own = good.iter().filter(|row| row.inviter_id == actor.user).count();
    let manages = place.permissions.contains(Permissions::MANAGE_GUILD);
    // One member alone does not take the places of all.
    let many = own >= app.limits.member_invites && !manages;
    if many || good.len() >= app.limits.guild_invites {
        return no(Reject::Refused(Code::MAX_INVITES));
    }
    debug_assert_eq!(place.channel.id, channel);
    let mut batch = Batch::new().insert(&wish);
    let mut events: Vec<_> = ended.iter().map(deleted).collect();
    for row in &ended {
        batch = batch.delete::<InviteRow>(row.code.as_str());
    }
    events.push(told(guild.id, Dispatch::InviteCreate(Box::new(created(&wish, &inviter)))));
    let entry = entry(action::INVITE_CREATE, None, Some(&wish));
    entry.write(app, guild.id, actor.user, &mut batch, &mut events);
    lane.enqueue(batch, events).durable().await?;
    Ok(rendered(app, &guild.read(), &wish, Some(&inviter), true))
}

fn wish(
    app: &App,
    actor: &Actor,
    place: &access::Place,
    draft: &CreateInvite,
) -> Result<InviteRow> {
    let within = |path: &str, value: u32, most: u32| {
        if value <= most {
            return Ok(value);
        }
        let message = format!("Must be between 0 and {most}.");
        no(Reject::field(path, "NUMBER_TYPE_RANGE", message))
    };
    if draft.temporary == Some(true) {
        let message = "Temporary membership is not offered here: leave it out.";
        return no(Reject::field("temporary", "BASE_TYPE_CHOICES", message));
    }
    Ok(InviteRow {
        code: code(app),
        guild_id: place.guild_id().expect("of a guild"),
        channel_id: place.channel.id,
        inviter_id: actor.user,
        created_at: app.clock.now(),
        max_age: within("max_age", draft.max_age.unwrap_or(AGE_S), AGE_MOST_S)?,
        max_uses: within("max_uses", draft.max_uses.unwrap_or(0), USES_MOST)?,
        uses: 0,
        temporary: false,
    })
}

fn created(row: &InviteRow, inviter: &UserRow) -> invite::InviteCreate {
    invite::InviteCreate {
        channel_id: row.channel_id,
        code: row.code.clone(),
        created_at: row.created_at,
        guild_id: row.guild_id,
        inviter: Some(render::user(inviter)),
        max_age: row.max_age,
        max_uses: row.max_uses,
        temporary: row.temporary,
        uses: row.uses,
        expires_at: ends_at(row),
    }
}

/// `whole`: with what its managers may know.
fn rendered(
    app: &App,
    state: &GuildState,
    row: &InviteRow,
    inviter: Option<&Arc<UserRow>>,
    whole: bool,
) -> Invite {
    let guild = render::guild(&state.row, Vec::new());
    let channel = state.channels.get(&row.channel_id);
    let online = app.presences.online_count(row.guild_id);
    Invite {
        kind: 0,
        code: row.code.clone(),
        guild_id: row.guild_id,
        guild: InviteGuild {
            id: guild.id,
            name: guild.name,
            icon: guild.icon,
            description: guild.description,
            features: guild.features,
            fixed: Default::default(),
        },
        channel: InviteChannel {
            id: row.channel_id,
            kind: channel.map_or(0, |channel| channel.kind),
            name: channel.map(|channel| channel.name.clone()),
        },
        inviter: inviter.map(|user| render::user(user)),
        expires_at: ends_at(row),
        approximate_member_count: Some(state.members.len() as u32),
        approximate_presence_count: Some(online),
        osc: None,
        uses: whole.then_some(row.uses),
        max_uses: whole.then_some(row.max_uses),
        max_age: whole.then_some(row.max_age),
        temporary: whole.then_some(row.temporary),
        created_at: whole.then_some(row.created_at),
    }
}

async fn rendered_all(
    app: &App,
    guild: &cache::Guild,
    rows: Vec<InviteRow>,
) -> Result<Vec<Invite>> {
    let ids: Vec<_> = rows.iter().map(|row| row.inviter_id).collect();
    let users = app.users(&ids).await?;
    let state = guild.read();
    let both = rows.iter().zip(&users);
    Ok(both.map(|(row, user)| rendered(app, &state, row, user.as_ref(), true)).collect())
}

/// Invites of a channel. Needs MANAGE_CHANNELS there.
pub async fn of_channel(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
) -> Result<Vec<Invite>> {
    let place = access::channel(app, actor, channel).await?;
    let Some(guild) = place.guild.clone() else {
        return no(Reject::Refused(Code::DM_EXECUTE));
    };
    place.require(Permissions::MANAGE_CHANNELS)?;
    let now = app.clock.now();
    let mut rows = rows(app, guild.id).await?;
    rows.retain(|row| row.channel_id == channel && is_good(row, now));
    rendered_all(app, &guild, rows).await
}

/// Invites of a guild. Needs MANAGE_GUILD.
pub async fn of_guild(app: &App, actor: &Actor, id: Id<marker::Guild>) -> Result<Vec<Invite>> {
    let needed = Permissions::MANAGE_GUILD;
    let (guild, _) = access::require_guild(app, actor, id, needed).await?;
    let now = app.clock.now();
    let mut rows = rows(app, id).await?;
    rows.retain(|row| is_good(row, now));
    rendered_all(app, &guild, rows).await
}

/// A good invite and its guild. What ended looks like what never was.
async fn find(app: &App, code: &str) -> Result<(InviteRow, Arc<cache::Guild>)> {
    let unknown = || Reject::Unknown(Code::UNKNOWN_INVITE);
    if code.len() > CODE_LENGTH {
        return no(unknown());
    }
    let row = app.store.get::<InviteRow>(code).await?;
    let Some(row) = row.filter(|row| is_good(row, app.clock.now())) else {
        return no(unknown());
    };
    match app.guild(row.guild_id).await {
        Ok(guild) => Ok((row, guild)),
        Err(crate::Error::Reject(Reject::Unknown(_))) => no(unknown()),
        Err(error) => Err(error),
    }
}

/// What an invite leads to, for everybody who has its code.
pub async fn get(app: &App, code: &str, with_counts: bool) -> Result<Invite> {
    let (row, guild) = find(app, code).await?;
    let inviter = app.users(&[row.inviter_id]).await?.pop().flatten();
    let mut invite = rendered(app, &guild.read(), &row, inviter.as_ref(), false);
    if !with_counts {
        invite.approximate_member_count = None;
        invite.approximate_presence_count = None;
        return Ok(invite);
    }
    let here = app.presences.online_in(row.guild_id, FACES);
    let here: Vec<_> = here.iter().map(|presence| presence.user.id).collect();
    let online = app.users(&here).await?.into_iter().flatten();
    let people = online.filter(|user| user.kind != UserKind::Bot);
    invite.osc = Some(InviteOsc { online: people.map(|user| render::user(&user)).collect() });
    Ok(invite)
}

/// Ends an invite: one's own, or with MANAGE_CHANNELS in its channel or MANAGE_GUILD any.
pub async fn delete(app: &App, actor: &Actor, code: &str) -> Result<Invite> {
    let (row, guild) = find(app, code).await?;
    may_end(app, &guild.read(), actor, &row)?;
    let inviter = app.users(&[row.inviter_id]).await?.pop().flatten();
    let lane = app.lane_invite(row.guild_id, code).await;
    // Nothing is loaded with the lane held; the guild is gone if it is not there.
    let still = app.cache.guild(row.guild_id);
    let Some(row) = app.store.get::<InviteRow>(code).await?.filter(|_| still.is_some()) else {
        return no(Reject::Unknown(Code::UNKNOWN_INVITE));
    };
    let answer = {
        let state = guild.read();
        may_end(app, &state, actor, &row)?;
        rendered(app, &state, &row, inviter.as_ref(), true)
    };
    let (mut batch, mut events) = (Batch::new().delete::<InviteRow>(code), vec![deleted(&row)]);
    let entry = entry(action::INVITE_DELETE, Some(&row), None);
    entry.write(app, row.guild_id, actor.user, &mut batch, &mut events);
    lane.enqueue(batch, events).durable().await?;
    Ok(answer)
}

/// What the audit log says of an invite that was made or ended. It has no id to be a target.
fn entry(action: u8, before: Option<&InviteRow>, after: Option<&InviteRow>) -> Entry {
    let said = |row: Option<&InviteRow>| {
        row.map(|row| {
            json!({
                "code": row.code, "channel_id": row.channel_id, "inviter_id": row.inviter_id,
                "max_uses": row.max_uses, "uses": row.uses, "max_age": row.max_age,
                "temporary": row.temporary,
            })
        })
    };
    let keys = &["code", "channel_id", "inviter_id", "max_uses", "uses", "max_age", "temporary"];
    Entry::new(action, None).changes(&said(before), &said(after), keys)
}

fn may_end(app: &App, state: &GuildState, actor: &Actor, row: &InviteRow) -> Result<()> {
    let now = app.clock.now();
    let needed = Permissions::MANAGE_CHANNELS;
    let there = state.channels.get(&row.channel_id);
    let in_channel =
        there.map_or(Permissions::NONE, |channel| state.permissions_in(actor.user, channel, now));
    let own = row.inviter_id == actor.user && state.members.contains_key(&actor.user);
    let in_guild = state.permissions(actor.user, now);
    if own || in_channel.contains(needed) || in_guild.contains(Permissions::MANAGE_GUILD) {
        return Ok(());
    }
    no(Reject::Forbidden(needed))
}

/// Comes in by an invite. A use is counted with the join, and only with it.
pub async fn join(app: &App, actor: &Actor, code: &str, arrival: Arrival) -> Result<Guild> {
    actor.person()?;
    let (row, guild) = find(app, code).await?;
    let user = app.user(actor.user).await?;
    let lane = app.lane_invite(row.guild_id, code).await;
    let still = app.cache.guild(row.guild_id).is_some();
    let row = app.store.get::<InviteRow>(code).await?;
    let Some(mut row) = row.filter(|row| still && is_good(row, app.clock.now())) else {
        return no(Reject::Unknown(Code::UNKNOWN_INVITE));
    };
    let inside = guild.read().members.contains_key(&actor.user);
    if !inside && safety::invites_paused(&guild.read(), app.clock.now()) {
        return no(Reject::Refused(Code::INVITES_PAUSED));
    }
    let entry = member::entry(app, actor, &user, &guild, arrival, Some(code)).await?;
    let entry = entry.map(|(batch, mut events)| {
        row.uses += 1;
        if row.max_uses == 0 || row.uses < row.max_uses {
            return (batch.put(&row), events);
        }
        events.push(deleted(&row));
        (batch.delete::<InviteRow>(code), events)
    });
    member::finish(app, lane, &guild, actor, entry).await
}

#[cfg(test)]
mod tests;
