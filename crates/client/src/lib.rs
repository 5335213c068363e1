//! The Rust client library: REST, the gateway with resume, and a copy of what a session knows.
//!
//! Also the hands and eyes of our own tests: what they check of the server they check through it.
//! Reading order: `address`, `rest`, `gateway`, `cache`.
//!
//! ```no_run
//! # async fn example() -> Result<(), client::Error> {
//! use client::{Cache, Gateway, Options, Rest, gateway::Event};
//!
//! let rest = Rest::new("http://127.0.0.1:8080")?;
//! let me = rest.create_guest("Anna").await?;
//! let rest = rest.with_token(me.token.unwrap_or_default());
//! let options = Options::new(rest.address().gateway(), rest.token().unwrap_or_default());
//! let mut gateway = Gateway::connect(options)?;
//! let mut cache = Cache::default();
//! while let Some(event) = gateway.next().await {
//!     if let Event::Dispatch { dispatch, .. } = event {
//!         cache.apply(&dispatch);
//!     }
//! }
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

pub mod address;
pub mod error;
pub mod rest;
pub mod gateway;
pub mod cache;

pub use address::Address;
pub use cache::Cache;
pub use error::{Error, Refusal};
pub use gateway::{Gateway, Options};
pub use rest::{Answer, Rest};
