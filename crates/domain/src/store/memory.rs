//! The store in memory: for tests and simulation, and the oracle of every other store's exam.

use std::collections::BTreeMap;
use std::ops::{Bound, RangeBounds};
use std::sync::Mutex;

use super::{
    Batch, BoxFuture, CommitError, Conflict, Index, Key, Op, Row, SCAN_MAX, Scan, Search, Store,
    Table, Value, words,
};

/// Tables and indexes as sorted maps.
#[derive(Default)]
pub struct MemoryStore {
    tables: Mutex<Tables>,
}

type Tables = BTreeMap<&'static str, TableRows>;

impl MemoryStore {
    pub fn new() -> Self {
        Self::default()
    }

    fn read<T>(&self, table: &'static Table, f: impl FnOnce(&TableRows) -> T) -> T {
        let mut tables = self.tables.lock().expect("no panic while locked");
        f(rows_of(&mut tables, table))
    }
}

impl Store for MemoryStore {
    fn get<'a>(
        &'a self,
        table: &'static Table,
        key: &'a [Value],
    ) -> BoxFuture<'a, anyhow::Result<Option<Row>>> {
        table.check_key(key);
        Box::pin(async move { Ok(self.read(table, |held| held.rows.get(key).cloned())) })
    }

    fn get_many<'a>(
        &'a self,
        table: &'static Table,
        keys: &'a [Key],
    ) -> BoxFuture<'a, anyhow::Result<Vec<Option<Row>>>> {
        keys.iter().for_each(|key| table.check_key(key));
        let find = |held: &TableRows| keys.iter().map(|key| held.rows.get(key).cloned()).collect();
        Box::pin(async move { Ok(self.read(table, find)) })
    }

    fn scan<'a>(&'a self, scan: &'a Scan) -> BoxFuture<'a, anyhow::Result<Vec<Row>>> {
        scan.check();
        Box::pin(async move { Ok(self.read(scan.table, |held| held.scan(scan))) })
    }

    fn commit<'a>(
        &'a self,
        group: Vec<Batch>,
    ) -> BoxFuture<'a, Result<Vec<Result<(), Conflict>>, CommitError>> {
        group.iter().for_each(Batch::check);
        Box::pin(async move {
            let mut tables = self.tables.lock().expect("no panic while locked");
            Ok(group.iter().map(|batch| apply(&mut tables, batch)).collect())
        })
    }

    fn search<'a>(&'a self, search: &'a Search) -> BoxFuture<'a, anyhow::Result<Vec<i64>>> {
        assert!(search.table.searched, "{} is searched", search.table.name);
        Box::pin(async move { Ok(self.read(search.table, |held| held.search(search))) })
    }
}

/// One table: its rows by key, and for each declared index the keys in its order.
struct TableRows {
    table: &'static Table,
    rows: BTreeMap<Key, Row>,
    indexes: Vec<(Scan, BTreeMap<Vec<Value>, Key>)>,
    /// Words of the documents of a searched table.
    documents: BTreeMap<i64, Vec<String>>,
}

fn rows_of<'t>(tables: &'t mut Tables, table: &'static Table) -> &'t mut TableRows {
    tables.entry(table.name).or_insert_with(|| TableRows {
        table,
        rows: BTreeMap::new(),
        indexes: table.indexes.iter().map(|i| (whole(table, Some(i)), BTreeMap::new())).collect(),
        documents: BTreeMap::new(),
    })
}

/// The scan of a whole table or index; knows the order of its rows.
fn whole(table: &'static Table, index: Option<&'static Index>) -> Scan {
    Scan {
        table,
        index,
        prefix: Vec::new(),
        from: Bound::Unbounded,
        to: Bound::Unbounded,
        reverse: false,
        limit: SCAN_MAX,
    }
}

impl TableRows {
    fn scan(&self, scan: &Scan) -> Vec<Row> {
        let Some(range) = range(scan) else { return Vec::new() };
        let limit = scan.limit.min(SCAN_MAX);
        match scan.index {
            None => take(self.rows.range(range).map(|(_, row)| row), scan.reverse, limit),
            Some(index) => {
                let mut indexes = self.indexes.iter();
                let found = indexes.find(|(of, _)| of.index.is_some_and(|i| i.name == index.name));
                let (_, keys) = found.expect("a declared index");
                let rows = keys.range(range).map(|(_, key)| &self.rows[key]);
                take(rows, scan.reverse, limit)
            }
        }
    }

    fn put(&mut self, row: &Row, words: Vec<String>) -> Option<Before> {
        let before = self.remove(&row.key);
        for (order, keys) in &mut self.indexes {
            keys.insert(order.sort_key(row), row.key.clone());
        }
        if let (false, Some(Value::Int(document))) = (words.is_empty(), row.key.last()) {
            self.documents.insert(*document, words);
        }
        // The text is never read back.
        self.rows.insert(row.key.clone(), Row { text: String::new(), ..row.clone() });
        before
    }

    fn remove(&mut self, key: &[Value]) -> Option<Before> {
        let row = self.rows.remove(key)?;
        for (order, keys) in &mut self.indexes {
            keys.remove(&order.sort_key(&row));
        }
        let text = match key.last() {
            Some(Value::Int(document)) => self.documents.remove(document),
            _ => None,
        };
        Some((row, text.unwrap_or_default()))
    }

    /// The unique index in which another row has this row's values.
    fn taken(&self, row: &Row) -> Option<&'static str> {
        let unique = |(scan, _): &&(Scan, _)| scan.index.is_some_and(|index| index.unique);
        for (order, keys) in self.indexes.iter().filter(unique) {
            let index = order.index.expect("a scan by an index");
            let mine: Vec<Value> =
                index.columns.iter().map(|name| self.table.value(row, name).clone()).collect();
            if mine.contains(&Value::Null) {
                continue;
            }
            let range =
                range(&Scan { prefix: mine, ..order.clone() }).expect("a prefix is a range");
            if keys.range(range).any(|(_, key)| *key != row.key) {
                return Some(index.name);
            }
        }
        None
    }

    fn search(&self, search: &Search) -> Vec<i64> {
        let phrases = |texts: &[String]| -> Vec<_> {
            let phrases = texts.iter().map(|text| words::words(text));
            phrases.filter(|words| !words.is_empty()).collect()
        };
        let begun = phrases(&search.words);
        let whole = phrases(&search.phrases);
        let any: Vec<_> = search.any.iter().map(|list| phrases(list)).collect();
        let none = phrases(&search.none);
        if begun.is_empty() && whole.is_empty() && any.is_empty() {
            return Vec::new();
        }
        let fits = |document: &&i64, words: &[String]| {
            let holds = |asked: &Vec<String>| words::holds_whole(words, asked);
            search.after.is_none_or(|after| **document > after)
                && search.before.is_none_or(|before| **document < before)
                && begun.iter().all(|asked| words::holds(words, asked))
                && whole.iter().all(holds)
                && any.iter().all(|list| list.iter().any(holds))
                && !none.iter().any(holds)
        };
        let found = self.documents.iter().filter(|(document, words)| fits(document, words));
        let found = found.map(|(document, _)| *document);
        let limit = search.limit.min(SCAN_MAX);
        if search.oldest_first {
            found.take(limit).collect()
        } else {
            found.rev().take(limit).collect()
        }
    }
}

fn take<'r>(
    rows: impl DoubleEndedIterator<Item = &'r Row>,
    reverse: bool,
    limit: usize,
) -> Vec<Row> {
    if reverse {
        rows.rev().take(limit).cloned().collect()
    } else {
        rows.take(limit).cloned().collect()
    }
}

/// The scan as a range of whole sort keys; `None` if nothing can be in it.
fn range(scan: &Scan) -> Option<impl RangeBounds<Vec<Value>> + use<>> {
    let with = |bound: &Vec<Value>| [scan.prefix.clone(), bound.clone()].concat();
    let low = match &scan.from {
        Bound::Unbounded => scan.prefix.clone(),
        Bound::Included(bound) => with(bound),
        Bound::Excluded(bound) => after(with(bound))?,
    };
    let high = match &scan.to {
        Bound::Unbounded => after(scan.prefix.clone()),
        Bound::Included(bound) => after(with(bound)),
        Bound::Excluded(bound) => Some(with(bound)),
    };
    if high.as_ref().is_some_and(|high| low >= *high) {
        return None;
    }
    Some((Bound::Included(low), high.map_or(Bound::Unbounded, Bound::Excluded)))
}

/// The least tuple after all that begin with this one; `None` if all tuples begin with it.
fn after(mut tuple: Vec<Value>) -> Option<Vec<Value>> {
    let next = match tuple.pop()? {
        Value::Null => Value::Int(i64::MIN),
        Value::Int(i64::MAX) => Value::Text(String::new()),
        Value::Int(value) => Value::Int(value + 1),
        Value::Text(value) => Value::Text(value + "\0"),
    };
    tuple.push(next);
    Some(tuple)
}

/// What a row was before a batch touched it.
struct Undo {
    table: &'static Table,
    key: Key,
    before: Option<Before>,
}

/// A row and the words it was found by.
type Before = (Row, Vec<String>);

/// All or nothing: the touched rows are put back if any step loses.
fn apply(tables: &mut Tables, batch: &Batch) -> Result<(), Conflict> {
    let mut undo = Vec::new();
    for op in &batch.ops {
        if let Err(conflict) = apply_op(tables, op, &mut undo) {
            for Undo { table, key, before } in undo.into_iter().rev() {
                let held = rows_of(tables, table);
                held.remove(&key);
                if let Some((row, words)) = before {
                    held.put(&row, words);
                }
            }
            return Err(conflict);
        }
    }
    Ok(())
}

fn apply_op(tables: &mut Tables, op: &Op, undo: &mut Vec<Undo>) -> Result<(), Conflict> {
    match op {
        Op::Put(table, row) | Op::Insert(table, row) => {
            let held = rows_of(tables, table);
            if matches!(op, Op::Insert(..)) && held.rows.contains_key(&row.key) {
                return Err(Conflict { table: table.name, index: None });
            }
            if let Some(index) = held.taken(row) {
                return Err(Conflict { table: table.name, index: Some(index) });
            }
            let before = held.put(row, words::words(&row.text));
            undo.push(Undo { table, key: row.key.clone(), before });
        }
        Op::Delete(table, key) => {
            let before = rows_of(tables, table).remove(key);
            undo.push(Undo { table, key: key.clone(), before });
        }
        Op::Expect(table, read) => {
            let row = rows_of(tables, table).rows.get(&read.key);
            if row.is_none_or(|row| row.columns != read.columns || row.body != read.body) {
                return Err(Conflict { table: table.name, index: None });
            }
        }
        Op::Prune { table, prefix, below, limit } => {
            let held = rows_of(tables, table);
            let to = below.clone().map_or(Bound::Unbounded, |below| Bound::Excluded(vec![below]));
            let doomed = Scan { prefix: prefix.clone(), to, ..whole(table, None) };
            let doomed: Vec<Key> = match range(&doomed) {
                None => Vec::new(),
                Some(range) => {
                    held.rows.range(range).take(*limit).map(|(k, _)| k.clone()).collect()
                }
            };
            for key in doomed {
                let before = held.remove(&key);
                undo.push(Undo { table, key, before });
            }
        }
    }
    Ok(())
}
