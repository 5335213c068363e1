//! Guilds: found, seen, changed, handed over, deleted.
//!
//! What changes a guild's structure is alone in its lane and decides by the cache, which is then
//! exactly what is on disk.

pub mod slug;
mod view;

use std::sync::Arc;

use proto::{
    Code, Id, Patch, Permissions,
    audit_log::action,
    channel::{GUILD_TEXT, GUILD_VOICE},
    gateway::Dispatch,
    guild::{Guild, ModifyGuild, UnavailableGuild, Visibility},
    marker,
    osc::{CreateGuild, ModifyGuildOsc},
};

use crate::{
    Actor, App, access,
    audit_log::Entry,
    bus::Event,
    cache::{self, GuildState},
    channel, directory,
    lane::Lane,
    member, name, picture, purge,
    reject::{Reject, Result, no},
    render,
    rows::{
        ChannelRow, DirectoryRow, GuildRow, MemberRow, Purge, RoleRow, SlugRow, TipRow, UserKind,
    },
    store::{Batch, Entity as _, Scan},
};

pub use view::{Mine, PREVIEW_MESSAGES, by_slug, get, mine, outline, preview, public, summary};
pub(crate) use view::{answers_to, at_slug};

/// How often an address is looked for anew when somebody else was faster.
const TRIES: usize = 4;

/// The guild's lane, with everything enqueued before it published: the cache is what is on disk.
pub(crate) async fn alone(
    app: &App,
    id: Id<marker::Guild>,
) -> Result<(Lane<'_>, Arc<cache::Guild>)> {
    let lane = app.lane_guild(id).await;
    app.flushed().await?;
    // Not loaded anew: that takes this very lane. Gone meanwhile is gone.
    match app.cache.guild(id) {
        Some(guild) => Ok((lane, guild)),
        None => no(Reject::Unknown(Code::UNKNOWN_GUILD)),
    }
}

/// The actor's permissions in the guild, if it is a member and has those needed.
pub(crate) fn require(
    app: &App,
    state: &GuildState,
    actor: &Actor,
    needed: Permissions,
) -> Result<Permissions> {
    if !state.members.contains_key(&actor.user) {
        return no(Reject::Unknown(Code::UNKNOWN_GUILD));
    }
    let have = state.permissions(actor.user, app.clock.now());
    if !have.contains(needed) {
        return no(Reject::Forbidden(needed.without(have)));
    }
    Ok(have)
}

/// Says no unless the actor owns the guild.
pub(crate) fn require_owner(app: &App, state: &GuildState, actor: &Actor) -> Result<()> {
    let have = require(app, state, actor, Permissions::NONE)?;
    if state.is_owner(actor.user) {
        return Ok(());
    }
    // Not even an administrator: what is missing has no bit.
    no(Reject::Forbidden(Permissions::ALL.without(have)))
}

/// Says no to everybody but the owner.
pub async fn owned_by(app: &App, actor: &Actor, id: Id<marker::Guild>) -> Result<()> {
    let (guild, _) = access::guild(app, actor, id).await?;
    require_owner(app, &guild.read(), actor)
}

/// Founds a room with #general and Voice.
pub async fn create(app: &App, actor: &Actor, draft: CreateGuild) -> Result<Guild> {
    actor.person()?;
    let id = app.ids.next();
    let mut turn = picture::turn(app, "icon", id).await?;
    let outcome = found(app, actor, id, draft, &mut turn).await;
    turn.settle().await;
    outcome
}

async fn found(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    draft: CreateGuild,
    turn: &mut picture::Turn<'_>,
) -> Result<Guild> {
    let name = name::display("name", &draft.name, app.limits.name_length)?;
    let description = description(app, draft.description)?;
    let icon = match draft.icon {
        Some(icon) => Some(turn.keep(actor.user, &icon).await?),
        None => None,
    };
    for _ in 0..TRIES {
        let lane = app.lane_member(id, actor.user).await;
        may_found(app, actor).await?;
        let slug = slug::fresh(app, draft.visibility, &name).await?;
        let row = GuildRow {
            id,
            owner_id: actor.user,
            name: name.clone(),
            description: description.clone(),
            icon: icon.clone(),
            slug,
            visibility: draft.visibility,
            guests_write: draft.guests_write.unwrap_or(true),
            system_channel_id: None,
            safety: Default::default(),
        };
        let (batch, events) = founding(app, actor, row).await?;
        match lane.enqueue(batch, events).durable_or_conflict().await? {
            Ok(()) => return whole(app, id).await,
            // Somebody took the address in the same moment.
            Err(conflict) if conflict.table == SlugRow::TABLE.name => {}
            Err(conflict) => return no(Reject::Conflict(conflict)),
        }
    }
    no(Reject::Refused(Code::SLUG_TAKEN))
}

/// All rows of a new guild, its own first.
async fn founding(app: &App, actor: &Actor, row: GuildRow) -> Result<(Batch, Vec<Event>)> {
    let id = row.id;
    let user = app.user(actor.user).await?;
    let everyone = RoleRow {
        guild_id: id,
        id: id.cast(),
        name: "@everyone".to_owned(),
        color: 0,
        hoist: false,
        position: 0,
        permissions: Permissions::DEFAULT_EVERYONE,
        mentionable: false,
        bot_id: None,
    };
    let owner = member::row(app, id, actor);
    let channels = [
        channel::row(app, id, GUILD_TEXT, "general".to_owned()),
        channel::row(app, id, GUILD_VOICE, "Voice".to_owned()),
    ];
    let mut batch = Batch::new().insert(&row).insert(&everyone).insert(&owner);
    for channel in &channels {
        let tip = TipRow {
            channel_id: channel.id,
            guild_id: Some(id),
            last_message_id: None,
            loud: Vec::new(),
            last_pin_at: None,
            messages: 0,
            sent: 0,
        };
        batch = batch.insert(channel).insert(&tip);
    }
    if let Some(slug) = &row.slug {
        batch = batch.insert(&SlugRow { slug: slug.clone(), guild_id: id });
    }
    let mut state = GuildState::new(row);
    state.members.insert(actor.user, Arc::new(owner.clone()));
    if let Some(listed) = directory::row(&state).filter(|_| app.policy.list_new_guilds) {
        batch = batch.insert(&listed);
    }
    Ok((batch, vec![member::added(&owner, &user)]))
}

/// Says no to somebody who owns or is in as many rooms as one can.
async fn may_found(app: &App, actor: &Actor) -> Result<()> {
    let most = most_owned(app, actor.kind);
    if owned(app, actor.user, most).await? >= most {
        return no(Reject::Refused(Code::MAX_GUILDS));
    }
    member::room_for_one_more(app, actor.user).await
}

fn most_owned(app: &App, kind: UserKind) -> usize {
    if kind == UserKind::Guest { app.limits.guest_owned_guilds } else { app.limits.owned_guilds }
}

async fn owned(app: &App, user: Id<marker::User>, most: usize) -> Result<usize> {
    let scan = Scan::of::<GuildRow>().by("by_owner").prefix(user).limit(most);
    Ok(app.store.scan::<GuildRow>(scan).await?.len())
}

/// The guild as it stands.
pub(crate) async fn whole(app: &App, id: Id<marker::Guild>) -> Result<Guild> {
    Ok(render::whole_guild(&app.guild(id).await?.read()))
}

fn description(app: &App, text: Option<String>) -> Result<Option<String>> {
    let text = text.map(|text| channel::lines("description", &text, app.limits.description_length));
    Ok(text.transpose()?.filter(|text| !text.is_empty()))
}

/// Changes what members see of the guild. Needs MANAGE_GUILD.
pub async fn edit(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    draft: ModifyGuild,
) -> Result<Guild> {
    access::require_guild(app, actor, id, Permissions::MANAGE_GUILD).await?;
    let mut turn = picture::turn(app, "icon", id).await?;
    let outcome = edited(app, actor, id, draft, &mut turn).await;
    turn.settle().await;
    outcome
}

async fn edited(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    draft: ModifyGuild,
    turn: &mut picture::Turn<'_>,
) -> Result<Guild> {
    let name = draft.name.map(|text| name::display("name", &text, app.limits.name_length));
    let (name, description) = (name.transpose()?, draft.description.change());
    let description = description.map(|text| self::description(app, text)).transpose()?;
    let icon = match draft.icon {
        Patch::Absent => None,
        Patch::Null => Some(None),
        Patch::Value(icon) => Some(Some(turn.keep(actor.user, &icon).await?)),
    };
    let (lane, guild) = alone(app, id).await?;
    let row = {
        let state = guild.read();
        require(app, &state, actor, Permissions::MANAGE_GUILD)?;
        let mut row = state.row.clone();
        row.name = name.unwrap_or(row.name);
        row.description = description.unwrap_or(row.description);
        row.icon = icon.unwrap_or(row.icon);
        if let Some(channel) = draft.system_channel_id.change() {
            system_channel(app, &state, actor, channel)?;
            row.system_channel_id = channel;
        }
        row
    };
    change(app, actor, lane, &guild, row, Batch::new()).await
}

/// A text channel that the actor sees, or none.
fn system_channel(
    app: &App,
    state: &GuildState,
    actor: &Actor,
    channel: Option<Id<marker::Channel>>,
) -> Result<()> {
    let Some(id) = channel else { return Ok(()) };
    let seen = state.channels.get(&id).filter(|channel| {
        let have = state.permissions_in(actor.user, channel, app.clock.now());
        channel.kind == GUILD_TEXT && have.contains(Permissions::VIEW_CHANNEL)
    });
    if seen.is_none() {
        let message = "There is no such text channel in this room.";
        return no(Reject::field("system_channel_id", "CHANNEL_INVALID", message));
    }
    Ok(())
}

/// Writes the changed guild and its entry in the directory, and tells.
async fn change(
    app: &App,
    actor: &Actor,
    lane: Lane<'_>,
    guild: &cache::Guild,
    row: GuildRow,
    more: Batch,
) -> Result<Guild> {
    let (answer, entry) = {
        let state = guild.read();
        if state.row == row && more.ops.is_empty() {
            return Ok(render::whole_guild(&state));
        }
        (render::changed_guild(&state, &row), entry(&state, &row))
    };
    let listed = app.store.get::<DirectoryRow>(guild.id).await?;
    let newly = guild.read().row.visibility != Visibility::Public && app.policy.list_new_guilds;
    let mut batch = Batch::new().put(&row).and(more);
    batch = match entry {
        Some(entry) if listed.is_some() || newly => batch.put(&entry),
        None if listed.is_some() => batch.delete::<DirectoryRow>(guild.id),
        _ => batch,
    };
    let told = Dispatch::GuildUpdate(Box::new(answer.clone()));
    let mut events = vec![Event::to_guild(guild.id, told)];
    let noted = noted(&guild.read().row, &row);
    noted.write(app, guild.id, actor.user, &mut batch, &mut events);
    lane.enqueue(batch, events).durable().await?;
    Ok(answer)
}

/// What the audit log says of a changed guild.
fn noted(before: &GuildRow, after: &GuildRow) -> Entry {
    Entry::new(action::GUILD_UPDATE, Some(after.id.cast()))
        .change("name", &before.name, &after.name)
        .change("description", &before.description, &after.description)
        .change("icon_hash", &before.icon, &after.icon)
        .change("owner_id", before.owner_id, after.owner_id)
        .change("system_channel_id", before.system_channel_id, after.system_channel_id)
        // Ours.
        .change("visibility", before.visibility, after.visibility)
        .change("slug", &before.slug, &after.slug)
        .change("guests_write", before.guests_write, after.guests_write)
}

/// The entry in the directory of this guild with another row.
fn entry(state: &GuildState, row: &GuildRow) -> Option<DirectoryRow> {
    let changed = GuildState { row: row.clone(), voice: Default::default(), ..state.clone() };
    directory::row(&changed)
}

/// Who finds the room, under which address, and whether guests may write. Needs MANAGE_GUILD.
pub async fn edit_osc(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    draft: ModifyGuildOsc,
) -> Result<Guild> {
    access::require_guild(app, actor, id, Permissions::MANAGE_GUILD).await?;
    for _ in 0..TRIES {
        let (lane, guild) = alone(app, id).await?;
        let before = {
            let state = guild.read();
            require(app, &state, actor, Permissions::MANAGE_GUILD)?;
            state.row.clone()
        };
        let visibility = draft.visibility.unwrap_or(before.visibility);
        let slug = slug::next(app, &before, visibility, &draft.slug).await?;
        let mut more = Batch::new();
        if let Some(slug) = &slug
            && app.store.get::<SlugRow>(slug.as_str()).await?.is_none()
        {
            more = more.insert(&SlugRow { slug: slug.clone(), guild_id: id });
        }
        if before.visibility == Visibility::Public && visibility != Visibility::Public {
            // Visitors were given addresses of files.
            more = more.and(channel::sealed(guild.read().channels.values()));
        }
        let guests_write = draft.guests_write.unwrap_or(before.guests_write);
        let row = GuildRow { slug, visibility, guests_write, ..before };
        match change(app, actor, lane, &guild, row, more).await {
            Err(crate::Error::Reject(Reject::Conflict(conflict)))
                if conflict.table == SlugRow::TABLE.name => {}
            other => return other,
        }
    }
    no(Reject::Refused(Code::SLUG_TAKEN))
}

/// Hands the room to another member, who needs an account.
pub async fn hand_over(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    to: Id<marker::User>,
) -> Result<Guild> {
    owned_by(app, actor, id).await?;
    let heir = app.users(&[to]).await?.pop().flatten();
    let (lane, guild) = alone(app, id).await?;
    let row = {
        let state = guild.read();
        require_owner(app, &state, actor)?;
        if !state.members.contains_key(&to) {
            return no(Reject::Unknown(Code::UNKNOWN_MEMBER));
        }
        GuildRow { owner_id: to, ..state.row.clone() }
    };
    if heir.is_none_or(|heir| heir.kind != UserKind::Account) {
        let message = "Only somebody with an account can own the room.";
        return no(Reject::field("user_id", "ACCOUNT_NEEDED", message));
    }
    if to != actor.user && owned(app, to, app.limits.owned_guilds).await? >= app.limits.owned_guilds
    {
        return no(Reject::Refused(Code::MAX_GUILDS));
    }
    change(app, actor, lane, &guild, row, Batch::new()).await
}

/// Deletes the room. What was written in it goes in the background.
pub async fn delete(app: &App, actor: &Actor, id: Id<marker::Guild>) -> Result<()> {
    owned_by(app, actor, id).await?;
    let turn = picture::turn(app, "icon", id).await?;
    let (lane, guild) = alone(app, id).await?;
    require_owner(app, &guild.read(), actor)?;
    let listed = app.store.get::<DirectoryRow>(id).await?;
    let mut batch = deletion(&guild.read());
    if listed.is_some() {
        batch = batch.delete::<DirectoryRow>(id);
    }
    let gone = Dispatch::GuildDelete(UnavailableGuild { id, unavailable: None });
    lane.enqueue(batch, vec![Event::to_guild(id, gone)]).durable().await?;
    turn.settle().await;
    Ok(())
}

/// The guild itself and what hangs on it. Its address stays taken for ever.
fn deletion(state: &GuildState) -> Batch {
    let id = state.row.id;
    let mut batch = Batch::new().delete::<GuildRow>(id);
    for channel in state.channels.keys() {
        batch = batch.delete::<ChannelRow>(*channel).delete::<TipRow>(*channel);
        batch = batch.put(&purge::row(Purge::Channel(*channel)));
    }
    for role in state.roles.keys() {
        batch = batch.delete::<RoleRow>((id, *role));
    }
    batch.put(&purge::row(Purge::Guild(id)))
}

/// Of these members' rows those of guilds that are still there.
pub(crate) async fn existing(app: &App, rows: Vec<MemberRow>) -> Result<Vec<MemberRow>> {
    use crate::store::IntoKey as _;
    let keys = rows.iter().map(|row| row.guild_id.into_key()).collect();
    let guilds = app.store.get_many::<GuildRow>(keys).await?;
    let there = rows.into_iter().zip(guilds).filter(|(_, guild)| guild.is_some());
    Ok(there.map(|(row, _)| row).collect())
}

#[cfg(test)]
pub(crate) mod tests;
