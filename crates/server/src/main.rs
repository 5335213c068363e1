//! The command line: parse, then one match on the command.
//!
//! `opensrcchat` alone is a working server in `./data`.
#![forbid(unsafe_code)]

use std::{
    fs::OpenOptions, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::PathBuf,
    process::ExitCode,
};

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use domain::server_owner;
use proto::{Id, marker};
use server::{
    admin,
    config::{self, Config, Flag, Origins},
    descriptors, log, run,
};
use tokio::signal::unix::{SignalKind, signal};

/// The disk failed and nothing more could be promised (sysexits: EX_IOERR).
const BROKEN_DISK: u8 = 74;

/// Self-hosted real-time chat in one binary.
#[derive(Parser)]
#[command(name = "opensrcchat", version, args_conflicts_with_subcommands = false)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Args)]
struct Settings {
    /// The configuration file [default: ./opensrcchat.toml if it is there]
    #[arg(long, global = true, value_name = "FILE", env = "OPENSRCCHAT_CONFIG")]
    config: Option<PathBuf>,
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// Folder of everything that is kept [default: ./data]
    #[arg(long, global = true, value_name = "FOLDER")]
    data: Option<String>,
    /// Address that people use, such as https://chat.example.org
    #[arg(long, global = true, value_name = "URL")]
    public_url: Option<String>,
    /// What is logged: error, warn, info, debug [default: info]
    #[arg(long, global = true, value_name = "LEVEL")]
    log: Option<String>,
    /// Any other key of the configuration: name=value
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server (what happens without a command)
    Serve,
    /// Print the configuration in effect and where it comes from
    Config,
    /// Commands for the operator, beside a running server or without one
    Admin {
        #[command(subcommand)]
        command: Admin,
    },
}

#[derive(Subcommand)]
enum Admin {
    /// Print a link that makes whoever follows it the owner of this server (once, within 24 hours)
    OwnerLink,
    /// Print a link by which an account can choose a new password
    ResetPassword { name: String },
    /// Make guests who are members of a new public room, for load tests
    Seed {
        #[arg(long, value_name = "N")]
        guests: usize,
        /// Name of the room
        #[arg(long, value_name = "NAME")]
        guild: String,
        /// File to write their tokens to, one a line
        #[arg(long, value_name = "FILE")]
        tokens: PathBuf,
    },
    /// Make a bot with every permission in a room
    Bot {
        #[arg(long, value_name = "ID")]
        guild: Id<marker::Guild>,
        #[arg(long, value_name = "NAME")]
        name: String,
    },
    /// Print how the server is doing
    Stats,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = settings(cli.settings).and_then(|(config, origins)| {
        match cli.command.unwrap_or(Command::Serve) {
            Command::Serve => serve(config),
            Command::Config => {
                print!("{}", config::print(&config, &origins));
                Ok(ExitCode::SUCCESS)
            }
            Command::Admin { command } => administer(&config, command),
        }
    });
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn settings(settings: Settings) -> anyhow::Result<(Config, Origins)> {
    let mut flags: Vec<Flag> = Vec::new();
    let named = [
        ("listen", settings.listen),
        ("data", settings.data),
        ("public_url", settings.public_url),
        ("log", settings.log),
    ];
    for (key, value) in named {
        if let Some(value) = value {
            flags.push((key.to_owned(), format!("--{}", key.replace('_', "-")), value));
        }
    }
    for pair in settings.set {
        let (key, value) = pair.split_once('=').context("--set takes KEY=VALUE")?;
        flags.push((key.to_owned(), format!("--set {key}"), value.to_owned()));
    }
    config::load(settings.config.as_deref(), std::env::vars(), flags)
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.context("cannot start the runtime")
}

fn serve(mut config: Config) -> anyhow::Result<ExitCode> {
    log::start(&config.log, config.log_format)?;
    config.limits.connections = descriptors::fit(config.limits.connections);
    let runtime = runtime()?;
    let outcome = runtime.block_on(async {
        let mut term = signal(SignalKind::terminate())?;
        let mut int = signal(SignalKind::interrupt())?;
        let mut running = run::start(config).await?;
        greet(&running).await?;
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
            fault = running.broken() => {
                // What is on disk is unknown now. The next start recovers to what is durable.
                eprintln!("error: the disk failed: {fault:#}");
                return Ok(ExitCode::from(BROKEN_DISK));
            }
        }
        running.stop().await?;
        Ok(ExitCode::SUCCESS)
    });
    // Threads that are still busy have nothing to finish that was promised.
    runtime.shutdown_background();
    outcome
}

/// Says where the server is, and who may become its owner.
async fn greet(running: &run::Running) -> anyhow::Result<()> {
    let app = &running.app;
    let listened = format!("http://{}", running.addr);
    let mut greeting = format!("opensrcchat listens on {listened}\n");
    if app.policy.public_url != listened {
        greeting += &format!("People reach it at {}\n", app.policy.public_url);
    }
    let failed = |error| match error {
        domain::Error::Fault(fault) => fault.context(
            "cannot read the store: it may be damaged. Stop the server, keep a copy of the folder \
             as it is, and put back the newest backup",
        ),
        domain::Error::Reject(reject) => {
            anyhow::anyhow!("cannot make the owner's link: {reject:?}")
        }
    };
    if server_owner::get(app).await.map_err(failed)?.is_none() {
        let link = server_owner::make_link(app).await.map_err(failed)?;
        greeting += "This server has no owner yet. Become it (once, within 24 hours):\n";
        greeting += &format!("  {}\n", link.url);
    }
    // Whoever started it may have stopped reading: the server goes on, and `admin owner-link`
    // says it again.
    let mut out = std::io::stdout();
    let _ = out.write_all(greeting.as_bytes()).and_then(|()| out.flush());
    Ok(())
}

fn administer(config: &Config, command: Admin) -> anyhow::Result<ExitCode> {
    log::start(&config.log, config.log_format)?;
    let mut tokens_file = None;
    let command = match command {
        Admin::OwnerLink => admin::Command::OwnerLink,
        Admin::ResetPassword { name } => admin::Command::ResetPassword { name },
        Admin::Seed { guests, guild, tokens } => {
            tokens_file = Some(tokens);
            admin::Command::Seed { guests, guild }
        }
        Admin::Bot { guild, name } => admin::Command::Bot { guild, name },
        Admin::Stats => admin::Command::Stats,
    };
    let mut answer = runtime()?.block_on(admin::run(config, command))?;
    if let (Some(path), Some(answer)) = (tokens_file, answer.as_object_mut()) {
        let tokens = answer.remove("tokens").context("the server sent no tokens")?;
        write_tokens(&path, &serde_json::from_value::<Vec<String>>(tokens)?)?;
    }
    match answer.get("url").and_then(|url| url.as_str()) {
        Some(url) => println!("{url}"),
        None => println!("{answer}"),
    }
    Ok(ExitCode::SUCCESS)
}

fn write_tokens(path: &std::path::Path, tokens: &[String]) -> anyhow::Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(true).write(true).mode(0o600).open(path);
    let mut file = file.with_context(cannot)?;
    let mut text = tokens.join("\n");
    text.push('\n');
    file.write_all(text.as_bytes()).with_context(cannot)
}
