//! What two programs must agree on: wire types, ids, permissions, limits, codes and the protocol
//! machines. Pure: no IO, no clock, no chance; the manifest proves it.
#![forbid(unsafe_code)]

pub mod id;
pub mod patch;
pub mod permission;
pub mod time;
pub mod websocket;

pub use id::{Id, marker};
pub use patch::Patch;
pub use permission::Permissions;
pub use time::Timestamp;
