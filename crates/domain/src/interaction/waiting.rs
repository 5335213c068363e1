//! Who waits for an application's first answer.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::Value as Json;
use tokio::sync::oneshot;

use super::InteractionId;

/// An application's first answer, as far as who waits must know it.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// Something to see, or to wait for: it comes as an event.
    Answered,
    Choices(Vec<Json>),
    Modal(Json),
}

/// Those whose answer has not come. Who stops waiting is swept out with the next that begins.
#[derive(Default)]
pub struct Waiting(Mutex<HashMap<InteractionId, oneshot::Sender<Said>>>);

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, HashMap<InteractionId, oneshot::Sender<Said>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn wait(&self, id: InteractionId) -> oneshot::Receiver<Said> {
        let (tell, said) = oneshot::channel();
        let mut waiting = self.lock();
        if waiting.len().is_power_of_two() {
            waiting.retain(|_, waits| !waits.is_closed());
        }
        waiting.insert(id, tell);
        said
    }

    pub(super) fn tell(&self, id: InteractionId, said: Said) {
        if let Some(waits) = self.lock().remove(&id) {
            let _ = waits.send(said);
        }
    }
}
