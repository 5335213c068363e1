//! Which sockets of a thread can go on: the one loop under everything that owns sockets.
//!
//! Edge-triggered: an event comes once, so a socket that was not read to its end has to be named
//! again (`again`), and a turn with such sockets does not wait.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use mio::{Events, Poll, Registry, Token, Waker};

/// How often sockets are looked at although nothing happened to them.
const SWEEP: Duration = Duration::from_secs(1);
const EVENTS: usize = 1_024;
const WAKE: Token = Token(usize::MAX);

pub struct Readiness {
    poll: Poll,
    waker: Arc<Waker>,
    events: Events,
    again: Vec<usize>,
    swept: Instant,
}

/// What can be done now. Kept from turn to turn for its memory.
pub struct Turn {
    pub now: Instant,
    pub writable: Vec<usize>,
    /// Without duplicates.
    pub readable: Vec<usize>,
    /// A second has passed since this was last so.
    pub sweep: bool,
}

impl Turn {
    pub fn new() -> Self {
        Self { now: Instant::now(), writable: Vec::new(), readable: Vec::new(), sweep: false }
    }
}

impl Default for Turn {
    fn default() -> Self {
        Self::new()
    }
}

impl Readiness {
    pub fn new() -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        let events = Events::with_capacity(EVENTS);
        Ok(Self { poll, waker, events, again: Vec::new(), swept: Instant::now() })
    }

    /// Ends a wait from another thread.
    pub fn waker(&self) -> Arc<Waker> {
        self.waker.clone()
    }

    /// Sockets are registered with their number as the token.
    pub fn registry(&self) -> &Registry {
        self.poll.registry()
    }

    /// This socket is read in the next turn, whether or not an event says so.
    pub fn again(&mut self, at: usize) {
        self.again.push(at);
    }

    /// Waits until something can be done, at most until the next sweep; `busy`: not at all.
    pub fn wait(&mut self, busy: bool, turn: &mut Turn) -> io::Result<()> {
        let until_sweep = (self.swept + SWEEP).saturating_duration_since(Instant::now());
        let busy = busy || !self.again.is_empty();
        let wait = if busy { Duration::ZERO } else { until_sweep };
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => self.events.clear(),
            polled => polled?,
        }
        turn.now = Instant::now();
        turn.writable.clear();
        turn.readable.clear();
        turn.readable.append(&mut self.again);
        for event in self.events.iter().filter(|event| event.token() != WAKE) {
            let at = event.token().0;
            if event.is_writable() {
                turn.writable.push(at);
            }
            if event.is_readable() || event.is_read_closed() || event.is_error() {
                turn.readable.push(at);
            }
        }
        turn.readable.sort_unstable();
        turn.readable.dedup();
        turn.sweep = turn.now >= self.swept + SWEEP;
        if turn.sweep {
            self.swept = turn.now;
        }
        Ok(())
    }
}
