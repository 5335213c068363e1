//! What sharing a commit brings, through the lanes: senders of many channels, senders of one, and
//! people who join one guild. Each COMMIT takes 5 ms longer, as on a slow disk.
//!
//! Both arms run the same code; one may put a single batch into a transaction.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use backends::sqlite::{Options, SqliteStore};
use bytes::Bytes;
use domain::{
    Actor, App,
    app::{Parts, Passwords, Policy},
    blobs::{Blobs, Draft},
    bus::LocalBus,
    channel,
    clock::{Clock, SystemChance},
    guild, lane, login, member, message,
    rows::TABLES,
    seed,
    store::BoxFuture,
};
use proto::{
    Id, Limits, Timestamp,
    guild::Visibility,
    marker,
    message::CreateMessage,
    osc::{CreateGuild, Registration},
};

use crate::figures::median;

/// The disk that we pretend to have.
const DELAY: Duration = Duration::from_millis(5);
const SENDERS: usize = 64;
const SEND_PAIRS: usize = 20;
const JOINERS: usize = 1_000;
const JOIN_PAIRS: usize = 5;

/// One server without a network.
struct Arm {
    app: Arc<App>,
    people: Vec<Actor>,
    channels: Vec<Id<marker::Channel>>,
}

/// `bench-lanes`
pub fn run(_: &[String]) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(go())
}

async fn go() -> anyhow::Result<()> {
    let folder = std::env::temp_dir().join(format!("osc-lanes-{}", std::process::id()));
    let shared = open(&folder.join("shared"), Limits::default().commit_batches).await?;
    let alone = open(&folder.join("alone"), 1).await?;
    println!("each COMMIT takes {DELAY:?} longer; medians of interleaved pairs");
    for (what, channels) in [("64 channels", SENDERS), ("one channel", 1)] {
        let mut pairs = Vec::new();
        for _ in 0..SEND_PAIRS {
            pairs.push((send(&shared, channels).await?, send(&alone, channels).await?));
        }
        report(&format!("64 senders, {what}"), SENDERS, &pairs);
    }
    let mut pairs = Vec::new();
    for _ in 0..JOIN_PAIRS {
        pairs.push((join(&shared).await?, join(&alone).await?));
    }
    report("1,000 joins of one guild", JOINERS, &pairs);
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

fn report(what: &str, count: usize, pairs: &[(Duration, Duration)]) {
    let rate = |took: &Duration| count as f64 / took.as_secs_f64();
    let shared = median(pairs.iter().map(|(shared, _)| rate(shared)));
    let alone = median(pairs.iter().map(|(_, alone)| rate(alone)));
    let ratio = median(pairs.iter().map(|(shared, alone)| rate(shared) / rate(alone)));
    println!("{what}: {shared:.0}/s shared, {alone:.0}/s each alone, {ratio:.1} times");
}

/// Every sender sends one message; how long until all are durable.
async fn send(arm: &Arm, channels: usize) -> anyhow::Result<Duration> {
    let start = Instant::now();
    let sends = arm.people.iter().take(SENDERS).enumerate().map(|(n, actor)| {
        let (app, actor, channel) = (arm.app.clone(), *actor, arm.channels[n % channels]);
        let content = Some(format!("message of sender {n}, as long as such messages are"));
        let draft = CreateMessage { content, ..Default::default() };
        tokio::spawn(async move { message::send(&app, &actor, channel, draft, vec![]).await })
    });
    for send in sends.collect::<Vec<_>>() {
        answered(send.await?)?;
    }
    Ok(start.elapsed())
}

/// A thousand people join a new guild at once.
async fn join(arm: &Arm) -> anyhow::Result<Duration> {
    let guild = answered(guild::create(&arm.app, &arm.people[0], draft("Joined")).await)?.id;
    let start = Instant::now();
    let joins = arm.people[1..=JOINERS].iter().map(|actor| {
        let (app, actor) = (arm.app.clone(), *actor);
        tokio::spawn(async move { member::join(&app, &actor, guild, Default::default()).await })
    });
    for join in joins.collect::<Vec<_>>() {
        answered(join.await?)?;
    }
    Ok(start.elapsed())
}

fn draft(name: &str) -> CreateGuild {
    CreateGuild {
        name: name.to_owned(),
        visibility: Visibility::Public,
        description: None,
        icon: None,
        guests_write: None,
    }
}

fn answered<T>(result: domain::Result<T>) -> anyhow::Result<T> {
    match result {
        Ok(value) => Ok(value),
        Err(error) => bail!("refused: {error:?}"),
    }
}

async fn open(folder: &Path, commit_batches: usize) -> anyhow::Result<Arm> {
    let options = Options { commit_delay: DELAY, ..Options::default() };
    let limits = Limits { commit_batches, guest_owned_guilds: 1_000, ..Limits::default() };
    let parts = Parts {
        store: Arc::new(SqliteStore::open(folder, TABLES, options)?),
        clock: Arc::new(WallClock),
        chance: Arc::new(SystemChance),
        limits,
        policy: Policy {
            name: "Bench".to_owned(),
            description: String::new(),
            guests: true,
            registration: Registration::Open,
            list_new_guilds: true,
            public_url: "http://localhost".to_owned(),
        },
        passwords: Arc::new(Nothing),
        blobs: Arc::new(Nothing),
        bus: Arc::new(LocalBus::default()),
        node: 1,
    };
    let (app, queue) = App::open(parts).await?;
    tokio::spawn(lane::write(app.clone(), queue));
    let seeded = answered(seed::guests(&app, JOINERS + 1, "Lanes").await)?;
    let mut people = Vec::new();
    for token in &seeded.tokens {
        let actor = answered(login::authenticate(&app, token).await)?;
        people.push(actor.context("a seeded token stands for somebody")?);
    }
    let mut channels = vec![seeded.channel_id];
    while channels.len() < SENDERS {
        let draft = serde_json::from_value(serde_json::json!({
            "name": format!("c{}", channels.len()), "type": 0
        }))?;
        let made = channel::create(&app, &people[0], seeded.guild_id, draft).await;
        channels.push(answered(made)?.id);
    }
    Ok(Arm { app, people, channels })
}

struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Timestamp::from_ms(since.map_or(0, |since| since.as_millis() as i64))
    }
}

/// This bench has neither passwords nor files.
struct Nothing;

impl Passwords for Nothing {
    fn hash(&self, _: String) -> BoxFuture<'_, domain::Result<String>> {
        Box::pin(async { Err(anyhow::anyhow!("no passwords here").into()) })
    }

    fn verify(&self, _: String, _: Option<String>) -> BoxFuture<'_, domain::Result<bool>> {
        Box::pin(async { Ok(false) })
    }
}

impl Blobs for Nothing {
    fn begin(&self) -> BoxFuture<'_, anyhow::Result<Box<dyn Draft>>> {
        Box::pin(async { bail!("no files here") })
    }

    fn read<'a>(
        &'a self,
        _: &'a str,
        _: u64,
        _: usize,
    ) -> BoxFuture<'a, anyhow::Result<Option<Bytes>>> {
        Box::pin(async { Ok(None) })
    }

    fn size<'a>(&'a self, _: &'a str) -> BoxFuture<'a, anyhow::Result<Option<u64>>> {
        Box::pin(async { Ok(None) })
    }

    fn remove<'a>(&'a self, _: &'a str) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn list(&self) -> BoxFuture<'_, anyhow::Result<Vec<String>>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}
