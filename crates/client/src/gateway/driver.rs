//! Gives the machine of a session its socket and the time, and hands out what it says.

use std::{collections::VecDeque, future::Future, pin::Pin, time::Duration};

use proto::gateway::{
    self,
    shard::{self, Input, Output, Shard},
};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

use super::{Event, Options, Status, WAITING_EVENTS, socket::Heard, socket::Socket};
use crate::Address;

/// How long a session without anything due may sleep.
const LONG: Duration = Duration::from_secs(3_600);

pub enum Control {
    Command(String),
    Drop,
    Stop,
}

type Dial = Pin<Box<dyn Future<Output = anyhow::Result<Socket>> + Send>>;

pub struct Driver {
    options: Options,
    address: Address,
    shard: Shard,
    socket: Option<Socket>,
    dial: Option<Dial>,
    waiting: VecDeque<Event>,
    status: watch::Sender<Status>,
    may_dial: watch::Receiver<bool>,
    refused: Option<u16>,
    stopped: bool,
}

/// What the driver woke up for.
enum Wake {
    Dialled(anyhow::Result<Socket>),
    Socket(std::io::Result<()>),
    Control(Option<Control>),
    Room,
    Due,
}

impl Driver {
    pub fn new(
        options: Options,
        address: Address,
        seed: u64,
        status: watch::Sender<Status>,
        may_dial: watch::Receiver<bool>,
    ) -> Self {
        let gapless = options.numbering == super::Numbering::Own;
        let now = Instant::now().into_std();
        Self {
            shard: Shard::new(now, options.identify.clone(), gapless, seed),
            address: address.with_query(&options.query()),
            options,
            socket: None,
            dial: None,
            waiting: VecDeque::new(),
            status,
            may_dial,
            refused: None,
            stopped: false,
        }
    }

    /// Runs until the session is over or nobody listens.
    pub async fn run(mut self, events: mpsc::Sender<Event>, mut controls: mpsc::Receiver<Control>) {
        loop {
            self.drain();
            self.hand_out(&events);
            self.show();
            let over = self.stopped || self.refused.is_some();
            if over && (self.stopped || self.waiting.is_empty()) {
                return;
            }
            let wake = self.wake(&events, &mut controls).await;
            let now = Instant::now().into_std();
            match wake {
                Wake::Dialled(outcome) => self.dialled(now, outcome),
                Wake::Socket(outcome) => self.turn(now, outcome),
                Wake::Control(Some(Control::Command(frame))) => {
                    self.shard.handle(now, Input::Command(frame));
                }
                Wake::Control(Some(Control::Drop)) => self.lost(now, None),
                Wake::Control(Some(Control::Stop) | None) => {
                    self.shard.handle(now, Input::Stop);
                    self.stopped = true;
                }
                Wake::Room => {}
                Wake::Due => self.shard.handle_timeout(now),
            }
        }
    }

    async fn wake(
        &mut self,
        events: &mpsc::Sender<Event>,
        controls: &mut mpsc::Receiver<Control>,
    ) -> Wake {
        let due = match self.shard.poll_timeout() {
            Some(due) => Instant::from_std(due),
            None => Instant::now() + LONG,
        };
        let room = self.waiting.len() < WAITING_EVENTS;
        tokio::select! {
            biased;
            control = controls.recv() => Wake::Control(control),
            () = tokio::time::sleep_until(due) => Wake::Due,
            outcome = async { self.dial.as_mut().expect("checked").as_mut().await },
                if self.dial.is_some() => Wake::Dialled(outcome),
            outcome = async { self.socket.as_mut().expect("checked").ready(room).await },
                if self.socket.is_some() => Wake::Socket(outcome),
            _ = events.reserve(), if !self.waiting.is_empty() => Wake::Room,
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.shard.poll() {
            match output {
                Output::Connect(url) => self.connect(url),
                Output::Send(frame) => {
                    if let Some(socket) = &mut self.socket {
                        socket.send(&frame);
                    }
                }
                Output::Close(code) => {
                    self.dial = None;
                    if let Some(socket) = self.socket.take() {
                        tokio::spawn(socket.close(code));
                    }
                }
                Output::Dispatch(dispatch) => self.waiting.push_back(read(&dispatch)),
                Output::Refused(code) => self.refused = Some(code),
            }
        }
    }

    fn hand_out(&mut self, events: &mpsc::Sender<Event>) {
        while let Some(event) = self.waiting.pop_front() {
            match events.try_send(event) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(event)) => {
                    self.waiting.push_front(event);
                    return;
                }
                // Nobody reads them; the controls end with their handles.
                Err(mpsc::error::TrySendError::Closed(_)) => {}
            }
        }
    }

    fn show(&self) {
        let now = if let Some(code) = self.refused {
            Status::Refused(code)
        } else if self.stopped {
            Status::Over
        } else if self.shard.is_live() {
            Status::Live
        } else {
            Status::Connecting
        };
        self.status.send_if_modified(|shown| std::mem::replace(shown, now) != now);
    }

    /// Where a session resumes the server may tell; anything else than an address is ignored.
    fn connect(&mut self, url: Option<String>) {
        self.socket = None;
        let told = url.and_then(|url| Address::parse(&url).ok());
        let told = told.map(|address| address.with_query(&self.options.query()));
        let address = told.unwrap_or_else(|| self.address.clone());
        let fields = self.options.fields.clone();
        let mut may_dial = self.may_dial.clone();
        self.dial = Some(Box::pin(async move {
            may_dial.wait_for(|online| *online).await?;
            Socket::open(&address, &fields).await
        }));
    }

    fn dialled(&mut self, now: std::time::Instant, outcome: anyhow::Result<Socket>) {
        self.dial = None;
        match outcome {
            Ok(socket) => {
                self.socket = Some(socket);
                self.shard.handle(now, Input::Opened);
                // What came in the same packet as the answer to the upgrade.
                self.turn(now, Ok(()));
            }
            Err(error) => {
                tracing::debug!(error = ?error, "cannot connect to the gateway");
                self.shard.handle(now, Input::Closed(None));
            }
        }
    }

    /// Reads and writes what is possible without waiting.
    fn turn(&mut self, now: std::time::Instant, outcome: std::io::Result<()>) {
        let Some(mut socket) = self.socket.take() else { return };
        let mut closed = outcome.err().map(|_| None);
        let (shard, tap) = (&mut self.shard, &self.options.tap);
        let heard = socket.turn(&mut |heard| match heard {
            Heard::Text(text) => {
                if let Some(tap) = tap {
                    tap(text);
                }
                shard.handle(now, Input::Frame(text));
            }
            Heard::Close(code) => closed = Some(code),
        });
        if heard.is_err() && closed.is_none() {
            closed = Some(None);
        }
        match closed {
            Some(code) => self.lost(now, code),
            None => self.socket = Some(socket),
        }
    }

    fn lost(&mut self, now: std::time::Instant, code: Option<u16>) {
        self.socket = None;
        self.dial = None;
        self.shard.handle(now, Input::Closed(code));
    }
}

fn read(dispatch: &shard::Dispatch) -> Event {
    let s = dispatch.s;
    match gateway::Dispatch::parse(&dispatch.t, dispatch.d.get()) {
        Some(Ok(dispatch)) => Event::Dispatch { s, dispatch },
        Some(Err(error)) => {
            Event::Unread { s, t: dispatch.t.clone(), why: Some(error.to_string()) }
        }
        None => Event::Unread { s, t: dispatch.t.clone(), why: None },
    }
}
