//! The wall clock of the machine: the one place that asks it, and whether to believe it.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use domain::clock::Clock;
use proto::Timestamp;

/// What the machine says. Jumps when somebody sets it; ids and timeouts do not depend on that.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// How far the wall clock may go astray between two looks before it is said to have jumped.
const JUMP_MS: i64 = 60_000;

/// How long the server may have been off before its clock is doubted at the start.
const OFF_MS: i64 = 86_400_000;

/// How long a clock must go right before it is believed again: time to notice and mend it.
const PROOF: Duration = Duration::from_secs(3_600);

/// Whether the wall clock can be believed in what nothing brings back, such as forgetting guests
/// who were away for long. A clock that was set forward by mistake must not empty the server.
pub struct Trust {
    last: (Timestamp, Instant),
    from: Instant,
}

impl Trust {
    /// `known`: a moment in which the server ran before, if there was one.
    pub fn new(wall: Timestamp, known: Option<Timestamp>, now: Instant) -> Self {
        let mut trust = Self { last: (wall, now), from: now };
        if known.is_some_and(|known| wall.ms_since(known) > OFF_MS) {
            trust.doubt(now, "the clock is more than a day ahead of when the server last ran");
        }
        trust
    }

    /// Called every few seconds: compares the clock with one that cannot be set.
    pub fn look(&mut self, wall: Timestamp, now: Instant) -> bool {
        let (wall_before, before) = std::mem::replace(&mut self.last, (wall, now));
        let passed = i64::try_from(now.duration_since(before).as_millis()).unwrap_or(i64::MAX);
        if wall.ms_since(wall_before).abs_diff(passed) > JUMP_MS as u64 {
            self.doubt(now, "the clock jumped");
        }
        now >= self.from
    }

    fn doubt(&mut self, now: Instant, why: &str) {
        if now >= self.from {
            tracing::warn!(why, "no guests and logins are forgotten for an hour; check the clock");
        }
        self.from = now + PROOF;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const DAY_MS: i64 = 86_400_000;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_800_000_000_000 + ms)
    }

    #[test]
    fn a_clock_that_goes_right_is_believed_at_once() {
        let now = Instant::now();
        for known in [None, Some(at(-1_000)), Some(at(60_000))] {
            let mut trust = Trust::new(at(0), known, now);
            assert!(trust.look(at(0), now) && trust.look(at(5_000), now + 5 * SECOND));
        }
    }

    #[test]
    fn a_clock_that_jumped_is_believed_after_an_hour_without_another_jump() {
        for jump_ms in [40 * DAY_MS, -40 * DAY_MS] {
            let now = Instant::now();
            let mut trust = Trust::new(at(0), None, now);
            assert!(!trust.look(at(5_000 + jump_ms), now + 5 * SECOND));
            let later = 3_604;
            assert!(!trust.look(at(later * 1_000 + jump_ms), now + SECOND * later as u32));
            assert!(!trust.look(at(later * 1_000), now + SECOND * later as u32), "set right");
            let last = later + 3_600;
            assert!(trust.look(at(last * 1_000), now + SECOND * last as u32));
        }
    }

    #[test]
    fn a_clock_far_ahead_of_what_was_known_is_doubted_at_the_start() {
        let now = Instant::now();
        let mut trust = Trust::new(at(0), Some(at(-2 * DAY_MS)), now);
        assert!(!trust.look(at(0), now));
        assert!(trust.look(at(3_600_000), now + PROOF));
    }
}
