//! Files of messages: taken in before the message, counted, signed for, served, given up.
//!
//! The bytes are a blob named by the attachment's id and durable before the row that names them;
//! a name that somebody gave never becomes a path. An address works for everybody who has it, but
//! ends with its day, with the message, and when somebody loses access to the channel.

pub mod file_name;
pub mod sniff;
pub mod strip;

use std::collections::{HashMap, HashSet};

use hmac::{Hmac, KeyInit as _, Mac as _};
use proto::{Code, Id, Permissions, Timestamp, marker, message::Attachment};
use sha2::Sha256;

use crate::{
    App, access,
    actor::Actor,
    interaction, picture,
    reject::{Reject, Result, no},
    rows::{AttachmentRow, ChannelRow, MessageRow, UsageRow},
    store::{Batch, IntoKey as _, Scan},
};

/// Milliseconds of a day: an address is good for one to two of them.
const DAY_MS: i64 = 86_400_000;

/// How old a blob without a row must be before it is taken for an orphan. No request lives so long.
const ORPHAN_MS: i64 = 3_600_000;

/// A file that was taken in: the blob named `id.to_string()` is durable and counted. What no
/// message names in the end is given up again (`settle`).
#[derive(Debug, Clone, PartialEq)]
pub struct Upload {
    pub id: Id<marker::Attachment>,
    /// Cleaned.
    pub filename: String,
    /// Bytes.
    pub size: u32,
    /// What its first bytes say.
    pub content_type: Option<String>,
    pub description: Option<String>,
    pub width: Option<u32>,
    pub height: Option<u32>,
}

/// The rows of files in a message.
pub fn rows(actor: &Actor, message: &MessageRow, files: Vec<Upload>) -> Vec<AttachmentRow> {
    let row = |file: Upload| AttachmentRow {
        channel_id: message.channel_id,
        id: file.id,
        message_id: message.id,
        uploader_id: actor.user,
        filename: file.filename,
        size: file.size,
        content_type: file.content_type,
        description: file.description,
        width: file.width,
        height: file.height,
    };
    files.into_iter().map(row).collect()
}

/// What stores files with their message. Their bytes were counted when they came in (`reserve`).
pub fn keep(rows: &[AttachmentRow]) -> Batch {
    rows.iter().fold(Batch::new(), Batch::insert)
}

/// What deletes files with their message. Afterwards `remove_blobs`.
pub fn drop_rows(rows: &[AttachmentRow]) -> Batch {
    rows.iter()
        .fold(Batch::new(), |batch, row| batch.delete::<AttachmentRow>((row.channel_id, row.id)))
}

/// Bytes that the actor may still add.
pub async fn room_left(app: &App, actor: &Actor) -> Result<u64> {
    let usage: Option<UsageRow> = app.store.get(actor.user).await?;
    Ok(quota(app, actor).saturating_sub(usage.map_or(0, |usage| usage.bytes)))
}

/// Counts bytes as the actor's, unless that is too many. The blobs are durable by now: what is
/// counted and then lost in a crash is found by its blob.
pub async fn reserve(app: &App, actor: &Actor, bytes: u64) -> Result<()> {
    let lane = app.lane_user(actor.user).await;
    if room_left(app, actor).await? < bytes {
        return no(Reject::Refused(Code::FILES_FULL));
    }
    let usage = usage_plus(app, actor.user, bytes as i64).await?;
    lane.enqueue(Batch::new().put(&usage), Vec::new()).durable().await
}

/// After the request is over, in whatever way: files that no message has are given up.
pub async fn settle(
    app: &App,
    uploader: Id<marker::User>,
    channel: Id<marker::Channel>,
    uploads: Vec<Upload>,
) -> Result<()> {
    app.flushed().await?;
    let keys = uploads.iter().map(|upload| (channel, upload.id).into_key()).collect();
    let rows = app.store.get_many::<AttachmentRow>(keys).await?;
    let lost = uploads.into_iter().zip(rows).filter(|(_, row)| row.is_none());
    let lost: Vec<_> = lost.map(|(upload, _)| (uploader, upload.id, upload.size)).collect();
    give_up(app, &lost).await
}

/// After the deletion of these rows is durable: their bytes go, and count no more.
pub async fn remove_blobs(app: &App, rows: &[AttachmentRow]) {
    let lost: Vec<_> = rows.iter().map(|row| (row.uploader_id, row.id, row.size)).collect();
    if let Err(fault) = give_up(app, &lost).await {
        // The message is gone all the same; the sweep takes what is left.
        tracing::warn!(error = ?fault, "cannot give up files of a deleted message");
    }
}

/// The attachment as everybody gets it.
pub fn render(app: &App, channel: &ChannelRow, row: &AttachmentRow) -> Attachment {
    let url = url(app, channel.epoch, row);
    Attachment {
        id: row.id,
        filename: row.filename.clone(),
        size: row.size,
        proxy_url: url.clone(),
        url,
        content_type: row.content_type.clone(),
        description: row.description.clone(),
        width: row.width,
        height: row.height,
    }
}

/// What an address carries: when it ends, and that we said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    pub expires_at: Timestamp,
    pub mac: Vec<u8>,
}

impl Signature {
    /// Reads `ex` (Unix seconds) and `hm`, both in hex.
    pub fn parse(ex: &str, hm: &str) -> Option<Self> {
        let seconds = i64::from_str_radix(ex, 16).ok().filter(|seconds| *seconds >= 0)?;
        let expires_at = Timestamp::from_ms(seconds.checked_mul(1_000)?);
        Some(Self { expires_at, mac: unhex(hm)? })
    }
}

/// The file, if it is still there and the address or the actor may have it. Everything else looks
/// like a file that never was.
pub async fn fetch(
    app: &App,
    actor: Option<&Actor>,
    channel: Id<marker::Channel>,
    id: Id<marker::Attachment>,
    signature: Option<&Signature>,
) -> Result<AttachmentRow> {
    let unknown = || Reject::Unknown(Code::UNKNOWN_MESSAGE);
    let Ok((place, _)) = app.channel(channel).await else {
        return no(unknown());
    };
    let signed = signature.is_some_and(|signature| {
        signature.expires_at > app.clock.now()
            && mac(app, channel, id, place.epoch, signature.expires_at)
                .verify_slice(&signature.mac)
                .is_ok()
    });
    if !signed {
        let Some(actor) = actor else { return no(unknown()) };
        if access::require(app, actor, channel, Permissions::VIEW_CHANNEL).await.is_err() {
            return no(unknown());
        }
    }
    let Some(row) = app.disk.get::<AttachmentRow>((channel, id)).await? else {
        return no(unknown());
    };
    // Whatever deletes messages kills the addresses of their files, before anything is swept.
    let message: Option<MessageRow> = app.disk.get((channel, row.message_id)).await?;
    let kept = match message {
        Some(message) => message.attachments.iter().any(|kept| kept.id == id),
        None => interaction::ephemeral_file(app, row.message_id, id).await?,
    };
    if kept { Ok(row) } else { no(unknown()) }
}

/// What a sweep did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub blobs: usize,
    /// People whose bytes were counted wrong.
    pub recounted: usize,
}

/// Removes blobs that no row names: what a crash between two steps left behind. Before the server
/// takes requests (`at_start`) nothing is under way, so then the count of bytes is put right too.
pub async fn sweep(app: &App, at_start: bool) -> Result<Swept> {
    let names = app.blobs.list().await?;
    let blobs = names.iter().filter_map(|name| name.parse::<Id<marker::Attachment>>().ok());
    let now = app.clock.now();
    let blobs: Vec<_> =
        blobs.filter(|id| at_start || now.ms_since(id.created_at()) > ORPHAN_MS).collect();
    let (kept, bytes) = rows_of_all(app).await?;
    let mut swept = Swept::default();
    for id in blobs.into_iter().filter(|id| !kept.contains(id)) {
        app.blobs.remove(&id.to_string()).await?;
        swept.blobs += 1;
    }
    swept.blobs += picture::sweep(app, &names).await?;
    if at_start {
        swept.recounted = recount(app, bytes).await?;
    }
    Ok(swept)
}

type Bytes = HashMap<Id<marker::User>, u64>;

/// Ids of all files that rows name, and how many bytes are whose.
async fn rows_of_all(app: &App) -> Result<(HashSet<Id<marker::Attachment>>, Bytes)> {
    let (mut ids, mut bytes) = (HashSet::new(), Bytes::new());
    let mut page = Scan::of::<AttachmentRow>();
    loop {
        let rows = app.disk.scan::<AttachmentRow>(page.clone()).await?;
        for row in &rows {
            ids.insert(row.id);
            *bytes.entry(row.uploader_id).or_default() += u64::from(row.size);
        }
        match rows.last() {
            Some(last) if rows.len() == page.limit => page = page.after((last.channel_id, last.id)),
            _ => return Ok((ids, bytes)),
        }
    }
}

async fn recount(app: &App, mut bytes: Bytes) -> Result<usize> {
    let mut wrong = Vec::new();
    let mut page = Scan::of::<UsageRow>();
    loop {
        let rows = app.disk.scan::<UsageRow>(page.clone()).await?;
        for row in &rows {
            let is = bytes.remove(&row.user_id).unwrap_or(0);
            if is != row.bytes {
                wrong.push(UsageRow { user_id: row.user_id, bytes: is });
            }
        }
        match rows.last() {
            Some(last) if rows.len() == page.limit => page = page.after(last.user_id),
            _ => break,
        }
    }
    wrong.extend(bytes.into_iter().map(|(user_id, bytes)| UsageRow { user_id, bytes }));
    for usage in &wrong {
        let lane = app.lane_user(usage.user_id).await;
        lane.enqueue(Batch::new().put(usage), Vec::new()).durable().await?;
    }
    Ok(wrong.len())
}

fn quota(app: &App, actor: &Actor) -> u64 {
    if actor.is_guest() { app.limits.guest_bytes } else { app.limits.account_bytes }
}

async fn usage_plus(app: &App, user: Id<marker::User>, change: i64) -> Result<UsageRow> {
    let usage: Option<UsageRow> = app.store.get(user).await?;
    let bytes = usage.map_or(0, |usage| usage.bytes).saturating_add_signed(change);
    Ok(UsageRow { user_id: user, bytes })
}

/// Uncounts first: if it ends in between, the blob that is left tells of it.
async fn give_up(
    app: &App,
    files: &[(Id<marker::User>, Id<marker::Attachment>, u32)],
) -> Result<()> {
    let mut bytes = Bytes::new();
    for (user, _, size) in files {
        *bytes.entry(*user).or_default() += u64::from(*size);
    }
    for (user, bytes) in bytes {
        let lane = app.lane_user(user).await;
        let usage = usage_plus(app, user, -(bytes as i64)).await?;
        lane.enqueue(Batch::new().put(&usage), Vec::new()).durable().await?;
    }
    for (_, id, _) in files {
        app.blobs.remove(&id.to_string()).await?;
    }
    Ok(())
}

fn url(app: &App, epoch: u32, row: &AttachmentRow) -> String {
    // Rounded, so that it is the same all day and caches profit.
    let day = app.clock.now().as_ms().div_euclid(DAY_MS);
    let expires_at = Timestamp::from_ms((day + 2) * DAY_MS);
    let mac = mac(app, row.channel_id, row.id, epoch, expires_at).finalize().into_bytes();
    format!(
        "{}/cdn/attachments/{}/{}/{}?ex={:x}&hm={}",
        app.policy.public_url,
        row.channel_id,
        row.id,
        file_name::escape(&row.filename),
        expires_at.as_ms() / 1_000,
        hex(&mac)
    )
}

fn mac(
    app: &App,
    channel: Id<marker::Channel>,
    id: Id<marker::Attachment>,
    epoch: u32,
    expires_at: Timestamp,
) -> Hmac<Sha256> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(&app.signing_key).expect("a key of any length will do");
    // The first bytes name what is signed: one key, many uses.
    mac.update(b"attachment\0");
    mac.update(&id.get().to_le_bytes());
    mac.update(&channel.get().to_le_bytes());
    mac.update(&epoch.to_le_bytes());
    mac.update(&expires_at.as_ms().to_le_bytes());
    mac
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proto::Limits;

    use super::*;
    use crate::{
        rows::UserKind,
        testing::{TestGuild, World},
    };

    #[tokio::test]
    async fn an_address_ends_with_its_time_and_with_access() {
        let world = World::new().await;
        let [ann, eve] = [world.person("ann").await, world.person("eve").await];
        let room = world.guild(&[&ann]).await;
        let row = sent(&world, &ann, &room, b"hello").await;
        let (channel, _) = world.app.channel(room.general).await.unwrap();
        let url = render(&world.app, &channel, &row).url;
        assert_eq!(url, render(&world.app, &channel, &row).url, "the same for everybody");
        let signature = signature(&url);
        assert!(may(&world, None, &row, Some(&signature)).await);

        let mut forged = signature.clone();
        forged.expires_at = forged.expires_at.plus_ms(DAY_MS);
        assert!(!may(&world, None, &row, Some(&forged)).await);
        assert!(!may(&world, None, &row, None).await);
        assert!(!may(&world, Some(&eve), &row, None).await);
        assert!(may(&world, Some(&ann), &row, None).await);

        world.write(Batch::new().put(&ChannelRow { epoch: 1, ..(*channel).clone() })).await;
        assert!(!may(&world, None, &row, Some(&signature)).await, "somebody lost access");
        let (channel, _) = world.app.channel(room.general).await.unwrap();
        let url = render(&world.app, &channel, &row).url;
        world.clock.advance_ms(DAY_MS);
        assert!(may(&world, None, &row, Some(&self::signature(&url))).await);
        world.clock.advance_ms(DAY_MS);
        assert!(!may(&world, None, &row, Some(&self::signature(&url))).await, "its time is over");
    }

    #[tokio::test]
    async fn a_deleted_message_takes_its_files_along() {
        let world = World::new().await;
        let ann = world.person("ann").await;
        let room = world.guild(&[&ann]).await;
        let row = sent(&world, &ann, &room, b"hello").await;
        assert_eq!(used(&world, &ann).await, 5);
        // The message alone is enough to kill the address.
        world.write(Batch::new().delete::<MessageRow>((row.channel_id, row.message_id))).await;
        assert!(!may(&world, Some(&ann), &row, None).await);

        world.write(drop_rows(std::slice::from_ref(&row))).await;
        remove_blobs(&world.app, std::slice::from_ref(&row)).await;
        assert_eq!(used(&world, &ann).await, 0);
        assert_eq!(world.app.blobs.list().await.unwrap(), Vec::<String>::new());
    }

    #[tokio::test]
    async fn files_count_until_the_quota_and_lost_ones_no_more() {
        let limits = Limits { guest_bytes: 8, ..Limits::default() };
        let world = World::with_limits(limits).await;
        let guest = world.user("guest", UserKind::Guest).await;
        let room = world.guild(&[&guest]).await;
        let upload = taken(&world, &guest, b"12345").await.unwrap();
        let refused = taken(&world, &guest, b"12345").await;
        let Err(crate::Error::Reject(reject)) = refused else { panic!("{refused:?}") };
        assert_eq!(reject, Reject::Refused(Code::FILES_FULL));
        settle(&world.app, guest.user, room.general, vec![upload]).await.unwrap();
        assert_eq!(used(&world, &guest).await, 0, "no message took it");
        let kept = sent(&world, &guest, &room, b"12345").await;
        settle(&world.app, guest.user, room.general, vec![upload_of(&kept)]).await.unwrap();
        assert_eq!(used(&world, &guest).await, 5, "a message has it");
    }

    #[tokio::test]
    async fn a_sweep_takes_what_a_crash_left() {
        let world = World::new().await;
        let ann = world.person("ann").await;
        let room = world.guild(&[&ann]).await;
        let kept = sent(&world, &ann, &room, b"kept").await;
        taken(&world, &ann, b"lost!").await.unwrap();
        assert_eq!(
            sweep(&world.app, false).await.unwrap(),
            Swept::default(),
            "it may be on its way"
        );
        assert_eq!(used(&world, &ann).await, 9);
        let swept = sweep(&world.app, true).await.unwrap();
        assert_eq!(swept, Swept { blobs: 1, recounted: 1 });
        assert_eq!(used(&world, &ann).await, 4);
        let names = world.app.blobs.list().await.unwrap();
        assert_eq!(names, [kept.id.to_string()]);
    }

    fn signature(url: &str) -> Signature {
        let (_, query) = url.split_once("?ex=").expect("signed");
        let (ex, hm) = query.split_once("&hm=").expect("signed");
        Signature::parse(ex, hm).expect("readable")
    }

    async fn may(
        world: &World,
        actor: Option<&Actor>,
        row: &AttachmentRow,
        signature: Option<&Signature>,
    ) -> bool {
        fetch(&world.app, actor, row.channel_id, row.id, signature).await.is_ok()
    }

    async fn used(world: &World, actor: &Actor) -> u64 {
        let usage: Option<UsageRow> = world.app.disk.get(actor.user).await.unwrap();
        usage.map_or(0, |usage| usage.bytes)
    }

    async fn blob(world: &World, name: &str, bytes: &'static [u8]) {
        let mut draft = world.app.blobs.begin().await.unwrap();
        draft.append(Bytes::from_static(bytes)).await.unwrap();
        draft.finish(name).await.unwrap();
    }

    async fn taken(world: &World, actor: &Actor, bytes: &'static [u8]) -> Result<Upload> {
        let id: Id<marker::Attachment> = world.app.ids.next();
        blob(world, &id.to_string(), bytes).await;
        reserve(&world.app, actor, bytes.len() as u64).await?;
        let (filename, size) = ("a.txt".to_owned(), bytes.len() as u32);
        let (content_type, description) = (None, None);
        Ok(Upload { id, filename, size, content_type, description, width: None, height: None })
    }

    fn upload_of(row: &AttachmentRow) -> Upload {
        Upload {
            id: row.id,
            filename: row.filename.clone(),
            size: row.size,
            content_type: None,
            description: None,
            width: None,
            height: None,
        }
    }

    async fn sent(
        world: &World,
        actor: &Actor,
        room: &TestGuild,
        bytes: &'static [u8],
    ) -> AttachmentRow {
        let upload = taken(world, actor, bytes).await.unwrap();
        let id = upload.id;
        let draft = proto::message::CreateMessage::default();
        let sent = crate::message::send(&world.app, actor, room.general, draft, vec![upload]).await;
        let message = sent.unwrap().id;
        let row = world.app.disk.get::<AttachmentRow>((room.general, id)).await.unwrap().unwrap();
        assert_eq!(row.message_id, message);
        row
    }
}
