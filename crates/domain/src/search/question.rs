//! From what somebody asks to what the index is asked.

use proto::search::SearchQuery;

use super::{index::named, reach};
use crate::{
    App,
    reject::{Reject, Result, no},
    rows::MessageTextRow,
    store::{
        Entity as _, SCAN_MAX, Search,
        words::{tag, typed, words},
    },
};

/// Words of one search.
const WORDS: usize = 32;

/// Values of one filter, as Discord has it.
const VALUES: usize = 100;
const CHANNELS: usize = 500;

/// Characters of a name of a file, a host, a provider.
const NAME_LENGTH: usize = 1_024;

const HAS: &[&str] =
    &["link", "embed", "file", "image", "video", "sound", "sticker", "poll", "snapshot"];
const AUTHORS: &[&str] = &["user", "bot", "webhook"];
const EMBEDS: &[&str] = &["image", "video", "gif", "sound", "article"];

pub struct Question {
    pub search: Search,
    /// Signs alone: there are no words in it, so nothing is found by it.
    pub impossible: bool,
    pub by_relevance: bool,
    pub oldest_first: bool,
    pub limit: usize,
    pub offset: usize,
}

/// The question without where to look.
pub fn question(app: &App, query: &SearchQuery) -> Result<Question> {
    let limit = query.limit.unwrap_or(app.limits.search_page);
    range("limit", limit, 1, app.limits.search_page)?;
    let offset = query.offset.unwrap_or(0);
    let most = app.limits.search_results.min(SCAN_MAX);
    range("offset", offset, 0, most.saturating_sub(app.limits.search_page))?;
    range("slop", query.slop.unwrap_or(0) as usize, 0, 100)?;
    let by_relevance = choice("sort_by", &query.sort_by, &["timestamp", "relevance"])? == 1;
    let oldest_first = choice("sort_order", &query.sort_order, &["desc", "asc"])? == 1;
    let mut search = Search::new(MessageTextRow::TABLE, Vec::new(), most);
    let content = query.content.as_deref().unwrap_or_default();
    if content.chars().count() > app.limits.search_length {
        return no(Reject::length("content", 0, app.limits.search_length));
    }
    split(&typed(content), &mut search);
    let asked = search.words.len() + search.phrases.len();
    let impossible = !content.trim().is_empty() && asked == 0;
    filters(query, &mut search)?;
    search.after = query.min_id.map(|id| id.get() as i64);
    search.before = query.max_id.map(|id| id.get() as i64);
    // By relevance the newest are looked at, whichever end comes first.
    search.oldest_first = oldest_first && !by_relevance;
    Ok(Question { search, impossible, by_relevance, oldest_first, limit, offset })
}

fn range(path: &str, value: usize, least: usize, most: usize) -> Result<()> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    no(Reject::field(path, "NUMBER_TYPE_RANGE", format!("Must be between {least} and {most}.")))
}

/// Which of these; the first, if nothing is said.
fn choice(path: &str, value: &Option<String>, of: &[&str]) -> Result<usize> {
    let Some(value) = value else { return Ok(0) };
    match of.iter().position(|one| one == value) {
        Some(at) => Ok(at),
        None => no(unknown(path, of)),
    }
}

fn unknown(path: &str, of: &[&str]) -> Reject {
    Reject::field(path, "BASE_TYPE_CHOICES", format!("Must be one of {}.", of.join(", ")))
}

/// Words that may be beginnings, and phrases between quotes.
fn split(content: &str, search: &mut Search) {
    for (at, part) in content.split('"').enumerate() {
        // A quote that nothing closes quotes up to the end.
        if at % 2 == 1 {
            search.phrases.push(part.to_owned());
            continue;
        }
        for word in part.split_whitespace() {
            // The beginning of half of all words costs more than it tells.
            let letters = words(word);
            let short = letters.last().is_some_and(|last| last.len() == 1);
            let list = if short { &mut search.phrases } else { &mut search.words };
            list.push(word.to_owned());
        }
    }
    for list in [&mut search.phrases, &mut search.words] {
        list.retain(|text| !words(text).is_empty());
        list.truncate(WORDS);
    }
}

fn filters(query: &SearchQuery, search: &mut Search) -> Result<()> {
    if query.channel_id.len() > CHANNELS {
        return no(Reject::length("channel_id", 0, CHANNELS));
    }
    if !query.channel_id.is_empty() {
        search.any.push(reach::within(&query.channel_id));
    }
    let mut any = |path: &str, tags: Vec<String>| -> Result<()> {
        if tags.len() > VALUES {
            return no(Reject::length(path, 0, VALUES));
        }
        if !tags.is_empty() {
            search.any.push(tags);
        }
        Ok(())
    };
    any("author_id", query.author_id.iter().map(|id| tag('a', id)).collect())?;
    any("mentions", query.mentions.iter().map(|id| tag('m', id)).collect())?;
    any("mentions_role_id", query.mentions_role_id.iter().map(|id| tag('r', id)).collect())?;
    any("replied_to_user_id", query.replied_to_user_id.iter().map(|id| tag('q', id)).collect())?;
    let to = query.replied_to_message_id.iter().map(|id| tag('y', id)).collect();
    any("replied_to_message_id", to)?;
    for (path, kind, names) in [
        ("link_hostname", 'l', &query.link_hostname),
        ("embed_provider", 'v', &query.embed_provider),
        ("attachment_extension", 'x', &query.attachment_extension),
        ("attachment_filename", 'f', &query.attachment_filename),
    ] {
        if names.iter().any(|name| name.chars().count() > NAME_LENGTH) {
            return no(Reject::length(path, 0, NAME_LENGTH));
        }
        let bare = |name: &String| named(kind, name.trim_start_matches('.'));
        any(path, names.iter().map(bare).collect())?;
    }
    let (sorts, _) = signed("embed_type", &query.embed_type, EMBEDS)?;
    any("embed_type", sorts.into_iter().map(|sort| tag('n', sort)).collect())?;
    let (are, are_not) = signed("author_type", &query.author_type, AUTHORS)?;
    any("author_type", are.into_iter().map(|kind| tag('t', kind)).collect())?;
    let (has, has_not) = signed("has", &query.has, HAS)?;
    search.phrases.extend(has.into_iter().map(|what| tag('h', what)));
    search.none.extend(are_not.into_iter().map(|kind| tag('t', kind)));
    search.none.extend(has_not.into_iter().map(|what| tag('h', what)));
    for (asked, tag) in [(query.mention_everyone, tag('e', 1)), (query.pinned, tag('p', 1))] {
        match asked {
            Some(true) => search.phrases.push(tag),
            Some(false) => search.none.push(tag),
            None => {}
        }
    }
    Ok(())
}

/// Those that are asked for, and those that must not be.
fn signed<'q>(
    path: &str,
    values: &'q [String],
    of: &[&str],
) -> Result<(Vec<&'q str>, Vec<&'q str>)> {
    let (mut wanted, mut unwanted) = (Vec::new(), Vec::new());
    for value in values {
        let (bare, list) = match value.strip_prefix('-') {
            Some(bare) => (bare, &mut unwanted),
            None => (value.as_str(), &mut wanted),
        };
        if !of.contains(&bare) || list.len() > of.len() {
            return no(unknown(path, of));
        }
        list.push(bare);
    }
    Ok((wanted, unwanted))
}
