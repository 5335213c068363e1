//! Kills the server with -9, again and again, while people write; nothing acknowledged may be lost.
//!
//! Writers send with a nonce and send again until they know; readers resume, or fetch what they
//! missed when they are told that they cannot. Every fifth round it is killed while it starts.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, bail};
use client::{
    Error, Gateway, Options, Rest,
    gateway::{Event, Status},
};
use proto::{Id, gateway::Dispatch, guild::Visibility, marker, message::Nonce};
use serde_json::json;
use tokio::process::Child;

use crate::{
    chance::Chance,
    ledger::{self, Entry, History},
    process::Place,
};

const WRITERS: usize = 8;
const READERS: usize = 4;
const CHANNELS: usize = 4;

type Channel = Id<marker::Channel>;

struct Run {
    place: Place,
    history: History,
    channels: Vec<Channel>,
    over: AtomicBool,
    resumed: AtomicUsize,
    identified: AtomicUsize,
    /// Messages sent again although they were answered.
    resent: AtomicUsize,
}

/// `kills [ROUNDS] [SEED]`
pub fn run(args: &[String]) -> anyhow::Result<()> {
    let rounds = args.first().map_or(Ok(30), |rounds| rounds.parse())?;
    let seed = args.get(1).map_or_else(|| Ok(std::process::id().into()), |seed| seed.parse())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(go(rounds, seed))
}

async fn go(rounds: usize, seed: u64) -> anyhow::Result<()> {
    let place = Place::new("kills")?;
    println!("kills: {rounds} rounds, seed {seed}, {}", place.binary.display());
    let mut server = place.spawn()?;
    place.ready(&mut server).await?;
    let (channels, people) = settle(&place).await?;
    let run = Arc::new(Run {
        place,
        history: History::default(),
        channels,
        over: AtomicBool::new(false),
        resumed: AtomicUsize::new(0),
        identified: AtomicUsize::new(0),
        resent: AtomicUsize::new(0),
    });
    let (writers, readers) = people.split_at(WRITERS);
    let readers = readers.iter().enumerate();
    let readers: Vec<_> =
        readers.map(|(n, token)| tokio::spawn(read(run.clone(), n, token.clone()))).collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let writing = writers.iter().enumerate();
    let writing = writing.map(|(n, token)| {
        let chance = Chance::new(seed.wrapping_add(n as u64 + 1));
        tokio::spawn(write(run.clone(), n, token.clone(), chance))
    });
    let writing: Vec<_> = writing.collect();

    let mut recoveries = kill(&run, &mut server, rounds, Chance::new(seed)).await?;
    run.over.store(true, Ordering::SeqCst);
    for writer in writing {
        writer.await??;
    }
    read_back(&run, &writers[0]).await?;
    wait_for_readers(&run).await;
    readers.iter().for_each(|reader| reader.abort());
    server.kill().await?;
    recoveries.sort_unstable();
    report(&run, rounds, &recoveries)
}

/// A room with its channels, and tokens of those who write and read in it.
async fn settle(place: &Place) -> anyhow::Result<(Vec<Channel>, Vec<String>)> {
    let rest = place.rest()?;
    let owner = rest.create_guest("Founder").await?.token.context("a token")?;
    let owner = rest.with_token(owner);
    let guild = owner.create_guild("Durable", Visibility::Public).await?.id;
    let mut channels = Vec::new();
    for n in 0..CHANNELS {
        let draft = json!({ "name": format!("c{n}"), "type": 0 });
        channels.push(owner.create_channel(guild, &draft).await?.id);
    }
    let mut people = Vec::new();
    for n in 0..WRITERS + READERS {
        let token = rest.create_guest(&format!("Guest {n}")).await?.token.context("a token")?;
        rest.with_token(token.as_str()).join_guild(guild).await?;
        people.push(token);
    }
    Ok((channels, people))
}

/// Kills and starts, and answers how long each start took, in milliseconds.
async fn kill(
    run: &Run,
    server: &mut Child,
    rounds: usize,
    mut chance: Chance,
) -> anyhow::Result<Vec<u128>> {
    let mut recoveries = Vec::new();
    for round in 1..=rounds {
        tokio::time::sleep(Duration::from_millis(chance.between(50, 2_000))).await;
        server.kill().await?;
        *server = run.place.spawn()?;
        if round % 5 == 0 {
            tokio::time::sleep(Duration::from_millis(chance.between(0, 80))).await;
            server.kill().await?;
            *server = run.place.spawn()?;
        }
        recoveries.push(run.place.ready(server).await?.as_millis());
        if round % 10 == 0 {
            println!("kills: {round} of {rounds}");
        }
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    Ok(recoveries)
}

/// Sends one message after the other, each until its fate is known.
async fn write(run: Arc<Run>, n: usize, token: String, mut chance: Chance) -> anyhow::Result<()> {
    let rest = run.place.rest()?.with_token(token).with_timeout(Duration::from_secs(3));
    let mut k = 0;
    while !run.over.load(Ordering::SeqCst) {
        k += 1;
        let channel = run.channels[chance.below(run.channels.len() as u64) as usize];
        let nonce = format!("w{n}-{k}");
        send(&run, &rest, n, channel, &nonce).await;
        if chance.below(10) == 0 {
            // A client that never got its answer sends again, at any time.
            run.resent.fetch_add(1, Ordering::Relaxed);
            send(&run, &rest, n, channel, &nonce).await;
        }
    }
    Ok(())
}

async fn send(run: &Run, rest: &Rest, n: usize, channel: Channel, nonce: &str) {
    let client = || format!("w{n}");
    let (chan, nonce) = (channel.get(), nonce.to_owned());
    let name = nonce.clone();
    run.history.push(|t| Entry::Send { t, client: client(), chan, nonce: name });
    loop {
        let name = nonce.clone();
        match rest.send_message(channel, &nonce, Some(&nonce)).await {
            Ok(message) => {
                let id = message.id.get();
                run.history.push(|t| Entry::Ack { t, client: client(), chan, nonce: name, id });
                return;
            }
            // 5xx means: nobody knows. Anything else that was refused never was, never will be.
            Err(Error::Refused(refusal)) if refusal.status < 500 => {
                let definite = true;
                run.history.push(|t| Entry::Fail { t, client: client(), nonce: name, definite });
                return;
            }
            Err(_) => {
                let definite = false;
                run.history.push(|t| Entry::Fail { t, client: client(), nonce: name, definite });
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

/// Follows all channels: by resuming, and by fetching what was missed when that is refused.
async fn read(run: Arc<Run>, n: usize, token: String) -> anyhow::Result<()> {
    let name = format!("r{n}");
    for channel in &run.channels {
        let (client, chan) = (name.clone(), channel.get());
        run.history.push(|t| Entry::Sub { t, client, chan });
    }
    let rest = run.place.rest()?.with_token(token.as_str());
    let mut gateway = Gateway::connect(Options::new(run.place.gateway(), token))?;
    let mut known = vec![Known::default(); run.channels.len()];
    let mut first = true;
    while let Some(event) = gateway.next().await {
        let Event::Dispatch { dispatch, .. } = event else {
            bail!("{name} cannot read {event:?}");
        };
        match dispatch {
            Dispatch::Resumed(_) => drop(run.resumed.fetch_add(1, Ordering::Relaxed)),
            Dispatch::Ready(_) => {
                run.identified.fetch_add(1, Ordering::Relaxed);
                if !std::mem::take(&mut first) {
                    catch_up(&run, &rest, &name, &mut known).await;
                }
            }
            Dispatch::MessageCreate(message) => {
                let place = run.channels.iter().position(|id| *id == message.channel_id);
                let Some(place) = place else { continue };
                seen(&run, &name, &mut known[place], &message);
            }
            _ => {}
        }
    }
    match gateway.handle().status() {
        Status::Refused(code) => bail!("{name} was refused with {code}"),
        _ => Ok(()),
    }
}

/// What was fetched after a lost session may come again from the gateway: a client drops it.
/// What comes twice within a session is the server's fault, and is written down.
fn seen(run: &Run, name: &str, known: &mut Known, message: &proto::message::Message) {
    let id = message.id.get();
    if id <= known.fetched {
        return;
    }
    let nonce = match &message.nonce {
        Some(Nonce::Text(nonce)) => nonce.clone(),
        _ => String::new(),
    };
    known.newest = known.newest.max(id);
    let (client, chan) = (name.to_owned(), message.channel_id.get());
    run.history.push(|t| Entry::Recv { t, client, chan, id, nonce });
}

/// What a reader knows of a channel.
#[derive(Clone, Copy, Default)]
struct Known {
    newest: u64,
    /// The newest that was fetched rather than told.
    fetched: u64,
}

/// Fetches what came after the newest that is known, oldest first.
async fn catch_up(run: &Run, rest: &Rest, name: &str, known: &mut [Known]) {
    for (place, channel) in run.channels.iter().enumerate() {
        loop {
            let path = format!(
                "/channels/{channel}/messages?limit=100&after={}",
                known[place].newest.max(1)
            );
            let Ok(answer) = rest.get(&path).await else {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            let Ok(mut page) = answer.read::<Vec<proto::message::Message>>() else { continue };
            page.reverse();
            for message in &page {
                seen(run, name, &mut known[place], message);
            }
            known[place].fetched = known[place].newest;
            if page.len() < 100 {
                break;
            }
        }
    }
}

/// The channels as they are at the end.
async fn read_back(run: &Run, token: &str) -> anyhow::Result<()> {
    let rest = run.place.rest()?.with_token(token).patient();
    for channel in &run.channels {
        let (mut ids, mut before) = (Vec::new(), None);
        loop {
            let page = rest.messages(*channel, before, 100).await?;
            let Some(last) = page.last() else { break };
            before = Some(last.id);
            ids.extend(page.iter().map(|message| match &message.nonce {
                Some(Nonce::Text(nonce)) => (message.id.get(), nonce.clone()),
                _ => (message.id.get(), message.content.clone()),
            }));
        }
        ids.reverse();
        let chan = channel.get();
        run.history.push(|_| Entry::Final { chan, ids });
    }
    Ok(())
}

/// Until every reader has every message, or nothing more can be expected.
async fn wait_for_readers(run: &Run) {
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        if !ledger::judge(&run.history.entries()).broken.contains_key("recv_gap") {
            return;
        }
    }
}

fn report(run: &Run, rounds: usize, recoveries: &[u128]) -> anyhow::Result<()> {
    let file = run.place.data.join("history.jsonl");
    run.history.write(&file)?;
    let verdict = ledger::judge(&run.history.entries());
    let at =
        |share: usize| recoveries.get((recoveries.len() * share / 100).min(recoveries.len() - 1));
    println!(
        "kills={rounds} resent={} resumed={} identified={} recovery_p50_ms={} recovery_p99_ms={}",
        run.resent.load(Ordering::Relaxed),
        run.resumed.load(Ordering::Relaxed),
        run.identified.load(Ordering::Relaxed),
        at(50).unwrap_or(&0),
        at(99).unwrap_or(&0),
    );
    println!("{verdict}");
    let second = second_judge(&file)?;
    if !verdict.is_kept() || !second {
        bail!("a promise was broken: the history is {}", file.display());
    }
    run.place.remove();
    Ok(())
}

/// A judge that others wrote, where it is there.
fn second_judge(history: &Path) -> anyhow::Result<bool> {
    let judge = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/kit/durability/ledger.py");
    if !judge.exists() {
        println!("skipped: the second judge (../shared) is not here");
        return Ok(true);
    }
    let status = std::process::Command::new("python3").arg(judge).arg(history).status()?;
    Ok(status.success())
}
