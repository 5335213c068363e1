//! Passwords that somebody chose: long enough, and none that everybody would try first.
//!
//! Length beats rules, so there are no demands for digits or capitals; what is refused are the
//! passwords at the top of every list of stolen ones, rows of keys, and one piece repeated.

use proto::Limits;
use unicode_normalization::UnicodeNormalization as _;

use crate::reject::Reject;

/// From the tops of lists of stolen passwords, in small letters, without those that the other rules
/// find. <https://pages.nist.gov/800-63-4/sp800-63b.html>
#[rustfmt::skip]
const COMMON: &[&str] = &[
    "123456aa", "123456abc", "123456qwerty", "1234qwer", "123qwe123", "147258369", "159753456",
    "1q2w3e4r", "1q2w3e4r5t", "1qaz2wsx", "1qazxsw2", "741852963", "789456123", "a1234567",
    "a12345678", "a123456789", "a1b2c3d4", "aa123456", "aa12345678", "abc12345", "abc123456",
    "abcd1234", "admin123", "admin1234", "administrator", "alexander", "angel123", "arsenal1",
    "asd12345", "asdf1234", "asdfasdf1", "asdfghjkl1", "baseball", "baseball1", "basketball",
    "batman123", "benjamin", "blink182", "bulldogs", "butterfly", "changeit", "changeme",
    "charlie1", "cheese12", "chelsea1", "chocolate", "christopher", "computer", "computer1",
    "corvette", "cowboys1", "danielle", "default1", "dragon123", "elizabeth", "facebook",
    "football", "football1", "forever1", "fortnite1", "garfield", "google123", "guest123",
    "hello123", "helloworld", "hunter12", "iloveyou", "iloveyou1", "iloveyou2", "instagram",
    "internet", "jennifer", "jesus123", "jesuschrist", "jonathan", "killer123", "letmein1",
    "letmein123", "linkedin", "liverpool", "login123", "longhorn", "loveyou1", "manchester",
    "marlboro", "master123", "maverick", "mercedes", "metallica", "michael1", "michelle",
    "midnight", "minecraft", "monkey123", "mustang1", "mynoob123", "myspace1", "naruto123",
    "nicholas", "opensesame", "opensrcchat", "p@ssw0rd", "p@ssword", "pa55word", "pass1234",
    "passw0rd", "passw0rd1", "password", "password!", "password1", "password1!", "password12",
    "password123", "password1234", "password2", "patricia", "pokemon1", "princess", "princess1",
    "pumpkin1", "q1w2e3r4", "q1w2e3r4t5", "qazwsxedc", "qazwsx123", "qwe123qwe", "qwer1234",
    "qwerty12", "qwerty123", "qwerty1234", "qwerty12345", "qwerty123456", "samantha", "samsung1",
    "secret123", "shadow123", "slipknot", "spiderman", "starwars", "starwars1", "steelers",
    "strawberry", "sunshine", "sunshine1", "superman", "superman1", "sweetheart", "test1234",
    "test12345", "trustno1", "victoria", "volleyball", "welcome1", "welcome123", "whatever",
    "whatever1", "x1x2x3x4", "yankees1", "youtube1", "zaq12wsx", "zaq1zaq1", "zxcvbnm1",
    "zxcvbnm123",
];

/// Rows of keys and of the alphabet; a password that is a piece of one, in either direction, is
/// weak.
const ROWS: &[&str] = &[
    "12345678901234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1q2w3e4r5t6y7u8i9o0p",
];

/// The longest piece whose repetition is weak: `abcabcabc`, `testtest`.
const PIECE: usize = 4;

/// The same password from every keyboard.
pub(crate) fn normal(password: &str) -> String {
    password.nfc().collect()
}

/// Checks a password that somebody chose. `path`: the field it came in.
pub(crate) fn check(
    limits: &Limits,
    path: &str,
    password: &str,
    username: &str,
) -> Result<String, Reject> {
    let (least, most) = (limits.password_length_min, limits.password_bytes);
    if password.len() > most {
        return Err(Reject::length(path, least, most));
    }
    let password = normal(password);
    if password.chars().count() < least || password.len() > most {
        return Err(Reject::length(path, least, most));
    }
    if is_weak(&password.to_lowercase(), username) {
        let message = "Everybody would try this one: choose another.";
        return Err(Reject::field(path, "PASSWORD_WEAK", message));
    }
    Ok(password)
}

fn is_weak(lower: &str, username: &str) -> bool {
    let chars: Vec<char> = lower.chars().collect();
    let backwards: String = chars.iter().rev().collect();
    let row = |row: &&str| row.contains(lower) || row.contains(&backwards);
    let repeats = |length: usize| chars.iter().zip(&chars[length..]).all(|(a, b)| a == b);
    lower.trim() == username
        || COMMON.contains(&lower)
        || ROWS.iter().any(row)
        || (1..=PIECE.min(chars.len().saturating_sub(1))).any(repeats)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_tries_first_is_refused() {
        let limits = Limits::default();
        let weak = [
            "",
            "1234567",
            "12345678",
            "87654321",
            "password",
            "PASSWORD",
            "Password1",
            "qwertyui",
            "iuytrewq",
            "asdfghjkl",
            "abcdefgh",
            "aaaaaaaa",
            "abababab",
            "testtest",
            "letmein1",
            "alice_in_w",
            "        ",
            "p@ssw0rd",
        ];
        for password in weak {
            assert!(check(&limits, "password", password, "alice_in_w").is_err(), "{password}");
        }
        assert!(check(&limits, "password", &"x y".repeat(400), "alice").is_err());
    }

    #[test]
    fn length_is_enough() {
        let limits = Limits::default();
        let fine = [
            "correct horse",
            "a password",
            "9fK2mQ8x",
            "пароль от дома",
            "密码密码很长的一个",
            "🦀 crab 🦀",
            "password manager made this",
        ];
        for password in fine {
            assert!(check(&limits, "password", password, "alice").is_ok(), "{password}");
        }
        let composed = check(&limits, "password", "passwo\u{308}rter", "a");
        assert_eq!(composed.as_deref(), Ok("passw\u{f6}rter"));
    }
}
