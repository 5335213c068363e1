//! How long a search takes among many messages: makes its own in a folder of its own.
//!
//! `cargo run --release -p backends --example search_bench -- 1000000`

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use backends::sqlite::{Options, SqliteStore};
use domain::rows::{MessageTextRow, TABLES};
use domain::store::{Batch, Entity as _, Search, Store as _, words::tag};
use proto::Id;

/// Documents of one batch.
const PIECE: u64 = 5_000;
/// How often each question is asked.
const TIMES: usize = 20;
const CHANNELS: u64 = 20;
const AUTHORS: u64 = 500;
const VOCABULARY: u64 = 50_000;

fn main() -> anyhow::Result<()> {
    let count = std::env::args().nth(1).map_or(Ok(20_000), |text| text.parse());
    let count: u64 = count.context("how many messages?")?;
    let dir = std::env::temp_dir().join(format!("search-bench-{}", std::process::id()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(run(count, dir.clone()));
    let _ = std::fs::remove_dir_all(dir);
    outcome
}

async fn run(count: u64, dir: PathBuf) -> anyhow::Result<()> {
    let store = SqliteStore::open(&dir, TABLES, Options::default())?;
    let begun = Instant::now();
    let mut chance = 7;
    for from in (0..count).step_by(PIECE as usize) {
        let ids = from + 1..=(from + PIECE).min(count);
        let batch = ids.fold(Batch::new(), |batch, id| batch.put(&document(id, &mut chance)));
        let kept = store.commit(vec![batch]).await;
        kept.map_err(|error| anyhow::anyhow!("cannot write: {error:?}"))?;
    }
    let took = begun.elapsed();
    println!("{count} messages indexed in {took:.1?}, {:.0}/s", count as f64 / took.as_secs_f64());
    let word = |n: u64| format!("word{n}");
    let questions: [(&str, Vec<String>, Vec<String>); 6] = [
        ("a common word", vec![word(1)], vec![]),
        ("a rare word", vec![word(VOCABULARY - 1)], vec![]),
        ("two words", vec![word(1), word(40)], vec![]),
        ("a beginning", vec!["word12".to_owned()], vec![]),
        ("of an author", vec![], vec![tag('a', 7)]),
        ("a word in a channel", vec![word(3)], vec![tag('c', 3)]),
    ];
    for (name, words, tags) in questions {
        let mut search = Search::new(MessageTextRow::TABLE, words, 10_000);
        search.phrases = tags;
        search.phrases.push(tag('g', 1));
        let (mut times, mut found) = (Vec::new(), 0);
        for _ in 0..TIMES {
            let begun = Instant::now();
            found = store.search(&search).await?.len();
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        let at = |part: usize| -> Duration { times[(TIMES - 1) * part / 100] };
        println!("{name:>20}: {found:>6} found, p50 {:.2?}, p99 {:.2?}", at(50), at(99));
    }
    store.checkpoint_and_close().await
}

/// Words as people use them: few often, many seldom.
fn document(id: u64, chance: &mut u64) -> MessageTextRow {
    let mut next = |most: u64| {
        *chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (*chance >> 33) % most
    };
    let channel = next(CHANNELS) + 1;
    let mut text = String::new();
    for _ in 0..12 {
        let within = next(VOCABULARY) + 1;
        text.push_str(&format!("word{} ", next(within)));
    }
    for tag in [tag('g', 1), tag('c', channel), tag('a', next(AUTHORS)), tag('t', "user")] {
        text.push_str(&tag);
        text.push(' ');
    }
    let (message_id, channel_id) = (Id::new(id), Id::new(channel));
    let none = "ids begin at one";
    MessageTextRow {
        message_id: message_id.expect(none),
        channel_id: channel_id.expect(none),
        text,
    }
}
