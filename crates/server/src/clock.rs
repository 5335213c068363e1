//! The wall clock of the machine: the one place that asks it.

use std::time::{SystemTime, UNIX_EPOCH};

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
