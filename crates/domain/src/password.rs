//! Passwords that somebody chose: long enough, and none that everybody would try first.
//!
//! Length beats rules, so there are no demands for digits or capitals; what is refused are the
//! passwords at the top of every list of stolen ones, rows of keys, and one piece repeated.

use proto::Limits;
use unicode_normalization::UnicodeNormalization as _;

use crate::reject::Reject;

/// What stolen passwords are made of: words and names, bare or with something put around them.
/// <https://pages.nist.gov/800-63-4/sp800-63b.html>
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "abc", "abcd", "abcdef", "abcdefgh", "access", "admin", "administrator", "alejandro",
    "alessandro", "alex", "alexander", "alien", "always", "amanda", "america", "american", "andrea",
    "andreas", "andrew", "android", "angel", "angels", "anna", "anthony", "antonio", "anything",
    "apple", "april", "army", "arsenal", "arthur", "asdf", "asdfasdf", "asdfgh", "asdfghjkl",
    "ashley", "asshole", "august", "autumn", "azerty", "baby", "babyboy", "babygirl", "bailey",
    "banana", "barbara", "barcelona", "bart", "baseball", "basketball", "batman", "bayern", "beach",
    "bear", "beatles", "beer", "benjamin", "berlin", "bestfriend", "betty", "bitch", "black",
    "blessed", "blink", "blueberry", "blume", "boss", "boston", "brandon", "brasil", "broncos",
    "brother", "buddy", "bullet", "bulls", "business", "buster", "butter", "butterfly",
    "california", "camaro", "camera", "canada", "candy", "carlos", "carmen", "celtic", "change",
    "changeit", "changeme", "charles", "charlie", "charlotte", "chat", "cheese", "chef", "chelsea",
    "cherry", "chicago", "chocolate", "christ", "christopher", "church", "cisco", "cloud", "coffee",
    "college", "company", "computer", "cookie", "corvette", "cowboys", "crystal", "cutie", "cyber",
    "daddy", "daisy", "dallas", "dance", "dancer", "daniel", "danielle", "database", "david",
    "debian", "december", "default", "denver", "deutschland", "diamond", "digital", "discord",
    "doctor", "dodgers", "dollar", "donald", "dortmund", "dragon", "duke", "eagle", "eagles",
    "earth", "edward", "elizabeth", "elvis", "emily", "eminem", "emma", "energy", "engel",
    "england", "everything", "facebook", "faith", "falcon", "family", "father", "february",
    "fernando", "ferrari", "fire", "fisch", "flame", "florida", "flower", "football", "forest",
    "forever", "fortnite", "france", "francesco", "freedom", "friday", "friend", "friends", "frodo",
    "fuck", "fucker", "fuckyou", "fussball", "futbol", "galaxy", "gamer", "gaming", "gandalf",
    "garden", "garfield", "gast", "geheim", "george", "germany", "ghost", "giants", "ginger",
    "giovanni", "god", "goku", "golden", "golf", "google", "grace", "green", "guest", "guitar",
    "gunner", "hacker", "hallo", "hamburg", "hannah", "happy", "harley", "harry", "harrypotter",
    "hase", "hawk", "heaven", "hello", "helloworld", "henry", "hero", "hiphop", "hobbit", "hockey",
    "hogwarts", "home", "homer", "honda", "honey", "hope", "hottie", "house", "houston", "hund",
    "hunter", "ice", "ilove", "iloveu", "iloveyou", "instagram", "internet", "iphone", "ironman",
    "isabella", "island", "jack", "jaguar", "james", "january", "jason", "java", "jennifer",
    "jessica", "jesus", "jesuschrist", "john", "jonathan", "jordan", "jose", "joseph", "joshua",
    "juan", "julia", "july", "june", "justin", "juventus", "karen", "katze", "kevin", "killer",
    "king", "kingdom", "kitchen", "knight", "lakers", "laura", "legend", "lemon", "letmein",
    "liberty", "liebe", "lightning", "lily", "linda", "linkedin", "linux", "lion", "lisa",
    "liverpool", "login", "logon", "london", "love", "lovely", "lover", "loveyou", "lucky", "magic",
    "manager", "manchester", "march", "marco", "margaret", "maria", "marine", "mario", "mark",
    "markus", "marlboro", "martin", "master", "matrix", "matthew", "maus", "maverick", "max",
    "melissa", "mercedes", "merlin", "messi", "metal", "metallica", "mexico", "michael", "michelle",
    "mickey", "microsoft", "miguel", "million", "minecraft", "mobile", "mommy", "mond", "monday",
    "money", "monkey", "moon", "moonlight", "mother", "mountain", "movie", "munich", "music",
    "mustang", "myspace", "mystery", "naked", "nancy", "naruto", "natalie", "navy", "network",
    "newyork", "nicholas", "nicole", "ninja", "nintendo", "nirvana", "nokia", "noob", "nothing",
    "november", "nurse", "ocean", "october", "office", "oliver", "olivia", "opensesame",
    "opensrcchat", "oracle", "orange", "oscar", "packers", "panther", "paris", "pass", "passwd",
    "password", "passwort", "patricia", "patrick", "paul", "peace", "peach", "pedro", "pepper",
    "peter", "phantom", "phoenix", "phone", "pikachu", "pilot", "pirate", "planet", "playstation",
    "pokemon", "police", "porsche", "power", "prince", "princess", "pumpkin", "purple", "pussy",
    "pw", "python", "qazwsx", "qazwsxedc", "queen", "qweasd", "qweasdzxc", "qwerty", "qwertyuiop",
    "qwertz", "racing", "radio", "raiders", "rain", "rainbow", "rangers", "realmadrid", "redsox",
    "rich", "richard", "river", "robert", "roberto", "roblox", "robot", "rock", "rocky", "ronaldo",
    "root", "rose", "runner", "samantha", "samsung", "samuel", "sandra", "sarah", "schalke",
    "schatz", "school", "scooby", "sebastian", "secret", "september", "server", "sex", "sexy",
    "shadow", "silver", "simon", "simpson", "singer", "sister", "skater", "skywalker", "slipknot",
    "smile", "sniper", "snoopy", "snow", "soccer", "soldier", "something", "sommer", "sonic",
    "sonne", "sophie", "space", "spiderman", "spring", "star", "starlight", "stars", "startrek",
    "starwars", "steelers", "stefan", "stephanie", "stern", "steven", "storm", "strawberry",
    "student", "sugar", "summer", "sun", "sunday", "sunshine", "superman", "surfer", "susan",
    "sweetheart", "sweetie", "swimming", "system", "table", "teacher", "temp", "tennis", "tequila",
    "test", "tester", "testing", "texas", "thomas", "thunder", "tiger", "tigger", "toor", "toyota",
    "trust", "trustno", "twitter", "ubuntu", "united", "university", "user", "victoria", "video",
    "vodka", "vogel", "volleyball", "warrior", "wasd", "water", "welcome", "welt", "whatever",
    "whiskey", "white", "wifi", "william", "willkommen", "wind", "window", "windows", "winnie",
    "winter", "wireless", "wolf", "wolverine", "work", "xbox", "xyz", "yamaha", "yankees", "yellow",
    "youtube", "zelda", "zxcvbn", "zxcvbnm",
];

/// Characters that people put before and behind a word to please a rule: a year, a `!`.
const AROUND: usize = 5;

/// From the tops of the same lists, without those that the other rules find.
#[rustfmt::skip]
const COMMON: &[&str] = &[
    "123qwe123", "147258369", "159753456", "159357456", "1q2w3e4r", "1qaz2wsx", "1qazxsw2",
    "741852963", "789456123", "963852741", "987654321a", "a1b2c3d4", "a1s2d3f4", "aa12345678",
    "abc123def", "abc123456", "blink182", "q1w2e3r4", "q1w2e3r4t5", "1qaz2wsx3edc", "zaq12wsx",
    "zaq1xsw2", "zaq1zaq1", "qwe123qwe", "qwer1234", "1qaz!qaz", "!qaz2wsx", "1q2w3e4r5t",
    "123456qwerty", "1234qwer", "x1x2x3x4", "pass1word", "mynoob", "00000007", "11223344",
    "112233445566", "12344321", "123123123a", "12341234a", "13131313", "19841984", "20202020",
    "55555555", "66668888", "88888888", "a1234567", "a12345678", "a123456789",
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
        || is_dressed_word(lower)
        || ROWS.iter().any(row)
        || (1..=PIECE.min(chars.len().saturating_sub(1))).any(repeats)
}

/// `dragon2024!`, `P@ssw0rd`, `123alexander`: one common word with little around it.
fn is_dressed_word(lower: &str) -> bool {
    let is_around = |c: char| !c.is_alphabetic();
    let count = |text: &str| text.chars().count();
    // Digits are letters in disguise, or stand around the word: both are tried.
    let bare = lower.trim_matches(is_around);
    let plain = undisguised(lower);
    let plain = plain.trim_matches(is_around);
    let behind = undisguised(lower.trim_end_matches(is_around));
    [bare, plain, behind.as_str()]
        .iter()
        .any(|stem| count(lower) - count(stem).min(count(lower)) <= AROUND && WORDS.contains(stem))
}

/// With the letters that people write as digits and signs.
fn undisguised(lower: &str) -> String {
    let letter = |c| match c {
        '@' | '4' => 'a',
        '3' => 'e',
        '1' | '!' => 'i',
        '0' => 'o',
        '$' | '5' => 's',
        '7' => 't',
        c => c,
    };
    lower.chars().map(letter).collect()
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
            "P@$$w0rd1!",
            "Dragon2024!",
            "123alexander",
            "butterfly1987",
            "m1necraft!!",
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
            "dragon butterfly",
            "dragonfly47winter",
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
