//! Measures the store contract against SQL written by hand, and group commit against none.
//!
//! It decides whether five verbs over JSON bodies may stay (docs/design/0001-store-contract.md):
//! above 1.5x they would have to go. Both arms take turns in one run, on one disk.

mod data;
mod hand;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use backends::sqlite::{FILE, Options, SqliteStore};
use domain::rows::{self, MemberRow, MessageRow, UserRow};
use domain::store::{Batch, Entity, Key, Row, Scan, Store, Value};
use tokio::runtime::Runtime;

use data::{CHANNEL, Data, GUILD, MEMBERS, MESSAGES};
use hand::{Hand, OnThread};

const PAIRS: usize = 24;
/// Messages of one transaction.
const GROUP: usize = 64;
const GROUPS_PER_SAMPLE: usize = 8;
const PAGES_PER_SAMPLE: usize = 200;
/// Users of one GUILD_MEMBERS_CHUNK.
const CHUNK: usize = 1_000;
const FSYNC: Duration = Duration::from_millis(5);

/// `bench-store [FOLDER] [guild]`: the databases are built in a new folder there and removed
/// afterwards. `guild`: only the loading of a guild, which needs no messages.
pub fn run(args: &[String]) -> anyhow::Result<()> {
    let parent = args.first().map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = parent.join(format!("bench-store-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let only_guild = args.get(1).is_some_and(|part| part == "guild");
    let result = bench(&folder, only_guild);
    std::fs::remove_dir_all(&folder)?;
    result
}

fn bench(folder: &Path, only_guild: bool) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let store = SqliteStore::open(&folder.join("contract"), rows::TABLES, Options::default())?;
    let mut arms = Arms { runtime, store, hand: Hand::open(&folder.join("hand.sqlite"))? };
    let start = Instant::now();
    let data = Data::new();
    arms.load(&data, !only_guild)?;
    let size = |path: PathBuf| path.metadata().map_or(0, |file| file.len()) / 1_000_000;
    println!(
        "SQLite {}, {MESSAGES} messages in one channel, {MEMBERS} members in one guild; built in \
         {:?}; files: hand {} MB, contract {} MB; {PAIRS} interleaved pairs, medians\n",
        rusqlite::version(),
        start.elapsed(),
        size(folder.join("hand.sqlite")),
        size(folder.join("contract").join(FILE)),
    );
    println!("| | by hand | by hand, on a thread | contract | ratio | ratio to the thread |");
    println!("|---|---|---|---|---|---|");
    if only_guild {
        return arms.guild();
    }
    arms.send(&data, false)?;
    arms.send(&data, true)?;
    arms.history()?;
    arms.guild()?;
    arms.event_log(&data)?;
    group_commit(folder, &arms.runtime, &data)
}

/// The same data behind the contract and behind SQL written for it.
struct Arms {
    runtime: Runtime,
    store: SqliteStore,
    hand: OnThread<Hand>,
}

impl Arms {
    fn load(&mut self, data: &Data, messages: bool) -> anyhow::Result<()> {
        let messages = || data.messages().filter(|_| messages);
        let (users, members) = (data.users(), data.members());
        self.insert(users.clone().map(|user| Batch::new().insert(&user)))?;
        self.insert(members.clone().map(|member| Batch::new().insert(&member)))?;
        self.insert(messages().map(|message| Batch::new().insert(&message)))?;
        let mut hand = self.hand.here();
        hand.transaction(|hand| {
            users.into_iter().try_for_each(|user| hand.insert_user(&user))?;
            members.into_iter().try_for_each(|member| hand.insert_member(&member))?;
            messages().try_for_each(|message| hand.insert_message(&message))
        })?;
        hand.checkpoint()
    }

    fn insert(&self, batches: impl Iterator<Item = Batch>) -> anyhow::Result<()> {
        let mut batches = batches.peekable();
        while batches.peek().is_some() {
            let group: Vec<_> = batches.by_ref().take(2_000).collect();
            let answers = self.runtime.block_on(self.store.commit(group));
            let answers = answers.map_err(|error| anyhow::anyhow!("{error:?}"))?;
            ensure!(answers.iter().all(Result::is_ok), "everything is new");
        }
        Ok(())
    }

    /// Groups of 64 messages over 64 channels: the message alone, or all rows of a send.
    fn send(&mut self, data: &Data, whole: bool) -> anyhow::Result<()> {
        let group = || (0..GROUP).map(|at| data.sent(at)).collect::<Vec<_>>();
        let groups = || (0..GROUPS_PER_SAMPLE).map(|_| group()).collect::<Vec<_>>();
        let figures = pairs(PAIRS, |arm| {
            let groups = groups();
            let start = Instant::now();
            for group in groups {
                match arm {
                    Arm::Hand => self.hand.here().send(&group, whole)?,
                    Arm::HandOnThread => self
                        .runtime
                        .block_on(self.hand.run(move |hand| hand.send(&group, whole)))?,
                    Arm::Contract => {
                        let group = group.iter().map(|sent| sent.batch(whole)).collect();
                        let answers = self.runtime.block_on(self.store.commit(group));
                        let answers = answers.map_err(|error| anyhow::anyhow!("{error:?}"))?;
                        ensure!(answers.iter().all(Result::is_ok), "everything is new");
                    }
                }
            }
            Ok(start.elapsed() / GROUPS_PER_SAMPLE as u32)
        })?;
        figures.print(match whole {
            false => "send, 64 in a transaction, message only",
            true => "send, 64 in a transaction, with nonce, tip and event",
        });
        Ok(())
    }

    /// Fifty messages before a random one of a million.
    fn history(&mut self) -> anyhow::Result<()> {
        let mut random = Random(7);
        let figures = pairs(PAIRS, |arm| {
            let ids: Vec<_> =
                (0..PAGES_PER_SAMPLE).map(|_| data::message_id(random.below(MESSAGES))).collect();
            let start = Instant::now();
            for before in ids {
                let page = match arm {
                    Arm::Hand => self.hand.here().history(CHANNEL, before)?,
                    Arm::HandOnThread => {
                        let page = self.hand.run(move |hand| hand.history(CHANNEL, before));
                        self.runtime.block_on(page)?
                    }
                    Arm::Contract => {
                        let scan = Scan::of::<MessageRow>().prefix(CHANNEL).before(before);
                        let scan = scan.newest_first().limit(50);
                        let rows = self.runtime.block_on(self.store.scan(&scan))?;
                        decode::<MessageRow>(&rows)?
                    }
                };
                ensure!(page.last().is_none_or(|last| last.id.get() < before as u64));
            }
            Ok(start.elapsed() / PAGES_PER_SAMPLE as u32)
        })?;
        figures.print("history page of 50 in a channel of 1,000,000");
        Ok(())
    }

    /// What the first READY after a start reads of a guild, and what a request for everybody adds.
    fn guild(&mut self) -> anyhow::Result<()> {
        let figures = pairs(PAIRS, |arm| {
            let start = Instant::now();
            let loaded = match arm {
                Arm::Hand => self.hand.here().members(GUILD)?.len(),
                Arm::HandOnThread => {
                    self.runtime.block_on(self.hand.run(|hand| hand.members(GUILD)))?.len()
                }
                Arm::Contract => self.runtime.block_on(members(&self.store))?.len(),
            };
            ensure!(loaded == MEMBERS, "{loaded} members");
            Ok(start.elapsed())
        })?;
        figures.print("READY: a guild of 5,000 members, not in memory");
        let ids: Vec<i64> = self.runtime.block_on(members(&self.store))?.iter().map(raw).collect();
        let figures = pairs(PAIRS, |arm| {
            let start = Instant::now();
            for chunk in ids.chunks(CHUNK) {
                let named = match arm {
                    Arm::Hand => self.hand.here().users(chunk)?.len(),
                    Arm::HandOnThread => {
                        let chunk = chunk.to_vec();
                        self.runtime.block_on(self.hand.run(move |hand| hand.users(&chunk)))?.len()
                    }
                    Arm::Contract => self.runtime.block_on(users(&self.store, chunk))?.len(),
                };
                ensure!(named == chunk.len(), "{named} users");
            }
            Ok(start.elapsed())
        })?;
        figures.print("the users of all 5,000, in chunks of 1,000");
        Ok(())
    }

    /// What the event in the transaction of each send costs.
    fn event_log(&mut self, data: &Data) -> anyhow::Result<()> {
        let mut ratios = Vec::new();
        for at in 0..PAIRS {
            let mut took = [Duration::ZERO; 2];
            for turn in 0..2 {
                let with_event = (at + turn) % 2;
                let groups: Vec<Vec<Batch>> = (0..GROUPS_PER_SAMPLE)
                    .map(|_| {
                        let sent = (0..GROUP).map(|at| data.sent(at));
                        sent.map(|sent| sent.batch_with(with_event == 1)).collect()
                    })
                    .collect();
                let start = Instant::now();
                for group in groups {
                    let answers = self.runtime.block_on(self.store.commit(group));
                    answers.map_err(|error| anyhow::anyhow!("{error:?}"))?;
                }
                took[with_event] = start.elapsed();
            }
            ratios.push(took[0].as_secs_f64() / took[1].as_secs_f64());
        }
        let cost = (1.0 - median(ratios)) * 100.0;
        println!("\nevent log: {cost:.0} % of the send throughput");
        Ok(())
    }
}

async fn members(store: &SqliteStore) -> anyhow::Result<Vec<MemberRow>> {
    decode(&store.scan(&Scan::of::<MemberRow>().prefix(GUILD)).await?)
}

async fn users(store: &SqliteStore, ids: &[i64]) -> anyhow::Result<Vec<UserRow>> {
    let keys: Vec<Key> = ids.iter().map(|id| vec![Value::from(*id)]).collect();
    let users = store.get_many(UserRow::TABLE, &keys).await?;
    users.iter().map(|row| UserRow::from_row(row.as_ref().context("a user")?)).collect()
}

fn raw(member: &MemberRow) -> i64 {
    member.user_id.get() as i64
}

fn decode<E: Entity>(rows: &[Row]) -> anyhow::Result<Vec<E>> {
    rows.iter().map(E::from_row).collect()
}

/// 64 senders on a disk whose fsync takes 5 ms: all queued groups in one transaction, against one
/// transaction after the other.
fn group_commit(folder: &Path, runtime: &Runtime, data: &Data) -> anyhow::Result<()> {
    let options = Options { commit_delay: FSYNC, ..Options::default() };
    let store = SqliteStore::open(&folder.join("slow"), rows::TABLES, options)?;
    let store = Arc::new(store);
    let (mut grouped, mut single, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for at in 0..20 {
        let mut rates = [0.0; 2];
        for turn in 0..2 {
            let alone = (at + turn) % 2 == 1;
            let each = if alone { 2 } else { 40 };
            rates[usize::from(alone)] = runtime.block_on(senders(&store, data, each, alone))?;
        }
        grouped.push(rates[0]);
        single.push(rates[1]);
        ratios.push(rates[0] / rates[1]);
    }
    println!(
        "\n64 senders, 5 ms before each COMMIT in both arms, 20 interleaved pairs: group commit \
         {:.0}/s, one transaction per message {:.0}/s, ratio {:.1}",
        median(grouped),
        median(single),
        median(ratios)
    );
    Ok(())
}

/// Messages per second of 64 senders that each send so many, one after the other.
async fn senders(
    store: &Arc<SqliteStore>,
    data: &Data,
    each: usize,
    alone: bool,
) -> anyhow::Result<f64> {
    let one_at_a_time = Arc::new(tokio::sync::Mutex::new(()));
    let mut senders = tokio::task::JoinSet::new();
    let start = Instant::now();
    for channel in 0..GROUP {
        let batches: Vec<_> = (0..each).map(|_| data.sent(channel).batch(true)).collect();
        let (store, one_at_a_time) = (Arc::clone(store), Arc::clone(&one_at_a_time));
        senders.spawn(async move {
            for batch in batches {
                let _turn = if alone { Some(one_at_a_time.lock().await) } else { None };
                let answer = store.commit(vec![batch]).await;
                answer.map_err(|error| anyhow::anyhow!("{error:?}"))?[0]
                    .map_err(|conflict| anyhow::anyhow!("{conflict:?}"))?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(sender) = senders.join_next().await {
        sender??;
    }
    Ok((GROUP * each) as f64 / start.elapsed().as_secs_f64())
}

#[derive(Debug, Clone, Copy)]
enum Arm {
    Hand,
    HandOnThread,
    Contract,
}

struct Figures {
    took: [Vec<Duration>; 3],
}

/// Lets the arms take turns, beginning with another one each time; the first round is not counted.
fn pairs(
    count: usize,
    mut sample: impl FnMut(Arm) -> anyhow::Result<Duration>,
) -> anyhow::Result<Figures> {
    let mut took: [Vec<Duration>; 3] = Default::default();
    let arms = [Arm::Hand, Arm::HandOnThread, Arm::Contract];
    for at in 0..=count {
        for turn in 0..arms.len() {
            let arm = (at + turn) % arms.len();
            let duration = sample(arms[arm])?;
            if at > 0 {
                took[arm].push(duration);
            }
        }
    }
    Ok(Figures { took })
}

impl Figures {
    fn print(&self, name: &str) {
        let us = |arm: usize| median(self.took[arm].iter().map(|took| took.as_secs_f64() * 1e6));
        let ratio = |of: usize, to: usize| {
            let pairs = self.took[of].iter().zip(&self.took[to]);
            median(pairs.map(|(of, to)| of.as_secs_f64() / to.as_secs_f64()))
        };
        println!(
            "| {name} | {:.0} µs | {:.0} µs | {:.0} µs | {:.2} | {:.2} |",
            us(0),
            us(1),
            us(2),
            ratio(2, 0),
            ratio(2, 1)
        );
    }
}

fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Numbers that look random and are the same in each run (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % limit as u64) as usize
    }
}
