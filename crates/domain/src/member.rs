//! Members of a guild: who comes, goes, is called what, and has which roles.
//!
//! Coming, going and one's own nickname go on beside each other; what a moderator does to others is
//! structure. Nobody acts on an equal: the owner stands above all, then the highest role counts.

mod edit;
mod prune;
mod silence;
mod view;

use std::sync::Arc;

use proto::{
    Code, Id, Permissions,
    audit_log::action,
    gateway::{Dispatch, GuildUser, MemberEvent, RoleDelete},
    guild::{Guild, Visibility},
    marker,
};

use crate::{
    Actor, App, access,
    audit_log::Entry,
    auto_moderation::{self, Scene},
    bus::Event,
    cache::{self, GuildState},
    channel, guild,
    lane::Lane,
    message, purge,
    reject::{Error, Reject, Result, no},
    render,
    rows::{BanRow, ChannelRow, MemberRow, Purge, RoleRow, UserKind, UserRow},
    safety::{self, Arrival},
    store::{Batch, Entity as _, Scan},
    thread,
};

pub use edit::{add_role, edit, edit_own, remove_role};
pub use prune::{Inactive, may_prune, prune, prune_count};
pub use view::{get, list, own, search};

/// Somebody who comes in now.
pub(crate) fn row(app: &App, guild: Id<marker::Guild>, actor: &Actor) -> MemberRow {
    MemberRow {
        guild_id: guild,
        user_id: actor.user,
        nick: None,
        roles: Vec::new(),
        joined_at: app.clock.now(),
        timed_out_until: None,
        deaf: false,
        mute: false,
        guest: actor.is_guest(),
        quarantined: false,
    }
}

fn event(row: &MemberRow, user: &UserRow) -> Box<MemberEvent> {
    let member = render::member(row, Some(render::user(user)));
    Box::new(MemberEvent { member, guild_id: row.guild_id })
}

pub(crate) fn added(row: &MemberRow, user: &UserRow) -> Event {
    Event::to_guild(row.guild_id, Dispatch::GuildMemberAdd(event(row, user)))
}

pub(crate) fn updated(row: &MemberRow, user: &UserRow) -> Event {
    Event::to_guild(row.guild_id, Dispatch::GuildMemberUpdate(event(row, user)))
}

/// Whether one stands above another.
pub(crate) fn outranks(state: &GuildState, one: Id<marker::User>, other: Id<marker::User>) -> bool {
    one != other && state.rank(one) > state.rank(other)
}

/// Says no unless the actor stands above this member.
fn require_above(state: &GuildState, actor: &Actor, target: Id<marker::User>) -> Result<()> {
    if outranks(state, actor.user, target) {
        return Ok(());
    }
    no(Reject::Refused(Code::MISSING_PERMISSIONS))
}

/// Says no to somebody who is in as many rooms as one can be.
pub(crate) async fn room_for_one_more(app: &App, user: Id<marker::User>) -> Result<()> {
    let most = app.limits.user_guilds;
    let scan = Scan::of::<MemberRow>().by("by_user").prefix(user).limit(most);
    // Far from the limit what waits for the disk does not matter, and need not be looked through:
    // a thousand may be coming in at once.
    if app.disk.scan::<MemberRow>(scan.clone()).await?.len() < most / 2 {
        return Ok(());
    }
    let rows = app.store.scan::<MemberRow>(scan).await?;
    // Rows of deleted guilds are there until they are purged.
    if rows.len() >= most && guild::existing(app, rows).await?.len() >= most {
        return no(Reject::Refused(Code::MAX_GUILDS));
    }
    Ok(())
}

/// Comes into a public room.
pub async fn join(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    arrival: Arrival,
) -> Result<Guild> {
    actor.person()?;
    let guild = app.guild(id).await?;
    let open = |state: &GuildState| state.row.visibility == Visibility::Public;
    come_in(app, actor, guild, arrival, open).await
}

/// Comes into a public or unlisted room by its address.
pub async fn join_by_slug(app: &App, actor: &Actor, slug: &str, arrival: Arrival) -> Result<Guild> {
    actor.person()?;
    let guild = guild::at_slug(app, slug).await?;
    come_in(app, actor, guild, arrival, |state| guild::answers_to(state, slug)).await
}

async fn come_in(
    app: &App,
    actor: &Actor,
    guild: Arc<cache::Guild>,
    arrival: Arrival,
    open: impl Fn(&GuildState) -> bool,
) -> Result<Guild> {
    let enter = |state: &GuildState| open(state) || state.members.contains_key(&actor.user);
    if !enter(&guild.read()) {
        return no(Reject::Unknown(Code::UNKNOWN_GUILD));
    }
    let user = app.user(actor.user).await?;
    let lane = app.lane_member(guild.id, actor.user).await;
    let still = app.cache.guild(guild.id);
    if still.is_none_or(|guild| !enter(&guild.read())) {
        return no(Reject::Unknown(Code::UNKNOWN_GUILD));
    }
    let entry = entry(app, actor, &user, &guild, arrival, None).await?;
    finish(app, lane, &guild, actor, entry).await
}

/// What makes the actor a member; `None` if it is one. In a lane of the guild.
pub(crate) async fn entry(
    app: &App,
    actor: &Actor,
    user: &UserRow,
    guild: &cache::Guild,
    arrival: Arrival,
    invite: Option<&str>,
) -> Result<Option<(Batch, Vec<Event>)>> {
    let key = (guild.id, actor.user);
    if app.store.get::<MemberRow>(key).await?.is_some() {
        return Ok(None);
    }
    if app.store.get::<BanRow>(key).await?.is_some() {
        return no(Reject::Refused(Code::BANNED));
    }
    safety::may_enter(&guild.read(), actor, app.clock.now())?;
    room_for_one_more(app, actor.user).await?;
    let (mut row, batch) = silence::taken_up(app, row(app, guild.id, actor)).await?;
    row.quarantined = auto_moderation::names(app, &guild.read(), &row, user)
        .is_some_and(|verdict| verdict.quarantines());
    let batch = batch.insert(&row).put(&safety::joined(app, guild.id, user.id, arrival, invite));
    Ok(Some((batch, vec![added(&row, user)])))
}

/// Writes an entry, greets, and answers the guild.
pub(crate) async fn finish(
    app: &App,
    lane: Lane<'_>,
    guild: &Arc<cache::Guild>,
    actor: &Actor,
    entry: Option<(Batch, Vec<Event>)>,
) -> Result<Guild> {
    match entry {
        None => {
            drop(lane);
            // A join just before may still wait for the disk.
            app.flushed().await?;
        }
        Some((batch, events)) => match lane.enqueue(batch, events).durable_or_conflict().await? {
            Ok(()) => {
                greet(app, guild, actor).await?;
                safety::watch(app, guild).await?;
                named(app, guild, actor.user).await?;
            }
            // Came in by another door in the same moment.
            Err(conflict) if conflict.table == MemberRow::TABLE.name => app.flushed().await?,
            Err(conflict) => return no(Reject::Conflict(conflict)),
        },
    }
    guild::whole(app, guild.id).await
}

/// Does what the rules for names say about a member who came or changed its name.
pub(crate) async fn named(
    app: &App,
    guild: &Arc<cache::Guild>,
    user_id: Id<marker::User>,
) -> Result<()> {
    if guild.read().rules.is_empty() {
        return Ok(());
    }
    let user = app.user(user_id).await?;
    let verdict = {
        let state = guild.read();
        let member = state.members.get(&user_id);
        member.and_then(|row| auto_moderation::names(app, &state, row, &user))
    };
    let Some(verdict) = verdict else { return Ok(()) };
    let scene = Scene { guild, user: user_id, channel: None, message: None };
    auto_moderation::carry_out(app, scene, &verdict).await
}

/// Tells in the system channel that somebody came, if the guild has one. After the join and apart
/// from it: messages of a channel have their own lane.
async fn greet(app: &App, guild: &Arc<cache::Guild>, actor: &Actor) -> Result<()> {
    let Some(channel) = guild.read().row.system_channel_id else {
        return Ok(());
    };
    let lane = app.lane_channel(Some(guild.id), channel).await;
    let member = guild.read().members.get(&actor.user).cloned();
    let Some(member) = member.filter(|_| app.cache.guild(guild.id).is_some()) else {
        return Ok(());
    };
    if let Some((batch, event)) = message::joined(app, guild, &member).await? {
        lane.enqueue(batch, vec![event]).durable().await?;
    }
    Ok(())
}

/// Leaves. The owner hands the room over or deletes it first.
pub async fn leave(app: &App, actor: &Actor, id: Id<marker::Guild>) -> Result<()> {
    let (guild, _) = access::guild(app, actor, id).await?;
    let stays = |guild: &cache::Guild| guild.read().is_owner(actor.user);
    if stays(&guild) {
        return no(Reject::Refused(Code::OWNER_CANNOT_LEAVE));
    }
    let user = app.user(actor.user).await?;
    if actor.is_bot() || !closed_to(&guild.read(), actor.user).is_empty() {
        // The role of a bot goes with it; addresses of files that others do not see end.
        let (lane, guild) = guild::alone(app, id).await?;
        let (batch, events) = {
            let state = guild.read();
            if state.is_owner(actor.user) {
                return no(Reject::Refused(Code::OWNER_CANNOT_LEAVE));
            }
            if !state.members.contains_key(&actor.user) {
                return no(Reject::Unknown(Code::UNKNOWN_GUILD));
            }
            removal(app, &state, &user)
        };
        return lane.enqueue(batch, events).durable().await;
    }
    let lane = app.lane_member(id, actor.user).await;
    if app.cache.guild(id).is_some_and(|guild| stays(&guild)) {
        return no(Reject::Refused(Code::OWNER_CANNOT_LEAVE));
    }
    let Some(row) = app.store.get::<MemberRow>((id, actor.user)).await? else {
        return no(Reject::Unknown(Code::UNKNOWN_GUILD));
    };
    let batch = left(silence::left(app, &row), id, actor.user);
    let (rows, told) = thread::left(&guild.read(), actor.user);
    let events = std::iter::once(removed(id, &user)).chain(told).collect();
    lane.enqueue(batch.and(rows), events).durable().await
}

/// Takes the row out; what somebody had read and set there goes later.
fn left(batch: Batch, guild_id: Id<marker::Guild>, user_id: Id<marker::User>) -> Batch {
    let rest = purge::row(Purge::Member { guild_id, user_id });
    batch.delete::<MemberRow>((guild_id, user_id)).put(&rest)
}

fn removed(guild: Id<marker::Guild>, user: &UserRow) -> Event {
    let gone = GuildUser { guild_id: guild, user: render::user(user) };
    Event::to_guild(guild, Dispatch::GuildMemberRemove(Box::new(gone)))
}

/// What takes a member out: with the role of a bot, and ending the addresses of files that it saw
/// and others do not see.
pub(crate) fn removal(app: &App, state: &GuildState, user: &UserRow) -> (Batch, Vec<Event>) {
    let id = state.row.id;
    let kept = state.members.get(&user.id).map(|row| silence::left(app, row));
    let mut batch = left(kept.unwrap_or_default(), id, user.id);
    let mut events = vec![removed(id, user)];
    let (rows, told) = thread::left(state, user.id);
    batch = batch.and(rows);
    events.extend(told);
    let own = state
        .roles
        .values()
        .filter(|role| user.kind == UserKind::Bot && role.bot_id == Some(user.id));
    for role in own {
        batch = batch.delete::<RoleRow>((id, role.id));
        let gone = RoleDelete { guild_id: id, role_id: role.id };
        events.push(Event::to_guild(id, Dispatch::GuildRoleDelete(gone)));
    }
    let closed = closed_to(state, user.id);
    (batch.and(channel::sealed(closed)), events)
}

/// Channels that this member sees and visitors do not.
fn closed_to(state: &GuildState, user: Id<marker::User>) -> Vec<&Arc<ChannelRow>> {
    let seen = state.visible_to(user);
    channel::closed(state, seen.iter().filter_map(|id| state.channels.get(id)))
}

/// Channels whose files somebody in these guilds sees by being there.
pub(crate) fn closed_everywhere(app: &App, members: &[MemberRow]) -> Vec<Closed> {
    let guilds = members.iter().filter_map(|row| app.cache.guild(row.guild_id));
    let closed = guilds.flat_map(|guild| {
        let state = guild.read();
        let user = members.first().map(|row| row.user_id);
        let closed = user.map_or_else(Vec::new, |user| closed_to(&state, user));
        closed.into_iter().map(|row| (guild.id, row.id)).collect::<Vec<_>>()
    });
    closed.collect()
}

type Closed = (Id<marker::Guild>, Id<marker::Channel>);

/// After somebody left them all: ends the addresses of files there.
pub(crate) async fn seal(app: &App, closed: Vec<Closed>) -> Result<()> {
    let mut by_guild = std::collections::BTreeMap::<_, Vec<_>>::new();
    for (guild, channel) in closed {
        by_guild.entry(guild).or_default().push(channel);
    }
    for (id, channels) in by_guild {
        let (lane, guild) = match guild::alone(app, id).await {
            Err(Error::Reject(_)) => continue,
            other => other?,
        };
        let batch = {
            let state = guild.read();
            channel::sealed(channels.iter().filter_map(|id| state.channels.get(id)))
        };
        lane.enqueue(batch, Vec::new()).durable().await?;
    }
    Ok(())
}

/// Takes a member out, who may come back. Needs KICK_MEMBERS and a higher place.
pub async fn kick(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    target: Id<marker::User>,
) -> Result<()> {
    access::require_guild(app, actor, id, Permissions::KICK_MEMBERS).await?;
    let user = app.users(&[target]).await?.pop().flatten();
    let (lane, guild) = guild::alone(app, id).await?;
    let (mut batch, mut events) = {
        let state = guild.read();
        guild::require(app, &state, actor, Permissions::KICK_MEMBERS)?;
        let Some(user) = user.filter(|_| state.members.contains_key(&target)) else {
            return no(Reject::Unknown(Code::UNKNOWN_MEMBER));
        };
        require_above(&state, actor, target)?;
        removal(app, &state, &user)
    };
    let entry = Entry::new(action::MEMBER_KICK, Some(target.cast()));
    entry.write(app, id, actor.user, &mut batch, &mut events);
    lane.enqueue(batch, events).durable().await
}

#[cfg(test)]
mod tests;
