//! Custom emoji of rooms: uploaded, renamed, deleted. Those of applications are in `application`,
//! who may use which in `access`.
//!
//! A picture never changes: whoever wants another uploads another.

mod access;
pub mod application;

use std::collections::BTreeMap;

use proto::{
    Code, Id, Permissions,
    audit_log::action,
    emoji::{CreateEmoji, CustomEmoji, EditEmoji, EmojisUpdate},
    gateway::Dispatch,
    markdown, marker,
};

use crate::{
    Actor, App,
    access::{guild as visible, require_guild},
    audit_log::Entry,
    bus::Event,
    cache::GuildState,
    guild, picture,
    reject::{Reject, Result, no},
    render,
    rows::EmojiRow,
    store::{Batch, Scan},
};

pub(crate) use access::{key, named, usable_in_text, wire};

/// Rights by which emoji are changed: everybody's, or one's own.
const CHANGES: [Permissions; 2] =
    [Permissions::MANAGE_GUILD_EXPRESSIONS, Permissions::CREATE_GUILD_EXPRESSIONS];

/// What the audit log tells of one that was changed.
const KEYS: &[&str] = &["name", "roles"];

type EmojiId = Id<marker::Emoji>;

/// An emoji wherever it belongs, with what waits for the disk.
pub async fn find(app: &App, id: EmojiId) -> Result<Option<EmojiRow>> {
    let scan = Scan::of::<EmojiRow>().by("by_id").prefix(id).limit(1);
    Ok(app.store.scan::<EmojiRow>(scan).await?.into_iter().next())
}

fn unknown() -> Reject {
    Reject::Unknown(Code::UNKNOWN_EMOJI)
}

/// Emoji of a guild by id, with who uploaded them for those who may change some.
pub async fn list(app: &App, actor: &Actor, id: Id<marker::Guild>) -> Result<Vec<CustomEmoji>> {
    let (guild, have) = visible(app, actor, id).await?;
    let rows: Vec<_> = guild.read().emojis.values().cloned().collect();
    signed(app, &rows, may_change_some(have)).await
}

/// One emoji of a guild.
pub async fn get(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    emoji: EmojiId,
) -> Result<CustomEmoji> {
    let (guild, have) = visible(app, actor, id).await?;
    let row = guild.read().emojis.get(&emoji).cloned();
    let Some(row) = row else { return no(unknown()) };
    one(app, &row, may_change_some(have)).await
}

fn may_change_some(have: Permissions) -> bool {
    CHANGES.iter().any(|right| have.contains(*right))
}

async fn signed(app: &App, rows: &[EmojiRow], with_users: bool) -> Result<Vec<CustomEmoji>> {
    if !with_users {
        return Ok(rows.iter().map(render::emoji).collect());
    }
    let ids: Vec<_> = rows.iter().map(|row| row.user_id).collect();
    let users = app.users(&ids).await?;
    let signed = rows.iter().zip(users).map(|(row, user)| {
        let user = user.map_or_else(|| render::deleted_user(row.user_id), |row| render::user(&row));
        CustomEmoji { user: Some(user), ..render::emoji(row) }
    });
    Ok(signed.collect())
}

async fn one(app: &App, row: &EmojiRow, with_user: bool) -> Result<CustomEmoji> {
    let list = signed(app, std::slice::from_ref(row), with_user).await?;
    Ok(list.into_iter().next().expect("one row gives one emoji"))
}

/// Adds an emoji to a guild. Needs CREATE_GUILD_EXPRESSIONS.
pub async fn create(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    draft: CreateEmoji,
) -> Result<CustomEmoji> {
    require_guild(app, actor, id, Permissions::CREATE_GUILD_EXPRESSIONS).await?;
    let emoji: EmojiId = app.ids.next();
    let mut turn = picture::turn(app, "emoji", emoji).await?;
    let outcome = created(app, actor, id, emoji, draft, &mut turn).await;
    turn.settle().await;
    let row = outcome?;
    one(app, &row, true).await
}

async fn created(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    emoji: EmojiId,
    draft: CreateEmoji,
    turn: &mut picture::Turn<'_>,
) -> Result<EmojiRow> {
    let name = check_name(draft.name)?;
    let (hash, animated) = turn.keep_emoji(actor.user, &draft.image).await?;
    let (lane, guild) = guild::alone(app, id).await?;
    let (row, event) = {
        let state = guild.read();
        guild::require(app, &state, actor, Permissions::CREATE_GUILD_EXPRESSIONS)?;
        let alike = state.emojis.values().filter(|other| other.animated == animated).count();
        if alike >= app.limits.guild_emojis {
            let full = if animated { Code::MAX_ANIMATED_EMOJIS } else { Code::MAX_EMOJIS };
            return no(Reject::Refused(full));
        }
        let roles = check_roles(&state, draft.roles.unwrap_or_default())?;
        let owner_id = id.cast();
        let row =
            EmojiRow { owner_id, id: emoji, name, hash, animated, user_id: actor.user, roles };
        let mut after = state.emojis.clone();
        after.insert(emoji, row.clone());
        (row, told(id, &after))
    };
    let (mut batch, mut events) = (Batch::new().insert(&row), vec![event]);
    let entry = Entry::new(action::EMOJI_CREATE, Some(emoji.cast()));
    let entry = entry.change("name", (), &row.name);
    entry.write(app, id, actor.user, &mut batch, &mut events);
    lane.enqueue(batch, events).durable().await?;
    Ok(row)
}

/// All emoji of a guild as they are now.
fn told(guild_id: Id<marker::Guild>, after: &BTreeMap<EmojiId, EmojiRow>) -> Event {
    let emojis = after.values().map(render::emoji).collect();
    let update = EmojisUpdate { guild_id, emojis };
    Event::to_guild(guild_id, Dispatch::GuildEmojisUpdate(Box::new(update)))
}

fn check_name(name: String) -> Result<String> {
    let length = markdown::EMOJI_NAME;
    if !length.contains(&name.len()) {
        return no(Reject::length("name", *length.start(), *length.end()));
    }
    if !markdown::is_emoji_name(&name) {
        let message = "Use letters from A to Z, digits and underscores.";
        return no(Reject::field("name", "STRING_TYPE_REGEX", message));
    }
    Ok(name)
}

/// Roles of the guild, each once; @everyone is the same as none.
fn check_roles(
    state: &GuildState,
    roles: Vec<Option<Id<marker::Role>>>,
) -> Result<Vec<Id<marker::Role>>> {
    let everyone = state.row.id.cast();
    let mut roles: Vec<_> = roles.into_iter().flatten().filter(|id| *id != everyone).collect();
    roles.sort_unstable();
    roles.dedup();
    if roles.iter().any(|id| !state.roles.contains_key(id)) {
        return no(Reject::Refused(Code::INVALID_ROLE));
    }
    Ok(roles)
}

/// The emoji, if the actor may change it: with MANAGE_GUILD_EXPRESSIONS any, with
/// CREATE_GUILD_EXPRESSIONS one's own.
fn changeable<'a>(
    app: &App,
    state: &'a GuildState,
    actor: &Actor,
    emoji: EmojiId,
) -> Result<&'a EmojiRow> {
    let have = guild::require(app, state, actor, Permissions::NONE)?;
    let Some(row) = state.emojis.get(&emoji) else { return no(unknown()) };
    let own = row.user_id == actor.user;
    if have.contains(CHANGES[0]) || (own && have.contains(CHANGES[1])) {
        return Ok(row);
    }
    no(Reject::Forbidden(CHANGES[0]))
}

/// Says no to who may not change this emoji, before anything else is looked at.
pub async fn require_change(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    emoji: EmojiId,
) -> Result<()> {
    let (guild, _) = visible(app, actor, id).await?;
    changeable(app, &guild.read(), actor, emoji).map(drop)
}

/// Renames an emoji, or says which roles may use it.
pub async fn edit(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    emoji: EmojiId,
    draft: EditEmoji,
) -> Result<CustomEmoji> {
    require_change(app, actor, id, emoji).await?;
    let name = draft.name.map(check_name).transpose()?;
    let (lane, guild) = guild::alone(app, id).await?;
    let (row, event) = {
        let state = guild.read();
        let before = changeable(app, &state, actor, emoji)?;
        let mut row = before.clone();
        row.name = name.unwrap_or(row.name);
        if let Some(roles) = draft.roles.change() {
            row.roles = check_roles(&state, roles.unwrap_or_default())?;
        }
        let mut after = state.emojis.clone();
        let changed = row != *before;
        after.insert(emoji, row.clone());
        let entry = Entry::new(action::EMOJI_UPDATE, Some(emoji.cast()));
        let entry = entry.changes(&render::emoji(before), &render::emoji(&row), KEYS);
        (row, changed.then(|| (told(id, &after), entry)))
    };
    if let Some((event, entry)) = event {
        let (mut batch, mut events) = (Batch::new().put(&row), vec![event]);
        entry.write(app, id, actor.user, &mut batch, &mut events);
        lane.enqueue(batch, events).durable().await?;
    } else {
        drop(lane);
    }
    one(app, &row, true).await
}

/// Deletes an emoji. Where it was used its name stays.
pub async fn delete(app: &App, actor: &Actor, id: Id<marker::Guild>, emoji: EmojiId) -> Result<()> {
    require_change(app, actor, id, emoji).await?;
    let turn = picture::turn(app, "emoji", emoji).await?;
    let (lane, guild) = guild::alone(app, id).await?;
    let (event, entry) = {
        let state = guild.read();
        let row = changeable(app, &state, actor, emoji)?;
        let entry = Entry::new(action::EMOJI_DELETE, Some(emoji.cast()));
        let entry = entry.change("name", &row.name, ());
        let mut after = state.emojis.clone();
        after.remove(&emoji);
        (told(id, &after), entry)
    };
    let (mut batch, mut events) = (Batch::new().delete::<EmojiRow>((id, emoji)), vec![event]);
    entry.write(app, id, actor.user, &mut batch, &mut events);
    lane.enqueue(batch, events).durable().await?;
    turn.settle().await;
    Ok(())
}

/// A role goes: emoji that were its alone are everybody's.
pub(crate) fn without_role(state: &GuildState, role: Id<marker::Role>) -> Option<(Batch, Event)> {
    let mut after = state.emojis.clone();
    let mut batch = Batch::new();
    for row in after.values_mut().filter(|row| row.roles.contains(&role)) {
        row.roles.retain(|held| *held != role);
        batch = batch.put(row);
    }
    (!batch.ops.is_empty()).then(|| (batch, told(state.row.id, &after)))
}

/// Where the picture of an emoji lies.
pub async fn blob(app: &App, id: EmojiId) -> Result<Option<String>> {
    let scan = Scan::of::<EmojiRow>().by("by_id").prefix(id).limit(1);
    let Some(row) = app.disk.scan::<EmojiRow>(scan).await?.into_iter().next() else {
        return Ok(None);
    };
    picture::find(app, "emoji", id.get(), &row.hash).await
}

#[cfg(test)]
mod tests;
