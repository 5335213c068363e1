//! What deleted rooms and channels and banned people leave behind: deleted piece by piece.
//!
//! The work is noted down with what causes it, so a crash loses none of it, and done in pieces so
//! small that nobody who writes meanwhile feels them.

use std::collections::BTreeMap;

use proto::{Id, marker};

use crate::{
    App, attachment, message,
    reject::Result,
    rows::{
        AttachmentRow, BanRow, InviteRow, MemberRow, MessageRow, PinRow, Purge, PurgeRow,
        ReactionRow, SilenceRow,
    },
    store::{Batch, Entity, Scan},
};

/// Messages deleted in one batch.
const PIECE: usize = 200;

/// Rows without anything attached to them deleted in one batch.
const PLAIN_PIECE: usize = 2_000;

/// Pieces of one thing in one run.
const PIECES: usize = 20;

/// Things worked on in one run.
const WORKS: usize = 32;

/// Work to be noted down.
pub(crate) fn row(what: Purge) -> PurgeRow {
    let name = match &what {
        Purge::Channel(id) => format!("channel:{id}"),
        Purge::Guild(id) => format!("guild:{id}"),
        Purge::Author { guild_id, user_id, .. } => format!("author:{guild_id}:{user_id}"),
    };
    PurgeRow { name, what }
}

/// Does some of the work there is.
pub async fn run_once(app: &App) -> Result<()> {
    let works = app.disk.scan::<PurgeRow>(Scan::of::<PurgeRow>().limit(WORKS)).await?;
    for work in works {
        let left = match &work.what {
            Purge::Channel(id) => channel(app, *id).await?,
            Purge::Guild(id) => guild(app, *id).await?,
            Purge::Author { guild_id, user_id, from, before } => {
                author(app, *guild_id, *user_id, *from..*before).await?
            }
        };
        settle(app, &work, left).await?;
    }
    Ok(())
}

/// What is left of some work.
enum Left {
    Nothing,
    Something,
    /// From this message on.
    From(Id<marker::Message>),
}

/// Strikes out what is done, unless it was noted down anew meanwhile.
async fn settle(app: &App, work: &PurgeRow, left: Left) -> Result<()> {
    let batch = Batch::new().expect(work);
    let batch = match (left, &work.what) {
        (Left::Nothing, _) => batch.delete::<PurgeRow>(work.name.as_str()),
        (Left::From(from), Purge::Author { guild_id, user_id, before, .. }) => {
            let (guild_id, user_id, before) = (*guild_id, *user_id, *before);
            batch.put(&row(Purge::Author { guild_id, user_id, from, before }))
        }
        _ => return Ok(()),
    };
    let lane = app.lane_named("purge", &work.name).await;
    lane.enqueue(batch, Vec::new()).durable_or_conflict().await?.ok();
    Ok(())
}

async fn write(app: &App, batch: Batch) -> Result<()> {
    let lane = app.lane_named("purge", ()).await;
    lane.enqueue(batch, Vec::new()).durable().await
}

/// Messages of a channel that is gone: nobody is told, nobody sees them any more.
async fn channel(app: &App, id: Id<marker::Channel>) -> Result<Left> {
    for _ in 0..PIECES {
        let scan = Scan::of::<MessageRow>().prefix(id).limit(PIECE);
        let rows = app.disk.scan::<MessageRow>(scan).await?;
        let mut batch = Batch::new();
        let mut files: Vec<AttachmentRow> = Vec::new();
        for row in &rows {
            batch = batch.delete::<MessageRow>((id, row.id));
            batch = batch.prune::<ReactionRow>(row.id, None, usize::MAX >> 1);
            files.extend(row.attachments.iter().cloned());
        }
        if !rows.is_empty() {
            write(app, batch.and(attachment::drop_rows(&files))).await?;
            attachment::remove_blobs(app, &files).await;
        }
        if rows.len() < PIECE {
            write(app, Batch::new().prune::<PinRow>(id, None, PLAIN_PIECE)).await?;
            return Ok(Left::Nothing);
        }
    }
    Ok(Left::Something)
}

/// Members, bans and invites of a guild that is gone.
async fn guild(app: &App, id: Id<marker::Guild>) -> Result<Left> {
    for _ in 0..PIECES {
        let invites = Scan::of::<InviteRow>().by("by_guild").prefix(id).limit(PLAIN_PIECE);
        let invites = app.disk.scan::<InviteRow>(invites).await?;
        let mut batch = Batch::new();
        for invite in &invites {
            batch = batch.delete::<InviteRow>(invite.code.as_str());
        }
        if any::<MemberRow>(app, id).await? {
            batch = batch.prune::<MemberRow>(id, None, PLAIN_PIECE);
        }
        if any::<BanRow>(app, id).await? {
            batch = batch.prune::<BanRow>(id, None, PLAIN_PIECE);
        }
        if any::<SilenceRow>(app, id).await? {
            batch = batch.prune::<SilenceRow>(id, None, PLAIN_PIECE);
        }
        if batch.ops.is_empty() {
            return Ok(Left::Nothing);
        }
        write(app, batch).await?;
    }
    Ok(Left::Something)
}

/// Whether anything of the guild is left in a table.
async fn any<E: Entity>(app: &App, id: Id<marker::Guild>) -> Result<bool> {
    Ok(!app.disk.scan::<E>(Scan::of::<E>().prefix(id).limit(1)).await?.is_empty())
}

/// What somebody wrote in a guild in some time.
async fn author(
    app: &App,
    guild_id: Id<marker::Guild>,
    user: Id<marker::User>,
    ids: std::ops::Range<Id<marker::Message>>,
) -> Result<Left> {
    let Ok(guild) = app.guild(guild_id).await else {
        return Ok(Left::Nothing);
    };
    let mut from = ids.start;
    for _ in 0..PIECES {
        let scan = Scan::of::<MessageRow>().by("by_author").prefix(user).limit(PIECE);
        let rows = app.disk.scan::<MessageRow>(scan.from(from).before(ids.end)).await?;
        let mut by_channel: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.guild_id == Some(guild_id)) {
            by_channel.entry(row.channel_id).or_default().push(row.id);
        }
        for (channel, ids) in by_channel {
            let channel = guild.read().channels.get(&channel).cloned();
            let Some(channel) = channel else { continue };
            for ids in ids.chunks(message::DELETE_MOST) {
                message::delete_many(app, &channel, ids.to_vec()).await?;
            }
        }
        let next = rows.last().and_then(|last| Id::new(last.id.get() + 1));
        match next {
            Some(next) if rows.len() == PIECE => from = next,
            _ => return Ok(Left::Nothing),
        }
    }
    Ok(Left::From(from))
}
