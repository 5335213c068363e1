//! Why we say no, in the domain's words; the server translates at the door.

use proto::{Code, Permissions};

use crate::store::Conflict;

/// An operation ends well, with a no, or with a fault of ours.
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug)]
pub enum Error {
    /// The actor's problem.
    Reject(Reject),
    /// Ours.
    Fault(anyhow::Error),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Reject {
    /// Nobody we know asks.
    Unauthorized,
    /// There is no such thing, or the actor may not know of it: the two look alike.
    Unknown(Code),
    /// The actor sees it but lacks these permissions.
    Forbidden(Permissions),
    /// A rule other than a permission says no.
    Refused(Code),
    /// The same in the room's own words.
    Worded(Code, String),
    /// So many guests come that this one has to work for it first.
    Challenge(Box<proto::safety::Challenge>),
    /// Fields of the body are wrong.
    Invalid(Vec<FieldError>),
    /// Too often.
    RateLimited { retry_after_ms: u64 },
    /// Slow mode of a channel.
    SlowMode { retry_after_ms: u64 },
    /// Somebody else was faster; the operation may be decided again.
    Conflict(Conflict),
    /// No space on the disk.
    StorageFull,
    /// Too much waits for the disk or for a password to be hashed.
    Busy,
}

/// One wrong field: `embeds.0.title`, a code as Discord names it, and what to do.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldError {
    pub path: String,
    pub code: &'static str,
    pub message: String,
}

impl Reject {
    /// A body with one wrong field.
    pub fn field(path: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { path: path.to_owned(), code, message: message.into() }])
    }

    /// A text of the wrong length.
    pub fn length(path: &str, min: usize, max: usize) -> Self {
        let message = format!("Must be between {min} and {max} in length.");
        Self::field(path, "BASE_TYPE_BAD_LENGTH", message)
    }
}

impl From<Reject> for Error {
    fn from(reject: Reject) -> Self {
        Self::Reject(reject)
    }
}

impl From<anyhow::Error> for Error {
    fn from(fault: anyhow::Error) -> Self {
        Self::Fault(fault)
    }
}

/// The same as `Err(reject.into())`, to end an operation with.
pub fn no<T>(reject: Reject) -> Result<T> {
    Err(Error::Reject(reject))
}
