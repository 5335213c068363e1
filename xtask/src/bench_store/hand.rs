//! The other arm: the same data in proper columns, each query written for its purpose.
//!
//! As good as we can: clustered keys, prepared statements, one join for a guild, lists as JSON only
//! where a row has any, and the same settings as the store's.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, mpsc};

use anyhow::{Context as _, anyhow};
use domain::rows::{MemberRow, MessageRow, UserKind, UserRow};
use proto::message::Nonce;
use proto::{Id, Timestamp};
use rusqlite::{Connection, Row, params};
use serde_json::{from_str, to_string};
use tokio::sync::oneshot;

use super::data::Sent;

pub struct Hand {
    write: Connection,
    read: Connection,
    frames_written: usize,
}

const SCHEMA: &str = "
CREATE TABLE user (
  id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, username TEXT NOT NULL, skeleton TEXT UNIQUE,
  global_name TEXT, avatar TEXT, owner_id INTEGER, idle_since INTEGER, intents INTEGER NOT NULL
) STRICT;
CREATE TABLE member (
  guild_id INTEGER NOT NULL, user_id INTEGER NOT NULL, nick TEXT, roles TEXT,
  joined_at INTEGER NOT NULL, timed_out_until INTEGER, deaf INTEGER NOT NULL,
  mute INTEGER NOT NULL, guest INTEGER NOT NULL, PRIMARY KEY (guild_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_by_user ON member (user_id);
CREATE TABLE message (
  channel_id INTEGER NOT NULL, id INTEGER NOT NULL, guild_id INTEGER, author_id INTEGER NOT NULL,
  kind INTEGER NOT NULL, content TEXT NOT NULL, edited_at INTEGER,
  mention_everyone INTEGER NOT NULL, mentions TEXT, mention_roles TEXT, attachments TEXT,
  embeds TEXT, components TEXT, pinned INTEGER NOT NULL, flags INTEGER NOT NULL, reactions TEXT,
  reference TEXT, nonce TEXT, PRIMARY KEY (channel_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_by_author ON message (author_id, id);
CREATE TABLE nonce (
  author_id INTEGER NOT NULL, channel_id INTEGER NOT NULL, nonce TEXT NOT NULL,
  message_id INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (author_id, channel_id, nonce)
) STRICT, WITHOUT ROWID;
CREATE INDEX nonce_by_time ON nonce (at);
CREATE TABLE tip (
  channel_id INTEGER PRIMARY KEY, guild_id INTEGER, last_message_id INTEGER, loud TEXT,
  last_pin_at INTEGER
) STRICT;
CREATE TABLE event (
  number INTEGER PRIMARY KEY, at INTEGER NOT NULL, guild_id INTEGER, channel_id INTEGER,
  t TEXT NOT NULL, d TEXT NOT NULL
) STRICT;";

impl Hand {
    pub fn open(file: &Path) -> anyhow::Result<OnThread<Self>> {
        let write = Connection::open(file)?;
        write.set_prepared_statement_cache_capacity(64);
        write.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
             PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;",
        )?;
        write.execute_batch(SCHEMA)?;
        let read = Connection::open(file)?;
        read.set_prepared_statement_cache_capacity(64);
        read.execute_batch(
            "PRAGMA query_only = 1; PRAGMA cache_size = -16384; PRAGMA mmap_size = 2147418112;",
        )?;
        OnThread::start(Self { write, read, frames_written: 0 })
    }

    pub fn transaction(
        &mut self,
        f: impl FnOnce(&Self) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.write.execute_batch("BEGIN IMMEDIATE")?;
        f(self)?;
        self.write.execute_batch("COMMIT")?;
        self.checkpoint_if_due()
    }

    pub fn send(&mut self, group: &[Sent], whole: bool) -> anyhow::Result<()> {
        self.frames_written += group.len() * if whole { 5 } else { 2 };
        self.transaction(|hand| {
            for sent in group {
                if whole {
                    hand.insert_send(sent)?;
                }
                hand.insert_message(&sent.message)?;
            }
            Ok(())
        })
    }

    /// As often as the store's writer does it, by the pages that were written.
    fn checkpoint_if_due(&mut self) -> anyhow::Result<()> {
        if self.frames_written > 2_000 {
            self.frames_written = 0;
            self.write.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        }
        Ok(())
    }

    /// Everything into the database, as the store's writer has done it on the way.
    pub fn checkpoint(&self) -> anyhow::Result<()> {
        Ok(self.write.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
    }

    fn insert_send(&self, sent: &Sent) -> anyhow::Result<()> {
        let (nonce, tip, event) = (&sent.nonce, &sent.tip, &sent.event);
        let mut insert =
            self.write.prepare_cached("INSERT INTO nonce VALUES (?1, ?2, ?3, ?4, ?5)")?;
        let (author, channel) = (raw(nonce.author_id), raw(nonce.channel_id));
        let message = raw(nonce.message_id);
        insert.execute(params![author, channel, nonce.nonce, message, nonce.at.as_ms()])?;
        let mut put = self.write.prepare_cached(
            "INSERT INTO tip VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (channel_id) DO UPDATE SET
             last_message_id = excluded.last_message_id, loud = excluded.loud,
             last_pin_at = excluded.last_pin_at",
        )?;
        put.execute(params![
            channel,
            tip.guild_id.map(raw),
            tip.last_message_id.map(raw),
            list(&tip.loud)?,
            tip.last_pin_at.map(Timestamp::as_ms)
        ])?;
        let mut insert =
            self.write.prepare_cached("INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
        let guild = tip.guild_id.map(raw);
        let at = event.at.as_ms();
        insert.execute(params![event.number, at, guild, channel, event.t, event.d.0.get()])?;
        Ok(())
    }

    pub fn insert_message(&self, message: &MessageRow) -> anyhow::Result<()> {
        let mut insert = self.write.prepare_cached(
            "INSERT INTO message VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,
             ?14, ?15, ?16, ?17, ?18)",
        )?;
        let nonce = match &message.nonce {
            Some(Nonce::Text(text)) => Some(text.clone()),
            Some(Nonce::Number(number)) => Some(number.to_string()),
            None => None,
        };
        insert.execute(params![
            raw(message.channel_id),
            raw(message.id),
            message.guild_id.map(raw),
            raw(message.author_id),
            message.kind,
            message.content,
            message.edited_at.map(Timestamp::as_ms),
            message.mention_everyone,
            list(&message.mentions)?,
            list(&message.mention_roles)?,
            list(&message.attachments)?,
            list(&message.embeds)?,
            list(&message.components)?,
            message.pinned,
            message.flags,
            list(&message.reactions)?,
            message.reference.as_ref().map(to_string).transpose()?,
            nonce,
        ])?;
        Ok(())
    }

    pub fn insert_user(&self, user: &UserRow) -> anyhow::Result<()> {
        let mut insert = self
            .write
            .prepare_cached("INSERT INTO user VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?;
        insert.execute(params![
            raw(user.id),
            1,
            user.username,
            user.skeleton,
            user.global_name,
            user.avatar,
            user.owner_id.map(raw),
            user.idle_since.map(Timestamp::as_ms),
            user.intents as i64
        ])?;
        Ok(())
    }

    pub fn insert_member(&self, member: &MemberRow) -> anyhow::Result<()> {
        let mut insert = self
            .write
            .prepare_cached("INSERT INTO member VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?;
        insert.execute(params![
            raw(member.guild_id),
            raw(member.user_id),
            member.nick,
            list(&member.roles)?,
            member.joined_at.as_ms(),
            member.timed_out_until.map(Timestamp::as_ms),
            member.deaf,
            member.mute,
            member.guest
        ])?;
        Ok(())
    }

    pub fn history(&self, channel: i64, before: i64) -> anyhow::Result<Vec<MessageRow>> {
        let mut page = self.read.prepare_cached(
            "SELECT channel_id, id, guild_id, author_id, kind, content, edited_at,
             mention_everyone, mentions, mention_roles, attachments, embeds, components, pinned,
             flags, reactions, reference, nonce
             FROM message WHERE channel_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT 50",
        )?;
        let mut rows = page.query([channel, before])?;
        let mut messages = Vec::with_capacity(50);
        while let Some(row) = rows.next()? {
            messages.push(MessageRow {
                webhook: None,
                answers: None,
                channel_id: id(row.get(0)?)?,
                id: id(row.get(1)?)?,
                guild_id: row.get::<_, Option<i64>>(2)?.map(id).transpose()?,
                author_id: id(row.get(3)?)?,
                kind: row.get(4)?,
                content: row.get(5)?,
                edited_at: row.get::<_, Option<i64>>(6)?.map(Timestamp::from_ms),
                mention_everyone: row.get(7)?,
                mentions: parsed(row, 8)?,
                mention_roles: parsed(row, 9)?,
                attachments: parsed(row, 10)?,
                embeds: parsed(row, 11)?,
                components: parsed(row, 12)?,
                pinned: row.get(13)?,
                flags: row.get(14)?,
                reactions: parsed(row, 15)?,
                reference: parsed(row, 16)?,
                nonce: row.get::<_, Option<String>>(17)?.map(Nonce::Text),
            });
        }
        Ok(messages)
    }

    pub fn members(&self, guild: i64) -> anyhow::Result<Vec<MemberRow>> {
        let mut all = self.read.prepare_cached(
            "SELECT guild_id, user_id, nick, roles, joined_at, timed_out_until, deaf, mute, guest
             FROM member WHERE guild_id = ?1",
        )?;
        let mut rows = all.query([guild])?;
        let mut members = Vec::new();
        while let Some(row) = rows.next()? {
            members.push(MemberRow {
                guild_id: id(row.get(0)?)?,
                user_id: id(row.get(1)?)?,
                nick: row.get(2)?,
                roles: parsed(row, 3)?,
                joined_at: Timestamp::from_ms(row.get(4)?),
                timed_out_until: row.get::<_, Option<i64>>(5)?.map(Timestamp::from_ms),
                deaf: row.get(6)?,
                mute: row.get(7)?,
                guest: row.get(8)?,
                quarantined: false,
            });
        }
        Ok(members)
    }

    pub fn users(&self, ids: &[i64]) -> anyhow::Result<Vec<UserRow>> {
        // One state of the file for all of them, which also takes its lock only once.
        let _reading = self.read.unchecked_transaction()?;
        let mut one = self.read.prepare_cached(
            "SELECT id, username, skeleton, global_name, avatar, owner_id, idle_since, intents
             FROM user WHERE id = ?1",
        )?;
        let user = |row: &rusqlite::Row<'_>| -> anyhow::Result<UserRow> {
            Ok(UserRow {
                id: id(row.get(0)?)?,
                kind: UserKind::Account,
                username: row.get(1)?,
                skeleton: row.get(2)?,
                global_name: row.get(3)?,
                avatar: row.get(4)?,
                owner_id: row.get::<_, Option<i64>>(5)?.map(id).transpose()?,
                idle_since: row.get::<_, Option<i64>>(6)?.map(Timestamp::from_ms),
                intents: row.get::<_, i64>(7)? as u64,
                bio: None,
            })
        };
        let mut users = Vec::with_capacity(ids.len());
        for id in ids {
            let mut rows = one.query([id])?;
            users.push(user(rows.next()?.context("a user")?)?);
        }
        Ok(users)
    }
}

/// Runs work on a thread of its own, as every async program has to with SQLite.
pub struct OnThread<T> {
    state: Arc<Mutex<T>>,
    jobs: mpsc::Sender<Job<T>>,
}

type Job<T> = Box<dyn FnOnce(&mut T) + Send>;

impl<T: Send + 'static> OnThread<T> {
    fn start(state: T) -> anyhow::Result<Self> {
        let state = Arc::new(Mutex::new(state));
        let (jobs, queued) = mpsc::channel::<Job<T>>();
        let theirs = Arc::clone(&state);
        std::thread::Builder::new().spawn(move || {
            for job in queued {
                job(&mut theirs.lock().expect("no panic while locked"));
            }
        })?;
        Ok(Self { state, jobs })
    }

    /// The same without the thread.
    pub fn here(&self) -> MutexGuard<'_, T> {
        self.state.lock().expect("no panic while locked")
    }

    pub async fn run<R: Send + 'static>(
        &self,
        f: impl FnOnce(&mut T) -> anyhow::Result<R> + Send + 'static,
    ) -> anyhow::Result<R> {
        let (reply, answer) = oneshot::channel();
        let job: Job<T> = Box::new(move |state| drop(reply.send(f(state))));
        self.jobs.send(job).map_err(|_| anyhow!("the thread is gone"))?;
        answer.await?
    }
}

fn raw<T>(id: Id<T>) -> i64 {
    id.get() as i64
}

fn id<T>(raw: i64) -> anyhow::Result<Id<T>> {
    Id::new(raw as u64).context("an id")
}

fn list<T: serde::Serialize>(list: &[T]) -> anyhow::Result<Option<String>> {
    if list.is_empty() { Ok(None) } else { Ok(Some(to_string(list)?)) }
}

fn parsed<T: serde::de::DeserializeOwned + Default>(row: &Row, at: usize) -> anyhow::Result<T> {
    match row.get_ref(at)?.as_str_or_null()? {
        Some(text) => Ok(from_str(text)?),
        None => Ok(T::default()),
    }
}
