//! One WebSocket over TCP, driven by readiness: nothing is lost when a wait is given up.

use std::{io, time::Duration};

use anyhow::{Context as _, anyhow, bail};
use proto::websocket::{
    Decoder, Event, Limits, Opcode, Role, close_code,
    encode::{close_payload, masked},
    handshake::{self, HeadReader},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, Interest},
    net::TcpStream,
};

use crate::Address;

/// The longest message of a server: a READY of somebody with many rooms.
const LONGEST: u32 = 64 << 20;
const FRAGMENTS: u32 = 65_536;
/// What a server that reads nothing may make us keep.
const MOST_UNSENT: usize = 1 << 20;
const READ_BYTES: usize = 64 * 1024;
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

pub struct Socket {
    stream: TcpStream,
    decoder: Decoder,
    /// Read before the decoder was there.
    early: Vec<u8>,
    unsent: Vec<u8>,
    buffer: Box<[u8]>,
}

/// What the server said.
pub enum Heard<'a> {
    Text(&'a str),
    /// The last thing: closed, with the code if there was one.
    Close(Option<u16>),
}

impl Socket {
    /// Connects and upgrades.
    pub async fn open(address: &Address, fields: &[(String, String)]) -> anyhow::Result<Self> {
        let one_line = |text: &String| !text.contains(['\r', '\n', '\0']);
        if !fields.iter().all(|(name, value)| one_line(name) && one_line(value)) {
            bail!("a header of the upgrade has a line break");
        }
        let mut stream = TcpStream::connect(address.socket()).await.context("cannot connect")?;
        stream.set_nodelay(true).context("cannot set up the connection")?;
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).map_err(|error| anyhow!(error))?;
        let key = handshake::key(nonce);
        let fields: Vec<_> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let head = handshake::request(&address.authority(), &address.target, &key, &fields);
        stream.write_all(head.as_bytes()).await.context("cannot ask for the upgrade")?;
        let mut buffer = vec![0; READ_BYTES].into_boxed_slice();
        let mut reader = HeadReader::default();
        let early = loop {
            let count = stream.read(&mut buffer).await.context("cannot read the upgrade")?;
            if count == 0 {
                bail!("the server closed the connection");
            }
            if let Some((head, rest)) = reader.push(&buffer[..count])? {
                handshake::check_response(&head, &key)?;
                break rest;
            }
        };
        let decoder = Decoder::new(Role::Client, Limits::message(LONGEST, FRAGMENTS));
        Ok(Self { stream, decoder, early, unsent: Vec::new(), buffer })
    }

    /// Takes a message; `turn` sends it.
    pub fn send(&mut self, text: &str) {
        self.frame(Opcode::Text, text.as_bytes());
        // What does not go out now goes out when the socket is ready.
        let _ = self.flush();
    }

    /// Waits until there is something to do. Without `read` the server has to wait.
    pub async fn ready(&mut self, read: bool) -> io::Result<()> {
        let interest = match (read, self.unsent.is_empty()) {
            (true, true) => Interest::READABLE,
            (true, false) => Interest::READABLE | Interest::WRITABLE,
            (false, false) => Interest::WRITABLE,
            (false, true) => return std::future::pending().await,
        };
        self.stream.ready(interest).await.map(drop)
    }

    /// Does what can be done without waiting. `Err`: the connection is gone.
    pub fn turn(&mut self, on: &mut impl FnMut(Heard<'_>)) -> io::Result<()> {
        self.flush()?;
        let mut early = std::mem::take(&mut self.early);
        if !early.is_empty() {
            self.decode(&mut early, on)?;
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        let outcome = self.read(&mut buffer, on);
        self.buffer = buffer;
        outcome
    }

    /// One buffer at a time, so that others get their turn.
    fn read(&mut self, buffer: &mut [u8], on: &mut impl FnMut(Heard<'_>)) -> io::Result<()> {
        match self.stream.try_read(buffer) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => self.decode(&mut buffer[..count], on),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn decode(&mut self, input: &mut [u8], on: &mut impl FnMut(Heard<'_>)) -> io::Result<()> {
        let mut rest = input;
        loop {
            match self.decoder.decode(&mut rest) {
                Ok(None) => return self.flush(),
                Ok(Some(Event::Text(text))) => on(Heard::Text(&text)),
                Ok(Some(Event::Ping(payload))) => self.frame(Opcode::Pong, &payload),
                Ok(Some(Event::Binary(_) | Event::Pong(_))) => {}
                Ok(Some(Event::Close(close))) => {
                    let code = close.map(|close| close.code);
                    let echo = code.map(|code| close_payload(code, "")).unwrap_or_default();
                    self.frame(Opcode::Close, &echo);
                    let _ = self.flush();
                    on(Heard::Close(code));
                    return Ok(());
                }
                Err(violation) => {
                    self.frame(Opcode::Close, &close_payload(violation.close_code(), ""));
                    let _ = self.flush();
                    return Err(io::Error::other(violation));
                }
            }
        }
    }

    fn frame(&mut self, opcode: Opcode, payload: &[u8]) {
        let mut mask = [0; 4];
        // Against proxies that take text for HTTP (RFC 6455, 10.3); a zero mask is valid too.
        let _ = getrandom::fill(&mut mask);
        self.unsent.extend(masked(opcode, payload, mask));
    }

    fn flush(&mut self) -> io::Result<()> {
        while !self.unsent.is_empty() {
            match self.stream.try_write(&self.unsent) {
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        if self.unsent.len() > MOST_UNSENT {
            return Err(io::Error::other("the server reads nothing"));
        }
        Ok(())
    }

    /// Says goodbye and waits until it was heard, so that it is not lost on the way.
    pub async fn close(mut self, code: u16) {
        let code = if close_code::may_be_sent(code) { code } else { close_code::NORMAL };
        self.frame(Opcode::Close, &close_payload(code, ""));
        let goodbye = async {
            self.stream.write_all(&self.unsent).await?;
            self.stream.shutdown().await?;
            while self.stream.read(&mut self.buffer).await? > 0 {}
            io::Result::Ok(())
        };
        let _ = tokio::time::timeout(GOODBYE, goodbye).await;
    }
}
