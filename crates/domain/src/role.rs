//! Roles: made, changed, ordered, deleted.
//!
//! Nobody makes or changes a role at or above their own highest, nor puts a permission into one, or
//! takes one out, that they do not have. A bot's role comes and goes with the bot.

use std::{collections::BTreeMap, sync::Arc};

use proto::{
    Code, Id, Patch, Permissions,
    audit_log::action,
    gateway::{Dispatch, RoleDelete, RoleEvent},
    marker,
    role::{Role, RoleDraft, RolePosition},
};

use crate::{
    Actor, App, access,
    audit_log::Entry,
    bus::Event,
    cache::GuildState,
    channel, emoji, guild, name,
    reject::{Reject, Result, no},
    render,
    rows::{ChannelRow, MemberRow, RoleRow},
    store::Batch,
};

/// What the audit log says of a role.
const KEYS: &[&str] = &["name", "color", "hoist", "mentionable", "permissions"];

/// 0xRRGGBB.
const COLOR_MAX: u32 = 0xff_ffff;

/// Rights by which a role lets its members see channels.
const SIGHT: Permissions = Permissions::from_bits_truncate(
    Permissions::VIEW_CHANNEL.bits() | Permissions::ADMINISTRATOR.bits(),
);

fn changed(row: &RoleRow) -> Event {
    let event = RoleEvent { guild_id: row.guild_id, role: render::role(row) };
    Event::to_guild(row.guild_id, Dispatch::GuildRoleUpdate(event))
}

/// Roles of a guild with @everyone, lowest first.
pub async fn list(app: &App, actor: &Actor, id: Id<marker::Guild>) -> Result<Vec<Role>> {
    let (guild, _) = access::guild(app, actor, id).await?;
    Ok(rendered(&guild.read()))
}

fn rendered(state: &GuildState) -> Vec<Role> {
    let mut rows: Vec<_> = state.roles.values().collect();
    rows.sort_by_key(|row| (row.position, row.id));
    rows.into_iter().map(render::role).collect()
}

/// How many members have each role, @everyone left out.
pub async fn member_counts(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
) -> Result<BTreeMap<Id<marker::Role>, u32>> {
    let (guild, _) = access::guild(app, actor, id).await?;
    let state = guild.read();
    let roles = state.roles.keys().filter(|role| **role != id.cast());
    let mut counts: BTreeMap<_, u32> = roles.map(|role| (*role, 0)).collect();
    for role in state.members.values().flat_map(|member| &member.roles) {
        if let Some(count) = counts.get_mut(role) {
            *count += 1;
        }
    }
    Ok(counts)
}

/// One role.
pub async fn get(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    role: Id<marker::Role>,
) -> Result<Role> {
    let (guild, _) = access::guild(app, actor, id).await?;
    let state = guild.read();
    match state.roles.get(&role) {
        Some(row) => Ok(render::role(row)),
        None => no(Reject::Unknown(Code::UNKNOWN_ROLE)),
    }
}

/// Makes a role at the bottom. Needs MANAGE_ROLES.
pub async fn create(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    draft: RoleDraft,
) -> Result<Role> {
    access::require_guild(app, actor, id, Permissions::MANAGE_ROLES).await?;
    let (lane, guild) = guild::alone(app, id).await?;
    let (row, batch, events) = {
        let state = guild.read();
        let have = guild::require(app, &state, actor, Permissions::MANAGE_ROLES)?;
        if state.roles.len() >= app.limits.guild_roles {
            return no(Reject::Refused(Code::MAX_ROLES));
        }
        let everyone = state.roles.get(&id.cast()).map(|role| role.permissions);
        let mut row = RoleRow {
            guild_id: id,
            id: app.ids.next(),
            name: "new role".to_owned(),
            color: 0,
            hoist: false,
            position: 1,
            permissions: Permissions::NONE,
            mentionable: false,
            bot_id: None,
        };
        let wants_none = !matches!(draft.permissions, Patch::Value(_));
        apply(app, have, &mut row, draft)?;
        if wants_none {
            row.permissions = everyone.unwrap_or_default();
        }
        let (mut batch, mut events) = placed(&state, &row);
        let entry = Entry::new(action::ROLE_CREATE, Some(row.id.cast()));
        let entry = entry.changes(&(), &render::role(&row), KEYS);
        entry.write(app, id, actor.user, &mut batch, &mut events);
        (row, batch, events)
    };
    lane.enqueue(batch, events).durable().await?;
    Ok(render::role(&row))
}

/// A new role and the others, each one place higher.
pub(crate) fn placed(state: &GuildState, row: &RoleRow) -> (Batch, Vec<Event>) {
    let created = RoleEvent { guild_id: row.guild_id, role: render::role(row) };
    let created = Event::to_guild(row.guild_id, Dispatch::GuildRoleCreate(created));
    let (mut batch, mut events) = (Batch::new().insert(row), vec![created]);
    for other in state.roles.values().filter(|other| other.position >= row.position) {
        let other = RoleRow { position: other.position + 1, ..other.clone() };
        batch = batch.put(&other);
        events.push(changed(&other));
    }
    (batch, events)
}

/// Writes a draft into a role, as far as its writer may.
fn apply(app: &App, have: Permissions, row: &mut RoleRow, draft: RoleDraft) -> Result<()> {
    if let Patch::Value(text) = draft.name {
        row.name = name::display("name", &text, app.limits.name_length)?;
    }
    if let Patch::Value(permissions) = draft.permissions {
        let turned = permissions.without(row.permissions) | row.permissions.without(permissions);
        let missing = turned.without(have);
        if !missing.is_empty() {
            return no(Reject::Forbidden(missing));
        }
        row.permissions = permissions;
    }
    let color = match (draft.color, draft.colors) {
        (Patch::Value(color), _) => Some(color),
        (_, Patch::Value(colors)) => Some(colors.primary_color),
        (Patch::Null, _) | (_, Patch::Null) => Some(0),
        (Patch::Absent, Patch::Absent) => None,
    };
    if let Some(color) = color {
        if color > COLOR_MAX {
            let message = format!("Must be between 0 and {COLOR_MAX}.");
            return no(Reject::field("color", "NUMBER_TYPE_RANGE", message));
        }
        row.color = color;
    }
    row.hoist = draft.hoist.change().map_or(row.hoist, |value| value.unwrap_or(false));
    row.mentionable =
        draft.mentionable.change().map_or(row.mentionable, |value| value.unwrap_or(false));
    Ok(())
}

/// A role that the actor may change: below its own highest.
fn within_reach<'a>(
    state: &'a GuildState,
    actor: &Actor,
    role: Id<marker::Role>,
) -> Result<&'a RoleRow> {
    match state.roles.get(&role) {
        None => no(Reject::Unknown(Code::UNKNOWN_ROLE)),
        Some(row) if row.position >= state.rank(actor.user) => {
            no(Reject::Refused(Code::MISSING_PERMISSIONS))
        }
        Some(row) => Ok(row),
    }
}

/// Changes a role. Needs MANAGE_ROLES and a higher place.
pub async fn edit(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    role: Id<marker::Role>,
    draft: RoleDraft,
) -> Result<Role> {
    access::require_guild(app, actor, id, Permissions::MANAGE_ROLES).await?;
    let (lane, guild) = guild::alone(app, id).await?;
    let (row, batch, events) = {
        let state = guild.read();
        let have = guild::require(app, &state, actor, Permissions::MANAGE_ROLES)?;
        let before = within_reach(&state, actor, role)?;
        let mut row = before.clone();
        apply(app, have, &mut row, draft)?;
        if role == id.cast() {
            // @everyone is a word, not a name.
            row.name.clone_from(&before.name);
        }
        if row == *before {
            return Ok(render::role(&row));
        }
        let mut batch = Batch::new().put(&row);
        if !(before.permissions.without(row.permissions) & SIGHT).is_empty() {
            let all = channel::closed(&state, state.channels.values());
            batch = batch.and(channel::sealed(all));
        }
        let mut events = vec![changed(&row)];
        let entry = Entry::new(action::ROLE_UPDATE, Some(role.cast()));
        let entry = entry.changes(&render::role(before), &render::role(&row), KEYS);
        entry.write(app, id, actor.user, &mut batch, &mut events);
        (row, batch, events)
    };
    lane.enqueue(batch, events).durable().await?;
    Ok(render::role(&row))
}

/// Puts roles into another order; answers all. Needs MANAGE_ROLES; what is at or above the actor's
/// own highest role stays where it is, and nothing gets up there.
pub async fn reorder(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    moves: Vec<RolePosition>,
) -> Result<Vec<Role>> {
    access::require_guild(app, actor, id, Permissions::MANAGE_ROLES).await?;
    let (lane, guild) = guild::alone(app, id).await?;
    let (batch, events) = {
        let state = guild.read();
        guild::require(app, &state, actor, Permissions::MANAGE_ROLES)?;
        let before = ladder(&state);
        // Those that only made room are not worth an entry.
        let asked: Vec<_> = moves.iter().map(|moved| moved.id).collect();
        let after = moved(&state, &before, moves)?;
        let rank = state.rank(actor.user);
        let above = before.iter().filter(|row| row.position >= rank).count();
        let top = |list: &[&RoleRow]| -> Vec<_> {
            list[list.len() - above..].iter().map(|row| row.id).collect()
        };
        if top(&before) != top(&after) {
            return no(Reject::Refused(Code::MISSING_PERMISSIONS));
        }
        let (mut batch, mut events) = (Batch::new(), Vec::new());
        for (row, position) in after.into_iter().zip(1..) {
            if row.position != position {
                let (before, row) = (row.position, RoleRow { position, ..row.clone() });
                batch = batch.put(&row);
                events.push(changed(&row));
                if asked.contains(&row.id) {
                    let entry = Entry::new(action::ROLE_UPDATE, Some(row.id.cast()));
                    let entry = entry.change("position", before, position);
                    entry.write(app, id, actor.user, &mut batch, &mut events);
                }
            }
        }
        (batch, events)
    };
    if !batch.ops.is_empty() {
        lane.enqueue(batch, events).durable().await?;
    }
    Ok(rendered(&guild.read()))
}

/// Roles without @everyone, lowest first.
fn ladder(state: &GuildState) -> Vec<&RoleRow> {
    let roles = state.roles.values().filter(|row| row.id != state.row.id.cast());
    let mut roles: Vec<_> = roles.collect();
    // Of two in one place the older is the higher.
    roles.sort_by_key(|row| (row.position, std::cmp::Reverse(row.id)));
    roles
}

/// The ladder after some roles moved to other places of it; the rest keeps its order.
fn moved<'a>(
    state: &'a GuildState,
    before: &[&'a RoleRow],
    moves: Vec<RolePosition>,
) -> Result<Vec<&'a RoleRow>> {
    let mut wanted: Vec<(u32, &RoleRow)> = Vec::new();
    for RolePosition { id, position } in moves {
        let Some(row) = state.roles.get(&id) else {
            return no(Reject::Refused(Code::INVALID_ROLE));
        };
        let Some(position) = position else { continue };
        // @everyone is the ground; libraries send it along.
        if id == state.row.id.cast() {
            continue;
        }
        wanted.retain(|(_, other)| other.id != id);
        wanted.push((position.max(1), row));
    }
    wanted.sort_by_key(|(position, row)| (*position, row.position));
    let is_moved = |row: &&RoleRow| wanted.iter().any(|(_, other)| other.id == row.id);
    let mut after: Vec<_> = before.iter().copied().filter(|row| !is_moved(row)).collect();
    for (position, row) in &wanted {
        after.insert((*position as usize - 1).min(after.len()), row);
    }
    Ok(after)
}

/// Deletes a role. Needs MANAGE_ROLES and a higher place; @everyone and roles of bots stay.
pub async fn delete(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    role: Id<marker::Role>,
) -> Result<()> {
    access::require_guild(app, actor, id, Permissions::MANAGE_ROLES).await?;
    let (lane, guild) = guild::alone(app, id).await?;
    let (batch, events) = {
        let state = guild.read();
        guild::require(app, &state, actor, Permissions::MANAGE_ROLES)?;
        let row = within_reach(&state, actor, role)?;
        if role == id.cast() || row.bot_id.is_some() {
            return no(Reject::Refused(Code::INVALID_ROLE));
        }
        let (mut batch, mut events) = deletion(&state, row);
        let entry = Entry::new(action::ROLE_DELETE, Some(role.cast()));
        let entry = entry.changes(&render::role(row), &(), KEYS);
        entry.write(app, id, actor.user, &mut batch, &mut events);
        (batch, events)
    };
    lane.enqueue(batch, events).durable().await
}

/// The role, from all who have it and from all overwrites that name it.
fn deletion(state: &GuildState, row: &RoleRow) -> (Batch, Vec<Event>) {
    let id = state.row.id;
    let mut batch = Batch::new().delete::<RoleRow>((id, row.id));
    let gone = RoleDelete { guild_id: id, role_id: row.id };
    let mut events = vec![Event::to_guild(id, Dispatch::GuildRoleDelete(gone))];
    for member in state.members.values().filter(|member| member.roles.contains(&row.id)) {
        let mut member = MemberRow::clone(member);
        member.roles.retain(|held| *held != row.id);
        batch = batch.put(&member);
    }
    let mut sight = !(row.permissions & SIGHT).is_empty();
    let names = |channel: &ChannelRow| channel.overwrites.iter().any(|o| o.id == row.id.cast());
    let mut changed = Vec::new();
    for channel in state.channels.values().filter(|channel| names(channel)) {
        let mut channel = ChannelRow::clone(channel);
        channel.overwrites.retain(|overwrite| overwrite.id != row.id.cast());
        sight = true;
        changed.push(Arc::new(channel));
    }
    for channel in &changed {
        events.push(channel::updated(state, channel));
    }
    if let Some((changed, told)) = emoji::without_role(state, row.id) {
        batch = batch.and(changed);
        events.push(told);
    }
    if sight {
        let rest = state.channels.values().filter(|channel| !names(channel));
        let rest = channel::closed(state, rest);
        batch = batch.and(channel::sealed(rest)).and(channel::sealed(&changed));
    }
    (batch, events)
}

#[cfg(test)]
pub(crate) mod tests;
