//! Both halves of the gateway against each other, over a link that breaks, with a clock moved by
//! hand: no gap, no duplicate, a resume gives exactly the missing tail, heartbeats die on time.
//!
//! Quinn's `Pair`: what a network can do to us is tried in milliseconds, and a failing seed is
//! printed by proptest and stays.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use proptest::prelude::*;

use super::{
    Identify,
    session::{self, NotResumable, Numbering, Session, Terms},
    shard::{self, Shard},
};

/// How the link behaves while a message is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Fine,
    /// Both ends notice; what is under way is lost.
    Break,
    /// Nobody notices; nothing arrives any more.
    Stall,
    /// One dispatch to the client vanishes and the rest goes on (a bug of ours or of a proxy).
    Swallow,
    /// The server loses its memory of sessions with own numbers; the log stays.
    Crash,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Publish,
    Wait(u16),
    Link(Fate),
}

struct Socket {
    /// To the client, to the server: when it arrives, and what.
    down: VecDeque<(Instant, String)>,
    up: VecDeque<(Instant, String)>,
    opens_at: Instant,
    opened: bool,
    stalled: bool,
}

struct Pair {
    now: Instant,
    terms: Arc<Terms>,
    numbering: Numbering,
    client: Shard,
    /// The session that has the socket, and the one that waits for it.
    attached: Option<(u64, Session)>,
    detached: Option<(u64, Session)>,
    names: u64,
    socket: Option<Socket>,
    /// Tails of all events, with their numbers.
    log: Vec<(u64, Bytes)>,
    swallow: bool,
    heard: Vec<u64>,
    readies: u32,
    resumes: u32,
}

const LATENCY: Duration = Duration::from_millis(40);

impl Pair {
    fn new(numbering: Numbering, seed: u64) -> Self {
        let now = Instant::now();
        let limits = crate::Limits { session_events: 64, ..Default::default() };
        let identify = serde_json::from_str(r#"{"token":"t","intents":1,"osc":{"v":1}}"#);
        let identify: Identify = identify.expect("an identify");
        let client = Shard::new(now, identify, numbering == Numbering::Own, seed);
        Self {
            now,
            terms: Arc::new(Terms::from(&limits)),
            numbering,
            client,
            attached: None,
            detached: None,
            names: 0,
            socket: None,
            log: Vec::new(),
            swallow: false,
            heard: Vec::new(),
            readies: 0,
            resumes: 0,
        }
    }

    fn publish(&mut self) {
        let n = self.log.len() as u64 + 1;
        // Shared numbers have gaps.
        let number = 1_000 + n * 3;
        let tail = Bytes::from(format!(",\"t\":\"EVENT\",\"d\":{n}}}"));
        self.log.push((number, tail.clone()));
        for (_, session) in self.attached.iter_mut().chain(&mut self.detached) {
            session.handle(self.now, session::Input::Dispatch { number, tail: tail.clone() });
        }
        self.drain();
    }

    /// Moves the clock, stopping at everything that is due on the way.
    fn advance(&mut self, by: Duration) {
        let end = self.now + by;
        while let Some(due) = self.next_due().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.deliver();
            let now = self.now;
            self.client.handle_timeout(now);
            for (_, session) in self.attached.iter_mut().chain(&mut self.detached) {
                session.handle_timeout(now);
            }
            self.drain();
        }
        self.now = end;
    }

    fn next_due(&self) -> Option<Instant> {
        let socket = self.socket.iter().filter(|socket| !socket.stalled).flat_map(|socket| {
            let opens = (!socket.opened).then_some(socket.opens_at);
            let arrivals = socket.down.front().into_iter().chain(socket.up.front());
            opens.into_iter().chain(arrivals.map(|(at, _)| *at))
        });
        let sessions = self.attached.iter().chain(&self.detached);
        let timers = sessions.filter_map(|(_, session)| session.poll_timeout());
        socket.chain(timers).chain(self.client.poll_timeout()).min()
    }

    fn deliver(&mut self) {
        let now = self.now;
        let Some(socket) = self.socket.as_mut().filter(|socket| !socket.stalled) else {
            return;
        };
        if !socket.opened && now >= socket.opens_at {
            socket.opened = true;
            self.client.handle(now, shard::Input::Opened);
            self.names += 1;
            self.attached = Some((self.names, Session::new(now, self.terms.clone())));
        }
        if let Some((_, text)) = socket.down.pop_front_if(|(at, _)| *at <= now) {
            let dispatch = text.starts_with("{\"op\":0");
            if !(dispatch && std::mem::take(&mut self.swallow)) {
                self.client.handle(now, shard::Input::Frame(&text));
            }
        }
        let Some(socket) = self.socket.as_mut() else { return };
        if let Some((_, text)) = socket.up.pop_front_if(|(at, _)| *at <= now)
            && let Some((_, session)) = &mut self.attached
        {
            session.handle(now, session::Input::Frame(text.as_bytes()));
        }
    }

    fn drain(&mut self) {
        loop {
            if let Some(output) = self.client.poll() {
                self.client_says(output);
            } else if let Some(output) = self.attached.as_mut().and_then(|(_, s)| s.poll()) {
                self.server_says(output);
            } else if let Some(output) = self.detached.as_mut().and_then(|(_, s)| s.poll()) {
                assert!(matches!(output, session::Output::Expired), "{output:?}");
                self.detached = None;
            } else {
                return;
            }
        }
    }

    fn client_says(&mut self, output: shard::Output) {
        match output {
            shard::Output::Connect(_) => {
                self.lose_socket(false);
                self.socket = Some(Socket {
                    down: VecDeque::new(),
                    up: VecDeque::new(),
                    opens_at: self.now + LATENCY,
                    opened: false,
                    stalled: false,
                });
            }
            shard::Output::Send(text) => {
                let at = self.now + LATENCY;
                // The server's end of a stalled socket may be gone without the client knowing.
                if let Some(socket) = &mut self.socket {
                    socket.up.push_back((at, text));
                }
            }
            shard::Output::Close(_) => self.lose_socket(false),
            shard::Output::Dispatch(dispatch) => self.client_hears(&dispatch),
            shard::Output::Refused(code) => panic!("refused with {code}"),
        }
    }

    fn client_hears(&mut self, dispatch: &shard::Dispatch) {
        match dispatch.t.as_str() {
            "READY" => {
                self.readies += 1;
                let ready: serde_json::Value = serde_json::from_str(dispatch.d.get()).unwrap();
                // The snapshot stands for all events before it.
                self.heard = (1..=ready["events"].as_u64().unwrap()).collect();
            }
            "RESUMED" => self.resumes += 1,
            _ => self.heard.push(dispatch.d.get().parse().unwrap()),
        }
    }

    fn server_says(&mut self, output: session::Output) {
        match output {
            session::Output::Send(frame) => self.send(String::from_utf8(frame.into()).unwrap()),
            session::Output::Dispatch { s, tail } => self.send_dispatch(s, &tail),
            session::Output::Identify(_) => self.identify(),
            session::Output::Resume(resume) => {
                let name = resume.session_id.parse().unwrap();
                self.resume(name, resume.seq);
            }
            session::Output::Close(_) => self.lose_socket(true),
            session::Output::Expired => self.attached = None,
            other => panic!("nobody asked for {other:?}"),
        }
    }

    fn send(&mut self, text: String) {
        let at = self.now + LATENCY;
        if let Some(socket) = &mut self.socket {
            socket.down.push_back((at, text));
        }
    }

    fn send_dispatch(&mut self, s: u64, tail: &[u8]) {
        self.send(session::prefix(s) + std::str::from_utf8(tail).unwrap());
    }

    fn identify(&mut self) {
        // A new session of the same client; the old one is nobody's any more.
        self.detached = None;
        let (now, numbering) = (self.now, self.numbering);
        let number = self.log.last().map_or(1_000, |(number, _)| *number);
        let (name, session) = self.attached.as_mut().expect("it asked");
        session.handle(now, session::Input::Granted { numbering, osc: true });
        let ready = format!(
            ",\"t\":\"READY\",\"d\":{{\"session_id\":\"{name}\",\"events\":{}}}}}",
            self.log.len()
        );
        session.handle(now, session::Input::Dispatch { number, tail: ready.into() });
    }

    fn resume(&mut self, name: u64, seq: u64) {
        let now = self.now;
        let (asker, waiting) = (self.attached.take(), self.detached.take());
        let (asker_name, mut asker) = asker.expect("it asked");
        let found = waiting.filter(|(detached, _)| *detached == name);
        let Some((name, mut session)) = found else {
            asker.handle(now, session::Input::Invalid);
            self.attached = Some((asker_name, asker));
            return;
        };
        let missing = match self.numbering {
            Numbering::Own => session.replay(seq).map(Iterator::collect::<Vec<_>>),
            Numbering::Shared => {
                Ok(self.log.iter().filter(|(number, _)| *number > seq).cloned().collect())
            }
        };
        let Ok(missing) = missing else {
            assert_eq!(missing, Err(NotResumable::Behind), "own clients never run ahead");
            asker.handle(now, session::Input::Invalid);
            self.attached = Some((asker_name, asker));
            return;
        };
        session.handle(now, session::Input::Attached(asker.into_connection()));
        let number = self.log.last().map_or(1_000, |(number, _)| *number);
        session.count_sent(number, missing.len() as u64);
        for (s, tail) in missing {
            self.send_dispatch(s, &tail);
        }
        let resumed = Bytes::from_static(b",\"t\":\"RESUMED\",\"d\":{}}");
        session.handle(now, session::Input::Dispatch { number, tail: resumed });
        self.attached = Some((name, session));
    }

    fn lose_socket(&mut self, tell_client: bool) {
        let Some(socket) = self.socket.take() else { return };
        if let Some((name, mut session)) = self.attached.take() {
            session.handle(self.now, session::Input::Detached);
            if !session.is_over() {
                self.detached = Some((name, session));
            }
        }
        if tell_client && !socket.stalled {
            self.client.handle(self.now, shard::Input::Closed(None));
        }
    }

    fn link(&mut self, fate: Fate) {
        match fate {
            Fate::Fine => {}
            Fate::Break => self.lose_socket(true),
            Fate::Stall => {
                if let Some(socket) = &mut self.socket {
                    socket.stalled = true;
                }
            }
            Fate::Swallow => self.swallow = true,
            Fate::Crash => {
                self.lose_socket(true);
                self.restart();
            }
        }
        self.drain();
    }

    /// The log is on disk and sessions with shared numbers are rows; the rest is lost.
    fn restart(&mut self) {
        let Some((name, session)) = self.detached.take() else { return };
        if self.numbering == Numbering::Shared {
            let (seq, terms) = (session.seq(), self.terms.clone());
            let session = Session::restore(self.now, terms, self.numbering, true, seq, Vec::new());
            self.detached = Some((name, session));
        }
    }

    fn settle(&mut self) {
        self.swallow = false;
        // The longest: a stalled socket is noticed, then a backoff, then a resume that is checked.
        self.advance(Duration::from_secs(300));
        self.publish();
        self.advance(Duration::from_secs(300));
        assert!(self.client.is_live());
        let all: Vec<u64> = (1..=self.log.len() as u64).collect();
        assert_eq!(self.heard, all, "no gap, no duplicate");
    }
}

/// Swallowing is for own numbers only: with shared ones it is noticed at the next heartbeat (see
/// the test below), but not if the link breaks before.
fn steps(numbering: Numbering) -> impl Strategy<Value = Vec<Step>> {
    let swallow = if numbering == Numbering::Own { Fate::Swallow } else { Fate::Stall };
    let fate = prop_oneof![
        4 => Just(Fate::Break),
        2 => Just(Fate::Stall),
        2 => Just(swallow),
        1 => Just(Fate::Crash),
        1 => Just(Fate::Fine),
    ];
    let step = prop_oneof![
        8 => Just(Step::Publish),
        6 => (0u16..400).prop_map(Step::Wait),
        1 => (400u16..60_000).prop_map(Step::Wait),
        2 => fate.prop_map(Step::Link),
    ];
    proptest::collection::vec(step, 0..150)
}

fn walk(numbering: Numbering, seed: u64, steps: &[Step]) -> Pair {
    let mut pair = Pair::new(numbering, seed);
    pair.drain();
    for step in steps {
        match step {
            Step::Publish => pair.publish(),
            Step::Wait(ms) => pair.advance(Duration::from_millis(u64::from(*ms))),
            Step::Link(fate) => pair.link(*fate),
        }
    }
    pair.settle();
    pair
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..Default::default() })]

    #[test]
    fn own_numbers_lose_and_repeat_nothing(seed: u64, steps in steps(Numbering::Own)) {
        walk(Numbering::Own, seed, &steps);
    }

    #[test]
    fn shared_numbers_lose_and_repeat_nothing(seed: u64, steps in steps(Numbering::Shared)) {
        let pair = walk(Numbering::Shared, seed, &steps);
        // Nothing that happens here outlasts the time to resume, and nothing else ends a session.
        prop_assert_eq!(pair.readies, 1);
    }
}

#[test]
fn a_lost_dispatch_among_shared_numbers_is_noticed_by_the_count() {
    let mut pair = Pair::new(Numbering::Shared, 7);
    pair.drain();
    pair.advance(Duration::from_secs(1));
    pair.link(Fate::Swallow);
    pair.publish();
    pair.publish();
    pair.advance(Duration::from_secs(1));
    assert_eq!(pair.heard, [2]);
    pair.settle();
    assert_eq!(pair.readies, 2);
}

#[test]
fn a_resume_gives_exactly_the_missing_tail() {
    for numbering in [Numbering::Own, Numbering::Shared] {
        let mut pair = Pair::new(numbering, 7);
        pair.drain();
        pair.advance(Duration::from_secs(1));
        (0..5).for_each(|_| pair.publish());
        pair.advance(Duration::from_secs(1));
        // Three are under way when the link breaks, four happen while nobody is there.
        (0..3).for_each(|_| pair.publish());
        pair.link(Fate::Break);
        (0..4).for_each(|_| pair.publish());
        assert_eq!(pair.heard, [1, 2, 3, 4, 5]);
        pair.advance(Duration::from_secs(2));
        assert_eq!(pair.heard, (1..=12).collect::<Vec<_>>());
        assert_eq!((pair.readies, pair.resumes), (1, 1));
    }
}

#[test]
fn a_silent_link_dies_on_time_at_both_ends() {
    let mut pair = Pair::new(Numbering::Shared, 7);
    pair.drain();
    pair.advance(Duration::from_secs(100));
    pair.link(Fate::Stall);
    let stalled_at = pair.now;
    // The client: an interval until the next beat at most, another one without an answer.
    while pair.client.is_live() {
        pair.advance(Duration::from_millis(100));
        assert!(pair.now - stalled_at < Duration::from_secs(84));
    }
    pair.advance(Duration::from_secs(5));
    assert!(pair.client.is_live(), "and comes back");
    assert_eq!((pair.readies, pair.resumes), (1, 1));
}

#[test]
fn after_the_time_to_resume_the_client_starts_over() {
    let mut pair = Pair::new(Numbering::Own, 7);
    pair.drain();
    pair.advance(Duration::from_secs(1));
    pair.publish();
    pair.advance(Duration::from_secs(1));
    pair.link(Fate::Break);
    let (name, session) = pair.detached.take().expect("it waits");
    pair.detached = Some((name, session));
    pair.detached.as_mut().unwrap().1.handle_timeout(pair.now + Duration::from_secs(601));
    pair.drain();
    assert!(pair.detached.is_none());
    pair.publish();
    pair.settle();
    assert_eq!((pair.readies, pair.resumes), (2, 0));
}
