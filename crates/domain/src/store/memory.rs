//! The store in memory: for tests and simulation, and the oracle of every other store's exam.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::{
    Batch, BoxFuture, CommitError, Conflict, Key, Op, Row, Scan, Search, Store, Table, Value,
};

/// Tables as sorted maps. Scans by an index sort on the fly: right before fast.
#[derive(Default)]
pub struct MemoryStore {
    tables: Mutex<Tables>,
}

type Rows = BTreeMap<Key, Row>;
type Tables = BTreeMap<&'static str, Rows>;

impl MemoryStore {
    pub fn new() -> Self {
        Self::default()
    }

    fn read<T>(&self, table: &'static Table, f: impl FnOnce(&Rows) -> T) -> T {
        let mut tables = self.tables.lock().expect("no panic while locked");
        f(tables.entry(table.name).or_default())
    }
}

impl Store for MemoryStore {
    fn get<'a>(
        &'a self,
        table: &'static Table,
        key: &'a [Value],
    ) -> BoxFuture<'a, anyhow::Result<Option<Row>>> {
        Box::pin(async move { Ok(self.read(table, |rows| rows.get(key).cloned())) })
    }

    fn get_many<'a>(
        &'a self,
        table: &'static Table,
        keys: &'a [Key],
    ) -> BoxFuture<'a, anyhow::Result<Vec<Option<Row>>>> {
        let find = |rows: &Rows| keys.iter().map(|key| rows.get(key).cloned()).collect();
        Box::pin(async move { Ok(self.read(table, find)) })
    }

    fn scan<'a>(&'a self, scan: &'a Scan) -> BoxFuture<'a, anyhow::Result<Vec<Row>>> {
        Box::pin(async move { Ok(self.read(scan.table, |rows| scan_rows(rows, scan))) })
    }

    fn commit<'a>(
        &'a self,
        group: Vec<Batch>,
    ) -> BoxFuture<'a, Result<Vec<Result<(), Conflict>>, CommitError>> {
        Box::pin(async move {
            let mut tables = self.tables.lock().expect("no panic while locked");
            Ok(group.iter().map(|batch| apply(&mut tables, batch)).collect())
        })
    }

    fn search<'a>(&'a self, search: &'a Search) -> BoxFuture<'a, anyhow::Result<Vec<i64>>> {
        Box::pin(async move { Ok(self.read(search.table, |rows| search_rows(rows, search))) })
    }
}

fn scan_rows(rows: &Rows, scan: &Scan) -> Vec<Row> {
    if scan.index.is_none() {
        let start = rows.range(scan.prefix.clone()..);
        let within = start.take_while(|(key, _)| key.starts_with(&scan.prefix));
        let held = within.filter(|(key, _)| scan.holds(key)).map(|(_, row)| row);
        return if scan.reverse {
            let mut found: Vec<_> = held.collect();
            found.reverse();
            found.into_iter().take(scan.limit).cloned().collect()
        } else {
            held.take(scan.limit).cloned().collect()
        };
    }
    let keyed = rows.values().map(|row| (scan.sort_key(row), row));
    let mut found: Vec<_> = keyed.filter(|(key, _)| scan.holds(key)).collect();
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    if scan.reverse {
        found.reverse();
    }
    found.into_iter().take(scan.limit).map(|(_, row)| row.clone()).collect()
}

/// All or nothing: the touched rows are put back if any step loses.
fn apply(tables: &mut Tables, batch: &Batch) -> Result<(), Conflict> {
    let mut undo: Vec<(&'static str, Key, Option<Row>)> = Vec::new();
    for op in &batch.ops {
        if let Err(conflict) = apply_op(tables, op, &mut undo) {
            for (table, key, before) in undo.into_iter().rev() {
                let rows = tables.entry(table).or_default();
                match before {
                    Some(row) => rows.insert(key, row),
                    None => rows.remove(&key),
                };
            }
            return Err(conflict);
        }
    }
    Ok(())
}

fn apply_op(
    tables: &mut Tables,
    op: &Op,
    undo: &mut Vec<(&'static str, Key, Option<Row>)>,
) -> Result<(), Conflict> {
    match op {
        Op::Put(table, row) | Op::Insert(table, row) => {
            let rows = tables.entry(table.name).or_default();
            if matches!(op, Op::Insert(..)) && rows.contains_key(&row.key) {
                return Err(Conflict { table: table.name, index: None });
            }
            check_unique(rows, table, row)?;
            let before = rows.insert(row.key.clone(), row.clone());
            undo.push((table.name, row.key.clone(), before));
        }
        Op::Delete(table, key) => {
            let before = tables.entry(table.name).or_default().remove(key);
            undo.push((table.name, key.clone(), before));
        }
        Op::Expect(table, key, body) => {
            let row = tables.entry(table.name).or_default().get(key);
            if row.is_none_or(|row| row.body != *body) {
                return Err(Conflict { table: table.name, index: None });
            }
        }
        Op::Prune { table, prefix, below, limit } => {
            let rows = tables.entry(table.name).or_default();
            let start = rows.range(prefix.clone()..);
            let within = start.take_while(|(key, _)| {
                let next = key.get(prefix.len());
                key.starts_with(prefix) && below.as_ref().is_none_or(|b| next.is_some_and(|n| n < b))
            });
            let doomed: Vec<Key> = within.take(*limit).map(|(key, _)| key.clone()).collect();
            for key in doomed {
                let before = rows.remove(&key);
                undo.push((table.name, key, before));
            }
        }
    }
    Ok(())
}

fn check_unique(rows: &Rows, table: &'static Table, row: &Row) -> Result<(), Conflict> {
    for index in table.indexes.iter().filter(|index| index.unique) {
        let of = |row: &Row| -> Vec<Value> {
            index.columns.iter().map(|name| table.value(row, name).clone()).collect()
        };
        let mine = of(row);
        if mine.contains(&Value::Null) {
            continue;
        }
        if rows.values().any(|other| other.key != row.key && of(other) == mine) {
            return Err(Conflict { table: table.name, index: Some(index.name) });
        }
    }
    Ok(())
}

fn search_rows(rows: &Rows, search: &Search) -> Vec<i64> {
    let words: Vec<String> = search.words.iter().map(|word| word.to_lowercase()).collect();
    let fits = |row: &&Row| {
        let text = row.text.to_lowercase();
        words.iter().all(|word| text.split(|c: char| !c.is_alphanumeric()).any(|t| t.starts_with(word)))
    };
    let mut found: Vec<i64> = rows
        .values()
        .filter(fits)
        .filter_map(|row| match row.key.last() {
            Some(Value::Int(document)) => Some(*document),
            _ => None,
        })
        .collect();
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.truncate(search.limit);
    found
}
