//! Wrong passwords are counted per name, so that nobody can try them all from many addresses.
//!
//! Counted by the name that was typed, whether or not somebody has it: the answer tells nothing.

use std::{collections::HashMap, sync::Mutex};

use proto::Timestamp;

use crate::{
    App,
    reject::{Reject, Result, no},
};

const WINDOW_MS: i64 = 10 * 60_000;
/// Names remembered: past windows go first, then all.
const REMEMBERED: usize = 50_000;

#[derive(Default)]
pub struct Tries(Mutex<HashMap<String, Window>>);

struct Window {
    since: Timestamp,
    count: u32,
}

/// Counts a try before the password is looked at, so that many at once are counted too.
pub(crate) fn count(app: &App, name: &str) -> Result<()> {
    app.cache.tries.count(app.clock.now(), app.limits.password_tries_per_10min, name)
}

impl Tries {
    /// One more of `most` in ten minutes.
    pub(crate) fn count(&self, now: Timestamp, most: u32, name: &str) -> Result<()> {
        // Nor does a window hold that begins after now: the clock was set back.
        let over = |window: &Window| !(0..WINDOW_MS).contains(&now.ms_since(window.since));
        let mut names = self.0.lock().expect("no panic while locked");
        if names.len() >= REMEMBERED {
            names.retain(|_, window| !over(window));
            if names.len() >= REMEMBERED {
                names.clear();
            }
        }
        let window = names.entry(name.to_owned()).or_insert(Window { since: now, count: 0 });
        if over(window) {
            *window = Window { since: now, count: 0 };
        }
        if window.count >= most {
            let left_ms = WINDOW_MS - now.ms_since(window.since).max(0);
            return no(Reject::RateLimited { retry_after_ms: left_ms.unsigned_abs() });
        }
        window.count += 1;
        Ok(())
    }
}

/// The password was right: what was wrong before is forgiven.
pub(crate) fn forgive(app: &App, name: &str) {
    app.cache.tries.0.lock().expect("no panic while locked").remove(name);
}
