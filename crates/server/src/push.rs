//! Pushes on their way: to the push services of browsers whose page is closed (RFC 8030).
//!
//! It hears what all hear, keeps a short queue, and never holds anybody up: what does not fit is
//! dropped and counted, since a push is a hint and the message is on the server.

mod encrypt;
mod rest;
mod vapid;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use domain::{
    App,
    bus::{Listener, Published},
    push::{self, Push},
    rows::PushRow,
};
use tokio::sync::{OwnedSemaphorePermit as Slot, Semaphore, mpsc};

use crate::{metrics::Metrics, outbound::Outbound};
use rest::Rest;
use vapid::Vapid;

/// Messages that wait to be told.
const QUEUE: usize = 1_024;
/// Requests under way.
const AT_ONCE: usize = 16;
const TRIES: u32 = 3;
/// Bytes of a refusal that are logged.
const WORDS: usize = 200;
/// How long a push service keeps what it cannot deliver.
const KEPT_S: &str = "86400";
/// The longest wait that a push service can ask for.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Pusher {
    app: Arc<App>,
    outbound: Outbound,
    vapid: Vapid,
    queue: mpsc::Sender<Arc<Published>>,
    slots: Arc<Semaphore>,
    rest: Rest,
    metrics: Arc<Metrics>,
}

impl Pusher {
    /// Starts to listen; `run` what comes beside it.
    pub async fn start(
        app: Arc<App>,
        outbound: Outbound,
        metrics: Arc<Metrics>,
    ) -> anyhow::Result<(Arc<Self>, mpsc::Receiver<Arc<Published>>)> {
        let fault = |error| anyhow::anyhow!("cannot open the pushes: {error:?}");
        let key = push::key(&app, vapid::generate).await.map_err(fault)?;
        push::open(&app).await.map_err(fault)?;
        let vapid = Vapid::new(&key, app.policy.public_url.clone())?;
        let (queue, queued) = mpsc::channel(QUEUE);
        let slots = Arc::new(Semaphore::new(AT_ONCE));
        let rest = Rest::default();
        let pusher = Arc::new(Self { app, outbound, vapid, queue, slots, rest, metrics });
        pusher.app.bus.subscribe(pusher.clone());
        Ok((pusher, queued))
    }

    /// The key that browsers subscribe with.
    pub fn public_key(&self) -> String {
        self.vapid.public_key()
    }

    /// Whether the server would call this address.
    pub fn check(&self, endpoint: &str) -> anyhow::Result<()> {
        self.outbound.check(endpoint).map(drop)
    }

    /// Tells what is queued, until the server stops.
    pub async fn run(self: Arc<Self>, mut queued: mpsc::Receiver<Arc<Published>>) {
        while let Some(published) = queued.recv().await {
            let (push, rows) = match push::told(&self.app, &published).await {
                Ok(Some(told)) => told,
                Ok(None) => continue,
                Err(error) => {
                    tracing::warn!(?error, "cannot find out whom to push");
                    continue;
                }
            };
            let text: Arc<[u8]> = serde_json::to_vec(&push).expect("plain data").into();
            for row in rows {
                if self.rest.is_resting(&row, Instant::now()) {
                    self.metrics.pushes_failed.add(1);
                    continue;
                }
                let slot = self.slots.clone().acquire_owned().await;
                let (pusher, text, push) = (self.clone(), text.clone(), push.clone());
                tokio::spawn(async move { pusher.send(&row, &push, &text, slot.ok()).await });
            }
        }
    }

    /// `slot`: the right to one request. Who waits gives it back.
    async fn send(&self, row: &PushRow, push: &Push, text: &[u8], mut slot: Option<Slot>) {
        for attempt in 1..=TRIES {
            let outcome = self.send_once(row, push, text).await;
            drop(slot.take());
            let wait = match outcome {
                Ok(Outcome::Done) => {
                    self.rest.worked(row);
                    return self.metrics.pushes.add(1);
                }
                Ok(Outcome::Gone) => {
                    if let Err(error) = push::forget(&self.app, row).await {
                        tracing::warn!(?error, "cannot forget a subscription");
                    }
                    return;
                }
                Ok(Outcome::Later(wait)) => wait,
                Err(error) => {
                    tracing::debug!(%error, "a push was not sent");
                    None
                }
            };
            self.rest.failed(row, Instant::now());
            let backoff = Duration::from_secs(1 << attempt);
            if attempt < TRIES {
                tokio::time::sleep(wait.unwrap_or(backoff).min(PATIENCE)).await;
                slot = self.slots.clone().acquire_owned().await.ok();
            }
        }
        self.metrics.pushes_failed.add(1);
    }

    async fn send_once(&self, row: &PushRow, push: &Push, text: &[u8]) -> anyhow::Result<Outcome> {
        let service = self.outbound.check(&row.endpoint)?;
        let body = encrypt::encrypt(&row.p256dh, &row.auth, text)?;
        let now_s = self.app.clock.now().as_ms() / 1_000;
        let mut headers = HeaderMap::new();
        let authorization = self.vapid.authorization(&service, now_s)?;
        headers.insert(header::AUTHORIZATION, authorization.try_into()?);
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("aes128gcm"));
        let kind = HeaderValue::from_static("application/octet-stream");
        headers.insert(header::CONTENT_TYPE, kind);
        headers.insert(HeaderName::from_static("ttl"), HeaderValue::from_static(KEPT_S));
        headers.insert(HeaderName::from_static("urgency"), HeaderValue::from_static("high"));
        // A newer one of the same channel takes the place of one that still waits.
        headers.insert(HeaderName::from_static("topic"), push.tag.as_str().try_into()?);
        let answer = self.outbound.post(&row.endpoint, headers, body.into()).await?;
        Ok(match answer.status {
            status if status.is_success() => Outcome::Done,
            StatusCode::NOT_FOUND | StatusCode::GONE => Outcome::Gone,
            StatusCode::TOO_MANY_REQUESTS => Outcome::Later(retry_after(&answer.headers)),
            status if status.is_server_error() => Outcome::Later(retry_after(&answer.headers)),
            status => {
                let words = String::from_utf8_lossy(&answer.body[..answer.body.len().min(WORDS)]);
                anyhow::bail!("the push service answered {status}: {words}")
            }
        })
    }
}

enum Outcome {
    Done,
    /// The browser is no more.
    Gone,
    Later(Option<Duration>),
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

impl Listener for Pusher {
    fn hear(&self, published: &Arc<Published>) {
        if push::may_tell(&self.app, published) && self.queue.try_send(published.clone()).is_err() {
            self.metrics.pushes_failed.add(1);
        }
    }
}
