//! Permission overwrites: what a role or a member is allowed and denied in one channel.
//!
//! Nobody gives or takes what they do not have themselves, and the right to change rights in a
//! channel is an administrator's to give. <https://github.com/discord/discord-api-docs/issues/1268>

use proto::{
    Code, Id, Permissions,
    audit_log::action,
    marker,
    permission::{OVERWRITE_MEMBER, OVERWRITE_ROLE, Overwrite},
};

use super::{guild_of, standing, updated};
use crate::{
    Actor, App, access,
    audit_log::Entry,
    cache::GuildState,
    guild,
    reject::{Reject, Result, no},
    rows::ChannelRow,
    store::Batch,
};

/// The overwrites of a channel, replaced as a whole. Needs MANAGE_ROLES if anything changes.
pub(super) fn set(
    app: &App,
    state: &GuildState,
    have: Permissions,
    row: &mut ChannelRow,
    wanted: Vec<Overwrite>,
) -> Result<()> {
    let wanted = all(app, state, have, &row.overwrites, wanted)?;
    if wanted == row.overwrites {
        return Ok(());
    }
    if !have.contains(Permissions::MANAGE_ROLES) {
        return no(Reject::Forbidden(Permissions::MANAGE_ROLES));
    }
    if takes_sight(&row.overwrites, &wanted) {
        row.epoch = row.epoch.wrapping_add(1);
    }
    row.overwrites = wanted;
    Ok(())
}

/// Checks overwrites that replace others; the last one for somebody counts.
pub(super) fn all(
    app: &App,
    state: &GuildState,
    have: Permissions,
    before: &[Overwrite],
    wanted: Vec<Overwrite>,
) -> Result<Vec<Overwrite>> {
    let mut after: Vec<Overwrite> = Vec::with_capacity(wanted.len());
    for (at, overwrite) in wanted.into_iter().enumerate() {
        if !before.iter().any(|known| same(known, &overwrite)) {
            let path = format!("permission_overwrites.{at}");
            is_of_guild(state, &overwrite, &path)?;
        }
        after.retain(|known| !same(known, &overwrite));
        after.push(overwrite);
    }
    if after.len() > app.limits.channel_overwrites {
        let most = app.limits.channel_overwrites;
        return no(Reject::length("permission_overwrites", 0, most));
    }
    within_rights(have, before, &after)?;
    Ok(after)
}

fn same(one: &Overwrite, other: &Overwrite) -> bool {
    (one.kind, one.id) == (other.kind, other.id)
}

fn is_of_guild(state: &GuildState, overwrite: &Overwrite, path: &str) -> Result<(), Reject> {
    let known = match overwrite.kind {
        OVERWRITE_ROLE => state.roles.contains_key(&overwrite.id.cast()),
        OVERWRITE_MEMBER => state.members.contains_key(&overwrite.id.cast()),
        _ => {
            let message = "Must be 0 (a role) or 1 (a member).";
            return Err(Reject::field(&format!("{path}.type"), "BASE_TYPE_CHOICES", message));
        }
    };
    if known {
        return Ok(());
    }
    let message = "There is no such role or member in this room.";
    Err(Reject::field(&format!("{path}.id"), "OVERWRITE_INVALID", message))
}

/// Bits that change must be the actor's own; MANAGE_ROLES only an administrator's.
fn within_rights(have: Permissions, before: &[Overwrite], after: &[Overwrite]) -> Result<()> {
    let mut changed = Permissions::NONE;
    for overwrite in before.iter().chain(after) {
        let in_list = |list: &[Overwrite]| {
            let found = list.iter().find(|known| same(known, overwrite));
            found.map_or((Permissions::NONE, Permissions::NONE), |known| (known.allow, known.deny))
        };
        let ((allow, deny), (allows, denies)) = (in_list(before), in_list(after));
        changed |= allow.without(allows) | allows.without(allow);
        changed |= deny.without(denies) | denies.without(deny);
    }
    let mut missing = changed.without(have);
    if changed.contains(Permissions::MANAGE_ROLES) {
        missing |= Permissions::ADMINISTRATOR.without(have);
    }
    if missing.is_empty() { Ok(()) } else { no(Reject::Forbidden(missing)) }
}

/// Whether somebody may see less than before.
fn takes_sight(before: &[Overwrite], after: &[Overwrite]) -> bool {
    let sight = Permissions::VIEW_CHANNEL;
    let said = |list: &[Overwrite], of: &Overwrite| {
        let known = list.iter().find(|known| same(known, of));
        known.map_or((false, false), |o| (o.allow.contains(sight), o.deny.contains(sight)))
    };
    let lost = |of: &Overwrite| {
        let ((allowed, denied), (allows, denies)) = (said(before, of), said(after, of));
        (allowed && !allows) || (!denied && denies)
    };
    before.iter().chain(after).any(lost)
}

/// Sets the overwrite of one role or member. Needs MANAGE_ROLES in the channel.
pub async fn set_overwrite(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    overwrite: Overwrite,
) -> Result<()> {
    replace(app, actor, channel, |state, list| {
        if !list.iter().any(|known| same(known, &overwrite)) {
            match is_of_guild(state, &overwrite, "") {
                Err(Reject::Invalid(fields)) if fields[0].code == "OVERWRITE_INVALID" => {
                    return no(Reject::Unknown(Code::UNKNOWN_OVERWRITE));
                }
                other => other?,
            }
        }
        list.retain(|known| !same(known, &overwrite));
        list.push(overwrite);
        Ok(())
    })
    .await
}

/// Removes the overwrite of a role or a member. Needs MANAGE_ROLES in the channel.
pub async fn delete_overwrite(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    of: Id<marker::Overwrite>,
) -> Result<()> {
    replace(app, actor, channel, |_, list| {
        let before = list.len();
        list.retain(|known| known.id != of);
        if list.len() == before {
            return no(Reject::Unknown(Code::UNKNOWN_OVERWRITE));
        }
        Ok(())
    })
    .await
}

/// The guild of the channel, if the actor may change overwrites there.
pub async fn may_overwrite(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
) -> Result<Id<marker::Guild>> {
    let place = access::channel(app, actor, channel).await?;
    let guild = guild_of(&place)?;
    place.require(Permissions::MANAGE_ROLES)?;
    Ok(guild)
}

async fn replace(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    change: impl FnOnce(&GuildState, &mut Vec<Overwrite>) -> Result<()>,
) -> Result<()> {
    let guild_id = may_overwrite(app, actor, channel).await?;
    let (lane, guild) = guild::alone(app, guild_id).await?;
    let (batch, events) = {
        let state = guild.read();
        let (before, have) = standing(app, &state, actor, channel, Permissions::MANAGE_ROLES)?;
        let mut wanted = before.overwrites.clone();
        change(&state, &mut wanted)?;
        let mut row = ChannelRow::clone(&before);
        set(app, &state, have, &mut row, wanted)?;
        if row == *before {
            return Ok(());
        }
        let (mut batch, mut events) = (Batch::new().put(&row), vec![updated(&state, &row)]);
        for entry in entries(&state, &before, &row) {
            entry.write(app, guild_id, actor.user, &mut batch, &mut events);
        }
        (batch, events)
    };
    lane.enqueue(batch, events).durable().await
}

/// What the audit log says of changed overwrites.
pub(super) fn entries(state: &GuildState, before: &ChannelRow, after: &ChannelRow) -> Vec<Entry> {
    let (old, new) = (&before.overwrites, &after.overwrites);
    let find = |list: &[Overwrite], of: &Overwrite| list.iter().find(|o| same(o, of)).cloned();
    let gone = old.iter().filter(|of| find(new, of).is_none());
    let about = new.iter().chain(gone);
    let entry = |of: &Overwrite| {
        let (was, is) = (find(old, of), find(new, of));
        let action = match (&was, &is) {
            (None, _) => action::CHANNEL_OVERWRITE_CREATE,
            (_, None) => action::CHANNEL_OVERWRITE_DELETE,
            _ => action::CHANNEL_OVERWRITE_UPDATE,
        };
        let entry = Entry::new(action, Some(after.id.cast()));
        let entry = entry.changes(&was, &is, &["id", "type", "allow", "deny"]);
        let entry = entry.option("id", of.id).option("type", of.kind);
        let role = state.roles.get(&of.id.cast()).filter(|_| of.kind == OVERWRITE_ROLE);
        role.map_or_else(|| entry.clone(), |role| entry.clone().option("role_name", &role.name))
    };
    about.map(entry).filter(|entry| !entry.is_empty()).collect()
}
