//! Bodies of becoming somebody: guest, account, login, password. Our own namespace.
//!
//! They hold secrets, so none of them can be printed: there is no `Debug`.

use serde::Deserialize;

/// Body of `POST /guests`.
#[derive(Deserialize)]
pub struct CreateGuest {
    pub name: String,
    /// What a 428 answer asked for.
    #[serde(default)]
    pub challenge: Option<crate::safety::Solution>,
}

/// Body of `POST /accounts`.
#[derive(Deserialize)]
pub struct CreateAccount {
    pub username: String,
    pub password: String,
    /// Where accounts are for invited people: an invite to a room.
    #[serde(default)]
    pub invite: Option<String>,
}

/// Body of `POST /sessions`.
#[derive(Deserialize)]
pub struct LogIn {
    pub username: String,
    pub password: String,
}

/// Body of `PUT /accounts/@me/password`.
#[derive(Deserialize)]
pub struct ChangePassword {
    pub password: String,
    pub new_password: String,
}

/// Body of `DELETE /accounts/@me`. Guests have no password.
#[derive(Deserialize)]
pub struct DeleteAccount {
    #[serde(default)]
    pub password: Option<String>,
}

/// Body of `POST /password-reset-links`.
#[derive(Deserialize)]
pub struct MakeResetLink {
    pub username: String,
}

/// Body of `POST /password-resets`.
#[derive(Deserialize)]
pub struct ResetPassword {
    pub secret: String,
    pub password: String,
}

/// Body of `POST /owner`.
#[derive(Deserialize)]
pub struct BecomeOwner {
    pub secret: String,
}
