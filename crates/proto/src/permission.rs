//! Permissions: the bits, and one pure function that computes them.
//!
//! <https://discord.com/developers/docs/topics/permissions>

use std::{fmt, ops};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::id::{Id, marker};

/// A set of permissions: a decimal string on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Permissions(u64);

macro_rules! bits {
    ($($name:ident = $bit:literal;)*) => {
        impl Permissions {
            $(pub const $name: Self = Self(1 << $bit);)*
            /// Every documented bit.
            pub const ALL: Self = Self(0 $(| 1 << $bit)*);
            /// Names and bits, lowest first as documented.
            pub const NAMES: &[(&str, Self)] = &[$((stringify!($name), Self::$name),)*];
        }
    };
}

bits! {
    CREATE_INSTANT_INVITE = 0;
    KICK_MEMBERS = 1;
    BAN_MEMBERS = 2;
    ADMINISTRATOR = 3;
    MANAGE_CHANNELS = 4;
    MANAGE_GUILD = 5;
    ADD_REACTIONS = 6;
    VIEW_AUDIT_LOG = 7;
    PRIORITY_SPEAKER = 8;
    STREAM = 9;
    VIEW_CHANNEL = 10;
    SEND_MESSAGES = 11;
    SEND_TTS_MESSAGES = 12;
    MANAGE_MESSAGES = 13;
    EMBED_LINKS = 14;
    ATTACH_FILES = 15;
    READ_MESSAGE_HISTORY = 16;
    MENTION_EVERYONE = 17;
    USE_EXTERNAL_EMOJIS = 18;
    VIEW_GUILD_INSIGHTS = 19;
    CONNECT = 20;
    SPEAK = 21;
    MUTE_MEMBERS = 22;
    DEAFEN_MEMBERS = 23;
    MOVE_MEMBERS = 24;
    USE_VAD = 25;
    CHANGE_NICKNAME = 26;
    MANAGE_NICKNAMES = 27;
    MANAGE_ROLES = 28;
    MANAGE_WEBHOOKS = 29;
    MANAGE_GUILD_EXPRESSIONS = 30;
    USE_APPLICATION_COMMANDS = 31;
    REQUEST_TO_SPEAK = 32;
    MANAGE_EVENTS = 33;
    MANAGE_THREADS = 34;
    CREATE_PUBLIC_THREADS = 35;
    CREATE_PRIVATE_THREADS = 36;
    USE_EXTERNAL_STICKERS = 37;
    SEND_MESSAGES_IN_THREADS = 38;
    USE_EMBEDDED_ACTIVITIES = 39;
    MODERATE_MEMBERS = 40;
    VIEW_CREATOR_MONETIZATION_ANALYTICS = 41;
    USE_SOUNDBOARD = 42;
    CREATE_GUILD_EXPRESSIONS = 43;
    CREATE_EVENTS = 44;
    USE_EXTERNAL_SOUNDS = 45;
    SEND_VOICE_MESSAGES = 46;
    SEND_POLLS = 49;
    USE_EXTERNAL_APPS = 50;
    PIN_MESSAGES = 51;
    BYPASS_SLOWMODE = 52;
}

impl Permissions {
    pub const NONE: Self = Self(0);

    /// What @everyone gets in a new room: talk, react, upload, voice, invite; nothing that harms.
    pub const DEFAULT_EVERYONE: Self = Self(
        Self::CREATE_INSTANT_INVITE.0
            | Self::ADD_REACTIONS.0
            | Self::STREAM.0
            | Self::VIEW_CHANNEL.0
            | Self::SEND_MESSAGES.0
            | Self::EMBED_LINKS.0
            | Self::ATTACH_FILES.0
            | Self::READ_MESSAGE_HISTORY.0
            | Self::USE_EXTERNAL_EMOJIS.0
            | Self::CONNECT.0
            | Self::SPEAK.0
            | Self::USE_VAD.0
            | Self::CHANGE_NICKNAME.0
            | Self::USE_APPLICATION_COMMANDS.0
            | Self::CREATE_PUBLIC_THREADS.0
            | Self::SEND_MESSAGES_IN_THREADS.0
            | Self::SEND_VOICE_MESSAGES.0
            | Self::SEND_POLLS.0,
    );

    /// The set of these bits; unknown ones are dropped, so that nothing undocumented is stored.
    pub const fn from_bits_truncate(bits: u64) -> Self {
        Self(bits & Self::ALL.0)
    }

    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether all of `other` are in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// This set without `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl ops::BitOr for Permissions {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
impl ops::BitOrAssign for Permissions {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}
impl ops::BitAnd for Permissions {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}
impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Self::NAMES.iter().filter(|(_, bit)| self.contains(*bit));
        f.debug_set().entries(names.map(|(name, _)| name)).finish()
    }
}
impl Serialize for Permissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
impl<'de> Deserialize<'de> for Permissions {
    /// A decimal string, or a plain number as libraries of old send it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Number(u64),
            Text(String),
        }
        let bits = match Form::deserialize(deserializer)? {
            Form::Number(bits) => bits,
            Form::Text(text) => {
                text.parse().map_err(|_| D::Error::custom("permissions are a decimal string"))?
            }
        };
        Ok(Self::from_bits_truncate(bits))
    }
}

/// What a role or a member is allowed and denied in one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export, export_to = "index.ts"))]
pub struct Overwrite {
    /// A role's or a user's id.
    #[cfg_attr(test, ts(type = "string"))]
    pub id: Id<marker::Overwrite>,
    /// 0 role, 1 member.
    #[serde(rename = "type")]
    pub kind: u8,
    #[serde(default)]
    #[cfg_attr(test, ts(type = "string"))]
    pub allow: Permissions,
    #[serde(default)]
    #[cfg_attr(test, ts(type = "string"))]
    pub deny: Permissions,
}

/// `Overwrite::kind` of a role.
pub const OVERWRITE_ROLE: u8 = 0;
/// `Overwrite::kind` of a member.
pub const OVERWRITE_MEMBER: u8 = 1;

/// Who asks and where, as far as permissions depend on it.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    pub user: Id<marker::User>,
    pub is_owner: bool,
    /// @everyone has this id too.
    pub guild: Id<marker::Guild>,
    /// Permissions of @everyone.
    pub everyone: Permissions,
    /// Id and permissions of the member's roles, without @everyone, in any order.
    pub roles: &'a [(Id<marker::Role>, Permissions)],
    /// Timed out: may look, not touch.
    pub timed_out: bool,
}

/// What somebody timed out keeps.
const TIMED_OUT: Permissions =
    Permissions(Permissions::VIEW_CHANNEL.0 | Permissions::READ_MESSAGE_HISTORY.0);

/// Permissions in the guild, without any channel.
pub fn compute_guild(asker: &Asker<'_>) -> Permissions {
    if asker.is_owner {
        return Permissions::ALL;
    }
    let mut have = asker.everyone;
    for (_, permissions) in asker.roles {
        have |= *permissions;
    }
    if have.contains(Permissions::ADMINISTRATOR) {
        return Permissions::ALL;
    }
    if asker.timed_out { have & TIMED_OUT } else { have }
}

/// Permissions in a channel: guild, then the overwrites of @everyone, of all roles together, of the
/// member; then what is implied. Owner and administrator stand above overwrites.
pub fn compute(asker: &Asker<'_>, overwrites: &[Overwrite]) -> Permissions {
    match overwritten(asker, overwrites) {
        Some(have) => implied(asker, have),
        None => Permissions::ALL,
    }
}

/// Permissions in a thread of a channel with these overwrites. There SEND_MESSAGES says whether one
/// may write in the thread, so that what asks for it need not know where it is.
pub fn compute_in_thread(asker: &Asker<'_>, overwrites: &[Overwrite]) -> Permissions {
    let Some(have) = overwritten(asker, overwrites) else {
        return Permissions::ALL;
    };
    let writes = have.contains(Permissions::SEND_MESSAGES_IN_THREADS);
    let have = have.without(Permissions::SEND_MESSAGES);
    implied(asker, if writes { have | Permissions::SEND_MESSAGES } else { have })
}

/// What the overwrites leave; `None`: the asker stands above them.
fn overwritten(asker: &Asker<'_>, overwrites: &[Overwrite]) -> Option<Permissions> {
    let mut have = compute_guild(asker);
    if have == Permissions::ALL {
        return None;
    }
    for overwrite in overwrites {
        if overwrite.kind == OVERWRITE_ROLE && overwrite.id == asker.guild.cast() {
            have = have.without(overwrite.deny) | overwrite.allow;
        }
    }
    let (mut allow, mut deny) = (Permissions::NONE, Permissions::NONE);
    for overwrite in overwrites.iter().filter(|o| o.kind == OVERWRITE_ROLE) {
        if asker.roles.iter().any(|(role, _)| overwrite.id == role.cast()) {
            allow |= overwrite.allow;
            deny |= overwrite.deny;
        }
    }
    have = have.without(deny) | allow;
    for overwrite in overwrites {
        if overwrite.kind == OVERWRITE_MEMBER && overwrite.id == asker.user.cast() {
            have = have.without(overwrite.deny) | overwrite.allow;
        }
    }
    Some(have)
}

/// Without VIEW_CHANNEL there is nothing; without SEND_MESSAGES nothing that rides on a message.
fn implied(asker: &Asker<'_>, have: Permissions) -> Permissions {
    if !have.contains(Permissions::VIEW_CHANNEL) {
        return Permissions::NONE;
    }
    let mut have = have.without(Permissions::ADMINISTRATOR);
    if !have.contains(Permissions::SEND_MESSAGES) {
        have = have.without(
            Permissions::MENTION_EVERYONE
                | Permissions::SEND_TTS_MESSAGES
                | Permissions::ATTACH_FILES
                | Permissions::EMBED_LINKS,
        );
    }
    if asker.timed_out { have & TIMED_OUT } else { have }
}

#[cfg(test)]
mod tests {
    //! `compute` against a model that asks the other way round: for each bit alone, from the most
    //! special statement down, who is the first to say something about it?

    use super::*;
    use proptest::prelude::*;

    const USER: u64 = 7;
    const GUILD: u64 = 1;
    /// A role that nobody here has, and another person.
    const STRANGERS: [u64; 2] = [99, 98];

    #[derive(Debug, Clone)]
    struct World {
        owner: bool,
        timed_out: bool,
        everyone: u64,
        /// Roles the guild has, and whether the member has them.
        roles: Vec<(u64, u64, bool)>,
        /// (is it a person's, id, allow, deny)
        overwrites: Vec<(bool, u64, u64, u64)>,
    }

    impl World {
        fn computed(&self) -> (Permissions, Permissions) {
            let held = self.roles.iter().filter(|(_, _, held)| *held);
            let roles: Vec<_> =
                held.map(|(id, bits, _)| (id_of(*id), Permissions(*bits))).collect();
            let asker = Asker {
                user: id_of(USER),
                is_owner: self.owner,
                guild: id_of(GUILD),
                everyone: Permissions(self.everyone),
                roles: &roles,
                timed_out: self.timed_out,
            };
            let overwrites: Vec<_> = self.overwrites.iter().map(overwrite).collect();
            (compute_guild(&asker), compute(&asker, &overwrites))
        }

        fn held(&self) -> impl Iterator<Item = &(u64, u64, bool)> {
            self.roles.iter().filter(|(_, _, held)| *held)
        }

        fn granted(&self, bit: u64) -> bool {
            self.everyone & bit != 0 || self.held().any(|(_, bits, _)| bits & bit != 0)
        }

        fn stands_above(&self) -> bool {
            self.owner || self.granted(Permissions::ADMINISTRATOR.0)
        }

        /// What the overwrites of these say about a bit; where they differ, "allowed" counts.
        fn says(&self, bit: u64, of: impl Fn(bool, u64) -> bool) -> Option<bool> {
            let mine = self.overwrites.iter().filter(|(person, id, _, _)| of(*person, *id));
            let (mut allowed, mut denied) = (false, false);
            for (_, _, allow, deny) in mine {
                allowed |= allow & bit != 0;
                denied |= deny & bit != 0;
            }
            if allowed { Some(true) } else { denied.then_some(false) }
        }

        fn open(&self, bit: u64) -> bool {
            let mine = |person: bool, id: u64| person && id == USER;
            let role = |person: bool, id: u64| !person && self.held().any(|(of, _, _)| *of == id);
            let all = |person: bool, id: u64| !person && id == GUILD;
            self.says(bit, mine)
                .or_else(|| self.says(bit, role))
                .or_else(|| self.says(bit, all))
                .unwrap_or_else(|| self.granted(bit))
        }

        fn may_in_guild(&self, bit: u64) -> bool {
            let quiet = TIMED_OUT.0 & bit != 0 || !self.timed_out;
            self.stands_above() || (self.granted(bit) && quiet)
        }

        fn may(&self, bit: u64) -> bool {
            if self.stands_above() {
                return true;
            }
            let rides = Permissions::MENTION_EVERYONE.0
                | Permissions::SEND_TTS_MESSAGES.0
                | Permissions::ATTACH_FILES.0
                | Permissions::EMBED_LINKS.0;
            let quiet = TIMED_OUT.0 & bit != 0 || !self.timed_out;
            bit != Permissions::ADMINISTRATOR.0
                && self.open(Permissions::VIEW_CHANNEL.0)
                && self.open(bit)
                && (rides & bit == 0 || self.open(Permissions::SEND_MESSAGES.0))
                && quiet
        }

        fn check(&self) {
            let (guild, channel) = self.computed();
            for (name, bit) in Permissions::NAMES {
                let here = (guild.contains(*bit), channel.contains(*bit));
                let model = (self.may_in_guild(bit.0), self.may(bit.0));
                assert_eq!(here, model, "{name} in {self:?}");
            }
        }
    }

    fn id_of<T>(raw: u64) -> Id<T> {
        Id::new(raw).expect("an id")
    }

    fn overwrite(&(person, id, allow, deny): &(bool, u64, u64, u64)) -> Overwrite {
        let kind = if person { OVERWRITE_MEMBER } else { OVERWRITE_ROLE };
        Overwrite { id: id_of(id), kind, allow: Permissions(allow), deny: Permissions(deny) }
    }

    /// All worlds of two roles in which one bit is granted, allowed and denied in every way.
    fn all_worlds(bit: Permissions, mut check: impl FnMut(World)) {
        let bits = [0, bit.0];
        for world in 0..1_u32 << 15 {
            let flag = |at: u32| (world >> at & 1) as usize;
            check(World {
                owner: false,
                timed_out: flag(0) == 1,
                everyone: bits[flag(1)],
                roles: vec![(2, bits[flag(2)], flag(3) == 1), (3, bits[flag(4)], flag(5) == 1)],
                overwrites: vec![
                    (true, USER, bits[flag(6)], bits[flag(7)]),
                    (false, 2, bits[flag(8)], bits[flag(9)]),
                    (false, 3, bits[flag(10)], bits[flag(11)]),
                    (false, GUILD, bits[flag(12)], bits[flag(13)]),
                    (flag(14) == 1, STRANGERS[0], bit.0, 0),
                ],
            });
        }
    }

    #[test]
    fn every_small_world_is_as_the_model_says() {
        // Seeing itself.
        all_worlds(Permissions::VIEW_CHANNEL, |world| world.check());
        // Something in a channel that everybody sees, and something that rides on a message there.
        for bit in [Permissions::ADD_REACTIONS, Permissions::SEND_MESSAGES] {
            all_worlds(bit, |mut world| {
                world.everyone |= Permissions::VIEW_CHANNEL.0 | Permissions::ATTACH_FILES.0;
                world.check();
            });
        }
        // An overwrite neither gives nor takes what an administrator has.
        all_worlds(Permissions::ADMINISTRATOR, |mut world| {
            world.everyone |= Permissions::VIEW_CHANNEL.0;
            world.check();
            world.owner = true;
            world.check();
        });
    }

    fn bits() -> impl Strategy<Value = u64> {
        // Few bits at random, so that the rare ones with a meaning of their own come up often.
        let some = prop::collection::vec(0..Permissions::NAMES.len(), 0..8);
        let any = any::<u64>().prop_map(|bits| bits & Permissions::ALL.0);
        let without = !Permissions::ADMINISTRATOR.0;
        prop_oneof![
            some.prop_map(|at| at.iter().fold(0, |bits, at| bits | Permissions::NAMES[*at].1.0)),
            any.clone().prop_map(move |bits| bits & without),
            any,
            Just(Permissions::DEFAULT_EVERYONE.0),
        ]
    }

    prop_compose! {
        fn worlds()(
            owner in prop::bool::weighted(0.05),
            timed_out in prop::bool::weighted(0.2),
            everyone in bits(),
            roles in prop::collection::vec((2_u64..8, bits(), any::<bool>()), 0..5),
            overwrites in prop::collection::vec(
                (any::<bool>(), prop_oneof![1_u64..9, Just(STRANGERS[0]), Just(STRANGERS[1])],
                    bits(), bits()),
                0..6,
            ),
        ) -> World {
            let mut world = World { owner, timed_out, everyone, roles, overwrites };
            world.roles.sort_by_key(|(id, _, _)| *id);
            world.roles.dedup_by_key(|(id, _, _)| *id);
            // One overwrite for each role or person: more are not stored.
            world.overwrites.sort_by_key(|(person, id, _, _)| (*person, *id));
            world.overwrites.dedup_by_key(|(person, id, _, _)| (*person, *id));
            world
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

        #[test]
        fn any_world_is_as_the_model_says(world in worlds()) {
            world.check();
        }

        #[test]
        fn the_order_of_roles_and_overwrites_does_not_matter(world in worlds()) {
            let mut turned = world.clone();
            turned.roles.reverse();
            turned.overwrites.reverse();
            prop_assert_eq!(world.computed(), turned.computed());
        }
    }

    #[test]
    fn undocumented_bits_are_dropped_at_the_door() {
        let read: Permissions = serde_json::from_str("\"18446744073709551615\"").expect("a set");
        assert_eq!(read, Permissions::ALL);
        assert_eq!(serde_json::to_string(&Permissions::VIEW_CHANNEL).expect("json"), "\"1024\"");
        for bad in
            ["\"-1\"", "\"\"", "\"1e3\"", "\"0x10\"", "null", "{}", "\"99999999999999999999\""]
        {
            assert!(serde_json::from_str::<Permissions>(bad).is_err(), "{bad}");
        }
    }
}
