//! Reactions: who reacted stands in rows of its own, the counts on the message.

use proto::{
    Code, Id, Permissions,
    emoji::Emoji,
    gateway::Dispatch,
    marker,
    message::{ReactionEvent, ReactionsCleared},
    user::User,
};

use crate::{
    Actor, App, access,
    access::Place,
    bus::Event,
    dm, emoji, message,
    reject::{Reject, Result, no},
    render,
    rows::{MessageRow, ReactionRow},
    store::{Batch, Scan},
    thread,
};

/// Reacts to a message. To have reacted before is no error.
pub async fn add(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    id: Id<marker::Message>,
    text: &str,
) -> Result<()> {
    let place = access::require(app, actor, channel, Permissions::READ_MESSAGE_HISTORY).await?;
    // Before the lane is taken: it may load another guild.
    let (emoji, fresh) = emoji::named(app, actor, &place, text).await?;
    let lane = app.lane_channel(place.guild_id(), channel).await;
    let place = access::require(app, actor, channel, Permissions::READ_MESSAGE_HISTORY).await?;
    thread::is_open(&place)?;
    takes_part(app, &place)?;
    dm::on_terms(app, actor, &place.channel).await?;
    let mut row = message::find(app, channel, id).await?;
    let own = ReactionRow { message_id: id, emoji: emoji.clone(), user_id: actor.user };
    if app.store.get::<ReactionRow>((id, &emoji, actor.user)).await?.is_some() {
        return Ok(());
    }
    match row.reactions.iter_mut().find(|count| count.emoji == emoji) {
        // Whoever sees it can join in, also with an emoji from elsewhere.
        Some(count) => count.count += 1,
        None => {
            let fresh = fresh?;
            place.require(Permissions::ADD_REACTIONS)?;
            if row.reactions.len() >= app.limits.message_reactions {
                return no(Reject::Refused(Code::MAX_REACTIONS));
            }
            row.reactions.push(fresh.counted());
        }
    }
    let mut event = event(&place, &row, actor.user, wire(&row, &emoji));
    event.member = member(app, &place, actor.user).await?;
    let event = Dispatch::MessageReactionAdd(Box::new(event));
    let event = Event::Dispatch(message::audience(&place), event);
    lane.enqueue(Batch::new().put(&row).insert(&own), vec![event]).durable().await
}

/// To join in on an emoji that is there needs no permission; but who is timed out, or a guest where
/// guests only read, does not join in on anything.
fn takes_part(app: &App, place: &Place) -> Result<()> {
    let (Some(guild), Some(member)) = (&place.guild, &place.member) else {
        return Ok(());
    };
    let silent = member.timed_out_until.is_some_and(|until| until > app.clock.now());
    let state = guild.read();
    let above = state.is_owner(member.user_id);
    if !above && (silent || (member.guest && !state.row.guests_write)) {
        place.require(Permissions::ADD_REACTIONS)?;
    }
    Ok(())
}

/// Takes a reaction back: one's own, or with MANAGE_MESSAGES anybody's.
pub async fn remove(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    id: Id<marker::Message>,
    emoji: &str,
    user: Id<marker::User>,
) -> Result<()> {
    let place = access::channel(app, actor, channel).await?;
    if user != actor.user {
        place.require(Permissions::MANAGE_MESSAGES)?;
    }
    let emoji = emoji::key(emoji)?;
    let lane = app.lane_channel(place.guild_id(), channel).await;
    let mut row = message::find(app, channel, id).await?;
    if app.store.get::<ReactionRow>((id, &emoji, user)).await?.is_none() {
        return no(Reject::Unknown(Code::UNKNOWN_EMOJI));
    }
    let named = wire(&row, &emoji);
    for count in row.reactions.iter_mut().filter(|count| count.emoji == emoji) {
        count.count = count.count.saturating_sub(1);
    }
    row.reactions.retain(|count| count.count > 0);
    let batch = Batch::new().put(&row).delete::<ReactionRow>((id, &emoji, user));
    let event = Dispatch::MessageReactionRemove(Box::new(event(&place, &row, user, named)));
    let event = Event::Dispatch(message::audience(&place), event);
    lane.enqueue(batch, vec![event]).durable().await
}

/// Takes all reactions off a message, or all of one emoji.
pub async fn clear(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    id: Id<marker::Message>,
    emoji: Option<&str>,
) -> Result<()> {
    let place = access::require(app, actor, channel, Permissions::MANAGE_MESSAGES).await?;
    let emoji = emoji.map(emoji::key).transpose()?;
    let lane = app.lane_channel(place.guild_id(), channel).await;
    let mut row = message::find(app, channel, id).await?;
    let cleared = |emoji| ReactionsCleared {
        channel_id: channel,
        message_id: id,
        guild_id: place.guild_id(),
        emoji,
    };
    const ALL: usize = usize::MAX >> 1;
    let (batch, event) = match emoji {
        None => {
            row.reactions.clear();
            let batch = Batch::new().prune::<ReactionRow>(id, None, ALL);
            (batch, Dispatch::MessageReactionRemoveAll(cleared(None)))
        }
        Some(emoji) => {
            let named = wire(&row, &emoji);
            row.reactions.retain(|count| count.emoji != emoji);
            let batch = Batch::new().prune::<ReactionRow>((id, &emoji), None, ALL);
            (batch, Dispatch::MessageReactionRemoveEmoji(cleared(Some(named))))
        }
    };
    let event = Event::Dispatch(message::audience(&place), event);
    // Rows pruned stay visible to decisions until they are on disk: wait within the lane's order.
    lane.enqueue(batch.put(&row), vec![event]).durable().await
}

/// Who reacted with this emoji, by id.
pub async fn list(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    id: Id<marker::Message>,
    emoji: &str,
    after: Option<Id<marker::User>>,
    limit: usize,
) -> Result<Vec<User>> {
    let place = access::require(app, actor, channel, Permissions::READ_MESSAGE_HISTORY).await?;
    let emoji = emoji::key(emoji)?;
    if !(1..=100).contains(&limit) {
        return no(Reject::field("limit", "NUMBER_TYPE_RANGE", "Must be between 1 and 100."));
    }
    if app.disk.get::<MessageRow>((place.channel.id, id)).await?.is_none() {
        return no(Reject::Unknown(Code::UNKNOWN_MESSAGE));
    }
    let mut scan = Scan::of::<ReactionRow>().prefix((id, &emoji)).limit(limit);
    if let Some(after) = after {
        scan = scan.after(after);
    }
    let rows = app.disk.scan::<ReactionRow>(scan).await?;
    let ids: Vec<_> = rows.iter().map(|row| row.user_id).collect();
    let users = app.users(&ids).await?;
    let known = users.iter().zip(&ids);
    Ok(known
        .map(|(user, id)| match user {
            Some(row) => render::user(row),
            None => render::deleted_user(*id),
        })
        .collect())
}

/// An emoji as it stands, or stood, on this message.
fn wire(row: &MessageRow, key: &str) -> Emoji {
    match row.reactions.iter().find(|count| count.emoji == key) {
        Some(count) => emoji::wire(count),
        // A custom one that is nowhere on it: its name is not known.
        None => match key.parse() {
            Ok(id) => Emoji { id: Some(id), name: None, animated: false },
            Err(_) => Emoji { id: None, name: Some(key.to_owned()), animated: false },
        },
    }
}

fn event(place: &Place, row: &MessageRow, user: Id<marker::User>, emoji: Emoji) -> ReactionEvent {
    ReactionEvent {
        user_id: user,
        channel_id: row.channel_id,
        message_id: row.id,
        guild_id: place.guild_id(),
        member: None,
        emoji,
        message_author_id: Some(row.author_id),
        burst: false,
        kind: 0,
    }
}

/// The member with its user inside, as this event has it.
async fn member(
    app: &App,
    place: &Place,
    user: Id<marker::User>,
) -> Result<Option<proto::member::Member>> {
    let row = app.user(user).await?;
    let member = message::beside(place, user);
    Ok(member.map(|member| proto::member::Member { user: Some(render::user(&row)), ..member }))
}

/// Bytes of the longest emoji there are, with room to spare.
const EMOJI_BYTES: usize = 64;

/// Whether the text is one emoji: a base with what joins and varies it (UTS 51, simplified to the
/// blocks that hold emoji, so that new ones need no new table).
pub(crate) fn is_emoji(text: &str) -> bool {
    if text.is_empty() || text.len() > EMOJI_BYTES {
        return false;
    }
    let keycap = |c: char| matches!(c, '0'..='9' | '#' | '*');
    let base = |c: char| {
        matches!(c,
            '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}'
            | '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}' | '\u{24c2}'
            | '\u{25a0}'..='\u{27bf}' | '\u{2900}'..='\u{297f}' | '\u{2b00}'..='\u{2bff}'
            | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{1f000}'..='\u{1faff}')
    };
    let joins = |c: char| matches!(c, '\u{200d}' | '\u{fe0f}' | '\u{e0020}'..='\u{e007f}');
    let mut chars = text.chars();
    let first = chars.next().expect("not empty");
    if keycap(first) {
        let rest = chars.as_str();
        return rest == "\u{20e3}" || rest == "\u{fe0f}\u{20e3}";
    }
    let regional = |c: char| matches!(c, '\u{1f1e6}'..='\u{1f1ff}');
    if regional(first) {
        return chars.next().is_some_and(regional) && chars.next().is_none();
    }
    if !base(first) {
        return false;
    }
    // After the first, another base only behind a joiner; skin tones and variations freely.
    let mut joined = false;
    for c in chars {
        let tone = matches!(c, '\u{1f3fb}'..='\u{1f3ff}');
        if !(joins(c) || tone || (joined && base(c))) {
            return false;
        }
        joined = c == '\u{200d}';
    }
    !joined
}

#[cfg(test)]
mod tests {
    use super::is_emoji;

    #[test]
    fn one_emoji_and_nothing_else() {
        for good in ["🦀", "👍🏽", "👩‍👩‍👧‍👦", "❤️", "1️⃣", "🇩🇪", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "☺", "✅"]
        {
            assert!(is_emoji(good), "{good}");
        }
        for bad in ["", "a", "1", "🦀🦀", "crab", "🇩", "😀 ", "<b>", "kit:1", "🦀\u{200d}", "漢"]
        {
            assert!(!is_emoji(bad), "{bad}");
        }
    }
}
