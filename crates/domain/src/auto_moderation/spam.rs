//! What looks like spam by itself: the same again and again, and the shapes that only spam has.
//! No model, no list: counted, explained, and the same for everybody.

use std::{
    collections::{HashMap, VecDeque},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Mutex,
};

use proto::{Id, Timestamp, markdown, marker};

use super::{fold, matcher::Hit};

/// The same text so often in this time is spam, wherever in the room it stands.
const SAME: usize = 4;
const SAME_MS: i64 = 60_000;
/// Texts remembered of one person.
const REMEMBERED: usize = 8;
/// People remembered before those who said nothing for long are forgotten.
const PEOPLE: usize = 20_000;

/// Mentions by newcomers in a minute that are a raid; then for so long nobody new may mention.
const RAID_MENTIONS: usize = 30;
const MINUTE_MS: i64 = 60_000;
const RAID_MS: i64 = 10 * MINUTE_MS;
/// Members are newcomers for a day.
const NEW_MS: i64 = 24 * 60 * MINUTE_MS;

type Author = (Id<marker::Guild>, Id<marker::User>);

/// What people wrote just now.
#[derive(Default)]
pub struct Recent {
    texts: Mutex<HashMap<Author, VecDeque<(Timestamp, u64)>>>,
    mentions: Mutex<HashMap<Id<marker::Guild>, Mentions>>,
}

#[derive(Default)]
struct Mentions {
    since: Timestamp,
    count: usize,
    raid_until: Option<Timestamp>,
}

impl Recent {
    /// Whether the same was said too often, this time counted.
    pub fn repeats(&self, now: Timestamp, author: Author, text: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        let plain = fold::plain(text);
        // Digits and signs are what senders vary.
        let bare: String = plain.chars().filter(|c| c.is_alphabetic()).collect();
        if bare.chars().count() < 4 {
            plain.hash(&mut hasher)
        } else {
            bare.hash(&mut hasher)
        };
        let hash = hasher.finish();
        let recent = |at: Timestamp| (0..SAME_MS).contains(&now.ms_since(at));
        let mut texts = self.texts.lock().expect("no panic while locked");
        if texts.len() >= PEOPLE {
            texts.retain(|_, said| said.back().is_some_and(|(at, _)| recent(*at)));
            if texts.len() >= PEOPLE {
                texts.clear();
            }
        }
        let said = texts.entry(author).or_default();
        said.retain(|(at, _)| recent(*at));
        if said.len() >= REMEMBERED {
            said.pop_front();
        }
        said.push_back((now, hash));
        said.iter().filter(|(_, other)| *other == hash).count() >= SAME
    }

    /// Whether newcomers' mentions are a raid on this guild, with these counted.
    pub fn mention_raid(
        &self,
        now: Timestamp,
        guild: Id<marker::Guild>,
        joined_at: Timestamp,
        mentions: usize,
    ) -> bool {
        if mentions == 0 || now.ms_since(joined_at) > NEW_MS {
            return false;
        }
        let mut guilds = self.mentions.lock().expect("no panic while locked");
        if guilds.len() >= PEOPLE {
            guilds.clear();
        }
        let state = guilds.entry(guild).or_default();
        if !(0..MINUTE_MS).contains(&now.ms_since(state.since)) {
            (state.since, state.count) = (now, 0);
        }
        state.count += mentions;
        if state.count > RAID_MENTIONS {
            state.raid_until = Some(now.plus_ms(RAID_MS));
        }
        state.raid_until.is_some_and(|until| until > now)
    }
}

/// Whether a text has a shape that only spam has.
pub fn shape(text: &str, mentions: &markdown::Mentions) -> Option<Hit> {
    let found = |what: &str| Some(Hit { keyword: Some(what.to_owned()), matched: None });
    let lower = text.to_lowercase();
    let links = lower.matches("http://").count() + lower.matches("https://").count();
    if links >= 1 && mentions.everyone {
        return found("a link for @everyone");
    }
    if links >= 8 {
        return found("many links");
    }
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let same = |line: &&&str| lines.first().is_some_and(|first| first == *line);
    if lines.len() >= 8 && lines.iter().filter(same).count() * 4 >= lines.len() * 3 {
        return found("the same line again and again");
    }
    let marks = text.chars().filter(|c| unicode_normalization::char::is_combining_mark(*c));
    if text.chars().count() >= 40 && marks.count() * 2 > text.chars().count() {
        return found("piled up marks");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id<T>(n: u64) -> Id<T> {
        Id::new(n).expect("an id")
    }

    #[test]
    fn the_same_again_and_again_is_spam_until_it_stops() {
        let (recent, author) = (Recent::default(), (id(1), id(2)));
        let at = |ms| Timestamp::from_ms(1_000_000 + ms);
        let say = |ms, text: &str| recent.repeats(at(ms), author, text);
        let said: Vec<_> = (0..4).map(|n| say(n, &format!("Free NITRO here {n}!"))).collect();
        assert_eq!(said, [false, false, false, true]);
        assert!(!say(5, "what else"));
        assert!(!recent.repeats(at(6), (id(1), id(3)), "free nitro here"));
        assert!(!say(SAME_MS + 5, "free nitro here"));
    }

    #[test]
    fn many_mentions_by_newcomers_are_a_raid() {
        let (recent, now) = (Recent::default(), Timestamp::from_ms(1_000_000_000));
        let mention = |joined, count| recent.mention_raid(now, id(1), joined, count);
        let old = now.plus_ms(-NEW_MS - 1);
        assert!(!mention(now, 20) && !mention(old, 50), "few, and old members");
        assert!(mention(now, 11) && mention(now, 1));
        assert!(!mention(old, 1) && !mention(now, 0));
        assert!(!recent.mention_raid(now.plus_ms(RAID_MS + 1), id(1), now, 1));
    }

    #[test]
    fn ordinary_texts_have_no_shape() {
        let shape = |text: &str| super::shape(text, &markdown::mentions(text)).is_some();
        for text in ["hi", "https://a.test and https://b.test", "@everyone lunch", "a\na\na", ""] {
            assert!(!shape(text), "{text}");
        }
        for text in [
            "@everyone free https://x.test".to_owned(),
            "https://x.test ".repeat(8),
            "buy\n".repeat(10),
            format!("a{}", "\u{301}\u{302}".repeat(40)),
        ] {
            assert!(shape(&text), "{text}");
        }
    }
}
