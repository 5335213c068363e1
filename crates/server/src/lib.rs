//! Everything with a file descriptor: HTTP, the gateway, configuration, the binary.
//!
//! The only crate that knows HTTP. Reading order: `run`, `net`, `door`, `api`, `gateway`, `web`.
#![forbid(unsafe_code)]

pub mod api;
pub mod gateway;
