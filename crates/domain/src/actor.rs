//! Who asks.

use proto::{Id, marker};

use crate::{
    reject::{Reject, Result, no},
    rows::UserKind,
};

/// Somebody signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    pub user: Id<marker::User>,
    pub kind: UserKind,
    pub login: Id<marker::Session>,
    /// Owns this server. Not an administrator of guilds.
    pub server_owner: bool,
}

impl Actor {
    pub fn is_guest(&self) -> bool {
        self.kind == UserKind::Guest
    }

    pub fn is_bot(&self) -> bool {
        self.kind == UserKind::Bot
    }

    /// What only people may do: bots are made for rooms they were added to.
    pub fn person(&self) -> Result<()> {
        match self.kind {
            UserKind::Guest | UserKind::Account => Ok(()),
            UserKind::Bot | UserKind::Deleted => no(Reject::Refused(proto::Code::PEOPLE_ONLY)),
        }
    }

    /// What needs an account behind it.
    pub fn account(&self) -> Result<()> {
        match self.kind {
            UserKind::Account => Ok(()),
            UserKind::Guest => no(Reject::Refused(proto::Code::ACCOUNT_NEEDED)),
            UserKind::Bot | UserKind::Deleted => no(Reject::Refused(proto::Code::PEOPLE_ONLY)),
        }
    }
}
