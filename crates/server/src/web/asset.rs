//! The client's files, as its build made them: hashed names, each with its compressed forms.
//!
//! Nothing is compressed here. Release builds hold the files; debug builds read them from the disk,
//! so that a change of the page needs no build of the server.

use std::{
    borrow::Cow,
    collections::HashMap,
    hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher},
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use axum::{
    extract::{RawPathParams, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use domain::App;
use serde_json::json;

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// Read anew at each request.
pub const FROM_DISK: bool = cfg!(debug_assertions) && FILES.is_empty();

type Bytes = Cow<'static, [u8]>;

/// The client's page, if there is one.
pub fn index() -> Option<String> {
    String::from_utf8(read("index.html")?.into_owned()).ok()
}

/// A file of `/assets`: its name changes with its content.
pub async fn get(params: RawPathParams, asked: HeaderMap) -> Response {
    let name = params.iter().next().map_or("", |(_, name)| name);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if !name.bytes().all(plain) || name.starts_with('.') {
        return missing();
    }
    let path = format!("assets/{name}");
    let taken = |encoding| accepts(&asked, encoding);
    let forms = [("br", ".br"), ("gzip", ".gz")].into_iter().filter(|(name, _)| taken(name));
    let mut found = forms
        .filter_map(|(encoding, ending)| Some((read(&format!("{path}{ending}"))?, Some(encoding))));
    let found = found.next().or_else(|| Some((read(&path)?, None)));
    let Some((bytes, encoding)) = found else { return missing() };
    answer(name, bytes, encoding, &asked)
}

fn answer(name: &str, bytes: Bytes, encoding: Option<&'static str>, asked: &HeaderMap) -> Response {
    let etag = etag(&bytes);
    let mut headers = HeaderMap::new();
    let kind = HeaderValue::from_static(content_type(name));
    headers.insert(header::CONTENT_TYPE, kind);
    let always = HeaderValue::from_static("public, max-age=31536000, immutable");
    headers.insert(header::CACHE_CONTROL, always);
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if asked.get(header::IF_NONE_MATCH).is_some_and(|seen| *seen == etag) {
        headers.insert(header::ETAG, etag);
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    headers.insert(header::ETAG, etag);
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    let body = match bytes {
        Cow::Borrowed(bytes) => bytes::Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    };
    (headers, body).into_response()
}

fn missing() -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::NOT_FOUND, headers, "This file is not of this version of the page: reload.\n")
        .into_response()
}

/// Of what is sent, so of the compressed form too: then it is a strong one.
fn etag(bytes: &[u8]) -> HeaderValue {
    // With fixed keys it is the same in each run of one binary; more is not needed.
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(bytes);
    HeaderValue::try_from(format!("\"{hash:016x}\"")).expect("hex digits")
}

fn read(path: &str) -> Option<Bytes> {
    if FROM_DISK {
        let dist = std::env::var_os("WEB_DIST").map(PathBuf::from);
        let here = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/dist"));
        return std::fs::read(dist.unwrap_or_else(here).join(path)).ok().map(Cow::Owned);
    }
    static BY_PATH: OnceLock<HashMap<&str, &[u8]>> = OnceLock::new();
    let files = BY_PATH.get_or_init(|| FILES.iter().copied().collect());
    files.get(path).copied().map(Cow::Borrowed)
}

/// Whether `Accept-Encoding` names it, and not with a weight of zero.
fn accepts(asked: &HeaderMap, encoding: &str) -> bool {
    let lines = asked.get_all(header::ACCEPT_ENCODING).iter();
    let mut offers = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    offers.any(|offer| {
        let (name, parameters) = offer.split_once(';').unwrap_or((offer, ""));
        let weight = parameters.trim().strip_prefix("q=").unwrap_or("1").trim();
        name.trim().eq_ignore_ascii_case(encoding) && weight.parse::<f32>().unwrap_or(1.0) > 0.0
    })
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        "json" => "application/json",
        "wasm" => "application/wasm",
        "png" => "image/png",
        "webp" => "image/webp",
        _ => "application/octet-stream",
    }
}

const FAVICON: &str = include_str!("../../../../web/src/assets/favicon.svg");

/// For those who ask without having read a page.
pub async fn favicon() -> Response {
    small("image/svg+xml", FAVICON.to_owned())
}

/// The client's service worker. It stands at the root because its place is its reach, and it is
/// asked for again each time: a browser must learn of a new version of the page.
pub async fn service_worker() -> Response {
    let Some(bytes) = read("sw.js") else { return missing() };
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        // It fetches what pages fetch, from here alone.
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; connect-src 'self'"),
    ];
    (headers, bytes.into_owned()).into_response()
}

/// What an installed page is called.
pub async fn manifest(State(app): State<Arc<App>>) -> Response {
    let short: String = app.policy.name.chars().take(12).collect();
    let icon = |name: &str, size: &str, purpose: &str| {
        let src = format!("/assets/{name}.png");
        json!({ "src": src, "sizes": size, "type": "image/png", "purpose": purpose })
    };
    let manifest = json!({
        "id": "/",
        "name": app.policy.name,
        "short_name": short.trim_end(),
        "description": app.policy.description,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#101418",
        "theme_color": "#0f7f7a",
        "icons": [
            icon("icon-192", "192x192", "any"),
            icon("icon-512", "512x512", "any"),
            icon("icon-maskable-512", "512x512", "maskable"),
            { "src": "/favicon.svg", "sizes": "any", "type": "image/svg+xml" },
        ],
    });
    small("application/manifest+json", manifest.to_string())
}

/// The public rooms may be found; the rest is for people.
pub async fn robots() -> Response {
    let text = "User-agent: *\nDisallow: /api/\nDisallow: /cdn/attachments/\nDisallow: /dm\n\
        Disallow: /g/\nDisallow: /i/\nDisallow: /owner\nDisallow: /reset\nDisallow: /settings\n\
        Disallow: /*?\n";
    small("text/plain; charset=utf-8", text.to_owned())
}

fn small(content_type: &'static str, text: String) -> Response {
    let headers =
        [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "public, max-age=3600")];
    (headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_sent_only_to_those_who_take_it() {
        let asked = |value: &'static str| {
            HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))])
        };
        assert!(accepts(&asked("gzip, deflate, br"), "br"));
        assert!(accepts(&asked("br;q=0.5"), "br"));
        assert!(!accepts(&asked("br;q=0, gzip"), "br"));
        assert!(!accepts(&asked("gzip"), "br"));
        assert!(!accepts(&HeaderMap::new(), "br"));
    }
}
