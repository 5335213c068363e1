//! What may happen: one plain async function per thing an actor can do.
//!
//! Knows no HTTP and no SQL: reaches the world only through `Store`, `Bus`, `Clock` and the like,
//! which are handed in. Reading order: `app`, `rows`, `lane`, then the nouns.
#![forbid(unsafe_code)]

pub mod app;
pub mod actor;
pub mod reject;
pub mod rows;
pub mod store;
pub mod view;
pub mod bus;
pub mod lane;
pub mod cache;
pub mod clock;
pub mod blobs;
pub mod access;
pub mod render;
pub mod attachment;

pub mod message;
pub mod push;
pub mod emoji;
pub mod reaction;
pub mod search;
pub mod pin;
pub mod read_state;
pub mod dm;
pub mod group;
pub mod relationship;
pub mod notification;
pub mod name;
pub mod picture;
pub mod login;
pub mod tries;
mod password;
pub mod server_owner;
pub mod user;
pub mod guest;
pub mod account;
pub mod bot;
pub mod integration;
pub mod application;
pub mod component;
pub mod interaction;
pub mod seed;

pub mod guild;
pub mod guild_order;
pub mod channel;
pub mod thread;
pub mod role;
pub mod member;
pub mod ban;
pub mod audit_log;
pub mod auto_moderation;
pub mod safety;
pub mod report;
pub mod cleanup;
pub mod challenge;
pub mod invite;
pub mod webhook;
pub mod directory;
pub mod purge;
pub mod presence;
pub mod typing;
pub mod voice;
pub mod ready;
pub mod due;

#[cfg(test)]
mod testing;

pub use actor::Actor;
pub use app::App;
pub use reject::{Error, Reject, Result};
