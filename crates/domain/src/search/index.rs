//! The index of messages: written behind them, in transactions of its own.
//!
//! Whatever writes a message notes in the same transaction that its entry is old (see `lane.rs`),
//! so a crash loses nothing and no operation can forget it. Messages of before there was an index
//! are taken into it once, from the oldest channel on.

use std::{
    collections::HashMap,
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use proto::{Id, marker, message};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::reach;
use crate::{
    App,
    reject::Result,
    rows::{MessageRow, MessageTextRow, MetaRow, ReindexRow, ThreadRow, UserKind},
    store::{
        Batch, Entity as _, IntoKey as _, Key, Op, Scan,
        words::{tag, typed},
    },
};

/// Messages in one transaction.
const PIECE: usize = 500;

/// Transactions of one run in the background.
const PIECES: usize = 40;

/// Characters of a message that it is found by: its own text, its embeds, the names of its files.
const TEXT_LENGTH: usize = 8_000;

/// Name of the meta row that tells how far old messages were taken in.
const PROGRESS: &str = "message_index";

/// To be raised with any change of what a message is found by: all are taken in anew then.
const VERSION: u32 = 1;

/// What is known of the index.
#[derive(Default)]
pub struct Index {
    /// One at a time, so that what is read is still so when it is written.
    turn: tokio::sync::Mutex<()>,
    whole: AtomicBool,
    taken_in: AtomicU32,
    slots: OnceLock<Semaphore>,
}

impl Index {
    /// A place among the searches that run at a time.
    pub async fn slot(&self, most: usize) -> Option<SemaphorePermit<'_>> {
        // Never closed, so there is always one some day.
        self.slots.get_or_init(|| Semaphore::new(most.max(1))).acquire().await.ok()
    }
}

/// How far old messages were taken in.
#[derive(Serialize, Deserialize, Default)]
struct Progress {
    version: u32,
    whole: bool,
    channel: u64,
    message: u64,
    count: u32,
}

/// Notes down that entries of these messages are old.
pub(crate) fn note(app: &App, batch: &mut Batch) {
    let mut notes = Vec::new();
    for op in &batch.ops {
        let (table, key) = match op {
            Op::Put(table, row) | Op::Insert(table, row) => (table, &row.key),
            Op::Delete(table, key) => (table, key),
            Op::Expect(..) | Op::Prune { .. } => continue,
        };
        if table.name != MessageRow::TABLE.name {
            continue;
        }
        if let Some((channel_id, message_id)) = ids(key) {
            let version: Id<marker::Message> = app.ids.next();
            let row = ReindexRow { message_id, channel_id, version: version.get() };
            notes.push(Op::Put(ReindexRow::TABLE, row.to_row()));
        }
    }
    batch.ops.append(&mut notes);
}

fn ids(key: &Key) -> Option<(Id<marker::Channel>, Id<marker::Message>)> {
    use crate::store::Cell as _;
    Some((Id::read(key.first()?)?, Id::read(key.get(1)?)?))
}

/// Some of the work there is, in the background.
pub async fn run_once(app: &App) -> Result<()> {
    take_in(app, PIECES).await?;
    catch_up(app, PIECES).await.map(drop)
}

/// Whether old messages are all in the index, and how many are.
pub(crate) async fn state(app: &App) -> Result<(bool, u32)> {
    if !app.cache.index.whole.load(Ordering::Acquire) {
        take_in(app, 1).await?;
    }
    let index = &app.cache.index;
    Ok((index.whole.load(Ordering::Acquire), index.taken_in.load(Ordering::Relaxed)))
}

/// Brings entries up to date; whether all are.
pub(crate) async fn catch_up(app: &App, pieces: usize) -> Result<bool> {
    for _ in 0..pieces {
        let _turn = app.cache.index.turn.lock().await;
        let old = app.disk.scan::<ReindexRow>(Scan::of::<ReindexRow>().limit(PIECE)).await?;
        if old.is_empty() {
            return Ok(true);
        }
        let keys = old.iter().map(|row| (row.channel_id, row.message_id).into_key()).collect();
        let found = app.disk.get_many::<MessageRow>(keys).await?;
        let there: Vec<_> = found.iter().flatten().cloned().collect();
        let mut batch = Batch::new();
        // Written anew meanwhile: noted down anew, and this is lost and done again.
        for row in &old {
            batch = batch.expect(row).delete::<ReindexRow>(row.message_id);
        }
        for (row, _) in old.iter().zip(&found).filter(|(_, found)| found.is_none()) {
            batch = batch.delete::<MessageTextRow>(row.message_id);
        }
        for entry in entries(app, &there).await? {
            batch = batch.put(&entry);
        }
        let lane = app.lane_named("search", ()).await;
        lane.enqueue(batch, Vec::new()).durable_or_conflict().await?.ok();
    }
    Ok(false)
}

/// Takes some of the old messages in.
async fn take_in(app: &App, pieces: usize) -> Result<()> {
    let index = &app.cache.index;
    for _ in 0..pieces {
        if index.whole.load(Ordering::Acquire) {
            return Ok(());
        }
        let _turn = index.turn.lock().await;
        let progress: Option<MetaRow> = app.disk.get(PROGRESS).await?;
        let progress = progress.and_then(|row| serde_json::from_value(row.value).ok());
        let mut progress = progress
            .filter(|progress: &Progress| progress.version == VERSION)
            .unwrap_or(Progress { version: VERSION, ..Progress::default() });
        if !progress.whole {
            let mut scan = Scan::of::<MessageRow>().limit(PIECE);
            if progress.channel > 0 {
                scan = scan.after((progress.channel as i64, progress.message as i64));
            }
            let rows = app.disk.scan::<MessageRow>(scan).await?;
            progress.whole = rows.len() < PIECE;
            progress.count = progress.count.saturating_add(rows.len() as u32);
            if let Some(last) = rows.last() {
                (progress.channel, progress.message) = (last.channel_id.get(), last.id.get());
            }
            let value = serde_json::to_value(&progress).expect("plain data");
            let mut batch = Batch::new().put(&MetaRow { name: PROGRESS.to_owned(), value });
            for entry in entries(app, &rows).await? {
                batch = batch.put(&entry);
            }
            let lane = app.lane_named("search", ()).await;
            lane.enqueue(batch, Vec::new()).durable().await?;
        }
        index.taken_in.store(progress.count, Ordering::Relaxed);
        index.whole.store(progress.whole, Ordering::Release);
    }
    Ok(())
}

/// What these messages are found by.
async fn entries(app: &App, rows: &[MessageRow]) -> Result<Vec<MessageTextRow>> {
    let mut authors: Vec<_> = rows.iter().map(|row| row.author_id).collect();
    authors.sort_unstable();
    authors.dedup();
    let people = app.users(&authors).await?;
    let kinds: HashMap<_, _> =
        people.into_iter().flatten().map(|user| (user.id, user.kind)).collect();
    let answered = |row: &MessageRow| {
        let reference = row.reference.as_ref().filter(|_| row.kind == message::REPLY)?;
        Some((reference.channel_id, reference.message_id?))
    };
    let keys = rows.iter().filter_map(answered).map(|key| key.into_key()).collect();
    let answered = app.disk.get_many::<MessageRow>(keys).await?;
    let answered: HashMap<_, _> =
        answered.into_iter().flatten().map(|row| (row.id, row.author_id)).collect();
    let threads = threads(app, rows).await?;
    let entry = |row: &MessageRow| {
        let kind = kinds.get(&row.author_id).copied();
        let to = row.reference.as_ref().and_then(|reference| reference.message_id);
        let to = to.filter(|_| row.kind == message::REPLY);
        let mut tags = reach::place(row, threads.get(&row.channel_id));
        tags.extend(self::tags(row, kind));
        if let Some(to) = to {
            tags.push(tag('y', to));
            tags.extend(answered.get(&to).map(|author| tag('q', author)));
        }
        let text = format!("{} {}", text(row), tags.join(" "));
        MessageTextRow { message_id: row.id, channel_id: row.channel_id, text }
    };
    Ok(rows.iter().map(entry).collect())
}

/// The threads that these messages stand in.
async fn threads(
    app: &App,
    rows: &[MessageRow],
) -> Result<HashMap<Id<marker::Channel>, ThreadRow>> {
    let mut ids: Vec<_> =
        rows.iter().filter(|row| row.guild_id.is_some()).map(|row| row.channel_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let keys = ids.into_iter().map(|id| id.into_key()).collect();
    let threads = app.disk.get_many::<ThreadRow>(keys).await?;
    Ok(threads.into_iter().flatten().map(|thread| (thread.id, thread)).collect())
}

/// What is written in a message.
fn text(row: &MessageRow) -> String {
    let mut text = typed(&row.content).into_owned();
    let mut add = |more: &str| {
        text.push(' ');
        text.push_str(&typed(more));
    };
    for embed in &row.embeds {
        for key in ["title", "description"] {
            embed[key].as_str().into_iter().for_each(&mut add);
        }
        for (key, name) in [("author", "name"), ("footer", "text")] {
            embed[key][name].as_str().into_iter().for_each(&mut add);
        }
        for field in embed["fields"].as_array().into_iter().flatten() {
            field["name"].as_str().into_iter().for_each(&mut add);
            field["value"].as_str().into_iter().for_each(&mut add);
        }
    }
    for file in &row.attachments {
        add(&file.filename);
    }
    let end = text.char_indices().nth(TEXT_LENGTH);
    match end {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}

/// What a message is: whose, and what it has.
fn tags(row: &MessageRow, kind: Option<UserKind>) -> Vec<String> {
    let mut tags = vec![tag('a', row.author_id)];
    tags.extend(row.mentions.iter().map(|user| tag('m', user)));
    tags.extend(row.mention_roles.iter().map(|role| tag('r', role)));
    tags.push(tag(
        't',
        match kind {
            _ if row.webhook.is_some() => "webhook",
            Some(UserKind::Bot) => "bot",
            _ => "user",
        },
    ));
    if row.mention_everyone {
        tags.push(tag('e', 1));
    }
    if row.pinned {
        tags.push(tag('p', 1));
    }
    let hosts = hosts(&row.content);
    if !hosts.is_empty() {
        tags.push(tag('h', "link"));
    }
    tags.extend(hosts.iter().map(|host| named('l', host)));
    for file in &row.attachments {
        tags.push(tag('h', "file"));
        let sort = file.content_type.as_deref().unwrap_or_default();
        let sort = sort.split('/').next().unwrap_or_default();
        match sort {
            "image" | "video" => tags.push(tag('h', sort)),
            "audio" => tags.push(tag('h', "sound")),
            _ => {}
        }
        tags.push(named('f', &file.filename));
        tags.extend(file.filename.rsplit_once('.').map(|(_, extension)| named('x', extension)));
    }
    for embed in &row.embeds {
        tags.push(tag('h', "embed"));
        tags.extend(embed_type(embed).map(|sort| tag('n', sort)));
        tags.extend(embed["provider"]["name"].as_str().map(|name| named('v', name)));
        for has in ["image", "video"].into_iter().filter(|has| embed[*has].is_object()) {
            tags.push(tag('h', has));
        }
    }
    tags.sort_unstable();
    tags.dedup();
    tags
}

fn embed_type(embed: &Json) -> Option<&'static str> {
    match embed["type"].as_str()? {
        "image" => Some("image"),
        "video" => Some("video"),
        "gifv" => Some("gif"),
        "article" | "link" => Some("article"),
        _ => None,
    }
}

/// A tag of a name that is no plain word: its hash.
pub(crate) fn named(kind: char, name: &str) -> String {
    let digest = Sha256::digest(name.to_lowercase().as_bytes());
    let hash = u64::from_be_bytes(digest[..8].try_into().expect("eight of 32 bytes"));
    tag(kind, format_args!("{hash:016x}"))
}

/// The hosts that a text leads to, each once.
fn hosts(text: &str) -> Vec<String> {
    let mut hosts = Vec::new();
    for scheme in ["http://", "https://"] {
        for (at, _) in text.match_indices(scheme) {
            let rest = &text[at + scheme.len()..];
            let end = |c: char| c.is_whitespace() || "/?#<>()\"'|`*".contains(c);
            let host = rest.split(end).next().unwrap_or_default();
            let host = host.rsplit('@').next().unwrap_or_default();
            let host = host.split(':').next().unwrap_or_default().trim_end_matches(['.', ',']);
            let host = host.to_lowercase();
            if !host.is_empty() && !hosts.contains(&host) {
                hosts.push(host);
            }
        }
    }
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_hosts() {
        let text = "see https://Example.org/a?b, (http://x.y:80) https://u@z.net. httpsx http://";
        assert_eq!(hosts(text), ["x.y", "example.org", "z.net"]);
    }
}
