//! Roles. <https://discord.com/developers/docs/topics/permissions#role-object>

use crate::{
    Id, Patch, Permissions, marker,
    wire::{fixed, wire},
};

wire! {
    pub struct Role {
        pub id: Id<marker::Role>,
        pub name: String,
        /// 0xRRGGBB; 0 means none.
        pub color: u32,
        pub colors: RoleColors,
        /// Shown apart in the member list.
        pub hoist: bool,
        /// @everyone is 0; higher stands above lower.
        pub position: u32,
        pub permissions: Permissions,
        pub managed: bool,
        pub mentionable: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub tags: Option<RoleTags>,
        #[serde(flatten, skip_deserializing)]
        pub fixed: RoleFixed,
    }

    pub struct RoleColors {
        pub primary_color: u32,
        #[serde(default)]
        pub secondary_color: Option<u32>,
        #[serde(default)]
        pub tertiary_color: Option<u32>,
    }

    /// Whose role it is.
    pub struct RoleTags {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub bot_id: Option<Id<marker::User>>,
    }
}

fixed! {
    /// What no role of ours has.
    RoleFixed {
        icon: Option<()> = None,
        unicode_emoji: Option<()> = None,
        flags: u32 = 0,
    }
}

/// Body of `POST /guilds/{guild}/roles` and `PATCH .../roles/{role}`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct RoleDraft {
    pub name: Patch<String>,
    pub permissions: Patch<Permissions>,
    pub color: Patch<u32>,
    /// COMPAT: newer libraries send only this; its first colour is the one we have.
    pub colors: Patch<RoleColors>,
    pub hoist: Patch<bool>,
    pub mentionable: Patch<bool>,
}

/// An item of `PATCH /guilds/{guild}/roles`.
#[derive(Debug, serde::Deserialize)]
pub struct RolePosition {
    pub id: Id<marker::Role>,
    #[serde(default)]
    pub position: Option<u32>,
}
