//! The store contract: five verbs over tables that `rows.rs` declares.
//!
//! A chat's data are hierarchical and read by key range, so a small contract with one exam for all
//! backends is enough: a new endpoint never adds a verb and never touches a backend.

pub mod memory;
mod shape;
pub mod words;

use std::{cmp::Ordering, future::Future, ops::Bound, pin::Pin};

use bytes::Bytes;

/// The most rows one scan may ask for.
pub const SCAN_MAX: usize = 10_000;

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What the rules need from a disk.
pub trait Store: Send + Sync + 'static {
    /// One row by its whole key.
    fn get<'a>(
        &'a self,
        table: &'static Table,
        key: &'a [Value],
    ) -> BoxFuture<'a, anyhow::Result<Option<Row>>>;

    /// Many rows by their keys: answers in the order of the keys.
    fn get_many<'a>(
        &'a self,
        table: &'static Table,
        keys: &'a [Key],
    ) -> BoxFuture<'a, anyhow::Result<Vec<Option<Row>>>>;

    /// Rows in the order of the key or of an index.
    fn scan<'a>(&'a self, scan: &'a Scan) -> BoxFuture<'a, anyhow::Result<Vec<Row>>>;

    /// Makes a group of batches durable in one go. Each batch is atomic: a lost race undoes only
    /// its own batch and is told in its place. When this answers, what it says is on disk.
    fn commit<'a>(
        &'a self,
        group: Vec<Batch>,
    ) -> BoxFuture<'a, Result<Vec<Result<(), Conflict>>, CommitError>>;

    /// Documents of a table declared `searched` that fit the question: their last key column,
    /// newest first or oldest first. Without anything to be held there is nothing to be found.
    fn search<'a>(&'a self, search: &'a Search) -> BoxFuture<'a, anyhow::Result<Vec<i64>>>;
}

/// Nothing of the group was kept.
#[derive(Debug)]
pub enum CommitError {
    /// No space: writes are refused until there is some; everything else goes on.
    Full,
    /// The disk failed: what is durable is unknown, the process must end (never retry an fsync).
    Broken(anyhow::Error),
}

/// A batch lost: a row it expected was not so, or a unique value is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conflict {
    pub table: &'static str,
    /// The unique index that was violated; `None` for an expectation or an insert.
    pub index: Option<&'static str>,
}

/// A table as `rows.rs` declares it.
#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    pub key: &'static [Column],
    /// Columns beside the key that indexes need; everything else is in the body.
    pub columns: &'static [Column],
    pub indexes: &'static [Index],
    /// Whether rows carry a text for `search`. The last key column (an integer, unique in the
    /// table) names the document.
    pub searched: bool,
}

#[derive(Debug)]
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Int,
    Text,
}

/// An index sorts by its columns, then by the key.
#[derive(Debug)]
pub struct Index {
    pub name: &'static str,
    pub columns: &'static [&'static str],
    /// No two rows with the same values; rows with a null in them are free.
    pub unique: bool,
}

/// One value of a key or an indexed column. Nulls sort before integers before texts, as in SQLite.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    Null,
    Int(i64),
    Text(String),
}

pub type Key = Vec<Value>;

/// A stored row, as a backend sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub key: Key,
    pub columns: Vec<Value>,
    /// JSON, so that an operator can read it with `sqlite3`.
    pub body: Bytes,
    /// What `search` finds it by; empty unless the table is searched. Never read back.
    pub text: String,
}

/// A range of a key or an index.
#[derive(Debug, Clone)]
pub struct Scan {
    pub table: &'static Table,
    /// `None`: by key.
    pub index: Option<&'static Index>,
    /// Equal values of the first columns.
    pub prefix: Vec<Value>,
    /// Bounds over the columns that follow the prefix, compared as tuples (an index goes on with
    /// the key's columns). A bound may be shorter than the columns that are left: then longer
    /// tuples that begin with it count as equal to it.
    pub from: Bound<Vec<Value>>,
    pub to: Bound<Vec<Value>>,
    pub reverse: bool,
    /// At most `SCAN_MAX`.
    pub limit: usize,
}

/// A question to a searched table: what a document must hold, all of it.
#[derive(Debug, Clone)]
pub struct Search {
    pub table: &'static Table,
    /// Each a phrase whose last word may be only a beginning.
    pub words: Vec<String>,
    /// Each a phrase of whole words.
    pub phrases: Vec<String>,
    /// Of each of these lists one phrase of whole words.
    pub any: Vec<Vec<String>>,
    /// None of these phrases.
    pub none: Vec<String>,
    /// Between these documents, without them.
    pub after: Option<i64>,
    pub before: Option<i64>,
    pub oldest_first: bool,
    pub limit: usize,
}

impl Search {
    pub fn new(table: &'static Table, words: Vec<String>, limit: usize) -> Self {
        Self {
            table,
            words,
            phrases: Vec::new(),
            any: Vec::new(),
            none: Vec::new(),
            after: None,
            before: None,
            oldest_first: false,
            limit,
        }
    }
}

/// Changes that happen together or not at all.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    pub ops: Vec<Op>,
}

#[derive(Debug, Clone)]
pub enum Op {
    /// Writes a row, whether it was there or not.
    Put(&'static Table, Row),
    /// Writes a row that must not be there yet.
    Insert(&'static Table, Row),
    Delete(&'static Table, Key),
    /// The row must be there with these very columns and body (the text does not count).
    Expect(&'static Table, Row),
    /// Deletes up to `limit` rows whose key begins with `prefix`, and whose next key column is less
    /// than `below`, lowest first. For bulk pruning of what nobody decides on any more.
    Prune {
        table: &'static Table,
        prefix: Key,
        below: Option<Value>,
        limit: usize,
    },
}

/// The typed face of a table's rows.
pub trait Entity: Sized {
    const TABLE: &'static Table;

    fn key(&self) -> Key;

    /// Values of `TABLE.columns`.
    fn columns(&self) -> Vec<Value>;

    /// All that is not in the key or a column.
    fn body(&self) -> Vec<u8>;

    /// What it is found by, if the table is searched.
    fn text(&self) -> String {
        String::new()
    }

    fn from_row(row: &Row) -> anyhow::Result<Self>;

    fn to_row(&self) -> Row {
        let body = self.body().into();
        Row { key: self.key(), columns: self.columns(), body, text: self.text() }
    }
}

impl Batch {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn put<E: Entity>(mut self, entity: &E) -> Self {
        self.ops.push(Op::Put(E::TABLE, entity.to_row()));
        self
    }

    pub fn insert<E: Entity>(mut self, entity: &E) -> Self {
        self.ops.push(Op::Insert(E::TABLE, entity.to_row()));
        self
    }

    pub fn delete<E: Entity>(mut self, key: impl IntoKey) -> Self {
        self.ops.push(Op::Delete(E::TABLE, key.into_key()));
        self
    }

    /// Loses if the row is no longer what was read.
    pub fn expect<E: Entity>(mut self, read: &E) -> Self {
        self.ops.push(Op::Expect(E::TABLE, read.to_row()));
        self
    }

    pub fn prune<E: Entity>(
        mut self,
        prefix: impl IntoKey,
        below: Option<Value>,
        limit: usize,
    ) -> Self {
        let prefix = prefix.into_key();
        self.ops.push(Op::Prune { table: E::TABLE, prefix, below, limit });
        self
    }

    /// All changes of both.
    pub fn and(mut self, other: Self) -> Self {
        self.ops.extend(other.ops);
        self
    }
}

impl Scan {
    /// All of a table by key, ascending; narrow it down with the other methods.
    pub fn of<E: Entity>() -> Self {
        Self {
            table: E::TABLE,
            index: None,
            prefix: Vec::new(),
            from: Bound::Unbounded,
            to: Bound::Unbounded,
            reverse: false,
            limit: SCAN_MAX,
        }
    }

    /// By this index instead of the key. Panics if the table does not declare it.
    pub fn by(mut self, index: &str) -> Self {
        let found = self.table.indexes.iter().find(|i| i.name == index);
        self.index = Some(found.expect("a declared index"));
        self
    }

    pub fn prefix(mut self, prefix: impl IntoKey) -> Self {
        self.prefix = prefix.into_key();
        self
    }

    pub fn after(mut self, bound: impl IntoKey) -> Self {
        self.from = Bound::Excluded(bound.into_key());
        self
    }

    pub fn from(mut self, bound: impl IntoKey) -> Self {
        self.from = Bound::Included(bound.into_key());
        self
    }

    pub fn before(mut self, bound: impl IntoKey) -> Self {
        self.to = Bound::Excluded(bound.into_key());
        self
    }

    pub fn up_to(mut self, bound: impl IntoKey) -> Self {
        self.to = Bound::Included(bound.into_key());
        self
    }

    pub fn newest_first(mut self) -> Self {
        self.reverse = true;
        self
    }

    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit.min(SCAN_MAX);
        self
    }

    /// Names of the columns this scan sorts by: the index's, then the key's that are not in it.
    pub fn order(&self) -> Vec<&'static str> {
        let mut order: Vec<_> = self.index.map(|i| i.columns.to_vec()).unwrap_or_default();
        for column in self.table.key {
            if !order.contains(&column.name) {
                order.push(column.name);
            }
        }
        order
    }

    /// The row's values in `order`.
    pub fn sort_key(&self, row: &Row) -> Vec<Value> {
        self.order().iter().map(|name| self.table.value(row, name).clone()).collect()
    }

    /// Whether a row with this sort key is in the range.
    pub fn holds(&self, sort_key: &[Value]) -> bool {
        let (head, rest) = sort_key.split_at(self.prefix.len());
        let from = match &self.from {
            Bound::Unbounded => true,
            Bound::Included(bound) => compare(rest, bound) != Ordering::Less,
            Bound::Excluded(bound) => compare(rest, bound) == Ordering::Greater,
        };
        let to = match &self.to {
            Bound::Unbounded => true,
            Bound::Included(bound) => compare(rest, bound) != Ordering::Greater,
            Bound::Excluded(bound) => compare(rest, bound) == Ordering::Less,
        };
        head == self.prefix && from && to
    }
}

/// Compares as far as the bound goes.
fn compare(values: &[Value], bound: &[Value]) -> Ordering {
    values[..bound.len().min(values.len())].cmp(bound)
}

impl Table {
    /// A column's value in a row.
    pub fn value<'r>(&self, row: &'r Row, name: &str) -> &'r Value {
        if let Some(at) = self.key.iter().position(|c| c.name == name) {
            return &row.key[at];
        }
        let at = self.columns.iter().position(|c| c.name == name);
        &row.columns[at.expect("a declared column")]
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}
impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}
impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}
impl<T> From<proto::Id<T>> for Value {
    fn from(id: proto::Id<T>) -> Self {
        Self::Int(id.get() as i64)
    }
}
impl From<proto::Timestamp> for Value {
    fn from(at: proto::Timestamp) -> Self {
        Self::Int(at.as_ms())
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// What a key column or an indexed column can hold.
pub trait Cell: Sized {
    const KIND: Kind;

    /// `None`: this value cannot stand there.
    fn read(value: &Value) -> Option<Self>;
}

impl Cell for i64 {
    const KIND: Kind = Kind::Int;

    fn read(value: &Value) -> Option<Self> {
        if let Value::Int(value) = value { Some(*value) } else { None }
    }
}
impl Cell for String {
    const KIND: Kind = Kind::Text;

    fn read(value: &Value) -> Option<Self> {
        if let Value::Text(value) = value { Some(value.clone()) } else { None }
    }
}
impl<T> Cell for proto::Id<T> {
    const KIND: Kind = Kind::Int;

    fn read(value: &Value) -> Option<Self> {
        Self::new(u64::try_from(i64::read(value)?).ok()?)
    }
}
impl Cell for proto::Timestamp {
    const KIND: Kind = Kind::Int;

    fn read(value: &Value) -> Option<Self> {
        Some(Self::from_ms(i64::read(value)?))
    }
}
impl<T: Cell> Cell for Option<T> {
    const KIND: Kind = T::KIND;

    fn read(value: &Value) -> Option<Self> {
        if *value == Value::Null { Some(None) } else { T::read(value).map(Some) }
    }
}

/// One value or a tuple of values as a key.
pub trait IntoKey {
    fn into_key(self) -> Key;
}

impl<A: Into<Value>> IntoKey for A {
    fn into_key(self) -> Key {
        vec![self.into()]
    }
}
impl IntoKey for Key {
    fn into_key(self) -> Key {
        self
    }
}
impl IntoKey for () {
    fn into_key(self) -> Key {
        Vec::new()
    }
}
impl<A: Into<Value>, B: Into<Value>> IntoKey for (A, B) {
    fn into_key(self) -> Key {
        vec![self.0.into(), self.1.into()]
    }
}
impl<A: Into<Value>, B: Into<Value>, C: Into<Value>> IntoKey for (A, B, C) {
    fn into_key(self) -> Key {
        vec![self.0.into(), self.1.into(), self.2.into()]
    }
}
