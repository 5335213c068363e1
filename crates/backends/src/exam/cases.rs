//! The contract case by case, each in the words of who relies on it.

use std::ops::Bound;
use std::sync::Arc;

use domain::store::{
    BoxFuture, Conflict, IntoKey, Key, Op, Row, SCAN_MAX, Scan, Search, Store, Table, Value,
    words::{self, tag},
};

use super::{Folder, NOTE, Open, ROOM, TAG, batch, block_on, body, note, room};

const NONE: [i64; 0] = [];

type Case = for<'a> fn(&'a Arc<dyn Store>) -> BoxFuture<'a, ()>;

const CASES: &[(&str, Case)] = &[
    ("a row is found by its key", |store| Box::pin(found_by_key(store))),
    ("many rows come in the order asked", |store| Box::pin(many_in_order(store))),
    ("put overwrites and insert does not", |store| Box::pin(put_and_insert(store))),
    ("a batch that loses leaves nothing", |store| Box::pin(all_or_nothing(store))),
    ("an expectation holds or loses", |store| Box::pin(expectations(store))),
    ("unique values are unique", |store| Box::pin(unique(store))),
    ("a page of history", |store| Box::pin(history(store))),
    ("an index goes on with the key", |store| Box::pin(index_order(store))),
    ("nulls come first", |store| Box::pin(nulls_first(store))),
    ("tuples bound a range", |store| Box::pin(tuples(store))),
    ("pruning takes the lowest", |store| Box::pin(prune(store))),
    ("words are found in all scripts", |store| Box::pin(search_scripts(store))),
    ("what is asked is never syntax", |store| Box::pin(search_syntax(store))),
    ("search follows edits and deletes", |store| Box::pin(search_follows(store))),
    ("a question narrows down", |store| Box::pin(search_narrows(store))),
    ("odd values survive", |store| Box::pin(odd_values(store))),
    ("no update is lost in a race", |store| Box::pin(races(store))),
    ("ten thousand rows", |store| Box::pin(many_rows(store))),
];

/// Panics in the first case that fails, after naming it.
pub fn cases(open: Open) {
    for (name, case) in CASES {
        let folder = Folder::new();
        println!("case: {name}");
        let store = open(&folder.0);
        block_on(case(&store));
    }
}

async fn found_by_key(store: &Arc<dyn Store>) {
    assert_eq!(store.get(&NOTE, &key((1, 2))).await.unwrap(), None);
    write(store, [Op::Insert(&NOTE, note(1, 2, "hello"))]).await;

    // The text is for searching only.
    assert_eq!(store.get(&NOTE, &key((1, 2))).await.unwrap(), Some(note(1, 2, "")));
    assert_eq!(store.get(&NOTE, &key((2, 1))).await.unwrap(), None);
    assert_eq!(store.get(&TAG, &key(("1", "2"))).await.unwrap(), None);
}

async fn many_in_order(store: &Arc<dyn Store>) {
    write(store, [1, 2, 3].map(|id| Op::Put(&ROOM, room(id, None, None)))).await;
    let keys = [3, 9, 1, 3].map(key);

    let rows = store.get_many(&ROOM, &keys).await.unwrap();

    let three = room(3, None, None);
    assert_eq!(rows, [Some(three.clone()), None, Some(room(1, None, None)), Some(three)]);
    assert_eq!(store.get_many(&ROOM, &[]).await.unwrap(), []);
}

async fn put_and_insert(store: &Arc<dyn Store>) {
    write(store, [Op::Put(&ROOM, room(1, Some(1), Some("a")))]).await;
    write(store, [Op::Put(&ROOM, room(1, Some(2), None))]).await;

    let lost = try_write(store, [Op::Insert(&ROOM, room(1, Some(3), None))]).await;

    assert_eq!(lost, Err(Conflict { table: "room", index: None }));
    assert_eq!(ids(store, by("by_rank")).await, [1]);
    assert_eq!(store.get(&ROOM, &key(1)).await.unwrap(), Some(room(1, Some(2), None)));
    write(store, [Op::Delete(&ROOM, key(1)), Op::Delete(&ROOM, key(1))]).await;
    assert_eq!(store.get(&ROOM, &key(1)).await.unwrap(), None);
}

async fn all_or_nothing(store: &Arc<dyn Store>) {
    write(store, [Op::Put(&ROOM, room(9, Some(9), Some("taken")))]).await;
    let first = batch([Op::Put(&ROOM, room(1, None, None))]);
    let lost = batch([
        Op::Put(&ROOM, room(1, Some(5), None)),
        Op::Put(&NOTE, note(1, 1, "gone")),
        Op::Delete(&ROOM, key(9)),
        Op::Put(&ROOM, room(2, None, None)),
        Op::Insert(&ROOM, room(1, None, None)),
        Op::Put(&ROOM, room(3, None, None)),
    ]);
    let last = batch([Op::Insert(&ROOM, room(4, None, None))]);

    let results = store.commit(vec![first, lost, last]).await.unwrap();

    assert_eq!(results, [Ok(()), Err(Conflict { table: "room", index: None }), Ok(())]);
    assert_eq!(ids(store, scan(&ROOM)).await, [1, 4, 9]);
    assert_eq!(store.get(&ROOM, &key(1)).await.unwrap(), Some(room(1, None, None)));
    assert_eq!(search(store, &["gone"]).await, NONE);
    assert_eq!(store.commit(Vec::new()).await.unwrap(), []);
    assert_eq!(store.commit(vec![batch([])]).await.unwrap(), [Ok(())]);
}

async fn expectations(store: &Arc<dyn Store>) {
    let lost = Err(Conflict { table: "room", index: None });
    let expect = |n| Op::Expect(&ROOM, Row { body: body(n), ..room(1, None, None) });
    assert_eq!(try_write(store, [expect(1)]).await, lost);
    write(store, [Op::Put(&ROOM, room(1, None, None))]).await;
    assert_eq!(try_write(store, [expect(2)]).await, lost);
    write(store, [expect(1)]).await;
    let other = [room(1, Some(1), None), room(1, None, Some("a"))];
    for other in other.map(|row| Row { body: body(1), ..row }) {
        assert_eq!(try_write(store, [Op::Expect(&ROOM, other)]).await, lost);
    }

    // Both were decided on the same state; the second of the queue sees the first.
    let with = |n| Row { body: body(n), ..room(1, None, None) };
    let group = [7, 8].map(|n| batch([expect(1), Op::Put(&ROOM, with(n))])).to_vec();
    assert_eq!(store.commit(group).await.unwrap(), [Ok(()), lost]);
    assert_eq!(store.get(&ROOM, &key(1)).await.unwrap(), Some(with(7)));
    let undone = [Op::Put(&ROOM, with(9)), expect(1)];
    assert_eq!(try_write(store, undone).await, lost);
    assert_eq!(store.get(&ROOM, &key(1)).await.unwrap(), Some(with(7)));
}

async fn unique(store: &Arc<dyn Store>) {
    let taken = Err(Conflict { table: "room", index: Some("by_slug") });
    let named = |id, slug| Op::Put(&ROOM, room(id, None, Some(slug)));
    write(store, [named(1, "a"), named(2, "b")]).await;
    assert_eq!(try_write(store, [named(2, "a")]).await, taken);
    assert_eq!(try_write(store, [named(3, "b")]).await, taken);
    assert_eq!(try_write(store, [Op::Insert(&ROOM, room(3, None, Some("b")))]).await, taken);
    assert_eq!(ids(store, by("by_slug").prefix("a")).await, [1]);

    // Rows without a value are free; an own value may be kept, and a freed one taken.
    write(store, [3, 4].map(|id| Op::Put(&ROOM, room(id, None, None)))).await;
    write(store, [named(1, "a")]).await;
    write(store, [named(1, "c"), named(2, "a"), Op::Delete(&ROOM, key(1)), named(5, "c")]).await;
    assert_eq!(ids(store, by("by_slug").prefix("c")).await, [5]);

    // The key is told before any index, and the first declared index before the next.
    let owned = |id, slug: Option<&str>| {
        let columns = vec![1.into(), slug.into(), 7.into()];
        Row { columns, ..room(id, None, None) }
    };
    write(store, [Op::Put(&ROOM, owned(6, Some("f")))]).await;
    let both = try_write(store, [Op::Insert(&ROOM, owned(6, Some("f")))]).await;
    assert_eq!(both, Err(Conflict { table: "room", index: None }));
    assert_eq!(try_write(store, [Op::Put(&ROOM, owned(8, Some("f")))]).await, taken);
    let owner = try_write(store, [Op::Put(&ROOM, owned(8, None))]).await;
    assert_eq!(owner, Err(Conflict { table: "room", index: Some("by_owner") }));
}

async fn history(store: &Arc<dyn Store>) {
    let notes = (1..=20).flat_map(|id| [note(1, id, ""), note(2, id + 100, "")]);
    write(store, notes.map(|note| Op::Insert(&NOTE, note))).await;
    let channel = || scan(&NOTE).prefix(1);

    assert_eq!(ids(store, channel().newest_first().limit(3)).await, [20, 19, 18]);
    assert_eq!(ids(store, channel().before(18).newest_first().limit(3)).await, [17, 16, 15]);
    assert_eq!(ids(store, channel().after(18).limit(3)).await, [19, 20]);
    assert_eq!(ids(store, channel().from(18).up_to(19)).await, [18, 19]);
    assert_eq!(ids(store, channel().before(1).newest_first()).await, NONE);
    assert_eq!(ids(store, channel().limit(0)).await, NONE);
    assert_eq!(ids(store, scan(&NOTE).prefix((1, 5))).await, [5]);
    assert_eq!(ids(store, scan(&NOTE).after(1).limit(2)).await, [101, 102]);
}

async fn index_order(store: &Arc<dyn Store>) {
    let ranks = [(1, 5), (2, 3), (3, 5), (4, 3)];
    let rows = ranks.map(|(id, rank)| Op::Put(&ROOM, room(id, Some(rank), None)));
    write(store, rows).await;
    let by_rank = || by("by_rank");

    assert_eq!(ids(store, by_rank()).await, [2, 4, 1, 3]);
    assert_eq!(ids(store, by_rank().newest_first()).await, [3, 1, 4, 2]);
    assert_eq!(ids(store, by_rank().prefix(5).after(1)).await, [3]);
    assert_eq!(ids(store, by_rank().newest_first().before((5, 3)).limit(2)).await, [1, 4]);
    write(store, [Op::Put(&ROOM, room(1, Some(1), None))]).await;
    assert_eq!(ids(store, by_rank()).await, [1, 2, 4, 3]);
}

async fn nulls_first(store: &Arc<dyn Store>) {
    let rows = [
        room(1, Some(0), Some("a")),
        room(2, None, None),
        room(3, Some(-1), None),
        room(4, None, Some("b")),
    ];
    write(store, rows.map(|row| Op::Put(&ROOM, row))).await;

    assert_eq!(ids(store, by("by_rank")).await, [2, 4, 3, 1]);
    assert_eq!(ids(store, by("by_rank").before(0)).await, [2, 4, 3]);
    assert_eq!(ids(store, by("by_rank").before(0).newest_first()).await, [3, 4, 2]);
    assert_eq!(ids(store, by("by_rank").after(Value::Null)).await, [3, 1]);
    assert_eq!(ids(store, by("by_rank").after((Value::Null, 2))).await, [4, 3, 1]);
    assert_eq!(ids(store, by("by_rank").prefix(Value::Null)).await, [2, 4]);
    assert_eq!(ids(store, by("by_rank").up_to(Value::Null)).await, [2, 4]);
    assert_eq!(ids(store, by("by_slug_rank").up_to(("b", Value::Null))).await, [2, 3, 1, 4]);
}

async fn tuples(store: &Arc<dyn Store>) {
    let pairs = [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y"), ("c", "")];
    let row = |(name, order): (&str, &str)| {
        let key = vec![name.into(), order.into()];
        Row { key, columns: Vec::new(), body: body(0), text: String::new() }
    };
    write(store, pairs.map(|pair| Op::Put(&TAG, row(pair)))).await;
    let found = async |scan: Scan| {
        let rows = store.scan(&scan).await.unwrap();
        let place = |found: &Row| pairs.iter().position(|pair| row(*pair).key == found.key);
        rows.iter().map(|row| place(row).unwrap()).collect::<Vec<_>>()
    };
    let all = || scan(&TAG);

    assert_eq!(found(all().after(("a", "x"))).await, [1, 2, 3, 4]);
    assert_eq!(found(all().from(("a", "y")).before(("b", "y"))).await, [1, 2]);
    assert_eq!(found(all().after("a")).await, [2, 3, 4]);
    assert_eq!(found(all().up_to("b")).await, [0, 1, 2, 3]);
    assert_eq!(found(all().after("a").up_to(("b", "x"))).await, [2]);
    assert_eq!(found(all().from("b").before("b")).await, [] as [usize; 0]);
    assert_eq!(found(all().up_to(("c", "")).newest_first().limit(2)).await, [4, 3]);
}

async fn prune(store: &Arc<dyn Store>) {
    let notes = (1..=9).flat_map(|id| [note(1, id, "word"), note(2, id + 10, "word")]);
    write(store, notes.map(|note| Op::Insert(&NOTE, note))).await;
    let prune = |prefix: Key, below, limit| Op::Prune { table: &NOTE, prefix, below, limit };
    let left = || scan(&NOTE).prefix(1);

    write(store, [prune(key(1), Some(6.into()), 3)]).await;
    assert_eq!(ids(store, left()).await, [4, 5, 6, 7, 8, 9]);
    write(store, [prune(key(1), Some(6.into()), 100)]).await;
    assert_eq!(ids(store, left()).await, [6, 7, 8, 9]);
    write(store, [prune(key(1), None, 2)]).await;
    assert_eq!(ids(store, left()).await, [8, 9]);
    assert_eq!(search(store, &["word"]).await[7..], [12, 11, 9, 8]);
    write(store, [prune(key((1, 9)), None, 9), prune(key(7), None, 9)]).await;
    assert_eq!(ids(store, left()).await, [8]);
    write(store, [prune(Vec::new(), Some(2.into()), usize::MAX)]).await;
    assert_eq!(ids(store, scan(&NOTE).limit(1)).await, [11]);
    let lost = [prune(Vec::new(), None, usize::MAX), Op::Expect(&ROOM, room(1, None, None))];
    assert!(try_write(store, lost).await.is_err());
    assert_eq!(search(store, &["word"]).await.len(), 9);
}

async fn search_scripts(store: &Arc<dyn Store>) {
    let texts = [
        "Hello wonderful World",
        "我们去吃饭吧",
        "東京タワーに行った",
        "만나서 반갑습니다",
        "สวัสดีครับ",
        "Un café crème, s'il vous plaît",
        "Wonder Woman 2 in Tōkyō",
        "हिन्दी में लिखा",
    ];
    let notes = texts.iter().zip(1..).map(|(text, id)| Op::Insert(&NOTE, note(id % 2, id, text)));
    write(store, notes).await;
    let asked: &[(&[&str], &[i64])] = &[
        (&["吃饭"], &[2]),
        (&["饭吃"], &[]),
        (&["東京"], &[3]),
        (&["タワー"], &[3]),
        (&["반갑"], &[4]),
        (&["ครับ"], &[5]),
        (&["cafe"], &[6]),
        (&["CAFÉ"], &[6]),
        (&["cre"], &[6]),
        (&["tokyo"], &[7]),
        (&["हिन्दी"], &[8]),
        (&["wonder"], &[7, 1]),
        (&["wonder", "hel"], &[1]),
        (&["hello", "woman"], &[]),
        (&["wonderful world"], &[1]),
        (&["world wonderful"], &[]),
        (&["onder"], &[]),
        (&["2"], &[7]),
        (&["s"], &[6]),
    ];
    for (words, found) in asked {
        assert_eq!(search(store, words).await, *found, "{words:?}");
    }
}

async fn search_syntax(store: &Arc<dyn Store>) {
    let texts = ["one two", "NOT near OR and", "text rowid"];
    let notes = texts.iter().zip(1..).map(|(text, id)| Op::Insert(&NOTE, note(1, id, text)));
    write(store, notes).await;
    for word in ["", " ", "\"", "*", "(", ")", "'", "-", "^", ":", "\0", "\"\"", "{}", "+", "🙂"]
    {
        assert_eq!(search(store, &[word]).await, NONE, "{word:?}");
        assert_eq!(search(store, &["one", word]).await, [1], "{word:?}");
    }
    assert_eq!(search(store, &["one\" OR \"text"]).await, NONE);
    assert_eq!(search(store, &["NOT"]).await, [2]);
    assert_eq!(search(store, &["near(or"]).await, [2]);
    assert_eq!(search(store, &["text:rowid"]).await, [3]);
    assert_eq!(search(store, &["one*two"]).await, [1]);
    assert_eq!(search(store, &[]).await, NONE);
}

async fn search_follows(store: &Arc<dyn Store>) {
    write(store, [1, 2, 3].map(|id| Op::Insert(&NOTE, note(1, id, "common first")))).await;
    write(store, [Op::Put(&NOTE, note(1, 2, "common second"))]).await;
    assert_eq!(search(store, &["first"]).await, [3, 1]);
    assert_eq!(search(store, &["second"]).await, [2]);
    write(store, [Op::Put(&NOTE, note(1, 3, "")), Op::Delete(&NOTE, key((1, 1)))]).await;
    assert_eq!(search(store, &["first"]).await, NONE);
    assert_eq!(search(store, &["common"]).await, [2]);
    write(store, [1, 3].map(|id| Op::Put(&NOTE, note(1, id, "common again")))).await;

    let newest = Search::new(&NOTE, vec!["common".to_owned()], 2);
    assert_eq!(store.search(&newest).await.unwrap(), [3, 2]);
}

async fn search_narrows(store: &Arc<dyn Store>) {
    let texts = ["tea time", "time for tea", "team", "tea"];
    let notes = texts.iter().zip(1..).map(|(text, id)| {
        let tags = format!("{text} {} {}", tag('c', if id < 3 { "1" } else { "12" }), tag('a', id));
        Op::Insert(&NOTE, note(1, id, &tags))
    });
    write(store, notes).await;
    let ask = async |change: &(dyn Fn(Search) -> Search + Sync)| {
        store.search(&change(Search::new(&NOTE, Vec::new(), 9))).await.expect("an answer")
    };
    let all = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let tea = || all(&["tea"]);
    assert_eq!(ask(&|s| Search { words: tea(), ..s }).await, [4, 3, 2, 1]);
    assert_eq!(ask(&|s| Search { phrases: tea(), ..s }).await, [4, 2, 1], "whole words");
    assert_eq!(ask(&|s| Search { phrases: all(&["tea time"]), ..s }).await, [1]);
    assert_eq!(ask(&|s| Search { any: vec![all(&["team", "time"])], ..s }).await, [3, 2, 1]);
    assert_eq!(ask(&|s| Search { any: vec![tea(), all(&["time"])], ..s }).await, [2, 1]);
    assert_eq!(ask(&|s| Search { any: vec![Vec::new()], words: tea(), ..s }).await, NONE);
    assert_eq!(ask(&|s| Search { none: all(&["time"]), words: tea(), ..s }).await, [4, 3]);
    assert_eq!(ask(&|s| Search { none: all(&["time"]), ..s }).await, NONE);
    let between = |s: Search| Search { after: Some(1), before: Some(4), words: tea(), ..s };
    assert_eq!(ask(&between).await, [3, 2]);
    assert_eq!(ask(&|s| Search { oldest_first: true, limit: 2, ..between(s) }).await, [2, 3]);
    let wide: Vec<_> = (0..1_500).map(|n| tag('c', n)).collect();
    assert_eq!(ask(&|s| Search { any: vec![wide.clone()], words: tea(), ..s }).await, [4, 3, 2, 1]);
    // A tag is whole, and nothing that can be typed.
    assert_eq!(ask(&|s| Search { phrases: vec![tag('c', "1")], ..s }).await, [2, 1]);
    assert_eq!(ask(&|s| Search { words: all(&["c1"]), ..s }).await, NONE);
    let typed = words::typed(&tag('c', "1")).into_owned();
    assert_eq!(ask(&|s| Search { words: vec![typed.clone()], ..s }).await, NONE);
}

async fn odd_values(store: &Arc<dyn Store>) {
    let odd = ["", "\0", "a\0b", "a\0c", "'\"; DROP TABLE room", "\u{10ffff}", "é"];
    let body = bytes::Bytes::from("{\"text\":\"\u{1f980} \\u0000 '\\\"\"}");
    let row = |name: &str| {
        let key = vec![name.into(), name.into()];
        Row { key, columns: Vec::new(), body: body.clone(), text: String::new() }
    };
    write(store, odd.map(|name| Op::Insert(&TAG, row(name)))).await;
    for name in odd {
        assert_eq!(store.get(&TAG, &row(name).key).await.unwrap(), Some(row(name)));
        assert_eq!(store.scan(&scan(&TAG).prefix(name)).await.unwrap(), [row(name)]);
    }
    assert_eq!(store.scan(&scan(&TAG).after("a").before("b")).await.unwrap().len(), 2);

    let far = [i64::MIN, -1, 0, i64::MAX];
    write(store, far.map(|id| Op::Put(&ROOM, room(id, Some(id), None)))).await;
    assert_eq!(ids(store, by("by_rank").newest_first()).await, [i64::MAX, 0, -1, i64::MIN]);
    assert_eq!(ids(store, scan(&ROOM).after(i64::MAX)).await, NONE);
    assert_eq!(ids(store, scan(&ROOM).up_to(i64::MIN)).await, [i64::MIN]);
}

/// Everybody adds one to the same row, deciding again when the race was lost.
async fn races(store: &Arc<dyn Store>) {
    write(store, [Op::Put(&TAG, counter(0))]).await;
    let mut adders = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let store = Arc::clone(store);
        adders.spawn(async move {
            loop {
                let row = store.get(&TAG, &counter(0).key).await.unwrap().unwrap();
                let n: i64 = std::str::from_utf8(&row.body).unwrap().parse().unwrap();
                let add = [Op::Expect(&TAG, row), Op::Put(&TAG, counter(n + 1))];
                match try_write(&store, add).await {
                    Ok(()) => return,
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        });
    }
    adders.join_all().await;
    assert_eq!(store.get(&TAG, &counter(0).key).await.unwrap(), Some(counter(32)));
}

async fn many_rows(store: &Arc<dyn Store>) {
    for start in (0..12_000).step_by(1_000) {
        let row = |id: i64| room(id, Some(id % 100), Some(&format!("slug-{id}")));
        let rows = (start..start + 1_000).map(|id| batch([Op::Insert(&ROOM, row(id))]));
        let results = store.commit(rows.collect()).await.unwrap();
        assert!(results.iter().all(Result::is_ok));
    }
    let all = Scan { limit: usize::MAX, ..scan(&ROOM) };
    assert_eq!(store.scan(&all).await.unwrap().len(), SCAN_MAX);
    let page = by("by_rank").newest_first().before((50, 50)).limit(2);
    assert_eq!(ids(store, page).await, [11_949, 11_849]);
    let keys: Vec<Key> = (0..12_000).rev().map(key).collect();
    let rows = store.get_many(&ROOM, &keys).await.unwrap();
    assert!(rows.iter().zip(&keys).all(|(row, key)| row.as_ref().unwrap().key == *key));
}

fn counter(n: i64) -> Row {
    let key = key(("counter", ""));
    Row { key, columns: Vec::new(), body: n.to_string().into(), text: String::new() }
}

fn key(key: impl IntoKey) -> Key {
    key.into_key()
}

fn scan(table: &'static Table) -> Scan {
    let (from, to) = (Bound::Unbounded, Bound::Unbounded);
    Scan { table, index: None, prefix: Vec::new(), from, to, reverse: false, limit: SCAN_MAX }
}

fn by(index: &str) -> Scan {
    scan(&ROOM).by(index)
}

/// The last key column of the rows of a scan.
async fn ids(store: &Arc<dyn Store>, scan: Scan) -> Vec<i64> {
    let rows = store.scan(&scan).await.unwrap();
    let last = |row: &Row| match row.key.last() {
        Some(Value::Int(id)) => *id,
        other => panic!("an id, not {other:?}"),
    };
    rows.iter().map(last).collect()
}

async fn search(store: &Arc<dyn Store>, words: &[&str]) -> Vec<i64> {
    let words = words.iter().map(|word| (*word).to_owned()).collect();
    store.search(&Search::new(&NOTE, words, 100)).await.unwrap()
}

async fn try_write(
    store: &Arc<dyn Store>,
    ops: impl IntoIterator<Item = Op>,
) -> Result<(), Conflict> {
    store.commit(vec![batch(ops)]).await.unwrap().remove(0)
}

async fn write(store: &Arc<dyn Store>, ops: impl IntoIterator<Item = Op>) {
    assert_eq!(try_write(store, ops).await, Ok(()));
}
