//! What a disk and a clock do to a running server: full, failing, jumping.
//!
//! A full disk refuses writes and the server recovers by itself; a failed fsync ends the process
//! with 74 and is never tried again; a jumping clock stops nothing and repeats no id. What this
//! machine lacks for a part is said, and the part is left out.

use std::{
    collections::BTreeSet,
    env, fs,
    io::Write as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use client::{Error, Gateway, Options, Rest, gateway::Event};
use proto::{Id, gateway::Dispatch, guild::Visibility, marker};
use tokio::{
    process::{Child, Command},
    time::{sleep, timeout},
};

use crate::process::Place;

/// `EX_IOERR` of sysexits.h.
const EXIT_IO: i32 = 74;
const DISK: &str = "size=48m";
const WITHIN: Duration = Duration::from_secs(30);
/// Messages between two turns of a part.
const SOME: usize = 20;
/// Where Debian's `faketime` puts its library, below `/usr/lib`.
const FAKETIME: &str = "faketime/libfaketimeMT.so.1";

type MessageId = Id<marker::Message>;

/// `faults`
pub fn run(_: &[String]) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut tally = Tally::default();
    tally.count("the disk is full", lacking(&["unshare", "mount"]), || runtime.block_on(full()));
    tally.count("an fsync fails", lacking(&["strace"]), || runtime.block_on(failing()));
    let missing = faketime().is_none().then(|| "faketime is not installed".to_owned());
    tally.count("the clock jumps", missing, || runtime.block_on(jumping()));
    println!("{} passed, {} failed, {} skipped", tally.passed, tally.failed, tally.skipped);
    ensure!(tally.failed == 0, "a promise was broken");
    Ok(())
}

#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Tally {
    fn count(
        &mut self,
        name: &str,
        missing: Option<String>,
        part: impl FnOnce() -> anyhow::Result<String>,
    ) {
        if let Some(missing) = missing {
            self.skipped += 1;
            return println!("skipped: {name}: {missing}");
        }
        match part() {
            Ok(seen) => {
                self.passed += 1;
                println!("ok: {name}: {seen}");
            }
            Err(error) => {
                self.failed += 1;
                println!("FAILED: {name}: {error:#}");
            }
        }
    }
}

/// What a part needs and this machine does not have.
fn lacking(programs: &[&str]) -> Option<String> {
    // Mounting and tracing are for root.
    if fs::metadata("/proc/self").is_ok_and(|us| std::os::unix::fs::MetadataExt::uid(&us) != 0) {
        return Some("only root may do that".to_owned());
    }
    let folders: Vec<_> = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect();
    let is_here = |program: &str| folders.iter().any(|folder| folder.join(program).exists());
    let missing = programs.iter().find(|program| !is_here(program))?;
    Some(format!("{missing} is not installed"))
}

fn faketime() -> Option<PathBuf> {
    let kinds = fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path());
    kinds.chain(["/usr/lib".into()]).map(|kind| kind.join(FAKETIME)).find(|path| path.exists())
}

/// Somebody with a room who writes, and what was acknowledged.
struct Writer {
    rest: Rest,
    channel: Id<marker::Channel>,
    acknowledged: Vec<MessageId>,
    token: String,
}

impl Writer {
    async fn new(place: &Place) -> anyhow::Result<Self> {
        let token = place.rest()?.create_guest("Founder").await?.token.context("a token")?;
        let rest = place.rest()?.with_token(token.as_str()).with_timeout(Duration::from_secs(5));
        let guild = rest.create_guild("Faults", Visibility::Public).await?.id;
        let draft = serde_json::json!({ "name": "all", "type": 0 });
        let channel = rest.create_channel(guild, &draft).await?.id;
        Ok(Self { rest, channel, acknowledged: Vec::new(), token })
    }

    async fn write(&mut self, content: &str) -> Result<MessageId, Error> {
        let id = self.rest.send_message(self.channel, content, None).await?.id;
        self.acknowledged.push(id);
        Ok(id)
    }

    async fn write_some(&mut self) -> anyhow::Result<()> {
        for n in 0..SOME {
            self.write(&format!("message {n}")).await?;
        }
        Ok(())
    }

    /// Everything acknowledged is there, and ids were given in order, each once.
    async fn check(&self) -> anyhow::Result<()> {
        ensure!(self.acknowledged.is_sorted_by(|a, b| a < b), "ids went backward");
        let (mut kept, mut before) = (BTreeSet::new(), None);
        loop {
            let page = self.rest.messages(self.channel, before, 100).await?;
            let Some(last) = page.last() else { break };
            before = Some(last.id);
            kept.extend(page.iter().map(|message| message.id));
        }
        let lost = self.acknowledged.iter().filter(|id| !kept.contains(id)).count();
        ensure!(lost == 0, "{lost} acknowledged messages are lost");
        Ok(())
    }
}

/// The server on a disk of its own, which somebody else fills.
async fn full() -> anyhow::Result<String> {
    let place = Place::new("full")?;
    let data = place.data.join("data");
    fs::create_dir_all(&data)?;
    let mount = format!("mount -t tmpfs -o {DISK} osc {} && exec \"$@\"", data.display());
    let mut server = place.spawn_in(&["unshare", "-m", "sh", "-c", &mount, "sh"], &[])?;
    place.ready(&mut server).await?;
    let mut writer = Writer::new(&place).await?;
    writer.write_some().await?;

    let pid = server.id().context("it runs")?;
    // Its mount is seen from here through its root.
    let inside = PathBuf::from(format!("/proc/{pid}/root")).join(data.strip_prefix("/")?);
    let filler = inside.join("filler");
    fill(&filler)?;
    let long = "word ".repeat(380);
    let refused = loop {
        match writer.write(&long).await {
            Ok(_) => {}
            Err(Error::Refused(refusal)) => break refusal.status,
            Err(error) => bail!("no answer at all: {error}"),
        }
        ensure!(writer.acknowledged.len() < 100_000, "the disk never fills");
    };
    ensure!(refused == 507, "a full disk answered {refused}");
    writer.check().await.context("reading while it is full")?;
    fs::remove_file(&filler)?;
    let freed = Instant::now();
    while let Err(error) = writer.write("again").await {
        ensure!(freed.elapsed() < WITHIN, "it did not recover: {error}");
        sleep(Duration::from_millis(100)).await;
    }
    let recovered = freed.elapsed();
    writer.write_some().await?;
    writer.check().await?;
    ensure!(server.try_wait()?.is_none(), "it ended");
    server.kill().await?;
    place.remove();
    Ok(format!("507, read on, wrote again {} ms after there was room", recovered.as_millis()))
}

/// Takes all the room there is.
fn fill(path: &Path) -> anyhow::Result<()> {
    let mut file = fs::File::create(path).context("the server's disk cannot be seen")?;
    let piece = vec![b'x'; 64 << 10];
    for size in [piece.len(), 512] {
        while file.write_all(&piece[..size]).is_ok() {}
    }
    Ok(())
}

/// Every fsync fails from some moment on.
async fn failing() -> anyhow::Result<String> {
    let place = Place::new("failing")?;
    let mut server = place.spawn()?;
    place.ready(&mut server).await?;
    let mut writer = Writer::new(&place).await?;
    writer.write_some().await?;

    let pid = server.id().context("it runs")?.to_string();
    let mut tracer = trace(&pid)?;
    let ended = async {
        while writer.acknowledged.len() < SOME * 100 {
            let before = writer.acknowledged.len();
            let _ = writer.write("on a failing disk").await;
            if let Some(status) = server.try_wait()? {
                let late = writer.acknowledged.len() - before;
                return anyhow::Ok((status.code(), late));
            }
            sleep(Duration::from_millis(20)).await;
        }
        bail!("it went on although every fsync fails")
    };
    let (code, _) = timeout(WITHIN, ended).await.context("it neither ended nor went on")??;
    tracer.wait().await?;
    ensure!(code == Some(EXIT_IO), "it ended with {code:?}");

    let mut server = place.spawn()?;
    place.ready(&mut server).await?;
    writer.write_some().await?;
    writer.check().await?;
    server.kill().await?;
    place.remove();
    Ok(format!("ended with {EXIT_IO}, came back with all {}", writer.acknowledged.len()))
}

fn trace(pid: &str) -> anyhow::Result<Child> {
    let inject = "inject=fsync,fdatasync:error=EIO";
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", inject, "-p", pid]);
    strace.kill_on_drop(true).spawn().context("cannot start strace")
}

/// The wall clock goes back an hour, on a day, and back to the truth.
async fn jumping() -> anyhow::Result<String> {
    let place = Place::new("jumping")?;
    let library = faketime().context("faketime is installed")?;
    let clock = place.data.join("clock");
    let set = |to: &str| fs::write(&clock, to).context("cannot set the clock");
    let environment = [
        ("LD_PRELOAD", library.as_path()),
        ("FAKETIME_TIMESTAMP_FILE", &clock),
        ("FAKETIME_NO_CACHE", Path::new("1")),
        // A clock that is set moves the wall clock only.
        ("FAKETIME_DONT_FAKE_MONOTONIC", Path::new("1")),
    ];
    set("+0")?;
    let mut server = place.spawn_in(&[], &environment)?;
    place.ready(&mut server).await?;
    let mut writer = Writer::new(&place).await?;
    let mut gateway = Gateway::connect(Options::new(place.gateway(), writer.token.as_str()))?;
    let ready = async {
        while let Some(event) = gateway.next().await {
            if matches!(event, Event::Dispatch { dispatch: Dispatch::GuildCreate(_), .. }) {
                return Ok(());
            }
        }
        bail!("no session")
    };
    timeout(WITHIN, ready).await.context("no session")??;
    for to in ["+0", "-1h", "+1d", "-1d", "+0"] {
        set(to)?;
        let first = writer.acknowledged.len();
        writer.write_some().await.with_context(|| format!("at {to}"))?;
        // A session goes through all of it without a new start.
        for id in &writer.acknowledged[first..] {
            let heard = timeout(WITHIN, hears(&mut gateway, *id)).await;
            heard.with_context(|| format!("at {to}: nobody was told"))??;
        }
        ensure!(server.try_wait()?.is_none(), "it ended at {to}");
    }
    writer.check().await?;
    server.kill().await?;
    let mut server = place.spawn()?;
    place.ready(&mut server).await?;
    writer.write_some().await?;
    writer.check().await.context("after a new start")?;
    server.kill().await?;
    place.remove();
    Ok("back an hour, on a day, back: ids only grew, the session stayed".to_owned())
}

async fn hears(gateway: &mut Gateway, id: MessageId) -> anyhow::Result<()> {
    loop {
        let Event::Dispatch { dispatch, .. } = gateway.next().await.context("it ended")? else {
            bail!("an event that cannot be read");
        };
        match dispatch {
            Dispatch::MessageCreate(message) if message.id == id => return Ok(()),
            Dispatch::Ready(_) => bail!("the session began anew"),
            _ => {}
        }
    }
}
