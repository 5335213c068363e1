//! Users: who somebody is, for others and for itself.

use proto::{
    Code, Id,
    gateway::{Dispatch, GuildUser},
    marker,
    osc::{MutualGuild, Profile},
    user::{CurrentUser, ModifyCurrentUser, User},
};

use crate::{
    Actor, App,
    application::permission,
    auto_moderation,
    bus::Event,
    dm, group, guild,
    lane::Lane,
    login, member, name, picture, purge,
    reject::{Error, Reject, Result, no},
    relationship, render,
    rows::{
        CredentialRow, DmRow, EndpointRow, GuildOrderRow, GuildRow, JoinRow, MemberRow, MetaRow,
        NotificationRow, Purge, ReadStateRow, UserKind, UserRow,
    },
    server_owner,
    store::{Batch, IntoKey as _, SCAN_MAX, Scan},
};

/// The actor as it sees itself.
pub async fn current(app: &App, actor: &Actor) -> Result<CurrentUser> {
    let row = app.user(actor.user).await?;
    Ok(render::current_user(app, &row, actor.server_owner))
}

/// Somebody the actor may know: itself, its bots, and whom it shares a room or a conversation with.
pub async fn get(app: &App, actor: &Actor, id: Id<marker::User>) -> Result<User> {
    let unknown = Reject::Unknown(Code::UNKNOWN_USER);
    if !knows(app, actor.user, id).await? {
        return no(unknown);
    }
    Ok(render::user(app.user(id).await?.as_ref()))
}

async fn knows(app: &App, who: Id<marker::User>, whom: Id<marker::User>) -> Result<bool> {
    if app.user(whom).await.is_ok_and(|user| user.owner_id == Some(who)) {
        return Ok(true);
    }
    dm::acquainted(app, who, whom).await
}

/// Somebody the actor may know, with what the two have in common.
pub async fn profile(app: &App, actor: &Actor, id: Id<marker::User>) -> Result<Profile> {
    if !knows(app, actor.user, id).await? {
        return no(Reject::Unknown(Code::UNKNOWN_USER));
    }
    let row = app.user(id).await?;
    let mine = Scan::of::<MemberRow>().by("by_user").prefix(actor.user);
    let mine = app.disk.scan::<MemberRow>(mine).await?;
    let keys = mine.iter().map(|member| (member.guild_id, id).into_key()).collect();
    let both = app.disk.get_many::<MemberRow>(keys).await?.into_iter().flatten();
    let mutual_guilds = both.map(|row| MutualGuild { id: row.guild_id, nick: row.nick }).collect();
    let mutual_friends = if id == actor.user {
        Vec::new()
    } else {
        relationship::mutual_friends(app, actor.user, id).await?
    };
    Ok(Profile { user: render::user(&row), bio: row.bio.clone(), mutual_guilds, mutual_friends })
}

/// Changes the actor's names and picture.
pub async fn modify(app: &App, actor: &Actor, change: ModifyCurrentUser) -> Result<CurrentUser> {
    let mut turn = picture::turn(app, "avatar", actor.user).await?;
    let outcome = modified(app, actor, change, &mut turn).await;
    turn.settle().await;
    outcome
}

async fn modified(
    app: &App,
    actor: &Actor,
    change: ModifyCurrentUser,
    turn: &mut picture::Turn<'_>,
) -> Result<CurrentUser> {
    if change.username.is_some() && actor.is_guest() {
        return no(Reject::Refused(Code::ACCOUNT_NEEDED));
    }
    let username = match &change.username {
        Some(text) if !actor.is_bot() => Some(name::username(&app.limits, text)?),
        _ => None,
    };
    let bot_name = match &change.username {
        Some(text) if actor.is_bot() => Some(checked(app, actor, "username", text).await?),
        _ => None,
    };
    let global_name = match change.global_name.change() {
        None => None,
        Some(Some(text)) => Some(Some(checked(app, actor, "global_name", &text).await?)),
        Some(None) if actor.is_guest() => {
            return no(Reject::length("global_name", 1, app.limits.display_name_length));
        }
        Some(None) => Some(None),
    };
    let avatar = match change.avatar.change() {
        None => None,
        Some(None) => Some(None),
        Some(Some(uri)) => Some(Some(turn.keep(actor.user, &uri).await?)),
    };
    let bio = match change.bio.change() {
        None => None,
        Some(text) => Some(bio(app, text.unwrap_or_default())?),
    };
    let (lane, members) = everywhere(app, actor.user).await?;
    let mut row = present(app, actor.user).await?;
    let before = row.clone();
    if let Some(username) = username {
        (row.username, row.skeleton) = (username.text, Some(username.skeleton));
    }
    if let Some(bot_name) = bot_name {
        row.username = bot_name;
    }
    if let Some(global_name) = global_name {
        row.global_name = global_name;
    }
    if let Some(avatar) = avatar {
        row.avatar = avatar;
    }
    row.bio = bio.unwrap_or(row.bio);
    let current = render::current_user(app, &row, actor.server_owner);
    if row == before {
        return Ok(current);
    }
    let (batch, members) = renamed(app, &row, members);
    let mut events = changed(app, &row, &members, actor.server_owner).await?;
    if render::user(&row) == render::user(&before) {
        // What only the user itself sees: nobody else is told.
        events.truncate(1);
    }
    name_taken(lane.enqueue(batch.put(&row), events).durable().await)?;
    if row.global_name != before.global_name {
        for guild in members.iter().filter_map(|member| app.cache.guild(member.guild_id)) {
            member::named(app, &guild, row.id).await?;
        }
    }
    Ok(current)
}

/// The memberships of somebody under a new name: some rooms may not want to see it, or do again.
fn renamed(app: &App, user: &UserRow, mut members: Vec<MemberRow>) -> (Batch, Vec<MemberRow>) {
    let mut batch = Batch::new();
    for member in &mut members {
        let Some(guild) = app.cache.guild(member.guild_id) else { continue };
        let verdict = auto_moderation::names(app, &guild.read(), member, user);
        let quarantined = verdict.is_some_and(|verdict| verdict.quarantines());
        if quarantined != member.quarantined {
            member.quarantined = quarantined;
            batch = batch.put(member);
        }
    }
    (batch, members)
}

/// What somebody says about themselves; nothing if it is empty.
fn bio(app: &App, text: String) -> Result<Option<String>> {
    let most = app.limits.bio_length;
    match name::clean_lines(&text).filter(|text| text.chars().count() <= most) {
        Some(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        None => no(Reject::length("bio", 0, most)),
    }
}

async fn checked(app: &App, actor: &Actor, path: &str, text: &str) -> Result<String> {
    let text = name::display(path, text, app.limits.display_name_length)?;
    name::not_misleading(app, path, &text, Some(actor.user)).await?;
    Ok(text)
}

/// A username that somebody else has, or was faster with.
pub(crate) fn name_taken(result: Result<()>) -> Result<()> {
    match result {
        Err(Error::Reject(Reject::Conflict(conflict))) if conflict.index == Some("by_skeleton") => {
            no(Reject::Refused(Code::NAME_TAKEN))
        }
        other => other,
    }
}

/// The user as decisions see it; unauthorized if it is gone.
pub(crate) async fn present(app: &App, id: Id<marker::User>) -> Result<UserRow> {
    match app.store.get::<UserRow>(id).await? {
        Some(row) if row.kind != UserKind::Deleted => Ok(row),
        _ => no(Reject::Unauthorized),
    }
}

/// A lane in all the guilds somebody is in, and the memberships as they stand there.
pub(crate) async fn everywhere(
    app: &App,
    user: Id<marker::User>,
) -> Result<(Lane<'_>, Vec<MemberRow>)> {
    let memberships = || Scan::of::<MemberRow>().by("by_user").prefix(user);
    let mut guilds: Vec<_> = Vec::new();
    loop {
        let lane = app.lane_everywhere(user, &guilds).await;
        let members: Vec<MemberRow> = app.store.scan(memberships()).await?;
        if members.iter().all(|member| guilds.contains(&member.guild_id)) {
            return Ok((lane, guild::existing(app, members).await?));
        }
        // Joined another meanwhile (always so the first time): begin again with that one too.
        guilds = members.iter().map(|member| member.guild_id).collect();
    }
}

/// What others and the user itself are told when its names, picture or kind changed.
pub(crate) async fn changed(
    app: &App,
    user: &UserRow,
    members: &[MemberRow],
    server_owner: bool,
) -> Result<Vec<Event>> {
    let current = render::current_user(app, user, server_owner);
    let own = Event::to_users([user.id], Dispatch::UserUpdate(Box::new(current)));
    let others = members.iter().map(|row| member::updated(row, user));
    let known = known_again(app, user).await?;
    Ok(std::iter::once(own).chain(others).chain(known).collect())
}

/// Tells those who know somebody from a conversation or as a friend, rooms aside.
async fn known_again(app: &App, user: &UserRow) -> Result<Option<Event>> {
    let mut circle = relationship::holders(app, user.id).await?;
    circle.extend(dm::partners(app, user.id).await?);
    circle.sort_unstable();
    circle.dedup();
    let update = Dispatch::OscUserUpdate(Box::new(render::user(user)));
    Ok((!circle.is_empty()).then(|| Event::to_users(circle, update)))
}

/// Leaves these guilds: the changes and what is told.
pub(crate) fn leave(user: &UserRow, members: &[MemberRow]) -> (Batch, Vec<Event>) {
    let batch = members.iter().fold(Batch::new(), |batch, member| {
        let key = (member.guild_id, member.user_id);
        batch.delete::<MemberRow>(key).delete::<JoinRow>(key)
    });
    let events = members.iter().map(|member| {
        let gone = GuildUser { guild_id: member.guild_id, user: render::user(user) };
        Event::to_guild(member.guild_id, Dispatch::GuildMemberRemove(Box::new(gone)))
    });
    (batch, events.collect())
}

/// Which rooms somebody may own who is to be erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rooms {
    /// Nobody else would look after them.
    None,
    Any,
}

/// Says no to somebody who still owns rooms.
pub(crate) async fn owns_nothing(app: &App, user: Id<marker::User>) -> Result<()> {
    let owned = Scan::of::<GuildRow>().by("by_owner").prefix(user).limit(1);
    if app.store.scan::<GuildRow>(owned).await?.is_empty() {
        Ok(())
    } else {
        no(Reject::Refused(Code::OWNER_CANNOT_LEAVE))
    }
}

/// Removes what is personal about a user: name, picture, password, logins, memberships, lists. Its
/// messages stay under a neutral name; the id and the username are not given to anybody else.
/// `still`: looked at with the lane held; the user stays as it is unless it agrees.
pub(crate) async fn erase(
    app: &App,
    id: Id<marker::User>,
    rooms: Rooms,
    still: impl Fn(&UserRow) -> bool,
) -> Result<bool> {
    let row = app.store.get::<UserRow>(id).await?;
    if !row.is_some_and(|row| row.kind != UserKind::Deleted && still(&row)) {
        return Ok(false);
    }
    group::leave_all(app, id).await?;
    let turn = picture::turn(app, "avatar", id).await?;
    let (lane, members) = everywhere(app, id).await?;
    let row = app.store.get::<UserRow>(id).await?;
    let Some(mut row) = row.filter(|row| row.kind != UserKind::Deleted && still(row)) else {
        return Ok(false);
    };
    if rooms == Rooms::None {
        // Founding a room takes this lane, being handed one takes that room's: this is exact.
        owns_nothing(app, id).await?;
    }
    let closed = member::closed_everywhere(app, &members);
    let kind = std::mem::replace(&mut row.kind, UserKind::Deleted);
    row.username = format!("deleted_{id}");
    row.global_name = Some("Deleted user".to_owned());
    (row.avatar, row.owner_id, row.idle_since, row.intents) = (None, None, None, 0);
    row.bio = None;
    let (logins, mut events) = login::end(&login::all(app, id).await?);
    let (left, told) = leave(&row, &members);
    events.extend(told);
    let (parted, told) = relationship::erased(app, id).await?;
    events.extend(told);
    events.extend(known_again(app, &row).await?);
    let mut batch = left
        .and(logins)
        .and(parted)
        .put(&row)
        .delete::<CredentialRow>(id)
        .prune::<DmRow>(id, None, SCAN_MAX)
        .prune::<NotificationRow>(id, None, SCAN_MAX)
        .delete::<GuildOrderRow>(id)
        .prune::<ReadStateRow>(id, None, SCAN_MAX)
        .delete::<EndpointRow>(id);
    if kind == UserKind::Bot {
        batch = batch.put(&purge::row(Purge::Application(id.cast())));
        batch = permission::forget_all(app, batch, id.cast()).await?;
    }
    if server_owner::get(app).await? == Some(id) {
        batch = batch
            .put(&MetaRow { name: server_owner::NAME.to_owned(), value: serde_json::Value::Null });
    }
    lane.enqueue(batch, events).durable().await?;
    member::seal(app, closed).await?;
    turn.settle().await;
    Ok(true)
}
