//! server
#![forbid(unsafe_code)]
pub mod gateway;
