//! What is still to be written to one socket, and how its close goes.
//!
//! Shared frames are kept as (bytes, offset) and never copied; the bound on them is what keeps one
//! slow reader from costing the others anything.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::Bytes;
use proto::websocket::{Event, Violation, encode};

/// Pieces per vectored write.
pub(super) const SLICES: usize = 32;
/// Discord's "unknown error": clients reconnect and resume after it.
const SLOW_CODE: u16 = 4000;
const STALL_SECONDS: u8 = 10;
const CLOSE_SECONDS: u8 = 5;
const LINGER_SECONDS: u8 = 2;
/// Unsent output beyond which only the newest ping is answered (RFC 6455, 5.5.3 allows it).
const PONG_PIECES: usize = 64;
const PONG_BYTES: usize = 16 << 10;
/// The own beginning of a frame with a shared tail: header and sequence number fit.
const SHORT: usize = 38;

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The peer closed; 1005 if it gave no code.
    Peer(u16),
    /// We closed with this code.
    Ours(u16),
    /// The peer broke the protocol and was closed with this code.
    Violation(u16),
    /// The peer did not read what it was sent.
    Slow,
    /// The connection broke without a close frame.
    Lost,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Open,
    /// Our close frame is queued or sent; the peer's is awaited.
    Closing,
    /// Nothing more is heard; what is queued ends with a close frame.
    Finishing,
    /// Everything is sent and our half is shut; waiting for the peer's end of stream.
    Lingering,
    Gone,
}

#[derive(Debug)]
pub struct Outbound {
    queue: Option<Box<Queue>>,
    cap: u32,
    discarded: u32,
    pub(super) end: Option<End>,
    pub(super) phase: Phase,
    /// Seconds in the current phase after Open.
    age: u8,
}

#[derive(Debug, Default)]
struct Queue {
    pieces: VecDeque<Piece>,
    /// Bytes of the front piece that are written.
    offset: usize,
    /// Unwritten bytes, and those of them that count against the cap.
    bytes: usize,
    capped: usize,
    /// The front piece continues a frame whose beginning is written.
    inside: bool,
    blocked: bool,
    /// Something was written since the last tick.
    moved: bool,
    stalled_seconds: u8,
    pong: Option<Bytes>,
}

#[derive(Debug)]
struct Piece {
    data: Data,
    /// After this piece another frame may follow.
    ends_frame: bool,
    capped: bool,
}

#[derive(Debug)]
enum Data {
    Shared(Bytes),
    Short { len: u8, bytes: [u8; SHORT] },
}

impl Outbound {
    pub(super) fn new(cap: u32) -> Outbound {
        Outbound { queue: None, cap, discarded: 0, end: None, phase: Phase::Open, age: 0 }
    }

    /// Queues a shared frame, or several joined ones. Past the bound the reader counts as slow and
    /// is closed with a resumable code. After a close it is ignored.
    pub fn push(&mut self, frames: Bytes) {
        self.push2(&[], frames);
    }

    /// Queues a frame made of its own beginning and a shared tail.
    pub fn push2(&mut self, prefix: &[u8], tail: Bytes) {
        let len = prefix.len() + tail.len();
        if self.phase != Phase::Open || len == 0 {
            return;
        }
        let queued = self.queue.as_ref().map_or(0, |queue| queue.capped);
        if queued > 0 && queued + len > self.cap as usize {
            return self.close_slow();
        }
        self.add(prefix, tail, true);
    }

    /// Queues a part of a snapshot (READY, GUILD_CREATE, member chunks). It does not count against
    /// the bound: its maker waits for `queued_bytes` to fall before making more.
    pub fn push_snapshot(&mut self, frames: Bytes) {
        if self.phase == Phase::Open && !frames.is_empty() {
            self.add(&[], frames, false);
        }
    }

    /// Starts the close handshake behind what is queued.
    pub fn close(&mut self, code: u16, reason: &str) {
        if self.phase == Phase::Open {
            self.end = Some(End::Ours(code));
            self.enter(Phase::Closing);
            self.add(&[], encode::close(code, reason), false);
        }
    }

    pub fn queued_bytes(&self) -> usize {
        self.queue.as_ref().map_or(0, |queue| queue.bytes)
    }

    pub fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    /// Answers what belongs to the connection and hands on what belongs to the session.
    pub(super) fn hear(&mut self, event: Event<'_>, on: &mut impl FnMut(&mut Self, Event<'_>)) {
        match &event {
            Event::Ping(payload) => self.pong(payload),
            Event::Close(close) => self.answer_close(close.as_ref().map(|close| close.code)),
            Event::Text(_) | Event::Binary(_) | Event::Pong(_) => {}
        }
        if self.phase == Phase::Open || matches!(event, Event::Close(_)) {
            on(self, event);
        }
    }

    pub(super) fn fail(&mut self, violation: Violation) {
        let code = violation.close_code();
        let answered = self.phase != Phase::Open;
        self.end = self.end.or(Some(End::Violation(code)));
        self.enter(Phase::Finishing);
        if !answered {
            self.add(&[], encode::close(code, violation.reason()), false);
        }
    }

    pub(super) fn lose(&mut self) {
        self.end = self.end.or(Some(End::Lost));
        self.enter(Phase::Gone);
        self.queue = None;
    }

    #[cfg(test)]
    pub(super) fn queue_is_released(&self) -> bool {
        self.queue.is_none()
    }

    pub(super) fn linger(&mut self) {
        self.enter(Phase::Lingering);
    }

    pub(super) fn discard(&mut self, len: usize, most: usize) {
        self.discarded = self.discarded.saturating_add(len as u32);
        if self.discarded as usize > most {
            self.lose();
        }
    }

    pub(super) fn tick(&mut self) {
        self.age = self.age.saturating_add(1);
        match self.phase {
            Phase::Open => {
                if let Some(queue) = &mut self.queue
                    && queue.stalls() >= STALL_SECONDS
                {
                    self.close_slow();
                }
            }
            Phase::Closing | Phase::Finishing if self.age >= CLOSE_SECONDS => self.lose(),
            Phase::Lingering if self.age >= LINGER_SECONDS => self.lose(),
            Phase::Closing | Phase::Finishing | Phase::Lingering | Phase::Gone => {}
        }
    }

    pub(super) fn may_write(&self) -> bool {
        self.queue.as_ref().is_some_and(|queue| !queue.blocked)
    }

    pub(super) fn block(&mut self) {
        if let Some(queue) = &mut self.queue {
            queue.blocked = true;
        }
    }

    pub(super) fn unblock(&mut self) {
        if let Some(queue) = &mut self.queue {
            queue.blocked = false;
        }
    }

    pub(super) fn gather<'a>(&'a self, slices: &mut [IoSlice<'a>; SLICES]) -> usize {
        let Some(queue) = &self.queue else { return 0 };
        let mut count = 0;
        for (slice, piece) in slices.iter_mut().zip(&queue.pieces) {
            let skip = if count == 0 { queue.offset } else { 0 };
            *slice = IoSlice::new(&piece.data.as_slice()[skip..]);
            count += 1;
        }
        count
    }

    /// Forgets what was written; the heap goes back when nothing is left.
    pub(super) fn advance(&mut self, written: usize) {
        let Some(queue) = &mut self.queue else { return };
        queue.advance(written);
        if queue.pieces.is_empty() {
            let pong = queue.pong.take();
            self.queue = None;
            if let Some(pong) = pong {
                self.add(&[], pong, false);
            }
        }
    }

    fn pong(&mut self, payload: &[u8]) {
        if self.phase != Phase::Open {
            return;
        }
        match &mut self.queue {
            Some(queue) if queue.pieces.len() >= PONG_PIECES || queue.bytes >= PONG_BYTES => {
                queue.pong = Some(encode::pong(payload));
            }
            _ => self.add(&[], encode::pong(payload), false),
        }
    }

    fn answer_close(&mut self, code: Option<u16>) {
        let ours = self.phase != Phase::Open;
        self.enter(Phase::Finishing);
        if ours {
            return;
        }
        self.end = Some(End::Peer(code.unwrap_or(1005)));
        let answer = match code {
            Some(code) => encode::close(code, ""),
            None => encode::close_without_code(),
        };
        self.add(&[], answer, false);
    }

    /// Gives up what has not begun to leave; a frame half sent must end before the close frame.
    fn close_slow(&mut self) {
        self.end = Some(End::Slow);
        self.enter(Phase::Finishing);
        if let Some(queue) = &mut self.queue {
            queue.keep_only_begun_frame();
        }
        self.add(&[], encode::close(SLOW_CODE, "too slow"), false);
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.age = 0;
    }

    fn add(&mut self, prefix: &[u8], tail: Bytes, capped: bool) {
        let queue = self.queue.get_or_insert_default();
        let parts = [Data::copied(prefix), Data::Shared(tail)];
        let last = if parts[1].as_slice().is_empty() { 0 } else { 1 };
        for (index, data) in parts.into_iter().enumerate() {
            let len = data.as_slice().len();
            if len > 0 {
                queue.bytes += len;
                queue.capped += if capped { len } else { 0 };
                queue.pieces.push_back(Piece { data, ends_frame: index == last, capped });
            }
        }
    }
}

impl Queue {
    fn advance(&mut self, mut written: usize) {
        self.moved |= written > 0;
        while let Some(front) = self.pieces.front() {
            let step = written.min(front.data.as_slice().len() - self.offset);
            written -= step;
            self.offset += step;
            self.bytes -= step;
            self.capped -= if front.capped { step } else { 0 };
            if self.offset < front.data.as_slice().len() {
                return;
            }
            self.inside = !front.ends_frame;
            self.offset = 0;
            self.pieces.pop_front();
        }
    }

    /// Counts a second; gives back for how many nothing was taken.
    fn stalls(&mut self) -> u8 {
        self.stalled_seconds = if self.moved { 0 } else { self.stalled_seconds + 1 };
        self.moved = false;
        self.stalled_seconds
    }

    fn keep_only_begun_frame(&mut self) {
        let begun = self.inside || self.offset > 0;
        let end = self.pieces.iter().position(|piece| piece.ends_frame);
        self.pieces.truncate(end.filter(|_| begun).map_or(0, |end| end + 1));
        let kept = |capped: bool| -> usize {
            let pieces = self.pieces.iter().filter(|piece| piece.capped || !capped);
            pieces.map(|piece| piece.data.as_slice().len()).sum()
        };
        let (bytes, capped) = (kept(false), kept(true));
        self.bytes = bytes.saturating_sub(self.offset);
        self.capped = capped.saturating_sub(self.offset);
        self.pong = None;
    }
}

impl Data {
    fn copied(bytes: &[u8]) -> Data {
        if bytes.len() > SHORT {
            return Data::Shared(Bytes::copy_from_slice(bytes));
        }
        let mut short = [0; SHORT];
        short[..bytes.len()].copy_from_slice(bytes);
        Data::Short { len: bytes.len() as u8, bytes: short }
    }

    fn as_slice(&self) -> &[u8] {
        match self {
            Data::Shared(bytes) => bytes,
            Data::Short { len, bytes } => &bytes[..usize::from(*len)],
        }
    }
}
