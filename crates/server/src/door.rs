//! What every request passes, whatever it asks for: who calls, panics, headers, the log.
//!
//! A request runs on a task of its own: once begun it is finished, also if its client is gone, and
//! a panic in it ends this request only.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

mod host;
mod patience;

use axum::{
    Router,
    body::Body,
    extract::MatchedPath,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use hyper::body::Incoming;
use proto::Limits;
use tower::ServiceExt as _;

pub use self::host::Names;
use self::{
    host::{host, same},
    patience::Patient,
};
use crate::{
    api::{
        Fault, Refused,
        extract::{Caller, Origin, reason},
        refuse_http,
    },
    metrics::Metrics,
    net::{Peer, Proxies, Slot, canonical},
};

pub struct Door {
    router: Router,
    names: Names,
    proxies: Proxies,
    limits: Limits,
    metrics: Arc<Metrics>,
    next_request: AtomicU64,
}

/// The route a response comes from, for the log.
#[derive(Clone)]
struct Passed(MatchedPath);

/// Remembers the route's template; laid around the router.
pub async fn remember_route(request: axum::extract::Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(route) = route {
        response.extensions_mut().insert(Passed(route));
    }
    response
}

impl Door {
    /// `first_request`: a random number, so that request ids of two runs do not meet.
    pub fn new(
        router: Router,
        names: Names,
        proxies: Proxies,
        limits: Limits,
        metrics: Arc<Metrics>,
        first_request: u64,
    ) -> Self {
        let next_request = AtomicU64::new(first_request);
        Self { router, names, proxies, limits, metrics, next_request }
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Answers a request.
    pub async fn pass(&self, peer: Peer, slot: Arc<Slot>, request: Request<Incoming>) -> Response {
        let patience = Duration::from_secs(self.limits.request_seconds);
        let in_all = Duration::from_secs(self.limits.body_seconds);
        let request = request.map(|body| Patient::new(body, patience, in_all).into_body());
        self.answer(peer, Some(slot), request).await
    }

    /// The same for a body that is there already: what tests call.
    pub async fn answer(
        &self,
        peer: Peer,
        slot: Option<Arc<Slot>>,
        mut request: Request<Body>,
    ) -> Response {
        let begun = Instant::now();
        let request_id = self.next_request.fetch_add(1, Ordering::Relaxed);
        let method = request.method().clone();
        let is_api = is_api(request.uri().path());
        let mut https = false;
        let mut response = match self.caller(peer, request_id, &request) {
            Err(NoCaller::Wrong(status, message)) => refuse_http(status, message),
            Err(NoCaller::Elsewhere(host)) => not_called(&host, is_api),
            Ok(_) if method == Method::OPTIONS && is_api => preflight(),
            Ok(caller) => {
                https = caller.https;
                request.extensions_mut().insert(caller);
                request.extensions_mut().insert(peer);
                if let Some(slot) = slot {
                    request.extensions_mut().insert(slot);
                }
                self.run(request).await
            }
        };
        guard(response.headers_mut(), is_api, https);
        let id = HeaderValue::try_from(format!("{request_id:016x}")).expect("hex is ASCII");
        response.headers_mut().insert("x-request-id", id);
        self.log(&method, request_id, begun.elapsed(), &response);
        response
    }

    async fn run(&self, request: Request<Body>) -> Response {
        // What cannot be read is refused where it is known who asks.
        let reason = reason(request.headers()).unwrap_or_default();
        let answer = self.router.clone().oneshot(request);
        let running = tokio::spawn(domain::audit_log::because(reason, answer));
        match running.await {
            Ok(Ok(response)) => response,
            Err(error) if error.is_panic() => {
                self.metrics.panics.add(1);
                let fault = anyhow::anyhow!("a handler panicked");
                crate::api::Error::from(fault).into_response()
            }
            Err(_) => refuse_http(StatusCode::SERVICE_UNAVAILABLE, "The server is stopping"),
        }
    }

    /// One wide event: no names of things that hold what people said, no addresses, no tokens.
    fn log(&self, method: &Method, id: u64, took: Duration, response: &Response) {
        let route = response.extensions().get::<Passed>().map_or("-", |route| route.0.as_str());
        let status = response.status().as_u16();
        let code = response.extensions().get::<Refused>().map(|refused| refused.0.0);
        let method = known_method(method);
        self.metrics.request(route, method, status, took);
        let duration_ms = took.as_micros() as f64 / 1_000.0;
        let request_id = format_args!("{id:016x}");
        match response.extensions().get::<Fault>() {
            Some(Fault(error)) => tracing::error!(
                request.id = %request_id, method, route, status, duration_ms, error = ?error,
                "a request failed"
            ),
            None => tracing::debug!(
                request.id = %request_id, method, route, status, duration_ms, code,
                "request"
            ),
        }
    }

    /// Where the request comes from, or why it is none.
    fn caller(
        &self,
        peer: Peer,
        request_id: u64,
        request: &Request<Body>,
    ) -> Result<Caller, NoCaller> {
        let bad = |message| Err(NoCaller::Wrong(StatusCode::BAD_REQUEST, message));
        if matches!(*request.method(), Method::TRACE | Method::CONNECT) {
            let message = "405: Method Not Allowed";
            return Err(NoCaller::Wrong(StatusCode::METHOD_NOT_ALLOWED, message));
        }
        if !request.uri().path().starts_with('/') {
            return bad("The request needs a path that begins with a slash");
        }
        let headers = request.headers();
        let proxied = self.proxies.trust(peer.address);
        let Some(host) = host(headers, request.uri(), proxied) else {
            return bad("The request needs one Host header that names a host");
        };
        // Load balancers ask how it is by whatever name, and get nothing else.
        let is_health = matches!(request.uri().path(), "/healthz" | "/readyz");
        if !is_health && !self.names.know(&host, peer.local.ip()) {
            return Err(NoCaller::Elsewhere(host));
        }
        let forwarded = |name| last(headers, name).filter(|_| proxied);
        let public = self.names.public_url.as_deref().and_then(|url| url.split_once("://"));
        let https = match forwarded("x-forwarded-proto") {
            Some(scheme) => scheme.eq_ignore_ascii_case("https"),
            None => public.is_some_and(|(scheme, name)| scheme == "https" && same(name, &host)),
        };
        let address = match proxied {
            true => forwarded_for(headers, &self.proxies).unwrap_or(peer.address),
            false => peer.address,
        };
        let origin = origin(headers, https, |name| {
            same(name, &host) || public.is_some_and(|(_, public)| same(name, public))
        });
        let base = self.base(&host, https, peer);
        Ok(Caller { address, https, base, origin, request_id })
    }

    /// Base of addresses in answers: nobody can make us name a host that is not ours.
    fn base(&self, host: &str, https: bool, peer: Peer) -> String {
        if let Some(url) = &self.names.public_url {
            return url.clone();
        }
        let name = host.parse::<axum::http::uri::Authority>().ok();
        let name = name.as_ref().map_or("", |authority| authority.host());
        let address = name.trim_matches(['[', ']']).parse::<IpAddr>().ok().map(canonical);
        let ours = name == "localhost"
            || address.is_some_and(|ip| ip.is_loopback() || ip == canonical(peer.local.ip()))
            || self.names.hosts.iter().any(|known| same(known, host));
        if ours {
            return format!("{}://{host}", if https { "https" } else { "http" });
        }
        self.names.fallback.clone()
    }
}

/// Why a request comes from nobody.
enum NoCaller {
    Wrong(StatusCode, &'static str),
    /// It asks for a host that this server does not know itself as.
    Elsewhere(String),
}

/// What somebody sees who uses a name that nobody has told us: how to tell us.
fn not_called(host: &str, is_api: bool) -> Response {
    let status = StatusCode::MISDIRECTED_REQUEST;
    if is_api {
        let message = "This server does not go by this name: its operator can set `public_url`, \
            or add the name to `hosts`";
        return refuse_http(status, message);
    }
    let message = format!(
        "This server does not know that it is called {host}.\n\nIf it is yours, start it with \
         --public-url http://{host} (https:// behind a proxy that speaks TLS), or add the name to \
         `hosts` in opensrcchat.toml. Until then it answers to its addresses, to localhost, and to \
         names of a local network.\n"
    );
    (status, message).into_response()
}

fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/") || path.starts_with("/.well-known/")
}

/// A method as a label: whatever else somebody invents is one.
fn known_method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// The last value of a header that proxies append to.
fn last<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let value = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    value.rsplit(',').next().map(str::trim).filter(|value| !value.is_empty())
}

/// The nearest address that is no proxy of ours.
fn forwarded_for(headers: &HeaderMap, proxies: &Proxies) -> Option<IpAddr> {
    let lines = headers.get_all("x-forwarded-for").iter();
    let mut nearest = None;
    let texts: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
    let hops = texts.iter().flat_map(|line| line.split(',')).map(str::trim).collect::<Vec<_>>();
    for hop in hops.into_iter().rev() {
        let Ok(address) = hop.trim_matches(['[', ']']).parse::<IpAddr>() else {
            break;
        };
        nearest = Some(canonical(address));
        if !proxies.trust(address) {
            break;
        }
    }
    nearest
}

/// Which page asks: by `Origin` and `Sec-Fetch-Site`; either of them can say that it is foreign.
fn origin(headers: &HeaderMap, https: bool, is_ours: impl Fn(&str) -> bool) -> Origin {
    let mut said = Origin::Unsaid;
    if let Some(value) = headers.get(header::ORIGIN) {
        let value = value.to_str().ok().and_then(|value| value.split_once("://"));
        // A plain page must not act on the secure one: anybody on the way can write it.
        let own = value.is_some_and(|(scheme, name)| {
            is_ours(name) && (scheme == "https" || (scheme == "http" && !https))
        });
        if !own {
            return Origin::Foreign;
        }
        said = Origin::Own;
    }
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        Some(b"same-origin") => Origin::Own,
        Some(b"none") | None => said,
        Some(_) => Origin::Foreign,
    }
}

/// Pages of other origins may use the API with a token; never with the cookie, which needs a header
/// of ours that is not allowed here.
fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type, X-Audit-Log-Reason"),
        (header::ACCESS_CONTROL_MAX_AGE, "7200"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

const EXPOSED: &str = "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, \
    X-RateLimit-Reset-After, X-RateLimit-Bucket, X-RateLimit-Scope, X-RateLimit-Global, \
    Retry-After, X-Request-Id";

const GUARDS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), display-capture=(), geolocation=(), payment=(), usb=()",
    ),
];

/// Headers on every answer, errors too. What a handler set stays.
fn guard(headers: &mut HeaderMap, is_api: bool, https: bool) {
    let mut add = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    for (name, value) in GUARDS {
        add(name, value);
    }
    add(header::CACHE_CONTROL, "no-store");
    if https {
        add(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    if is_api {
        add(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        add(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;

    const LOCAL: &str = "192.0.2.7:8080";

    fn door(public_url: Option<&str>, proxies: &[&str]) -> Door {
        let show = |caller: Caller| async move {
            format!("{} {} {:?}", caller.address, caller.base, caller.origin)
        };
        let router = Router::new()
            .route("/", get(show))
            .route("/panic", get(|| async { panic!("on purpose") as () }));
        let names = Names {
            public_url: public_url.map(str::to_owned),
            hosts: vec!["chat.lan:8080".to_owned()],
            fallback: "http://127.0.0.1:8080".to_owned(),
        };
        let proxies: Vec<String> = proxies.iter().map(|text| (*text).to_owned()).collect();
        let proxies = Proxies::parse(&proxies).expect("networks");
        Door::new(router, names, proxies, Limits::default(), Arc::default(), 1)
    }

    async fn ask(door: &Door, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let peer = Peer {
            address: IpAddr::from([198, 51, 100, 1]),
            local: LOCAL.parse().expect("an address"),
        };
        let request = request.body(Body::empty()).expect("a request");
        let response = door.answer(peer, None, request).await;
        assert!(response.headers().contains_key(header::CONTENT_SECURITY_POLICY));
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), 4_096).await.expect("a body");
        (status, String::from_utf8(bytes.to_vec()).expect("text"))
    }

    async fn shown(door: &Door, headers: &[(&str, &str)]) -> String {
        let (status, text) = ask(door, "/", headers).await;
        assert_eq!(status, 200, "{text}");
        text
    }

    #[tokio::test]
    async fn a_panic_ends_one_request() {
        let door = door(None, &[]);
        let host = ("host", LOCAL);
        let (status, text) = ask(&door, "/panic", &[host]).await;
        assert_eq!((status, text.contains("\"code\":0")), (500, true), "{text}");
        assert!(!text.contains("purpose"), "{text}");
        assert_eq!(ask(&door, "/", &[host]).await.0, 200);
        assert_eq!(door.metrics().panics.get(), 1);
    }

    #[tokio::test]
    async fn answers_name_no_host_that_is_not_ours() {
        let door = door(None, &[]);
        for (host, base) in [
            (LOCAL, "http://192.0.2.7:8080"),
            ("localhost:9", "http://localhost:9"),
            ("127.0.0.1:1", "http://127.0.0.1:1"),
            ("[::1]:8080", "http://[::1]:8080"),
            ("Chat.LAN:8080", "http://chat.lan:8080"),
            ("chat.lan", "http://127.0.0.1:8080"),
            ("evil", "http://127.0.0.1:8080"),
            ("192.0.2.8:8080", "http://127.0.0.1:8080"),
        ] {
            let text = shown(&door, &[("host", host)]).await;
            assert!(text.contains(&format!(" {base} ")), "{host}: {text}");
        }
        for host in ["", "a b", "user@chat.lan", "http://chat.lan"] {
            assert_eq!(ask(&door, "/", &[("host", host)]).await.0, 400, "{host}");
        }
        assert_eq!(ask(&door, "/", &[]).await.0, 400);
    }

    #[tokio::test]
    async fn a_page_that_has_its_name_lead_here_reads_nothing() {
        for door in [door(None, &[]), door(Some("https://chat.example"), &[])] {
            let page = [("host", "evil.example"), ("origin", "http://evil.example")];
            for (path, says) in [("/", "--public-url http://evil.example"), ("/api/v10", "hosts")] {
                let (status, text) = ask(&door, path, &page).await;
                assert_eq!(status, 421, "{path}");
                assert!(text.contains(says), "{text}");
            }
            // A proxy may speak for its visitors, not for the operator.
            let said = [("host", LOCAL), ("x-forwarded-host", "evil.example")];
            let behind = super::tests::door(door.names.public_url.as_deref(), &["198.51.100.1"]);
            assert_eq!(ask(&behind, "/", &said).await.0, 421);
            assert_eq!(ask(&door, "/healthz", &[("host", "evil.example")]).await.0, 404);
        }
    }

    #[tokio::test]
    async fn only_proxies_may_speak_for_others() {
        let said = [
            ("host", LOCAL),
            ("x-forwarded-for", "203.0.113.9, 10.0.0.5"),
            ("x-forwarded-proto", "https"),
        ];
        let text = shown(&door(None, &[]), &said).await;
        assert_eq!(text, "198.51.100.1 http://192.0.2.7:8080 Unsaid");
        let text = shown(&door(None, &["198.51.100.1"]), &said).await;
        assert_eq!(text, "10.0.0.5 https://192.0.2.7:8080 Unsaid");
        let text = shown(&door(None, &["198.51.100.1", "10.0.0.0/8"]), &said).await;
        assert_eq!(text, "203.0.113.9 https://192.0.2.7:8080 Unsaid");
    }

    #[tokio::test]
    async fn own_pages_are_told_from_foreign_ones() {
        let plain = door(None, &[]);
        let secure = door(Some("https://chat.example"), &[]);
        type Headers = &'static [(&'static str, &'static str)];
        let cases: &[(&Door, &str, Headers, Origin)] = &[
            (&plain, LOCAL, &[], Origin::Unsaid),
            (&plain, LOCAL, &[("origin", "http://192.0.2.7:8080")], Origin::Own),
            (&plain, LOCAL, &[("origin", "null")], Origin::Foreign),
            (&plain, LOCAL, &[("origin", "http://192.0.2.7:81")], Origin::Foreign),
            (&plain, LOCAL, &[("sec-fetch-site", "same-origin")], Origin::Own),
            (&plain, LOCAL, &[("sec-fetch-site", "same-site")], Origin::Foreign),
            (&plain, LOCAL, &[("sec-fetch-site", "none")], Origin::Unsaid),
            (
                &plain,
                LOCAL,
                &[("origin", "http://192.0.2.7:8080"), ("sec-fetch-site", "cross-site")],
                Origin::Foreign,
            ),
            (&secure, "chat.example", &[("origin", "https://chat.example")], Origin::Own),
            (&secure, "chat.example:443", &[("origin", "https://chat.example")], Origin::Own),
            (&secure, "chat.example", &[("origin", "http://chat.example")], Origin::Foreign),
            (&secure, "inner:8080", &[("origin", "https://chat.example")], Origin::Own),
            (&secure, "chat.example", &[("origin", "https://chat.example.evil")], Origin::Foreign),
            (&plain, "chat.lan:8080", &[("origin", "http://chat.lan:8080")], Origin::Own),
        ];
        for (door, host, headers, expected) in cases {
            let mut all = vec![("host", *host)];
            all.extend_from_slice(headers);
            let text = shown(door, &all).await;
            assert!(text.ends_with(&format!("{expected:?}")), "{host} {headers:?}: {text}");
        }
    }
}
