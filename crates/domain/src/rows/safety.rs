//! Rows of what keeps a guild safe: rules, reports, how people came in, raids that are undone.

use proto::{
    Id, Timestamp,
    auto_moderation::{Action, TriggerMetadata},
    marker,
    safety::{
        CleanupState, Evidence, RaidDetection, ReportAction, ReportKind, ReportReason, ReportState,
    },
    time::ms,
};
use serde::{Deserialize, Serialize};

use super::{cell, column, from_json, index, is_default, to_json};
use crate::store::{Entity, Key, Row, Table, Value};

rows! {
    /// A rule of automatic moderation.
    AutoModerationRow = "auto_moderation"
    key(guild_id: Id<marker::Guild>, id: Id<marker::AutoModerationRule>) {
        name: String,
        creator_id: Id<marker::User>,
        event_type: u8,
        trigger_type: u8,
        trigger: TriggerMetadata,
        actions: Vec<Action>,
        enabled: bool,
        exempt_roles: Vec<Id<marker::Role>>,
        exempt_channels: Vec<Id<marker::Channel>>,
    }

    /// What somebody told moderators of, with what it was about as it was then.
    ReportRow = "report"
    key(
        /// Of a guild; 1: for the owner of the server.
        desk_id: Id<marker::Guild>,
        id: Id<marker::Report>
    )
    columns(reporter_id: Id<marker::User>)
    indexes(index("by_reporter", &["reporter_id", "id"]), index("by_time", &["id"])) {
        kind: ReportKind,
        state: ReportState,
        reason: ReportReason,
        text: String,
        guild_id: Option<Id<marker::Guild>>,
        channel_id: Option<Id<marker::Channel>>,
        message_id: Option<Id<marker::Message>>,
        target_id: Option<Id<marker::User>>,
        guild_name: Option<String>,
        evidence: Vec<Evidence>,
        taken_by: Option<Id<marker::User>>,
        actions: Vec<ReportAction>,
        answer: Option<String>,
    }

    /// How somebody came into a guild: kept some days, for undoing a raid.
    JoinRow = "join" key(guild_id: Id<marker::Guild>, user_id: Id<marker::User>)
    columns(at: Timestamp)
    indexes(index("by_guild", &["guild_id", "at"]), index("by_time", &["at"])) {
        code: Option<String>,
        /// A keyed hash of the block of addresses; never shown.
        block: Option<u64>,
    }

    /// People being banned together, or let in again.
    CleanupRow = "cleanup" key(guild_id: Id<marker::Guild>, id: Id<marker::Cleanup>)
    indexes(index("by_time", &["id"])) {
        by_id: Id<marker::User>,
        state: CleanupState,
        /// How far back their messages go.
        #[serde(default, skip_serializing_if = "is_default")]
        delete_message_seconds: u32,
        #[serde(default, skip_serializing_if = "is_default")]
        waiting: Vec<Id<marker::User>>,
        #[serde(default, skip_serializing_if = "is_default")]
        banned: Vec<Id<marker::User>>,
        total: u32,
        /// Why, as whoever asked for it said it.
        #[serde(default, skip_serializing_if = "is_default")]
        reason: Option<String>,
    }
}

/// What is shut in a guild, and until when. `None` and what is past: nothing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Safety {
    #[serde(default, with = "ms::option", skip_serializing_if = "is_default")]
    pub raid_until: Option<Timestamp>,
    /// Only moderators may write.
    #[serde(default, skip_serializing_if = "is_default")]
    pub locked: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub raid_detection: RaidDetection,
    /// Joins in a minute that look like a raid; 0: as many as by default.
    #[serde(default, skip_serializing_if = "is_default")]
    pub raid_joins: u32,
    #[serde(default, with = "ms::option", skip_serializing_if = "is_default")]
    pub invites_disabled_until: Option<Timestamp>,
    #[serde(default, with = "ms::option", skip_serializing_if = "is_default")]
    pub dms_disabled_until: Option<Timestamp>,
    #[serde(default, with = "ms::option", skip_serializing_if = "is_default")]
    pub alerted_at: Option<Timestamp>,
}
