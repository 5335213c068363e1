//! How the directory grows: what a page costs at this many public rooms, on the store on disk.
//!
//! `cargo run --release -p server --example directory_bench -- 1000000` walks all pages, so it
//! also proves that each room is listed exactly once.
#![forbid(unsafe_code)]

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use backends::sqlite::{Options, SqliteStore};
use domain::{
    App,
    app::{Parts, Policy},
    bus::LocalBus,
    clock::SystemChance,
    directory::{self, Order},
    rows::{DirectoryRow, TABLES},
    store::{Batch, Store as _},
};
use proto::{Id, Limits, osc::Registration};
use server::{blobs::MemoryBlobs, clock::SystemClock, passwords::Argon};

/// Rooms written in one transaction.
const PIECE: u64 = 10_000;

const WORDS: [&str; 8] = ["chess", "tea", "rust", "music", "hiking", "poems", "space", "bread"];

fn room(at: u64) -> DirectoryRow {
    let word = WORDS[(at % 8) as usize];
    DirectoryRow {
        guild_id: Id::new(at).expect("above zero"),
        name: format!("{word} room {at}"),
        sort_name: directory::sort_name(&format!("{word} room {at}")),
        slug: Some(format!("{word}-{at}")),
        description: Some(format!("People who like {word}, number {at}")),
        icon: None,
        member_count: (at % 997) as u32,
        last_activity: None,
        // Scattered, with many equal ones.
        rank: (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 50) as i64,
    }
}

async fn open(dir: &std::path::Path, rooms: u64) -> anyhow::Result<Arc<App>> {
    let store = Arc::new(SqliteStore::open(dir, TABLES, Options::default())?);
    let began = Instant::now();
    for from in (1..=rooms).step_by(PIECE as usize) {
        let ids = from..(from + PIECE).min(rooms + 1);
        let batch = ids.fold(Batch::new(), |batch, at| batch.insert(&room(at)));
        let done = store.commit(vec![batch]).await;
        ensure!(matches!(done.as_deref(), Ok([Ok(())])), "cannot write rooms: {done:?}");
    }
    println!("{rooms} rooms written in {:.1?}", began.elapsed());
    let (chance, limits) = (Arc::new(SystemChance), Limits::default());
    let parts = Parts {
        store,
        clock: Arc::new(SystemClock),
        passwords: Arc::new(Argon::start(&limits, chance.clone())?),
        chance,
        limits,
        policy: Policy {
            name: "bench".to_owned(),
            description: String::new(),
            guests: true,
            registration: Registration::Open,
            list_new_guilds: true,
            public_url: String::new(),
        },
        blobs: Arc::new(MemoryBlobs::default()),
        bus: Arc::new(LocalBus::default()),
        node: 1,
    };
    Ok(App::open(parts).await?.0)
}

fn shown(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100];
    println!("{what:<32} p50 {:>8.1?}   p99 {:>8.1?}   n {}", at(50), at(99), times.len());
}

async fn walk(app: &App, order: Order, rooms: u64) -> anyhow::Result<()> {
    let (mut seen, mut times, mut after) = (HashSet::new(), Vec::new(), None::<String>);
    loop {
        let began = Instant::now();
        let page = directory::list(app, None, order, None, after.as_deref()).await;
        times.push(began.elapsed());
        let page = page.map_err(|error| anyhow::anyhow!("no page: {error:?}"))?;
        seen.extend(page.items.iter().map(|item| item.id));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    ensure!(seen.len() as u64 == rooms, "{} of {rooms} rooms are listed", seen.len());
    let some = times.len().min(200);
    let last = times[times.len() - some..].to_vec();
    times.truncate(some);
    shown(&format!("{order:?}: first pages of 50"), times);
    shown(&format!("{order:?}: last pages of 50"), last);
    Ok(())
}

async fn search(app: &App, query: &str) -> anyhow::Result<()> {
    let mut times = Vec::new();
    for _ in 0..50 {
        let began = Instant::now();
        let page = directory::list(app, Some(query), Default::default(), None, None).await;
        times.push(began.elapsed());
        page.map_err(|error| anyhow::anyhow!("no page: {error:?}"))?;
    }
    shown(&format!("search {query:?}"), times);
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let rooms = std::env::args().nth(1).context("say how many rooms")?.parse()?;
    let dir = std::env::temp_dir().join(format!("directory-bench-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let app = open(&dir, rooms).await?;
    for order in [Order::Rank, Order::Members, Order::New, Order::Name] {
        walk(&app, order, rooms).await?;
    }
    search(&app, &format!("rust {}", rooms / 8 * 8 - 6)).await?;
    search(&app, "che").await?;
    search(&app, "people room").await?;
    drop(app);
    Ok(std::fs::remove_dir_all(dir)?)
}
