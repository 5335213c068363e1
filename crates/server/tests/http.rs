//! The door as strangers meet it: raw bytes over a socket, hostile and slow ones too.
//!
//! Scenarios of the API are in `api/`; here is what holds whatever is asked for.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use server::{
    config::{Config, StoreKind},
    run::{self, Running},
};

const JSON: &str = "Content-Type: application/json\r\n";

async fn server(change: impl FnOnce(&mut Config)) -> Running {
    let mut config = Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        store: StoreKind::Memory,
        ..Config::default()
    };
    change(&mut config);
    run::start(config).await.expect("the server starts")
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// Writes what is given and reads until the server closes or a whole answer is there.
async fn raw(addr: SocketAddr, bytes: impl Into<Vec<u8>>) -> Option<Answer> {
    let bytes = bytes.into();
    let talk = move || {
        let mut stream = TcpStream::connect(addr).expect("connects");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("is set");
        // The server may close before all is written.
        let _ = stream.write_all(&bytes);
        let mut text = Vec::new();
        let mut piece = [0; 4_096];
        while let Ok(more @ 1..) = stream.read(&mut piece) {
            text.extend_from_slice(&piece[..more]);
        }
        let text = String::from_utf8(text).expect("text");
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Answer { status, head: head.to_owned(), body: body.to_owned() })
    };
    tokio::task::spawn_blocking(talk).await.expect("no panic")
}

async fn ask(addr: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> Answer {
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\
         Content-Length: {length}\r\n{headers}\r\n{body}"
    );
    raw(addr, request).await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_guarded() {
    let server = server(|_| ()).await;
    let addr = server.addr;
    for (method, path, status) in [
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("GET", "/.well-known/osc", 200),
        ("GET", "/", 200),
        ("GET", "/nowhere", 404),
        ("POST", "/", 405),
        ("GET", "/api", 404),
        ("GET", "/api/nowhere", 404),
        ("GET", "/api/v10/users/@me", 401),
        ("PUT", "/api/v10/users/@me", 405),
        ("OPTIONS", "/api/v10/users/@me", 204),
        ("TRACE", "/", 405),
        ("POST", "/api/osc/v1/guests", 400),
    ] {
        let answer = ask(addr, method, path, "", "").await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
        for name in [
            "content-security-policy",
            "x-content-type-options",
            "referrer-policy",
            "cross-origin-opener-policy",
            "cross-origin-resource-policy",
            "permissions-policy",
            "cache-control",
            "x-request-id",
        ] {
            assert!(answer.header(name).is_some(), "{method} {path} lacks {name}");
        }
        if path.starts_with("/api") {
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
            assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
            assert!(answer.header("access-control-allow-credentials").is_none(), "{path}");
        }
        if path.starts_with("/api") && status >= 400 {
            assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
            assert!(answer.body.contains("\"code\":"), "{path}: {}", answer.body);
        }
    }
    server.stop().await.expect("stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_refused() {
    let server = server(|_| ()).await;
    let close = "Connection: close\r\n";
    let many: String = (0..200).map(|number| format!("X-{number}: a\r\n")).collect();
    let long = "a".repeat(40_000);
    for (request, status) in [
        (format!("GET / HTTP/1.1\r\n{close}\r\n"), 400),
        (format!("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n{close}\r\n"), 400),
        (format!("GET / HTTP/1.1\r\nHost: us@er\r\n{close}\r\n"), 400),
        ("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n".to_owned(), 405),
        ("GARBAGE\r\n\r\n".to_owned(), 400),
        (format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n"), 431),
        (format!("GET / HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n"), 431),
        (format!("OPTIONS * HTTP/1.1\r\nHost: a\r\n{close}\r\n"), 400),
    ] {
        let answer = raw(server.addr, request.clone()).await;
        let found = answer.map(|answer| answer.status);
        assert_eq!(found, Some(status), "{}", request.chars().take(60).collect::<String>());
    }
    assert_eq!(ask(server.addr, "GET", "/healthz", "", "").await.status, 200);
    server.stop().await.expect("stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_json_of_a_bounded_size() {
    let server = server(|config| config.limits.body_bytes = 1_000).await;
    let guest = |headers: &'static str, body: String| async move {
        ask(server.addr, "POST", "/api/osc/v1/guests", headers, &body).await
    };
    let named = "{\"name\":\"Anna\"}".to_owned();
    assert_eq!(guest(JSON, named.clone()).await.status, 201);
    assert_eq!(guest("", named.clone()).await.status, 415);
    assert_eq!(guest("Content-Type: text/plain\r\n", named.clone()).await.status, 415);
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    assert_eq!(guest(form, named).await.status, 415);
    assert_eq!(guest(JSON, " ".repeat(1_001)).await.status, 413);
    let twice = "{\"name\":\"A\",\"name\":\"Berta\"}".to_owned();
    assert!(guest(JSON, twice).await.body.contains("Berta"), "the last of equal keys counts");
    for (body, code) in [("{", 50_109), ("NaN", 50_109), ("[\"Anna\"]", 50_035), ("5", 50_035)] {
        let answer = guest(JSON, body.to_owned()).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.body.contains(&format!("\"code\":{code}")), "{body}: {}", answer.body);
    }
    let deep = format!("{}1", "[".repeat(900));
    assert_eq!(guest(JSON, deep).await.status, 400);
    server.stop().await.expect("stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_requests_are_cut_off() {
    let server = server(|config| config.limits.request_seconds = 1).await;
    let addr = server.addr;
    let begun = Instant::now();
    let head = format!("POST /api/osc/v1/guests HTTP/1.1\r\nHost: {addr}\r\n{JSON}");
    let stalled = raw(addr, format!("{head}Content-Length: 50\r\n\r\n{{\"name")).await;
    assert_eq!(stalled.map(|answer| answer.status), Some(408));
    let silent = raw(addr, "").await;
    assert!(silent.is_none());
    let half = raw(addr, "GET / HT").await;
    assert!(half.is_none_or(|answer| answer.status == 408));
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    server.stop().await.expect("stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_are_for_our_own_page_only() {
    let server = server(|_| ()).await;
    let addr = server.addr;
    let me = "/api/v10/users/@me";
    let own = format!("X-Osc-Client: web\r\nOrigin: http://{addr}\r\n");
    let body = "{\"name\":\"Anna\"}";
    let guests = "/api/osc/v1/guests";
    let answer = ask(addr, "POST", guests, &format!("{JSON}{own}"), body).await;
    let cookie = answer.header("set-cookie").expect("our page gets a cookie").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    assert!(!answer.body.contains("oc_u_"), "and no token: {}", answer.body);
    let cookie = format!("Cookie: a=b; {}\r\n", cookie.split(';').next().expect("a pair"));
    for (headers, status) in [
        (String::new(), 401),
        ("X-Osc-Client: web\r\n".to_owned(), 200),
        (own.clone(), 200),
        ("X-Osc-Client: web\r\nOrigin: http://evil.example\r\n".to_owned(), 403),
        ("X-Osc-Client: web\r\nOrigin: null\r\n".to_owned(), 403),
        ("X-Osc-Client: web\r\nSec-Fetch-Site: same-site\r\n".to_owned(), 403),
        ("X-Osc-Client: web\r\nAuthorization: nonsense\r\n".to_owned(), 401),
    ] {
        let answer = ask(addr, "GET", me, &format!("{cookie}{headers}"), "").await;
        assert_eq!(answer.status, status, "{headers}");
    }
    let unsafe_headers = format!("{cookie}{JSON}X-Osc-Client: web\r\n");
    let answer = ask(addr, "PATCH", me, &unsafe_headers, "{}").await;
    assert_eq!(answer.status, 403, "nothing says that our page asks");
    let foreign = format!("{JSON}X-Osc-Client: web\r\nOrigin: http://evil.example\r\n");
    let answer = ask(addr, "POST", guests, &foreign, body).await;
    assert!(answer.header("set-cookie").is_none() && answer.body.contains("oc_u_"));
    server.stop().await.expect("stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_told_and_kept() {
    let server = server(|config| config.limits.guests_per_10min = 2).await;
    let guest = || ask(server.addr, "POST", "/api/osc/v1/guests", JSON, "{\"name\":\"Anna\"}");
    let first = guest().await;
    assert_eq!(first.status, 201);
    for name in ["limit", "remaining", "reset", "reset-after", "bucket", "scope"] {
        assert!(first.header(&format!("x-ratelimit-{name}")).is_some(), "{name}");
    }
    assert_eq!(guest().await.status, 201);
    let spoofed = format!("{JSON}X-Forwarded-For: 203.0.113.5\r\n");
    let body = "{\"name\":\"Anna\"}";
    let third = ask(server.addr, "POST", "/api/osc/v1/guests", &spoofed, body).await;
    assert_eq!(third.status, 429, "what strangers say of their address does not count");
    assert!(third.header("retry-after").is_some() && third.header("via").is_some());
    assert!(third.body.contains("\"retry_after\":"), "{}", third.body);
    server.stop().await.expect("stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_of_one_address_are_bounded() {
    let server = server(|config| config.limits.address_connections = 3).await;
    let held: Vec<_> = (0..3).map(|_| TcpStream::connect(server.addr).expect("connects")).collect();
    // Accepting is asynchronous.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let refused = raw(server.addr, "").await.expect("is told why");
    assert_eq!(refused.status, 503);
    drop(held);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(ask(server.addr, "GET", "/healthz", "", "").await.status, 200);
    server.stop().await.expect("stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_idle_connections_at_once() {
    let server = server(|_| ()).await;
    let mut idle = TcpStream::connect(server.addr).expect("connects");
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", server.addr);
    idle.write_all(request.as_bytes()).expect("writes");
    let mut piece = [0; 4_096];
    assert!(idle.read(&mut piece).expect("reads") > 0);
    let addr = server.addr;
    let begun = Instant::now();
    server.stop().await.expect("stops");
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert!(TcpStream::connect(addr).is_err(), "nobody listens any more");
}
