//! Text as rules read it: the tricks by which a word is hidden are undone as far as that is cheap
//! and safe. `docs/reference/moderation.md` says which.

use unicode_normalization::UnicodeNormalization as _;

use crate::name::{is_accent, is_unseen, plain_letter};

/// Longer texts are cut: messages are shorter, embeds are not looked at.
const READ: usize = 8_192;

/// The first form: compatibility forms, case, accents and look-alikes folded, nothing invisible.
pub fn plain(text: &str) -> String {
    let lower = text.chars().take(READ).nfkc().flat_map(char::to_lowercase);
    let bare = lower.nfd().filter(|c| !is_accent(*c) && !is_hidden(*c));
    let folded: String = bare.map(look).nfc().collect();
    folded.replace('ß', "ss")
}

/// As it is written, only that nothing invisible and no wide or styled letters are left: what
/// patterns read beside the text itself.
pub fn visible(text: &str) -> String {
    text.chars().take(READ).nfkc().filter(|c| !is_hidden(*c)).collect()
}

fn is_hidden(c: char) -> bool {
    !c.is_whitespace() && is_unseen(c)
}

/// The ASCII letter that a foreign one passes for.
fn look(c: char) -> char {
    if let Some(letter) = boxed(c) {
        return letter;
    }
    if c.is_ascii() || !c.is_alphanumeric() {
        return c;
    }
    let c = plain_letter(c);
    // Small forms that UTS 39 keeps apart and people do not.
    if let Some(at) = "мткнв".chars().position(|one| one == c) {
        return char::from(b"mtkhb"[at]);
    }
    let text = c.to_string();
    let mut alike = unicode_security::skeleton(&text);
    match (alike.next(), alike.next()) {
        (Some(one), None) if one.is_ascii_alphanumeric() => one.to_ascii_lowercase(),
        _ => c,
    }
}

/// The letter on a disc, in a box, or of a flag: these have no compatibility form.
fn boxed(c: char) -> Option<char> {
    const FROM: [u32; 3] = [0x1_f150, 0x1_f170, 0x1_f1e6];
    let from = FROM.into_iter().find(|from| (*from..from + 26).contains(&u32::from(c)))?;
    char::from_u32(u32::from('a') + u32::from(c) - from)
}

/// Without the marks that a page does not show: `b**a**d` reads as it is shown.
fn unmarked(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '*' | '_' | '~' | '|' | '`' | '\\')).collect()
}

/// All forms of a text, each once: as it is, digits and signs as letters, spaced letters as words,
/// stretched letters short; all of these also without marks that are not shown.
pub fn forms(text: &str) -> Vec<String> {
    let plain = plain(text);
    let bare = unmarked(&plain);
    let mut forms = Vec::new();
    for text in [plain, bare] {
        if forms.contains(&text) {
            continue;
        }
        let spelled = spelled(&text);
        // `a g-o-a-t`: with like gaps only, so that the word before does not hide it; `g-o a.t`.
        let (alike, mixed) = (joined(&spelled, true), joined(&spelled, false));
        let stretched = [&alike, &mixed].map(|text| [squeezed(text, 2), squeezed(text, 1)]);
        for form in [text, spelled, alike, mixed].into_iter().chain(stretched.into_iter().flatten())
        {
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
    }
    forms
}

/// `h4t3` as `hate`: signs for letters within what has a letter.
pub fn spelled(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '@' | '$' | '!');
    for part in text.split_inclusive(|c| !inside(c)) {
        // Marks behind a word are marks.
        let word = part.trim_end_matches(|c| c == '!' || !inside(c));
        if !word.chars().any(char::is_alphabetic) {
            out.push_str(part);
            continue;
        }
        out.extend(word.chars().map(|c| match c {
            '0' => 'o',
            '1' | '!' => 'i',
            '3' => 'e',
            '4' | '@' => 'a',
            '5' | '$' => 's',
            '7' => 't',
            '8' => 'b',
            other => other,
        }));
        out.push_str(&part[word.len()..]);
    }
    out
}

/// `s-p a.m` as `spam`: three and more single letters in a row are a word. A wider gap than the
/// first ends it; `alike`: also a space after signs, and the other way round.
fn joined(text: &str, alike: bool) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let (word, end) = letters_from(&chars, at, alike);
        if word.chars().count() >= 3 {
            out.push_str(&word);
            at = end;
            continue;
        }
        // Whole words and gaps as they are, so that each place is looked at once.
        let start = at;
        while at < chars.len() && chars[at].is_alphanumeric() {
            at += 1;
        }
        at = at.max(start + 1);
        out.extend(&chars[start..at]);
    }
    out
}

/// Single letters from here on, and where they end.
fn letters_from(chars: &[char], start: usize, alike: bool) -> (String, usize) {
    /// Signs between two letters of one word.
    const GAP: usize = 3;
    let single = |at: usize| {
        let letter = |at: usize| chars.get(at).is_some_and(|c: &char| c.is_alphanumeric());
        letter(at) && !letter(at + 1) && (at == 0 || !letter(at - 1))
    };
    let (mut word, mut at, mut width, mut kind) = (String::new(), start, None, None);
    let mut end = start;
    while single(at) {
        word.push(chars[at]);
        end = at + 1;
        let rest = chars[end..].iter().take(GAP + 1);
        let gap = rest.take_while(|c| !c.is_alphanumeric() && **c != '\n').count();
        if gap == 0 || gap > *width.get_or_insert(gap.min(GAP)) {
            break;
        }
        let spaces = chars[end..end + gap].iter().all(|c| c.is_whitespace());
        if alike && spaces != *kind.get_or_insert(spaces) {
            break;
        }
        at = end + gap;
    }
    (word, end)
}

/// `spaaaam` with so many of each letter that stands there three times or more.
fn squeezed(text: &str, most: usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    for run in chars.chunk_by(|a, b| a == b) {
        let stretched = run.len() >= 3 && run[0].is_alphabetic();
        out.extend(&run[..if stretched { most } else { run.len() }]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(text: &str, word: &str) -> bool {
        forms(text).iter().any(|form| form.split(|c: char| !c.is_alphanumeric()).any(|w| w == word))
    }

    #[test]
    fn hidden_words_are_read() {
        for text in [
            "spam",
            "SPAM",
            "ｓｐａｍ",
            "𝐬𝐩𝐚𝐦",
            "sp\u{200b}am",
            "s\u{ad}pam",
            "spám",
            "ѕрам",
            "sp4m",
            "5p@m",
            "s p a m",
            "s-p-a-m",
            "s.p.a.m",
            "s _ p _ a _ m",
            "spaaaaam",
            "S  P  A  M",
            "buy s*p*a*m now",
            "ꜱᴘᴀᴍ",
            "sss-p-a-m spam",
            "what a s-p-a-m",
            "s-p a.m",
            "s-p-a-m!",
            "sp4m!!",
            "$p@m! $",
            "sp**a**m",
            "s||p||am",
            "`sp`am",
            "s\\pam",
            "🅢🅟🅐🅜",
            "🅂🄿🄰🄼",
            "🇸🇵🇦🇲",
        ] {
            assert!(reads(text, "spam"), "{text:?} became {:?}", forms(text));
        }
        assert!(reads("boook", "book") && reads("Straße", "strasse"));
        assert!(reads("f o o  b a r", "foo") && reads("f o o  b a r", "bar"));
    }

    #[test]
    fn plain_words_stay_what_they_are() {
        for (text, word) in [("spa maker", "spam"), ("is pam here", "spam"), ("a b", "ab")] {
            assert!(!reads(text, word), "{text:?} became {:?}", forms(text));
        }
        assert_eq!(forms("room 101 at 4:30"), ["room 101 at 4:30"]);
        assert_eq!(plain("你好 नमस्ते"), plain("你好 नमस्ते"));
    }

    #[test]
    fn folding_takes_time_as_the_text_is_long() {
        // What is cut would hide a worse growth: below the cut only.
        let cost = |text: &str| {
            let once = |_| {
                let begun = std::time::Instant::now();
                std::hint::black_box(forms(text));
                begun.elapsed()
            };
            // The quickest of some: others work on this machine, too.
            (0..7).map(once).min().unwrap_or_default()
        };
        for unit in ["a ", "aa", "\u{200b}a", "a-", "ѕ", "a\u{301}", "(((", "4@"] {
            let text = |n: usize| unit.repeat(n / unit.chars().count());
            let (short, long) = (cost(&text(2_000)), cost(&text(8_000)));
            let floor = std::time::Duration::from_millis(100);
            assert!(long < short * 12 + floor, "{unit:?}: {short:?}, four times as long: {long:?}");
        }
    }
}
