//! Push services that do not answer: left alone for a while, and longer each time, so that what is
//! slow for one subscription does not hold up all others.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use domain::rows::PushRow;

const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(3_600);
/// Subscriptions remembered: those whose rest is over go first, then all.
const REMEMBERED: usize = 10_000;

#[derive(Default)]
pub struct Rest(Mutex<HashMap<u64, Pause>>);

struct Pause {
    length: Duration,
    until: Instant,
}

impl Rest {
    pub fn is_resting(&self, row: &PushRow, now: Instant) -> bool {
        self.pauses().get(&name(row)).is_some_and(|pause| pause.until > now)
    }

    /// It failed: three times as long a rest as the last time.
    pub fn failed(&self, row: &PushRow, now: Instant) {
        let mut pauses = self.pauses();
        if pauses.len() >= REMEMBERED {
            pauses.retain(|_, pause| pause.until > now);
            if pauses.len() >= REMEMBERED {
                pauses.clear();
            }
        }
        let longer = |pause: &Pause| (pause.length * 3).min(LONGEST);
        let length = pauses.get(&name(row)).map_or(FIRST, longer);
        pauses.insert(name(row), Pause { length, until: now + length });
    }

    pub fn worked(&self, row: &PushRow) {
        self.pauses().remove(&name(row));
    }

    fn pauses(&self) -> MutexGuard<'_, HashMap<u64, Pause>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Another address for the same login begins anew.
fn name(row: &PushRow) -> u64 {
    let mut hasher = DefaultHasher::new();
    (row.login_id, &row.endpoint).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::Id;

    #[test]
    fn who_fails_again_and_again_rests_longer_and_holds_up_nobody_else() {
        let row = |login: u64, endpoint: &str| PushRow {
            login_id: Id::new(login).expect("an id"),
            user_id: Id::new(1).expect("an id"),
            endpoint: endpoint.to_owned(),
            p256dh: String::new(),
            auth: String::new(),
        };
        let (stuck, other) = (row(1, "https://stuck.example"), row(2, "https://push.example"));
        let (rest, mut now) = (Rest::default(), Instant::now());
        let mut slept = Duration::ZERO;
        for tries in 1..=20 {
            rest.failed(&stuck, now);
            assert!(rest.is_resting(&stuck, now) && !rest.is_resting(&other, now));
            let until = rest.pauses()[&name(&stuck)].until;
            assert!(until - now >= slept.min(LONGEST) && until - now <= LONGEST, "{tries}");
            (slept, now) = (until - now, until);
            assert!(!rest.is_resting(&stuck, now));
        }
        rest.failed(&stuck, now);
        assert!(!rest.is_resting(&row(1, "https://moved.example"), now));
        rest.worked(&stuck);
        assert!(!rest.is_resting(&stuck, now));
    }
}
