//! Changes of members: nickname, roles, silence in voice and text.

use std::sync::Arc;

use proto::{
    Code, Id, Patch, Permissions, Timestamp,
    audit_log::action,
    channel::GUILD_VOICE,
    marker,
    member::{Member, ModifyCurrentMember, ModifyMember},
};

use serde_json::json;

use super::{require_above, updated};
use crate::{
    Actor, App, access,
    audit_log::Entry,
    auto_moderation,
    cache::{self, GuildState},
    channel, guild, name,
    reject::{Error, Reject, Result, no},
    render,
    rows::{MemberRow, UserRow},
    store::Batch,
    voice,
};

/// The longest timeout: 28 days.
const TIMEOUT_MS: i64 = 28 * 86_400_000;

/// A nickname that does not pass for somebody else's name; `None`: the own name again.
async fn nick(app: &App, text: Option<String>, of: Id<marker::User>) -> Result<Option<String>> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    let text = name::display("nick", &text, app.limits.display_name_length)?;
    name::not_misleading(app, "nick", &text, Some(of)).await?;
    Ok(Some(text))
}

/// Changes one's own nickname. Needs CHANGE_NICKNAME.
pub async fn edit_own(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    draft: ModifyCurrentMember,
) -> Result<Member> {
    let (guild, _) = access::guild(app, actor, id).await?;
    let user = app.user(actor.user).await?;
    let wish = draft.nick.change();
    if wish.is_some() {
        guild::require(app, &guild.read(), actor, Permissions::CHANGE_NICKNAME)?;
    }
    let wish = match wish {
        Some(text) => Some(nick(app, text, actor.user).await?),
        None => None,
    };
    let lane = app.lane_member(id, actor.user).await;
    let Some(mut row) = app.store.get::<MemberRow>((id, actor.user)).await? else {
        return no(Reject::Unknown(Code::UNKNOWN_GUILD));
    };
    let before = row.nick.clone();
    row.nick = wish.unwrap_or(before.clone());
    if row.nick != before {
        let verdict = auto_moderation::names(app, &guild.read(), &row, &user);
        row.quarantined = verdict.is_some_and(|verdict| verdict.quarantines());
        let (mut batch, mut events) = (Batch::new().put(&row), vec![updated(&row, &user)]);
        let entry = Entry::new(action::MEMBER_UPDATE, Some(actor.user.cast()));
        let entry = entry.change("nick", &before, &row.nick);
        entry.write(app, id, actor.user, &mut batch, &mut events);
        lane.enqueue(batch, events).durable().await?;
        super::named(app, &guild, actor.user).await?;
    }
    let mut member = render::member(&row, Some(render::user(&user)));
    member.permissions = Some(guild.read().permissions(actor.user, app.clock.now()));
    Ok(member)
}

/// Changes a member; each field needs its own right.
pub async fn edit(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    target: Id<marker::User>,
    mut draft: ModifyMember,
) -> Result<Member> {
    let (guild, have) = access::guild(app, actor, id).await?;
    let needed = needed(&draft, actor.user == target);
    if !have.contains(needed) {
        return no(Reject::Forbidden(needed.without(have)));
    }
    if !guild.read().members.contains_key(&target) {
        return no(Reject::Unknown(Code::UNKNOWN_MEMBER));
    }
    let user = app.user(target).await?;
    let wish = match std::mem::take(&mut draft.nick).change() {
        Some(text) => Some(nick(app, text, target).await?),
        None => None,
    };
    let (lane, guild) = guild::alone(app, id).await?;
    let (row, batch, events) = {
        let state = guild.read();
        guild::require(app, &state, actor, needed)?;
        let (before, mut row) = found(&state, target)?;
        if let Some(nick) = wish {
            if actor.user != target {
                require_above(&state, actor, target)?;
            }
            row.nick = nick;
        }
        apply(app, &state, actor, &mut row, &draft)?;
        let (mut batch, mut events) = (Batch::new(), Vec::new());
        if row != *before {
            batch = written(&state, &row);
            events.push(updated(&row, &user));
            for entry in entries(&state, &before, &row) {
                entry.write(app, id, actor.user, &mut batch, &mut events);
            }
        }
        (row, batch, events)
    };
    if batch.ops.is_empty() {
        drop(lane);
    } else {
        lane.enqueue(batch, events).durable().await?;
    }
    in_voice(app, &guild, target, &draft).await?;
    if actor.user != target {
        note_move(app, actor, id, &draft).await?;
    }
    Ok(render::member(&row, Some(render::user(&user))))
}

/// What the audit log says of a change: what somebody is, and which roles they have.
fn entries(state: &GuildState, before: &MemberRow, after: &MemberRow) -> Vec<Entry> {
    let target = Some(after.user_id.cast());
    let silenced = "communication_disabled_until";
    let own = Entry::new(action::MEMBER_UPDATE, target)
        .change("nick", &before.nick, &after.nick)
        .change("mute", before.mute, after.mute)
        .change("deaf", before.deaf, after.deaf)
        .change(silenced, before.timed_out_until, after.timed_out_until);
    let named = |roles: &[Id<marker::Role>], not: &[Id<marker::Role>]| {
        let there = roles.iter().filter(|id| !not.contains(id));
        let named: Vec<_> = there
            .map(|id| {
                let name = state.roles.get(id).map(|role| role.name.as_str());
                json!({ "id": id, "name": name.unwrap_or_default() })
            })
            .collect();
        (!named.is_empty()).then_some(named)
    };
    let roles = Entry::new(action::MEMBER_ROLE_UPDATE, target)
        .change("$add", (), named(&after.roles, &before.roles))
        .change("$remove", (), named(&before.roles, &after.roles));
    [own, roles].into_iter().filter(|entry| !entry.is_empty()).collect()
}

/// What the fields of this change need. `own`: of oneself.
fn needed(draft: &ModifyMember, own: bool) -> Permissions {
    let mut needed = Permissions::NONE;
    let nick = if own { Permissions::CHANGE_NICKNAME } else { Permissions::MANAGE_NICKNAMES };
    for (there, permission) in [
        (!draft.nick.is_absent(), nick),
        (!draft.roles.is_absent(), Permissions::MANAGE_ROLES),
        (!draft.mute.is_absent(), Permissions::MUTE_MEMBERS),
        (!draft.deaf.is_absent(), Permissions::DEAFEN_MEMBERS),
        (!draft.channel_id.is_absent(), Permissions::MOVE_MEMBERS),
        (!draft.communication_disabled_until.is_absent(), Permissions::MODERATE_MEMBERS),
    ] {
        if there {
            needed |= permission;
        }
    }
    needed
}

fn found(state: &GuildState, target: Id<marker::User>) -> Result<(Arc<MemberRow>, MemberRow)> {
    match state.members.get(&target) {
        Some(row) => Ok((row.clone(), MemberRow::clone(row))),
        None => no(Reject::Unknown(Code::UNKNOWN_MEMBER)),
    }
}

fn apply(
    app: &App,
    state: &GuildState,
    actor: &Actor,
    row: &mut MemberRow,
    draft: &ModifyMember,
) -> Result<()> {
    if let Some(roles) = draft.roles.clone().change() {
        let roles = roles.unwrap_or_default();
        row.roles = assigned(state, actor, &row.roles, roles)?;
    }
    if let Some(mute) = draft.mute.clone().change() {
        row.mute = mute.unwrap_or(false);
    }
    if let Some(deaf) = draft.deaf.clone().change() {
        row.deaf = deaf.unwrap_or(false);
    }
    if let Some(until) = draft.communication_disabled_until.clone().change() {
        row.timed_out_until = timeout(app, state, actor, row, until)?;
    }
    if let Patch::Value(to) = draft.channel_id {
        let now = app.clock.now();
        let seen = state.channels.get(&to).filter(|channel| {
            let have = state.permissions_in(actor.user, channel, now);
            channel.kind == GUILD_VOICE && have.contains(Permissions::VIEW_CHANNEL)
        });
        let Some(channel) = seen else {
            return no(Reject::Unknown(Code::UNKNOWN_CHANNEL));
        };
        let have = state.permissions_in(actor.user, channel, now);
        let needed = Permissions::CONNECT | Permissions::MOVE_MEMBERS;
        if !have.contains(needed) {
            return no(Reject::Forbidden(needed.without(have)));
        }
    }
    Ok(())
}

/// Until when somebody is silenced: for 28 days at most, never one's own like or an administrator.
fn timeout(
    app: &App,
    state: &GuildState,
    actor: &Actor,
    row: &MemberRow,
    until: Option<Timestamp>,
) -> Result<Option<Timestamp>> {
    let now = app.clock.now();
    require_above(state, actor, row.user_id)?;
    let Some(until) = until.filter(|until| *until > now) else {
        return Ok(None);
    };
    if until.ms_since(now) > TIMEOUT_MS {
        let message = "Must be within 28 days.";
        return no(Reject::field("communication_disabled_until", "DATE_TYPE_RANGE", message));
    }
    if state.permissions(row.user_id, now).contains(Permissions::ADMINISTRATOR) {
        return no(Reject::Refused(Code::MISSING_PERMISSIONS));
    }
    Ok(Some(until))
}

/// The roles after a change: what comes or goes must be below the actor and nobody's own.
fn assigned(
    state: &GuildState,
    actor: &Actor,
    before: &[Id<marker::Role>],
    mut after: Vec<Id<marker::Role>>,
) -> Result<Vec<Id<marker::Role>>> {
    after.sort_unstable();
    after.dedup();
    // @everyone is not given: libraries send it along.
    after.retain(|role| *role != state.row.id.cast());
    let comes = after.iter().filter(|role| !before.contains(role));
    let goes = before.iter().filter(|role| !after.contains(role));
    for role in comes.chain(goes) {
        may_assign(state, actor, *role)?;
    }
    Ok(after)
}

fn may_assign(state: &GuildState, actor: &Actor, role: Id<marker::Role>) -> Result<()> {
    let Some(role) = state.roles.get(&role) else {
        return no(Reject::Refused(Code::INVALID_ROLE));
    };
    if role.bot_id.is_some() || role.position >= state.rank(actor.user) {
        return no(Reject::Refused(Code::MISSING_PERMISSIONS));
    }
    Ok(())
}

/// The changed member, and an end for the addresses of files that it sees no more.
fn written(state: &GuildState, row: &MemberRow) -> Batch {
    let before = state.visible_to(row.user_id);
    let mut small = GuildState::new(state.row.clone());
    small.channels.clone_from(&state.channels);
    small.roles.clone_from(&state.roles);
    small.members.insert(row.user_id, Arc::new(row.clone()));
    let after = small.visible_to(row.user_id);
    let lost = before.difference(&after).filter_map(|id| state.channels.get(id));
    Batch::new().put(row).and(channel::sealed(channel::closed(state, lost)))
}

/// Shows in voice what changed there.
async fn in_voice(
    app: &App,
    guild: &cache::Guild,
    target: Id<marker::User>,
    draft: &ModifyMember,
) -> Result<()> {
    if let Some(channel) = draft.channel_id.clone().change() {
        return voice::move_member(app, guild, target, channel).await;
    }
    if draft.mute.is_absent() && draft.deaf.is_absent() {
        return Ok(());
    }
    let there = guild.read().voice.get(&target).and_then(|state| state.channel_id);
    match voice::move_member(app, guild, target, there).await {
        // Not in voice, or going just now: it holds from the next time on.
        Err(Error::Reject(_)) => Ok(()),
        other => other,
    }
}

/// Whom somebody moved about in voice is not said, only how many and where to: there is no row of
/// theirs to be changed with it.
async fn note_move(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    draft: &ModifyMember,
) -> Result<()> {
    let entry = match draft.channel_id {
        Patch::Absent => return Ok(()),
        Patch::Null => Entry::new(action::MEMBER_DISCONNECT, None),
        Patch::Value(to) => Entry::new(action::MEMBER_MOVE, None).option("channel_id", to),
    };
    let (mut batch, mut events) = (Batch::new(), Vec::new());
    let lane = app.lane_named("audit log", (id, actor.user)).await;
    entry.count(app, id, actor.user, &mut batch, &mut events).await?;
    lane.enqueue(batch, events).durable().await
}

/// Gives a member a role. Needs MANAGE_ROLES and a higher place than the role.
pub async fn add_role(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    target: Id<marker::User>,
    role: Id<marker::Role>,
) -> Result<()> {
    set_role(app, actor, id, target, role, true).await
}

/// Takes a role from a member. Needs MANAGE_ROLES and a higher place than the role.
pub async fn remove_role(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    target: Id<marker::User>,
    role: Id<marker::Role>,
) -> Result<()> {
    set_role(app, actor, id, target, role, false).await
}

async fn set_role(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    target: Id<marker::User>,
    role: Id<marker::Role>,
    given: bool,
) -> Result<()> {
    access::require_guild(app, actor, id, Permissions::MANAGE_ROLES).await?;
    let user: Option<Arc<UserRow>> = app.users(&[target]).await?.pop().flatten();
    let (lane, guild) = guild::alone(app, id).await?;
    let (batch, events) = {
        let state = guild.read();
        guild::require(app, &state, actor, Permissions::MANAGE_ROLES)?;
        let (before, mut row) = found(&state, target)?;
        if !state.roles.contains_key(&role) || role == id.cast() {
            return no(Reject::Unknown(Code::UNKNOWN_ROLE));
        }
        may_assign(&state, actor, role)?;
        row.roles.retain(|held| *held != role);
        if given {
            row.roles.push(role);
            row.roles.sort_unstable();
        }
        if row == *before {
            return Ok(());
        }
        let Some(user) = &user else {
            return no(Reject::Unknown(Code::UNKNOWN_MEMBER));
        };
        let (mut batch, mut events) = (written(&state, &row), vec![updated(&row, user)]);
        for entry in entries(&state, &before, &row) {
            entry.write(app, id, actor.user, &mut batch, &mut events);
        }
        (batch, events)
    };
    lane.enqueue(batch, events).durable().await
}
