//! The ten operations that bots use most, one after the other: requests a second and how long one
//! takes, over HTTP against a server of its own.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use client::{Rest, rest::Body};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{figures::quantile, process::Place};

/// Bots that ask at a time, each the next thing when the last is answered.
const CLIENTS: usize = 16;
const SECONDS: u64 = 5;

/// `bench-api [SECONDS]`
pub fn run(args: &[String]) -> anyhow::Result<()> {
    let seconds = args.first().map_or(Ok(SECONDS), |text| text.parse())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(go(Duration::from_secs(seconds)))
}

/// What is asked about.
#[derive(Clone)]
struct About {
    guild: String,
    channel: String,
    message: String,
    user: String,
}

/// Name, method, path and body.
type Operation = (&'static str, &'static str, &'static str, Option<&'static str>);

const CRAB: &str = "/channels/{channel}/messages/{message}/reactions/%F0%9F%A6%80/@me";

const OPERATIONS: [Operation; 10] = [
    ("send a message", "POST", "/channels/{channel}/messages", Some(r#"{"content":"bench"}"#)),
    ("history, 50", "GET", "/channels/{channel}/messages?limit=50", None),
    ("one message", "GET", "/channels/{channel}/messages/{message}", None),
    (
        "edit a message",
        "PATCH",
        "/channels/{channel}/messages/{message}",
        Some(r#"{"content":"edited"}"#),
    ),
    ("react", "PUT", CRAB, None),
    ("typing", "POST", "/channels/{channel}/typing", None),
    ("a room", "GET", "/guilds/{guild}", None),
    ("its channels", "GET", "/guilds/{guild}/channels", None),
    ("a member", "GET", "/guilds/{guild}/members/{user}", None),
    ("oneself", "GET", "/users/@me", None),
];

async fn go(time: Duration) -> anyhow::Result<()> {
    let place = Place::new("api")?;
    let off = [("OPENSRCCHAT_RATE_LIMITS", Path::new("false"))];
    let mut server = place.spawn_in(&[], &off)?;
    place.ready(&mut server).await?;
    let bots = settle(&place).await?;
    println!("{} bots, each in a loop, {} s an operation", bots.len(), time.as_secs());
    println!("| operation | requests/s | p50 ms | p99 ms |\n|---|---|---|---|");
    for operation in OPERATIONS {
        measure(&bots, operation, time).await?;
    }
    server.kill().await?;
    place.remove();
    Ok(())
}

/// A room with bots in it, and a message of each.
async fn settle(place: &Place) -> anyhow::Result<Vec<(Rest, About)>> {
    let tokens = place.data.join("tokens");
    let tokens = tokens.to_str().context("a path of text")?;
    let room =
        admin(place, &["seed", "--guild", "Bench", "--guests", "2", "--tokens", tokens]).await?;
    let text = |value: &Value| value.as_str().map(str::to_owned).context("a text");
    let (guild, channel) = (text(&room["guild_id"])?, text(&room["channel_id"])?);
    let mut bots = Vec::new();
    for n in 0..CLIENTS {
        let bot = admin(place, &["bot", "--guild", &guild, "--name", &format!("b{n}")]).await?;
        let rest = place.rest()?.with_token(format!("Bot {}", text(&bot["token"])?));
        let path = format!("/channels/{channel}/messages");
        let body = Body::json(&json!({ "content": format!("hello from {n}") }))?;
        let sent = rest.send("POST".parse()?, &path, body).await?;
        let about = About {
            guild: guild.clone(),
            channel: channel.clone(),
            message: text(&sent.json()["id"])?,
            user: text(&bot["user_id"])?,
        };
        bots.push((rest, about));
    }
    Ok(bots)
}

async fn admin(place: &Place, args: &[&str]) -> anyhow::Result<Value> {
    let data = place.data.join("data");
    let mut command = Command::new(&place.binary);
    let output = command.arg("--data").arg(data).arg("admin").args(args).output().await?;
    if !output.status.success() {
        bail!("admin {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

async fn measure(
    bots: &[(Rest, About)],
    operation: Operation,
    time: Duration,
) -> anyhow::Result<()> {
    let begun = Instant::now();
    let until = begun + time;
    let asking: Vec<_> = bots
        .iter()
        .map(|(rest, about)| tokio::spawn(ask(rest.clone(), about.clone(), operation, until)))
        .collect();
    let mut took = Vec::new();
    for one in asking {
        took.extend(one.await??);
    }
    let rate = took.len() as f64 / begun.elapsed().as_secs_f64();
    let at = |share| quantile(took.iter().copied(), share);
    println!("| {} | {rate:.0} | {:.2} | {:.2} |", operation.0, at(0.5), at(0.99));
    Ok(())
}

/// Milliseconds that each request took.
async fn ask(
    rest: Rest,
    about: About,
    (name, method, path, body): Operation,
    until: Instant,
) -> anyhow::Result<Vec<f64>> {
    let path = path
        .replace("{guild}", &about.guild)
        .replace("{channel}", &about.channel)
        .replace("{message}", &about.message)
        .replace("{user}", &about.user);
    let mut took = Vec::new();
    while Instant::now() < until {
        let body = match body {
            Some(text) => Body::raw("application/json", text.to_owned()),
            None => Body::none(),
        };
        let begun = Instant::now();
        let answer = rest.send(method.parse()?, &path, body).await?;
        if !answer.is_success() {
            bail!("{name}: {answer}");
        }
        took.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok(took)
}
