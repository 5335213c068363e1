//! Names: what may be one, and when two of them look alike.
//!
//! A username is unique by what people see (the skeleton of UTS 39), a name that people see is free
//! but may not pass for somebody's username or for the house.
//! <https://www.unicode.org/reports/tr39/>

use std::{collections::HashSet, sync::OnceLock};

use proto::{Code, Id, Limits, marker};
use unicode_normalization::{
    UnicodeNormalization as _,
    char::{is_combining_mark, is_public_assigned},
};
use unicode_security::{GeneralSecurityProfile as _, MixedScript as _};

use crate::{
    App,
    reject::{Reject, Result, no},
    rows::{UserKind, UserRow},
    store::Scan,
};

/// Names that would pass for the house, for a role or for a machine's word.
const RESERVED: &[&str] = &[
    "admin",
    "administrator",
    "admins",
    "clyde",
    "deleted",
    "deleteduser",
    "discord",
    "everyone",
    "here",
    "host",
    "moderator",
    "moderators",
    "mod",
    "mods",
    "null",
    "official",
    "opensrcchat",
    "operator",
    "owner",
    "root",
    "security",
    "server",
    "serverowner",
    "staff",
    "superuser",
    "support",
    "sysadmin",
    "sysop",
    "system",
    "undefined",
    "webhook",
];

/// Further words that are no usernames, since programs and addresses use them.
const RESERVED_USERNAMES: &[&str] = &[
    "all",
    "anonymous",
    "api",
    "aux",
    "bot",
    "bots",
    "cdn",
    "channel",
    "com1",
    "con",
    "false",
    "gateway",
    "guest",
    "guests",
    "guild",
    "help",
    "info",
    "lpt1",
    "me",
    "nan",
    "nil",
    "none",
    "nul",
    "prn",
    "room",
    "true",
    "unknown",
    "user",
    "you",
];

/// What usernames of guests and of deleted users begin with.
const RESERVED_PREFIXES: &[&str] = &["guest_", "deleted_"];

/// Between two letters or digits of a username.
const SEPARATORS: [char; 3] = ['.', '_', '-'];
const USERNAME_MIN: usize = 2;
/// Normalising makes texts longer; nothing that is longer than this can be short enough after it.
const RAW_BYTES: usize = 4_096;
/// Marks on one letter: what writing needs, not what piles up over other people's lines.
const MARKS: usize = 4;

/// A checked username and what it is unique by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username {
    pub text: String,
    pub skeleton: String,
}

/// Checks a username: 2 to 32 letters and digits of one script, with `.`, `_` and `-` between them.
/// It is kept in small letters: `I` and `l` differ only there.
pub fn username(limits: &Limits, text: &str) -> Result<Username, Reject> {
    let most = limits.username_length;
    let length = || Reject::length("username", USERNAME_MIN, most);
    if text.len() > RAW_BYTES {
        return Err(length());
    }
    let text = small(text);
    if !(USERNAME_MIN..=most).contains(&text.chars().count()) {
        return Err(length());
    }
    let wrong = |message: &str| Err(Reject::field("username", "USERNAME_INVALID", message));
    if !text.chars().all(|c| SEPARATORS.contains(&c) || in_username(c)) {
        return wrong("Use letters, digits, dots, dashes and underscores.");
    }
    let apart = |c: char| SEPARATORS.contains(&c);
    let doubled = text.chars().zip(text.chars().skip(1)).any(|(a, b)| apart(a) && apart(b));
    if doubled || text.starts_with(apart) || text.ends_with(apart) {
        return wrong("Dots, dashes and underscores stand between letters or digits.");
    }
    if !text.chars().any(char::is_alphabetic) || text.starts_with(is_combining_mark) {
        return wrong("Use at least one letter.");
    }
    if !text.as_str().is_single_script() {
        return wrong("Use letters of one script.");
    }
    let skeleton = skeleton(&text);
    let prefixed = RESERVED_PREFIXES.iter().any(|prefix| text.starts_with(prefix));
    if prefixed || is_reserved(&text, true) {
        return Err(Reject::field("username", "USERNAME_RESERVED", "This name is reserved."));
    }
    Ok(Username { text, skeleton })
}

fn in_username(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_lowercase() || c.is_ascii_digit();
    }
    // Marks of scripts that need them; those of Latin stand in the letter itself.
    let mark = is_combining_mark(c) && !is_accent(c);
    c.identifier_allowed() && (c.is_alphanumeric() || mark)
}

/// Checks a name that people see: on one line, nothing invisible, 1 to `most` characters.
/// `path`: the field it came in.
pub fn display(path: &str, text: &str, most: usize) -> Result<String, Reject> {
    if text.len() > RAW_BYTES {
        return Err(Reject::length(path, 1, most));
    }
    let Some(text) = clean_text(text) else {
        let message = "It has characters that cannot be seen, or too many marks on one letter.";
        return Err(Reject::field(path, "NAME_INVALID", message));
    };
    if !(1..=most).contains(&text.chars().count()) {
        return Err(Reject::length(path, 1, most));
    }
    Ok(text)
}

/// Says no to a name that looks like a reserved word or like the username of somebody else.
pub async fn not_misleading(
    app: &App,
    path: &str,
    name: &str,
    of: Option<Id<marker::User>>,
) -> Result<()> {
    not_reserved(path, name)?;
    for look in looks(name) {
        let owner = by_skeleton(app, &look).await?;
        let somebody = owner.filter(|user| user.kind == UserKind::Account && Some(user.id) != of);
        if somebody.is_some() {
            return no(Reject::Refused(Code::NAME_TAKEN));
        }
    }
    Ok(())
}

/// Says no to a name that only those who run the room or the server could have.
pub(crate) fn not_reserved(path: &str, name: &str) -> Result<(), Reject> {
    if is_reserved(name, false) {
        let message = "This name is reserved: choose another.";
        return Err(Reject::field(path, "NAME_RESERVED", message));
    }
    Ok(())
}

/// Who has the username with this skeleton, or had it: a name is not given twice.
pub(crate) async fn by_skeleton(app: &App, skeleton: &str) -> Result<Option<UserRow>> {
    let scan = Scan::of::<UserRow>().by("by_skeleton").prefix(skeleton).limit(1);
    Ok(app.store.scan::<UserRow>(scan).await?.pop())
}

/// One line of text as people may send it: trimmed, spaces collapsed, composed. `None` if something
/// in it is invisible, turns the direction of writing, or piles up marks.
pub fn clean_text(text: &str) -> Option<String> {
    let composed: String = text.nfc().collect();
    let words: Vec<_> = composed.split_whitespace().collect();
    let line = words.join(" ");
    is_clean(&line).then_some(line)
}

/// The same for several lines: line ends and spaces within a line stay.
pub fn clean_lines(text: &str) -> Option<String> {
    let composed: String = text.nfc().collect();
    let composed = composed.replace("\r\n", "\n");
    let lines: Vec<_> = composed.split('\n').map(|line| line.trim_end()).collect();
    let clean = lines.iter().all(|line| is_clean(&line.replace('\t', " ")));
    clean.then(|| lines.join("\n").trim_matches('\n').to_owned())
}

fn is_clean(line: &str) -> bool {
    let chars: Vec<char> = line.chars().collect();
    let mut marks = 0;
    for (at, c) in chars.iter().copied().enumerate() {
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        if marks > MARKS || (marks > 0 && at == 0) {
            return false;
        }
        let before = at.checked_sub(1).map(|at| chars[at]);
        let after = chars.get(at + 1).copied();
        let fine = match c {
            // A picture or text form of the character before.
            '\u{fe0e}' | '\u{fe0f}' => before.is_some_and(has_forms),
            // Joins emoji, and letters of scripts that write with it.
            '\u{200c}' | '\u{200d}' => {
                before.is_some_and(|c| joins(c) || c == '\u{fe0f}') && after.is_some_and(joins)
            }
            _ => !is_unseen(c),
        };
        if !fine {
            return false;
        }
    }
    true
}

fn has_forms(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '#' | '*') || (!c.is_ascii() && !c.is_alphanumeric())
}

/// Not in a script where a joiner can only hide.
fn joins(c: char) -> bool {
    c >= '\u{0590}' && !is_unseen(c) && !c.is_whitespace()
}

/// Controls, unassigned and private characters, and those that Unicode calls ignorable or that show
/// nothing.
pub(crate) fn is_unseen(c: char) -> bool {
    if c.is_control() || !is_public_assigned(c) {
        return true;
    }
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffd}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Marks that Latin, Greek and Cyrillic letters carry.
pub(crate) fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// Compatibility forms folded, in small letters.
fn small(text: &str) -> String {
    let lower: String = text.nfkc().flat_map(char::to_lowercase).collect();
    lower.nfkc().collect()
}

/// What a username is unique by: the same for all that look the same, whatever their case and
/// accents.
pub fn skeleton(text: &str) -> String {
    unify(&small(text))
}

/// The skeletons of what a name looks like: as it stands (`AIice`) and in small letters.
fn looks(name: &str) -> HashSet<String> {
    let plain: String = name.nfkc().filter(|c| !c.is_whitespace()).collect();
    HashSet::from([skeleton(&plain), unify(&plain)])
}

fn unify(text: &str) -> String {
    let spelled: String = text.nfd().filter(|c| !is_accent(*c)).map(plain_letter).collect();
    let spelled = spelled.replace(['ß', 'ẞ'], "ss");
    let alike = unicode_security::skeleton(&spelled).filter(|c| !is_accent(*c));
    // A skeleton has capitals (0 becomes O).
    alike.flat_map(char::to_lowercase).nfc().collect()
}

/// Small capitals, which UTS 39 leaves apart from letters.
pub(crate) fn plain_letter(c: char) -> char {
    const SMALL: &str = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ";
    const PLAIN: &[u8; 25] = b"abcdefghijklmnopqrstuvwyz";
    match SMALL.chars().position(|small| small == c) {
        Some(at) => char::from(PLAIN[at]),
        None => c,
    }
}

fn is_reserved(name: &str, username: bool) -> bool {
    static BARE: OnceLock<[HashSet<String>; 2]> = OnceLock::new();
    let [words, usernames] = BARE.get_or_init(|| {
        [RESERVED, RESERVED_USERNAMES].map(|words| words.iter().map(|word| bare(word)).collect())
    });
    let mut looks = looks(name).into_iter().map(|look| letters(&look));
    looks.any(|look| words.contains(&look) || (username && usernames.contains(&look)))
}

fn bare(word: &str) -> String {
    letters(&skeleton(word))
}

/// Letters and digits only, and no difference between `i` and `l`: `adm1n` is no name either.
fn letters(look: &str) -> String {
    look.chars().filter(|c| c.is_alphanumeric()).map(|c| if c == 'l' { 'i' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<Username, Reject> {
        username(&Limits::default(), text)
    }

    #[test]
    fn names_that_pass_for_others_are_refused() {
        let many = ["\u{fdfa}".repeat(32), "👨‍👩‍👧‍👦".repeat(32)];
        let hostile = [
            "admin",
            "\u{430}dmin",
            "ADMIN",
            "\u{ff41}\u{ff44}\u{ff4d}\u{ff49}\u{ff4e}",
            "admin\u{200b}",
            "ad\u{ad}min",
            "\u{2066}admin\u{2069}",
            "adm\u{131}n",
            "admin\u{301}",
            "\u{391}dmin",
            "\u{1d00}\u{1d05}\u{1d0d}\u{26a}\u{274}",
            "\u{1d586}\u{1d589}\u{1d592}\u{1d58e}\u{1d593}",
            "rnoderator",
            "moderator",
            "system",
            "clyde",
            "everyone",
            "here",
            "opensrcchat",
            "null",
            "undefined",
            "me",
            "@me",
            "%00",
            "..",
            ".",
            "CON",
            "a/b",
            "a b",
            " a",
            "a ",
            "\u{3000}",
            "\u{2800}",
            "\u{130}",
            "adm1n",
            "ad.min",
            "r00t",
            "a",
            "-a",
            "a-",
            "a..b",
            "12345",
            "",
            "guest_1",
            "аdmin",
        ];
        for name in hostile.into_iter().chain(many.iter().map(String::as_str)) {
            assert!(check(name).is_err(), "{name:?} became {:?}", check(name));
        }
    }

    #[test]
    fn names_that_look_the_same_have_one_skeleton() {
        let pairs = [
            ("strasse", "straße"),
            ("istanbul", "ISTANBUL"),
            ("office", "oﬃce"),
            ("\u{c5}sa", "A\u{30a}sa"),
            ("rnary", "mary"),
            ("paypal", "paypa1"),
            ("rené", "rene"),
            ("scope", "ѕсоре"),
        ];
        for (a, b) in pairs {
            assert_eq!(skeleton(a), skeleton(b), "{a} {b}");
        }
        assert_ne!(skeleton("alice"), skeleton("alicia"));
    }

    #[test]
    fn ordinary_usernames_pass_and_are_kept_in_small_letters() {
        let fine = ["alice", "bob_2", "jean-luc.p", "маша", "太郎", "たろう太郎", "한글", "नमिता"];
        for name in fine {
            assert_eq!(check(name).map(|name| name.text).as_deref(), Ok(name), "{name}");
        }
        assert_eq!(check("Alice").map(|name| name.text).as_deref(), Ok("alice"));
        assert!(check(&"x".repeat(32)).is_ok());
        assert!(check(&"x".repeat(33)).is_err());
    }

    #[test]
    fn names_that_people_see_are_visible() {
        let fine = |text: &str| display("name", text, 32);
        assert_eq!(fine("  Anna   Lena ").as_deref(), Ok("Anna Lena"));
        for name in ["🦀 Ferris", "👨‍👩‍👧", "❤️", "می‌خواهم", "O'Brien", "<script>", "ก็ดี", "𝒜nna"]
        {
            assert!(fine(name).is_ok(), "{name}");
        }
        let zalgo = format!("a{}", "\u{301}\u{302}\u{303}".repeat(4));
        let hidden = [
            "",
            "   ",
            "\u{3000}",
            "\u{2800}",
            "a\u{200b}b",
            "\u{202e}abc",
            "a\u{0}b",
            "a\u{7}",
            "\u{2066}x\u{2069}",
            "a\u{200d}b",
            "\u{3164}",
            "\u{e000}",
            "\u{feff}x",
            &zalgo,
        ];
        for name in hidden {
            assert!(fine(name).is_err(), "{name:?}");
        }
        assert!(fine(&"x".repeat(33)).is_err());
    }

    #[test]
    fn reserved_words_are_seen_through() {
        for name in ["Admin", "A D M I N", "ADMlN", "𝕬𝖉𝖒𝖎𝖓", "Sуstem", "Moderat0r", "ᴍᴏᴅ"]
        {
            assert!(is_reserved(name, false), "{name}");
        }
        assert!(!is_reserved("Adminton", false));
        assert!(looks("AIice").contains(&skeleton("alice")));
    }

    #[test]
    fn lines_keep_their_ends() {
        assert_eq!(clean_lines("a \r\n b\n\n").as_deref(), Some("a\n b"));
        assert_eq!(clean_lines("a\u{202e}b"), None);
    }
}
