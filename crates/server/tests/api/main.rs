//! Scenarios: what we promise, told as stories through the front door.
//!
//! One file per noun. Each story ends with `town.close().await`, which checks the laws for all.

mod town;
mod visit;

mod attachment;
mod audit_log;
mod authz;
mod ban;
mod auto_moderation;
mod safety;
mod canary;
mod channel;
mod churn;
mod directory;
mod dm;
mod guest;
mod guild;
mod guild_order;
mod interaction;
mod invite;
mod member;
mod page;
mod openapi;
mod pin;
mod group;
mod relationship;
mod message;
mod notification;
mod presence;
mod push;
mod search;
mod emoji;
mod reaction;
mod read_state;
mod resume;
mod role;
mod session;
mod thread;
mod visibility;
mod account;
mod bot;
mod coverage;
mod twilight;
mod user;
mod webhook;
