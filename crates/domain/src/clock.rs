//! Time, ids and chance: handed in, so that tests can move them by hand.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use proto::{
    Id, Timestamp,
    id::{EPOCH_MS, TIME_SHIFT},
};

/// The wall clock.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// A clock that stands until it is moved. Starts at a real date, since ids carry it.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl Default for ManualClock {
    fn default() -> Self {
        // 2026-11-22T12:00:00Z.
        Self(AtomicI64::new(1_795_348_800_000))
    }
}

impl ManualClock {
    pub fn advance_ms(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.0.load(Ordering::SeqCst))
    }
}

/// Makes ids: never backward, never twice, also when the clock jumps back or after a crash.
pub struct Ids {
    clock: Arc<dyn Clock>,
    node: u64,
    last: AtomicU64,
}

/// How far ahead of the ids in use their high-water mark is written.
const AHEAD_MS: u64 = 60_000;

impl Ids {
    /// `mark`: the high-water mark that was kept; no id up to it is given again.
    pub fn new(clock: Arc<dyn Clock>, node: u16, mark: u64) -> Self {
        Self { clock, node: u64::from(node & 0x3ff), last: AtomicU64::new(mark) }
    }

    /// A new id, greater than all before.
    pub fn next<T>(&self) -> Id<T> {
        let now = self.clock.now().as_ms().saturating_sub(EPOCH_MS).max(1) as u64;
        let first = (now << TIME_SHIFT) | (self.node << 12);
        let step = |last: u64| {
            let next = last + 1;
            // A full counter spills into the next millisecond instead of the node's bits.
            let next = if next & 0xfff == 0 {
                (((last >> TIME_SHIFT) + 1) << TIME_SHIFT) | (self.node << 12)
            } else {
                next
            };
            Some(next.max(first))
        };
        let last = self.last.fetch_update(Ordering::SeqCst, Ordering::SeqCst, step);
        let last = last.expect("step always answers");
        Id::new(step(last).expect("step always answers")).expect("above zero, below the sign bit")
    }

    pub fn last(&self) -> u64 {
        self.last.load(Ordering::SeqCst)
    }

    /// The mark to keep now: beyond everything given in the next minute.
    pub fn mark(&self) -> u64 {
        self.last() + (AHEAD_MS << TIME_SHIFT)
    }
}

/// Unpredictable bytes: tokens, codes, session ids.
pub trait Chance: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

/// From the operating system.
pub struct SystemChance;

impl Chance for SystemChance {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

/// The same bytes in each run (SplitMix64): for tests.
pub struct SeededChance(Mutex<u64>);

impl SeededChance {
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }
}

impl Chance for SeededChance {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.lock().expect("no panic while locked");
        for chunk in bytes.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = *state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^= z >> 31;
            chunk.copy_from_slice(&z.to_le_bytes()[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::marker::Message;

    #[test]
    fn ids_grow_when_the_clock_goes_back() {
        let clock = Arc::new(ManualClock::default());
        let ids = Ids::new(clock.clone(), 1, 0);
        let before: Id<Message> = ids.next();
        clock.advance_ms(-3_600_000);
        let mut last = before;
        for _ in 0..10_000 {
            let next = ids.next();
            assert!(next > last);
            assert_eq!((next.get() >> 12) & 0x3ff, 1, "the node's bits stay");
            last = next;
        }
        let restarted = Ids::new(clock, 1, ids.mark());
        assert!(restarted.next::<Message>() > last);
    }
}
