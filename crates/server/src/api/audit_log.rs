//! The audit log. <https://discord.com/developers/docs/resources/audit-log>

use std::sync::Arc;

use axum::extract::State;
use domain::{App, audit_log};
use proto::{Id, audit_log::AuditLog, marker};
use serde::Deserialize;

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Path, Query},
};

pub fn routes() -> Routes {
    Routes::v10().get("/guilds/{guild}/audit-logs", page)
}

/// COMPAT: ids come as 0 for "none", and so does the action.
#[derive(Deserialize)]
struct Page {
    user_id: Option<u64>,
    target_id: Option<u64>,
    action_type: Option<u8>,
    #[serde(default, deserialize_with = "super::extract::before")]
    before: Option<Id<marker::AuditLogEntry>>,
    #[serde(default, deserialize_with = "super::extract::after")]
    after: Option<Id<marker::AuditLogEntry>>,
    limit: Option<usize>,
}

/// Get Guild Audit Log.
async fn page(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<Id<marker::Guild>>,
    Query(page): Query<Page>,
) -> Answer<AuditLog> {
    let page = audit_log::Page {
        user_id: page.user_id.and_then(Id::new),
        target_id: page.target_id.and_then(Id::new),
        action: page.action_type.filter(|action| *action != 0),
        before: page.before,
        after: page.after,
        limit: page.limit,
    };
    Ok(Reply::ok(audit_log::page(&app, &actor, guild, page).await?))
}
