//! Random work on a store and on the memory store beside it: the same answers, always.

use std::ops::Bound;
use std::sync::Arc;

use domain::store::memory::MemoryStore;
use domain::store::{Batch, Column, Kind, Op, Row, SCAN_MAX, Scan, Search, Store, Table, Value};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index as Pick, select};
use proptest::test_runner::{Config, TestRunner};

use super::{Folder, NOTE, Open, TABLES, block_on, body};

/// Panics with the smallest work found on which the store and the memory store differ.
pub fn agrees_with_memory(open: Open) {
    let folder = Folder::new();
    let store = open(&folder.0);
    let config = Config { cases: 96, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let result = runner.run(&vec(step(), 1..60), |steps| {
        let memory: Arc<dyn Store> = Arc::new(MemoryStore::new());
        block_on(async {
            store.commit(vec![everything_goes()]).await.expect("the disk is well");
            for step in &steps {
                compare(&store, &memory, step).await?;
            }
            Ok(())
        })
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
}

#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<Batch>),
    Read(&'static Table, Vec<Vec<Value>>),
    Scan(Scan),
    Search(Search),
}

async fn compare(
    store: &Arc<dyn Store>,
    memory: &Arc<dyn Store>,
    step: &Step,
) -> Result<(), TestCaseError> {
    match step {
        Step::Commit(group) => {
            let ours = store.commit(group.clone()).await.expect("the disk is well");
            let theirs = memory.commit(group.clone()).await.expect("memory is well");
            prop_assert_eq!(ours, theirs);
        }
        Step::Read(table, keys) => {
            let ours = store.get_many(table, keys).await.expect("a read");
            prop_assert_eq!(&ours, &memory.get_many(table, keys).await.expect("a read"));
            let first = store.get(table, &keys[0]).await.expect("a read");
            prop_assert_eq!(&first, &ours[0]);
        }
        Step::Scan(scan) => {
            let ours = store.scan(scan).await.expect("a scan");
            prop_assert_eq!(&ours, &memory.scan(scan).await.expect("a scan"));
            // And by the definition: the range is what `holds` says.
            let all = Scan {
                prefix: Vec::new(),
                from: Bound::Unbounded,
                to: Bound::Unbounded,
                ..scan.clone()
            };
            let mut all = store.scan(&Scan { limit: SCAN_MAX, ..all }).await.expect("a scan");
            all.retain(|row| scan.holds(&scan.sort_key(row)));
            all.truncate(scan.limit);
            prop_assert_eq!(ours, all);
        }
        Step::Search(search) => {
            let ours = store.search(search).await.expect("a search");
            prop_assert_eq!(ours, memory.search(search).await.expect("a search"));
        }
    }
    Ok(())
}

fn everything_goes() -> Batch {
    let prune = |table| Op::Prune { table, prefix: Vec::new(), below: None, limit: usize::MAX };
    Batch { ops: TABLES.iter().map(|table| prune(*table)).collect() }
}

fn step() -> impl Strategy<Value = Step> {
    let commit = vec(vec(op(), 0..6).prop_map(|ops| Batch { ops }), 1..5);
    let read = table().prop_flat_map(|table| (Just(table), vec(key(table), 1..5)));
    prop_oneof![
        5 => commit.prop_map(Step::Commit),
        1 => read.prop_map(|(table, keys)| Step::Read(table, keys)),
        4 => scan().prop_map(Step::Scan),
        1 => search().prop_map(Step::Search),
    ]
}

fn table() -> impl Strategy<Value = &'static Table> {
    select(TABLES.to_vec())
}

fn op() -> impl Strategy<Value = Op> {
    let prune = |table: &'static Table| {
        let parts = (key(table), any::<Pick>(), any::<bool>(), 0..5usize);
        parts.prop_map(move |(key, cut, bounded, limit)| {
            let cut = cut.index(key.len() + 1);
            let below = key.get(cut).cloned().filter(|_| bounded);
            Op::Prune { table, prefix: key[..cut].to_vec(), below, limit }
        })
    };
    table().prop_flat_map(move |table| {
        prop_oneof![
            4 => row(table).prop_map(move |row| Op::Put(table, row)),
            4 => row(table).prop_map(move |row| Op::Insert(table, row)),
            2 => key(table).prop_map(move |key| Op::Delete(table, key)),
            2 => row(table).prop_map(move |row| Op::Expect(table, row)),
            1 => prune(table),
        ]
    })
}

fn row(table: &'static Table) -> impl Strategy<Value = Row> {
    let columns: Vec<_> = table.columns.iter().map(nullable).collect();
    let text = if table.searched { texts().boxed() } else { Just(String::new()).boxed() };
    let parts = (key(table), columns, 0..3i64, text);
    parts.prop_map(|(key, columns, n, text)| Row { key, columns, body: body(n), text })
}

fn key(table: &'static Table) -> BoxedStrategy<Vec<Value>> {
    if table.name == NOTE.name {
        // The document must be unique in the table, not only under its first column.
        return (0..12i64).prop_map(|id| vec![Value::Int(id % 3), Value::Int(id)]).boxed();
    }
    table.key.iter().map(value).collect::<Vec<_>>().boxed()
}

fn value(column: &Column) -> BoxedStrategy<Value> {
    let ints = [i64::MIN, -1, 0, 1, 2, 3, 4, i64::MAX];
    let texts = ["", "\0", "a", "a\0", "aa", "b", "B", "é", "\u{1f980}"];
    match column.kind {
        Kind::Int => select(ints.map(Value::Int).to_vec()).boxed(),
        Kind::Text => select(texts.map(Value::from).to_vec()).boxed(),
    }
}

fn nullable(column: &Column) -> BoxedStrategy<Value> {
    prop_oneof![1 => Just(Value::Null), 3 => value(column)].boxed()
}

fn scan() -> impl Strategy<Value = Scan> {
    table().prop_flat_map(|table| {
        let by = (any::<Pick>(), any::<bool>(), prop_oneof![0..6usize, Just(SCAN_MAX)]);
        by.prop_flat_map(move |(pick, reverse, limit)| {
            let at = pick.index(table.indexes.len() + 1);
            let index = at.checked_sub(1).map(|at| &table.indexes[at]);
            let (from, to) = (Bound::Unbounded, Bound::Unbounded);
            let scan = Scan { table, index, prefix: Vec::new(), from, to, reverse, limit };
            range(scan)
        })
    })
}

/// A random prefix and random bounds of random length behind it.
fn range(scan: Scan) -> impl Strategy<Value = Scan> {
    let order: Vec<_> = scan.order().iter().map(|name| scan.table.column(name)).collect();
    let tuple = || order.iter().map(|column| nullable(column)).collect::<Vec<_>>();
    let bound = || (any::<Pick>(), 0..3usize);
    let parts = (tuple(), any::<Pick>(), tuple(), bound(), tuple(), bound());
    parts.prop_map(move |(prefix, cut, low, from, high, to)| {
        let cut = cut.index(order.len() + 1);
        let bound = |values: Vec<Value>, (length, kind): (Pick, usize)| {
            let rest = &values[cut..];
            let rest = rest[..length.index(rest.len() + 1)].to_vec();
            match kind {
                0 => Bound::Unbounded,
                1 => Bound::Included(rest),
                _ => Bound::Excluded(rest),
            }
        };
        let (from, to) = (bound(low, from), bound(high, to));
        Scan { prefix: prefix[..cut].to_vec(), from, to, ..scan.clone() }
    })
}

const WORDS: [&str; 14] = [
    "hello",
    "hell",
    "World",
    "wor",
    "東京",
    "京都",
    "東",
    "Café",
    "cafe",
    "ครับ",
    "반갑",
    "반",
    "!?",
    "a-b",
];

fn texts() -> impl Strategy<Value = String> {
    let joined = (vec(select(WORDS.to_vec()), 0..5), select(vec![" ", ", ", ""]));
    joined.prop_map(|(words, between)| words.join(between))
}

fn search() -> impl Strategy<Value = Search> {
    let word = || select(WORDS.to_vec()).prop_map(str::to_owned);
    let bound = || proptest::option::weighted(0.3, 0..12i64);
    let words = (vec(word(), 0..3), vec(word(), 0..2), vec(vec(word(), 0..3), 0..2));
    let rest = (vec(word(), 0..2), bound(), bound(), any::<bool>(), 0..12usize);
    (words, rest).prop_map(|((words, phrases, any), (none, after, before, oldest_first, limit))| {
        let search = Search::new(&NOTE, words, limit);
        Search { phrases, any, none, after, before, oldest_first, ..search }
    })
}
