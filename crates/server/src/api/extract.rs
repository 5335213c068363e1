//! What handlers take out of a request: who asks, ids, queries, bodies.
//!
//! Handlers list them in the order authentication, object, body, so that refusals come in that
//! order; each refusal has Discord's shape.

mod text;

use std::{net::IpAddr, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, OptionalFromRequestParts, RawPathParams, Request},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use domain::{
    App, Reject,
    audit_log::REASON_LENGTH,
    reject::FieldError,
    safety::{Arrival, Block},
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use proto::{Code, Id, osc::SignedIn};
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, Visitor},
    forward_to_deserialize_any,
};

use super::{Error, Reply, plain, refuse, refuse_http};

pub use text::{form_field, percent_decoded};

/// The header by which our own page shows that it is asking: no form or image can send it.
const CLIENT_HEADER: &str = "x-osc-client";

/// Where a request comes from, as far as that can be trusted. Made once, at the door.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The peer, or what a configured proxy says of it.
    pub address: IpAddr,
    pub https: bool,
    /// Base of addresses in answers, without a slash at its end: `https://chat.example.org`.
    pub base: String,
    pub origin: Origin,
    /// In the log and in the answer's `X-Request-Id`.
    pub request_id: u64,
}

/// Which page made the browser ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Ours.
    Own,
    /// Another, or one that hides itself (`null`).
    Foreign,
    /// Nothing is said: no browser, or a plain visit.
    Unsaid,
}

impl Default for Caller {
    /// Nobody in particular: for a router without its door, in tests.
    fn default() -> Self {
        Self {
            address: IpAddr::from([0, 0, 0, 0]),
            https: false,
            base: String::new(),
            origin: Origin::Unsaid,
            request_id: 0,
        }
    }
}

impl Caller {
    /// The caller of a request.
    pub fn of(parts: &Parts) -> Self {
        parts.extensions.get().cloned().unwrap_or_default()
    }

    /// The address, unless nobody in particular asks.
    pub fn known_address(&self) -> Option<IpAddr> {
        Some(self.address).filter(|address| !address.is_unspecified())
    }

    /// As whom somebody comes into a room.
    pub fn arrival(&self, app: &App) -> Arrival {
        Arrival { block: self.known_address().map(|address| Block::of(app, address)) }
    }

    /// `__Host-` binds it to https and to this very host.
    fn cookie_name(&self) -> &'static str {
        if self.https { "__Host-osc" } else { "osc" }
    }

    fn set_cookie(&self, token: &str, max_age_s: u64) -> HeaderValue {
        let name = self.cookie_name();
        let secure = if self.https { "; Secure" } else { "" };
        let cookie =
            format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_s}{secure}");
        HeaderValue::try_from(cookie).expect("tokens are plain ASCII")
    }

    /// The token in the cookie, if there is one.
    pub fn cookie<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let name = self.cookie_name();
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = cookies.flat_map(|line| line.split(';'));
        let (_, token) = pairs.find_map(|pair| {
            let pair = pair.trim().split_once('=')?;
            (pair.0 == name && !pair.1.is_empty()).then_some(pair)
        })?;
        Some(token)
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(parts))
    }
}

/// Our own page in a browser, which gets cookies instead of tokens.
fn is_own_page(parts: &Parts) -> bool {
    parts.headers.contains_key(CLIENT_HEADER) && Caller::of(parts).origin != Origin::Foreign
}

/// How somebody signs in and out: with a cookie for our own page, with a token for all others.
#[derive(Debug, Clone)]
pub struct Client {
    caller: Caller,
    own_page: bool,
    cookie_seconds: u64,
    /// What it calls itself, for the list of logins.
    pub name: String,
}

/// Characters of a client's name in the list of logins.
const CLIENT_NAME_LENGTH: usize = 120;

impl FromRequestParts<Arc<App>> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        app: &Arc<App>,
    ) -> Result<Self, Self::Rejection> {
        let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        let agent = agent.unwrap_or_default().chars().filter(|c| !c.is_control());
        // A login without any sign of where it comes from gets a token, never a cookie.
        let own_page = is_own_page(parts) && Caller::of(parts).origin == Origin::Own;
        Ok(Self {
            caller: Caller::of(parts),
            own_page,
            cookie_seconds: u64::from(app.limits.session_days) * 86_400,
            name: agent.take(CLIENT_NAME_LENGTH).collect(),
        })
    }
}

impl Client {
    /// 201 to somebody who signed in: the token goes into a cookie or into the body, never both.
    pub fn signed_in(&self, mut answer: SignedIn) -> Reply<SignedIn> {
        if !self.own_page {
            return Reply::created(answer);
        }
        let token = answer.token.take();
        let reply = Reply::created(answer);
        match token {
            Some(token) => {
                let cookie = self.caller.set_cookie(&token, self.cookie_seconds);
                reply.header(header::SET_COOKIE, cookie)
            }
            None => reply,
        }
    }

    /// 204 to somebody who signed out here: takes the cookie away.
    pub fn signed_out(&self) -> Reply<()> {
        let reply = Reply::no_content();
        if !self.own_page {
            return reply;
        }
        reply.header(header::SET_COOKIE, self.caller.set_cookie("", 0))
    }
}

/// Somebody signed in. Derefs to the domain's actor. `Option<Actor>`: or nobody.
#[derive(Debug, Clone, Copy)]
pub struct Actor(pub domain::Actor);

impl std::ops::Deref for Actor {
    type Target = domain::Actor;

    fn deref(&self) -> &domain::Actor {
        &self.0
    }
}

/// Who asks, found out once per request.
#[derive(Debug, Clone, Copy)]
pub enum Who {
    Actor(domain::Actor),
    /// Nobody said who they are.
    Nobody,
    /// What was sent does not count.
    Refused(Code),
}

/// Finds out who asks: `Authorization: Bot T`, `Bearer T` or `T`, else our own page's cookie.
pub async fn who(app: &App, parts: &Parts) -> domain::Result<Who> {
    if let Some(found) = parts.extensions.get::<Who>() {
        return Ok(*found);
    }
    if let Some(value) = parts.headers.get(header::AUTHORIZATION) {
        let Some(token) = value.to_str().ok().map(bare_token).filter(|token| !token.is_empty())
        else {
            return Ok(Who::Refused(Code::UNAUTHORIZED));
        };
        let actor = domain::login::authenticate(app, token).await?;
        return Ok(actor.map_or(Who::Refused(Code::UNAUTHORIZED), Who::Actor));
    }
    let caller = Caller::of(parts);
    let Some(token) = caller.cookie(&parts.headers) else {
        return Ok(Who::Nobody);
    };
    if !parts.headers.contains_key(CLIENT_HEADER) {
        return Ok(Who::Nobody);
    }
    // Browsers say where a request comes from unless it only reads, over plain http; a page of
    // another origin cannot send our header without being asked about, and told no, beforehand.
    let may = match caller.origin {
        Origin::Own => true,
        Origin::Unsaid => parts.method.is_safe(),
        Origin::Foreign => false,
    };
    if !may {
        return Ok(Who::Refused(Code::FOREIGN_ORIGIN));
    }
    let actor = domain::login::authenticate(app, token).await?;
    Ok(actor.map_or(Who::Nobody, Who::Actor))
}

fn bare_token(value: &str) -> &str {
    let value = value.trim();
    match value.split_once(' ') {
        Some((scheme, token))
            if scheme.eq_ignore_ascii_case("bot") || scheme.eq_ignore_ascii_case("bearer") =>
        {
            token.trim()
        }
        Some(_) => "",
        None => value,
    }
}

/// Who visits a page: by the cookie alone, since a plain visit sends nothing else. For reading:
/// `SameSite=Lax` lets the cookie come with visits from other sites.
pub async fn signed_in(app: &App, parts: &Parts) -> domain::Result<Option<domain::Actor>> {
    let caller = Caller::of(parts);
    match caller.cookie(&parts.headers) {
        Some(token) => domain::login::authenticate(app, token).await,
        None => Ok(None),
    }
}

impl FromRequestParts<Arc<App>> for Actor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let found = who(app, parts).await.map_err(failed)?;
        match found {
            Who::Actor(actor) => {
                // Whatever is done can be asked about later, so a reason has to be one.
                reason(&parts.headers).map_err(refuse)?;
                Ok(Self(actor))
            }
            Who::Nobody => Err(refuse(Reject::Unauthorized)),
            Who::Refused(code) => Err(refuse(Reject::Refused(code))),
        }
    }
}

impl OptionalFromRequestParts<Arc<App>> for Actor {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        app: &Arc<App>,
    ) -> Result<Option<Self>, Response> {
        let found = who(app, parts).await.map_err(failed)?;
        match found {
            Who::Actor(actor) => Ok(Some(Self(actor))),
            Who::Nobody => Ok(None),
            Who::Refused(code) => Err(refuse(Reject::Refused(code))),
        }
    }
}

fn failed(error: domain::Error) -> Response {
    Error::from(error).into_response()
}

/// Parts of the path: `Path<Id<Channel>>`, `Path<(Id<Channel>, Id<Message>)>`.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| refuse_http(StatusCode::BAD_REQUEST, "The path is not valid UTF-8"))?;
        text::from_path(params.iter()).map(Self).map_err(refuse)
    }
}

/// The query: each key that `T` knows, others are ignored. Repeated keys make a list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Query<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        text::from_query(parts.uri.query().unwrap_or_default()).map(Self).map_err(refuse)
    }
}

/// Of a query: the id that a page comes after. COMPAT: hikari, py-cord and others begin at the
/// oldest with 0, which is no id.
pub fn after<'de, D: Deserializer<'de>, T>(from: D) -> Result<Option<Id<T>>, D::Error> {
    Ok(place(from)?.or_else(|| Id::new(1)))
}

/// The id that a page comes before; 0 stands for none.
pub fn before<'de, D: Deserializer<'de>, T>(from: D) -> Result<Option<Id<T>>, D::Error> {
    place(from)
}

fn place<'de, D: Deserializer<'de>, T>(from: D) -> Result<Option<Id<T>>, D::Error> {
    match String::deserialize(from)?.as_str() {
        "0" => Ok(None),
        text => text.parse().map(Some).map_err(de::Error::custom),
    }
}

/// Whether an answer about a guild says how many people there are.
#[derive(Debug, Deserialize)]
pub struct Counts {
    #[serde(default)]
    pub with_counts: bool,
}

/// `X-Audit-Log-Reason`, percent-decoded; spaces may come as they are.
#[derive(Debug, Clone, Default)]
pub struct Reason(pub Option<String>);

impl<S: Sync> FromRequestParts<S> for Reason {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        reason(&parts.headers).map(Self).map_err(refuse)
    }
}

/// Why, as it is said beside the request.
pub fn reason(headers: &HeaderMap) -> Result<Option<String>, Reject> {
    let Some(value) = headers.get("x-audit-log-reason") else {
        return Ok(None);
    };
    let reason = text::percent_decoded(value.as_bytes(), false);
    let Some(reason) = reason.filter(|reason| reason.chars().count() <= REASON_LENGTH) else {
        return Err(Reject::length("X-Audit-Log-Reason", 1, REASON_LENGTH));
    };
    Ok(Some(reason).filter(|reason| !reason.trim().is_empty()))
}

/// A JSON body. Comes last, after what must be refused before the body is looked at.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

/// A JSON body that can hold pictures as data URIs: allowed to be larger.
#[derive(Debug, Clone)]
pub struct PictureJson<T>(pub T);

/// A JSON body to be parsed by the handler, after the object was looked at.
#[derive(Debug, Clone)]
pub struct RawJson(Bytes);

impl RawJson {
    /// The body, or 400: not JSON, or JSON of another shape.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Error> {
        Ok(parse(&self.0)?)
    }
}

/// The same, allowed to be larger.
#[derive(Debug, Clone)]
pub struct RawPictureJson(RawJson);

impl RawPictureJson {
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.0.parse()
    }
}

impl FromRequest<Arc<App>> for RawPictureJson {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Response> {
        Ok(Self(RawJson(json_body(request, app.limits.picture_body_bytes).await?)))
    }
}

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Json<T> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Response> {
        let body = json_body(request, app.limits.body_bytes).await?;
        parse(&body).map(Self).map_err(refuse)
    }
}

impl<T: DeserializeOwned> FromRequest<Arc<App>> for PictureJson<T> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Response> {
        let body = json_body(request, app.limits.picture_body_bytes).await?;
        parse(&body).map(Self).map_err(refuse)
    }
}

impl FromRequest<Arc<App>> for RawJson {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Response> {
        Ok(Self(json_body(request, app.limits.body_bytes).await?))
    }
}

/// The body, if it calls itself JSON. An empty one is taken whatever it is called.
///
/// A page of another site can send a body without asking first only as text or a form, so these are
/// refused even if they hold JSON.
async fn json_body(request: Request, most: usize) -> Result<Bytes, Response> {
    let is_json = is_json(request.headers());
    let body = whole_body(request, most).await?;
    if body.is_empty() || is_json {
        return Ok(body);
    }
    let message = "Send the body as JSON, with the header Content-Type: application/json";
    Err(refuse_http(StatusCode::UNSUPPORTED_MEDIA_TYPE, message))
}

pub fn is_json(headers: &HeaderMap) -> bool {
    is_of(headers, "application/json")
}

/// A form as browsers send it when there are no files.
pub fn is_form(headers: &HeaderMap) -> bool {
    is_of(headers, "application/x-www-form-urlencoded")
}

fn is_of(headers: &HeaderMap, kind: &str) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case(kind)
}

/// The body up to so many bytes; refused before it is read if it says that it is larger.
pub async fn whole_body(request: Request<Body>, most: usize) -> Result<Bytes, Response> {
    let too_large = || plain(StatusCode::PAYLOAD_TOO_LARGE, Code::BODY_TOO_LARGE);
    let said = request.headers().get(header::CONTENT_LENGTH);
    let said = said.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if said.is_some_and(|said| said > most) {
        return Err(too_large());
    }
    match Limited::new(request.into_body(), most).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(error) => Err(body_failed(error.as_ref())),
    }
}

/// What to answer when a body does not come: too slowly, or not whole.
pub fn body_failed(error: &(dyn std::error::Error + 'static)) -> Response {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<std::io::Error>().is_some_and(is_timeout) {
            return plain(StatusCode::REQUEST_TIMEOUT, Code::TOO_SLOW);
        }
        cause = error.source();
    }
    refuse_http(StatusCode::BAD_REQUEST, "The body did not come whole")
}

fn is_timeout(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::TimedOut
}

/// Syntax first, then the shape: the two are different errors. The last of equal keys counts.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Reject> {
    let body = if body.is_empty() { b"{}" } else { body };
    let value: serde_json::Value =
        serde_json::from_slice(body).map_err(|_| Reject::Refused(Code::INVALID_JSON))?;
    serde_path_to_error::deserialize(Whole(value)).map_err(|error| {
        let path = error.path().to_string();
        let message = error.inner().to_string();
        Reject::Invalid(vec![field_error(&path, &message)])
    })
}

/// A whole body. Serde would take a list for a struct, by the order of its fields.
struct Whole(serde_json::Value);

impl<'de> Deserializer<'de> for Whole {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.0.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        if !self.0.is_object() {
            return Err(de::Error::custom("Must be an object."));
        }
        self.0.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

/// Serde's words as Discord's codes.
fn field_error(path: &str, message: &str) -> FieldError {
    let path = path.replace('[', ".").replace(']', "");
    let path = if path == "." { String::new() } else { path };
    let quoted = || message.split('`').nth(1).unwrap_or_default();
    if message.starts_with("missing field") {
        let path =
            if path.is_empty() { quoted().to_owned() } else { format!("{path}.{}", quoted()) };
        let message = "This field is required".to_owned();
        return FieldError { path, code: "BASE_TYPE_REQUIRED", message };
    }
    let code = if message.starts_with("unknown variant") {
        "BASE_TYPE_CHOICES"
    } else if message.contains("snowflake") || message.contains("expected u") {
        "NUMBER_TYPE_COERCE"
    } else if message.contains("expected a string") {
        "STRING_TYPE_CONVERT"
    } else {
        "BASE_TYPE_BAD_TYPE"
    };
    FieldError { path, code, message: message.chars().take(200).collect() }
}
