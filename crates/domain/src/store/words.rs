//! How text is broken into words, for the index and for the question alike.
//!
//! One definition in front of all stores, so that they find the same things: lower case, without
//! diacritics, and each character of a script that puts no spaces between words is a word itself
//! (a run of them is then found as a phrase).
//! <https://www.sqlite.org/fts5.html#unicode61_tokenizer>

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// The text as words with single spaces between them. ASCII is left alone: every full-text index
/// breaks and folds it in this way already.
pub fn plain(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(words(text).join(" ")) }
}

/// The words of a text in their order.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Words::default();
    for c in text.chars() {
        if stands_alone(c) {
            words.end();
            words.push(c);
            words.end();
        } else if c.is_ascii() {
            words.push(c.to_ascii_lowercase());
        } else {
            // One character at a time: decomposing would take syllables of Hangul apart as well.
            let bare = std::iter::once(c).nfkd().filter(|c| !is_diacritic(*c));
            bare.flat_map(char::to_lowercase).for_each(|c| words.push(c));
        }
    }
    words.end();
    words.done
}

/// Whether a text with these words answers a question for `asked`, the words of one thing that was
/// typed: they follow each other, and the last one may be only a beginning.
pub fn holds(words: &[String], asked: &[String]) -> bool {
    let Some((last, before)) = asked.split_last() else { return false };
    words
        .windows(asked.len())
        .any(|run| run[..before.len()] == *before && run[before.len()].starts_with(last.as_str()))
}

/// Begins what no text can hold: a private character that `typed` takes out of what people write.
const TAG: char = '\u{e000}';

/// A word that says what a document is, beside the words that stand in it: searched for whole.
pub fn tag(kind: char, value: impl std::fmt::Display) -> String {
    let tag = format!("{TAG}{kind}{value}");
    debug_assert!(tag.chars().skip(1).all(|c| matches!(c, 'a'..='z' | '0'..='9')), "{tag}");
    tag
}

/// What people wrote, so that no tag is in it.
pub fn typed(text: &str) -> Cow<'_, str> {
    if text.contains(TAG) { Cow::Owned(text.replace(TAG, " ")) } else { Cow::Borrowed(text) }
}

/// Whether a text with these words holds this phrase of whole words.
pub fn holds_whole(words: &[String], asked: &[String]) -> bool {
    !asked.is_empty() && words.windows(asked.len()).any(|run| run == asked)
}

#[derive(Default)]
struct Words {
    done: Vec<String>,
    word: String,
}

impl Words {
    fn push(&mut self, c: char) {
        if c == TAG {
            self.end();
            self.word.push(c);
        } else if c.is_alphanumeric() || (is_combining_mark(c) && !self.word.is_empty()) {
            self.word.push(c);
        } else if !is_diacritic(c) {
            self.end();
        }
    }

    fn end(&mut self) {
        if !self.word.is_empty() {
            self.done.push(std::mem::take(&mut self.word));
        }
    }
}

/// Marks that people leave out when they type, and variation selectors.
fn is_diacritic(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}')
}

/// Scripts without spaces between words: Han, Kana, Bopomofo, Hangul, Thai, Lao, Khmer, Burmese.
fn stands_alone(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1100}'..='\u{11ff}'
        | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{2fdf}' | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{318f}' | '\u{31a0}'..='\u{31bf}' | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{a960}'..='\u{a97f}'
        | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}'
        | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_and_scripts_without_spaces_are_spread() {
        assert_eq!(words("Hello, WORLD_2!"), ["hello", "world", "2"]);
        assert_eq!(words("Café cafe\u{301} ÅNGSTRÖM ﬁn"), ["cafe", "cafe", "angstrom", "fin"]);
        assert_eq!(words("我吃饭了ok東京"), ["我", "吃", "饭", "了", "ok", "東", "京"]);
        assert_eq!(words("반갑습니다"), ["반", "갑", "습", "니", "다"]);
        assert_eq!(words("ครับ"), ["ค", "ร", "ั", "บ"]);
        assert_eq!(words("हिन्दी में"), ["हिन्दी", "में"]);
        assert_eq!(words("❤\u{fe0f} !!! \u{0} "), [] as [&str; 0]);
        assert_eq!(plain("Ünter uns"), "unter uns");
        assert_eq!(plain("As It Is"), "As It Is");
    }

    #[test]
    fn a_question_is_a_phrase_that_may_end_within_a_word() {
        let text = words("the quick brown 东京塔");
        let asked = |question: &str| holds(&text, &words(question));
        assert!(asked("qui") && asked("quick bro") && asked("京塔") && asked("brown东"));
        assert!(!asked("uick") && !asked("the brown") && !asked("京东") && !asked("?"));
    }
}
