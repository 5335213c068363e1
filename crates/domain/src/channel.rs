//! Channels of a guild: made, changed, ordered, deleted; and who is allowed what in them.

mod check;
mod overwrite;

use std::sync::Arc;

use proto::{
    Code, Id, Patch, Permissions,
    audit_log::action,
    channel::{
        Channel, ChannelPosition, CreateChannel, GROUP_DM, GUILD_TEXT, GUILD_VOICE, ModifyChannel,
    },
    gateway::Dispatch,
    guild::Guild,
    invite::InviteDelete,
    marker,
};

use crate::{
    Actor, App, access,
    audit_log::Entry,
    bus::{Audience, Event},
    cache::GuildState,
    dm, group, guild, invite, purge,
    reject::{Reject, Result, no},
    render,
    rows::{ChannelRow, GuildRow, InviteRow, Purge, TipRow, WebhookRow},
    store::Batch,
    thread, webhook,
};

pub(crate) use check::lines;
pub use overwrite::{delete_overwrite, may_overwrite, set_overwrite};

/// What the audit log says of a channel.
const KEYS: &[&str] = &[
    "name",
    "type",
    "topic",
    "nsfw",
    "rate_limit_per_user",
    "bitrate",
    "user_limit",
    "parent_id",
    "position",
];

/// A new channel as it is if nothing else is asked for.
pub(crate) fn row(app: &App, guild: Id<marker::Guild>, kind: u8, name: String) -> ChannelRow {
    ChannelRow {
        id: app.ids.next(),
        guild_id: Some(guild),
        kind,
        name,
        position: 0,
        topic: None,
        parent_id: None,
        nsfw: false,
        rate_limit_per_user: 0,
        bitrate: 64_000,
        user_limit: 0,
        overwrites: Vec::new(),
        recipients: Vec::new(),
        epoch: 0,
        owner_id: None,
        icon: None,
        thread_auto_archive: 0,
        thread_rate_limit: 0,
    }
}

/// Sorts channels as people see them: text above voice, then by place.
pub(crate) fn order(row: &ChannelRow) -> (bool, u32, Id<marker::Channel>) {
    (row.kind == GUILD_VOICE, row.position, row.id)
}

/// Ends the signed addresses of files in these channels: somebody lost sight of them.
pub(crate) fn sealed<'a>(rows: impl IntoIterator<Item = &'a Arc<ChannelRow>>) -> Batch {
    rows.into_iter().fold(Batch::new(), |batch, row| {
        batch.put(&ChannelRow { epoch: row.epoch.wrapping_add(1), ..ChannelRow::clone(row) })
    })
}

/// Channels whose files visitors cannot see: those worth sealing when a member goes.
pub(crate) fn closed<'a>(
    state: &'a GuildState,
    rows: impl IntoIterator<Item = &'a Arc<ChannelRow>>,
) -> Vec<&'a Arc<ChannelRow>> {
    let public = state.row.visibility == proto::guild::Visibility::Public;
    let open = |row: &ChannelRow| {
        public && state.permissions_of_everyone(row).contains(Permissions::VIEW_CHANNEL)
    };
    rows.into_iter().filter(|row| !open(row)).collect()
}

/// The channel in its guild, and what the actor may there. Invisible looks like missing.
fn standing(
    app: &App,
    state: &GuildState,
    actor: &Actor,
    id: Id<marker::Channel>,
    needed: Permissions,
) -> Result<(Arc<ChannelRow>, Permissions)> {
    let now = app.clock.now();
    let seen = state.channels.get(&id).map(|channel| {
        let have = state.permissions_in(actor.user, channel, now);
        (channel.clone(), have)
    });
    match seen.filter(|(_, have)| have.contains(Permissions::VIEW_CHANNEL)) {
        Some((_, have)) if !have.contains(needed) => no(Reject::Forbidden(needed.without(have))),
        Some(found) => Ok(found),
        None => no(Reject::Unknown(Code::UNKNOWN_CHANNEL)),
    }
}

fn told(guild: Id<marker::Guild>, channel: Id<marker::Channel>, dispatch: Dispatch) -> Event {
    Event::Dispatch(Audience::Channel(guild, channel), dispatch)
}

pub(crate) fn updated(state: &GuildState, row: &ChannelRow) -> Event {
    let channel = render::channel(row, state.tips.get(&row.id));
    told(state.row.id, row.id, Dispatch::ChannelUpdate(Box::new(channel)))
}

/// The guild of a channel that is changed; a direct message has nothing to change.
fn guild_of(place: &access::Place) -> Result<Id<marker::Guild>> {
    place.guild_id().ok_or_else(|| Reject::Refused(Code::DM_EXECUTE).into())
}

/// Channels of a guild that the actor sees.
pub async fn list(app: &App, actor: &Actor, id: Id<marker::Guild>) -> Result<Vec<Channel>> {
    let (guild, _) = access::guild(app, actor, id).await?;
    let state = guild.read();
    let seen = state.visible_to(actor.user);
    let mut rows: Vec<_> = seen.iter().filter_map(|id| state.channels.get(id)).collect();
    rows.sort_by_key(|row| order(row));
    Ok(rows.iter().map(|row| render::channel(row, state.tips.get(&row.id))).collect())
}

/// A channel, also a direct message.
pub async fn get(app: &App, actor: &Actor, id: Id<marker::Channel>) -> Result<Channel> {
    let place = access::channel(app, actor, id).await?;
    if place.thread.is_some() {
        return thread::get(app, actor, &place).await;
    }
    match &place.guild {
        None => dm::render_for(app, &place.channel, actor.user).await,
        Some(guild) => Ok(render::channel(&place.channel, guild.read().tips.get(&id))),
    }
}

/// Makes a channel. Needs MANAGE_CHANNELS.
pub async fn create(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    draft: CreateChannel,
) -> Result<Channel> {
    access::require_guild(app, actor, id, Permissions::MANAGE_CHANNELS).await?;
    let (lane, guild) = guild::alone(app, id).await?;
    let row = {
        let state = guild.read();
        let have = guild::require(app, &state, actor, Permissions::MANAGE_CHANNELS)?;
        if state.channels.len() >= app.limits.guild_channels {
            return no(Reject::Refused(Code::MAX_CHANNELS));
        }
        check::new(app, &state, actor, have, draft)?
    };
    let tip = TipRow {
        channel_id: row.id,
        guild_id: Some(id),
        last_message_id: None,
        loud: Vec::new(),
        last_pin_at: None,
        messages: 0,
        sent: 0,
    };
    let answer = render::channel(&row, Some(&tip));
    let event = told(id, row.id, Dispatch::ChannelCreate(Box::new(answer.clone())));
    let (mut batch, mut events) = (Batch::new().insert(&row).insert(&tip), vec![event]);
    let entry = Entry::new(action::CHANNEL_CREATE, Some(row.id.cast()));
    let entry = entry.changes(&(), &answer, KEYS).changes(&(), &answer, &["permission_overwrites"]);
    entry.write(app, id, actor.user, &mut batch, &mut events);
    lane.enqueue(batch, events).durable().await?;
    Ok(answer)
}

/// Changes a channel. Needs MANAGE_CHANNELS there, and MANAGE_ROLES for its overwrites.
pub async fn edit(
    app: &App,
    actor: &Actor,
    id: Id<marker::Channel>,
    draft: ModifyChannel,
) -> Result<Channel> {
    let place = access::channel(app, actor, id).await?;
    let guild_id = guild_of(&place)?;
    place.require(Permissions::MANAGE_CHANNELS)?;
    let (lane, guild) = guild::alone(app, guild_id).await?;
    let (batch, events, answer) = {
        let state = guild.read();
        let (before, have) = standing(app, &state, actor, id, Permissions::MANAGE_CHANNELS)?;
        let row = check::changed(app, &state, actor, have, &before, draft)?;
        let answer = render::channel(&row, state.tips.get(&id));
        if row == *before {
            return Ok(answer);
        }
        let (mut batch, mut events) = (Batch::new().put(&row), vec![updated(&state, &row)]);
        for entry in entries(&state, &before, &row) {
            entry.write(app, guild_id, actor.user, &mut batch, &mut events);
        }
        (batch, events, answer)
    };
    lane.enqueue(batch, events).durable().await?;
    Ok(answer)
}

/// Puts channels into another order and into other categories. Needs MANAGE_CHANNELS.
pub async fn reorder(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    moves: Vec<ChannelPosition>,
) -> Result<()> {
    access::require_guild(app, actor, id, Permissions::MANAGE_CHANNELS).await?;
    let (lane, guild) = guild::alone(app, id).await?;
    let (mut batch, mut events) = (Batch::new(), Vec::new());
    {
        let state = guild.read();
        guild::require(app, &state, actor, Permissions::MANAGE_CHANNELS)?;
        for moved in moves.into_iter().take(app.limits.guild_channels) {
            let needed = Permissions::MANAGE_CHANNELS;
            let (before, have) = standing(app, &state, actor, moved.id, needed)?;
            let mut draft = ModifyChannel {
                position: moved.position.map_or(Patch::Absent, Patch::Value),
                ..ModifyChannel::default()
            };
            if moved.lock_permissions == Some(true)
                && let Patch::Value(parent) = moved.parent_id
                && let Some(parent) = state.channels.get(&parent)
            {
                draft.permission_overwrites = Patch::Value(parent.overwrites.clone());
            }
            draft.parent_id = moved.parent_id;
            let row = check::changed(app, &state, actor, have, &before, draft)?;
            if row != *before {
                batch = batch.put(&row);
                events.push(updated(&state, &row));
                for entry in entries(&state, &before, &row) {
                    entry.write(app, id, actor.user, &mut batch, &mut events);
                }
            }
        }
    }
    if batch.ops.is_empty() {
        return Ok(());
    }
    lane.enqueue(batch, events).durable().await
}

/// Deletes a channel, or takes a direct message out of the actor's list. Answers what it was.
pub async fn delete(app: &App, actor: &Actor, id: Id<marker::Channel>) -> Result<Channel> {
    let place = access::channel(app, actor, id).await?;
    let Some(guild_id) = place.guild_id() else {
        return match place.channel.kind {
            GROUP_DM => group::leave(app, actor, id).await,
            _ => dm::close(app, actor, &place.channel).await,
        };
    };
    if place.thread.is_some() {
        return thread::delete(app, actor, id).await;
    }
    place.require(Permissions::MANAGE_CHANNELS)?;
    let (lane, guild) = guild::alone(app, guild_id).await?;
    let invites = invite::rows(app, guild_id).await?;
    let webhooks = webhook::rows(app, id).await?;
    let (batch, events, answer) = {
        let state = guild.read();
        let (row, _) = standing(app, &state, actor, id, Permissions::MANAGE_CHANNELS)?;
        let answer = render::channel(&row, state.tips.get(&id));
        let (mut batch, mut events) = deletion(&state, &row, &answer, &invites);
        for webhook in &webhooks {
            batch = batch.delete::<WebhookRow>(webhook.id);
        }
        let entry = Entry::new(action::CHANNEL_DELETE, Some(id.cast()));
        let entry = entry.changes(&answer, &(), KEYS);
        let entry = entry.changes(&answer, &(), &["permission_overwrites"]);
        entry.write(app, guild_id, actor.user, &mut batch, &mut events);
        (batch, events, answer)
    };
    lane.enqueue(batch, events).durable().await?;
    Ok(answer)
}

/// What the audit log says of a change: of the channel itself, and of each overwrite.
fn entries(state: &GuildState, before: &ChannelRow, after: &ChannelRow) -> Vec<Entry> {
    let [old, new] = [before, after].map(|row| render::channel(row, None));
    let own = Entry::new(action::CHANNEL_UPDATE, Some(after.id.cast())).changes(&old, &new, KEYS);
    let mut all = overwrite::entries(state, before, after);
    if !own.is_empty() {
        all.insert(0, own);
    }
    all
}

/// The channel with its invites; what stood in it as a category stands on its own.
fn deletion(
    state: &GuildState,
    row: &ChannelRow,
    answer: &Channel,
    invites: &[InviteRow],
) -> (Batch, Vec<Event>) {
    let guild_id = state.row.id;
    let mut batch = Batch::new().delete::<ChannelRow>(row.id).delete::<TipRow>(row.id);
    batch = batch.put(&purge::row(Purge::Channel(row.id)));
    let mut events = Vec::new();
    for child in state.channels.values().filter(|child| child.parent_id == Some(row.id)) {
        let child = ChannelRow { parent_id: None, ..ChannelRow::clone(child) };
        batch = batch.put(&child);
        events.push(updated(state, &child));
    }
    for invite in invites.iter().filter(|invite| invite.channel_id == row.id) {
        batch = batch.delete::<InviteRow>(invite.code.as_str());
        let code = invite.code.clone();
        let gone = InviteDelete { channel_id: row.id, guild_id, code };
        events.push(invite::told(guild_id, Dispatch::InviteDelete(gone)));
    }
    if state.row.system_channel_id == Some(row.id) {
        let changed = GuildRow { system_channel_id: None, ..state.row.clone() };
        let told: Guild = render::changed_guild(state, &changed);
        batch = batch.put(&changed);
        events.push(Event::to_guild(guild_id, Dispatch::GuildUpdate(Box::new(told))));
    }
    events.push(told(guild_id, row.id, Dispatch::ChannelDelete(Box::new(answer.clone()))));
    (batch, events)
}

/// Whether a channel of this type is one of a guild that can be made.
fn is_known(kind: u8) -> bool {
    matches!(kind, GUILD_TEXT | GUILD_VOICE | proto::channel::GUILD_CATEGORY)
}

#[cfg(test)]
mod tests;
