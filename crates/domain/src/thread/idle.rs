//! Threads that have been quiet for long go out of sight by themselves.

use proto::Timestamp;

use super::{close, closed, due, roll};
use crate::{
    App, guild,
    reject::{Error, Result},
    rows::{ThreadRow, TipRow},
    store::{Batch, Scan},
};

/// Threads looked at in one run.
const LOOKED_AT: usize = 200;

/// Archives what is due. A message does not write to its thread's row, so what looks due may have
/// been written in since; then it is looked at again when that would be due.
pub(crate) async fn archive_idle(app: &App) -> Result<()> {
    let now = app.clock.now();
    let scan = Scan::of::<ThreadRow>().by("by_look").after(Timestamp::from_ms(0));
    let rows = app.disk.scan::<ThreadRow>(scan.up_to(now).limit(LOOKED_AT)).await?;
    for row in rows {
        match look_at(app, &row).await {
            // Its guild is gone, and what hangs on it is being deleted.
            Err(Error::Reject(_)) => forget(app, row).await?,
            other => other?,
        }
    }
    Ok(())
}

async fn look_at(app: &App, seen: &ThreadRow) -> Result<()> {
    app.guild(seen.guild_id).await?;
    let (lane, guild) = guild::alone(app, seen.guild_id).await?;
    let now = app.clock.now();
    let Some(row) = app.store.get::<ThreadRow>(seen.id).await? else { return Ok(()) };
    if row.look_at.is_none_or(|at| at > now) {
        return Ok(());
    }
    let tip = app.store.get::<TipRow>(row.id).await?;
    let last = tip.as_ref().and_then(|tip| tip.last_message_id).map(|id| id.created_at());
    let quiet_since = last.map_or(row.changed_at, |last| last.max(row.changed_at));
    let due = due(quiet_since, &row);
    if due > now {
        let row = ThreadRow { look_at: Some(due), ..row };
        return lane.enqueue(Batch::new().put(&row), Vec::new()).durable().await;
    }
    let people = roll(app, &guild, row.id).await?;
    let row = close(app, row, people.len() as u32);
    let event = closed(&row, tip.as_ref(), &people);
    lane.enqueue(Batch::new().put(&row), vec![event]).durable().await
}

async fn forget(app: &App, row: ThreadRow) -> Result<()> {
    let lane = app.lane_named("due", ()).await;
    let row = ThreadRow { look_at: None, active_in: None, ..row };
    lane.enqueue(Batch::new().put(&row), Vec::new()).durable().await
}
