//! Presence: who is there.

/// Who is there, on this node. Not stored.
#[derive(Default)]
pub struct Presences {}
