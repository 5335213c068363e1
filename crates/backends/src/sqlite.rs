//! The store in SQLite: the default, inside the binary, in one folder.
//!
//! One writer with group commit, readers beside it, `synchronous=FULL`: what was answered survives
//! kill -9 and power loss. <https://www.sqlite.org/wal.html>

mod pool;
mod schema;
mod search;
mod sql;
#[cfg(test)]
mod tests;
mod writer;

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, ensure};
use domain::store::{
    Batch, BoxFuture, CommitError, Conflict, Key, Row, SCAN_MAX, Scan, Search, Store, Table, Value,
};
use rusqlite::{Connection, OpenFlags};
use tokio::sync::{mpsc, oneshot};

use crate::span::{self, Span};
use pool::Pool;
use sql::{Reading, Sql, in_one_state, prepare};
use writer::{Job, Writer};

/// The file in the folder; `-wal` and `-shm` stand beside it while it is open.
pub const FILE: &str = "store.sqlite";

/// Older versions can lose a commit when a checkpoint meets a reset of the log.
/// <https://www.sqlite.org/releaselog/3_51_3.html>
const OLDEST_SQLITE: i32 = 3_051_003;

/// A search that takes longer answers what it has found by then.
const SEARCH_MOST: Duration = Duration::from_secs(2);

#[derive(Debug, Clone)]
pub struct Options {
    /// Connections that read.
    pub readers: usize,
    /// The most reads that wait, and the most groups that wait for the writer. Who comes later
    /// waits before the queue.
    pub queue: usize,
    /// The most pages (of 4 KiB) the file may have, as if the disk were full beyond them.
    pub max_pages: Option<u32>,
    /// Sleeps this long before each COMMIT. For benchmarks: a disk as slow as we say.
    pub commit_delay: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { readers: 4, queue: 1_024, max_pages: None, commit_delay: Duration::ZERO }
    }
}

pub struct SqliteStore {
    file: PathBuf,
    sql: Arc<Sql>,
    readers: Pool,
    jobs: mpsc::Sender<Job>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl SqliteStore {
    /// Opens the store in this folder, or makes it. Blocks; belongs before the runtime is busy.
    pub fn open(dir: &Path, tables: &[&'static Table], options: Options) -> anyhow::Result<Self> {
        let linked = rusqlite::version_number();
        ensure!(linked >= OLDEST_SQLITE, "SQLite {} is too old", rusqlite::version());
        let file = create_file(dir)?;
        let mut connection = open_writer(&file, &options)
            .with_context(|| format!("cannot open {}", file.display()))?;
        schema::migrate(&mut connection, tables, |connection| {
            snapshot(connection, &dir.join(format!("{FILE}.before-update")))
        })?;
        sync_dir(dir)?;
        let readers = (0..options.readers.max(1)).map(|_| open_reader(&file));
        let readers = readers.collect::<Result<Vec<_>, _>>().context("cannot open for reading")?;
        let readers = Pool::start(readers, options.queue)?;
        let (jobs, queued) = mpsc::channel(options.queue.max(1));
        let writer = Writer::new(connection, Sql::new(tables), options.commit_delay)?;
        let writer = Mutex::new(Some(writer.start(queued)?));
        Ok(Self { file, sql: Arc::new(Sql::new(tables)), readers, jobs, writer })
    }

    /// A copy of the whole store as of now, as one file that must not exist yet; the store goes on
    /// meanwhile.
    pub async fn backup_to(&self, path: &Path) -> anyhow::Result<()> {
        ensure!(!path.exists(), "{} exists already", path.display());
        let (file, path) = (self.file.clone(), path.to_owned());
        let (reply, answer) = oneshot::channel();
        // A thread and a connection of its own: it takes long, and readers are few.
        let backup = move || {
            let copy = || snapshot(&open_reader(&file)?, &path);
            let _ = reply.send(copy());
        };
        std::thread::Builder::new().name("store-backup".to_owned()).spawn(backup)?;
        answer.await.context("the backup did not end")?
    }

    /// Writes what is queued, moves the log into the database and ends. Later commits fail.
    pub async fn checkpoint_and_close(&self) -> anyhow::Result<()> {
        self.readers.close();
        let (reply, answer) = oneshot::channel();
        let gone = || anyhow!("the store is closed");
        self.jobs.send(Job::Close(reply)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    async fn write(&self, group: Vec<Batch>) -> writer::Answer {
        let (reply, answer) = oneshot::channel();
        let gone = || CommitError::Broken(anyhow!("the store is closed"));
        self.jobs.send(Job::Commit(group, reply)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

impl Store for SqliteStore {
    fn get<'a>(
        &'a self,
        table: &'static Table,
        key: &'a [Value],
    ) -> BoxFuture<'a, anyhow::Result<Option<Row>>> {
        table.check_key(key);
        let (sql, key) = (Arc::clone(&self.sql), key.to_vec());
        Box::pin(self.readers.read(move |connection| {
            let mut found = Reading::default();
            get(connection, &sql, table, [key], &mut found)?;
            Ok(found.finish().next().flatten())
        }))
    }

    fn get_many<'a>(
        &'a self,
        table: &'static Table,
        keys: &'a [Key],
    ) -> BoxFuture<'a, anyhow::Result<Vec<Option<Row>>>> {
        keys.iter().for_each(|key| table.check_key(key));
        let (sql, keys) = (Arc::clone(&self.sql), keys.to_vec());
        Box::pin(self.readers.read(move |connection| {
            let mut found = Reading::default();
            in_one_state(connection, || get(connection, &sql, table, keys, &mut found))?;
            Ok(found.finish().collect())
        }))
    }

    fn scan<'a>(&'a self, scan: &'a Scan) -> BoxFuture<'a, anyhow::Result<Vec<Row>>> {
        scan.check();
        let scan = scan.clone();
        Box::pin(self.readers.read(move |connection| read_scan(connection, &scan)))
    }

    fn commit<'a>(
        &'a self,
        group: Vec<Batch>,
    ) -> BoxFuture<'a, Result<Vec<Result<(), Conflict>>, CommitError>> {
        group.iter().for_each(Batch::check);
        Box::pin(self.write(group))
    }

    fn search<'a>(&'a self, search: &'a Search) -> BoxFuture<'a, anyhow::Result<Vec<i64>>> {
        assert!(search.table.searched, "{} is searched", search.table.name);
        let Some(expression) = search::expression(search) else {
            return Box::pin(async { Ok(Vec::new()) });
        };
        let (sql, table) = (Arc::clone(&self.sql), search.table);
        let limit = search.limit.min(SCAN_MAX);
        let (after, before) = (search.after.unwrap_or(i64::MIN), search.before.unwrap_or(i64::MAX));
        let oldest_first = search.oldest_first;
        Box::pin(self.readers.read(move |connection| {
            let sql = sql.of(table);
            let sql = if oldest_first { &sql.text_search_oldest } else { &sql.text_search };
            let mut found = connection.prepare_cached(sql)?;
            let asked = (expression, after, before, limit as i64);
            let mut rows = found.query(asked)?;
            let (begun, mut found) = (Instant::now(), Vec::new());
            while let Some(row) = rows.next().context("cannot search")? {
                found.push(row.get(0)?);
                if begun.elapsed() > SEARCH_MOST {
                    break;
                }
            }
            Ok(found)
        }))
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        // Without a sender the writer finishes what is queued, closes and ends.
        let (closed, _) = mpsc::channel(1);
        self.jobs = closed;
        let writer = self.writer.lock().expect("no panic while locked").take();
        if writer.is_some_and(|writer| writer.join().is_err()) {
            tracing::error!("the writing thread of the store panicked");
        }
    }
}

fn get(
    connection: &Connection,
    sql: &Sql,
    table: &'static Table,
    keys: impl IntoIterator<Item = Key>,
    found: &mut Reading,
) -> anyhow::Result<()> {
    let mut statement = connection.prepare_cached(&sql.of(table).get)?;
    for key in keys {
        sql::bind(&mut statement, &key)?;
        let mut rows = statement.raw_query();
        match rows.next().with_context(|| format!("cannot read {}", table.name))? {
            Some(row) => found.push(table, Some(key), row)?,
            None => found.push_none(),
        }
    }
    Ok(())
}

fn read_scan(connection: &Connection, scan: &Scan) -> anyhow::Result<Vec<Row>> {
    let mut spans = span::spans(scan);
    if scan.reverse {
        spans.reverse();
    }
    let mut found = Reading::default();
    match &spans[..] {
        [] => {}
        [span] => read_span(connection, scan, span, &mut found)?,
        spans => in_one_state(connection, || {
            spans.iter().try_for_each(|span| read_span(connection, scan, span, &mut found))
        })?,
    }
    Ok(found.finish().flatten().collect())
}

/// Adds the span's rows, until there are as many as the scan asks for.
fn read_span(
    connection: &Connection,
    scan: &Scan,
    span: &Span,
    found: &mut Reading,
) -> anyhow::Result<()> {
    let left = scan.limit.min(SCAN_MAX) - found.len();
    if left == 0 {
        return Ok(());
    }
    let (sql, values) = sql::span(scan, span);
    let (mut statement, next) = prepare(connection, &sql, values)?;
    statement.raw_bind_parameter(next, left as i64)?;
    let mut rows = statement.raw_query();
    let cannot = || format!("cannot scan {}", scan.table.name);
    while let Some(row) = rows.next().with_context(cannot)? {
        found.push(scan.table, None, row)?;
    }
    Ok(())
}

/// The folder and an empty file, for us alone.
fn create_file(dir: &Path) -> anyhow::Result<PathBuf> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.with_context(|| format!("cannot make the folder {}", dir.display()))?;
    let file = dir.join(FILE);
    create_private(&file, false)?;
    sync_dir(dir)?;
    Ok(file)
}

/// SQLite gives its `-wal` and `-shm` the mode of the file they belong to.
fn create_private(file: &Path, must_be_new: bool) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    let options = if must_be_new { options.create_new(true) } else { options.create(true) };
    let made = options.open(file).and_then(|opened| {
        opened.set_permissions(Permissions::from_mode(0o600))?;
        opened.sync_all()
    });
    made.with_context(|| format!("cannot make the file {}", file.display()))
}

/// A new name is durable only when its folder is.
fn sync_dir(dir: &Path) -> anyhow::Result<()> {
    let synced = File::open(dir).and_then(|dir| dir.sync_all());
    synced.with_context(|| format!("cannot sync the folder {}", dir.display()))
}

fn open_writer(file: &Path, options: &Options) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.set_prepared_statement_cache_capacity(512);
    connection.execute_batch(
        "PRAGMA busy_timeout = 5000;
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA fullfsync = 1;
         PRAGMA checkpoint_fullfsync = 1;
         PRAGMA wal_autocheckpoint = 0;
         PRAGMA cache_size = -65536;
         PRAGMA temp_store = MEMORY;
         PRAGMA trusted_schema = OFF;",
    )?;
    if let Some(pages) = options.max_pages {
        connection.execute_batch(&format!("PRAGMA max_page_count = {pages}"))?;
    }
    Ok(connection)
}

fn open_reader(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.set_prepared_statement_cache_capacity(512);
    // Pages beyond what is mapped are copied on each read; 2 GiB is the most SQLite maps.
    connection.execute_batch(
        "PRAGMA busy_timeout = 5000;
         PRAGMA query_only = 1;
         PRAGMA cache_size = -16384;
         PRAGMA mmap_size = 2147418112;
         PRAGMA temp_store = MEMORY;
         PRAGMA trusted_schema = OFF;",
    )?;
    Ok(connection)
}

/// Copies what the connection sees into a new file. Written beside it first, so that the name
/// never stands for half a copy.
fn snapshot(connection: &Connection, path: &Path) -> anyhow::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    if part.exists() {
        std::fs::remove_file(&part).context("cannot remove an unfinished copy")?;
    }
    create_private(&part, true)?;
    let name = part.to_str().context("the path of a copy is UTF-8")?;
    // The database itself is not written to, but a reader may not even write elsewhere.
    connection.pragma_update(None, "query_only", false)?;
    connection.execute("VACUUM INTO ?1", [name]).context("cannot copy the database")?;
    File::open(&part)?.sync_all()?;
    std::fs::rename(&part, path).context("cannot rename the finished copy")?;
    match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => sync_dir(dir),
        _ => sync_dir(Path::new(".")),
    }
}
