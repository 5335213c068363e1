//! The server half of a gateway session, as a pure machine: time goes in, frames come out.
//!
//! It outlives its sockets: detached it waits to be resumed. Give it one input, then drain the
//! outputs. What needs to know who is who (identify, resume, members) it asks for; what was said
//! and numbered it remembers as far as the numbers are its own.
//! <https://discord.com/developers/docs/events/gateway>

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use serde_json::Value;

use crate::{
    Limits,
    code::close,
    gateway::{
        Identify, RequestGuildMembers, Resume, UpdateVoiceState,
        command::{self, Command, PresenceCommand},
        opcode,
    },
};

/// What a heartbeat may be late by, beyond one and a half intervals.
const GRACE: Duration = Duration::from_secs(5);
/// The window in which a client's frames are counted.
const WINDOW: Duration = Duration::from_secs(60);

/// In a replay, at the place of what is not told again.
const SKIPPED: &[u8] = b",\"t\":\"OSC_SKIPPED\",\"d\":{}}";

/// What all sessions of a server have in common.
#[derive(Debug, Clone)]
pub struct Terms {
    pub heartbeat_interval: Duration,
    pub identify_within: Duration,
    pub resume_within: Duration,
    pub payload: usize,
    pub payload_osc: usize,
    pub commands: u32,
    pub commands_osc: u32,
    /// Events kept of a session with numbers of its own.
    pub kept_events: usize,
    pub kept_bytes: usize,
}

impl From<&Limits> for Terms {
    fn from(limits: &Limits) -> Self {
        Self {
            heartbeat_interval: Duration::from_millis(limits.heartbeat_interval_ms),
            identify_within: Duration::from_secs(limits.identify_seconds),
            resume_within: Duration::from_secs(limits.resume_seconds),
            payload: limits.gateway_payload,
            payload_osc: limits.gateway_payload_osc,
            commands: limits.gateway_commands_per_minute,
            commands_osc: limits.gateway_commands_per_minute_osc,
            kept_events: limits.session_events,
            kept_bytes: limits.session_events_bytes,
        }
    }
}

/// Whose numbers `s` are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbering {
    /// The session's: 1, 2, 3. What was sent is kept here.
    Own,
    /// The node's: increasing, the same for all, so that a frame is encoded once.
    Shared,
}

#[derive(Debug)]
pub enum Input<'a> {
    /// A message of the client, text or binary.
    Frame(&'a [u8]),
    /// The answer to `Identify`: who it is is known.
    Granted { numbering: Numbering, osc: bool },
    /// The answer to `Identify` or `Resume`: closed with this code.
    Refused(u16),
    /// The answer to `Resume`: there is no such session; the client may identify instead.
    Invalid,
    /// The session's socket is another from now on: that of a connection that asked to resume.
    Attached(Connection),
    /// The socket is gone.
    Detached,
    /// Something to tell. `number` is the node's; sessions with own numbers do not use it.
    Dispatch { number: u64, tail: Bytes },
    /// The answer to something it asked for: numbered like a dispatch, but not told again. Who
    /// comes back asks anew.
    Answer { number: u64, tail: Bytes },
    /// The server will stop: the client should come back and resume.
    Reconnect,
}

#[derive(Debug)]
pub enum Output {
    /// A whole control frame.
    Send(Bytes),
    /// The end of a dispatch frame, and its number (see `prefix`).
    Dispatch {
        s: u64,
        tail: Bytes,
    },
    /// Answer with `Granted` or `Refused`.
    Identify(Box<Identify>),
    /// Answer with `Invalid` or `Refused`, or take the connection out with `into_connection`.
    Resume(Box<Resume>),
    Presence(PresenceCommand),
    VoiceState(UpdateVoiceState),
    Members(Box<RequestGuildMembers>),
    Osc(String, Value),
    /// Close the socket; if the session lives on, it is detached then.
    Close(u16),
    /// Nobody came back in time: the session is over.
    Expired,
}

/// What belongs to a socket and not to the session, so that it can be carried over at a resume.
#[derive(Debug, Clone, Copy)]
pub struct Connection {
    /// The last heartbeat.
    heard: Instant,
    /// Frames of the client in the current window.
    window: Instant,
    commands: u32,
    commands_osc: u32,
    /// Dispatches sent on this socket.
    sent: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Waiting for IDENTIFY or RESUME.
    Greeting {
        until: Instant,
    },
    /// One of them came; its answer is on its way.
    Asked,
    Live,
    /// Closed while live; its socket is finishing.
    Closing,
    Detached {
        since: Instant,
    },
    Over,
}

#[derive(Debug)]
pub struct Session {
    terms: Arc<Terms>,
    outputs: VecDeque<Output>,
    phase: Phase,
    connection: Connection,
    numbering: Numbering,
    osc: bool,
    /// The last number given.
    seq: u64,
    kept: Option<Box<Kept>>,
}

/// What was sent with own numbers: the last ones, up to `Session::seq`.
#[derive(Debug, Default)]
struct Kept {
    tails: VecDeque<Bytes>,
    bytes: usize,
}

/// What keeping an event takes: itself, and its place.
fn cost(tail: &Bytes) -> usize {
    tail.len() + size_of::<Bytes>()
}

impl Kept {
    fn trim(&mut self, most: usize, most_bytes: usize) {
        while self.tails.len() > most || self.bytes > most_bytes {
            let Some(oldest) = self.tails.pop_front() else { break };
            self.bytes -= cost(&oldest);
        }
    }
}

/// Why a session cannot be resumed from a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotResumable {
    /// It was never given.
    Ahead,
    /// What follows it is no longer known.
    Behind,
}

impl Session {
    /// A socket is open. The first output is HELLO.
    pub fn new(now: Instant, terms: Arc<Terms>) -> Self {
        let interval = terms.heartbeat_interval.as_millis();
        let hello = frame(opcode::HELLO, &format!("{{\"heartbeat_interval\":{interval}}}"));
        Self {
            phase: Phase::Greeting { until: now + terms.identify_within },
            outputs: VecDeque::from([Output::Send(hello)]),
            connection: Connection {
                heard: now,
                window: now,
                commands: 0,
                commands_osc: 0,
                sent: 0,
            },
            terms,
            numbering: Numbering::Own,
            osc: false,
            seq: 0,
            kept: None,
        }
    }

    /// A session of before a restart, waiting to be resumed.
    pub fn restore(
        now: Instant,
        terms: Arc<Terms>,
        numbering: Numbering,
        osc: bool,
        seq: u64,
        tails: Vec<Bytes>,
    ) -> Self {
        let mut session = Self::new(now, terms);
        session.outputs.clear();
        session.phase = Phase::Detached { since: now };
        session.numbering = numbering;
        session.osc = osc;
        session.seq = seq;
        if numbering == Numbering::Own {
            let bytes = tails.iter().map(cost).sum();
            session.kept = Some(Box::new(Kept { tails: tails.into(), bytes }));
        }
        session
    }

    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Frame(payload) => self.hear(now, payload),
            Input::Granted { numbering, osc } => self.grant(numbering, osc),
            Input::Refused(code) => self.close(code),
            Input::Invalid => self.invalidate(now),
            Input::Attached(connection) => self.attach(connection),
            Input::Detached => self.detach(now),
            Input::Dispatch { number, tail } => self.dispatch(number, tail, true),
            Input::Answer { number, tail } => self.dispatch(number, tail, false),
            Input::Reconnect if self.is_attached() => {
                self.send(frame(opcode::RECONNECT, "null"));
            }
            Input::Reconnect => {}
        }
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_none_or(|due| now < due) {
            return;
        }
        match self.phase {
            Phase::Greeting { .. } => self.close(close::NOT_AUTHENTICATED),
            // Not 4009: the session goes on, and libraries do not resume after 4009.
            Phase::Asked | Phase::Live => self.close(close::UNKNOWN_ERROR),
            Phase::Detached { .. } => self.expire(),
            Phase::Closing | Phase::Over => {}
        }
    }

    pub fn poll(&mut self) -> Option<Output> {
        let output = self.outputs.pop_front();
        if self.outputs.is_empty() {
            // An idle session owns no heap.
            self.outputs = VecDeque::new();
        }
        output
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        let silent = self.connection.heard + self.terms.heartbeat_interval * 3 / 2 + GRACE;
        match self.phase {
            Phase::Greeting { until } => Some(until),
            Phase::Asked | Phase::Live => Some(silent),
            Phase::Detached { since } => Some(since + self.terms.resume_within),
            Phase::Closing | Phase::Over => None,
        }
    }

    /// Dispatches with own numbers after `seq`, if they can be told again exactly.
    pub fn replay(
        &self,
        seq: u64,
    ) -> Result<impl Iterator<Item = (u64, Bytes)> + '_, NotResumable> {
        if seq > self.seq {
            return Err(NotResumable::Ahead);
        }
        let missing = usize::try_from(self.seq - seq).map_err(|_| NotResumable::Behind)?;
        let tails = self.kept.as_ref().map(|kept| &kept.tails);
        let known = tails.map_or(0, VecDeque::len);
        let skip = known.checked_sub(missing).ok_or(NotResumable::Behind)?;
        let told = (seq + 1..).zip(tails.into_iter().flatten().skip(skip));
        Ok(told.filter_map(|(s, tail)| match tail.is_empty() {
            false => Some((s, tail.clone())),
            // Clients that know us count; for others its number is passed over.
            true => self.osc.then(|| (s, Bytes::from_static(SKIPPED))),
        }))
    }

    /// Bytes kept for a resume.
    pub fn kept_bytes(&self) -> usize {
        self.kept.as_ref().map_or(0, |kept| kept.bytes)
    }

    /// Gives up the oldest of what is kept until it is at most so many bytes: nothing from before
    /// can be resumed.
    pub fn trim_kept(&mut self, most_bytes: usize) {
        if let Some(kept) = &mut self.kept {
            kept.trim(usize::MAX, most_bytes);
        }
    }

    /// Counts dispatches that go out without passing through here: a replay, or frames that the
    /// whole node shares.
    pub fn count_sent(&mut self, number: u64, count: u64) {
        self.connection.sent += count;
        if self.numbering == Numbering::Shared {
            self.seq = self.seq.max(number);
        }
    }

    /// Takes the socket's part out of a connection that asked to resume another session.
    pub fn into_connection(self) -> Connection {
        self.connection
    }

    pub fn numbering(&self) -> Numbering {
        self.numbering
    }

    /// The client knows us.
    pub fn osc(&self) -> bool {
        self.osc
    }

    /// The last number given.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    pub fn is_attached(&self) -> bool {
        matches!(self.phase, Phase::Greeting { .. } | Phase::Asked | Phase::Live)
    }

    pub fn is_live(&self) -> bool {
        self.phase == Phase::Live
    }

    /// No frame of the client is awaited or possible any more.
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// The newest of what is kept, oldest first, in at most so many bytes.
    pub fn kept(&self, most_bytes: usize) -> Vec<Bytes> {
        let tails = self.kept.iter().flat_map(|kept| kept.tails.iter().rev());
        let mut bytes = 0;
        let newest = tails.take_while(|tail| {
            bytes += tail.len();
            bytes <= most_bytes
        });
        let mut newest: Vec<_> = newest.cloned().collect();
        newest.reverse();
        newest
    }

    fn hear(&mut self, now: Instant, payload: &[u8]) {
        if !self.is_attached() {
            return;
        }
        let most = if self.osc { self.terms.payload_osc } else { self.terms.payload };
        if payload.len() > most {
            return self.close(close::DECODE_ERROR);
        }
        match command::parse(payload) {
            Ok(command) if self.is_too_much(now, &command) => self.close(close::RATE_LIMITED),
            Ok(command) => self.obey(now, command),
            Err(code) => self.close(code),
        }
    }

    /// Counts a frame in the window of its kind.
    fn is_too_much(&mut self, now: Instant, command: &Command) -> bool {
        let connection = &mut self.connection;
        if now >= connection.window + WINDOW {
            connection.window = now;
            (connection.commands, connection.commands_osc) = (0, 0);
        }
        let (count, most) = match command {
            Command::Osc(..) => (&mut connection.commands_osc, self.terms.commands_osc),
            _ => (&mut connection.commands, self.terms.commands),
        };
        *count += 1;
        *count > most
    }

    fn obey(&mut self, now: Instant, command: Command) {
        if command.needs_session() && self.phase != Phase::Live {
            return self.close(close::NOT_AUTHENTICATED);
        }
        match command {
            Command::Heartbeat => {
                self.connection.heard = now;
                self.acknowledge();
            }
            Command::Identify(_) | Command::Resume(_)
                if !matches!(self.phase, Phase::Greeting { .. }) =>
            {
                self.close(close::ALREADY_AUTHENTICATED);
            }
            Command::Identify(identify) => match identify.shard {
                Some([at, of]) if at >= of => self.close(close::INVALID_SHARD),
                _ => self.ask(now, Output::Identify(identify)),
            },
            Command::Resume(resume) => self.ask(now, Output::Resume(resume)),
            Command::Presence(presence) => self.outputs.push_back(Output::Presence(presence)),
            Command::VoiceState(state) => self.outputs.push_back(Output::VoiceState(state)),
            Command::Members(request) => self.outputs.push_back(Output::Members(request)),
            Command::Nothing => {}
            Command::Osc(..) if !self.osc => self.close(close::UNKNOWN_OPCODE),
            Command::Osc(t, d) => self.outputs.push_back(Output::Osc(t, d)),
        }
    }

    fn ask(&mut self, now: Instant, output: Output) {
        self.phase = Phase::Asked;
        // The client may have taken its time to identify; its heartbeats count from here.
        self.connection.heard = now;
        self.outputs.push_back(output);
    }

    fn acknowledge(&mut self) {
        let ours = self.osc || self.numbering == Numbering::Shared;
        let said = if ours && self.phase == Phase::Live {
            &format!("{{\"dispatches\":{}}}", self.connection.sent)
        } else {
            "null"
        };
        self.send(frame(opcode::HEARTBEAT_ACK, said));
    }

    fn grant(&mut self, numbering: Numbering, osc: bool) {
        if self.phase == Phase::Asked {
            self.phase = Phase::Live;
            self.numbering = numbering;
            self.osc = osc;
        }
    }

    fn invalidate(&mut self, now: Instant) {
        if self.phase == Phase::Asked {
            // COMPAT: some libraries identify on the same socket.
            self.phase = Phase::Greeting { until: now + self.terms.identify_within };
            self.send(frame(opcode::INVALID_SESSION, "false"));
        }
    }

    fn attach(&mut self, connection: Connection) {
        if self.phase == Phase::Over {
            return;
        }
        self.outputs.clear();
        self.connection = Connection { sent: 0, ..connection };
        self.phase = Phase::Live;
    }

    fn detach(&mut self, now: Instant) {
        match self.phase {
            Phase::Live | Phase::Closing => {
                self.phase = Phase::Detached { since: now };
                self.outputs.clear();
            }
            Phase::Detached { .. } | Phase::Over => {}
            Phase::Greeting { .. } | Phase::Asked => self.expire(),
        }
    }

    fn dispatch(&mut self, number: u64, tail: Bytes, again: bool) {
        if !matches!(self.phase, Phase::Live | Phase::Closing | Phase::Detached { .. }) {
            return;
        }
        let s = match self.numbering {
            Numbering::Own => {
                self.keep(if again { tail.clone() } else { Bytes::new() });
                self.seq
            }
            Numbering::Shared => {
                self.seq = self.seq.max(number);
                number
            }
        };
        if self.phase == Phase::Live {
            self.connection.sent += 1;
            self.outputs.push_back(Output::Dispatch { s, tail });
        }
    }

    fn keep(&mut self, tail: Bytes) {
        self.seq += 1;
        let kept = self.kept.get_or_insert_default();
        kept.bytes += cost(&tail);
        kept.tails.push_back(tail);
        kept.trim(self.terms.kept_events, self.terms.kept_bytes);
    }

    fn send(&mut self, frame: Bytes) {
        self.outputs.push_back(Output::Send(frame));
    }

    /// What the client said before is still answered; nothing it says after is heard. A session
    /// that was live is detached by the shell once the socket is gone, or ended by the code.
    fn close(&mut self, code: u16) {
        if self.is_attached() {
            self.outputs.push_back(Output::Close(code));
            let live = self.phase == Phase::Live;
            self.phase = if live { Phase::Closing } else { Phase::Over };
        }
    }

    fn expire(&mut self) {
        self.phase = Phase::Over;
        self.kept = None;
        self.outputs = VecDeque::from([Output::Expired]);
    }
}

/// Whether a session ends with its socket when it is closed with this code. Who must sign in again
/// or start over has nothing to come back to; all other closes leave the session waiting.
/// COMPAT: libraries close with codes of their own to come back; only 1000 and 1001 are a goodbye.
pub fn ends_session(code: u16) -> bool {
    matches!(
        code,
        1000 | 1001
            | close::AUTHENTICATION_FAILED
            | close::INVALID_SEQ
            | close::SESSION_TIMED_OUT
            | close::INVALID_SHARD
            | close::SHARDING_REQUIRED
            | close::INVALID_VERSION
            | close::INVALID_INTENTS
            | close::DISALLOWED_INTENTS
    )
}

/// A frame that is no dispatch. COMPAT: nextcord ends if one has no `s` or no `t`.
fn frame(op: u8, d: &str) -> Bytes {
    format!("{{\"op\":{op},\"d\":{d},\"s\":null,\"t\":null}}").into()
}

/// The beginning of a dispatch frame: `{"op":0,"s":7`. Its tail follows.
pub fn prefix(s: u64) -> String {
    format!("{{\"op\":0,\"s\":{s}")
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
