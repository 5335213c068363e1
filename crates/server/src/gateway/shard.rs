//! One thread and all its sockets: a loop over readiness, news of the hub and mail of the clerk.
//!
//! It never waits for anything else, so ten thousand sockets cost what their buffers in the kernel
//! cost. What a session does is in `tell` (events), `start` (READY and resume) and `serve`
//! (frames of clients).

mod serve;
mod start;
mod tell;

use std::{
    collections::HashMap,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    time::{Duration, Instant},
};

use domain::{Actor, presence, ready::Start};
use mio::{Token, Waker};
use proto::{
    Id,
    code::close,
    gateway::{
        Resume,
        session::{Input, Session, Terms},
    },
    marker,
    member::Member,
};
use slab::Slab;
use tokio::sync::{mpsc, oneshot};

use super::{
    clerk::{Address, Logged, Request, Restored},
    hub::{Hub, News},
    kept::GiveUp,
    metrics::count,
    readiness::{Readiness, Turn},
    rooms::RoomId,
    session::{LOW_WATER, Line, Peer, Who},
    socket::{End, Progress, Socket},
    upgrade::Arrival,
};

const SCRATCH: usize = 64 << 10;
/// News taken before sockets are looked at again.
const NEWS_PER_TURN: usize = 4_096;
/// How long sockets may take to close when the server stops.
const STOP_WITHIN: Duration = Duration::from_secs(3);

/// What is sent to a shard by others than the hub.
pub enum Mail {
    Arrive(Box<Arrival>),
    /// A connection that asked to resume a session of this shard came from another one.
    Move {
        line: Box<Line>,
        machine: Box<Session>,
        resume: Box<Resume>,
        actor: Actor,
    },
    Known {
        to: Address,
        who: Box<Who>,
        registered: oneshot::Sender<()>,
    },
    Start {
        to: Address,
        start: Box<Start>,
    },
    Refused {
        to: Address,
        code: u16,
    },
    Invalid {
        to: Address,
    },
    Resume {
        to: Address,
        shard: usize,
        resume: Box<Resume>,
        actor: Actor,
        restored: Option<Box<Restored>>,
        logged: Option<Logged>,
    },
    Guild {
        to: Address,
        guild: Id<marker::Guild>,
        known: bool,
    },
    /// Whom a request for members means, and whom it named in vain; `None`: nobody may know.
    Meant {
        to: Address,
        meant: Option<(Vec<Id<marker::User>>, Vec<String>)>,
    },
    Page {
        to: Address,
        members: Vec<Member>,
    },
    Voice {
        to: Address,
        place: Option<(Id<marker::Guild>, String)>,
    },
    CloseUser(Id<marker::User>, u16),
    /// These sessions keep too much for a resume.
    GiveUp(GiveUp),
    /// The oldest session of this user that waits gives way to one on another shard.
    GiveWay(Id<marker::User>),
    Stop(oneshot::Sender<()>),
}

/// How others reach a shard.
#[derive(Clone)]
pub struct ShardEnd {
    news: Sender<News>,
    mail: Sender<Mail>,
    waker: Arc<Waker>,
    awake: Arc<AtomicBool>,
}

impl ShardEnd {
    pub fn tell(&self, news: News) {
        // A shard that is gone has no sessions.
        let _ = self.news.send(news);
        self.wake();
    }

    pub fn mail(&self, mail: Mail) {
        let _ = self.mail.send(mail);
        self.wake();
    }

    fn wake(&self) {
        if !self.awake.swap(true, Ordering::SeqCst) {
            let _ = self.waker.wake();
        }
    }
}

pub struct Shard {
    index: usize,
    hub: Arc<Hub>,
    requests: mpsc::Sender<Request>,
    terms: Arc<Terms>,
    readiness: Readiness,
    awake: Arc<AtomicBool>,
    news: Receiver<News>,
    mail: Receiver<Mail>,
    lines: Slab<Line>,
    peers: Slab<Peer>,
    /// Who of this shard is in a room of the hub.
    rooms: HashMap<RoomId, Vec<usize>>,
    people: HashMap<Id<marker::User>, Vec<usize>>,
    names: HashMap<String, usize>,
    /// Lines to flush at the end of the turn.
    dirty: Vec<usize>,
    /// News may be left that the waker will not tell of again.
    more_news: bool,
    scratch: Vec<u8>,
    /// Bytes that its sessions keep since they were counted.
    kept_new: usize,
    /// The moment of this turn.
    now: Instant,
    generation: u32,
    next_key: u64,
    stopping: Option<Instant>,
}

impl Shard {
    pub fn new(
        index: usize,
        hub: Arc<Hub>,
        requests: mpsc::Sender<Request>,
    ) -> io::Result<(Self, ShardEnd)> {
        let readiness = Readiness::new()?;
        let waker = readiness.waker();
        let awake = Arc::new(AtomicBool::new(false));
        let ((news_in, news), (mail_in, mail)) = (channel(), channel());
        let end = ShardEnd { news: news_in, mail: mail_in, waker, awake: awake.clone() };
        let shard = Self {
            index,
            terms: Arc::new(Terms::from(&hub.app.limits)),
            hub,
            requests,
            readiness,
            awake,
            news,
            mail,
            lines: Slab::new(),
            peers: Slab::new(),
            rooms: HashMap::new(),
            people: HashMap::new(),
            names: HashMap::new(),
            dirty: Vec::new(),
            more_news: false,
            scratch: vec![0; SCRATCH],
            kept_new: 0,
            now: Instant::now(),
            generation: 0,
            next_key: (index as u64) << 48,
            stopping: None,
        };
        Ok((shard, end))
    }

    /// The loop. Ends when the server stops.
    pub fn run(mut self) {
        let mut turn = Turn::new();
        loop {
            let busy = !self.dirty.is_empty() || self.more_news;
            if let Err(error) = self.readiness.wait(busy, &mut turn) {
                tracing::error!(%error, "cannot poll the gateway's sockets");
                return;
            }
            self.turn(&turn);
            if self.stopping.is_some_and(|until| self.now >= until || self.lines.is_empty()) {
                return;
            }
        }
    }

    fn turn(&mut self, turn: &Turn) {
        self.now = turn.now;
        self.awake.store(false, Ordering::SeqCst);
        self.take_news(NEWS_PER_TURN);
        while let Ok(mail) = self.mail.try_recv() {
            self.guarded(None, |shard| shard.open(mail));
        }
        for &line in &turn.writable {
            self.guarded(Some(line), |shard| shard.writable(line));
        }
        for &line in &turn.readable {
            self.guarded(Some(line), |shard| shard.readable(line));
        }
        self.finish_turn();
        if self.kept_new > self.hub.kept.soon() {
            self.count_kept();
        }
        if turn.sweep {
            self.sweep();
            self.finish_turn();
        }
    }

    /// A panic costs one connection, not the thread.
    fn guarded(&mut self, line: Option<usize>, work: impl FnOnce(&mut Self)) {
        if catch_unwind(AssertUnwindSafe(|| work(self))).is_ok() {
            return;
        }
        count(&self.hub.metrics.panics);
        tracing::error!("a gateway connection was closed by a fault");
        let Some(line) = line else { return };
        let closed = catch_unwind(AssertUnwindSafe(|| self.close(line, close::UNKNOWN_ERROR)));
        if closed.is_err() && self.lines.contains(line) {
            self.lines.remove(line);
        }
    }

    fn take_news(&mut self, most: usize) {
        for _ in 0..most {
            let Ok(news) = self.news.try_recv() else {
                self.more_news = false;
                return;
            };
            self.guarded(None, |shard| shard.hear(news));
        }
        // More may have come, and the waker will not say so again.
        self.more_news = true;
    }

    /// Does something at a fixed point between two events: all before it have been taken, none
    /// after it is there yet.
    fn behind_gate<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        while let Ok(news) = self.news.try_recv() {
            self.hear(news);
        }
        let hub = self.hub.clone();
        let gate = hub.app.gate.hold();
        while let Ok(news) = self.news.try_recv() {
            self.hear(news);
        }
        let result = work(self);
        drop(gate);
        result
    }

    fn arrive(&mut self, arrival: Arrival) {
        let Arrival { stream, leftover, limits, shared, transport, cookie, base, slot } = arrival;
        let Ok(socket) = Socket::new(stream, leftover, limits) else { return };
        let mut line = Line::new(socket, shared, transport, base);
        line.cookie = cookie;
        line.slot = slot;
        self.hub.metrics.sockets.fetch_add(1, Ordering::Relaxed);
        let machine = Session::new(self.now, self.terms.clone());
        self.seat(line, machine);
    }

    /// Gives a line a place, with a session that just begins.
    fn seat(&mut self, mut line: Line, machine: Session) -> Option<usize> {
        let entry = self.lines.vacant_entry();
        let at = entry.key();
        if line.socket.register(self.readiness.registry(), Token(at)).is_err() {
            self.hub.metrics.sockets.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        let generation = self.generation;
        self.generation = self.generation.wrapping_add(1);
        let slot = self.peers.insert(Peer { machine, generation, line: Some(at), live: None });
        line.peer = Some(slot);
        entry.insert(line);
        self.readiness.again(at);
        self.pump(slot);
        Some(slot)
    }

    fn readable(&mut self, at: usize) {
        let Some(line) = self.lines.get_mut(at) else { return };
        let machine = line.peer.and_then(|slot| self.peers.get_mut(slot));
        let mut machine = machine.map(|peer| &mut peer.machine);
        let now = self.now;
        let progress = line.socket.readable(&mut self.scratch, &mut |_, event| {
            use proto::websocket::Event;
            let Some(machine) = machine.as_mut() else { return };
            match event {
                Event::Text(text) => machine.handle(now, Input::Frame(text.as_bytes())),
                Event::Binary(bytes) => machine.handle(now, Input::Frame(&bytes)),
                Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
            }
        });
        if line.socket.wants_read() {
            self.readiness.again(at);
        }
        if let Some(slot) = line.peer {
            self.pump(slot);
        }
        self.progressed(at, progress);
    }

    fn writable(&mut self, at: usize) {
        let Some(line) = self.lines.get_mut(at) else { return };
        let progress = line.socket.writable();
        self.mark(at);
        self.progressed(at, progress);
    }

    /// To be flushed at the end of the turn.
    fn mark(&mut self, at: usize) {
        self.dirty.push(at);
    }

    /// Follows a socket to its end.
    fn progressed(&mut self, at: usize, progress: Progress) {
        if progress == Progress::Open {
            return;
        }
        let Some(line) = self.lines.get_mut(at) else { return };
        let end = line.socket.end();
        let peer = line.peer.take();
        if end == Some(End::Slow) && peer.is_some() {
            count(&self.hub.metrics.slow);
        }
        if progress == Progress::Gone {
            let mut line = self.lines.remove(at);
            let _ = line.socket.deregister(self.readiness.registry());
            self.hub.metrics.sockets.fetch_sub(1, Ordering::Relaxed);
        }
        if let Some(slot) = peer {
            let code = match end {
                Some(End::Peer(code) | End::Ours(code) | End::Violation(code)) => Some(code),
                Some(End::Slow | End::Lost) | None => None,
            };
            self.detach(slot, code);
        }
    }

    /// Closes a socket; its session is detached, or over, as the code has it.
    fn close(&mut self, at: usize, code: u16) {
        let Some(line) = self.lines.get_mut(at) else { return };
        line.drain();
        let progress = line.socket.close(code, reason(code));
        self.progressed(at, if progress == Progress::Open { Progress::Closing } else { progress });
    }

    fn finish_turn(&mut self) {
        // What is done here may mark lines again; a few rounds, the rest next turn.
        for _ in 0..4 {
            let mut dirty = std::mem::take(&mut self.dirty);
            if dirty.is_empty() {
                return;
            }
            dirty.sort_unstable();
            dirty.dedup();
            for at in dirty {
                self.guarded(Some(at), |shard| shard.finish(at));
            }
        }
    }

    /// Writes what is queued, and makes more of what is asked for while there is room.
    fn finish(&mut self, at: usize) {
        let Some(line) = self.lines.get_mut(at) else { return };
        line.dirty = false;
        line.drain();
        let progress = line.socket.flush();
        // Else the stream is full, and its writable event goes on from here.
        let more = line.has_backlog() && line.socket.queued_bytes() < LOW_WATER;
        let (room, peer) = (line.has_room(), line.peer);
        if more {
            self.mark(at);
        }
        if let (Some(slot), true, Progress::Open) = (peer, room, progress) {
            self.produce(slot);
        }
        self.progressed(at, progress);
    }

    fn sweep(&mut self) {
        let now = self.now;
        let lines: Vec<_> = self.lines.iter().map(|(at, _)| at).collect();
        for at in lines {
            self.guarded(Some(at), |shard| {
                let progress = shard.lines.get_mut(at).map(|line| line.socket.tick());
                progress.into_iter().for_each(|progress| shard.progressed(at, progress));
            });
        }
        let due = |peer: &Peer| peer.machine.poll_timeout().is_some_and(|due| due <= now);
        let due: Vec<_> = self.peers.iter().filter(|(_, peer)| due(peer)).map(|(s, _)| s).collect();
        for slot in due {
            self.guarded(None, |shard| {
                let Some(peer) = shard.peers.get_mut(slot) else { return };
                peer.machine.handle_timeout(now);
                shard.pump(slot);
            });
        }
        self.sweep_sessions();
        if self.index == 0 {
            presence::sweep(&self.hub.app);
        }
    }
}

fn reason(code: u16) -> &'static str {
    match code {
        close::UNKNOWN_OPCODE => "unknown opcode",
        close::DECODE_ERROR => "this is not a frame of the gateway",
        close::NOT_AUTHENTICATED => "identify first",
        close::AUTHENTICATION_FAILED => "the token is not valid",
        close::ALREADY_AUTHENTICATED => "already identified",
        close::INVALID_SEQ => "this number was never given",
        close::RATE_LIMITED => "too many frames",
        close::SESSION_TIMED_OUT => "the session timed out",
        close::INVALID_SHARD => "invalid shard",
        close::INVALID_VERSION => "only version 10 is spoken here",
        close::DISALLOWED_INTENTS => "an intent was not granted",
        _ => "",
    }
}
