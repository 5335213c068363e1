//! What happens by itself at a time. The server calls `run_once` every few seconds.

use crate::{
    App, audit_log, guest, login,
    reject::{Error, Reject, Result},
    rows::{
        AuditLogRow, EventRow, GatewaySessionRow, JoinRow, NonceRow, ReportRow, SecretRow,
        SilenceRow,
    },
    store::{Batch, Entity, Scan, Value},
};

/// Rows pruned in one batch: short enough not to be felt by a sender who waits behind it.
const PIECE: usize = 2_000;

/// Pieces in one run, so that a long backlog is worked off over several.
const PIECES: usize = 10;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Prunes what nobody needs any more. One failed kind does not stop the others.
pub async fn run_once(app: &App) {
    settle("event log", prune_events(app).await);
    settle("nonces", prune_nonces(app).await);
    settle("gateway sessions", prune_sessions(app).await);
    settle("secrets", prune_secrets(app).await);
    settle("silences", prune_silences(app).await);
    settle("threads", crate::thread::archive_idle(app).await);
    settle("audit logs", prune_audit_logs(app).await);
    settle("joins", prune_joins(app).await);
    settle("reports", prune_reports(app).await);
    settle("cleanups", crate::cleanup::run_once(app).await);
    settle("interactions", crate::interaction::prune(app).await);
    settle("directory", crate::directory::refresh_dirty(app).await);
    settle("index of messages", crate::search::run_once(app).await);
    settle("what is deleted", crate::purge::run_once(app).await);
}

/// Forgets people and logins that were away for long. Nothing brings them back: only to be called
/// while the clock can be trusted.
pub async fn forget(app: &App) {
    settle("logins", login::expire(app).await.map(|_| ()));
    settle("idle guests", guest::forget_idle(app).await.map(|_| ()));
}

/// Logs what failed. A full disk is told once where it is met.
fn settle(what: &str, outcome: Result<()>) {
    match outcome {
        Ok(()) | Err(Error::Reject(Reject::StorageFull | Reject::Busy)) => {}
        Err(Error::Reject(reject)) => tracing::warn!(what, ?reject, "cannot prune"),
        Err(Error::Fault(error)) => tracing::error!(what, ?error, "cannot prune"),
    }
}

/// Events older than the log keeps. They are in the order of their numbers, hence of their time.
/// The newest of the old ones stays: it shows that nothing after it is missing, and where the
/// numbers go on after a restart.
async fn prune_events(app: &App) -> Result<()> {
    let kept_ms = app.limits.event_log_minutes as i64 * MINUTE_MS;
    let old = app.clock.now().plus_ms(-kept_ms);
    for _ in 0..PIECES {
        let oldest = app.disk.scan::<EventRow>(Scan::of::<EventRow>().limit(PIECE)).await?;
        let doomed = oldest.iter().take_while(|event| event.at < old).count();
        if doomed < 2 {
            return Ok(());
        }
        let below = Value::Int(oldest[doomed - 1].number);
        let batch = Batch::new().prune::<EventRow>((), Some(below), PIECE);
        commit(app, batch).await?;
        if doomed < PIECE {
            return Ok(());
        }
    }
    Ok(())
}

async fn prune_nonces(app: &App) -> Result<()> {
    let kept_ms = app.limits.nonce_hours as i64 * HOUR_MS;
    let old = app.clock.now().plus_ms(-kept_ms);
    prune_by::<NonceRow>(app, Scan::of::<NonceRow>().by("by_time").before(old)).await
}

async fn prune_sessions(app: &App) -> Result<()> {
    let old = app.clock.now().plus_ms(-(app.limits.resume_seconds as i64) * 1_000);
    let scan = Scan::of::<GatewaySessionRow>().by("by_seen").before(old);
    prune_by::<GatewaySessionRow>(app, scan).await
}

async fn prune_silences(app: &App) -> Result<()> {
    let scan = Scan::of::<SilenceRow>().by("by_end").before(app.clock.now());
    prune_by::<SilenceRow>(app, scan).await
}

async fn prune_audit_logs(app: &App) -> Result<()> {
    let kept_ms = i64::from(app.limits.audit_log_days) * 24 * HOUR_MS;
    let oldest = audit_log::first_id_at(app.clock.now().plus_ms(-kept_ms));
    let scan = Scan::of::<AuditLogRow>().by("by_age").before(oldest);
    prune_by::<AuditLogRow>(app, scan).await
}

async fn prune_joins(app: &App) -> Result<()> {
    let old = app.clock.now().plus_ms(-i64::from(app.limits.join_days) * 24 * HOUR_MS);
    prune_by::<JoinRow>(app, Scan::of::<JoinRow>().by("by_time").before(old)).await
}

async fn prune_reports(app: &App) -> Result<()> {
    let old = app.clock.now().plus_ms(-i64::from(app.limits.report_days) * 24 * HOUR_MS);
    let old = crate::report::id_at(old);
    prune_by::<ReportRow>(app, Scan::of::<ReportRow>().by("by_time").before(old)).await
}

async fn prune_secrets(app: &App) -> Result<()> {
    let now = app.clock.now();
    let all = app.disk.scan::<SecretRow>(Scan::of::<SecretRow>().limit(PIECE)).await?;
    let batch = all
        .iter()
        .filter(|secret| secret.expires_at < now)
        .fold(Batch::new(), |batch, secret| batch.delete::<SecretRow>(secret.key()));
    commit(app, batch).await
}

/// Deletes what the scan finds, piece by piece.
async fn prune_by<E: Entity>(app: &App, scan: Scan) -> Result<()> {
    for _ in 0..PIECES {
        let rows = app.disk.scan::<E>(scan.clone().limit(PIECE)).await?;
        let batch = rows.iter().fold(Batch::new(), |batch, row| batch.delete::<E>(row.key()));
        commit(app, batch).await?;
        if rows.len() < PIECE {
            break;
        }
    }
    Ok(())
}

async fn commit(app: &App, batch: Batch) -> Result<()> {
    if batch.ops.is_empty() {
        return Ok(());
    }
    let lane = app.lane_named("due", ()).await;
    lane.enqueue(batch, Vec::new()).durable().await.map_err(|error| match error {
        Error::Fault(fault) => Error::Fault(fault.context("cannot prune")),
        reject => reject,
    })
}

#[cfg(test)]
mod tests {
    use proto::message::CreateMessage;

    use super::*;
    use crate::{message, testing::World};

    #[tokio::test]
    async fn the_log_forgets_what_is_old_but_never_where_it_stands() {
        let world = World::new().await;
        let alice = world.person("alice").await;
        let room = world.guild(&[&alice]).await;
        let app = &world.app;
        let say = async |n: usize| {
            let draft = CreateMessage { content: Some(n.to_string()), ..Default::default() };
            message::send(app, &alice, room.general, draft, vec![]).await.expect("sent");
        };
        let log = async || {
            let all = app.disk.scan::<EventRow>(Scan::of::<EventRow>()).await.expect("read");
            all.iter().map(|event| event.number).collect::<Vec<_>>()
        };
        for n in 0..5 {
            say(n).await;
        }
        world.clock.advance_ms(app.limits.event_log_minutes as i64 * MINUTE_MS + 1);
        let before = log().await;
        run_once(app).await;
        assert_eq!(log().await, before[4..]);
        say(5).await;
        run_once(app).await;
        assert_eq!(log().await.len(), 2);
    }
}
