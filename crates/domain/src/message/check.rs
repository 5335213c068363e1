//! Whether a message is sound, and what it becomes.

use std::{collections::HashMap, sync::Mutex};

use proto::{
    Code, Id, Patch, Permissions, Timestamp, channel, markdown, marker,
    message::{
        self, AllowedMentions, AttachmentDraft, CreateMessage, EditMessage, MessageReference, Nonce,
    },
};
use serde_json::Value as Json;

use crate::{
    Actor, App,
    access::Place,
    attachment::Upload,
    component,
    reject::{FieldError, Reject, Result, no},
    rows::{AttachmentRow, MessageRow},
    safety,
    store::Scan,
};

/// Flags people and bots may set.
const SETTABLE: u32 =
    message::SUPPRESS_EMBEDS | message::SUPPRESS_NOTIFICATIONS | message::IS_COMPONENTS_V2;

/// Who is told of a message, beyond those who read along.
#[derive(Debug, Default)]
pub struct Mentioned {
    pub users: Vec<Id<marker::User>>,
}

/// A category holds channels, not messages.
pub fn takes_messages(place: &Place) -> Result<()> {
    match place.channel.kind {
        channel::GUILD_TEXT | channel::GUILD_VOICE | channel::DM | channel::GROUP_DM => Ok(()),
        kind if channel::is_thread(kind) => Ok(()),
        _ => no(Reject::Refused(Code::NOT_TEXT)),
    }
}

/// Whether somebody wrote it: what only happened cannot be edited.
pub fn written(kind: u8) -> bool {
    matches!(
        kind,
        message::DEFAULT
            | message::REPLY
            | message::CHAT_INPUT_COMMAND
            | message::CONTEXT_MENU_COMMAND
    )
}

pub fn nonce(app: &App, nonce: &Nonce) -> Result<String> {
    let key = super::nonce_key(nonce);
    let length = key.chars().count();
    if length == 0 || length > app.limits.nonce_length {
        return no(Reject::length("nonce", 1, app.limits.nonce_length));
    }
    Ok(key)
}

/// When people last wrote in channels with slow mode: a message deleted must not free its author.
/// After a restart the messages themselves tell.
#[derive(Default)]
pub struct LastSent(Mutex<HashMap<Here, Timestamp>>);

type Here = (Id<marker::Channel>, Id<marker::User>);

/// People remembered before those who may write again are forgotten.
const LAST_MOST: usize = 100_000;

/// Seconds between two messages of one person: in raid mode a few everywhere.
fn pace_s(app: &App, place: &Place) -> u32 {
    let raid = place.guild.as_ref().and_then(|guild| guild.read().row.safety.raid_until);
    let floor = raid.filter(|until| *until > app.clock.now()).map_or(0, |_| safety::RAID_PACE_S);
    place.channel.rate_limit_per_user.max(floor)
}

fn bound_by_slow_mode(app: &App, place: &Place) -> bool {
    let above = Permissions::MANAGE_MESSAGES | Permissions::MANAGE_CHANNELS;
    let free = place.permissions & (above | Permissions::BYPASS_SLOWMODE);
    pace_s(app, place) > 0 && free.is_empty()
}

/// Says no if the author wrote here too short a time ago.
pub async fn slow_mode(app: &App, actor: &Actor, place: &Place) -> Result<()> {
    if !bound_by_slow_mode(app, place) {
        return Ok(());
    }
    let wait_ms = i64::from(pace_s(app, place)) * 1_000;
    let now = app.clock.now();
    let here = (place.channel.id, actor.user);
    let known = app.last_sent.0.lock().expect("no panic while locked").get(&here).copied();
    let written = newest_here(app, actor, place, now.plus_ms(-wait_ms)).await?;
    // A moment that is yet to come is from before the clock was set back.
    let past = [known, written].into_iter().flatten().filter(|last| *last <= now);
    let left = past.max().map_or(0, |last| wait_ms - now.ms_since(last));
    if left > 0 {
        return no(Reject::SlowMode { retry_after_ms: left as u64 });
    }
    Ok(())
}

/// When the author last wrote here, as far as its newest messages tell.
async fn newest_here(
    app: &App,
    actor: &Actor,
    place: &Place,
    since: Timestamp,
) -> Result<Option<Timestamp>> {
    let scan = Scan::of::<MessageRow>().by("by_author").prefix(actor.user);
    let newest = app.store.scan::<MessageRow>(scan.newest_first().limit(50)).await?;
    let recent = newest.iter().take_while(|row| row.id.created_at() > since);
    let here = recent.filter(|row| row.channel_id == place.channel.id);
    Ok(here.map(|row| row.id.created_at()).max())
}

/// Notes that the author wrote.
pub fn sent(app: &App, actor: &Actor, place: &Place) {
    if !bound_by_slow_mode(app, place) {
        return;
    }
    let now = app.clock.now();
    let mut last = app.last_sent.0.lock().expect("no panic while locked");
    if last.len() >= LAST_MOST {
        // Six hours are the longest wait there is.
        last.retain(|_, at| (0..21_600_000).contains(&now.ms_since(*at)));
    }
    last.insert((place.channel.id, actor.user), now);
}

/// The message that this one answers, and who wrote it.
pub type Answered = (MessageReference, Id<marker::User>);

/// The message that this one answers.
pub async fn reference(
    app: &App,
    place: &Place,
    draft: &CreateMessage,
) -> Result<Option<Answered>> {
    let Some(reference) = &draft.message_reference else {
        return Ok(None);
    };
    if reference.kind.unwrap_or(0) != 0 {
        return no(unsupported("message_reference.type", "Forwarding is not supported."));
    }
    let elsewhere = reference.channel_id.is_some_and(|id| id != place.channel.id);
    let unknown = || {
        Reject::field(
            "message_reference",
            "MESSAGE_REFERENCE_UNKNOWN_MESSAGE",
            "Unknown message: it must be in this channel and not deleted.",
        )
    };
    let Some(id) = reference.message_id.filter(|_| !elsewhere) else {
        return no(unknown());
    };
    place.require(Permissions::READ_MESSAGE_HISTORY)?;
    match app.store.get::<MessageRow>((place.channel.id, id)).await? {
        Some(row) => Ok(Some((super::reply_to(place, id), row.author_id))),
        None if reference.fail_if_not_exists == Some(false) => Ok(None),
        None => no(unknown()),
    }
}

fn unsupported(path: &str, message: &str) -> Reject {
    Reject::field(path, "NOT_SUPPORTED", message)
}

/// The row that a draft becomes, without its files.
pub fn draft(
    app: &App,
    actor: &Actor,
    place: &Place,
    draft: CreateMessage,
    files: &[Upload],
    answered: Option<Answered>,
) -> Result<(MessageRow, Mentioned)> {
    if draft.poll.as_ref().is_some_and(|poll| !poll.is_null()) {
        return no(unsupported("poll", "Polls are not supported."));
    }
    if draft.sticker_ids.as_ref().is_some_and(|stickers| !stickers.is_empty()) {
        return no(unsupported("sticker_ids", "Stickers are not supported."));
    }
    let content = content(app, draft.content.as_deref().unwrap_or_default())?;
    let embeds = embeds(app, place, draft.embeds.unwrap_or_default())?;
    let flags = settable(actor, draft.flags.unwrap_or(0));
    let components = components(app, actor, draft.components.unwrap_or_default(), flags)?;
    one_layout(flags, &content, &embeds)?;
    files_are_there(&components, files.iter().map(|file| file.filename.as_str()))?;
    if !files.is_empty() {
        place.require(Permissions::ATTACH_FILES)?;
    }
    if files.len() > app.limits.message_attachments {
        return no(Reject::Refused(Code::MAX_ATTACHMENTS));
    }
    if content.is_empty() && embeds.is_empty() && components.is_empty() && files.is_empty() {
        return no(Reject::Refused(Code::EMPTY_MESSAGE));
    }
    let mut meant = meant(app, place, &content, draft.allowed_mentions.as_ref())?;
    // A reply calls whom it answers, unless its sender says who is called and leaves them out.
    let allowed = draft.allowed_mentions.as_ref();
    let calls = allowed.is_none_or(|allowed| allowed.replied_user == Some(true));
    let (reference, author) = answered.unzip();
    let author = author.filter(|author| calls && *author != actor.user && is_here(place, *author));
    meant.users.extend(author.filter(|author| !meant.users.contains(author)));
    let row = MessageRow {
        channel_id: place.channel.id,
        id: app.ids.next(),
        guild_id: place.guild_id(),
        author_id: actor.user,
        kind: if reference.is_some() { message::REPLY } else { message::DEFAULT },
        content,
        edited_at: None,
        mention_everyone: meant.everyone,
        mentions: meant.users.clone(),
        mention_roles: meant.roles,
        attachments: Vec::new(),
        embeds,
        components,
        pinned: false,
        flags,
        reactions: Vec::new(),
        reference,
        nonce: draft.nonce,
        webhook: None,
        answers: None,
    };
    let users = meant.users.into_iter().filter(|user| *user != actor.user).collect();
    Ok((row, Mentioned { users }))
}

/// The row as an edit leaves it, without new files. An edit never tells anybody anew.
pub fn edited(
    app: &App,
    actor: &Actor,
    place: &Place,
    before: &MessageRow,
    edit: &EditMessage,
    files: &[Upload],
) -> Result<MessageRow> {
    let mut row = before.clone();
    if let Some(text) = edit.content.clone().change() {
        row.content = content(app, text.as_deref().unwrap_or_default())?;
        let allowed = match &edit.allowed_mentions {
            Patch::Value(allowed) => Some(allowed),
            Patch::Null | Patch::Absent => None,
        };
        let of_reply = called_as_answered(app, place, before)?;
        let meant = meant(app, place, &row.content, allowed)?;
        row.mentions = meant.users;
        row.mentions.extend(of_reply.filter(|user| !row.mentions.contains(user)));
        row.mention_roles = meant.roles;
        row.mention_everyone = meant.everyone;
    }
    if let Some(new) = edit.embeds.clone().change() {
        row.embeds = embeds(app, place, new.unwrap_or_default())?;
    }
    if let Some(flags) = edit.flags.clone().change() {
        // The new layout cannot be left again, and what is not theirs to set stays.
        let kept = row.flags & (!SETTABLE | message::IS_COMPONENTS_V2);
        row.flags = kept | settable(actor, flags.unwrap_or(0));
    }
    if let Some(new) = edit.components.clone().change() {
        row.components = components(app, actor, new.unwrap_or_default(), row.flags)?;
    }
    if row.author_id == actor.user {
        one_layout(row.flags, &row.content, &row.embeds)?;
    }
    if let Some(kept) = edit.attachments.clone().change() {
        keep_listed(&mut row.attachments, &kept.unwrap_or_default());
    }
    if !files.is_empty() {
        place.require(Permissions::ATTACH_FILES)?;
    }
    if !edit.components.is_absent() {
        let kept = row.attachments.iter().map(|file| file.filename.as_str());
        let new = files.iter().map(|file| file.filename.as_str());
        files_are_there(&row.components, kept.chain(new))?;
    }
    let empty = row.content.is_empty() && row.embeds.is_empty() && row.components.is_empty();
    if empty && row.attachments.is_empty() && files.is_empty() && before.author_id == actor.user {
        return no(Reject::Refused(Code::EMPTY_MESSAGE));
    }
    Ok(row)
}

/// Whether somebody is in this place to be called.
fn is_here(place: &Place, user: Id<marker::User>) -> bool {
    match &place.guild {
        Some(guild) => guild.read().members.contains_key(&user),
        None => place.channel.recipients.contains(&user),
    }
}

/// Whom a message called because it answered them: nothing in its text did.
fn called_as_answered(
    app: &App,
    place: &Place,
    row: &MessageRow,
) -> Result<Option<Id<marker::User>>> {
    if row.reference.is_none() {
        return Ok(None);
    }
    let named = meant(app, place, &row.content, None)?.users;
    Ok(row.mentions.iter().copied().find(|user| !named.contains(user)))
}

/// A PATCH keeps only the files it lists, and may describe them anew.
fn keep_listed(files: &mut Vec<AttachmentRow>, listed: &[AttachmentDraft]) {
    files.retain_mut(|file| {
        let id = file.id.to_string();
        let mine = |draft: &&AttachmentDraft| match &draft.id {
            Json::String(text) => *text == id,
            Json::Number(number) => number.to_string() == id,
            _ => false,
        };
        let Some(draft) = listed.iter().find(mine) else {
            return false;
        };
        if let Some(description) = &draft.description {
            file.description = Some(description.chars().take(1_024).collect());
        }
        true
    });
}

/// Trimmed; what has no width alone is nothing; NUL never.
fn content(app: &App, text: &str) -> Result<String> {
    let text: String = text.chars().filter(|c| *c != '\0').collect();
    let text = text.trim().to_owned();
    if text.chars().count() > app.limits.message_length {
        let message = format!("Must be {} or fewer in length.", app.limits.message_length);
        return no(Reject::field("content", "BASE_TYPE_MAX_LENGTH", message));
    }
    let invisible = |c: char| {
        c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
    };
    Ok(if text.chars().all(invisible) { String::new() } else { text })
}

/// Keys of an embed that senders give; everything else is dropped.
const EMBED_KEYS: &[&str] = &[
    "title",
    "type",
    "description",
    "url",
    "timestamp",
    "color",
    "footer",
    "image",
    "thumbnail",
    "video",
    "provider",
    "author",
    "fields",
];

/// Embeds as documented: known keys, lengths, only web addresses.
fn embeds(app: &App, place: &Place, embeds: Vec<Json>) -> Result<Vec<Json>> {
    if embeds.is_empty() {
        return Ok(embeds);
    }
    place.require(Permissions::EMBED_LINKS)?;
    if embeds.len() > app.limits.message_embeds {
        return no(Reject::length("embeds", 0, app.limits.message_embeds));
    }
    let mut errors = Vec::new();
    let mut characters = 0;
    let mut sound = Vec::with_capacity(embeds.len());
    for (at, embed) in embeds.into_iter().enumerate() {
        let path = format!("embeds.{at}");
        let Json::Object(mut embed) = embed else {
            errors.push(wrong(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used."));
            continue;
        };
        embed.retain(|key, value| EMBED_KEYS.contains(&key.as_str()) && !value.is_null());
        embed.insert("type".to_owned(), "rich".into());
        let mut embed = Json::Object(embed);
        characters += embed_texts(&embed, &path, &mut errors);
        embed_addresses(&mut embed, &path, &mut errors);
        sound.push(embed);
    }
    if characters > app.limits.embeds_length {
        let message = format!("Embeds exceed {} characters.", app.limits.embeds_length);
        errors.push(wrong("embeds".to_owned(), "MAX_EMBED_SIZE_EXCEEDED", &message));
    }
    if errors.is_empty() { Ok(sound) } else { no(Reject::Invalid(errors)) }
}

fn wrong(path: String, code: &'static str, message: &str) -> FieldError {
    FieldError { path, code, message: message.to_owned() }
}

/// Checks the texts of an embed; answers how many characters they have.
fn embed_texts(embed: &Json, path: &str, errors: &mut Vec<FieldError>) -> usize {
    let mut total = 0;
    let mut text = |value: Option<&Json>, name: &str, most: usize, needed: bool| match value {
        None if needed => {
            errors.push(wrong(format!("{path}.{name}"), "BASE_TYPE_REQUIRED", "Required."));
        }
        None => {}
        Some(Json::String(text)) if text.chars().count() <= most => {
            total += text.chars().count();
        }
        Some(Json::String(_)) => {
            let message = format!("Must be {most} or fewer in length.");
            errors.push(wrong(format!("{path}.{name}"), "BASE_TYPE_MAX_LENGTH", &message));
        }
        Some(_) => {
            errors.push(wrong(format!("{path}.{name}"), "BASE_TYPE_STRING", "Must be a string."));
        }
    };
    text(embed.get("title"), "title", 256, false);
    text(embed.get("description"), "description", 4_096, false);
    if let Some(footer) = embed.get("footer") {
        text(footer.get("text"), "footer.text", 2_048, true);
    }
    if let Some(author) = embed.get("author") {
        text(author.get("name"), "author.name", 256, true);
    }
    match embed.get("fields") {
        None => {}
        Some(Json::Array(fields)) if fields.len() <= 25 => {
            for (at, field) in fields.iter().enumerate() {
                text(field.get("name"), &format!("fields.{at}.name"), 256, true);
                text(field.get("value"), &format!("fields.{at}.value"), 1_024, true);
            }
        }
        Some(_) => {
            let message = "Must be 25 or fewer in length.";
            errors.push(wrong(format!("{path}.fields"), "BASE_TYPE_MAX_LENGTH", message));
        }
    }
    total
}

/// Only http and https; images also `attachment://`.
fn embed_addresses(embed: &mut Json, path: &str, errors: &mut Vec<FieldError>) {
    const PLACES: &[&str] = &[
        "/url",
        "/footer/icon_url",
        "/image/url",
        "/thumbnail/url",
        "/video/url",
        "/author/url",
        "/author/icon_url",
        "/provider/url",
    ];
    for place in PLACES {
        let Some(address) = embed.pointer(place) else { continue };
        let sound = address.as_str().is_some_and(|address| {
            let start = address.get(..8).unwrap_or(address).to_ascii_lowercase();
            let web = start.starts_with("http://") || start.starts_with("https://");
            (web || address.starts_with("attachment://")) && address.len() <= 2_048
        });
        if !sound {
            let path = format!("{path}{}", place.replace('/', "."));
            let message = "Scheme must be one of http, https.";
            errors.push(wrong(path, "URL_TYPE_INVALID_SCHEME", message));
        }
    }
}

/// The layout of components is for applications.
fn settable(actor: &Actor, flags: u32) -> u32 {
    let not_theirs = if actor.is_bot() { 0 } else { message::IS_COMPONENTS_V2 };
    flags & SETTABLE & !not_theirs
}

/// Components of an application; people have none, since nobody would answer them.
fn components(app: &App, actor: &Actor, components: Vec<Json>, flags: u32) -> Result<Vec<Json>> {
    let bytes = serde_json::to_vec(&components).map_or(usize::MAX, |json| json.len());
    if bytes > app.limits.components_bytes {
        return no(Reject::length("components", 0, app.limits.components_bytes));
    }
    let sound = component::message(components, flags & message::IS_COMPONENTS_V2 != 0)?;
    Ok(if actor.is_bot() { sound } else { Vec::new() })
}

/// In the new layout nothing but components says something.
fn one_layout(flags: u32, content: &str, embeds: &[Json]) -> Result<()> {
    let code = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2";
    let legacy = [("content", content.is_empty()), ("embeds", embeds.is_empty())];
    match legacy.into_iter().find(|(_, empty)| !empty) {
        Some((field, _)) if flags & message::IS_COMPONENTS_V2 != 0 => {
            let message = format!(
                "The '{field}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            );
            no(Reject::field(field, code, message))
        }
        _ => Ok(()),
    }
}

/// Components show only files that the message has.
fn files_are_there<'f>(components: &[Json], files: impl Iterator<Item = &'f str>) -> Result<()> {
    let files: Vec<_> = files.collect();
    let named = component::named_files(components);
    match named.into_iter().find(|name| !files.contains(name)) {
        Some(name) => {
            let message = format!("The message has no file called {name:.100}.");
            no(Reject::field("components", "UNRESOLVED_ATTACHMENT", message))
        }
        None => Ok(()),
    }
}

/// Whom a text names and its author may reach.
fn meant(
    app: &App,
    place: &Place,
    text: &str,
    allowed: Option<&AllowedMentions>,
) -> Result<markdown::Mentions> {
    let mut meant = markdown::mentions(text);
    if let Some(allowed) = allowed {
        let parses =
            |kind: &str| allowed.parse.as_ref().is_none_or(|kinds| kinds.iter().any(|k| k == kind));
        // Lists without `parse` name exactly whom to reach.
        let listed = allowed.users.is_some() || allowed.roles.is_some();
        let by_parse = |kind: &str| parses(kind) && (allowed.parse.is_some() || !listed);
        if !by_parse("users") {
            let named = allowed.users.clone().unwrap_or_default();
            meant.users.retain(|user| named.contains(user));
        }
        if !by_parse("roles") {
            let named = allowed.roles.clone().unwrap_or_default();
            meant.roles.retain(|role| named.contains(role));
        }
        meant.everyone &= by_parse("everyone");
    }
    let may_all = place.permissions.contains(Permissions::MENTION_EVERYONE);
    meant.everyone &= may_all && place.guild.is_some();
    match &place.guild {
        Some(guild) => {
            let state = guild.read();
            meant.users.retain(|user| state.members.contains_key(user));
            meant
                .roles
                .retain(|id| state.roles.get(id).is_some_and(|role| may_all || role.mentionable));
        }
        None => {
            meant.users.retain(|user| place.channel.recipients.contains(user));
            meant.roles.clear();
        }
    }
    if meant.users.len() > app.limits.message_mentions {
        let message = format!("Mentions more than {} people.", app.limits.message_mentions);
        return no(Reject::field("content", "TOO_MANY_MENTIONS", message));
    }
    Ok(meant)
}
