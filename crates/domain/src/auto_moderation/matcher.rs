//! What a rule looks for, made ready once: words by one automaton, patterns by an engine whose time
//! grows as the text does.

use std::{ops::Range, sync::OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use proto::auto_moderation::{PROFANITY, SEXUAL_CONTENT, SLURS, TriggerMetadata};
use regex::{Regex, RegexBuilder};

use super::fold;

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The word or pattern, as the rule has it.
    pub keyword: Option<String>,
    /// The part of the text, as it was read.
    pub matched: Option<String>,
}

/// A rule made ready.
#[derive(Debug)]
pub struct Matcher {
    words: Words,
    presets: Vec<&'static Words>,
    patterns: Vec<Regex>,
    allowed: Words,
}

/// Words, found together.
#[derive(Debug)]
struct Words {
    automaton: Option<AhoCorasick>,
    /// By pattern of the automaton.
    words: Vec<Word>,
}

#[derive(Debug, Clone)]
struct Word {
    text: String,
    /// Anything may stand before it.
    before: bool,
    after: bool,
}

/// A pattern, if it is one and small enough once compiled.
pub fn pattern(text: &str, most_bytes: usize) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text).size_limit(most_bytes).dfa_size_limit(most_bytes).nest_limit(32).build()
}

impl Matcher {
    pub fn new(trigger: &TriggerMetadata, pattern_bytes: usize) -> Self {
        let list = |list: &Option<Vec<String>>| Words::new(list.as_deref().unwrap_or_default());
        let patterns = trigger.regex_patterns.as_deref().unwrap_or_default().iter();
        let presets = trigger.presets.as_deref().unwrap_or_default().iter();
        Self {
            words: list(&trigger.keyword_filter),
            presets: presets.filter_map(|preset| preset_words(*preset)).collect(),
            // They were looked at when the rule was made: none is lost here.
            patterns: patterns.filter_map(|text| pattern(text, pattern_bytes).ok()).collect(),
            allowed: list(&trigger.allow_list),
        }
    }

    /// The first thing in this text that is not allowed.
    pub fn find(&self, text: &str) -> Option<Hit> {
        if self.words.automaton.is_some() || !self.presets.is_empty() {
            for form in fold::forms(text) {
                let allowed = self.allowed.all(&form);
                for words in std::iter::once(&self.words).chain(self.presets.iter().copied()) {
                    if let Some(hit) = words.find(&form, &allowed) {
                        return Some(hit);
                    }
                }
            }
        }
        if self.patterns.is_empty() {
            return None;
        }
        let visible = fold::visible(text);
        self.matching(text).or_else(|| self.matching(&visible))
    }

    fn matching(&self, text: &str) -> Option<Hit> {
        // Places in the folded text are others: what is allowed is looked for within the match.
        self.patterns.iter().find_map(|pattern| {
            let found = pattern.find_iter(text).take(100).find(|found| {
                self.allowed.automaton.is_none()
                    || self.allowed.all(&fold::plain(found.as_str())).is_empty()
            })?;
            let matched = Some(found.as_str().to_owned());
            Some(Hit { keyword: Some(pattern.as_str().to_owned()), matched })
        })
    }
}

impl Words {
    fn new<T: AsRef<str>>(list: &[T]) -> Self {
        let (mut words, mut patterns) = (Vec::new(), Vec::new());
        for text in list.iter().map(AsRef::as_ref) {
            let bare = text.trim().trim_matches('*');
            let word = Word {
                text: text.to_owned(),
                before: text.trim().starts_with('*'),
                after: text.trim().ends_with('*'),
            };
            let plain = fold::plain(bare);
            let spelled = fold::spelled(&plain);
            for form in [Some(&plain), Some(&spelled).filter(|form| **form != plain)] {
                let Some(form) = form.filter(|form| !form.trim().is_empty()) else { continue };
                patterns.push(form.clone());
                words.push(word.clone());
            }
        }
        let automaton = (!patterns.is_empty()).then(|| {
            let mut builder = AhoCorasick::builder();
            // Not the one that is quickest to run: it takes long to build and much memory.
            let kind = AhoCorasickKind::ContiguousNFA;
            builder.match_kind(MatchKind::Standard).kind(Some(kind)).build(&patterns)
        });
        // It fails on more words than the limits of a rule allow.
        Self { automaton: automaton.and_then(Result::ok), words }
    }

    fn hits<'t>(&'t self, text: &'t str) -> impl Iterator<Item = (&'t Word, Range<usize>)> {
        let found = self.automaton.iter().flat_map(move |all| all.find_overlapping_iter(text));
        let found = found.map(|found| (&self.words[found.pattern().as_usize()], found.range()));
        found.filter(move |(word, range)| {
            (word.before || ends_there(text, range.start))
                && (word.after || ends_there(text, range.end))
        })
    }

    /// All places of a text that have one, in order and apart from each other.
    fn all(&self, text: &str) -> Vec<Range<usize>> {
        let mut all: Vec<Range<usize>> = Vec::new();
        // They come by where they end.
        for (_, mut range) in self.hits(text) {
            while let Some(last) = all.pop_if(|last| last.end >= range.start) {
                range.start = range.start.min(last.start);
            }
            all.push(range);
        }
        all
    }

    fn find(&self, text: &str, allowed: &[Range<usize>]) -> Option<Hit> {
        let free = |range: &Range<usize>| {
            let next = allowed.partition_point(|ok| ok.end <= range.start);
            allowed.get(next).is_none_or(|ok| ok.start >= range.end)
        };
        let (word, range) = self.hits(text).find(|(_, range)| free(range))?;
        Some(Hit { keyword: Some(word.text.clone()), matched: Some(text[range].to_owned()) })
    }
}

/// Whether a word ends or begins here. Scripts without spaces have no such places: there it does
/// everywhere.
fn ends_there(text: &str, at: usize) -> bool {
    let before = text[..at].chars().next_back();
    let after = text[at..].chars().next();
    let letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && !spaceless(c));
    !(letter(before) && letter(after))
}

fn spaceless(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Our own short lists, in some languages: a beginning, which a room adds its own words to.
fn preset_words(preset: u8) -> Option<&'static Words> {
    static LISTS: OnceLock<[Words; 3]> = OnceLock::new();
    let lists = LISTS.get_or_init(|| {
        [
            include_str!("words/profanity.txt"),
            include_str!("words/sexual.txt"),
            include_str!("words/slurs.txt"),
        ]
        .map(|text| {
            let lines = text.lines().map(str::trim);
            let words: Vec<_> =
                lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
            Words::new(&words)
        })
    });
    match preset {
        PROFANITY => Some(&lists[0]),
        SEXUAL_CONTENT => Some(&lists[1]),
        SLURS => Some(&lists[2]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str], allowed: &[&str]) -> Matcher {
        let list = |list: &[&str]| Some(list.iter().map(|word| (*word).to_owned()).collect());
        let trigger = TriggerMetadata {
            keyword_filter: list(words),
            allow_list: list(allowed),
            ..Default::default()
        };
        Matcher::new(&trigger, 1 << 20)
    }

    fn patterns(patterns: &[&str]) -> Matcher {
        let list = patterns.iter().map(|text| (*text).to_owned()).collect();
        let trigger = TriggerMetadata { regex_patterns: Some(list), ..Default::default() };
        Matcher::new(&trigger, 1 << 20)
    }

    #[test]
    fn stars_say_where_a_word_may_go_on() {
        for (word, hits, misses) in [
            ("cat", &["cat", "a CAT!", "c-a-t", "(cat)"][..], &["catapult", "tomcat", "cot"][..]),
            ("tra*", &["train", "tra"], &["extra", "ex-ra"]),
            ("*tra", &["extra", "tra"], &["train"]),
            ("*ana*", &["banana", "ana"], &["an a"]),
            ("the matrix", &["in the matrix now"], &["the matrixes"]),
            ("猫", &["黒猫です"], &["犬"]),
        ] {
            let rule = words(&[word], &[]);
            for text in hits {
                assert!(rule.find(text).is_some(), "{word} in {text}");
            }
            for text in misses {
                assert_eq!(rule.find(text), None, "{word} in {text}");
            }
        }
        let hit = words(&["x", "cat*"], &[]).find("see CATS").expect("found");
        assert_eq!((hit.keyword.as_deref(), hit.matched.as_deref()), (Some("cat*"), Some("cat")));
    }

    #[test]
    fn what_is_allowed_is_let_through_and_no_more() {
        let rule = words(&["*ass*"], &["*class*", "grass"]);
        assert_eq!(rule.find("first class grass"), None);
        assert!(rule.find("first class ass").is_some());
        let trigger = TriggerMetadata {
            regex_patterns: Some(vec![r"https?://\S+".to_owned()]),
            allow_list: Some(vec!["*example.org*".to_owned()]),
            ..Default::default()
        };
        let links = Matcher::new(&trigger, 1 << 20);
        assert_eq!(links.find("see https://example.org/a"), None);
        assert!(links.find("https://example.org/a https://evil.test/").is_some());
    }

    #[test]
    fn patterns_read_the_text_and_what_is_seen_of_it() {
        let rule = patterns(&["(?i)fr[e3]{2} n[i1]tro"]);
        for text in ["Free Nitro", "fr33 n1tro!", "fr\u{200b}ee nitro", "ｆｒｅｅ nitro"] {
            assert!(rule.find(text).is_some(), "{text}");
        }
        assert!(pattern("(", 1 << 20).is_err() && pattern(r"(a)\1", 1 << 20).is_err());
        assert!(pattern(r"(?:\w{100}){100}", 1 << 20).is_err(), "too large");
    }

    #[test]
    fn our_lists_are_there() {
        for preset in [PROFANITY, SEXUAL_CONTENT, SLURS] {
            let list = preset_words(preset).expect("a list");
            assert!(list.words.len() >= 20, "{preset}: {}", list.words.len());
        }
        assert!(preset_words(9).is_none());
    }

    #[test]
    fn no_text_and_no_pattern_takes_long() {
        let many: Vec<String> = (1..=60).map(|n| format!("*{}*", "a".repeat(n))).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        // Each word is allowed too: nothing ends the search early.
        let heavy = words(&many, &["*a*"]);
        let wild = patterns(&[r"(a+)+$", r"(a|aa)+$", r"(.*a){20}", r"\b(\w+\s?)*z", "(?:x+x+)+y"]);
        for text in ["a".repeat(2_000) + "!", "x".repeat(2_000), "a ".repeat(1_000)] {
            for rule in [&heavy, &wild] {
                let begun = std::time::Instant::now();
                rule.find(&text);
                let took = begun.elapsed();
                assert!(took.as_millis() < 1_500, "{took:?} for {}", &text[..4]);
            }
        }
    }
}
