//! From a request to a socket of a shard: the opening handshake of the gateway.
//!
//! axum answers the request; after the 101 the bare TCP stream is taken out of hyper and given to a
//! shard, together with what the client sent too early.
//! <https://discord.com/developers/docs/events/gateway#connecting>

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use bytes::Bytes;
use domain::App;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use proto::websocket::{self, handshake};
use tokio::net::TcpStream;

use super::{Gateway, packing::Transport, session::Base, shard::Mail, socket::SocketLimits};
use crate::{
    api::{
        extract::{Caller, Origin},
        refuse_http,
    },
    net::Slot,
};

/// The only version that is spoken here.
const VERSION: &str = "10";
/// Frames of one message: an honest client sends one.
const FRAGMENTS: u32 = 64;

/// A connection for a shard.
pub struct Arrival {
    pub stream: std::net::TcpStream,
    pub leftover: Bytes,
    pub limits: SocketLimits,
    pub shared: bool,
    pub transport: Transport,
    pub cookie: Option<Box<str>>,
    pub base: Base,
    pub slot: Option<Arc<Slot>>,
}

/// `/gateway`, with and without a slash at its end: libraries do both.
pub fn routes(gateway: &Arc<Gateway>) -> Router<Arc<App>> {
    let upgrade = |gateway: Arc<Gateway>| {
        get(move |request: Request| {
            let gateway = gateway.clone();
            async move { self::upgrade(&gateway, request) }
        })
    };
    Router::new()
        .route("/gateway", upgrade(gateway.clone()))
        .route("/gateway/", upgrade(gateway.clone()))
}

/// What the address asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    shared: bool,
    transport: Transport,
}

/// Checks the handshake, answers 101 and sends the connection on.
pub fn upgrade(gateway: &Arc<Gateway>, mut request: Request) -> Response {
    let asked = match asked(request.uri().query().unwrap_or_default()) {
        Ok(asked) => asked,
        Err(message) => return refuse_http(StatusCode::BAD_REQUEST, message),
    };
    let headers = request.headers();
    let accept = handshake::accept(|name| headers.get(name)?.to_str().ok());
    let accept = match accept {
        Ok(accept) => accept,
        Err(refusal) => return refused(refusal),
    };
    let Some(upgrade) = request.extensions_mut().remove::<OnUpgrade>() else {
        return refuse_http(StatusCode::BAD_REQUEST, "This connection cannot be upgraded");
    };
    let caller: Caller = request.extensions().get().cloned().unwrap_or_default();
    let slot: Option<Arc<Slot>> = request.extensions().get().cloned();
    let cookie = own_cookie(&caller, request.headers());
    let limits = gateway.socket_limits();
    let base = Base::from(caller.base.as_str());
    let gateway = gateway.clone();
    tokio::spawn(async move {
        // The client may be gone before the answer is: then there is nothing to do.
        let Ok(upgraded) = upgrade.await else { return };
        let Some((stream, leftover)) = take_apart(upgraded) else { return };
        let Asked { shared, transport } = asked;
        gateway.send(Arrival { stream, leftover, limits, shared, transport, cookie, base, slot });
    });
    let head = [
        (header::UPGRADE, "websocket"),
        (header::CONNECTION, "Upgrade"),
        (header::SEC_WEBSOCKET_ACCEPT, accept.as_str()),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, head, Body::empty()).into_response()
}

/// Only our own page may speak with the cookie: any page can open a socket, and the browser sends
/// the cookie along.
fn own_cookie(caller: &Caller, headers: &HeaderMap) -> Option<Box<str>> {
    (caller.origin == Origin::Own).then(|| caller.cookie(headers).map(Box::from)).flatten()
}

fn take_apart(upgraded: Upgraded) -> Option<(std::net::TcpStream, Bytes)> {
    let parts = upgraded.downcast::<TokioIo<TcpStream>>().ok()?;
    let stream = parts.io.into_inner().into_std().ok()?;
    Some((stream, parts.read_buf))
}

fn refused(refusal: handshake::Refusal) -> Response {
    match refusal {
        handshake::Refusal::NotWebSocket => {
            let message = "This is the gateway: connect with a WebSocket";
            let mut response = refuse_http(StatusCode::UPGRADE_REQUIRED, message);
            let upgrade = header::HeaderValue::from_static("websocket");
            response.headers_mut().insert(header::UPGRADE, upgrade);
            response
        }
        handshake::Refusal::Version => {
            let message = "Only version 13 of the WebSocket protocol is spoken here";
            let mut response = refuse_http(StatusCode::UPGRADE_REQUIRED, message);
            let version = header::HeaderValue::from_static("13");
            response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, version);
            response
        }
        _ => refuse_http(StatusCode::BAD_REQUEST, "This is not a WebSocket handshake"),
    }
}

fn asked(query: &str) -> Result<Asked, &'static str> {
    let mut asked = Asked::default();
    for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        match (key, value) {
            ("v", VERSION) => {}
            ("v", _) => return Err("Only version 10 of the gateway is spoken here"),
            ("encoding", "json") => {}
            ("encoding", _) => return Err("Only encoding=json is spoken here"),
            ("compress", "zlib-stream") => asked.transport = Transport::Zlib,
            ("compress", "zstd-stream") => asked.transport = Transport::Zstd,
            ("compress", "") => {}
            ("compress", _) => {
                return Err("Only compress=zlib-stream and zstd-stream are spoken here");
            }
            ("seq", "shared") => asked.shared = true,
            ("seq", _) => return Err("seq can only be `shared`"),
            _ => {}
        }
    }
    Ok(asked)
}

impl Gateway {
    pub(super) fn socket_limits(&self) -> SocketLimits {
        let limits = &self.hub.app.limits;
        // The machine refuses long frames with the right code; this bounds what it is shown.
        let payload = (limits.gateway_payload * 4) as u32;
        SocketLimits {
            inbound: websocket::Limits::message(payload, FRAGMENTS),
            queue_bytes: limits.socket_queue_bytes as u32,
        }
    }

    fn send(&self, arrival: Arrival) {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let shards = self.hub.shards();
        let at = NEXT.fetch_add(1, Ordering::Relaxed) % shards.len().max(1);
        if let Some(shard) = shards.get(at) {
            shard.mail(Mail::Arrive(Box::new(arrival)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_says_how_to_speak() {
        assert_eq!(asked(""), Ok(Asked::default()), "a client may ask for nothing");
        assert_eq!(asked("v=10&encoding=json"), Ok(Asked::default()));
        let both = asked("v=10&encoding=json&compress=zlib-stream&seq=shared");
        assert_eq!(both, Ok(Asked { shared: true, transport: Transport::Zlib }));
        let zstd = Asked { shared: false, transport: Transport::Zstd };
        assert_eq!(asked("?&compress=zstd-stream"), Ok(zstd));
        for query in ["v=9", "v=11", "encoding=etf", "compress=gzip", "seq=mine"] {
            assert!(asked(query).is_err(), "{query}");
        }
    }
}
