//! A server as a process, and its clients: how long a message takes from one to another, and how
//! long a session takes to start in a small and in a large guild.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use client::{Gateway, Options, Rest, gateway::Event};
use proto::{Id, gateway::Dispatch, marker};
use serde_json::Value;
use tokio::process::Command;

use crate::{
    figures::{median, quantile},
    process::Place,
};

/// Messages, one at a time, with a pause.
const MESSAGES: usize = 500;
const PAUSE: Duration = Duration::from_millis(20);
/// Listeners beside the one that is measured.
const LISTENERS: usize = 100;
const LARGE: usize = 5_000;
const START_PAIRS: usize = 20;

/// `bench-chat`
pub fn run(_: &[String]) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(go())
}

async fn go() -> anyhow::Result<()> {
    let place = Place::new("chat")?;
    let mut server = place.spawn()?;
    place.ready(&mut server).await?;
    latency(&place).await?;
    starts(&place).await?;
    server.kill().await?;
    place.remove();
    Ok(())
}

/// A guild with so many guests, made by the operator's own command.
struct Seeded {
    channel: Id<marker::Channel>,
    tokens: Vec<String>,
}

async fn seed(place: &Place, guests: usize, name: &str) -> anyhow::Result<Seeded> {
    let tokens = place.data.join(format!("{name}.tokens"));
    let output = Command::new(&place.binary)
        .arg("--data")
        .arg(place.data.join("data"))
        .args(["admin", "seed", "--guild", name, "--guests", &guests.to_string()])
        .arg("--tokens")
        .arg(&tokens)
        .output()
        .await?;
    if !output.status.success() {
        bail!("cannot seed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let made: Value = serde_json::from_slice(&output.stdout)?;
    let channel = made["channel_id"].as_str().context("a channel")?.parse()?;
    let tokens = std::fs::read_to_string(tokens)?.lines().map(str::to_owned).collect();
    Ok(Seeded { channel, tokens })
}

fn connect(place: &Place, token: &str) -> anyhow::Result<Gateway> {
    Ok(Gateway::connect(Options::new(place.gateway(), token))?)
}

/// Until READY and the GUILD_CREATE behind it.
async fn started(gateway: &mut Gateway) -> anyhow::Result<()> {
    loop {
        match gateway.next().await.context("the session ended")? {
            Event::Dispatch { dispatch: Dispatch::GuildCreate(_), .. } => return Ok(()),
            _ => continue,
        }
    }
}

async fn latency(place: &Place) -> anyhow::Result<()> {
    let room = seed(place, LISTENERS + 2, "Latency").await?;
    let mut listener = connect(place, &room.tokens[1])?;
    started(&mut listener).await?;
    let mut others = Vec::new();
    for token in &room.tokens[2..] {
        let mut gateway = connect(place, token)?;
        started(&mut gateway).await?;
        others.push(tokio::spawn(async move { while gateway.next().await.is_some() {} }));
    }
    let sender: Rest = place.rest()?.with_token(room.tokens[0].as_str());
    let (mut received, mut answered) = (Vec::new(), Vec::new());
    for n in 0..MESSAGES {
        let begun = Instant::now();
        let content = n.to_string();
        let (answer, heard) = tokio::join!(
            async {
                sender.send_message(room.channel, &content, None).await?;
                anyhow::Ok(begun.elapsed())
            },
            hears(&mut listener, &content, begun),
        );
        answered.push(answer?.as_secs_f64() * 1_000.0);
        received.push(heard?.as_secs_f64() * 1_000.0);
        tokio::time::sleep(PAUSE).await;
    }
    let line = |name: &str, samples: &[f64]| {
        let (p50, p99) =
            (quantile(samples.iter().copied(), 0.5), quantile(samples.iter().copied(), 0.99));
        println!("{name}: p50 {p50:.2} ms, p99 {p99:.2} ms");
    };
    println!("{MESSAGES} messages to {} sessions, one at a time", LISTENERS + 1);
    line("send -> received by another", &received);
    line("send -> answered (durable)", &answered);
    others.iter().for_each(|other| other.abort());
    Ok(())
}

async fn hears(gateway: &mut Gateway, content: &str, begun: Instant) -> anyhow::Result<Duration> {
    loop {
        let event = gateway.next().await.context("the session ended")?;
        let Event::Dispatch { dispatch: Dispatch::MessageCreate(message), .. } = event else {
            continue;
        };
        if message.content == content {
            return Ok(begun.elapsed());
        }
    }
}

/// From connecting to READY and GUILD_CREATE: small and large take turns.
async fn starts(place: &Place) -> anyhow::Result<()> {
    let small = seed(place, 5, "Small").await?;
    let large = seed(place, LARGE, "Large").await?;
    let mut pairs = Vec::new();
    for n in 0..START_PAIRS {
        let small = start(place, &small.tokens[n % 4 + 1]).await?;
        let large = start(place, &large.tokens[n + 1]).await?;
        pairs.push((small, large));
    }
    let ms = |took: &Duration| took.as_secs_f64() * 1_000.0;
    println!(
        "connect -> READY, GUILD_CREATE: 5 members {:.2} ms, {LARGE} members {:.2} ms, ratio {:.2}",
        median(pairs.iter().map(|(small, _)| ms(small))),
        median(pairs.iter().map(|(_, large)| ms(large))),
        median(pairs.iter().map(|(small, large)| ms(large) / ms(small))),
    );
    Ok(())
}

async fn start(place: &Place, token: &str) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let mut gateway = connect(place, token)?;
    started(&mut gateway).await?;
    let took = begun.elapsed();
    gateway.handle().stop().await;
    Ok(took)
}
