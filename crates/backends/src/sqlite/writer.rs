//! The one thread that writes: what is queued becomes one transaction with one fsync.
//!
//! SQLite has one writer at a time anyway; a queue in front of it turns waiting for the disk into
//! group commit. Nothing is answered before COMMIT. <https://www.sqlite.org/wal.html>

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use domain::store::{Batch, CommitError, Conflict, Op, Row, Table, Value};
use rusqlite::{Connection, ErrorCode, OptionalExtension as _};
use tokio::sync::{mpsc, oneshot};

use super::sql::{self, Sql, prepare};

/// What a group is answered with: one result per batch.
pub type Answer = Result<Vec<Result<(), Conflict>>, CommitError>;

pub enum Job {
    Commit(Vec<Batch>, oneshot::Sender<Answer>),
    /// Checkpoint and end; later jobs are refused.
    Close(oneshot::Sender<anyhow::Result<()>>),
}

/// The most batches of one transaction: it must end some day even if the queue never does.
const TRANSACTION_BATCHES: usize = 4_096;
/// Frames in the write-ahead log that start a checkpoint; below the 4,062 of its first index page,
/// so that a full disk is met while pages are written and not after the commit.
const CHECKPOINT_FRAMES: usize = 2_000;
/// Frames from which a checkpoint waits for readers, so that the log cannot grow for ever.
const RESTART_FRAMES: usize = 64_000;
/// How often a lock that another program holds is waited for (each time `busy_timeout`).
const BUSY_TRIES: usize = 12;

pub struct Writer {
    connection: Connection,
    sql: Sql,
    commit_delay: Duration,
    /// Frames in the write-ahead log after the last commit.
    frames: Arc<AtomicUsize>,
    /// Why nothing can be written any more.
    broken: Option<String>,
}

impl Writer {
    pub fn new(
        mut connection: Connection,
        sql: Sql,
        commit_delay: Duration,
    ) -> anyhow::Result<Self> {
        let frames = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&frames);
        connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            counter.store(usize::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(Self { connection, sql, commit_delay, frames, broken: None })
    }

    pub fn start(self, jobs: mpsc::Receiver<Job>) -> anyhow::Result<JoinHandle<()>> {
        let named = std::thread::Builder::new().name("store-write".to_owned());
        named.spawn(move || self.run(jobs)).context("cannot start the writing thread of the store")
    }

    fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(first) = jobs.blocking_recv() {
            let mut groups = Vec::new();
            let mut batches = 0;
            let mut next = Some(first);
            let mut close = None;
            while let Some(job) = next {
                match job {
                    Job::Commit(group, reply) => {
                        batches += group.len();
                        groups.push((group, reply));
                    }
                    Job::Close(reply) => close = Some(reply),
                }
                let more = close.is_none() && batches < TRANSACTION_BATCHES;
                next = if more { jobs.try_recv().ok() } else { None };
            }
            if !groups.is_empty() {
                self.commit(groups);
            }
            if let Some(reply) = close {
                jobs.close();
                let _ = reply.send(self.close());
                return;
            }
        }
        if let Err(error) = self.close() {
            tracing::error!(error = format!("{error:#}"), "the store did not close cleanly");
        }
    }

    /// One transaction for all groups, and their answers.
    fn commit(&mut self, groups: Vec<(Vec<Batch>, oneshot::Sender<Answer>)>) {
        let (groups, replies): (Vec<_>, Vec<_>) = groups.into_iter().unzip();
        match self.transact(&groups) {
            Ok(results) => {
                for (reply, result) in replies.into_iter().zip(results) {
                    // Who asked may be gone; what was written stays.
                    let _ = reply.send(Ok(result));
                }
            }
            Err(CommitError::Full) => {
                for reply in replies {
                    let _ = reply.send(Err(CommitError::Full));
                }
            }
            Err(CommitError::Broken(error)) => {
                let why = format!("{error:#}");
                for reply in replies {
                    let _ = reply.send(Err(CommitError::Broken(anyhow!(why.clone()))));
                }
                self.broken = Some(why);
            }
        }
        if let Err(error) = self.checkpoint_if_due() {
            match failure(&error) {
                CommitError::Full => tracing::warn!("no space to move the log into the database"),
                CommitError::Broken(_) => self.broken = Some(format!("cannot checkpoint: {error}")),
            }
        }
    }

    fn transact(
        &mut self,
        groups: &[Vec<Batch>],
    ) -> Result<Vec<Vec<Result<(), Conflict>>>, CommitError> {
        if let Some(why) = &self.broken {
            return Err(CommitError::Broken(anyhow!(why.clone())));
        }
        let result = self.try_transact(groups).map_err(|error| failure(&error));
        if result.is_err() && !self.connection.is_autocommit() {
            // After some errors SQLite has rolled back by itself.
            if let Err(error) = self.connection.execute_batch("ROLLBACK") {
                return Err(CommitError::Broken(anyhow!(error).context("cannot roll back")));
            }
        }
        result
    }

    fn try_transact(
        &self,
        groups: &[Vec<Batch>],
    ) -> rusqlite::Result<Vec<Vec<Result<(), Conflict>>>> {
        self.begin()?;
        let batches = |group: &Vec<Batch>| group.iter().map(|batch| self.batch(batch)).collect();
        let results = groups.iter().map(batches).collect::<rusqlite::Result<_>>()?;
        if !self.commit_delay.is_zero() {
            std::thread::sleep(self.commit_delay);
        }
        self.run_sql("COMMIT")?;
        Ok(results)
    }

    fn begin(&self) -> rusqlite::Result<()> {
        for _ in 1..BUSY_TRIES {
            match self.run_sql("BEGIN IMMEDIATE") {
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                    tracing::warn!("another program holds the database; writes wait for it");
                }
                result => return result,
            }
        }
        self.run_sql("BEGIN IMMEDIATE")
    }

    /// All of a batch or nothing of it.
    fn batch(&self, batch: &Batch) -> rusqlite::Result<Result<(), Conflict>> {
        // What was expected and inserted first can lose before anything has to be undone.
        let mut saved = false;
        for (at, op) in batch.ops.iter().enumerate() {
            let is_last = at + 1 == batch.ops.len();
            if !saved && !is_last && !matches!(op, Op::Expect(..)) {
                self.run_sql("SAVEPOINT batch")?;
                saved = true;
            }
            if let Err(conflict) = self.op(op)? {
                if saved {
                    self.run_sql("ROLLBACK TO batch")?;
                    self.run_sql("RELEASE batch")?;
                }
                return Ok(Err(conflict));
            }
        }
        if saved {
            self.run_sql("RELEASE batch")?;
        }
        Ok(Ok(()))
    }

    fn op(&self, op: &Op) -> rusqlite::Result<Result<(), Conflict>> {
        match op {
            Op::Put(table, row) => self.write(table, row, false),
            Op::Insert(table, row) => self.write(table, row, true),
            Op::Delete(table, key) => {
                let (mut delete, _) = prepare(&self.connection, &self.sql.of(table).delete, key)?;
                if delete.raw_execute()? > 0 && table.searched {
                    self.forget_text(table, key)?;
                }
                Ok(Ok(()))
            }
            Op::Expect(table, read) => {
                let mut same = self.connection.prepare_cached(&self.sql.of(table).same)?;
                sql::bind_row(&mut same, read)?;
                let same = same.raw_query().next()?.is_some();
                Ok(if same { Ok(()) } else { Err(Conflict { table: table.name, index: None }) })
            }
            Op::Prune { table, prefix, below, limit } => {
                let sql = sql::prune(table, prefix, below.as_ref());
                let values = prefix.iter().chain(below);
                let (mut prune, next) = prepare(&self.connection, &sql, values)?;
                let limit = i64::try_from(*limit).unwrap_or(i64::MAX);
                prune.raw_bind_parameter(next, limit)?;
                // A statement that answers rows must be read to its end.
                let mut gone = prune.raw_query();
                while let Some(row) = gone.next()? {
                    if table.searched {
                        self.forget_text(table, &[Value::Int(row.get(0)?)])?;
                    }
                }
                Ok(Ok(()))
            }
        }
    }

    fn write(
        &self,
        table: &'static Table,
        row: &Row,
        is_new: bool,
    ) -> rusqlite::Result<Result<(), Conflict>> {
        let sql = self.sql.of(table);
        let hash = (!row.text.is_empty()).then(|| hash(&row.text));
        let before = match table.searched && !is_new {
            true => self.text_hash(&sql.text_hash, &row.key)?,
            false => None,
        };
        let mut write =
            self.connection.prepare_cached(if is_new { &sql.insert } else { &sql.put })?;
        let next = sql::bind_row(&mut write, row)?;
        if table.searched {
            write.raw_bind_parameter(next, hash)?;
        }
        match write.raw_execute() {
            Ok(_) => {}
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                drop(write);
                return self
                    .conflict(table, row, is_new)
                    .and_then(|found| found.ok_or(error))
                    .map(Err);
            }
            Err(error) => return Err(error),
        }
        if hash == before {
            return Ok(Ok(()));
        }
        if hash.is_some() {
            let mut text = self.connection.prepare_cached(&sql.text_put)?;
            let plain = domain::store::words::plain(&row.text);
            text.execute((document(&row.key), plain))?;
        } else {
            self.forget_text(table, &row.key)?;
        }
        Ok(Ok(()))
    }

    /// Which declaration a row violates, asked of the tables: SQLite's message names only the first
    /// that it happened to check.
    fn conflict(
        &self,
        table: &'static Table,
        row: &Row,
        is_new: bool,
    ) -> rusqlite::Result<Option<Conflict>> {
        let sql = self.sql.of(table);
        let found = |sql: &str, values: &mut dyn Iterator<Item = &Value>| {
            let (mut statement, _) = prepare(&self.connection, sql, values)?;
            let mut rows = statement.raw_query();
            Ok::<_, rusqlite::Error>(rows.next()?.is_some())
        };
        if is_new && found(&sql.get, &mut row.key.iter())? {
            return Ok(Some(Conflict { table: table.name, index: None }));
        }
        for (index, taken) in &sql.taken {
            let mine = index.columns.iter().map(|name| table.value(row, name));
            if found(taken, &mut mine.chain(&row.key))? {
                return Ok(Some(Conflict { table: table.name, index: Some(index.name) }));
            }
        }
        Ok(None)
    }

    fn text_hash(&self, sql: &str, key: &[Value]) -> rusqlite::Result<Option<i64>> {
        let (mut found, _) = prepare(&self.connection, sql, key)?;
        let mut rows = found.raw_query();
        rows.next()?.map_or(Ok(None), |row| row.get(0))
    }

    fn forget_text(&self, table: &Table, key: &[Value]) -> rusqlite::Result<()> {
        let mut forget = self.connection.prepare_cached(&self.sql.of(table).text_delete)?;
        forget.execute([document(key)]).map(|_| ())
    }

    fn run_sql(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.raw_execute().map(|_| ())
    }

    fn checkpoint_if_due(&self) -> rusqlite::Result<()> {
        let frames = self.frames.load(Ordering::Relaxed);
        if self.broken.is_some() || frames < CHECKPOINT_FRAMES {
            return Ok(());
        }
        let mode = if frames < RESTART_FRAMES { "PASSIVE" } else { "RESTART" };
        self.checkpoint(mode)
    }

    fn checkpoint(&self, mode: &str) -> rusqlite::Result<()> {
        let sql = format!("PRAGMA wal_checkpoint({mode})");
        self.connection.query_row(&sql, [], |_| Ok(())).optional().map(|_| ())
    }

    fn close(self) -> anyhow::Result<()> {
        if let Some(why) = &self.broken {
            anyhow::bail!("the disk failed: {why}");
        }
        self.checkpoint("TRUNCATE").context("cannot checkpoint the database")?;
        self.connection.close().map_err(|(_, error)| error).context("cannot close the database")
    }
}

/// The document a key names in the full-text index.
fn document(key: &[Value]) -> i64 {
    match key.last() {
        Some(Value::Int(document)) => *document,
        _ => panic!("the last key column of a searched table is an integer"),
    }
}

/// May change with the compiler: then a text is indexed once more than needed.
fn hash(text: &str) -> i64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish() as i64
}

fn failure(error: &rusqlite::Error) -> CommitError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => CommitError::Full,
        _ => CommitError::Broken(anyhow!("{error}").context("cannot commit")),
    }
}
