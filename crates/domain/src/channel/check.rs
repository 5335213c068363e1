//! What a channel may be: names, numbers, parents.

use std::{ops::RangeInclusive, sync::Arc};

use proto::{
    Id, Patch, Permissions,
    channel::{CreateChannel, GUILD_CATEGORY, GUILD_TEXT, ModifyChannel},
    marker,
};

use super::{order, overwrite, standing};
use crate::{
    Actor, App,
    cache::GuildState,
    name,
    reject::{Reject, Result, no},
    rows::ChannelRow,
    thread,
};

/// Slow mode, in seconds: up to six hours.
const SLOW_MODE: RangeInclusive<u32> = 0..=21_600;
const BITRATE: RangeInclusive<u32> = 8_000..=384_000;
const USER_LIMIT: RangeInclusive<u32> = 0..=99;
/// Fields of what new threads begin with.
const AUTO_ARCHIVE: &str = "default_auto_archive_duration";
const THREAD_SLOW: &str = "default_thread_rate_limit_per_user";
/// Libraries read it as a signed number.
const POSITION: RangeInclusive<u32> = 0..=i32::MAX as u32;

/// Lines of text that people see, without anything invisible.
pub(crate) fn lines(path: &str, text: &str, most: usize) -> Result<String, Reject> {
    let length = || Reject::length(path, 0, most);
    // No clean text of this many characters has more bytes before it is cleaned.
    if text.len() > most.saturating_mul(16) {
        return Err(length());
    }
    let Some(text) = name::clean_lines(text) else {
        let message = "It has characters that cannot be seen, or too many marks on one letter.";
        return Err(Reject::field(path, "TEXT_INVALID", message));
    };
    if text.chars().count() > most { Err(length()) } else { Ok(text) }
}

/// Text channels are named as one types them: small letters, dashes for spaces.
fn name(app: &App, kind: u8, text: &str) -> Result<String, Reject> {
    let most = app.limits.name_length;
    let text = name::display("name", text, most)?;
    if kind != GUILD_TEXT {
        return Ok(text);
    }
    let small: String = text.to_lowercase().split(' ').collect::<Vec<_>>().join("-");
    let plain = small.trim_matches('-').to_owned();
    if !(1..=most).contains(&plain.chars().count()) {
        return Err(Reject::length("name", 1, most));
    }
    Ok(plain)
}

fn topic(app: &App, text: Option<String>) -> Result<Option<String>, Reject> {
    let text = text.map(|text| lines("topic", &text, app.limits.topic_length)).transpose()?;
    Ok(text.filter(|text| !text.is_empty()))
}

fn within(path: &str, value: u32, range: RangeInclusive<u32>) -> Result<u32, Reject> {
    if range.contains(&value) {
        return Ok(value);
    }
    let message = format!("Must be between {} and {}.", range.start(), range.end());
    Err(Reject::field(path, "NUMBER_TYPE_RANGE", message))
}

/// The category that a channel is to stand in.
fn parent(
    app: &App,
    state: &GuildState,
    actor: &Actor,
    kind: u8,
    id: Id<marker::Channel>,
) -> Result<Arc<ChannelRow>> {
    let wrong = || {
        let message = "There is no such category in this room.";
        Reject::field("parent_id", "CHANNEL_PARENT_INVALID", message)
    };
    if kind == GUILD_CATEGORY {
        let message = "A category cannot stand in another.";
        return no(Reject::field("parent_id", "CHANNEL_PARENT_INVALID", message));
    }
    let seen = state.channels.get(&id).filter(|row| row.kind == GUILD_CATEGORY).filter(|row| {
        let have = state.permissions_in(actor.user, row, app.clock.now());
        have.contains(Permissions::VIEW_CHANNEL)
    });
    seen.ok_or_else(wrong)?;
    let (row, _) = standing(app, state, actor, id, Permissions::MANAGE_CHANNELS)?;
    Ok(row)
}

/// A new channel. Without overwrites of its own it takes those of its category.
pub(super) fn new(
    app: &App,
    state: &GuildState,
    actor: &Actor,
    have: Permissions,
    draft: CreateChannel,
) -> Result<ChannelRow> {
    let kind = draft.kind.unwrap_or(GUILD_TEXT);
    if !super::is_known(kind) {
        let message = "Only text channels (0), voice channels (2) and categories (4) can be made.";
        return no(Reject::field("type", "BASE_TYPE_CHOICES", message));
    }
    let mut row = super::row(app, state.row.id, kind, name(app, kind, &draft.name)?);
    row.topic = topic(app, draft.topic)?;
    row.nsfw = draft.nsfw.unwrap_or(false);
    let slow = draft.rate_limit_per_user.unwrap_or(0);
    row.rate_limit_per_user = within("rate_limit_per_user", slow, SLOW_MODE)?;
    row.bitrate = within("bitrate", draft.bitrate.unwrap_or(row.bitrate), BITRATE)?;
    row.user_limit = within("user_limit", draft.user_limit.unwrap_or(0), USER_LIMIT)?;
    let auto_archive = draft.default_auto_archive_duration;
    let auto_archive = auto_archive.map(|minutes| thread::auto_archive(AUTO_ARCHIVE, minutes));
    row.thread_auto_archive = auto_archive.transpose()?.unwrap_or(0);
    let slow = draft.default_thread_rate_limit_per_user.unwrap_or(0);
    row.thread_rate_limit = within(THREAD_SLOW, slow, SLOW_MODE)?;
    row.position = match draft.position {
        Some(position) => within("position", position, POSITION)?,
        None => last(state, &row),
    };
    let parent = draft.parent_id.map(|id| parent(app, state, actor, kind, id)).transpose()?;
    row.parent_id = parent.as_ref().map(|parent| parent.id);
    row.overwrites = match (draft.permission_overwrites, parent) {
        (Some(wanted), _) => overwrite::all(app, state, have, &[], wanted)?,
        (None, Some(parent)) => parent.overwrites.clone(),
        (None, None) => Vec::new(),
    };
    Ok(row)
}

/// The place after all others of its type.
fn last(state: &GuildState, row: &ChannelRow) -> u32 {
    let alike = |other: &&Arc<ChannelRow>| {
        (other.kind == GUILD_CATEGORY) == (row.kind == GUILD_CATEGORY)
            && order(other).0 == order(row).0
    };
    let places = state.channels.values().filter(alike).map(|other| other.position);
    places.max().map_or(0, |last| last.saturating_add(1).min(*POSITION.end()))
}

/// The channel after a change.
pub(super) fn changed(
    app: &App,
    state: &GuildState,
    actor: &Actor,
    have: Permissions,
    before: &ChannelRow,
    draft: ModifyChannel,
) -> Result<ChannelRow> {
    let mut row = before.clone();
    if let Some(text) = draft.name {
        row.name = name(app, row.kind, &text)?;
    }
    if let Some(text) = draft.topic.change() {
        row.topic = topic(app, text)?;
    }
    row.nsfw = draft.nsfw.change().map_or(row.nsfw, |nsfw| nsfw.unwrap_or(false));
    let number = |patch: Patch<u32>, path: &str, range, none: u32, now: u32| {
        patch.change().map_or(Ok(now), |value| within(path, value.unwrap_or(none), range))
    };
    row.rate_limit_per_user = number(
        draft.rate_limit_per_user,
        "rate_limit_per_user",
        SLOW_MODE,
        0,
        row.rate_limit_per_user,
    )?;
    let slow = draft.default_thread_rate_limit_per_user;
    row.thread_rate_limit = number(slow, THREAD_SLOW, SLOW_MODE, 0, row.thread_rate_limit)?;
    if let Some(minutes) = draft.default_auto_archive_duration.change() {
        let minutes = minutes.map(|minutes| thread::auto_archive(AUTO_ARCHIVE, minutes));
        row.thread_auto_archive = minutes.transpose()?.unwrap_or(0);
    }
    row.bitrate = number(draft.bitrate, "bitrate", BITRATE, 64_000, row.bitrate)?;
    row.user_limit = number(draft.user_limit, "user_limit", USER_LIMIT, 0, row.user_limit)?;
    row.position = number(draft.position, "position", POSITION, row.position, row.position)?;
    match draft.parent_id {
        Patch::Absent => {}
        Patch::Null => row.parent_id = None,
        Patch::Value(id) if row.parent_id == Some(id) => {}
        Patch::Value(id) => row.parent_id = Some(parent(app, state, actor, row.kind, id)?.id),
    }
    if let Some(wanted) = draft.permission_overwrites.change() {
        overwrite::set(app, state, have, &mut row, wanted.unwrap_or_default())?;
    }
    Ok(row)
}
