//! The gateway: sockets, shards and the hub that feeds them.

pub mod socket;
