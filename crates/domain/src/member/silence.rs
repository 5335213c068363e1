//! What a moderator forbade somebody stays forbidden when they go and come back.

use crate::{
    App,
    reject::Result,
    rows::{MemberRow, SilenceRow},
    store::Batch,
};

/// How long being muted in voice, which has no end of its own, waits for who left: as long as the
/// longest timeout.
const KEPT_MS: i64 = 28 * 86_400_000;

/// What to keep of a member who goes.
pub(super) fn left(app: &App, row: &MemberRow) -> Batch {
    let now = app.clock.now();
    let timed_out_until = row.timed_out_until.filter(|until| *until > now);
    let voice = (row.mute || row.deaf).then(|| now.plus_ms(KEPT_MS));
    let Some(until) = timed_out_until.max(voice) else {
        return Batch::new();
    };
    let (guild_id, user_id, deaf, mute) = (row.guild_id, row.user_id, row.deaf, row.mute);
    Batch::new().put(&SilenceRow { guild_id, user_id, until, timed_out_until, deaf, mute })
}

/// The row of somebody who comes, with what waited for them.
pub(super) async fn taken_up(app: &App, mut row: MemberRow) -> Result<(MemberRow, Batch)> {
    let key = (row.guild_id, row.user_id);
    let Some(kept) = app.store.get::<SilenceRow>(key).await? else {
        return Ok((row, Batch::new()));
    };
    let now = app.clock.now();
    if kept.until > now {
        row.timed_out_until = kept.timed_out_until.filter(|until| *until > now);
        (row.deaf, row.mute) = (kept.deaf, kept.mute);
    }
    Ok((row, Batch::new().delete::<SilenceRow>(key)))
}
