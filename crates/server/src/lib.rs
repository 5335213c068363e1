//! Everything with a file descriptor: HTTP, the gateway, configuration, the binary.
//!
//! The only crate that knows HTTP. Reading order: `run`, `net`, `door`, `api`, `gateway`, `web`.
#![forbid(unsafe_code)]

pub mod run;
pub mod config;
pub mod log;
pub mod metrics;
pub mod net;
pub mod door;
pub mod api;
pub mod gateway;
pub mod admin;
pub mod passwords;
mod interactions;
mod outbound;
mod push;
pub mod blobs;
pub mod clock;
pub mod descriptors;
pub mod web;
