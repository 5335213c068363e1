//! Bots of people: made, changed, added to rooms. Our own namespace.

use serde::Deserialize;

use crate::{Id, Patch, Permissions, marker, user::User, wire::wire};

/// Body of `POST /bots`.
#[derive(Deserialize)]
pub struct CreateBot {
    pub name: String,
}

/// Body of `PATCH /bots/{bot}`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ModifyBot {
    pub name: Option<String>,
    /// A data URI.
    pub avatar: Patch<String>,
    pub description: Patch<String>,
    pub tags: Patch<Vec<String>>,
    pub public: Option<bool>,
    /// Privileged intents: a bit set.
    pub intents: Option<u64>,
    /// What its address for adding it asks for.
    pub permissions: Patch<Permissions>,
}

/// Body of `PUT /guilds/{guild}/bots/{bot}`.
#[derive(Deserialize)]
pub struct AddBot {
    #[serde(default)]
    pub permissions: Permissions,
}

wire! {
    /// A bot of mine.
    pub struct OwnBot {
        #[serde(flatten)]
        pub user: User,
        pub description: String,
        pub tags: Vec<String>,
        /// Anybody may add it to rooms of theirs.
        pub public: bool,
        /// Privileged intents it was granted: a bit set.
        pub intents: u32,
        /// What its address for adding it asks for.
        pub permissions: Permissions,
        /// Rooms it is in.
        pub guild_count: u32,
    }

    /// What somebody decides by who is asked to add a bot to a room.
    pub struct BotAuthorization {
        pub bot: User,
        pub description: String,
        pub tags: Vec<String>,
        pub public: bool,
        /// Who made it.
        pub owner: Option<User>,
        pub intents: u32,
        /// What it asks for unless its address says otherwise.
        pub permissions: Permissions,
        pub guild_count: u32,
        /// Rooms of mine that it can be added to.
        pub guilds: Vec<BotPlace>,
    }

    /// A room that I may add a bot to.
    pub struct BotPlace {
        pub id: Id<marker::Guild>,
        pub name: String,
        pub icon: Option<String>,
        /// What I may there: no bot of mine gets more.
        pub permissions: Permissions,
        /// It is there, with these permissions.
        pub added: Option<Permissions>,
    }
}
