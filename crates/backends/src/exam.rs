//! The exam every store sits: cases, random work beside the memory store, and kill -9.
//!
//! Two stores that drift apart are the price of a contract with several keepers; this page is what
//! keeps them together. A new store is one `exam!` line in `tests/exam.rs`.

mod cases;
mod crash;
mod random;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use domain::store::{Batch, Column, Index, Kind, Op, Row, Store, Table, Value};

pub use cases::cases;
pub use crash::{crash_child, survives_kill};
pub use random::agrees_with_memory;

/// Opens the store under examination, with `TABLES`, in this folder.
pub type Open = fn(&Path) -> Arc<dyn Store>;

/// The tables the exam works on; between them they have all that a declaration can say.
pub static TABLES: [&Table; 3] = [&ROOM, &NOTE, &TAG];

static ROOM: Table = Table {
    name: "room",
    key: &[int("id")],
    columns: &[int("rank"), text("slug"), int("owner_id")],
    indexes: &[
        Index { name: "by_rank", columns: &["rank"], unique: false },
        Index { name: "by_slug", columns: &["slug"], unique: true },
        Index { name: "by_owner", columns: &["owner_id", "rank"], unique: true },
        Index { name: "by_slug_rank", columns: &["slug", "rank"], unique: false },
    ],
    searched: false,
};

static NOTE: Table = Table {
    name: "note",
    key: &[int("room_id"), int("id")],
    columns: &[int("author_id")],
    indexes: &[Index { name: "by_author", columns: &["author_id", "id"], unique: false }],
    searched: true,
};

/// Called as a word of SQL, so that quoting is examined too.
static TAG: Table = Table {
    name: "group",
    key: &[text("name"), text("order")],
    columns: &[],
    indexes: &[],
    searched: false,
};

const fn int(name: &'static str) -> Column {
    Column { name, kind: Kind::Int }
}

const fn text(name: &'static str) -> Column {
    Column { name, kind: Kind::Text }
}

fn room(id: i64, rank: Option<i64>, slug: Option<&str>) -> Row {
    let columns = vec![rank.into(), slug.into(), Value::Null];
    Row { key: vec![id.into()], columns, body: body(id), text: String::new() }
}

fn note(room_id: i64, id: i64, text: &str) -> Row {
    let columns = vec![Value::Int(id % 3)];
    Row { key: vec![room_id.into(), id.into()], columns, body: body(id), text: text.to_owned() }
}

fn body(n: i64) -> Bytes {
    format!("{{\"n\":{n}}}").into()
}

fn batch(ops: impl IntoIterator<Item = Op>) -> Batch {
    Batch { ops: ops.into_iter().collect() }
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime without IO").block_on(future)
}

/// A folder of this test alone, gone when the test is over.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("exam-{}-{next}", std::process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
