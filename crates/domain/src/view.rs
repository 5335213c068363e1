//! What operations read: the store, with what waits for the disk already applied.
//!
//! A lane is released before its batch is on disk, so the next decision in the same lane must see
//! what was enqueued. Reads look at the pending rows first, then at the store.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use anyhow::Context as _;
use proto::Id;

use crate::store::{Entity, IntoKey, Key, Op, Row, Scan, Search, Store, Table, Value};

#[derive(Clone)]
pub struct View {
    store: Arc<dyn Store>,
    /// `None`: only what is on disk.
    pending: Option<Arc<Mutex<Pending>>>,
}

type Pending = HashMap<&'static str, BTreeMap<Key, Waiting>>;

/// The newest state of a row, and the ticket of the batch that brings it. `None`: deleted.
struct Waiting {
    ticket: u64,
    row: Option<Row>,
}

impl View {
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, pending: Some(Arc::default()) }
    }

    /// The same store without what waits: for answers to people, who must not see what a crash
    /// could still undo.
    pub fn committed(&self) -> Self {
        Self { store: self.store.clone(), pending: None }
    }

    /// The store itself, for the one writer.
    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    pub async fn get<E: Entity>(&self, key: impl IntoKey) -> anyhow::Result<Option<E>> {
        let key = key.into_key();
        if let Some(row) = self.waiting(E::TABLE, &key) {
            return row.as_ref().map(E::from_row).transpose();
        }
        self.store.get(E::TABLE, &key).await?.as_ref().map(E::from_row).transpose()
    }

    /// Answers in the order of the keys.
    pub async fn get_many<E: Entity>(&self, keys: Vec<Key>) -> anyhow::Result<Vec<Option<E>>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let waiting: Vec<_> = keys.iter().map(|key| self.waiting(E::TABLE, key)).collect();
        let stored = self.store.get_many(E::TABLE, &keys).await?;
        let rows = waiting.into_iter().zip(stored).map(|(waiting, row)| waiting.unwrap_or(row));
        rows.map(|row| row.as_ref().map(E::from_row).transpose()).collect()
    }

    pub async fn scan<E: Entity>(&self, scan: Scan) -> anyhow::Result<Vec<E>> {
        debug_assert_eq!(scan.table.name, E::TABLE.name);
        let rows = self.scan_rows(&scan).await?;
        rows.iter().map(E::from_row).collect()
    }

    /// Ids of documents, newest first. Does not see what waits.
    pub async fn search<T>(&self, search: &Search) -> anyhow::Result<Vec<Id<T>>> {
        let found = self.store.search(search).await.context("cannot search")?;
        Ok(found.into_iter().filter_map(|id| Id::new(id as u64)).collect())
    }

    async fn scan_rows(&self, scan: &Scan) -> anyhow::Result<Vec<Row>> {
        let waiting = self.waiting_in(scan);
        if waiting.is_empty() {
            return self.store.scan(scan).await;
        }
        // Rows that wait may push out as many of those stored.
        let wider = Scan { limit: scan.limit + waiting.len(), ..scan.clone() };
        let mut rows = self.store.scan(&wider).await?;
        rows.retain(|row| !waiting.contains_key(&row.key));
        let there = waiting.into_values().flatten();
        rows.extend(there.filter(|row| scan.holds(&scan.sort_key(row))));
        rows.sort_by_cached_key(|row| scan.sort_key(row));
        if scan.reverse {
            rows.reverse();
        }
        rows.truncate(scan.limit);
        Ok(rows)
    }

    fn waiting(&self, table: &'static Table, key: &[Value]) -> Option<Option<Row>> {
        let pending = self.pending.as_ref()?.lock().expect("no panic while locked");
        pending.get(table.name)?.get(key).map(|waiting| waiting.row.clone())
    }

    fn waiting_in(&self, scan: &Scan) -> BTreeMap<Key, Option<Row>> {
        let Some(pending) = &self.pending else {
            return BTreeMap::new();
        };
        let pending = pending.lock().expect("no panic while locked");
        let Some(rows) = pending.get(scan.table.name) else {
            return BTreeMap::new();
        };
        let by_key = scan.index.is_none();
        let start = if by_key { scan.prefix.clone() } else { Key::new() };
        let near = rows.range(start..);
        let near = near.take_while(|(key, _)| !by_key || key.starts_with(&scan.prefix));
        near.map(|(key, waiting)| (key.clone(), waiting.row.clone())).collect()
    }

    /// Rows that wait for the disk.
    pub fn waiting_rows(&self) -> usize {
        let Some(pending) = &self.pending else { return 0 };
        let pending = pending.lock().expect("no panic while locked");
        pending.values().map(BTreeMap::len).sum()
    }

    /// From now on reads see these changes.
    pub(crate) fn hold(&self, ticket: u64, ops: &[Op]) {
        let Some(pending) = &self.pending else {
            return;
        };
        let mut pending = pending.lock().expect("no panic while locked");
        for op in ops {
            let (table, key, row) = match op {
                Op::Put(table, row) | Op::Insert(table, row) => (table, &row.key, Some(row)),
                Op::Delete(table, key) => (table, key, None),
                Op::Expect(..) | Op::Prune { .. } => continue,
            };
            let waiting = Waiting { ticket, row: row.cloned() };
            pending.entry(table.name).or_default().insert(key.clone(), waiting);
        }
    }

    /// The batch is on disk or lost: reads see the store again, unless a later batch waits.
    pub(crate) fn release(&self, ticket: u64, ops: &[Op]) {
        let Some(pending) = &self.pending else {
            return;
        };
        let mut pending = pending.lock().expect("no panic while locked");
        for op in ops {
            let (table, key) = match op {
                Op::Put(table, row) | Op::Insert(table, row) => (table, &row.key),
                Op::Delete(table, key) => (table, key),
                Op::Expect(..) | Op::Prune { .. } => continue,
            };
            let Some(rows) = pending.get_mut(table.name) else {
                continue;
            };
            if rows.get(key).is_some_and(|waiting| waiting.ticket == ticket) {
                rows.remove(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        rows::{ReactionRow, SlugRow},
        store::{Batch, memory::MemoryStore},
    };

    fn reaction(message: u64, emoji: u8, user: u64) -> ReactionRow {
        ReactionRow {
            message_id: Id::new(message).expect("an id"),
            emoji: emoji.to_string(),
            user_id: Id::new(user).expect("an id"),
        }
    }

    /// (message, emoji, user, written rather than deleted)
    fn changes() -> impl Strategy<Value = Vec<(u64, u8, u64, bool)>> {
        prop::collection::vec((1..3u64, 0..3u8, 1..5u64, any::<bool>()), 0..40)
    }

    fn batch(changes: &[(u64, u8, u64, bool)]) -> Batch {
        changes.iter().fold(Batch::new(), |batch, (message, emoji, user, written)| {
            let row = reaction(*message, *emoji, *user);
            if *written { batch.put(&row) } else { batch.delete::<ReactionRow>(row.key()) }
        })
    }

    async fn commit(store: &MemoryStore, batch: Batch) {
        store.commit(vec![batch]).await.expect("kept")[0].expect("no conflict");
    }

    proptest! {
        /// What waits, seen over what is stored, is what will be stored.
        #[test]
        fn a_view_with_waiting_rows_equals_the_store_after_them(
            before in changes(),
            waiting in changes(),
            limit in 1..8usize,
            reverse: bool,
            from in 0..4i64,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("runs");
            runtime.block_on(async {
                let (now, then) = (Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()));
                commit(&now, batch(&before)).await;
                commit(&then, batch(&before).and(batch(&waiting))).await;
                let (now, then) = (View::new(now), View::new(then));
                now.hold(1, &batch(&waiting).ops);
                for message in 1..3i64 {
                    let mut scan = Scan::of::<ReactionRow>().prefix(message).limit(limit);
                    scan = scan.from(from.to_string());
                    if reverse {
                        scan = scan.newest_first();
                    }
                    let seen = now.scan::<ReactionRow>(scan.clone()).await.expect("read");
                    assert_eq!(seen, then.scan::<ReactionRow>(scan).await.expect("read"));
                }
                let keys: Vec<Key> =
                    waiting.iter().map(|(m, e, u, _)| reaction(*m, *e, *u).key()).collect();
                let seen = now.get_many::<ReactionRow>(keys.clone()).await.expect("read");
                assert_eq!(seen, then.get_many::<ReactionRow>(keys).await.expect("read"));
                now.release(1, &batch(&waiting).ops);
                assert!(now.pending.iter().all(|p| {
                    p.lock().expect("no panic").values().all(BTreeMap::is_empty)
                }));
            });
        }
    }

    #[tokio::test]
    async fn only_the_newest_batch_lets_go_of_its_row() {
        let view = View::new(Arc::new(MemoryStore::new()));
        let slug =
            |guild| SlugRow { slug: "a".to_owned(), guild_id: Id::new(guild).expect("an id") };
        let (first, second) = (Batch::new().put(&slug(1)), Batch::new().put(&slug(2)));
        view.hold(1, &first.ops);
        view.hold(2, &second.ops);
        view.release(1, &first.ops);
        let seen = view.get::<SlugRow>("a").await.expect("read").expect("waits");
        assert_eq!(seen.guild_id.get(), 2);
        assert_eq!(view.committed().get::<SlugRow>("a").await.expect("read"), None);
    }
}
