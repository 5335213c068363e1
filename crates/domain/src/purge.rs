//! What deleted rooms and channels and people who left or were banned leave behind: deleted piece
//! by piece.
//!
//! The work is noted down with what causes it, so a crash loses none of it, and done in pieces so
//! small that nobody who writes meanwhile feels them.

use std::collections::BTreeMap;

use proto::{Id, marker, message::AUTO_MODERATION_ACTION};

use crate::{
    App, attachment,
    bus::Event,
    message, notification, picture,
    reject::Result,
    rows::{
        AttachmentRow, AuditLogRow, AutoModerationRow, BanRow, CleanupRow, CommandPermissionRow,
        CommandRow, EmojiRow, InviteRow, JoinRow, MemberRow, MessageRow, PinRow, Purge, PurgeRow,
        ReactionRow, ReadStateRow, ReportRow, SilenceRow, ThreadMemberRow, ThreadRow, WebhookRow,
    },
    store::{Batch, Entity, IntoKey, Scan},
    thread,
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
        Purge::Application(id) => format!("application:{id}"),
        Purge::Member { guild_id, user_id } => format!("member:{guild_id}:{user_id}"),
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
            Purge::Application(id) => application(app, *id).await?,
            Purge::Member { guild_id, user_id } => member(app, *guild_id, *user_id).await?,
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
    tell(app, batch, Vec::new()).await
}

async fn tell(app: &App, batch: Batch, events: Vec<Event>) -> Result<()> {
    let lane = app.lane_named("purge", ()).await;
    lane.enqueue(batch, events).durable().await
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
            if let Left::Something = threads(app, id).await? {
                return Ok(Left::Something);
            }
            return marks(app, id).await;
        }
    }
    Ok(Left::Something)
}

/// Threads that hung on a channel that is gone, each with work of its own.
async fn threads(app: &App, id: Id<marker::Channel>) -> Result<Left> {
    let scan = Scan::of::<ThreadRow>().by("by_parent").prefix(id).limit(PIECE);
    let rows = app.disk.scan::<ThreadRow>(scan).await?;
    if rows.is_empty() {
        return Ok(Left::Nothing);
    }
    let batch = rows.iter().fold(Batch::new(), |batch, row| {
        thread::deletion(batch.delete::<ThreadRow>(row.id), row.id)
    });
    write(app, batch).await?;
    Ok(Left::Something)
}

/// How far people had read in a channel that is gone, and what they had set for it.
async fn marks(app: &App, id: Id<marker::Channel>) -> Result<Left> {
    for _ in 0..PIECES {
        let read = Scan::of::<ReadStateRow>().by("by_channel").prefix(id).limit(PLAIN_PIECE);
        let read = app.disk.scan::<ReadStateRow>(read).await?;
        let batch = read.iter().fold(Batch::new(), |batch, row| {
            batch.delete::<ReadStateRow>((row.user_id, row.channel_id))
        });
        let set = notification::of(app, id.cast(), PIECE).await?;
        let (batch, events) = notification::forget(batch, &set);
        if batch.ops.is_empty() {
            return Ok(Left::Nothing);
        }
        tell(app, batch, events).await?;
    }
    Ok(Left::Something)
}

/// What somebody who left had read and set in a guild. Who is back by now keeps it.
async fn member(app: &App, guild: Id<marker::Guild>, user: Id<marker::User>) -> Result<Left> {
    // A guild that is gone takes all of this along with its channels.
    let Ok(active) = app.guild(guild).await else { return Ok(Left::Nothing) };
    let lane = app.lane_member(guild, user).await;
    if app.store.get::<MemberRow>((guild, user)).await?.is_some() {
        return Ok(Left::Nothing);
    }
    let read = app.disk.scan::<ReadStateRow>(Scan::of::<ReadStateRow>().prefix(user)).await?;
    let mut set = notification::rows(app, user).await?;
    let named = read.iter().map(|row| row.channel_id);
    let named = named.chain(set.iter().map(|row| row.target_id.cast()));
    let archived = archived_in(app, guild, named.collect()).await?;
    let here = |channel: Id<marker::Channel>| {
        let state = active.read();
        state.channel(channel).is_some() || archived.contains(&channel)
    };
    let read = read.iter().filter(|row| here(row.channel_id));
    let batch = read.fold(Batch::new(), |batch, row| {
        batch.delete::<ReadStateRow>((row.user_id, row.channel_id))
    });
    let inside = Scan::of::<ThreadMemberRow>().by("by_user").prefix(user);
    let inside = app.disk.scan::<ThreadMemberRow>(inside).await?;
    let batch = inside
        .iter()
        .filter(|row| row.guild_id == guild)
        .fold(batch, |batch, row| batch.delete::<ThreadMemberRow>((row.thread_id, row.user_id)));
    set.retain(|row| row.target_id == guild.cast() || here(row.target_id.cast()));
    let (batch, events) = notification::forget(batch, &set);
    lane.enqueue(batch, events).durable().await?;
    Ok(Left::Nothing)
}

/// Which of these are archived threads of a guild.
async fn archived_in(
    app: &App,
    guild: Id<marker::Guild>,
    ids: Vec<Id<marker::Channel>>,
) -> Result<Vec<Id<marker::Channel>>> {
    let keys = ids.into_iter().map(|id| id.into_key()).collect();
    let rows = app.disk.get_many::<ThreadRow>(keys).await?.into_iter().flatten();
    Ok(rows.filter(|row| row.guild_id == guild).map(|row| row.id).collect())
}

/// Emoji and commands of an application that is gone.
async fn application(app: &App, id: Id<marker::Application>) -> Result<Left> {
    for _ in 0..PIECES {
        if any::<CommandRow>(app, id).await? {
            write(app, Batch::new().prune::<CommandRow>(id, None, PLAIN_PIECE)).await?;
        } else if !emojis(app, id.cast()).await? {
            return Ok(Left::Nothing);
        }
    }
    Ok(Left::Something)
}

/// Some emoji of what is gone; whether there were any.
async fn emojis(app: &App, owner: Id<marker::EmojiOwner>) -> Result<bool> {
    let scan = Scan::of::<EmojiRow>().prefix(owner).limit(PIECE);
    let rows = app.disk.scan::<EmojiRow>(scan).await?;
    let batch = rows
        .iter()
        .fold(Batch::new(), |batch, row| batch.delete::<EmojiRow>((row.owner_id, row.id)));
    if rows.is_empty() {
        return Ok(false);
    }
    write(app, batch).await?;
    for row in &rows {
        picture::remove_emoji(app, row).await;
    }
    Ok(true)
}

/// Members, bans, emoji, invites, webhooks and the audit log of a guild that is gone.
async fn guild(app: &App, id: Id<marker::Guild>) -> Result<Left> {
    for _ in 0..PIECES {
        let invites = Scan::of::<InviteRow>().by("by_guild").prefix(id).limit(PLAIN_PIECE);
        let invites = app.disk.scan::<InviteRow>(invites).await?;
        let mut batch = Batch::new();
        for invite in &invites {
            batch = batch.delete::<InviteRow>(invite.code.as_str());
        }
        let webhooks = Scan::of::<WebhookRow>().by("by_guild").prefix(id).limit(PLAIN_PIECE);
        for webhook in app.disk.scan::<WebhookRow>(webhooks).await? {
            batch = batch.delete::<WebhookRow>(webhook.id);
        }
        if any::<MemberRow>(app, id).await? {
            batch = batch.prune::<MemberRow>(id, None, PLAIN_PIECE);
        }
        if any::<BanRow>(app, id).await? {
            batch = batch.prune::<BanRow>(id, None, PLAIN_PIECE);
        }
        if any::<AuditLogRow>(app, id).await? {
            batch = batch.prune::<AuditLogRow>(id, None, PLAIN_PIECE);
        }
        if any::<CommandPermissionRow>(app, id).await? {
            batch = batch.prune::<CommandPermissionRow>(id, None, PLAIN_PIECE);
        }
        if any::<SilenceRow>(app, id).await? {
            batch = batch.prune::<SilenceRow>(id, None, PLAIN_PIECE);
        }
        if any::<AutoModerationRow>(app, id).await? {
            batch = batch.prune::<AutoModerationRow>(id, None, PLAIN_PIECE);
        }
        if any::<JoinRow>(app, id).await? {
            batch = batch.prune::<JoinRow>(id, None, PLAIN_PIECE);
        }
        if any::<ReportRow>(app, id).await? {
            batch = batch.prune::<ReportRow>(id, None, PLAIN_PIECE);
        }
        if any::<CleanupRow>(app, id).await? {
            batch = batch.prune::<CleanupRow>(id, None, PLAIN_PIECE);
        }
        let set = notification::of(app, id.cast(), PIECE).await?;
        let (batch, events) = notification::forget(batch, &set);
        if batch.ops.is_empty() && !emojis(app, id.cast()).await? {
            return Ok(Left::Nothing);
        }
        tell(app, batch, events).await?;
    }
    Ok(Left::Something)
}

/// Whether anything of the guild or the application is left in a table.
async fn any<E: Entity>(app: &App, id: impl IntoKey) -> Result<bool> {
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
            // An alert is about somebody, not by them.
            if row.kind == AUTO_MODERATION_ACTION {
                continue;
            }
            by_channel.entry(row.channel_id).or_default().push(row.id);
        }
        for (channel, ids) in by_channel {
            let Some(told) = thread::audience_of(app, &guild, channel).await? else { continue };
            for ids in ids.chunks(message::DELETE_MOST) {
                let (told, ids) = (told.clone(), ids.to_vec());
                message::delete_many(app, channel, Some(guild_id), told, ids).await?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Actor, channel, guild, member,
        rows::{NotificationRow, PurgeRow, ReadStateRow},
        testing::{TestGuild, World},
    };

    /// Has somebody read the channel and set something for it and its room.
    async fn settles_in(world: &World, who: &Actor, room: &TestGuild) {
        let set = |target_id| NotificationRow {
            user_id: who.user,
            target_id,
            level: Some(2),
            muted: false,
            muted_until: None,
        };
        let read = ReadStateRow {
            user_id: who.user,
            channel_id: room.general,
            last_message_id: None,
            mention_count: 1,
        };
        let batch = Batch::new().put(&set(room.id.cast())).put(&set(room.general.cast()));
        world.write(batch.put(&read)).await;
    }

    /// How many settings and how many marks somebody has.
    async fn has(world: &World, who: &Actor) -> (usize, usize) {
        let disk = &world.app.disk;
        let set = Scan::of::<NotificationRow>().prefix(who.user);
        let read = Scan::of::<ReadStateRow>().prefix(who.user);
        let set = disk.scan::<NotificationRow>(set).await.expect("reads");
        (set.len(), disk.scan::<ReadStateRow>(read).await.expect("reads").len())
    }

    #[tokio::test]
    async fn what_somebody_set_for_a_room_goes_when_they_do() {
        let world = World::new().await;
        let app = &world.app;
        let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| world.person(name));
        let (alice, bob, carol) = (alice.await, bob.await, carol.await);
        let room = world.guild(&[&alice, &bob, &carol]).await;
        let other = world.guild(&[&alice, &bob]).await;
        app.guild(room.id).await.expect("active");
        for who in [&alice, &bob, &carol] {
            settles_in(&world, who, &room).await;
        }
        settles_in(&world, &bob, &other).await;
        for who in [&bob, &carol] {
            member::leave(app, who, room.id).await.expect("leaves");
        }
        // Back before anything was cleared away.
        world.write(Batch::new().put(&world.member_row(room.id, &carol))).await;
        world.saw();
        run_once(app).await.expect("runs");
        assert_eq!(world.saw(), ["OSC_NOTIFICATION_UPDATE"; 2], "bob's other clients are told");
        assert_eq!(has(&world, &bob).await, (2, 1), "those of the other room");
        assert_eq!(has(&world, &carol).await, (2, 1));

        channel::delete(app, &alice, room.general).await.expect("deleted");
        run_once(app).await.expect("runs");
        assert_eq!(has(&world, &carol).await, (1, 0));
        guild::delete(app, &alice, room.id).await.expect("deleted");
        run_once(app).await.expect("runs");
        assert_eq!(has(&world, &carol).await, (0, 0));
        assert_eq!(has(&world, &alice).await, (0, 0));
        let left = app.disk.scan::<PurgeRow>(Scan::of::<PurgeRow>()).await.expect("reads");
        assert_eq!(left, []);
    }
}
