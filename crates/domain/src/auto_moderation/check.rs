//! Whether a rule is sound.

use std::collections::BTreeSet;

use proto::{
    Permissions,
    auto_moderation::{
        Action, ActionDraft, ActionMetadata, BLOCK_MEMBER_INTERACTION, BLOCK_MESSAGE, KEYWORD,
        KEYWORD_PRESET, MEMBER_PROFILE, MEMBER_UPDATE, MENTION_SPAM, MESSAGE_SEND, RuleDraft,
        SEND_ALERT_MESSAGE, SPAM, TIMEOUT, TriggerMetadata,
    },
    channel::{GUILD_TEXT, GUILD_VOICE},
};

use super::matcher;
use crate::{
    Actor, App,
    cache::GuildState,
    name,
    reject::{Reject, Result, no},
    rows::AutoModerationRow,
};

/// As documented.
const KEYWORDS: usize = 1_000;
const KEYWORD_LENGTH: usize = 60;
const PATTERNS: usize = 10;
const PATTERN_LENGTH: usize = 260;
const ALLOWED: usize = 100;
const ALLOWED_IN_PRESET: usize = 1_000;
const MENTIONS: u32 = 50;
/// Mentions of a message, unless the rule says otherwise.
const MENTIONS_USUAL: u32 = 20;
const ACTIONS: usize = 5;
const EXEMPT_ROLES: usize = 20;
const EXEMPT_CHANNELS: usize = 50;
const CUSTOM_MESSAGE: usize = 300;
/// Four weeks.
const TIMEOUT_S: u32 = 2_419_200;

/// The row with what a draft changes; a blank row becomes a whole one.
pub fn changed(
    app: &App,
    actor: &Actor,
    state: &GuildState,
    before: &AutoModerationRow,
    draft: RuleDraft,
) -> Result<AutoModerationRow> {
    let new = before.trigger_type == 0;
    let mut row = before.clone();
    row.trigger_type = match draft.trigger_type {
        Some(kind) if new || kind == before.trigger_type => kind,
        None if !new => before.trigger_type,
        None => return no(required("trigger_type")),
        Some(_) => return no(choice("trigger_type", "The kind of a rule stays what it is.")),
    };
    if let Some(text) = draft.name {
        row.name = name::display("name", &text, app.limits.name_length)?;
    } else if new {
        return no(required("name"));
    }
    let looks_at = if row.trigger_type == MEMBER_PROFILE { MEMBER_UPDATE } else { MESSAGE_SEND };
    row.event_type = match draft.event_type {
        Some(event) if event == looks_at => event,
        Some(_) => return no(choice("event_type", "This kind of rule looks at something else.")),
        None if new => return no(required("event_type")),
        None => before.event_type,
    };
    if new || draft.trigger_metadata.is_some() {
        let wish = draft.trigger_metadata.unwrap_or_default();
        // A change names what changes within it, too.
        row.trigger = trigger(app, row.trigger_type, merged(&before.trigger, wish))?;
    }
    match draft.actions {
        Some(drafts) => row.actions = actions(app, actor, state, row.trigger_type, drafts)?,
        None if new => return no(required("actions")),
        None => {}
    }
    row.enabled = draft.enabled.unwrap_or(row.enabled);
    if let Some(roles) = draft.exempt_roles {
        row.exempt_roles = few("exempt_roles", roles, EXEMPT_ROLES)?;
        // What was deleted meanwhile is left out, so that old lists can be sent again.
        row.exempt_roles.retain(|role| state.roles.contains_key(role));
    }
    if let Some(channels) = draft.exempt_channels {
        row.exempt_channels = few("exempt_channels", channels, EXEMPT_CHANNELS)?;
        row.exempt_channels.retain(|channel| state.channels.contains_key(channel));
    }
    Ok(row)
}

fn required(path: &str) -> Reject {
    Reject::field(path, "BASE_TYPE_REQUIRED", "This field is required")
}

fn choice(path: &str, message: &str) -> Reject {
    Reject::field(path, "BASE_TYPE_CHOICES", message)
}

fn few<T: Ord>(path: &str, list: Vec<T>, most: usize) -> Result<Vec<T>> {
    let list: BTreeSet<T> = list.into_iter().collect();
    if list.len() > most {
        return no(Reject::length(path, 0, most));
    }
    Ok(list.into_iter().collect())
}

fn merged(before: &TriggerMetadata, wish: TriggerMetadata) -> TriggerMetadata {
    let before = before.clone();
    TriggerMetadata {
        keyword_filter: wish.keyword_filter.or(before.keyword_filter),
        regex_patterns: wish.regex_patterns.or(before.regex_patterns),
        presets: wish.presets.or(before.presets),
        allow_list: wish.allow_list.or(before.allow_list),
        mention_total_limit: wish.mention_total_limit.or(before.mention_total_limit),
        mention_raid_protection_enabled: wish
            .mention_raid_protection_enabled
            .or(before.mention_raid_protection_enabled),
    }
}

/// What a rule of this kind looks for: its own keys, all there.
pub fn trigger(app: &App, kind: u8, wish: TriggerMetadata) -> Result<TriggerMetadata> {
    let nothing = TriggerMetadata::default();
    let at = |key: &str| format!("trigger_metadata.{key}");
    let texts = |key: &str, list: Option<Vec<String>>, most: usize, length: usize| {
        words(&at(key), list.unwrap_or_default(), most, length)
    };
    Ok(match kind {
        KEYWORD | MEMBER_PROFILE => {
            let patterns = texts("regex_patterns", wish.regex_patterns, PATTERNS, PATTERN_LENGTH)?;
            for (n, text) in patterns.iter().enumerate() {
                if let Err(error) = matcher::pattern(text, app.limits.pattern_bytes) {
                    let path = at(&format!("regex_patterns.{n}"));
                    let message = format!("This is no pattern: {error}");
                    return no(Reject::field(&path, "AUTO_MODERATION_INVALID_REGEX", message));
                }
            }
            TriggerMetadata {
                keyword_filter: Some(texts(
                    "keyword_filter",
                    wish.keyword_filter,
                    KEYWORDS,
                    KEYWORD_LENGTH,
                )?),
                regex_patterns: Some(patterns),
                allow_list: Some(texts("allow_list", wish.allow_list, ALLOWED, KEYWORD_LENGTH)?),
                ..nothing
            }
        }
        SPAM => nothing,
        KEYWORD_PRESET => {
            let presets = few(&at("presets"), wish.presets.unwrap_or_default(), 3)?;
            if presets.iter().any(|preset| !(1..=3).contains(preset)) {
                return no(choice(&at("presets"), "Must be 1, 2 or 3."));
            }
            let allowed = texts("allow_list", wish.allow_list, ALLOWED_IN_PRESET, KEYWORD_LENGTH)?;
            TriggerMetadata { presets: Some(presets), allow_list: Some(allowed), ..nothing }
        }
        MENTION_SPAM => {
            let limit = wish.mention_total_limit.unwrap_or(MENTIONS_USUAL);
            if limit > MENTIONS {
                let message = format!("Must be between 0 and {MENTIONS}.");
                let path = at("mention_total_limit");
                return no(Reject::field(&path, "NUMBER_TYPE_RANGE", message));
            }
            TriggerMetadata {
                mention_total_limit: Some(limit),
                mention_raid_protection_enabled: Some(
                    wish.mention_raid_protection_enabled.unwrap_or(false),
                ),
                ..nothing
            }
        }
        _ => return no(choice("trigger_type", "Must be 1, 3, 4, 5 or 6.")),
    })
}

fn words(path: &str, list: Vec<String>, most: usize, length: usize) -> Result<Vec<String>> {
    if list.len() > most {
        return no(Reject::length(path, 0, most));
    }
    for (at, text) in list.iter().enumerate() {
        let bare = text.trim().trim_matches('*').trim();
        if bare.is_empty() || text.chars().count() > length || text.contains('\0') {
            return no(Reject::length(&format!("{path}.{at}"), 1, length));
        }
    }
    Ok(list)
}

fn actions(
    app: &App,
    actor: &Actor,
    state: &GuildState,
    trigger: u8,
    drafts: Vec<ActionDraft>,
) -> Result<Vec<Action>> {
    if drafts.is_empty() || drafts.len() > ACTIONS {
        return no(Reject::length("actions", 1, ACTIONS));
    }
    let mut actions: Vec<Action> = Vec::new();
    for (at, draft) in drafts.into_iter().enumerate() {
        let path = format!("actions.{at}");
        if actions.iter().any(|action| action.kind == draft.kind) {
            return no(choice(&path, "Each action once."));
        }
        let fits = match draft.kind {
            BLOCK_MESSAGE => trigger != MEMBER_PROFILE,
            SEND_ALERT_MESSAGE => true,
            // COMPAT: as documented, for these two kinds only.
            TIMEOUT => matches!(trigger, KEYWORD | MENTION_SPAM),
            BLOCK_MEMBER_INTERACTION => trigger == MEMBER_PROFILE,
            _ => false,
        };
        if !fits {
            return no(choice(&path, "This kind of rule cannot do this."));
        }
        let metadata = draft.metadata.unwrap_or_default();
        let metadata = action(app, actor, state, &path, draft.kind, metadata)?;
        actions.push(Action { kind: draft.kind, metadata });
    }
    Ok(actions)
}

fn action(
    app: &App,
    actor: &Actor,
    state: &GuildState,
    path: &str,
    kind: u8,
    wish: ActionMetadata,
) -> Result<ActionMetadata> {
    let at = |key: &str| format!("{path}.metadata.{key}");
    let now = app.clock.now();
    let mut metadata = ActionMetadata::default();
    match kind {
        BLOCK_MESSAGE => {
            let text = wish.custom_message.filter(|text| !text.trim().is_empty());
            let text = text.map(|text| name::clean_lines(&text).unwrap_or_default());
            if text.as_ref().is_some_and(|text| text.chars().count() > CUSTOM_MESSAGE) {
                return no(Reject::length(&at("custom_message"), 0, CUSTOM_MESSAGE));
            }
            metadata.custom_message = text.filter(|text| !text.is_empty());
        }
        SEND_ALERT_MESSAGE => {
            let Some(id) = wish.channel_id else { return no(required(&at("channel_id"))) };
            let channel = state.channels.get(&id).filter(|row| {
                let seen = state.permissions_in(actor.user, row, now);
                let takes = matches!(row.kind, GUILD_TEXT | GUILD_VOICE);
                takes && seen.contains(Permissions::VIEW_CHANNEL)
            });
            if channel.is_none() {
                return no(choice(&at("channel_id"), "Choose a channel of this room."));
            }
            metadata.channel_id = Some(id);
        }
        TIMEOUT => {
            let have = state.permissions(actor.user, now);
            if !have.contains(Permissions::MODERATE_MEMBERS) {
                return no(Reject::Forbidden(Permissions::MODERATE_MEMBERS));
            }
            let seconds = wish.duration_seconds.unwrap_or(60);
            if seconds > TIMEOUT_S {
                let message = format!("Must be between 0 and {TIMEOUT_S}.");
                return no(Reject::field(&at("duration_seconds"), "NUMBER_TYPE_RANGE", message));
            }
            metadata.duration_seconds = Some(seconds);
        }
        _ => {}
    }
    Ok(metadata)
}
