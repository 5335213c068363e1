//! Search among messages: of a room, or of one conversation.
//!
//! The index is asked for what somebody may read; whether they still may is looked at again for
//! each message that was found. How much one search can cost is bounded: words, matches, pages,
//! searches at a time.

mod index;
mod question;
mod reach;

use std::collections::{HashMap, hash_map::Entry};

use proto::{
    Code, Id, Permissions,
    channel::Channel,
    gateway::Intents,
    marker,
    message::Message,
    search::{Found, MessageSearch, SearchNotReady, SearchQuery},
    thread::ThreadMember,
};

use crate::{
    Actor, App,
    access::{self, Place},
    message,
    reject::{Reject, Result, no},
    rows::{MessageRow, MessageTextRow},
    store::{
        IntoKey as _,
        words::{holds, tag, words},
    },
    thread,
};
use question::{Question, question};
use reach::Reach;

pub use index::run_once;
pub(crate) use index::{Index, note};

/// What somebody needs in a channel to find something there.
const READ: Permissions = Permissions::from_bits_truncate(
    Permissions::VIEW_CHANNEL.bits() | Permissions::READ_MESSAGE_HISTORY.bits(),
);

/// Matches that are ordered by how well they fit: the newest.
const RANKED: usize = 200;

/// Pieces of the index that a search brings up to date before it looks.
const PIECES: usize = 4;

/// Seconds after which it is worth asking again.
const RETRY_SECONDS: u32 = 2;

pub enum Answer {
    Found(MessageSearch),
    /// 202.
    NotReady(SearchNotReady),
}

/// Searches in all channels of a room that the actor may read.
pub async fn guild(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    query: SearchQuery,
) -> Result<Answer> {
    let (guild, _) = access::guild(app, actor, id).await?;
    let reach = Reach::of(app, actor, &guild, query.include_nsfw == Some(true)).await?;
    may_read_content(app, actor).await?;
    let mut question = question(app, &query)?;
    question.search.any.push(reach.tags);
    answer(app, actor, question).await
}

/// Searches in one conversation or channel.
pub async fn channel(
    app: &App,
    actor: &Actor,
    id: Id<marker::Channel>,
    query: SearchQuery,
) -> Result<Answer> {
    access::require(app, actor, id, Permissions::READ_MESSAGE_HISTORY).await?;
    may_read_content(app, actor).await?;
    let mut question = question(app, &query)?;
    question.search.phrases.push(tag('c', id));
    answer(app, actor, question).await
}

/// Words would tell a bot what it was not granted to read.
async fn may_read_content(app: &App, actor: &Actor) -> Result<()> {
    if !actor.is_bot() {
        return Ok(());
    }
    let bot = app.user(actor.user).await?;
    if Intents(bot.intents).contains(Intents::MESSAGE_CONTENT) {
        return Ok(());
    }
    no(Reject::Refused(Code::MISSING_ACCESS))
}

async fn answer(app: &App, actor: &Actor, question: Question) -> Result<Answer> {
    let (whole, indexed) = index::state(app).await?;
    if !whole {
        let Code(code, message) = Code::INDEX_NOT_READY;
        return Ok(Answer::NotReady(SearchNotReady {
            message: message.to_owned(),
            code,
            documents_indexed: indexed,
            retry_after: RETRY_SECONDS,
        }));
    }
    // Where messages come faster than they are taken in, the newest of them are found later.
    index::catch_up(app, PIECES).await?;
    let _slot = app.cache.index.slot(app.limits.searches).await;
    let ids: Vec<Id<marker::Message>> = match question.impossible {
        true => Vec::new(),
        false => app.disk.search(&question.search).await?,
    };
    let total = ids.len() as u32;
    let rows = if question.by_relevance {
        ranked(app, ids, &question).await?
    } else {
        let page = ids.into_iter().skip(question.offset).take(question.limit);
        rows(app, page.collect()).await?
    };
    let Seen { messages, threads } = seen(app, actor, rows).await?;
    let members: Vec<ThreadMember> =
        threads.iter().filter_map(|thread| thread.member.as_deref().cloned()).collect();
    let alone = |message| vec![Found { message, hit: true }];
    Ok(Answer::Found(MessageSearch {
        messages: messages.into_iter().map(alone).collect(),
        total_results: total,
        doing_deep_historical_index: false,
        threads,
        members,
    }))
}

/// The messages of these entries, in their order; what is gone is left out.
async fn rows(app: &App, ids: Vec<Id<marker::Message>>) -> Result<Vec<MessageRow>> {
    let keys = ids.iter().map(|id| id.into_key()).collect();
    let entries = app.disk.get_many::<MessageTextRow>(keys).await?;
    let keys = entries.into_iter().flatten();
    let keys = keys.map(|entry| (entry.channel_id, entry.message_id).into_key()).collect();
    Ok(app.disk.get_many::<MessageRow>(keys).await?.into_iter().flatten().collect())
}

/// A page of matches, those first that hold what was asked for most often and as whole words.
async fn ranked(
    app: &App,
    mut ids: Vec<Id<marker::Message>>,
    question: &Question,
) -> Result<Vec<MessageRow>> {
    let rest = ids.split_off(ids.len().min(RANKED));
    let mut best = rows(app, ids).await?;
    let asked: Vec<_> = question.search.words.iter().map(|word| words(word)).collect();
    let fits = |row: &MessageRow| {
        let text = words(&row.content);
        let whole = |asked: &Vec<String>| {
            text.windows(asked.len().max(1)).filter(|run| run == asked).count() * 2
        };
        asked.iter().map(|asked| whole(asked) + usize::from(holds(&text, asked))).sum::<usize>()
    };
    best.sort_by_cached_key(|row| (std::cmp::Reverse(fits(row)), std::cmp::Reverse(row.id)));
    if question.oldest_first {
        best.reverse();
    }
    let mut page: Vec<_> = best.into_iter().skip(question.offset).take(question.limit).collect();
    let left = question.limit - page.len();
    if left > 0 {
        let from = question.offset.saturating_sub(RANKED);
        let more = rest.into_iter().skip(from).take(left);
        page.extend(rows(app, more.collect()).await?);
    }
    Ok(page)
}

/// What was found, with the threads that it stands in.
#[derive(Default)]
struct Seen {
    messages: Vec<Message>,
    threads: Vec<Channel>,
}

/// What the actor may read of what was found, as it sees it.
async fn seen(app: &App, actor: &Actor, rows: Vec<MessageRow>) -> Result<Seen> {
    let mut places: HashMap<Id<marker::Channel>, Option<Place>> = HashMap::new();
    let mut seen = Seen::default();
    for row in rows {
        let place = match places.entry(row.channel_id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(empty) => {
                let place = access::require(app, actor, row.channel_id, READ).await;
                empty.insert(match place {
                    Err(crate::Error::Reject(_)) => None,
                    other => Some(other?),
                })
            }
        };
        let Some(place) = place else { continue };
        let rows = std::slice::from_ref(&row);
        for mut message in message::render_all(app, actor, &place.channel, rows).await? {
            // COMPAT: a search answers without them.
            message.reactions = Vec::new();
            seen.messages.push(message);
        }
    }
    for place in places.values().flatten().filter(|place| place.thread.is_some()) {
        seen.threads.push(thread::get(app, actor, place).await?);
    }
    seen.threads.sort_by_key(|thread| thread.id);
    Ok(seen)
}

#[cfg(test)]
mod tests;
