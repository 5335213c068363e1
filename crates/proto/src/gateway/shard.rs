//! The client half of the gateway, as a pure machine: dials, identifies, beats, resumes.
//!
//! It is used by our client library and, against the server half, by the pair tests; whoever owns
//! the socket gives one input and drains the outputs.
//! <https://discord.com/developers/docs/events/gateway>

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use serde_json::{json, value::RawValue};

use crate::{
    code::close,
    gateway::{Frame, Identify, Resume, opcode},
};

/// How long a server may take to answer at each step of the beginning.
const SILENCE: Duration = Duration::from_secs(15);
const LONGEST_WAIT: Duration = Duration::from_secs(15);
const SHORTEST_WAIT: Duration = Duration::from_millis(500);
/// Commands that wait for the session to be live.
const WAITING_COMMANDS: usize = 64;

#[derive(Debug)]
pub enum Input<'a> {
    /// The socket that `Connect` asked for is open.
    Opened,
    /// A message of the server.
    Frame(&'a str),
    /// The socket is gone or never opened; the close code if there was one.
    Closed(Option<u16>),
    /// A frame of the user of this machine; waits until the session is live.
    Command(String),
    /// Says goodbye: the session ends.
    Stop,
}

#[derive(Debug)]
pub enum Output {
    /// Open a socket: to this address if there is one, else to the first.
    Connect(Option<String>),
    Send(String),
    /// Close the socket. No more of it will be heard.
    Close(u16),
    Dispatch(Dispatch),
    /// The server refuses with this code, and would again.
    Refused(u16),
}

/// An event as it came; see `gateway::Dispatch::parse`.
#[derive(Debug, Clone)]
pub struct Dispatch {
    pub s: u64,
    pub t: String,
    pub d: Box<RawValue>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Waiting {
        until: Instant,
    },
    Opening {
        until: Instant,
    },
    /// Open; HELLO is awaited.
    Greeting {
        until: Instant,
    },
    /// Identified or resumed; READY or RESUMED is awaited.
    Starting {
        until: Instant,
    },
    /// The session was gone: identify on the same socket, a little later.
    Pausing {
        until: Instant,
    },
    Live,
    Over,
}

#[derive(Debug)]
struct Known {
    session_id: String,
    resume_url: Option<String>,
    seq: u64,
}

#[derive(Debug)]
pub struct Shard {
    identify: Identify,
    outputs: VecDeque<Output>,
    commands: VecDeque<String>,
    phase: Phase,
    session: Option<Known>,
    /// `s` counts 1, 2, 3: a gap means that something was lost.
    gapless: bool,
    interval: Duration,
    beat_at: Option<Instant>,
    acknowledged: bool,
    /// Dispatches that came over this socket.
    received: u64,
    attempt: u32,
    /// Chance, handed in once: spreads heartbeats and reconnects.
    chance: u64,
}

impl Shard {
    /// `gapless`: numbers are the session's own (no `seq=shared` in the address).
    pub fn new(now: Instant, identify: Identify, gapless: bool, seed: u64) -> Self {
        let mut shard = Self {
            identify,
            outputs: VecDeque::new(),
            commands: VecDeque::new(),
            phase: Phase::Over,
            session: None,
            gapless,
            interval: Duration::from_secs(41),
            beat_at: None,
            acknowledged: true,
            received: 0,
            attempt: 0,
            chance: seed,
        };
        shard.dial(now);
        shard
    }

    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Opened => {
                if matches!(self.phase, Phase::Opening { .. }) {
                    self.phase = Phase::Greeting { until: now + SILENCE };
                }
            }
            Input::Frame(text) => self.hear(now, text),
            Input::Closed(code) => self.closed(now, code),
            Input::Command(frame) if self.phase == Phase::Live => {
                self.outputs.push_back(Output::Send(frame));
            }
            Input::Command(frame) => {
                if self.commands.len() < WAITING_COMMANDS {
                    self.commands.push_back(frame);
                }
            }
            Input::Stop => {
                if self.has_socket() {
                    self.outputs.push_back(Output::Close(1000));
                }
                self.end();
            }
        }
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_none_or(|due| now < due) {
            return;
        }
        match self.phase {
            Phase::Waiting { .. } => self.dial(now),
            Phase::Opening { until } | Phase::Greeting { until } | Phase::Starting { until }
                if now >= until =>
            {
                self.abandon(now);
            }
            Phase::Pausing { until } if now >= until => self.start(now),
            _ => self.beat(now),
        }
    }

    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        let step = match self.phase {
            Phase::Waiting { until }
            | Phase::Opening { until }
            | Phase::Greeting { until }
            | Phase::Starting { until }
            | Phase::Pausing { until } => Some(until),
            Phase::Live | Phase::Over => None,
        };
        step.into_iter().chain(self.beat_at).min()
    }

    pub fn is_live(&self) -> bool {
        self.phase == Phase::Live
    }

    /// The last number seen in this session.
    pub fn seq(&self) -> Option<u64> {
        self.session.as_ref().map(|session| session.seq)
    }

    pub fn session_id(&self) -> Option<&str> {
        self.session.as_ref().map(|session| session.session_id.as_str())
    }

    fn has_socket(&self) -> bool {
        !matches!(self.phase, Phase::Waiting { .. } | Phase::Over)
    }

    fn dial(&mut self, now: Instant) {
        self.phase = Phase::Opening { until: now + SILENCE };
        self.beat_at = None;
        self.acknowledged = true;
        self.received = 0;
        let url = self.session.as_ref().and_then(|session| session.resume_url.clone());
        self.outputs.push_back(Output::Connect(url));
    }

    fn closed(&mut self, now: Instant, code: Option<u16>) {
        if !self.has_socket() {
            return;
        }
        match code {
            Some(code @ (close::AUTHENTICATION_FAILED | 4010..=4014)) => {
                self.end();
                self.outputs.push_back(Output::Refused(code));
            }
            Some(close::INVALID_SEQ | close::SESSION_TIMED_OUT) => {
                self.session = None;
                self.wait(now);
            }
            _ => self.wait(now),
        }
    }

    /// The socket is open, yet of no use: take the session up on another.
    fn abandon(&mut self, now: Instant) {
        self.outputs.push_back(Output::Close(close::UNKNOWN_ERROR));
        self.wait(now);
    }

    fn wait(&mut self, now: Instant) {
        let ceiling = (SHORTEST_WAIT * 2u32.saturating_pow(self.attempt.min(10))).min(LONGEST_WAIT);
        // Half of the wait is by chance: after a restart not everybody may come at once.
        let wait = ceiling / 2 + (ceiling / 2).mul_f64(self.random());
        self.attempt += 1;
        self.phase = Phase::Waiting { until: now + wait };
        self.beat_at = None;
    }

    fn end(&mut self) {
        self.phase = Phase::Over;
        self.session = None;
        self.beat_at = None;
        self.commands.clear();
    }

    fn hear(&mut self, now: Instant, text: &str) {
        if !self.has_socket() || matches!(self.phase, Phase::Opening { .. }) {
            return;
        }
        let Ok(frame) = serde_json::from_str::<Frame<'_>>(text) else {
            return self.abandon(now);
        };
        let d = frame.d.map_or("null", RawValue::get);
        match frame.op {
            opcode::DISPATCH => self.dispatched(now, &frame),
            opcode::HEARTBEAT => self.send_beat(now),
            opcode::RECONNECT => self.abandon(now),
            opcode::INVALID_SESSION if d == "true" => self.abandon(now),
            opcode::INVALID_SESSION => {
                self.session = None;
                self.received = 0;
                let pause = SHORTEST_WAIT.mul_f64(0.5 + self.random());
                self.phase = Phase::Pausing { until: now + pause };
            }
            opcode::HELLO => self.greeted(now, d),
            opcode::HEARTBEAT_ACK => self.acknowledged(now, d),
            _ => {}
        }
    }

    fn greeted(&mut self, now: Instant, d: &str) {
        #[derive(serde::Deserialize)]
        struct Hello {
            heartbeat_interval: u64,
        }
        let Ok(hello) = serde_json::from_str::<Hello>(d) else {
            return self.abandon(now);
        };
        self.interval = Duration::from_millis(hello.heartbeat_interval.max(1));
        self.beat_at = Some(now + self.interval.mul_f64(self.random()));
        self.start(now);
    }

    fn start(&mut self, now: Instant) {
        self.phase = Phase::Starting { until: now + SILENCE };
        let frame = match &self.session {
            None => json!({ "op": opcode::IDENTIFY, "d": self.identify }),
            Some(known) => {
                let resume = Resume {
                    token: self.identify.token.clone(),
                    session_id: known.session_id.clone(),
                    seq: known.seq,
                };
                json!({ "op": opcode::RESUME, "d": resume })
            }
        };
        self.outputs.push_back(Output::Send(frame.to_string()));
    }

    fn dispatched(&mut self, now: Instant, frame: &Frame<'_>) {
        let (Some(s), Some(t)) = (frame.s, frame.t.as_deref()) else {
            return self.abandon(now);
        };
        let d = frame.d.map_or("null", RawValue::get);
        self.received += 1;
        if t == "READY" {
            self.session = known(d);
        }
        let Some(session) = &mut self.session else {
            return self.abandon(now);
        };
        if self.gapless && t != "READY" && s != session.seq + 1 {
            // Something was lost, or told twice: ask again for what follows the last one.
            return self.abandon(now);
        }
        session.seq = session.seq.max(s);
        if matches!(t, "READY" | "RESUMED") {
            self.phase = Phase::Live;
            self.attempt = 0;
            self.outputs.extend(self.commands.drain(..).map(Output::Send));
            // Beat at once: the answer tells whether the replay was complete.
            self.beat_at = Some(if t == "RESUMED" { now } else { now + self.interval });
        }
        let d = RawValue::from_string(d.to_owned()).expect("it was one");
        self.outputs.push_back(Output::Dispatch(Dispatch { s, t: t.to_owned(), d }));
    }

    fn beat(&mut self, now: Instant) {
        if !self.acknowledged {
            // The server is silent: the connection is dead, though nobody said so.
            return self.abandon(now);
        }
        self.send_beat(now);
        self.acknowledged = false;
    }

    fn send_beat(&mut self, now: Instant) {
        self.beat_at = Some(now + self.interval);
        let frame = json!({ "op": opcode::HEARTBEAT, "d": self.seq() });
        self.outputs.push_back(Output::Send(frame.to_string()));
    }

    fn acknowledged(&mut self, now: Instant, d: &str) {
        #[derive(serde::Deserialize)]
        struct Ack {
            dispatches: u64,
        }
        self.acknowledged = true;
        // Shared numbers have gaps; this count is how a lost dispatch is noticed.
        if let Ok(ack) = serde_json::from_str::<Ack>(d)
            && ack.dispatches != self.received
        {
            // Which one is not known, so no number to resume from would bring it back in order.
            self.session = None;
            self.abandon(now);
        }
    }

    /// 0 <= random < 1 (SplitMix64).
    fn random(&mut self) -> f64 {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.chance;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// The session as READY names it.
fn known(d: &str) -> Option<Known> {
    #[derive(serde::Deserialize)]
    struct Ready {
        session_id: String,
        resume_gateway_url: Option<String>,
    }
    let ready: Ready = serde_json::from_str(d).ok()?;
    Some(Known { session_id: ready.session_id, resume_url: ready.resume_gateway_url, seq: 0 })
}
