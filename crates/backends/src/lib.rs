//! The contracts of `domain` kept by real engines, and the exam they all sit.
//!
//! Heavy native dependencies stop in this crate.
#![forbid(unsafe_code)]

pub mod exam;
mod span;
pub mod sqlite;
