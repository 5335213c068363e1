//! What operators and programs ask first: is it alive, is it ready, what is it, where is what.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode, header, uri::Authority},
    response::{IntoResponse as _, Response},
};
use domain::{App, rows::MetaRow, store::Batch};
use proto::{
    Code,
    osc::{ServerInfo, ServerLimits},
};
use serde::Serialize;

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Caller},
    plain,
};
use crate::{
    config::Secret,
    gateway,
    metrics::Metrics,
    net::{Connections, Peer},
};

pub fn routes() -> Routes {
    Routes::root()
        .get("/healthz", healthz)
        .get("/readyz", readyz)
        .get("/metrics", metrics)
        .get("/.well-known/osc", well_known)
}

/// Where the gateway is, as bots ask for it.
pub fn gateway_routes() -> Routes {
    Routes::v10().get("/gateway", get_gateway).get("/gateway/bot", gateway_bot)
}

/// What health is told by, beside the app.
pub struct Health {
    pub metrics: Arc<Metrics>,
    pub connections: Arc<Connections>,
    pub gateway: Arc<gateway::Gateway>,
    pub metrics_token: Secret,
    /// When a write was last proved, and how that went.
    pub proved: Mutex<Option<(Instant, bool)>>,
}

/// Proofs by writing are no more frequent than this.
const PROOF: Duration = Duration::from_secs(3);

/// A write that takes longer means that the store is stalled.
const STALLED: Duration = Duration::from_secs(2);

async fn healthz() -> &'static str {
    "ok\n"
}

/// 200 if a row can be written now; 503 else.
async fn readyz(
    State(app): State<Arc<App>>,
    Extension(health): Extension<Arc<Health>>,
) -> Response {
    let known = *health.proved.lock().expect("no panic while locked");
    let ready = match known {
        Some((at, ready)) if at.elapsed() < PROOF => ready,
        _ => {
            let ready = prove(&app).await;
            *health.proved.lock().expect("no panic while locked") = Some((Instant::now(), ready));
            ready
        }
    };
    if ready {
        return "ready\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, "not ready: the store takes no writes\n").into_response()
}

async fn prove(app: &App) -> bool {
    let row = MetaRow { name: "ready".to_owned(), value: app.clock.now().as_ms().into() };
    let write = async {
        let lane = app.lane_named("meta", "ready").await;
        lane.enqueue(Batch::new().put(&row), Vec::new()).durable().await
    };
    matches!(tokio::time::timeout(STALLED, write).await, Ok(Ok(())))
}

/// For this machine, or for who has the token.
async fn metrics(
    Extension(health): Extension<Arc<Health>>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
) -> Response {
    let token = health.metrics_token.reveal();
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let sent = sent.and_then(|value| value.strip_prefix("Bearer "));
    // Behind a proxy everybody seems to be on this machine.
    let proxied = ["x-forwarded-for", "forwarded", "via"].iter().any(|h| headers.contains_key(*h));
    let here =
        peer.is_some_and(|peer| peer.address.is_loopback()) && !proxied && is_local(&headers);
    let known = !token.is_empty() && sent.is_some_and(|sent| same(sent, token));
    if !known && !here {
        return plain(StatusCode::NOT_FOUND, Code(0, "404: Not Found"));
    }
    let open = u64::from(health.connections.open());
    let mut values = vec![("connections", "Connections open now.", open)];
    for (name, help, _, value) in health.gateway.metrics().table() {
        values.push((name, help, value.max(0) as u64));
    }
    let text = health.metrics.text(&values);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

/// A page of somebody else can have its own name lead to this machine, but not an address.
fn is_local(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host().trim_matches(['[', ']']);
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

/// Takes as long wherever the two differ.
fn same(one: &str, other: &str) -> bool {
    let differ = one.bytes().zip(other.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    one.len() == other.len() && differ == 0
}

/// What this server is and allows.
pub fn server_info(app: &App, base: &str) -> ServerInfo {
    ServerInfo {
        name: app.policy.name.clone(),
        description: app.policy.description.clone(),
        api: format!("{base}/api"),
        gateway: gateway_url(base),
        cdn: format!("{base}/cdn"),
        openapi: format!("{base}/api/osc/v1/openapi.json"),
        authorize: format!("{base}/oauth2/authorize"),
        developers: format!("{base}/developers"),
        versions: vec!["v10".to_owned(), "osc/v1".to_owned()],
        limits: ServerLimits {
            message_length: app.limits.message_length as u32,
            attachment_bytes: app.limits.attachment_bytes,
            attachments: app.limits.message_attachments as u32,
            guest_name_length: app.limits.display_name_length as u32,
            account_bots: app.limits.account_bots as u32,
            guild_emojis: app.limits.guild_emojis as u32,
            emoji_bytes: app.limits.emoji_bytes as u32,
        },
        guests: app.policy.guests,
        registration: app.policy.registration,
    }
}

async fn well_known(State(app): State<Arc<App>>, caller: Caller) -> Answer<ServerInfo> {
    Ok(Reply::ok(server_info(&app, &caller.base)))
}

/// COMPAT: libraries append to it, so no slash at its end; `ws` or `wss` follows the caller.
pub fn gateway_url(base: &str) -> String {
    // http -> ws, https -> wss.
    match base.strip_prefix("http") {
        Some(rest) => format!("ws{rest}/gateway"),
        None => format!("{base}/gateway"),
    }
}

#[derive(Serialize)]
struct Gateway {
    url: String,
}

/// Get Gateway.
async fn get_gateway(caller: Caller) -> Answer<Gateway> {
    Ok(Reply::ok(Gateway { url: gateway_url(&caller.base) }))
}

#[derive(Serialize)]
struct GatewayBot {
    url: String,
    shards: u32,
    session_start_limit: SessionStartLimit,
}

#[derive(Serialize)]
struct SessionStartLimit {
    total: u32,
    remaining: u32,
    /// Milliseconds.
    reset_after: u64,
    max_concurrency: u32,
}

/// Get Gateway Bot. One process serves all guilds: one shard, and sessions are not counted.
async fn gateway_bot(_: Actor, caller: Caller) -> Answer<GatewayBot> {
    let session_start_limit = SessionStartLimit {
        total: 1_000,
        remaining: 1_000,
        reset_after: 14_400_000,
        max_concurrency: 1,
    };
    let url = gateway_url(&caller.base);
    Ok(Reply::ok(GatewayBot { url, shards: 1, session_start_limit }))
}
