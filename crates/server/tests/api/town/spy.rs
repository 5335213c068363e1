//! Hears all that is published, in commit order, to compare with what sessions were told.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use domain::bus::{Event, Listener, Published};

/// Name by number.
#[derive(Default)]
pub struct Spy(Mutex<HashMap<u64, &'static str>>);

impl Listener for Spy {
    fn hear(&self, published: &Arc<Published>) {
        if let Event::Dispatch(_, dispatch) = &published.event {
            let mut heard = self.0.lock().expect("no panic while locked");
            heard.insert(published.number, dispatch.name());
        }
    }
}

impl Spy {
    /// What was published with this number.
    pub fn name(&self, number: u64) -> Option<&'static str> {
        self.0.lock().expect("no panic while locked").get(&number).copied()
    }

    /// Numbers of before stay: they are never given again.
    pub fn restarted(&self) {
        assert!(!self.0.lock().expect("no panic while locked").is_empty());
    }
}
