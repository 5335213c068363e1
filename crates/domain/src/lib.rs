//! What may happen: one plain async function per thing an actor can do.
//!
//! Knows no HTTP and no SQL: reaches the world only through `Store`, `Bus`, `Clock` and the like,
//! which are handed in.
#![forbid(unsafe_code)]

pub mod store;
