//! The opening handshake, both halves, as pure functions.
//!
//! The server half reads its headers through a lookup so that it does not care which HTTP library
//! holds them; the client half needs no HTTP library at all.
//! <https://www.rfc-editor.org/rfc/rfc6455#section-4>

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const MAX_HEAD: usize = 16 * 1024;

/// The answer to a `Sec-WebSocket-Key`.
pub fn accept_key(key: &str) -> String {
    STANDARD.encode(Sha1::new().chain_update(key).chain_update(GUID).finalize())
}

/// Why a handshake came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Not a request for WebSocket: 426 or 400.
    NotWebSocket,
    /// A version other than 13: 426 with `Sec-WebSocket-Version: 13`.
    Version,
    /// The key is missing or is not 16 bytes in base64: 400.
    Key,
    /// The head is longer than 16 KiB.
    TooLong,
    /// The head is not HTTP/1.1.
    Malformed,
    /// The server answered with another status than 101.
    Status(u16),
    /// The server proved nothing, or chose what was not offered.
    Accept,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::NotWebSocket => f.write_str("not a websocket upgrade"),
            Refusal::Version => f.write_str("websocket version is not 13"),
            Refusal::Key => f.write_str("bad websocket key"),
            Refusal::TooLong => f.write_str("head too long"),
            Refusal::Malformed => f.write_str("malformed head"),
            Refusal::Status(status) => write!(f, "upgrade refused with status {status}"),
            Refusal::Accept => f.write_str("bad websocket accept"),
        }
    }
}

impl std::error::Error for Refusal {}

/// The server half: judges a GET request's headers and gives the `Sec-WebSocket-Accept` of the
/// answer. `field` looks a header up by its lower-case name.
pub fn accept<'a>(field: impl Fn(&str) -> Option<&'a str>) -> Result<String, Refusal> {
    let upgrade = field("upgrade").is_some_and(|value| has_token(value, "websocket"));
    let connection = field("connection").is_some_and(|value| has_token(value, "upgrade"));
    if !upgrade || !connection {
        return Err(Refusal::NotWebSocket);
    }
    if field("sec-websocket-version").map(str::trim) != Some("13") {
        return Err(Refusal::Version);
    }
    let key = field("sec-websocket-key").map(str::trim).ok_or(Refusal::Key)?;
    match STANDARD.decode(key) {
        Ok(nonce) if nonce.len() == 16 => Ok(accept_key(key)),
        _ => Err(Refusal::Key),
    }
}

/// The head of the answer, for servers that write it by hand.
pub fn response(accept: &str) -> String {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

/// A `Sec-WebSocket-Key` of 16 random bytes.
pub fn key(nonce: [u8; 16]) -> String {
    STANDARD.encode(nonce)
}

/// The client's request. `host` is `name:port`, `target` path and query; the caller vouches that
/// no value has a line break.
pub fn request(host: &str, target: &str, key: &str, fields: &[(&str, &str)]) -> String {
    let mut head = format!(
        "GET {target} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
    );
    for (name, value) in fields {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    head
}

/// Judges the server's answer to `request(.., key, ..)`, which offered no extension and no
/// subprotocol.
pub fn check_response(head: &Head, key: &str) -> Result<(), Refusal> {
    let mut start = head.start_line().splitn(3, ' ');
    if start.next() != Some("HTTP/1.1") {
        return Err(Refusal::Malformed);
    }
    let status = start.next().and_then(|status| status.parse().ok()).ok_or(Refusal::Malformed)?;
    if status != 101 {
        return Err(Refusal::Status(status));
    }
    let upgrade = head.field("upgrade").is_some_and(|value| has_token(value, "websocket"));
    let connection = head.field("connection").is_some_and(|value| has_token(value, "upgrade"));
    if !upgrade || !connection {
        return Err(Refusal::NotWebSocket);
    }
    let unasked = ["sec-websocket-extensions", "sec-websocket-protocol"];
    if unasked.iter().any(|name| head.field(name).is_some())
        || head.field("sec-websocket-accept") != Some(accept_key(key).as_str())
    {
        return Err(Refusal::Accept);
    }
    Ok(())
}

/// A complete head of a request or answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head(String);

impl Head {
    pub fn start_line(&self) -> &str {
        self.0.lines().next().unwrap_or_default()
    }

    /// The first header of this name, in any case.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.0.lines().skip(1).find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then(|| value.trim_matches([' ', '\t']))
        })
    }
}

/// Collects a head from reads of any size; each byte is looked at once, however slowly they come.
#[derive(Debug, Default)]
pub struct HeadReader {
    bytes: Vec<u8>,
}

impl HeadReader {
    /// `Some` with the head and the bytes that followed it once it is complete.
    pub fn push(&mut self, input: &[u8]) -> Result<Option<(Head, Vec<u8>)>, Refusal> {
        let from = self.bytes.len().saturating_sub(3);
        self.bytes.extend_from_slice(input);
        let end = self.bytes[from..].windows(4).position(|window| window == b"\r\n\r\n");
        let Some(end) = end.map(|end| from + end) else {
            return if self.bytes.len() > MAX_HEAD { Err(Refusal::TooLong) } else { Ok(None) };
        };
        if end > MAX_HEAD {
            return Err(Refusal::TooLong);
        }
        let rest = self.bytes.split_off(end + 4);
        let mut head = std::mem::take(&mut self.bytes);
        head.truncate(end);
        match String::from_utf8(head) {
            Ok(head) => Ok(Some((Head(head), rest))),
            Err(_) => Err(Refusal::Malformed),
        }
    }
}

fn has_token(value: &str, token: &str) -> bool {
    value.split(',').any(|part| part.trim().eq_ignore_ascii_case(token))
}
