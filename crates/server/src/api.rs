//! The HTTP API: which handler answers which path, and how answers and refusals look.
//!
//! Routes remember their method and path, so that tests and the description of the API read the
//! same table that the router is made from. Refusals become status and body here and nowhere else.

pub mod attachment;
pub mod extract;
pub mod ratelimit;
pub mod health;
pub mod account;
pub mod application;
pub mod bot;
pub mod guest;
pub mod owner;
pub mod session;
pub mod user;
pub mod audit_log;
pub mod ban;
pub mod auto_moderation;
pub mod safety;
pub mod cleanup;
pub mod report;
pub mod channel;
pub mod directory;
pub mod guild;
pub mod guild_order;
pub mod followup;
pub mod interaction;
pub mod invite;
pub mod webhook;
pub mod member;
pub mod role;
pub mod dm;
pub mod group;
pub mod notification;
pub mod relationship;
pub mod message;
pub mod thread;
pub mod pin;
pub mod push;
pub mod search;
pub mod emoji;
pub mod reaction;
pub mod read_state;
pub mod integration;
pub mod onboarding;
pub mod scheduled_event;
pub mod soundboard;
pub mod sticker;
pub mod voice;
pub mod widget;
pub mod openapi;
pub mod upload;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    handler::Handler,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, on},
};
use domain::{App, Reject, reject::FieldError};
use proto::Code;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// All routes of the API.
pub fn routes() -> Routes {
    Routes::new()
        .merge(health::gateway_routes())
        .merge(attachment::routes())
        .merge(account::routes())
        .merge(application::routes())
        .merge(bot::routes())
        .merge(guest::routes())
        .merge(owner::routes())
        .merge(session::routes())
        .merge(user::routes())
        .merge(audit_log::routes())
        .merge(ban::routes())
        .merge(auto_moderation::routes())
        .merge(safety::routes())
        .merge(cleanup::routes())
        .merge(report::routes())
        .merge(channel::routes())
        .merge(directory::routes())
        .merge(guild::routes())
        .merge(interaction::routes())
        .merge(invite::routes())
        .merge(webhook::routes())
        .merge(member::routes())
        .merge(role::routes())
        .merge(dm::routes())
        .merge(group::routes())
        .merge(relationship::routes())
        .merge(message::routes())
        .merge(thread::routes())
        .merge(pin::routes())
        .merge(search::routes())
        .merge(emoji::routes())
        .merge(reaction::routes())
        .merge(read_state::routes())
        .merge(openapi::routes())
        .merge(notification::routes())
        .merge(guild_order::routes())
        .merge(push::routes())
        .merge(integration::routes())
        .merge(onboarding::routes())
        .merge(scheduled_event::routes())
        .merge(soundboard::routes())
        .merge(sticker::routes())
        .merge(voice::routes())
        .merge(widget::routes())
}

/// What a handler answers.
pub type Answer<T> = Result<Reply<T>, Error>;

/// A status, a JSON body, and now and then a header.
#[derive(Debug)]
pub struct Reply<T> {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Option<T>,
}

impl<T> Reply<T> {
    pub fn ok(body: T) -> Self {
        Self::with_status(StatusCode::OK, body)
    }

    pub fn created(body: T) -> Self {
        Self::with_status(StatusCode::CREATED, body)
    }

    /// Taken up, and done in the background.
    pub fn accepted(body: T) -> Self {
        Self::with_status(StatusCode::ACCEPTED, body)
    }

    fn with_status(status: StatusCode, body: T) -> Self {
        Self { status, headers: HeaderMap::new(), body: Some(body) }
    }

    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }
}

impl Reply<()> {
    /// 204: done, and there is nothing to say.
    pub fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, headers: HeaderMap::new(), body: None }
    }
}

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        let mut response = match self.body {
            None => self.status.into_response(),
            Some(body) => json_response(self.status, &body),
        };
        response.headers_mut().extend(self.headers);
        response
    }
}

/// COMPAT: several bot libraries compare the content type for equality: no charset.
fn json_response(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => {
            let json = HeaderValue::from_static("application/json");
            (status, [(header::CONTENT_TYPE, json)], bytes).into_response()
        }
        Err(error) => Error::from(anyhow::Error::new(error)).into_response(),
    }
}

/// An operation of ours that said no, or failed. `?` makes it from all of them.
#[derive(Debug)]
pub struct Error(domain::Error);

impl<E: Into<domain::Error>> From<E> for Error {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// A fault, for whoever logs it once beside its request.
#[derive(Clone)]
pub struct Fault(pub Arc<anyhow::Error>);

/// The code of a refusal, for the log and for what counts wrong tries.
#[derive(Clone, Copy)]
pub struct Refused(pub Code);

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        match self.0 {
            domain::Error::Reject(reject) => refuse(reject),
            domain::Error::Fault(fault) => {
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                let body = json!({ "message": "500: Internal Server Error", "code": 0 });
                let mut response = json_response(status, &body);
                response.extensions_mut().insert(Fault(Arc::new(fault)));
                response
            }
        }
    }
}

/// A refusal as the wire knows it: the one place where domain words become status and code.
pub fn refuse(reject: Reject) -> Response {
    match reject {
        Reject::Unauthorized => plain(StatusCode::UNAUTHORIZED, Code::UNAUTHORIZED),
        Reject::Unknown(code) => plain(StatusCode::NOT_FOUND, code),
        Reject::Forbidden(_) => plain(StatusCode::FORBIDDEN, Code::MISSING_PERMISSIONS),
        Reject::Refused(code) => plain(status_of(code), code),
        Reject::Worded(code, message) => worded(code, &message),
        Reject::Challenge(challenge) => challenged(&challenge),
        Reject::Invalid(fields) => invalid(&fields),
        Reject::RateLimited { retry_after_ms } => {
            let message = "You are being rate limited.";
            too_many(Code(Code::GENERAL.0, message), retry_after_ms, false)
        }
        Reject::SlowMode { retry_after_ms } => too_many(Code::SLOW_MODE, retry_after_ms, false),
        Reject::Conflict(_) => {
            let message = "Somebody changed this at the same moment: try again.";
            plain(StatusCode::CONFLICT, Code(Code::GENERAL.0, message))
        }
        Reject::StorageFull => plain(StatusCode::INSUFFICIENT_STORAGE, Code::STORAGE_FULL),
        Reject::Busy => {
            let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, Code::OVERLOADED);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
            response
        }
    }
}

/// The status that goes with a refusal by rule.
pub fn status_of(code: Code) -> StatusCode {
    match code {
        Code::UNAUTHORIZED | Code::INVALID_TOKEN | Code::INVALID_WEBHOOK_TOKEN => {
            StatusCode::UNAUTHORIZED
        }
        // 403: a client takes 401 for "signed out", which a wrong password is not.
        Code::WRONG_PASSWORD
        | Code::MISSING_ACCESS
        | Code::MISSING_PERMISSIONS
        | Code::BOTS_ONLY
        | Code::PEOPLE_ONLY
        | Code::BANNED
        | Code::DM_EXECUTE
        | Code::NOT_AUTHOR
        | Code::CANNOT_DM
        | Code::OWN_RELATIONSHIP
        | Code::BOT_RELATIONSHIP
        | Code::SYSTEM_MESSAGE
        | Code::MEMBER_OWNER
        | Code::REACTION_BLOCKED
        | Code::GUESTS_OFF
        | Code::RAID_GUESTS
        | Code::INVITES_PAUSED
        | Code::REGISTRATION_OFF
        | Code::ACCOUNT_NEEDED
        | Code::NOT_SERVER_OWNER
        | Code::PRIVATE_BOT
        | Code::WIDGET_OFF
        | Code::FOREIGN_ORIGIN => StatusCode::FORBIDDEN,
        Code::NAME_TAKEN | Code::SLUG_TAKEN | Code::ALREADY_ACCOUNT => StatusCode::CONFLICT,
        Code::SECRET_GONE => StatusCode::GONE,
        Code::CHALLENGE => StatusCode::PRECONDITION_REQUIRED,
        Code::BODY_TOO_LARGE | Code::UPLOAD_TOO_LARGE => StatusCode::PAYLOAD_TOO_LARGE,
        Code::TOO_SLOW => StatusCode::REQUEST_TIMEOUT,
        Code::STORAGE_FULL => StatusCode::INSUFFICIENT_STORAGE,
        Code::OVERLOADED => StatusCode::SERVICE_UNAVAILABLE,
        Code::INDEX_NOT_READY => StatusCode::ACCEPTED,
        Code::SLOW_MODE => StatusCode::TOO_MANY_REQUESTS,
        Code::UNKNOWN_REPORT | Code::UNKNOWN_CLEANUP => StatusCode::NOT_FOUND,
        Code(10_000..=10_999, _) => StatusCode::NOT_FOUND,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// A refusal that is only a status, a code and its message.
pub fn plain(status: StatusCode, code: Code) -> Response {
    let mut response = json_response(status, &json!({ "message": code.1, "code": code.0 }));
    response.extensions_mut().insert(Refused(code));
    response
}

/// A refusal in words that a room has chosen.
fn worded(code: Code, message: &str) -> Response {
    let body = json!({ "message": message, "code": code.0 });
    let mut response = json_response(status_of(code), &body);
    response.extensions_mut().insert(Refused(code));
    response
}

/// 428: what has to be found out first.
fn challenged(challenge: &proto::safety::Challenge) -> Response {
    let code = Code::CHALLENGE;
    let body = json!({ "message": code.1, "code": code.0, "challenge": challenge });
    let mut response = json_response(status_of(code), &body);
    response.extensions_mut().insert(Refused(code));
    response
}

/// A refusal outside the domain: by the protocol rather than by a rule.
pub fn refuse_http(status: StatusCode, message: &'static str) -> Response {
    plain(status, Code(Code::GENERAL.0, message))
}

/// COMPAT: without `Via`, discord.py takes a 429 for an answer of a proxy and gives up.
pub fn too_many(code: Code, retry_after_ms: u64, global: bool) -> Response {
    let retry_after_ms = retry_after_ms.max(1);
    let body = json!({
        "message": code.1,
        "code": code.0,
        "retry_after": retry_after_ms as f64 / 1_000.0,
        "global": global,
    });
    let mut response = json_response(StatusCode::TOO_MANY_REQUESTS, &body);
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, retry_after_ms.div_ceil(1_000).into());
    headers.insert(header::VIA, HeaderValue::from_static("1.1 osc"));
    if global {
        headers.insert("x-ratelimit-global", HeaderValue::from_static("true"));
    }
    response.extensions_mut().insert(Refused(code));
    response
}

/// `errors` as a tree: `embeds.0.title` -> `{"embeds":{"0":{"title":{"_errors":[..]}}}}`.
fn invalid(fields: &[FieldError]) -> Response {
    let mut tree = Map::new();
    for field in fields {
        let mut place = &mut tree;
        for part in field.path.split('.').filter(|part| !part.is_empty()) {
            let slot = place.entry(part).or_insert_with(|| Value::Object(Map::new()));
            place = slot.as_object_mut().expect("the tree holds objects only");
        }
        let errors = place.entry("_errors").or_insert_with(|| Value::Array(Vec::new()));
        if let Some(errors) = errors.as_array_mut() {
            errors.push(json!({ "code": field.code, "message": field.message }));
        }
    }
    let code = Code::INVALID_FORM;
    let body = json!({ "message": code.1, "code": code.0, "errors": tree });
    let mut response = json_response(StatusCode::BAD_REQUEST, &body);
    response.extensions_mut().insert(Refused(code));
    response
}

/// Where a route belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Namespace {
    /// `/api/v10`, and `/api` without a version.
    V10,
    /// Ours: `/api/osc/v1`.
    Osc,
    /// At the root of the server.
    Root,
}

/// A route as the tables know it; the path as it stands after its namespace.
#[derive(Debug, Clone)]
pub struct Route {
    pub namespace: Namespace,
    pub method: Method,
    pub path: &'static str,
}

impl Route {
    /// The path as one asks for it.
    pub fn full_path(&self) -> String {
        let prefix = match self.namespace {
            Namespace::V10 => "/api/v10",
            Namespace::Osc => "/api/osc/v1",
            Namespace::Root => "",
        };
        format!("{prefix}{}", self.path)
    }
}

/// Routes of one file or of all.
pub struct Routes {
    namespace: Namespace,
    list: Vec<(Route, MethodRouter<Arc<App>>)>,
}

impl Default for Routes {
    fn default() -> Self {
        Self::new()
    }
}

impl Routes {
    /// The same as `v10`.
    pub fn new() -> Self {
        Self::v10()
    }

    /// Paths of Discord's API v10.
    pub fn v10() -> Self {
        Self { namespace: Namespace::V10, list: Vec::new() }
    }

    /// Paths of our own namespace, without its prefix: `/guests`.
    pub fn osc() -> Self {
        Self { namespace: Namespace::Osc, list: Vec::new() }
    }

    /// Paths as they are.
    pub fn root() -> Self {
        Self { namespace: Namespace::Root, list: Vec::new() }
    }

    pub fn get<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.add(Method::GET, path, handler)
    }

    pub fn post<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.add(Method::POST, path, handler)
    }

    pub fn put<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.add(Method::PUT, path, handler)
    }

    pub fn patch<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.add(Method::PATCH, path, handler)
    }

    pub fn delete<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.add(Method::DELETE, path, handler)
    }

    /// These and those, each in its own namespace.
    pub fn merge(mut self, other: Self) -> Self {
        self.list.extend(other.list);
        self
    }

    /// The table: for tests and for the description of the API.
    pub fn table(&self) -> impl Iterator<Item = &Route> {
        self.list.iter().map(|(route, _)| route)
    }

    fn add<H, T>(mut self, method: Method, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        debug_assert!(path.starts_with('/') && !path.starts_with("/api"), "{path}");
        let filter = method.clone().try_into().expect("a method with a route");
        let route = Route { namespace: self.namespace, method, path };
        self.list.push((route, on(filter, handler)));
        self
    }

    /// The router of all routes. Two handlers for one method and path panic at start.
    pub fn into_router(self) -> Router<Arc<App>> {
        let mut by_path: BTreeMap<String, MethodRouter<Arc<App>>> = BTreeMap::new();
        for (route, handler) in self.list {
            let mut paths = vec![route.full_path()];
            if route.namespace == Namespace::V10 {
                paths.push(format!("/api{}", route.path));
            }
            for path in paths {
                let there = by_path.remove(&path).unwrap_or_default();
                by_path.insert(path, there.merge(handler.clone()));
            }
        }
        let mut router = Router::new();
        for (path, methods) in by_path {
            router = router.route(&path, methods.fallback(wrong_method));
        }
        router
    }
}

/// For paths that are known, but not with this method.
pub async fn wrong_method() -> Response {
    let message = "405: Method Not Allowed";
    refuse_http(StatusCode::METHOD_NOT_ALLOWED, message)
}

/// For paths below `/api` that lead nowhere.
pub async fn no_such_route() -> Response {
    refuse_http(StatusCode::NOT_FOUND, "404: Not Found")
}

/// `docs/reference/errors.md`.
pub fn errors_reference() -> String {
    let mut text = "# Errors\n\nGenerated from `crates/proto/src/code.rs` and \
        `crates/server/src/api.rs`; a test keeps it true.\n\n\
        Every error is `{\"code\", \"message\", \"errors\"?}`. Codes below 900000 are those of \
        Discord's API v10;\nothers are ours. `errors` is there with code 50035: a tree of fields, \
        each with `_errors: [{code, message}]`.\n429 also has `retry_after` (seconds) and the \
        header `Retry-After`. 5xx means that it is unknown whether\nthe request was carried out: \
        repeat it, messages with the same nonce.\n\n\
        What is no HTTP request (400), or has too long a head (431) or address (414), never gets \
        to us: the library that reads\nrequests answers with the status alone, and closes.\n\n\
        | status | code | message |\n|---|---|---|\n"
        .to_owned();
    for code in proto::code::CODES {
        let status = status_of(*code).as_u16();
        text += &format!("| {status} | {} | {} |\n", code.0, code.1);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    /// Compares, or writes with `WRITE_REFERENCE=1`.
    fn is_written(name: &str, text: &str) {
        let path = format!("{}/../../docs/reference/{name}", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("WRITE_REFERENCE").is_some() {
            std::fs::write(&path, text).expect("the page can be written");
        }
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(there == text, "docs/reference/{name} is old: run with WRITE_REFERENCE=1");
    }

    #[test]
    fn reference_pages_say_what_the_code_says() {
        is_written("config.md", &config::reference());
        is_written("limits.md", &config::limits_reference());
        is_written("errors.md", &errors_reference());
    }

    async fn body(response: Response) -> Value {
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        let bytes = axum::body::to_bytes(response.into_body(), 65_536).await.expect("a body");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    #[tokio::test]
    async fn wrong_fields_are_a_tree() {
        let field = |path: &str| FieldError {
            path: path.to_owned(),
            code: "BASE_TYPE_REQUIRED",
            message: "This field is required".to_owned(),
        };
        let fields = vec![field("embeds.0.title"), field("embeds.0.title"), field("content")];
        let response = refuse(Reject::Invalid(fields));
        assert_eq!(response.status(), 400);
        let one = json!({ "code": "BASE_TYPE_REQUIRED", "message": "This field is required" });
        let expected = json!({
            "code": 50035,
            "message": "Invalid form body",
            "errors": {
                "embeds": { "0": { "title": { "_errors": [one, one] } } },
                "content": { "_errors": [one] },
            },
        });
        assert_eq!(body(response).await, expected);
    }

    #[tokio::test]
    async fn a_429_says_when_to_come_back() {
        let response = refuse(Reject::RateLimited { retry_after_ms: 1_001 });
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()[header::RETRY_AFTER], "2", "rounded up");
        assert!(response.headers().contains_key(header::VIA));
        let body = body(response).await;
        assert_eq!((&body["retry_after"], &body["code"]), (&json!(1.001), &json!(0)));
    }

    #[tokio::test]
    async fn faults_are_told_to_the_log_only() {
        let error = Error::from(anyhow::anyhow!("the secret cause"));
        let response = error.into_response();
        assert_eq!(response.status(), 500);
        assert!(response.extensions().get::<Fault>().is_some());
        assert!(!body(response).await.to_string().contains("secret"));
    }

    #[test]
    fn no_two_routes_are_the_same() {
        let routes = routes();
        let mut seen = std::collections::BTreeSet::new();
        for route in routes.table() {
            let bare: Vec<_> = route.path.split('/').collect();
            let bare = bare.iter().map(|part| if part.starts_with('{') { "{}" } else { part });
            let path = bare.collect::<Vec<_>>().join("/");
            let new = seen.insert((route.method.to_string(), route.full_path(), path));
            assert!(new, "{} {}", route.method, route.path);
        }
        let _ = routes.into_router();
    }
}
