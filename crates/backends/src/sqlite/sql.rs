//! The SQL of a declared table, written once when the store opens.
//!
//! Operators open the file with `sqlite3`, so keys and indexed columns are real columns and the
//! body is JSON text. Plans are fixed with `INDEXED BY`: they must not depend on statistics.

use std::collections::HashMap;
use std::ops::{Bound, Range};

use bytes::Bytes;
use domain::store::{Index, Key, Row, Scan, Table, Value};
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, Statement};

use super::schema::{TEXT_HASH, index_name, text_table};
use crate::span::Span;

/// Statements by the name of their table.
pub struct Sql(HashMap<&'static str, TableSql>);

/// What is asked of a table by its key.
pub struct TableSql {
    pub get: String,
    /// Whether this very row is there.
    pub same: String,
    pub insert: String,
    pub put: String,
    pub delete: String,
    /// Whether another row has this row's values, for each unique index.
    pub taken: Vec<(&'static Index, String)>,
    /// The hash of the text that the row is found by.
    pub text_hash: String,
    pub text_put: String,
    pub text_delete: String,
    pub text_search: String,
    pub text_search_oldest: String,
}

impl Sql {
    pub fn new(tables: &[&'static Table]) -> Self {
        Self(tables.iter().map(|table| (table.name, TableSql::new(table))).collect())
    }

    /// Panics if the table was not declared when the store opened.
    pub fn of(&self, table: &Table) -> &TableSql {
        self.0.get(table.name).expect("a table the store was opened with")
    }
}

impl TableSql {
    fn new(table: &'static Table) -> Self {
        let name = quoted(table.name);
        let keys = columns(table.key.iter().map(|column| column.name));
        let all = all_columns(table);
        let hash = table.searched.then_some(TEXT_HASH);
        let marks = table.key.len() + table.columns.len() + 1 + hash.iter().len();
        let marks: Vec<_> = (1..=marks).map(mark).collect();
        let marks = marks.join(", ");
        let written = hash.map_or(all.clone(), |hash| format!("{all}, {}", quoted(hash)));
        let key = key_is(table, 1);
        let changed = table.columns.iter().map(|column| column.name).chain(["body"]).chain(hash);
        let changed: Vec<_> =
            changed.map(|name| format!("{0} = excluded.{0}", quoted(name))).collect();
        let changed = changed.join(", ");
        let others = table.columns.iter().map(|column| column.name).chain(["body"]);
        let others: String = others
            .zip(table.key.len() + 1..)
            .map(|(name, at)| format!(" AND {} IS {}", quoted(name), mark(at)))
            .collect();
        let text = quoted(&text_table(table));
        Self {
            get: format!("SELECT {} FROM {name} WHERE {key}", other_columns(table)),
            same: format!("SELECT 1 FROM {name} WHERE {key}{others}"),
            insert: format!("INSERT INTO {name} ({written}) VALUES ({marks})"),
            put: format!(
                "INSERT INTO {name} ({written}) VALUES ({marks}) \
                 ON CONFLICT ({keys}) DO UPDATE SET {changed}"
            ),
            delete: format!("DELETE FROM {name} WHERE {key}"),
            taken: table
                .indexes
                .iter()
                .filter(|i| i.unique)
                .map(|i| (i, taken(table, i)))
                .collect(),
            text_hash: format!("SELECT {TEXT_HASH} FROM {name} WHERE {key}"),
            text_put: format!("INSERT OR REPLACE INTO {text} (rowid, text) VALUES (?1, ?2)"),
            text_delete: format!("DELETE FROM {text} WHERE rowid = ?1"),
            text_search: text_search(&text, "DESC"),
            text_search_oldest: text_search(&text, "ASC"),
        }
    }
}

/// By document, so that what is asked for first is found first.
fn text_search(text: &str, order: &str) -> String {
    format!(
        "SELECT rowid FROM {text} WHERE {text} MATCH ?1 AND rowid > ?2 AND rowid < ?3 \
         ORDER BY rowid {order} LIMIT ?4"
    )
}

/// The unique question: parameters are the index's values, then the key.
fn taken(table: &Table, index: &Index) -> String {
    let same: Vec<_> = index.columns.iter().zip(1..).map(|(name, at)| is(name, at)).collect();
    let (same, key) = (same.join(" AND "), key_is(table, index.columns.len() + 1));
    let (name, by) = (quoted(table.name), quoted(&index_name(table, index)));
    format!("SELECT 1 FROM {name} INDEXED BY {by} WHERE {same} AND NOT ({key}) LIMIT 1")
}

/// One span of a scan; the last parameter is the limit.
pub fn span<'a>(scan: &Scan, span: &'a Span) -> (String, Vec<&'a Value>) {
    let order = scan.order();
    let mut conditions = Vec::new();
    let mut values: Vec<&Value> = Vec::new();
    for (name, value) in order.iter().zip(&span.equal) {
        match value {
            Value::Null => conditions.push(format!("{} IS NULL", quoted(name))),
            value => {
                values.push(value);
                conditions.push(is(name, values.len()));
            }
        }
    }
    for (bound, less_more, inclusive) in [(&span.low, ">", ">="), (&span.high, "<", "<=")] {
        let (operator, value) = match bound {
            Bound::Unbounded => continue,
            Bound::Excluded(value) => (less_more, value),
            Bound::Included(value) => (inclusive, value),
        };
        let name = quoted(order[span.equal.len()]);
        if *value == Value::Null {
            conditions.push(format!("{name} IS NOT NULL"));
        } else {
            values.push(value);
            conditions.push(format!("{name} {operator} {}", mark(values.len())));
        }
    }
    let table = scan.table;
    let by = match scan.index {
        Some(index) => format!("INDEXED BY {}", quoted(&index_name(table, index))),
        None => "NOT INDEXED".to_owned(),
    };
    let mut sql = format!("SELECT {} FROM {} {by}", all_columns(table), quoted(table.name));
    if !conditions.is_empty() {
        sql += &format!(" WHERE {}", conditions.join(" AND "));
    }
    let direction = if scan.reverse { " DESC" } else { "" };
    let rest = order.iter().skip(span.equal.len());
    let rest: Vec<_> = rest.map(|name| format!("{}{direction}", quoted(name))).collect();
    if !rest.is_empty() {
        sql += &format!(" ORDER BY {}", rest.join(", "));
    }
    sql += &format!(" LIMIT {}", mark(values.len() + 1));
    (sql, values)
}

/// The bulk delete of `Op::Prune`, which answers the last key column of what is gone; the last
/// parameter is the limit.
pub fn prune(table: &Table, prefix: &[Value], below: Option<&Value>) -> String {
    let name = quoted(table.name);
    let keys = columns(table.key.iter().map(|column| column.name));
    let mut conditions: Vec<_> = table
        .key
        .iter()
        .zip(prefix)
        .zip(1..)
        .map(|((column, _), at)| is(column.name, at))
        .collect();
    if below.is_some() {
        let next = quoted(table.key[prefix.len()].name);
        conditions.push(format!("{next} < {}", mark(prefix.len() + 1)));
    }
    let limit = mark(conditions.len() + 1);
    let within = match conditions.is_empty() {
        true => String::new(),
        false => format!("WHERE {} ", conditions.join(" AND ")),
    };
    let last = quoted(table.key.last().expect("a table has a key").name);
    format!(
        "DELETE FROM {name} WHERE ({keys}) IN (SELECT {keys} FROM {name} NOT INDEXED {within}\
         ORDER BY {keys} LIMIT {limit}) RETURNING {last}"
    )
}

/// Binds values from the first parameter on; answers the next free parameter.
pub fn bind<'a>(
    statement: &mut Statement,
    values: impl IntoIterator<Item = &'a Value>,
) -> rusqlite::Result<usize> {
    let mut at = 1;
    for value in values {
        statement.raw_bind_parameter(at, Param(value))?;
        at += 1;
    }
    Ok(at)
}

/// Binds a whole row as `insert`, `put` and `same` want it; answers the next free parameter.
pub fn bind_row(statement: &mut Statement, row: &Row) -> rusqlite::Result<usize> {
    let at = bind(statement, row.key.iter().chain(&row.columns))?;
    statement.raw_bind_parameter(at, Text(&row.body))?;
    Ok(at + 1)
}

/// Prepares a statement or takes it from the connection's cache, with these values bound.
pub fn prepare<'c, 'v>(
    connection: &'c Connection,
    sql: &str,
    values: impl IntoIterator<Item = &'v Value>,
) -> rusqlite::Result<(CachedStatement<'c>, usize)> {
    let mut statement = connection.prepare_cached(sql)?;
    let next = bind(&mut statement, values)?;
    Ok((statement, next))
}

/// Rows on their way out of SQLite. Their bodies share buffers: few allocations instead of one for
/// each, and rows are decoded and dropped together anyway.
#[derive(Default)]
pub struct Reading {
    /// Each as large as all before it together, up to `BUFFER`.
    buffers: Vec<Vec<u8>>,
    rows: Vec<Option<Unread>>,
}

/// Bytes of a buffer; allocators hand larger ones back to the kernel each time.
const BUFFER: usize = 64 * 1_024;

/// A row whose body is still in a buffer.
struct Unread {
    key: Key,
    columns: Vec<Value>,
    buffer: usize,
    body: Range<usize>,
}

impl Reading {
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Notes that there was no row.
    pub fn push_none(&mut self) {
        self.rows.push(None);
    }

    /// Takes a row in the order of `all_columns`; without its key columns if the key is known.
    pub fn push(
        &mut self,
        table: &Table,
        key: Option<Key>,
        row: &rusqlite::Row,
    ) -> rusqlite::Result<()> {
        let keys = if key.is_some() { 0 } else { table.key.len() };
        let columns = keys + table.columns.len();
        let values = |range: Range<usize>| {
            range.map(|at| Ok(read_value(row.get_ref(at)?))).collect::<rusqlite::Result<Vec<_>>>()
        };
        let (buffer, body) = self.keep(row.get_ref(columns)?.as_bytes()?);
        let key = key.map_or_else(|| values(0..keys), Ok)?;
        let columns = values(keys..columns)?;
        self.rows.push(Some(Unread { key, columns, buffer, body }));
        Ok(())
    }

    /// Copies a body into a buffer with room for it.
    fn keep(&mut self, body: &[u8]) -> (usize, Range<usize>) {
        let has_room = |buffer: &Vec<u8>| buffer.capacity() - buffer.len() >= body.len();
        if !self.buffers.last().is_some_and(has_room) {
            let before: usize = self.buffers.iter().map(Vec::len).sum();
            self.buffers.push(Vec::with_capacity(before.min(BUFFER).max(body.len())));
        }
        let at = self.buffers.len() - 1;
        let buffer = &mut self.buffers[at];
        let start = buffer.len();
        buffer.extend_from_slice(body);
        (at, start..buffer.len())
    }

    pub fn finish(self) -> impl Iterator<Item = Option<Row>> {
        let buffers: Vec<_> = self.buffers.into_iter().map(Bytes::from).collect();
        self.rows.into_iter().map(move |row| {
            let Unread { key, columns, buffer, body } = row?;
            Some(Row { key, columns, body: buffers[buffer].slice(body), text: String::new() })
        })
    }
}

/// Several statements that see one state.
pub fn in_one_state<T>(
    connection: &Connection,
    f: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    connection.prepare_cached("BEGIN")?.raw_execute()?;
    let result = f();
    // Nothing was written: this only gives the state back, whatever came of it.
    connection.prepare_cached("ROLLBACK")?.raw_execute()?;
    result
}

fn read_value(value: ValueRef) -> Value {
    match value {
        ValueRef::Integer(value) => Value::Int(value),
        ValueRef::Text(value) => Value::Text(String::from_utf8_lossy(value).into_owned()),
        // STRICT tables hold nothing else.
        ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => Value::Null,
    }
}

struct Param<'a>(&'a Value);

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Int(value) => ValueRef::Integer(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
        }))
    }
}

/// Text that nobody has to check again.
struct Text<'a>(&'a [u8]);

impl ToSql for Text<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(self.0)))
    }
}

fn all_columns(table: &Table) -> String {
    let declared = table.key.iter().chain(table.columns).map(|column| column.name);
    columns(declared.chain(["body"]))
}

fn other_columns(table: &Table) -> String {
    columns(table.columns.iter().map(|column| column.name).chain(["body"]))
}

pub fn columns(names: impl Iterator<Item = &'static str>) -> String {
    names.map(quoted).collect::<Vec<_>>().join(", ")
}

fn key_is(table: &Table, first: usize) -> String {
    let conditions = table.key.iter().zip(first..).map(|(column, at)| is(column.name, at));
    conditions.collect::<Vec<_>>().join(" AND ")
}

fn is(name: &str, at: usize) -> String {
    format!("{} = {}", quoted(name), mark(at))
}

fn mark(at: usize) -> String {
    format!("?{at}")
}

/// Names come from our own declarations; quoting lets a table be called `group`.
pub fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}
