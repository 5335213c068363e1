//! Guests, accounts and logins.

use hyper::Method;
use proto::{
    Id, marker,
    osc::{LoginSession, SignedIn},
    user::{CurrentUser, User},
};
use serde_json::json;

use super::{Body, Rest};
use crate::Error;

impl Rest {
    /// Comes in without an account.
    pub async fn create_guest(&self, name: &str) -> Result<SignedIn, Error> {
        let body = Body::json(&json!({ "name": name }))?;
        self.ask(Method::POST, "/osc/v1/guests", body).await
    }

    /// Makes an account; asked by a guest, the guest becomes it.
    pub async fn create_account(&self, username: &str, password: &str) -> Result<SignedIn, Error> {
        let body = Body::json(&json!({ "username": username, "password": password }))?;
        self.ask(Method::POST, "/osc/v1/accounts", body).await
    }

    /// Logs in.
    pub async fn create_session(&self, username: &str, password: &str) -> Result<SignedIn, Error> {
        let body = Body::json(&json!({ "username": username, "password": password }))?;
        self.ask(Method::POST, "/osc/v1/sessions", body).await
    }

    /// My logins.
    pub async fn sessions(&self) -> Result<Vec<LoginSession>, Error> {
        self.ask(Method::GET, "/osc/v1/sessions", Body::none()).await
    }

    /// Ends a login of mine, and its sockets with it.
    pub async fn delete_session(&self, id: Id<marker::Session>) -> Result<(), Error> {
        self.order(Method::DELETE, &format!("/osc/v1/sessions/{id}"), Body::none()).await
    }

    /// Ends this login.
    pub async fn log_out(&self) -> Result<(), Error> {
        self.order(Method::DELETE, "/osc/v1/sessions/@current", Body::none()).await
    }

    /// Who I am.
    pub async fn current_user(&self) -> Result<CurrentUser, Error> {
        self.ask(Method::GET, "/users/@me", Body::none()).await
    }

    /// Somebody I share a room or a conversation with.
    pub async fn user(&self, id: Id<marker::User>) -> Result<User, Error> {
        self.ask(Method::GET, &format!("/users/{id}"), Body::none()).await
    }
}
