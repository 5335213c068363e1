//! What can go wrong, by what the caller knows afterwards.

use std::fmt;

use proto::Code;
use serde_json::Value;

/// A request that brought nothing.
#[derive(Debug)]
pub enum Error {
    /// The server said no: it was not done, and will not be.
    Refused(Refusal),
    /// It never left: it was not done.
    NotSent(anyhow::Error),
    /// No answer came: it may have been done. Ask, or send again with the same nonce.
    Unknown(anyhow::Error),
    /// An answer came that this library cannot read.
    Unreadable(anyhow::Error),
    /// Not an address of a server.
    Address(String),
}

/// A no, as the server put it.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    pub status: u16,
    /// 0 where there is none.
    pub code: u32,
    pub message: String,
    /// Which fields are wrong, as a tree.
    pub errors: Option<Value>,
    /// Seconds to wait, of a 429.
    pub retry_after: Option<f64>,
}

impl Error {
    /// The server's code, if it said no.
    pub fn code(&self) -> Option<u32> {
        match self {
            Self::Refused(refusal) => Some(refusal.code),
            _ => None,
        }
    }

    /// Whether the server said no with this code.
    pub fn is(&self, code: Code) -> bool {
        self.code() == Some(code.0)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status, self.code, self.message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => write!(f, "the server refused: {refusal}"),
            Self::NotSent(error) => write!(f, "the request was not sent: {error:#}"),
            Self::Unknown(error) => write!(f, "no answer came: {error:#}"),
            Self::Unreadable(error) => write!(f, "the answer cannot be read: {error:#}"),
            Self::Address(text) => write!(f, "not an http:// or ws:// address: {text:?}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NotSent(error) | Self::Unknown(error) | Self::Unreadable(error) => {
                Some(error.as_ref())
            }
            Self::Refused(_) | Self::Address(_) => None,
        }
    }
}
