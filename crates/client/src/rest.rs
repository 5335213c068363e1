//! REST over HTTP/1.1, with connections kept alive.
//!
//! Paths are written as the documentation has them: `/channels/1/messages` is v10's,
//! `/osc/v1/guests` is ours; what begins with `/api/` or belongs to the root stays as it is.

pub mod account;
mod body;
mod channel;
mod guild;
mod message;
mod pool;
mod relationship;

use std::{fmt, sync::Arc, time::Duration};

use anyhow::{Context as _, anyhow};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::{
    HeaderMap, Method, Request,
    header::{self, HeaderName, HeaderValue},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Address, Error, Refusal};

pub use body::{Body, File};
pub use guild::escape;

/// No answer of the server is longer, files apart.
const LONGEST_ANSWER: usize = 64 << 20;
/// How often a patient handle waits for one request.
const TRIES: u32 = 5;

/// A handle to a server: who asks, and over which connections. Cheap to clone.
#[derive(Clone)]
pub struct Rest {
    pool: Arc<pool::Pool>,
    address: Arc<Address>,
    token: Option<Arc<str>>,
    fields: Arc<[(HeaderName, HeaderValue)]>,
    patient: bool,
    timeout: Duration,
    watch: Option<Watch>,
}

/// Sees each answer: for tests and measurements.
pub type Watch = Arc<dyn Fn(&Exchange<'_>) + Send + Sync>;

/// A request and its answer.
pub struct Exchange<'a> {
    pub method: &'a Method,
    /// As it stood on the wire.
    pub target: &'a str,
    pub answer: &'a Answer,
}

/// What came back. `Display` is the status and the body: `200 {"id":"1"}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Rest {
    /// The server at `http://host:port`. Nothing is sent yet.
    pub fn new(base: &str) -> Result<Self, Error> {
        let address = Arc::new(Address::parse(base)?);
        Ok(Self {
            pool: Arc::new(pool::Pool::new(address.clone())),
            address,
            token: None,
            fields: Arc::new([]),
            patient: false,
            timeout: Duration::from_secs(30),
            watch: None,
        })
    }

    /// The same server, asked by somebody: `oc_u_..`, `Bearer ..` or `Bot ..`.
    pub fn with_token(&self, token: impl Into<Arc<str>>) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    /// The same server, asked by nobody.
    pub fn anonymous(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    /// With this header in each request, for instance `X-Osc-Client`. Names and values that HTTP
    /// does not have are left out.
    pub fn with_field(&self, name: &str, value: &str) -> Self {
        let mut fields = self.fields.to_vec();
        if let (Ok(name), Ok(value)) = (name.parse(), value.parse()) {
            fields.push((name, value));
        }
        Self { fields: fields.into(), ..self.clone() }
    }

    /// Waits and asks again when it is told to wait (429).
    pub fn patient(&self) -> Self {
        Self { patient: true, ..self.clone() }
    }

    /// How long an answer may take.
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { timeout, ..self.clone() }
    }

    /// Shows each answer to `watch`.
    pub fn with_watch(&self, watch: Watch) -> Self {
        Self { watch: Some(watch), ..self.clone() }
    }

    pub fn address(&self) -> &Address {
        &self.address
    }

    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    pub async fn get(&self, path: &str) -> Result<Answer, Error> {
        self.send(Method::GET, path, Body::none()).await
    }

    pub async fn delete(&self, path: &str) -> Result<Answer, Error> {
        self.send(Method::DELETE, path, Body::none()).await
    }

    pub async fn post(&self, path: &str, body: &impl Serialize) -> Result<Answer, Error> {
        self.send(Method::POST, path, Body::json(body)?).await
    }

    pub async fn put(&self, path: &str, body: &impl Serialize) -> Result<Answer, Error> {
        self.send(Method::PUT, path, Body::json(body)?).await
    }

    pub async fn patch(&self, path: &str, body: &impl Serialize) -> Result<Answer, Error> {
        self.send(Method::PATCH, path, Body::json(body)?).await
    }

    /// Asks, whatever the answer is. `Err` only if there is none.
    pub async fn send(&self, method: Method, path: &str, body: Body) -> Result<Answer, Error> {
        let target = target(path);
        let mut tries = 0;
        loop {
            let answer = self.once(&method, &target, &body).await?;
            if let Some(watch) = &self.watch {
                watch(&Exchange { method: &method, target: &target, answer: &answer });
            }
            tries += 1;
            match answer.refusal().and_then(|refusal| refusal.retry_after) {
                Some(seconds) if self.patient && tries < TRIES => {
                    tokio::time::sleep(Duration::from_secs_f64(seconds.clamp(0.0, 3_600.0))).await;
                }
                _ => return Ok(answer),
            }
        }
    }

    async fn once(&self, method: &Method, target: &str, body: &Body) -> Result<Answer, Error> {
        let request = self.request(method, target, body)?;
        let exchange = async {
            let response = self.pool.send(request).await?;
            let (response, lease) = response;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, LONGEST_ANSWER).collect().await;
            let body = body.map_err(|error| Error::Unknown(anyhow!(error)))?.to_bytes();
            lease.give_back();
            Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
        };
        match tokio::time::timeout(self.timeout, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(Error::Unknown(anyhow!("the server took too long"))),
        }
    }

    fn request(
        &self,
        method: &Method,
        target: &str,
        body: &Body,
    ) -> Result<Request<body::Pieces>, Error> {
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header(header::HOST, self.address.authority())
            .header(header::USER_AGENT, concat!("osc-client/", env!("CARGO_PKG_VERSION")));
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, token.as_ref());
        }
        if let Some(content_type) = body.content_type() {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        for (name, value) in self.fields.iter() {
            request = request.header(name, value);
        }
        let request = request.body(body.pieces()).context("cannot write the request");
        request.map_err(Error::NotSent)
    }

    /// Asks, and reads what the answer holds; a no is an error.
    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Body,
    ) -> Result<T, Error> {
        self.send(method, path, body).await?.read()
    }

    /// Asks for something that answers nothing.
    async fn order(&self, method: Method, path: &str, body: Body) -> Result<(), Error> {
        self.send(method, path, body).await?.success().map(drop)
    }
}

/// `/channels/1` -> `/api/v10/channels/1`.
fn target(path: &str) -> String {
    const ROOT: &[&str] = &["/api/", "/cdn/", "/.well-known/", "/healthz", "/readyz", "/metrics"];
    if let Some(path) = path.strip_prefix("root:") {
        path.to_owned()
    } else if path.starts_with("/osc/") {
        format!("/api{path}")
    } else if ROOT.iter().any(|root| path.starts_with(root)) {
        path.to_owned()
    } else {
        format!("/api/v10{path}")
    }
}

impl Answer {
    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A header as text.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Why the server said no; `None` if it did not.
    pub fn refusal(&self) -> Option<Refusal> {
        if self.is_success() {
            return None;
        }
        let body = self.json();
        let code = body.get("code").and_then(Value::as_u64).unwrap_or_default();
        Some(Refusal {
            status: self.status,
            code: u32::try_from(code).unwrap_or_default(),
            message: body.get("message").and_then(Value::as_str).unwrap_or_default().to_owned(),
            errors: body.get("errors").cloned(),
            retry_after: match self.status {
                429 => body.get("retry_after").and_then(Value::as_f64),
                _ => None,
            },
        })
    }

    /// Itself, unless it is a no.
    pub fn success(self) -> Result<Self, Error> {
        match self.refusal() {
            Some(refusal) => Err(Error::Refused(refusal)),
            None => Ok(self),
        }
    }

    /// What it holds; a no is an error.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, Error> {
        let answer = self.success()?;
        serde_json::from_slice(&answer.body).map_err(|error| Error::Unreadable(error.into()))
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        if body.is_empty() {
            return write!(f, "{}", self.status);
        }
        write!(f, "{} {body}", self.status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_documentation() {
        assert_eq!(target("/channels/1"), "/api/v10/channels/1");
        assert_eq!(target("/osc/v1/guests"), "/api/osc/v1/guests");
        assert_eq!(target("/api/v10/gateway"), "/api/v10/gateway");
        assert_eq!(target("/healthz"), "/healthz");
        assert_eq!(target("root:/r/lobby"), "/r/lobby");
    }

    #[test]
    fn a_no_is_read_with_its_code() {
        let body = r#"{"code":20016,"message":"slow","retry_after":2.5,"global":false}"#;
        let answer = Answer { status: 429, headers: HeaderMap::new(), body: body.into() };
        let refusal = answer.refusal().expect("a no");
        assert_eq!((refusal.code, refusal.retry_after), (20016, Some(2.5)));
        assert_eq!(answer.to_string(), format!("429 {body}"));
        assert_eq!(answer.read::<Value>().expect_err("a no").code(), Some(20016));
    }
}
