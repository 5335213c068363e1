//! Custom emoji of guilds and of applications.
//! <https://discord.com/developers/docs/resources/emoji>

use serde::Deserialize;

use crate::{
    Id, Patch, marker,
    user::User,
    wire::{is_false, wire},
};

wire! {
    /// An emoji that somebody uploaded.
    pub struct CustomEmoji {
        pub id: Id<marker::Emoji>,
        pub name: String,
        /// Who may use it; empty: everybody.
        #[serde(default)]
        pub roles: Vec<Id<marker::Role>>,
        /// Who uploaded it: for those who may change emoji.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub user: Option<User>,
        /// Written between colons.
        #[serde(default)]
        pub require_colons: bool,
        #[serde(default)]
        pub managed: bool,
        #[serde(default)]
        pub animated: bool,
        #[serde(default)]
        pub available: bool,
    }

    /// As a reaction names it. Unicode: id is null and the name is the emoji.
    pub struct Emoji {
        pub id: Option<Id<marker::Emoji>>,
        pub name: Option<String>,
        #[serde(default, skip_serializing_if = "is_false")]
        #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
        pub animated: bool,
    }

    /// GUILD_EMOJIS_UPDATE: all that a guild has now.
    pub struct EmojisUpdate {
        pub guild_id: Id<marker::Guild>,
        pub emojis: Vec<CustomEmoji>,
    }

    /// Those of an application.
    pub struct ApplicationEmojis {
        pub items: Vec<CustomEmoji>,
    }
}

/// Body of `POST /guilds/{guild}/emojis` and `POST /applications/{application}/emojis`.
#[derive(Debug, Deserialize)]
pub struct CreateEmoji {
    pub name: String,
    /// A data URI.
    pub image: String,
    #[serde(default)]
    pub roles: Option<Vec<Option<Id<marker::Role>>>>,
}

/// Body of `PATCH .../emojis/{emoji}`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct EditEmoji {
    pub name: Option<String>,
    pub roles: Patch<Vec<Option<Id<marker::Role>>>>,
}
