//! Which custom emoji somebody may use where: in reactions and in texts.
//!
//! Guilds are loaded here, so all of this is asked before a lane is taken.

use proto::{Code, Id, Permissions, emoji::Emoji, markdown, marker};

use super::{EmojiId, find};
use crate::{
    Actor, App,
    access::Place,
    reject::{Error, Reject, Result, no},
    rows::{EmojiRow, ReactionCount, ReactionName},
};

/// Different custom emoji of a text that are looked up; further ones are shown by name.
const TEXT_MOST: usize = 100;

/// An emoji as a reaction is stored with it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reacted {
    /// The emoji itself, or the id of a custom one.
    pub key: String,
    pub custom: Option<ReactionName>,
}

impl Reacted {
    pub fn counted(&self) -> ReactionCount {
        ReactionCount { emoji: self.key.clone(), count: 1, custom: self.custom.clone() }
    }
}

/// What a path names by `name:id`.
fn custom(text: &str) -> Option<(&str, EmojiId)> {
    let (name, id) = text.rsplit_once(':')?;
    let name = name.rsplit(':').next().unwrap_or(name);
    // COMPAT: what stands before the id is not looked at, but it is no novel either.
    (name.len() <= *markdown::EMOJI_NAME.end()).then_some((name, id.parse().ok()?))
}

/// The key of a reaction with this emoji, whether or not there still is such an emoji.
pub(crate) fn key(text: &str) -> Result<String> {
    if let Some((_, id)) = custom(text) {
        return Ok(id.to_string());
    }
    if crate::reaction::is_emoji(text) {
        return Ok(text.to_owned());
    }
    no(Reject::Unknown(Code::UNKNOWN_EMOJI))
}

/// What somebody reacts with for the first time on a message; `Err` within: it may not.
pub(crate) async fn named(
    app: &App,
    actor: &Actor,
    place: &Place,
    text: &str,
) -> Result<(String, Result<Reacted>)> {
    let key = key(text)?;
    let Some((_, id)) = custom(text) else {
        return Ok((key.clone(), Ok(Reacted { key, custom: None })));
    };
    let row = match usable(app, actor, place, id).await {
        Err(Error::Reject(reject)) => return Ok((key, no(reject))),
        other => other?,
    };
    let custom = ReactionName { name: row.name, animated: row.animated };
    Ok((key.clone(), Ok(Reacted { key, custom: Some(custom) })))
}

/// The emoji, if the actor may use it in this place: one of the guild's own, one of a guild where
/// the actor is a member (with USE_EXTERNAL_EMOJIS), or one of the bot's own application.
async fn usable(app: &App, actor: &Actor, place: &Place, id: EmojiId) -> Result<EmojiRow> {
    let unknown = || Reject::Unknown(Code::UNKNOWN_EMOJI);
    if let (Some(guild), Some(member)) = (&place.guild, &place.member)
        && let Some(row) = guild.read().emojis.get(&id)
    {
        return if has_role(row, &member.roles) { Ok(row.clone()) } else { no(unknown()) };
    }
    let Some(row) = find(app, id).await? else { return no(unknown()) };
    if actor.is_bot() && row.owner_id == actor.user.cast() {
        return Ok(row);
    }
    let guild = match app.guild(row.owner_id.cast()).await {
        Err(Error::Reject(_)) => return no(unknown()),
        other => other?,
    };
    let member = guild.read().members.get(&actor.user).cloned();
    if !member.is_some_and(|member| has_role(&row, &member.roles)) {
        return no(unknown());
    }
    place.require(Permissions::USE_EXTERNAL_EMOJIS)?;
    Ok(row)
}

fn has_role(row: &EmojiRow, roles: &[Id<marker::Role>]) -> bool {
    row.roles.is_empty() || row.roles.iter().any(|role| roles.contains(role))
}

/// A text in which custom emoji that the actor may not use here are only their names: `:name:`.
pub(crate) async fn usable_in_text(
    app: &App,
    actor: &Actor,
    place: &Place,
    text: String,
) -> Result<String> {
    let found = markdown::emojis(&text);
    if found.is_empty() {
        return Ok(text);
    }
    let mut ids: Vec<EmojiId> = Vec::new();
    for one in &found {
        if !ids.contains(&one.id) && ids.len() < TEXT_MOST {
            ids.push(one.id);
        }
    }
    let mut may = Vec::with_capacity(ids.len());
    for id in ids {
        match usable(app, actor, place, id).await {
            Ok(_) => may.push(id),
            Err(Error::Reject(_)) => {}
            Err(fault) => return Err(fault),
        }
    }
    let (mut out, mut from) = (String::with_capacity(text.len()), 0);
    for one in found.iter().filter(|one| !may.contains(&one.id)) {
        out.push_str(&text[from..one.at.start]);
        out.push(':');
        out.push_str(one.name);
        out.push(':');
        from = one.at.end;
    }
    out.push_str(&text[from..]);
    Ok(out)
}

/// An emoji on a message, as it goes over the wire.
pub(crate) fn wire(count: &ReactionCount) -> Emoji {
    match &count.custom {
        None => Emoji { id: None, name: Some(count.emoji.clone()), animated: false },
        Some(custom) => Emoji {
            id: count.emoji.parse().ok(),
            name: Some(custom.name.clone()),
            animated: custom.animated,
        },
    }
}
