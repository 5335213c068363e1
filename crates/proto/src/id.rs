//! Ids: typed snowflakes, strings on the wire.
//!
//! A snowflake is 42 bits of milliseconds since Discord's epoch, 10 bits of node, 12 bits of
//! counter.
//! Bot libraries derive creation times from it, hence the same epoch.
//! <https://discord.com/developers/docs/reference#snowflakes>

use std::{fmt, hash::Hash, marker::PhantomData, num::NonZeroU64, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::time::Timestamp;

/// Milliseconds of Discord's epoch (2015-01-01T00:00:00Z) since the Unix epoch.
pub const EPOCH_MS: i64 = 1_420_070_400_000;

/// Bits below the time: 10 of node and 12 of counter.
pub const TIME_SHIFT: u32 = 22;

/// The id of a `T`: a role's id cannot stand for a user's. Never zero.
pub struct Id<T>(NonZeroU64, PhantomData<fn(T) -> T>);

/// Markers: what an id is the id of.
pub mod marker {
    macro_rules! markers {
        ($($(#[$doc:meta])* $name:ident)*) => {$(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
            pub enum $name {}
        )*};
    }
    markers! {
        /// A person, guest or bot.
        User
        /// A room, as people call it.
        Guild
        /// A channel of any type, direct messages included.
        Channel
        Message
        Role
        Attachment
        /// A login: one token. Not the gateway's session.
        Session
        Application
        /// A bot in a room.
        Integration
        /// A command of an application.
        Command
        Emoji
        /// What has emoji of its own: a guild or an application.
        EmojiOwner
        /// Something somebody did with an application.
        Interaction
        /// A permission overwrite names a role or a user.
        Overwrite
        /// A rule of automatic moderation.
        AutoModerationRule
        /// What somebody told the moderators of.
        Report
        /// A raid being undone.
        Cleanup
        /// What can be muted: a guild or a channel.
        Target
        AuditLogEntry
        Webhook
        /// To whom or what something was done.
        AuditLogTarget
    }
}

impl<T> Id<T> {
    /// The id of this number, unless it is zero or needs the sign bit (libraries read 63 bits).
    pub fn new(raw: u64) -> Option<Self> {
        if raw > i64::MAX as u64 {
            return None;
        }
        NonZeroU64::new(raw).map(|n| Self(n, PhantomData))
    }

    pub fn get(self) -> u64 {
        self.0.get()
    }

    /// The same number as the id of something else. Honest only where the protocol says so:
    /// @everyone has its guild's id, an overwrite that of its role or user, an application its
    /// bot's.
    pub fn cast<U>(self) -> Id<U> {
        Id(self.0, PhantomData)
    }

    /// When it was made.
    pub fn created_at(self) -> Timestamp {
        Timestamp::from_ms((self.get() >> TIME_SHIFT) as i64 + EPOCH_MS)
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<T> Hash for Id<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Not a snowflake: 1 to 19 ASCII digits, no sign, no leading zero, above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnId;

impl fmt::Display for NotAnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a snowflake")
    }
}
impl std::error::Error for NotAnId {}

impl<T> FromStr for Id<T> {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        if !(1..=19).contains(&text.len()) || text.starts_with('0') {
            return Err(NotAnId);
        }
        let mut raw = 0;
        for byte in text.bytes() {
            if !byte.is_ascii_digit() {
                return Err(NotAnId);
            }
            // 19 digits always fit.
            raw = raw * 10 + u64::from(byte - b'0');
        }
        Self::new(raw).ok_or(NotAnId)
    }
}

impl<T> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut digits = [0; 19];
        let mut start = digits.len();
        let mut rest = self.get();
        while rest > 0 {
            start -= 1;
            digits[start] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        serializer.serialize_str(std::str::from_utf8(&digits[start..]).expect("ASCII digits"))
    }
}

impl<'de, T> Deserialize<'de> for Id<T> {
    /// Reads the string form and, as Discord does, a plain positive integer.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);
        impl<T> de::Visitor<'_> for Visitor<T> {
            type Value = Id<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a snowflake")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Id<T>, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_u64<E: de::Error>(self, raw: u64) -> Result<Id<T>, E> {
                Id::new(raw).ok_or_else(|| E::custom(NotAnId))
            }
        }
        deserializer.deserialize_any(Visitor::<T>(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::{Id, marker::User};

    #[test]
    fn only_plain_decimal_is_an_id() {
        for bad in ["", "0", "-1", "01", "1e3", "1.0", " 1", "+1", "１", "9223372036854775808"] {
            assert!(bad.parse::<Id<User>>().is_err(), "{bad}");
        }
        assert_eq!("9223372036854775807".parse::<Id<User>>().map(Id::get), Ok(i64::MAX as u64));
    }

    #[test]
    fn strings_on_the_wire() {
        let id: Id<User> = serde_json::from_str("\"175928847299117063\"").expect("an id");
        assert_eq!(serde_json::to_string(&id).expect("json"), "\"175928847299117063\"");
        assert_eq!(id.created_at().to_string(), "2016-04-30T11:18:25.796000+00:00");
        assert!(serde_json::from_str::<Id<User>>("{\"$ne\":null}").is_err());
    }
}
