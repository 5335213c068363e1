//! Guilds: rooms, as people call them. <https://discord.com/developers/docs/resources/guild>

use crate::{
    Id, Patch, Permissions, Timestamp,
    channel::Channel,
    emoji::CustomEmoji,
    marker,
    member::Member,
    presence::Presence,
    role::Role,
    voice::VoiceState,
    wire::{fixed, is_false, wire},
};

/// Of a guild that the directory lists.
pub const FEATURE_DISCOVERABLE: &str = "DISCOVERABLE";

wire! {
    pub struct Guild {
        pub id: Id<marker::Guild>,
        pub name: String,
        pub icon: Option<String>,
        pub description: Option<String>,
        pub owner_id: Id<marker::User>,
        pub features: Vec<String>,
        pub roles: Vec<Role>,
        #[serde(default)]
        pub emojis: Vec<CustomEmoji>,
        /// Where joins are announced.
        #[serde(default)]
        pub system_channel_id: Option<Id<marker::Channel>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub approximate_member_count: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub approximate_presence_count: Option<u32>,
        /// What is paused for now; null: nothing.
        #[serde(default)]
        pub incidents_data: Option<IncidentsData>,
        #[serde(flatten, skip_deserializing)]
        pub fixed: GuildFixed,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub osc: Option<GuildOsc>,
    }

    /// What v10 does not have on a guild.
    pub struct GuildOsc {
        pub slug: Option<String>,
        pub visibility: Visibility,
        /// Guests may write here.
        pub guests_write: bool,
        /// Only moderators may write.
        #[serde(default, skip_serializing_if = "is_false")]
        #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
        pub locked: bool,
        /// Until when guests are kept out and all is slow.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub raid_until: Option<Timestamp>,
    }

    /// What is paused in a guild, and until when.
    pub struct IncidentsData {
        pub invites_disabled_until: Option<Timestamp>,
        pub dms_disabled_until: Option<Timestamp>,
    }

    /// Who finds a room.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "lowercase")]
    pub enum Visibility {
        /// In the directory, readable by everybody.
        Public,
        /// By its address only.
        Unlisted,
        /// By invite only.
        Private,
    }

    /// READY: a guild to come. GUILD_DELETE: one that went.
    pub struct UnavailableGuild {
        pub id: Id<marker::Guild>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub unavailable: Option<bool>,
    }

    /// GUILD_CREATE: all that a session needs of a guild to start with.
    pub struct GuildCreate {
        #[serde(flatten)]
        pub guild: Guild,
        pub joined_at: Timestamp,
        /// More members than are sent here.
        pub large: bool,
        #[serde(default)]
        pub unavailable: bool,
        pub member_count: u32,
        pub voice_states: Vec<VoiceState>,
        /// The own member and those in voice.
        pub members: Vec<Member>,
        /// Those the session may see.
        pub channels: Vec<Channel>,
        pub presences: Vec<Presence>,
        /// Active ones that the session may see.
        #[serde(default)]
        pub threads: Vec<Channel>,
        /// None yet; libraries want the keys.
        #[serde(default)]
        #[cfg_attr(test, ts(type = "unknown[]"))]
        pub stage_instances: [(); 0],
        #[serde(default)]
        #[cfg_attr(test, ts(type = "unknown[]"))]
        pub guild_scheduled_events: [(); 0],
        #[serde(default)]
        #[cfg_attr(test, ts(type = "unknown[]"))]
        pub soundboard_sounds: [(); 0],
    }

    /// An item of `GET /users/@me/guilds`.
    pub struct PartialGuild {
        pub id: Id<marker::Guild>,
        pub name: String,
        pub icon: Option<String>,
        pub banner: Option<String>,
        pub owner: bool,
        pub permissions: Permissions,
        pub features: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub approximate_member_count: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub approximate_presence_count: Option<u32>,
    }
}

fixed! {
    /// What guilds of ours do not vary in, so far.
    GuildFixed {
        home_header: Option<()> = None,
        splash: Option<()> = None,
        discovery_splash: Option<()> = None,
        banner: Option<()> = None,
        application_id: Option<()> = None,
        region: &'static str = "deprecated",
        afk_channel_id: Option<()> = None,
        afk_timeout: u32 = 300,
        system_channel_flags: u32 = 0,
        widget_enabled: bool = false,
        widget_channel_id: Option<()> = None,
        verification_level: u8 = 0,
        default_message_notifications: u8 = 1,
        mfa_level: u8 = 0,
        explicit_content_filter: u8 = 0,
        max_presences: Option<()> = None,
        max_members: u32 = 1_000_000,
        max_stage_video_channel_users: u32 = 0,
        max_video_channel_users: u32 = 25,
        vanity_url_code: Option<()> = None,
        premium_tier: u8 = 0,
        premium_subscription_count: u32 = 0,
        preferred_locale: &'static str = "en-US",
        rules_channel_id: Option<()> = None,
        safety_alerts_channel_id: Option<()> = None,
        public_updates_channel_id: Option<()> = None,
        premium_progress_bar_enabled: bool = false,
        nsfw: bool = false,
        nsfw_level: u8 = 0,
        stickers: [(); 0] = [],
    }
}

/// `GET /guilds/{guild}/preview`.
#[derive(Debug, Clone, serde::Serialize)]
pub struct GuildPreview {
    pub id: Id<marker::Guild>,
    pub name: String,
    pub icon: Option<String>,
    pub description: Option<String>,
    pub features: Vec<String>,
    pub emojis: Vec<CustomEmoji>,
    pub approximate_member_count: u32,
    pub approximate_presence_count: u32,
    #[serde(flatten)]
    pub fixed: GuildPreviewFixed,
}

fixed! {
    /// What previews of ours do not vary in, so far.
    GuildPreviewFixed {
        home_header: Option<()> = None,
        splash: Option<()> = None,
        discovery_splash: Option<()> = None,
        stickers: [(); 0] = [],
    }
}

/// Body of `PATCH /guilds/{guild}`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct ModifyGuild {
    pub name: Option<String>,
    pub description: Patch<String>,
    /// A data URI.
    pub icon: Patch<String>,
    pub system_channel_id: Patch<Id<marker::Channel>>,
}
