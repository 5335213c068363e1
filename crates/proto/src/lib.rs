//! What two programs must agree on: wire types, ids, permissions, limits, codes and the protocol
//! machines. Pure: no IO, no clock, no chance; the manifest proves it.
#![forbid(unsafe_code)]

pub mod id;
pub mod time;
pub mod patch;
pub mod limits;
pub mod code;
pub mod permission;
mod wire;

pub mod user;
pub mod account;
pub mod bot;
pub mod application;
pub mod audit_log;
pub mod role;
pub mod member;
pub mod channel;
pub mod guild;
pub mod emoji;
pub mod message;
pub mod thread;
pub mod search;
pub mod markdown;
pub mod integration;
pub mod interaction;
pub mod invite;
pub mod auto_moderation;
pub mod safety;
pub mod presence;
pub mod voice;
pub mod webhook;
pub mod osc;

pub mod gateway;
pub mod websocket;

pub use code::Code;
pub use id::{Id, marker};
pub use limits::Limits;
pub use patch::Patch;
pub use permission::Permissions;
pub use time::Timestamp;
