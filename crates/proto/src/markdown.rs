//! Mentions in a text: enough of Markdown to find who is meant. Linear in the text's length.
//!
//! What stands in code is not meant.
//! <https://discord.com/developers/docs/reference#message-formatting>

use crate::{Id, marker};

/// Whom a text names, each once, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    pub users: Vec<Id<marker::User>>,
    pub roles: Vec<Id<marker::Role>>,
    /// `@everyone` or `@here`.
    pub everyone: bool,
}

/// Finds the mentions of a text.
pub fn mentions(text: &str) -> Mentions {
    let mut found = Mentions::default();
    let bytes = text.as_bytes();
    let closers = Closers::of(bytes);
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'`' => at = closers.skip(at),
            b'<' => at += angle(&text[at..], &mut found),
            b'@' => {
                let rest = &bytes[at..];
                if rest.starts_with(b"@everyone") || rest.starts_with(b"@here") {
                    found.everyone = true;
                }
                at += 1;
            }
            _ => at += 1,
        }
    }
    found
}

/// Reads `<@1>`, `<@!1>` or `<@&1>` at the start; answers how far to go on.
fn angle(text: &str, found: &mut Mentions) -> usize {
    // An id has at most 19 digits: never look further.
    let window = &text.as_bytes()[..text.len().min(24)];
    let Some(end) = window.iter().position(|b| *b == b'>') else {
        return 1;
    };
    let Some(inner) = text.get(1..end).and_then(|inner| inner.strip_prefix('@')) else {
        return 1;
    };
    if let Some(role) = inner.strip_prefix('&') {
        if let Ok(role) = role.parse() {
            if !found.roles.contains(&role) {
                found.roles.push(role);
            }
            return end + 1;
        }
    } else if let Ok(user) = inner.strip_prefix('!').unwrap_or(inner).parse() {
        // A text of 2,000 characters holds few hundred ids: looking through them stays cheap.
        if !found.users.contains(&user) {
            found.users.push(user);
        }
        return end + 1;
    }
    1
}

/// A custom emoji in a text: `<:name:id>`, or `<a:name:id>` if it moves.
#[derive(Debug, PartialEq, Eq)]
pub struct EmojiMention<'t> {
    /// Where it stands, in bytes.
    pub at: std::ops::Range<usize>,
    pub name: &'t str,
    pub id: Id<marker::Emoji>,
}

/// Finds the custom emoji of a text, in order.
pub fn emojis(text: &str) -> Vec<EmojiMention<'_>> {
    let bytes = text.as_bytes();
    let closers = Closers::of(bytes);
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'`' => at = closers.skip(at),
            b'<' => match emoji(text, at) {
                Some(one) => {
                    at = one.at.end;
                    found.push(one);
                }
                None => at += 1,
            },
            _ => at += 1,
        }
    }
    found
}

/// Letters of an emoji's name.
pub const EMOJI_NAME: std::ops::RangeInclusive<usize> = 2..=32;

/// Whether an emoji can be called so.
pub fn is_emoji_name(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    EMOJI_NAME.contains(&name.len()) && name.bytes().all(letter)
}

fn emoji(text: &str, at: usize) -> Option<EmojiMention<'_>> {
    // `<a:`, a name, `:`, an id of at most 19 digits, `>`: never look further.
    let window = &text.as_bytes()[at..text.len().min(at + 3 + EMOJI_NAME.end() + 21)];
    let end = at + window.iter().position(|b| *b == b'>')?;
    let inner = text.get(at + 1..end)?;
    let (name, id) = inner.strip_prefix('a').unwrap_or(inner).strip_prefix(':')?.split_once(':')?;
    let id = id.parse().ok().filter(|_| is_emoji_name(name))?;
    Some(EmojiMention { at: at..end + 1, name, id })
}

/// Runs of backticks, and for each the next one of its length.
struct Closers {
    /// (start, length, end of the code that it opens), in order.
    runs: Vec<(usize, usize, Option<usize>)>,
}

impl Closers {
    fn of(bytes: &[u8]) -> Self {
        let mut runs = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let start = at;
            while at < bytes.len() && bytes[at] == b'`' {
                at += 1;
            }
            if at > start {
                runs.push((start, at - start, None));
            }
            at += 1;
        }
        // From the end: the last seen run of each length. Lengths over three count as three.
        let mut last: [Option<usize>; 3] = [None; 3];
        for (start, length, end) in runs.iter_mut().rev() {
            let kind = (*length).min(3) - 1;
            *end = last[kind];
            last[kind] = Some(*start + *length);
        }
        Self { runs }
    }

    /// Past the code that opens here, or past the backticks if nothing closes it.
    fn skip(&self, at: usize) -> usize {
        let Ok(run) = self.runs.binary_search_by_key(&at, |(start, _, _)| *start) else {
            return at + 1;
        };
        let (start, length, end) = self.runs[run];
        end.unwrap_or(start + length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users(text: &str) -> Vec<u64> {
        mentions(text).users.into_iter().map(Id::get).collect()
    }

    #[test]
    fn finds_custom_emoji_outside_of_code() {
        let names = |text| emojis(text).iter().map(|one| one.name).collect::<Vec<_>>();
        assert_eq!(names("a <:cat:12><a:dog_1:34> b"), ["cat", "dog_1"]);
        assert_eq!(names("`<:cat:12>` ```<:cat:1>``` \\<:cat:2> <:dog:3>"), ["dog"]);
        for none in ["<:c:1>", "<:cat:>", "<:cat:x>", "<cat:1>", "<:ca t:1>", "<:cat:1", "<::1>"] {
            assert!(emojis(none).is_empty(), "{none}");
        }
        let found = emojis("ö<:cat:12>");
        assert_eq!((found[0].at.clone(), found[0].id.get()), (2..11, 12));
        assert!(emojis(&"<".repeat(2_000)).is_empty());
    }

    #[test]
    fn finds_who_is_meant() {
        assert_eq!(users("hi <@12> and <@!34>, <@12>"), [12, 34]);
        assert_eq!(mentions("<@&56>").roles.len(), 1);
        assert!(mentions("hey @everyone").everyone);
        assert!(mentions("hey @here!").everyone);
        assert_eq!(users("<@> <@x> <@0> <@-1> <@12"), Vec::<u64>::new());
        assert_eq!(users("\\<@12>"), Vec::<u64>::new());
    }

    #[test]
    fn what_stands_in_code_is_not_meant() {
        assert_eq!(users("`<@1>` <@2> ```\n<@3>\n``` <@4>"), [2, 4]);
        assert!(!mentions("`@everyone`").everyone);
        assert_eq!(users("a lone ` does not hide <@5>"), [5]);
    }

    #[test]
    fn long_texts_take_linear_time() {
        for piece in ["`", "``` ", "<@", "<@1", "\\", "@here `"] {
            mentions(&piece.repeat(100_000));
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in ".*") {
            mentions(&text);
        }
    }
}
