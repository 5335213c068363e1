//! The whole configuration: one file, every key documented, every key with a default.
//!
//! Default, file, `OPENSRCCHAT_*` variable, flag: the later wins. What comes out is valid.

use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use domain::app::Policy;
use proto::{Limits, osc::Registration};
use serde::{Deserialize, Deserializer, Serialize, de};
use toml::{Table, Value};

use crate::net::Proxies;

/// Read if it is there and `--config` names no other.
pub const DEFAULT_FILE: &str = "opensrcchat.toml";

const VARIABLE: &str = "OPENSRCCHAT_";

/// Declares the keys outside `[limits]`: name, type, default, meaning.
macro_rules! config {
    ($(
        $(#[doc = $doc:literal])+ $(@$read:literal)? $name:ident: $type:ty = $value:expr;
    )*) => {
        /// What the operator can decide.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Config {
            $(
                $(#[doc = $doc])+
                $(#[serde(deserialize_with = $read)])?
                pub $name: $type,
            )*
            pub limits: Limits,
        }

        impl Default for Config {
            fn default() -> Self { Self { $($name: $value,)* limits: Limits::default() } }
        }

        /// Name and meaning of each key outside `[limits]`.
        const KEYS: &[(&str, &str)] = &[$((stringify!($name), concat!($($doc),+)),)*];
    };
}

config! {
    /// Address and port to listen on. Port 0: any that is free.
    @"read_address" listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8080));
    /// Folder of everything that is kept. Made if it is not there.
    data: PathBuf = PathBuf::from("./data");
    /// Address that people use, if it is another than the one listened on, such as behind a proxy:
    /// `https://chat.example.org`. Empty: what is listened on.
    public_url: String = String::new();
    /// Further host names by which people reach this server, with a port unless it is the usual
    /// one: `["chat.lan:8080"]`. Addresses in answers follow them.
    hosts: Vec<String> = Vec::new();
    /// Addresses or networks of proxies in front, whose `X-Forwarded-For` and `X-Forwarded-Proto`
    /// count: `["127.0.0.1", "10.0.0.0/8"]`.
    proxies: Vec<String> = Vec::new();
    /// What this server is called.
    name: String = "opensrcchat".to_owned();
    /// What this server is about, for its first page.
    description: String = String::new();
    /// Whether guests may come without an account.
    guests: bool = true;
    /// Who may make an account: `open`, `invite` or `closed`.
    registration: Registration = Registration::Open;
    /// Whether a new public room is listed at once.
    list_new_guilds: bool = true;
    /// Where rows are kept: `sqlite`, or `memory` for a try that leaves nothing behind.
    store: StoreKind = StoreKind::Sqlite;
    /// Number of this node, below 1024; part of ids.
    node: u16 = 0;
    /// Whether requests and messages per person are limited. Off is for tests and load tests only.
    rate_limits: bool = true;
    /// Whether the server may call addresses in private networks and on this machine when somebody
    /// names one, such as a push service. On is for tests and for networks without the internet.
    outbound_private: bool = false;
    /// Lets programs elsewhere read `/metrics` with `Authorization: Bearer ...`. Empty: only this
    /// machine may.
    metrics_token: Secret = Secret::default();
    /// What is logged: `error`, `warn`, `info`, `debug`, or filters as `info,server=debug`.
    log: String = "info".to_owned();
    /// How it is logged: `text` or `json`.
    log_format: LogFormat = LogFormat::Text;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    Sqlite,
    Memory,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

fn read_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    let address = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}").parse(),
        None => text.parse(),
    };
    let wrong = "must be an address and a port, such as 127.0.0.1:8080 or [::]:8080";
    address.map_err(|_| de::Error::custom(wrong))
}

/// Shown as `***`, wherever it is shown.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "" } else { "***" })
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(if self.0.is_empty() { "" } else { "***" })
    }
}

impl Config {
    /// What the operations may know of it.
    pub fn policy(&self, listening: SocketAddr) -> Policy {
        Policy {
            name: self.name.clone(),
            description: self.description.clone(),
            guests: self.guests,
            registration: self.registration,
            list_new_guilds: self.list_new_guilds,
            public_url: match self.public_url.as_str() {
                "" => format!("http://{}", reachable(listening)),
                url => url.trim_end_matches('/').to_owned(),
            },
        }
    }

    pub fn trusted_proxies(&self) -> anyhow::Result<Proxies> {
        let proxies = Proxies::parse(&self.proxies);
        proxies.map_err(|wrong| anyhow::anyhow!("configuration key `proxies`: {wrong}"))
    }

    /// What types cannot say.
    fn check(&self) -> anyhow::Result<()> {
        self.trusted_proxies()?;
        if self.node > 1_023 {
            bail!("configuration key `node`: must be below 1024");
        }
        if !self.public_url.is_empty() {
            check_url(&self.public_url)?;
        }
        let limits = &self.limits;
        for (name, value) in [
            ("queue_batches", limits.queue_batches),
            ("commit_batches", limits.commit_batches),
            ("password_hashes", limits.password_hashes),
            ("history_page", limits.history_page),
            ("members_page", limits.members_page),
            ("directory_page", limits.directory_page),
        ] {
            if value == 0 {
                bail!("configuration key `limits.{name}`: must be at least 1");
            }
        }
        check_times(limits)
    }
}

/// With too little time nobody gets in; with too much of it clocks overflow.
fn check_times(limits: &Limits) -> anyhow::Result<()> {
    const YEAR_S: u64 = 366 * 86_400;
    for (name, value, least, most) in [
        ("connections", limits.connections.into(), 1, u32::MAX.into()),
        ("address_connections", limits.address_connections.into(), 1, u32::MAX.into()),
        ("user_connections", limits.user_connections.into(), 1, u32::MAX.into()),
        ("head_bytes", limits.head_bytes as u64, 1_024, u32::MAX.into()),
        ("gateway_payload", limits.gateway_payload as u64, 1_024, 1 << 24),
        ("gateway_payload_osc", limits.gateway_payload_osc as u64, 1_024, 1 << 24),
        ("gateway_sessions", limits.gateway_sessions as u64, 1, u32::MAX.into()),
        ("user_sessions", limits.user_sessions as u64, 1, u32::MAX.into()),
        ("request_seconds", limits.request_seconds, 1, YEAR_S),
        ("body_seconds", limits.body_seconds, 1, YEAR_S),
        ("heartbeat_interval_ms", limits.heartbeat_interval_ms, 1_000, 86_400_000),
        ("identify_seconds", limits.identify_seconds, 1, YEAR_S),
        ("resume_seconds", limits.resume_seconds, 0, YEAR_S),
        ("socket_stall_seconds", limits.socket_stall_seconds, 1, YEAR_S),
        ("event_log_minutes", limits.event_log_minutes, 1, YEAR_S / 60),
        // As the README promises.
        ("nonce_hours", limits.nonce_hours, 24, YEAR_S / 3_600),
        ("guest_days", limits.guest_days.into(), 1, 36_600),
        ("session_days", limits.session_days.into(), 1, 36_600),
    ] {
        if !(least..=most).contains(&value) {
            bail!("configuration key `limits.{name}`: must be between {least} and {most}");
        }
    }
    Ok(())
}

/// A wildcard is no address to go to.
fn reachable(listening: SocketAddr) -> SocketAddr {
    let mut address = listening;
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    address
}

fn check_url(url: &str) -> anyhow::Result<()> {
    let uri = url.parse::<axum::http::Uri>().ok();
    let sound = uri.is_some_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
            && uri.path().trim_end_matches('/').is_empty()
            && uri.query().is_none()
    });
    if !sound {
        bail!(
            "configuration key `public_url`: `{url}` is not like https://chat.example.org, \
             without a path"
        );
    }
    Ok(())
}

/// Where a value comes from, for `opensrcchat config`.
pub type Origins = BTreeMap<String, String>;

/// A flag of the command line: its key, what it is called, its value.
pub type Flag = (String, String, String);

/// Puts the configuration together.
pub fn load(
    file: Option<&Path>,
    variables: impl Iterator<Item = (String, String)>,
    flags: Vec<Flag>,
) -> anyhow::Result<(Config, Origins)> {
    let mut table = Table::new();
    let mut origins = Origins::new();
    read_file(file, &mut table, &mut origins)?;
    let known = known_keys();
    for (name, value) in variables {
        let Some(key) = name.strip_prefix(VARIABLE) else { continue };
        let key = key.to_lowercase();
        // CONFIG names the file. Others may be somebody else's: orchestrators make such names up.
        let Some(key) = known.iter().find(|known| known.replace('.', "_") == key) else {
            if key != "config" {
                eprintln!("note: the variable {name} is not known and was ignored");
            }
            continue;
        };
        set(&mut table, &mut origins, key, &value, &name)?;
    }
    for (key, flag, value) in flags {
        if !known.contains(&key) {
            return Err(unknown(&key, &known, &flag));
        }
        set(&mut table, &mut origins, &key, &value, &flag)?;
    }
    let config: Config =
        serde_path_to_error::deserialize(Value::Table(table)).map_err(|error| {
            let key = error.path().to_string();
            let origin = origins.get(&key).map(|from| format!(" (from {from})"));
            let reason = error.into_inner().to_string();
            let reason = reason.lines().next().unwrap_or_default().to_owned();
            anyhow::anyhow!("configuration key `{key}`{}: {reason}", origin.unwrap_or_default())
        })?;
    config.check()?;
    Ok((config, origins))
}

fn read_file(file: Option<&Path>, table: &mut Table, origins: &mut Origins) -> anyhow::Result<()> {
    let path = file.unwrap_or(Path::new(DEFAULT_FILE));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if file.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(());
        }
        Err(error) => {
            return Err(error)
                .with_context(|| format!("cannot read the configuration {}", path.display()));
        }
    };
    let origin = path.display().to_string();
    *table = text.parse().with_context(|| format!("{origin} is not valid TOML"))?;
    let known = known_keys();
    for key in keys_of(table, "") {
        if !known.contains(&key) {
            return Err(unknown(&key, &known, &origin));
        }
        origins.insert(key, origin.clone());
    }
    Ok(())
}

/// All keys, those of `[limits]` with their table's name before them.
fn known_keys() -> Vec<String> {
    let limits = Limits::table().into_iter().map(|(name, ..)| format!("limits.{name}"));
    KEYS.iter().map(|(name, _)| (*name).to_owned()).chain(limits).collect()
}

fn keys_of(table: &Table, prefix: &str) -> Vec<String> {
    let keys = table.iter().flat_map(|(key, value)| match value {
        Value::Table(inner) => keys_of(inner, &format!("{prefix}{key}.")),
        _ => vec![format!("{prefix}{key}")],
    });
    keys.collect()
}

fn unknown(key: &str, known: &[String], origin: &str) -> anyhow::Error {
    let bare = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let nearest = known.iter().min_by_key(|known| distance(&bare(key), &bare(known)));
    let near = |known: &&String| distance(&bare(key), &bare(known)) <= 1 + key.len() / 4;
    let hint = match nearest.filter(near) {
        Some(known) => format!("did you mean `{known}`?"),
        None => "`opensrcchat config` prints all keys".to_owned(),
    };
    anyhow::anyhow!("unknown configuration key `{key}` in {origin}: {hint}")
}

/// Edits between two words (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, c) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (to, d) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(c != *d);
            diagonal = row[to + 1];
            row[to + 1] = replaced.min(row[to] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

/// Sets a key from a text: as TOML where that gives the type of the default, else as a string.
fn set(
    table: &mut Table,
    origins: &mut Origins,
    key: &str,
    text: &str,
    origin: &str,
) -> anyhow::Result<()> {
    let default = default_of(key);
    let read = || {
        let table: Table = format!("value = {text}").parse().ok()?;
        table.get("value").cloned()
    };
    let value = match &default {
        Value::String(_) => Value::String(text.to_owned()),
        Value::Array(_) if !text.trim_start().starts_with('[') => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Value::Array(items.map(|item| Value::String(item.to_owned())).collect())
        }
        _ => match read().filter(|value| value.same_type(&default)) {
            Some(value) => value,
            None => bail!(
                "configuration key `{key}` (from {origin}): `{text}` is not a {}",
                default.type_str()
            ),
        },
    };
    let place = match key.split_once('.') {
        None => table,
        Some((outer, _)) => {
            let inner = table.entry(outer).or_insert_with(|| Value::Table(Table::new()));
            inner.as_table_mut().with_context(|| format!("`{outer}` must be a table"))?
        }
    };
    let name = key.rsplit('.').next().unwrap_or(key);
    place.insert(name.to_owned(), value);
    origins.insert(key.to_owned(), origin.to_owned());
    Ok(())
}

fn default_of(key: &str) -> Value {
    let defaults = to_table(&Config::default());
    let place = match key.split_once('.') {
        None => defaults.get(key),
        Some((outer, name)) => defaults.get(outer).and_then(|table| table.get(name)),
    };
    place.cloned().expect("each known key has a default")
}

fn to_table(config: &Config) -> Table {
    Table::try_from(config).expect("the configuration is plain data")
}

/// The configuration in effect, as a file, each key with its origin. Secrets stay secret.
pub fn print(config: &Config, origins: &Origins) -> String {
    let table = to_table(config);
    let default = "default".to_owned();
    let line = |key: &str, value: &Value, path: String| {
        let assignment = format!("{key} = {value}");
        format!("{assignment:<44} # {}\n", origins.get(&path).unwrap_or(&default))
    };
    let mut text = String::new();
    for (key, _) in KEYS {
        text += &line(key, &table[*key], (*key).to_owned());
    }
    text += "\n[limits]\n";
    for (key, ..) in Limits::table() {
        text += &line(key, &table["limits"][key], format!("limits.{key}"));
    }
    text
}

const CONFIG_HEAD: &str = "# Configuration

Generated from `crates/server/src/config.rs`; a test keeps it true.

One TOML file: `--config FILE`, else `./opensrcchat.toml` if it is there. Each key can also be set
by a variable (`OPENSRCCHAT_PUBLIC_URL`, `OPENSRCCHAT_LIMITS_MESSAGE_LENGTH`) or on the command line
(`--set limits.message_length=4000`). The later wins: default, file, variable, flag.
`opensrcchat config` prints what is in effect and where it comes from.

| key | default | meaning |
|---|---|---|
";

/// `docs/reference/config.md`.
pub fn reference() -> String {
    let table = to_table(&Config::default());
    let mut text = CONFIG_HEAD.to_owned();
    for (key, meaning) in KEYS {
        text += &format!("| `{key}` | `{}` | {} |\n", table[*key], meaning.trim());
    }
    text += "\nThe keys of `[limits]` are in [limits.md](limits.md).\n";
    text
}

/// `docs/reference/limits.md`.
pub fn limits_reference() -> String {
    let mut text = "# Limits\n\nGenerated from `crates/proto/src/limits.rs`; a test keeps it true.\
        \n\nEverything has a limit. Each can be set under `[limits]` of the configuration, or by \
        `OPENSRCCHAT_LIMITS_...`.\n\n| key | default | meaning |\n|---|---|---|\n"
        .to_owned();
    for (name, default, meaning) in Limits::table() {
        text += &format!("| `{name}` | {default} | {meaning} |\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> (std::path::PathBuf, Scratch) {
        let scratch = Scratch::new();
        let path = scratch.0.join("opensrcchat.toml");
        std::fs::write(&path, text).expect("writes");
        (path, scratch)
    }

    struct Scratch(PathBuf);

    impl Scratch {
        fn new() -> Self {
            use std::sync::atomic::{AtomicU32, Ordering};
            static NEXT: AtomicU32 = AtomicU32::new(0);
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("osc-config-{}-{number}", std::process::id());
            let dir = std::env::temp_dir().join(name);
            std::fs::create_dir_all(&dir).expect("makes a folder");
            Self(dir)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn flag(key: &str, value: &str) -> Flag {
        (key.to_owned(), format!("--{key}"), value.to_owned())
    }

    #[test]
    fn nothing_at_all_is_a_working_configuration() {
        let (path, _scratch) = written("");
        let (config, origins) =
            load(Some(&path), std::iter::empty(), Vec::new()).expect("defaults are valid");
        assert_eq!(config, Config::default());
        assert!(origins.is_empty());
    }

    #[test]
    fn values_that_break_the_server_are_refused() {
        let (path, _scratch) = written("");
        for (key, value) in [
            ("limits.heartbeat_interval_ms", "0"),
            ("limits.identify_seconds", "0"),
            ("limits.resume_seconds", "9000000000000000000"),
            ("limits.event_log_minutes", "9000000000000000000"),
            ("limits.nonce_hours", "1"),
            ("limits.connections", "0"),
            ("limits.gateway_payload", "0"),
        ] {
            let refused = load(Some(&path), std::iter::empty(), vec![flag(key, value)]);
            let said = refused.expect_err(key).to_string();
            assert!(said.contains(key) && said.contains("must be between"), "{said}");
        }
    }

    #[test]
    fn the_later_wins() {
        let (path, _scratch) = written("name = 'file'\n[limits]\nmessage_length = 1\n");
        let set = variables(&[
            ("OPENSRCCHAT_NAME", "variable"),
            ("OPENSRCCHAT_LIMITS_MESSAGE_LENGTH", "2"),
            ("OPENSRCCHAT_PROXIES", "10.0.0.0/8, ::1"),
            ("OPENSRCCHAT_SERVICE_HOST", "an orchestrator's"),
            ("PATH", "/bin"),
        ]);
        let flags = vec![
            flag("limits.message_length", "3"),
            flag("guests", "false"),
            flag("listen", "localhost:1"),
        ];
        let (config, origins) = load(Some(&path), set.into_iter(), flags).expect("loads");
        assert_eq!(config.name, "variable");
        assert_eq!(config.limits.message_length, 3);
        assert_eq!(config.proxies, ["10.0.0.0/8", "::1"]);
        assert!(!config.guests);
        assert_eq!(config.listen, SocketAddr::from(([127, 0, 0, 1], 1)));
        let text = print(&config, &origins);
        assert!(text.contains("# OPENSRCCHAT_NAME") && text.contains("# --guests"), "{text}");
        assert!(text.contains("message_length = 3"), "{text}");
    }

    #[test]
    fn wrong_keys_and_values_are_named() {
        let fails = |text: &str| {
            let (path, _scratch) = written(text);
            let error = load(Some(&path), std::iter::empty(), Vec::new()).expect_err("is wrong");
            format!("{error:#}")
        };
        let error = fails("lisen = '127.0.0.1:80'");
        assert!(error.contains("`lisen`") && error.contains("`listen`"), "{error}");
        let error = fails("[limits]\nmesage_length = 5");
        assert!(error.contains("`limits.message_length`"), "{error}");
        let error = fails("listen = 'somewhere'");
        assert!(error.contains("`listen`") && error.contains("opensrcchat.toml"), "{error}");
        assert!(error.contains("127.0.0.1:8080"), "{error}");
        let error = fails("public_url = 'chat.example.org'");
        assert!(error.contains("`public_url`"), "{error}");
        let error = fails("limits = 5");
        assert!(error.contains("limits"), "{error}");
        let flags = vec![flag("guests", "perhaps")];
        let error = load(None, std::iter::empty(), flags).expect_err("is wrong").to_string();
        assert!(error.contains("`guests`") && error.contains("boolean"), "{error}");
    }

    #[test]
    fn secrets_stay_secret() {
        let flags = vec![flag("metrics_token", "hush")];
        let (config, origins) = load(None, std::iter::empty(), flags).expect("loads");
        assert_eq!(config.metrics_token.reveal(), "hush");
        let shown = print(&config, &origins) + &format!("{config:?}");
        assert!(shown.contains("***") && !shown.contains("hush"), "{shown}");
    }
}
