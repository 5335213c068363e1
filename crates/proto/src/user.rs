//! Users: people, guests and bots. <https://discord.com/developers/docs/resources/user>

use crate::{
    Id, Patch, Timestamp,
    marker::User as UserMarker,
    wire::{fixed, is_false, wire},
};

wire! {
    /// A user as everybody may see it.
    pub struct User {
        pub id: Id<UserMarker>,
        /// Unique for accounts. A guest has its id's tail here, people see `global_name#tag`.
        pub username: String,
        /// What people see, if set.
        pub global_name: Option<String>,
        /// Hash of the picture.
        pub avatar: Option<String>,
        #[serde(default, skip_serializing_if = "is_false")]
        pub bot: bool,
        #[serde(flatten, skip_deserializing)]
        pub fixed: UserFixed,
        /// Ours: only to sessions and callers that know us.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub osc: Option<UserOsc>,
    }

    /// What v10 does not have on a user.
    pub struct UserOsc {
        /// No account: forgotten when idle for long.
        #[serde(default)]
        pub guest: bool,
        /// Four digits that tell guests of one name apart.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub tag: Option<String>,
        /// To the guest itself: when it will be forgotten if it stays away.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub expires_at: Option<Timestamp>,
        /// To itself: what it says about itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub bio: Option<String>,
        /// To itself: owns this server.
        #[serde(default, skip_serializing_if = "is_false")]
        #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
        pub server_owner: bool,
    }

    /// The user itself: `GET /users/@me`, READY.
    pub struct CurrentUser {
        #[serde(flatten)]
        pub user: User,
        #[serde(default)]
        pub mfa_enabled: bool,
        #[serde(default = "CurrentUser::locale")]
        pub locale: String,
        #[serde(default)]
        pub verified: bool,
        #[serde(default)]
        pub email: Option<String>,
        #[serde(default)]
        pub premium_type: u8,
    }
}

impl CurrentUser {
    pub fn new(user: User) -> Self {
        Self {
            user,
            mfa_enabled: false,
            locale: Self::locale(),
            verified: true,
            email: None,
            premium_type: 0,
        }
    }

    fn locale() -> String {
        "en-US".to_owned()
    }
}

fixed! {
    /// What no user of ours has. `discriminator` "0" means: names are unique.
    UserFixed {
        discriminator: &'static str = "0",
        public_flags: u32 = 0,
        flags: u32 = 0,
        banner: Option<()> = None,
        accent_color: Option<()> = None,
        avatar_decoration_data: Option<()> = None,
        collectibles: Option<()> = None,
        primary_guild: Option<()> = None,
    }
}

/// Body of `PATCH /users/@me`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct ModifyCurrentUser {
    pub username: Option<String>,
    pub global_name: Patch<String>,
    /// A data URI.
    pub avatar: Patch<String>,
    /// Ours.
    pub bio: Patch<String>,
}
