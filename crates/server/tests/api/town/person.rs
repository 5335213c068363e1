//! Somebody in town: asks over REST, and hears over two sessions.

use std::{fmt, ops::Index, sync::Arc};

use client::{
    Rest,
    gateway::Handle,
    rest::{Body, File},
};
use hyper::Method;
use proto::{Id, marker};
use serde_json::{Value, json};

use super::{
    Inner, PATIENCE,
    session::{Kind, Session},
};

/// Cheap to clone; all clones are one person.
#[derive(Clone)]
pub struct Person {
    pub id: Id<marker::User>,
    pub rest: Rest,
    pub osc: Option<Session>,
    pub pure: Option<Session>,
    town: Arc<Inner>,
}

/// A room as scenarios name its parts.
#[derive(Debug, Clone)]
pub struct Room {
    pub id: String,
    pub general: String,
    pub voice: String,
}

/// An answer as one reads it: `200 {"id":"1"}`; `answer["id"]` is a part of its body.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub answer: client::Answer,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.answer.fmt(f)
    }
}

impl<I: serde_json::value::Index> Index<I> for Answer {
    type Output = Value;

    fn index(&self, index: I) -> &Value {
        &self.body[index]
    }
}

impl Answer {
    /// Status and code: what most refusals are compared with.
    pub fn no(&self) -> (u16, u64) {
        (self.status, self["code"].as_u64().unwrap_or_default())
    }

    /// The id in it.
    pub fn id(&self) -> String {
        self["id"].as_str().unwrap_or_else(|| panic!("no id in {self}")).to_owned()
    }

    /// Of each item of a list.
    pub fn ids(&self) -> Vec<String> {
        let items = self.body.as_array().unwrap_or_else(|| panic!("no list: {self}"));
        items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
    }
}

impl Person {
    pub(super) fn nobody(town: Arc<Inner>) -> Self {
        let rest = town.rest.clone();
        Self { id: Id::new(1).expect("not zero"), rest, osc: None, pure: None, town }
    }

    /// Signed in, and whole: both sessions know all they are told at the start.
    pub(super) async fn arrive(town: Arc<Inner>, token: &str, id: &str) -> Self {
        let rest = town.rest.with_token(token);
        let osc = Session::start(&town, token, Kind::Osc).await;
        let pure = Session::start(&town, token, Kind::Pure).await;
        let id = id.parse().expect("an id");
        Self { id, rest, osc: Some(osc), pure: Some(pure), town }
    }

    /// The same token, without sessions of its own.
    pub fn with_rest(&self, rest: Rest) -> Self {
        Self { rest, osc: None, pure: None, ..self.clone() }
    }

    pub fn token(&self) -> &str {
        self.rest.token().expect("signed in")
    }

    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.osc.iter().chain(&self.pure)
    }

    /// The session that knows us.
    pub fn osc(&self) -> &Session {
        self.osc.as_ref().expect("has sessions")
    }

    pub fn pure(&self) -> &Session {
        self.pure.as_ref().expect("has sessions")
    }

    pub fn handle(&self) -> &Handle {
        &self.osc().handle
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, Body::none()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, Body::none()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Body::json(&body).expect("JSON")).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Body::json(&body).expect("JSON")).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Body::json(&body).expect("JSON")).await
    }

    /// PUT without a body, as a reaction is.
    pub async fn put_nothing(&self, path: &str) -> Answer {
        self.send(Method::PUT, path, Body::none()).await
    }

    pub async fn upload(&self, path: &str, body: Value, files: &[File]) -> Answer {
        self.send(Method::POST, path, Body::form(&body, files).expect("JSON")).await
    }

    pub async fn send(&self, method: Method, path: &str, body: Body) -> Answer {
        let shown = format!("{method} {path}");
        let answer = self.rest.send(method, path, body).await;
        let answer = answer.unwrap_or_else(|error| panic!("{shown}: {error}"));
        assert!(answer.status < 500, "{shown}: {answer}");
        Answer { status: answer.status, body: answer.json(), answer }
    }

    /// What a write answers with when all went well.
    pub async fn done(&self, method: Method, path: &str, body: Value) -> Answer {
        let body = if body.is_null() { Body::none() } else { Body::json(&body).expect("JSON") };
        let shown = format!("{method} {path}");
        let answer = self.send(method, path, body).await;
        assert!(answer.status < 300, "{shown}: {answer}");
        answer
    }

    /// Says something; the message's id.
    pub async fn say(&self, channel: &str, content: &str) -> String {
        let path = format!("/channels/{channel}/messages");
        self.done(Method::POST, &path, json!({ "content": content })).await.id()
    }

    /// The contents of a channel, oldest first.
    pub async fn reads(&self, channel: &str) -> Vec<String> {
        let page = self.get(&format!("/channels/{channel}/messages?limit=100")).await;
        let page = page.body.as_array().cloned().unwrap_or_else(|| panic!("{page}"));
        let contents = page.iter().rev().map(|m| m["content"].as_str().expect("text").to_owned());
        contents.collect()
    }

    /// A public room of mine with these people; nobody has anything left to hear of it.
    pub async fn found_guild_with(&self, others: &[&Self]) -> Room {
        self.found(json!({ "name": "The Lobby", "visibility": "public" }), others).await
    }

    /// A room as one wishes it.
    pub async fn found(&self, draft: Value, others: &[&Self]) -> Room {
        let guild = self.done(Method::POST, "/osc/v1/guilds", draft).await;
        let id = guild.id();
        let channels = self.get(&format!("/guilds/{id}/channels")).await;
        let of_kind = |kind: u64| {
            let channels = channels.body.as_array().unwrap_or_else(|| panic!("{channels}"));
            let found = channels.iter().find(|channel| channel["type"] == kind);
            found.expect("it has one").get("id").and_then(Value::as_str).expect("an id").to_owned()
        };
        let room = Room { general: of_kind(0), voice: of_kind(2), id };
        if guild["osc"]["visibility"] == "public" {
            for other in others {
                other.joins(&room).await;
            }
        } else if !others.is_empty() {
            let path = format!("/channels/{}/invites", room.general);
            let invite = self.done(Method::POST, &path, json!({})).await;
            let code = invite["code"].as_str().expect("a code").to_owned();
            for other in others {
                let path = format!("/osc/v1/invites/{code}/join");
                other.done(Method::POST, &path, json!({})).await;
            }
        }
        for person in others.iter().copied().chain([self]).filter(|who| who.osc.is_some()) {
            person.saw().await;
        }
        room
    }

    pub async fn joins(&self, room: &Room) {
        let path = format!("/osc/v1/guilds/{}/join", room.id);
        self.done(Method::POST, &path, json!({})).await;
    }

    /// A role of this room with these permissions.
    pub async fn makes_role(&self, room: &Room, name: &str, permissions: u64) -> String {
        let path = format!("/guilds/{}/roles", room.id);
        let draft = json!({ "name": name, "permissions": permissions.to_string() });
        self.done(Method::POST, &path, draft).await.id()
    }

    pub async fn gives_role(&self, room: &Room, to: &Self, role: &str) {
        let path = format!("/guilds/{}/members/{}/roles/{role}", room.id, to.id);
        self.done(Method::PUT, &path, Value::Null).await;
    }

    pub async fn takes_role(&self, room: &Room, from: &Self, role: &str) {
        let path = format!("/guilds/{}/members/{}/roles/{role}", room.id, from.id);
        self.done(Method::DELETE, &path, Value::Null).await;
    }

    /// The names of exactly those events that came since the last time, in order. Both sessions
    /// must have heard the same, as far as pure v10 has it. What is noted in the audit log is left
    /// out: `audit_log.rs` tells who hears of that.
    pub async fn saw(&self) -> Vec<&'static str> {
        let names = self.heard().await.into_iter().map(|(name, _)| name);
        names.filter(|name| *name != "GUILD_AUDIT_LOG_ENTRY_CREATE").collect()
    }

    /// The same with their data.
    pub async fn heard(&self) -> Vec<(&'static str, Value)> {
        self.town.settle().await;
        let mut osc = self.osc().take_new();
        // Each session comes back in its own time.
        osc.retain(|(name, _)| *name != "RESUMED");
        if let Some(pure) = &self.pure {
            let shared = osc.iter().filter(|(name, _)| !name.starts_with("OSC_"));
            let shared: Vec<_> = shared.map(|(name, _)| *name).collect();
            let pure = pure.take_new().into_iter().map(|(name, _)| name);
            let pure: Vec<_> = pure.filter(|name| *name != "RESUMED").collect();
            assert_eq!(pure, shared, "the pure session of {} heard something else", self.id);
        }
        osc
    }

    /// Waits until an event of this name comes: for what is decided behind the gateway.
    pub async fn awaits(&self, name: &str) -> Value {
        self.osc().awaits(name).await
    }

    /// Keeps a channel's messages in both copies from now on.
    pub async fn opens(&self, channel: &str) {
        self.town.settle().await;
        let id = channel.parse().expect("an id");
        for session in self.sessions() {
            let page = self.rest.messages(id, None, 50).await.expect("readable");
            session.log().cache.open(id, page, 50);
        }
    }

    /// Loses the connections of both sessions, and cannot come back until `comes_back`.
    pub async fn goes_offline(&self) {
        for session in self.sessions() {
            session.goes_offline().await;
        }
    }

    pub async fn comes_back(&self) {
        for session in self.sessions() {
            session.comes_back().await;
        }
    }

    /// Ends both sessions for good.
    pub async fn leaves_town(&self) {
        for session in self.sessions() {
            session.stop().await;
        }
    }

    /// Further sessions of this person, started now.
    pub async fn fresh_session(&self, kind: Kind) -> Session {
        let started = Session::start(&self.town, self.token(), kind);
        tokio::time::timeout(PATIENCE, started).await.expect("a session starts in time")
    }
}
