//! Safety of a room beyond what v10 has: raid mode, undoing a raid, reports, the challenge.

use crate::{Id, Patch, Timestamp, marker, user::User, wire::wire};

wire! {
    /// `GET /guilds/{guild}/safety`.
    pub struct Safety {
        /// Raid mode is on until then.
        pub raid_until: Option<Timestamp>,
        /// Only moderators may write.
        pub locked: bool,
        pub raid_detection: RaidDetection,
        /// Joins in a minute that look like a raid.
        pub raid_joins: u32,
        pub invites_disabled_until: Option<Timestamp>,
        pub dms_disabled_until: Option<Timestamp>,
        /// Joins within the last minute.
        pub joins_now: u32,
        /// When so many came at once last.
        pub alerted_at: Option<Timestamp>,
    }

    /// What happens when many come at once.
    #[derive(Copy, Eq, Default)]
    #[serde(rename_all = "lowercase")]
    pub enum RaidDetection {
        Off,
        /// Those who manage the room are told.
        #[default]
        Alert,
        /// Raid mode goes on by itself, too.
        On,
    }

    /// OSC_RAID_ALERT.
    pub struct RaidAlert {
        pub guild_id: Id<marker::Guild>,
        /// Joins within a minute.
        pub joins: u32,
        /// Raid mode went on because of it.
        pub raid_until: Option<Timestamp>,
    }

    /// `GET /guilds/{guild}/joins`: who came in some time.
    pub struct Joins {
        /// The newest first.
        pub items: Vec<Join>,
        pub invites: Vec<JoinsBy>,
        /// There are more than fit here.
        pub more: bool,
    }

    pub struct Join {
        pub user: User,
        pub joined_at: Timestamp,
        /// By which invite; null: by the room's address or another way.
        pub code: Option<String>,
        /// Numbers the networks of this answer: who has the same came from the same. Null: unknown.
        pub network: Option<u32>,
        /// Still a member.
        pub here: bool,
        pub banned: bool,
        /// Cannot be banned by the asker: a higher place, or oneself.
        pub above: bool,
        /// Messages in the room, up to 100.
        pub messages: u32,
    }

    /// How many came by an invite.
    pub struct JoinsBy {
        pub code: Option<String>,
        pub count: u32,
    }

    /// People being banned together. OSC_CLEANUP_UPDATE.
    pub struct Cleanup {
        pub id: Id<marker::Cleanup>,
        pub guild_id: Id<marker::Guild>,
        pub created_at: Timestamp,
        pub by_id: Id<marker::User>,
        pub total: u32,
        /// Looked at so far.
        pub done: u32,
        pub banned: u32,
        pub state: CleanupState,
    }

    #[derive(Copy, Eq)]
    #[serde(rename_all = "lowercase")]
    pub enum CleanupState {
        Banning,
        Done,
        /// The bans are being lifted.
        Undoing,
        Undone,
    }

    /// Where a report stands.
    #[derive(Copy, Eq, Default)]
    #[serde(rename_all = "lowercase")]
    pub enum ReportState {
        #[default]
        Open,
        /// Somebody looks at it.
        Taken,
        Done,
    }

    #[derive(Copy, Eq)]
    #[serde(rename_all = "lowercase")]
    pub enum ReportKind {
        Message,
        Member,
        Guild,
    }

    #[derive(Copy, Eq)]
    #[serde(rename_all = "lowercase")]
    pub enum ReportReason {
        Spam,
        Harassment,
        Hate,
        Sexual,
        Violence,
        /// Somebody is in danger, also by themselves.
        Danger,
        Illegal,
        Other,
    }

    /// What was done about a report.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "lowercase")]
    pub enum ReportAction {
        Delete,
        Timeout,
        Kick,
        Ban,
        /// Nothing is wrong with it.
        Dismiss,
        /// Dealt with in another way.
        Close,
    }

    /// A report as moderators see it.
    pub struct Report {
        pub id: Id<marker::Report>,
        pub kind: ReportKind,
        pub state: ReportState,
        pub created_at: Timestamp,
        pub guild_id: Option<Id<marker::Guild>>,
        pub channel_id: Option<Id<marker::Channel>>,
        pub message_id: Option<Id<marker::Message>>,
        /// Whom it is about.
        pub target: Option<User>,
        pub reporter: User,
        pub reason: ReportReason,
        pub text: String,
        /// As it was when it was reported, the oldest first.
        pub evidence: Vec<Evidence>,
        pub taken_by: Option<User>,
        pub actions: Vec<ReportAction>,
        pub answer: Option<String>,
        /// Of a report on a room.
        pub guild_name: Option<String>,
    }

    /// A message as it was.
    pub struct Evidence {
        pub message_id: Id<marker::Message>,
        pub author_id: Id<marker::User>,
        pub author_name: String,
        pub content: String,
        pub at: Timestamp,
        pub edited: bool,
        /// Names of its files.
        pub files: Vec<String>,
        /// The one that was reported.
        pub reported: bool,
    }

    pub struct Reports {
        /// The newest first.
        pub items: Vec<Report>,
        /// How many wait.
        pub open: u32,
        /// `before` of the next page.
        pub next: Option<Id<marker::Report>>,
    }

    /// A report as its author sees it. OSC_REPORT_ANSWER.
    pub struct OwnReport {
        pub id: Id<marker::Report>,
        pub kind: ReportKind,
        pub state: ReportState,
        pub created_at: Timestamp,
        pub reason: ReportReason,
        pub text: String,
        pub answer: Option<String>,
        /// Something was done about it; null while it is not done.
        pub acted: Option<bool>,
    }

    /// OSC_REPORT_UPDATE: says only that there is something to look at.
    pub struct ReportNotice {
        /// Null: for the owner of the server.
        pub guild_id: Option<Id<marker::Guild>>,
        pub state: ReportState,
    }

    /// Of a 428 answer to `POST /guests`: find a number `n` so that the SHA-256 of
    /// `token + ":" + n` begins with so many zero bits, and ask again with it.
    pub struct Challenge {
        /// `sha256`.
        pub algorithm: String,
        pub token: String,
        /// Zero bits.
        pub difficulty: u8,
        pub expires_at: Timestamp,
    }

    /// What a rule would do with a text.
    pub struct RuleTrial {
        pub hits: bool,
        /// The word or pattern.
        pub keyword: Option<String>,
        /// The part of the text, as it was read.
        pub matched: Option<String>,
    }
}

/// In the body of `POST /guests`: an answered challenge.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Solution {
    pub token: String,
    pub solution: String,
}

/// Body of `PATCH /guilds/{guild}/safety`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct ModifySafety {
    /// Null: raid mode ends. Absent seconds of a raid: an hour.
    pub raid_until: Patch<Timestamp>,
    pub locked: Option<bool>,
    pub raid_detection: Option<RaidDetection>,
    pub raid_joins: Option<u32>,
}

/// Body of `PUT /guilds/{guild}/incident-actions`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct IncidentActions {
    pub invites_disabled_until: Patch<Timestamp>,
    pub dms_disabled_until: Patch<Timestamp>,
}

/// Body of `POST /guilds/{guild}/cleanups`.
#[derive(Debug, serde::Deserialize)]
pub struct CreateCleanup {
    pub user_ids: Vec<Id<marker::User>>,
    /// How far back their messages are deleted.
    #[serde(default)]
    pub delete_message_seconds: Option<u32>,
}

/// Body of `POST /reports`: a message, a member, or a room.
#[derive(Debug, serde::Deserialize)]
pub struct CreateReport {
    pub reason: ReportReason,
    #[serde(default)]
    pub text: Option<String>,
    #[serde(default)]
    pub channel_id: Option<Id<marker::Channel>>,
    #[serde(default)]
    pub message_id: Option<Id<marker::Message>>,
    #[serde(default)]
    pub guild_id: Option<Id<marker::Guild>>,
    #[serde(default)]
    pub user_id: Option<Id<marker::User>>,
}

/// Body of `PATCH .../reports/{report}`: takes it, gives it back, or ends it by doing something.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct ModifyReport {
    pub state: Option<ReportState>,
    pub action: Option<ReportAction>,
    /// Of a timeout.
    pub duration_seconds: Option<u32>,
    /// Of a ban: how far back messages are deleted.
    pub delete_message_seconds: Option<u32>,
    /// What the reporter is told.
    pub answer: Option<String>,
}

/// Body of `POST .../auto-moderation/try`: a rule that need not exist, and a text.
#[derive(Debug, serde::Deserialize)]
pub struct TryRule {
    pub trigger_type: u8,
    #[serde(default)]
    pub trigger_metadata: crate::auto_moderation::TriggerMetadata,
    pub text: String,
}
