//! A server of our own as a process of its own: started, killed, started again.

use std::{
    ffi::OsStr,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use client::Rest;
use tokio::process::{Child, Command};

/// Limits that a load test would run into. Printed beside its figures.
pub const BENCH_TOML: &str = "\
[limits]
messages_per_5s = 1000000
requests_per_second = 1000000
guests_per_10min = 1000000
address_connections = 100000
user_sessions = 1000
";

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the server's binary, its folder and its address are.
pub struct Place {
    pub binary: PathBuf,
    pub data: PathBuf,
    pub addr: SocketAddr,
}

impl Place {
    /// A new folder and a free port. `OSC_BIN` names the binary; else the newest that was built.
    pub fn new(name: &str) -> anyhow::Result<Self> {
        let data = std::env::temp_dir().join(format!("osc-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&data).context("cannot make a folder for the run")?;
        std::fs::write(data.join("bench.toml"), BENCH_TOML)?;
        let addr = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        Ok(Self { binary: binary()?, data, addr })
    }

    pub fn rest(&self) -> anyhow::Result<Rest> {
        Ok(Rest::new(&format!("http://{}", self.addr))?)
    }

    pub fn gateway(&self) -> String {
        format!("ws://{}/gateway", self.addr)
    }

    /// Starts the server without waiting for it.
    pub fn spawn(&self) -> anyhow::Result<Child> {
        self.spawn_in(&[], &[])
    }

    /// The same behind another program, and with more in its environment.
    pub fn spawn_in(&self, before: &[&str], more: &[(&str, &Path)]) -> anyhow::Result<Child> {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.data.join("server.log"))?;
        let mut line = before.iter().map(OsStr::new).chain([self.binary.as_os_str()]);
        Command::new(line.next().expect("at least the binary"))
            .args(line)
            .envs(more.iter().copied())
            .arg("serve")
            .args(["--listen", &self.addr.to_string()])
            .arg("--data")
            .arg(self.data.join("data"))
            .arg("--config")
            .arg(self.data.join("bench.toml"))
            .stdout(log.try_clone()?)
            .stderr(log)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", self.binary.display()))
    }

    /// Waits until it is ready for requests; answers how long that took.
    pub async fn ready(&self, child: &mut Child) -> anyhow::Result<Duration> {
        let start = Instant::now();
        let rest = self.rest()?.with_timeout(Duration::from_secs(2));
        while start.elapsed() < PATIENCE {
            if let Some(status) = child.try_wait()? {
                bail!("the server ended at start with {status}: see {}", self.log().display());
            }
            if self.is_ready(&rest).await {
                return Ok(start.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        bail!("the server is not ready after {PATIENCE:?}: see {}", self.log().display())
    }

    async fn is_ready(&self, rest: &Rest) -> bool {
        let method = "GET".parse().expect("a method");
        let answer = rest.send(method, "/readyz", client::rest::Body::none()).await;
        answer.is_ok_and(|answer| answer.is_success())
    }

    pub fn log(&self) -> PathBuf {
        self.data.join("server.log")
    }

    /// Removes the folder of a run that went well.
    pub fn remove(&self) {
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

fn binary() -> anyhow::Result<PathBuf> {
    if let Some(path) = std::env::var_os("OSC_BIN") {
        return Ok(path.into());
    }
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let built = ["release", "debug"].map(|profile| target.join(profile).join("opensrcchat"));
    let newest = built
        .into_iter()
        .filter_map(|path| Some((path.metadata().ok()?.modified().ok()?, path)))
        .max();
    match newest {
        Some((_, path)) => Ok(path),
        None => bail!("no server is built yet: run cargo build --release, or set OSC_BIN"),
    }
}
