//! The gateway: a session that stays, over sockets that come and go.
//!
//! What to say when is decided by `proto::gateway::shard`; here it gets a socket, the time and
//! chance. Events come out in order; after a lost connection those that were missed come first.

mod driver;
mod socket;

use std::sync::Arc;

use proto::{
    Id,
    gateway::{
        self, Identify, IdentifyOsc, Intents, RequestGuildMembers, UpdateVoiceState, opcode,
    },
    marker,
};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use crate::{Address, Error};
use driver::{Control, Driver};

/// Events that may wait for whoever reads them; beyond that the socket is not read.
const WAITING_EVENTS: usize = 1_024;
const WAITING_CONTROLS: usize = 64;

/// Every intent there is.
pub const ALL_INTENTS: u64 = (1 << 26) - 1;

/// Whose numbers `s` are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbering {
    /// The session's: 1, 2, 3. Pure v10.
    Own,
    /// The server's, increasing (`seq=shared`): the cheaper way, and it outlives a crash.
    Shared,
}

/// Sees each frame as it came, before anything is made of it: for tests and measurements.
pub type Tap = Arc<dyn Fn(&str) + Send + Sync>;

/// How to connect.
#[derive(Clone)]
pub struct Options {
    pub url: String,
    pub identify: Identify,
    pub numbering: Numbering,
    /// Headers of the upgrade: `Origin`, `Cookie`.
    pub fields: Vec<(String, String)>,
    /// Chance: spreads heartbeats and reconnects. `None`: from the operating system.
    pub seed: Option<u64>,
    pub tap: Option<Tap>,
}

impl Options {
    /// A session that knows this server: all intents, shared numbers, our own events.
    pub fn new(url: impl Into<String>, token: impl Into<String>) -> Self {
        let identify = Identify {
            token: token.into(),
            intents: ALL_INTENTS,
            properties: Some(json!({ "os": "linux", "browser": "osc", "device": "osc" })),
            compress: None,
            large_threshold: None,
            shard: None,
            presence: None,
            osc: Some(IdentifyOsc { v: 1, features: Vec::new() }),
        };
        let numbering = Numbering::Shared;
        Self { url: url.into(), identify, numbering, fields: Vec::new(), seed: None, tap: None }
    }

    /// A session of pure v10: numbers of its own, nothing of ours.
    pub fn pure(mut self) -> Self {
        self.identify.osc = None;
        self.numbering = Numbering::Own;
        self
    }

    pub fn with_intents(mut self, intents: Intents) -> Self {
        self.identify.intents = intents.0;
        self
    }

    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    pub fn with_tap(mut self, tap: Tap) -> Self {
        self.tap = Some(tap);
        self
    }

    fn query(&self) -> String {
        let shared = match self.numbering {
            Numbering::Own => "",
            Numbering::Shared => "&seq=shared",
        };
        format!("v=10&encoding=json{shared}")
    }
}

/// What comes out of a session.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Something happened. A READY that is not the first means that the session was lost and all
    /// that was known before is void.
    Dispatch { s: u64, dispatch: gateway::Dispatch },
    /// An event that this library does not know or cannot read.
    Unread { s: u64, t: String, why: Option<String> },
}

/// How a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// No socket, or one that has not said READY or RESUMED.
    Connecting,
    Live,
    /// The server refuses for good, with this close code.
    Refused(u16),
    /// Ended from here.
    Over,
}

/// A running session. It ends when this and all its handles are dropped.
pub struct Gateway {
    events: mpsc::Receiver<Event>,
    handle: Handle,
}

/// What one can do with a session from anywhere.
#[derive(Clone)]
pub struct Handle {
    controls: mpsc::Sender<Control>,
    status: watch::Receiver<Status>,
    online: Arc<watch::Sender<bool>>,
}

impl Gateway {
    /// Starts a session on the current tokio runtime. It connects for as long as it takes.
    pub fn connect(options: Options) -> Result<Self, Error> {
        let address = Address::parse(&options.url)?;
        let seed = match options.seed {
            Some(seed) => seed,
            None => getrandom::u64().map_err(|error| Error::NotSent(error.into()))?,
        };
        let (events, received) = mpsc::channel(WAITING_EVENTS);
        let (controls, commands) = mpsc::channel(WAITING_CONTROLS);
        let (status, shown) = watch::channel(Status::Connecting);
        let (online, may_dial) = watch::channel(true);
        let driver = Driver::new(options, address, seed, status, may_dial);
        tokio::spawn(driver.run(events, commands));
        let handle = Handle { controls, status: shown, online: Arc::new(online) };
        Ok(Self { events: received, handle })
    }

    /// The next event; `None` when the session is over or refused for good.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// To be used while `next` is waited for elsewhere.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Handle {
    pub fn status(&self) -> Status {
        *self.status.borrow()
    }

    /// Waits until the session stands like this, or can no longer.
    pub async fn reach(&self, wanted: Status) -> Status {
        let mut status = self.status.clone();
        let done =
            |now: &Status| *now == wanted || matches!(now, Status::Refused(_) | Status::Over);
        match status.wait_for(done).await {
            Ok(reached) => *reached,
            Err(_) => self.status(),
        }
    }

    /// Says something; waits until the session is live.
    pub async fn command(&self, op: u8, d: &impl Serialize) -> Result<(), Error> {
        let frame = json!({ "op": op, "d": d }).to_string();
        self.control(Control::Command(frame)).await
    }

    /// A frame as it is: for tests that say nonsense.
    pub async fn raw(&self, frame: impl Into<String>) -> Result<(), Error> {
        self.control(Control::Command(frame.into())).await
    }

    /// Asks for members; they come as GUILD_MEMBERS_CHUNK.
    pub async fn request_members(&self, request: &RequestGuildMembers) -> Result<(), Error> {
        self.command(opcode::REQUEST_GUILD_MEMBERS, request).await
    }

    /// Enters a voice channel, or with `None` leaves.
    pub async fn update_voice(
        &self,
        guild_id: Id<marker::Guild>,
        channel_id: Option<Id<marker::Channel>>,
    ) -> Result<(), Error> {
        let state = UpdateVoiceState {
            guild_id,
            channel_id,
            self_mute: false,
            self_deaf: false,
            self_video: false,
        };
        self.command(opcode::VOICE_STATE_UPDATE, &state).await
    }

    /// Shows the others how one is: `online`, `idle`, `dnd`, `invisible`.
    pub async fn update_presence(&self, status: &str, activities: Value) -> Result<(), Error> {
        let d = json!({
            "status": status, "activities": activities, "since": null, "afk": false,
        });
        self.command(opcode::PRESENCE_UPDATE, &d).await
    }

    /// Loses the connection without a word, as a train does in a tunnel. It comes back by itself.
    pub async fn drop_socket(&self) -> Result<(), Error> {
        self.control(Control::Drop).await
    }

    /// Whether it may connect. Taking it offline drops the connection.
    pub async fn set_online(&self, online: bool) -> Result<(), Error> {
        self.online.send_replace(online);
        if online { Ok(()) } else { self.drop_socket().await }
    }

    /// Says goodbye: the session ends, and does not wait for anybody.
    pub async fn stop(&self) {
        let _ = self.control(Control::Stop).await;
        self.reach(Status::Over).await;
    }

    async fn control(&self, control: Control) -> Result<(), Error> {
        let gone = |_| Error::NotSent(anyhow::anyhow!("the session is over"));
        self.controls.send(control).await.map_err(gone)
    }
}
