//! The newest events of this node, for sessions that come back: the tail of the event log, in
//! memory.
//!
//! One ring for all sessions that share numbers, instead of a queue for each. Bounded by count and
//! by bytes; what fell out of it is read from the log.

use std::{collections::VecDeque, sync::Arc};

use proto::gateway::Shape;

use super::parcel::Parcel;

/// What an event takes beside its encodings.
const OVERHEAD: usize = 512;

pub struct Replay {
    ring: VecDeque<(Arc<Parcel>, usize)>,
    bytes: usize,
    most: usize,
    most_bytes: usize,
    /// All events after this number are in the ring.
    covered_from: u64,
}

impl Replay {
    /// `last`: the number before the first that will be kept.
    pub fn new(last: u64, most: usize, most_bytes: usize) -> Self {
        Self { ring: VecDeque::new(), bytes: 0, most, most_bytes, covered_from: last }
    }

    pub fn keep(&mut self, parcel: Arc<Parcel>) {
        // The fullest shape is encoded already: for the log.
        let encoded = parcel.published.tail(Shape { content: true, osc: true });
        let bytes = encoded.map_or(0, |tail| tail.len() * 2) + OVERHEAD;
        self.bytes += bytes;
        self.ring.push_back((parcel, bytes));
        while self.ring.len() > self.most || self.bytes > self.most_bytes {
            let Some((oldest, bytes)) = self.ring.pop_front() else { break };
            self.bytes -= bytes;
            self.covered_from = oldest.published.number;
        }
    }

    /// All events after this number, oldest first; `None` if some are no longer here.
    pub fn since(&self, number: u64) -> Option<Vec<Arc<Parcel>>> {
        if number < self.covered_from {
            return None;
        }
        let start = self.ring.partition_point(|(parcel, _)| parcel.published.number <= number);
        Some(self.ring.range(start..).map(|(parcel, _)| parcel.clone()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::bus::{Event, Published};
    use proto::{
        Timestamp,
        gateway::{Dispatch, Resumed},
    };

    fn parcel(number: u64) -> Arc<Parcel> {
        let event = Event::to_users([], Dispatch::Resumed(Resumed {}));
        Arc::new(Parcel::new(Arc::new(Published::new(number, Timestamp::from_ms(0), event))))
    }

    fn numbers(replay: &Replay, since: u64) -> Option<Vec<u64>> {
        let found = replay.since(since)?;
        Some(found.iter().map(|parcel| parcel.published.number).collect())
    }

    #[test]
    fn gives_exactly_what_followed_or_says_that_it_cannot() {
        let mut replay = Replay::new(100, 3, usize::MAX);
        assert_eq!(numbers(&replay, 100), Some(vec![]));
        assert_eq!(numbers(&replay, 99), None);
        for number in [103, 104, 110] {
            replay.keep(parcel(number));
        }
        assert_eq!(numbers(&replay, 100), Some(vec![103, 104, 110]));
        assert_eq!(numbers(&replay, 105), Some(vec![110]));
        replay.keep(parcel(111));
        assert_eq!(numbers(&replay, 102), None);
        assert_eq!(numbers(&replay, 103), Some(vec![104, 110, 111]));
        let mut small = Replay::new(0, 1_000, 2 * OVERHEAD);
        (1..=9).for_each(|number| small.keep(parcel(number)));
        assert_eq!(numbers(&small, 8), Some(vec![9]));
        assert_eq!(numbers(&small, 7), None);
    }
}
