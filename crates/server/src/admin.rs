//! The operator's commands, beside a running server or without one.
//!
//! A running server answers them over a socket in its folder that only its owner can open: one JSON
//! line asks, one answers. Nothing of it is reachable from the network.

use std::{
    io::{BufRead as _, BufReader, ErrorKind, Write as _},
    os::{
        fd::AsRawFd as _,
        unix::{fs::PermissionsExt as _, net::UnixStream},
    },
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use domain::{App, account, bot, seed, server_owner};
use proto::{Id, marker};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixListener,
};

use crate::{api::health::Health, config::Config, run};

const SOCKET: &str = "admin.sock";

/// Bytes of a question.
const LINE: u64 = 64 * 1024;

/// How long the asker may take to write it.
const PATIENCE: Duration = Duration::from_secs(10);

/// What an operator can ask for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Command {
    /// A link that makes whoever follows it the owner of the server.
    OwnerLink,
    /// A link to choose a new password.
    ResetPassword { name: String },
    /// Guests who are members of a new public room.
    Seed { guests: usize, guild: String },
    /// A bot with every permission in a room.
    Bot { guild: Id<marker::Guild>, name: String },
    /// How the server is doing.
    Stats,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Ok(Value),
    Error(String),
}

/// Asks the server that runs in the folder, or does it here if none runs.
pub async fn run(config: &Config, command: Command) -> anyhow::Result<Value> {
    match ask(&config.data, &command)? {
        Some(outcome) => outcome,
        None => {
            let opened = run::open(config).await?;
            let outcome = carry_out(&opened.app, None, command).await;
            opened.close().await?;
            outcome
        }
    }
}

/// `None`: no server runs there.
fn ask(data: &Path, command: &Command) -> anyhow::Result<Option<anyhow::Result<Value>>> {
    let (path, _dir) = socket_path(data)?;
    let stream = match UnixStream::connect(&path) {
        Ok(stream) => stream,
        Err(error)
            if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error).context("cannot reach the running server"),
    };
    let mut line = serde_json::to_vec(command)?;
    line.push(b'\n');
    (&stream).write_all(&line).context("cannot ask the running server")?;
    let mut answer = String::new();
    let read = BufReader::new(&stream).read_line(&mut answer);
    read.context("the running server did not answer")?;
    let outcome = serde_json::from_str(&answer).context("the running server broke off")?;
    Ok(Some(match outcome {
        Outcome::Ok(value) => Ok(value),
        Outcome::Error(message) => Err(anyhow::anyhow!(message)),
    }))
}

/// The socket's path. Paths of sockets are short by nature: a long one goes by way of its folder,
/// which must stay open for as long as the path is used.
fn socket_path(data: &Path) -> anyhow::Result<(PathBuf, Option<std::fs::File>)> {
    const LONGEST: usize = 100;
    let path = data.join(SOCKET);
    if path.as_os_str().len() <= LONGEST {
        return Ok((path, None));
    }
    let Ok(dir) = std::fs::File::open(data) else {
        return Ok((path, None));
    };
    Ok((PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", dir.as_raw_fd())), Some(dir)))
}

/// Opens the socket in a folder that this process has locked.
pub fn listen(data: &Path) -> anyhow::Result<UnixListener> {
    let (path, _dir) = socket_path(data)?;
    if let Err(error) = std::fs::remove_file(&path)
        && error.kind() != ErrorKind::NotFound
    {
        return Err(error).with_context(|| format!("cannot remove {}", path.display()));
    }
    // The folder keeps others out already; so does the socket itself.
    let listener = UnixListener::bind(&path)
        .with_context(|| format!("cannot open {}", data.join(SOCKET).display()))?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

pub async fn serve(listener: UnixListener, app: Arc<App>, health: Arc<Health>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PATIENCE).await;
            continue;
        };
        let (app, health) = (app.clone(), health.clone());
        tokio::spawn(async move {
            if let Err(error) = answer(stream, &app, &health).await {
                tracing::debug!(?error, "an admin command broke off");
            }
        });
    }
}

async fn answer(stream: tokio::net::UnixStream, app: &App, health: &Health) -> anyhow::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    let mut read = tokio::io::BufReader::new(read.take(LINE));
    tokio::time::timeout(PATIENCE, read.read_line(&mut line)).await??;
    let outcome = match serde_json::from_str(&line) {
        Ok(command) => match carry_out(app, Some(health), command).await {
            Ok(value) => Outcome::Ok(value),
            Err(error) => Outcome::Error(format!("{error:#}")),
        },
        Err(_) => Outcome::Error("the server is of another version: restart it".to_owned()),
    };
    let mut line = serde_json::to_vec(&outcome)?;
    line.push(b'\n');
    write.write_all(&line).await?;
    Ok(())
}

async fn carry_out(app: &App, health: Option<&Health>, command: Command) -> anyhow::Result<Value> {
    match command {
        Command::OwnerLink => {
            let link = server_owner::make_link(app).await.map_err(told)?;
            Ok(json!({ "url": link.url }))
        }
        Command::ResetPassword { name } => {
            let link = account::make_reset(app, &name).await.map_err(told)?;
            Ok(json!({ "url": link.url }))
        }
        Command::Seed { guests, guild } => {
            let seeded = seed::guests(app, guests, &guild).await.map_err(told)?;
            Ok(json!({
                "guild_id": seeded.guild_id,
                "channel_id": seeded.channel_id,
                "tokens": seeded.tokens,
            }))
        }
        Command::Bot { guild, name } => {
            let made = bot::create_with_all_permissions(app, guild, &name).await.map_err(told)?;
            Ok(json!({ "token": made.token, "user_id": made.user.id }))
        }
        Command::Stats => {
            let owner = server_owner::get(app).await.map_err(told)?;
            Ok(json!({
                "version": env!("CARGO_PKG_VERSION"),
                "public_url": app.policy.public_url,
                "running": health.is_some(),
                "connections": health.map(|health| health.connections.open()),
                "has_owner": owner.is_some(),
            }))
        }
    }
}

/// A refusal in words for the operator.
fn told(error: domain::Error) -> anyhow::Error {
    use domain::{Error, Reject};
    match error {
        Error::Fault(fault) => fault,
        Error::Reject(Reject::Unknown(code) | Reject::Refused(code)) => anyhow::anyhow!(code.1),
        Error::Reject(Reject::Invalid(fields)) => {
            let texts = fields.iter().map(|field| format!("{}: {}", field.path, field.message));
            anyhow::anyhow!(texts.collect::<Vec<_>>().join("; "))
        }
        Error::Reject(Reject::StorageFull) => anyhow::anyhow!("no space is left on the disk"),
        Error::Reject(Reject::Busy) => anyhow::anyhow!("the server is busy: try again"),
        Error::Reject(other) => anyhow::anyhow!("refused: {other:?}"),
    }
}
