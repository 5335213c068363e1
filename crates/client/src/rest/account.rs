//! Guests, accounts and logins.

use hyper::Method;
use proto::{
    Id, marker,
    osc::{LoginSession, SignedIn},
    safety::Challenge,
    user::{CurrentUser, User},
};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{Body, Rest};
use crate::Error;

/// Finds what a challenge asks for: a number that gives enough zero bits behind the token.
pub fn solve(challenge: &Challenge) -> serde_json::Value {
    let zeros = |n: &u64| {
        let digest = Sha256::digest(format!("{}:{n}", challenge.token));
        let whole = digest.iter().take_while(|byte| **byte == 0).count();
        let rest = digest.get(whole).map_or(0, |byte| byte.leading_zeros());
        whole as u32 * 8 + rest >= u32::from(challenge.difficulty)
    };
    let solution = (0..).find(zeros).unwrap_or_default().to_string();
    json!({ "token": challenge.token, "solution": solution })
}

impl Rest {
    /// Comes in without an account.
    pub async fn create_guest(&self, name: &str) -> Result<SignedIn, Error> {
        let body = json!({ "name": name });
        let answer = self.send(Method::POST, "/osc/v1/guests", Body::json(&body)?).await?;
        let challenge = serde_json::from_value(answer.json()["challenge"].clone());
        let (428, Ok(challenge)) = (answer.status, challenge) else {
            return answer.read();
        };
        // Many come at once: each works for its place, beside the runtime's own threads.
        let solved = tokio::task::spawn_blocking(move || solve(&challenge)).await;
        let solution = solved.map_err(|error| Error::NotSent(error.into()))?;
        let body = json!({ "name": name, "challenge": solution });
        self.ask(Method::POST, "/osc/v1/guests", Body::json(&body)?).await
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
