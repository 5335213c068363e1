//! The gateway: sockets, the shards that hold them, and the hub that feeds them.
//!
//! Reading order: `upgrade` (from a request to a socket), `shard` (the loop), `session` (what is
//! kept), `hub` and `rooms` (who hears what), `replay` (what was missed), `clerk` (what waits).

pub mod readiness;
pub mod socket;
mod clerk;
mod deflate;
mod packing;
mod zstd;
mod hub;
mod kept;
mod metrics;
mod parcel;
mod replay;
mod rooms;
mod session;
mod shard;
mod upgrade;

use std::{io, sync::Arc, thread, time::Duration};

use domain::App;
use proto::{Id, code::close, marker};
use tokio::sync::{mpsc, oneshot};

use self::{
    hub::Hub,
    shard::{Mail, Shard},
};
pub use self::{metrics::Metrics, upgrade::routes};

/// Requests of sessions that may wait for the clerk.
const REQUESTS: usize = 65_536;
/// How often rows of sessions that are long gone are removed.
const PRUNE_EVERY: Duration = Duration::from_secs(3_600);
/// How long a stop may take.
const STOP_WITHIN: Duration = Duration::from_secs(5);

pub struct Gateway {
    hub: Arc<Hub>,
}

impl Gateway {
    /// Starts the shards: a thread each. To be called on the runtime whose tasks serve them.
    pub fn start(app: Arc<App>, shards: usize) -> io::Result<Arc<Self>> {
        let hub = Hub::new(app.clone(), tokio::runtime::Handle::current());
        let (requests, queue) = mpsc::channel(REQUESTS);
        for index in 0..shards.clamp(1, 256) {
            let (shard, end) = Shard::new(index, hub.clone(), requests.clone())?;
            hub.add_shard(end);
            let name = format!("gateway-{index}");
            thread::Builder::new().name(name).spawn(move || shard.run())?;
        }
        app.bus.subscribe(hub.clone());
        tokio::spawn(clerk::run(hub.clone(), queue));
        tokio::spawn(prune(Arc::downgrade(&app)));
        Ok(Arc::new(Self { hub }))
    }

    /// One shard per core.
    pub fn cores() -> usize {
        thread::available_parallelism().map_or(1, usize::from)
    }

    pub fn metrics(&self) -> &Metrics {
        &self.hub.metrics
    }

    /// Closes all sessions of a person.
    pub fn close_user(&self, user: Id<marker::User>) {
        for shard in self.hub.shards() {
            shard.mail(Mail::CloseUser(user, close::AUTHENTICATION_FAILED));
        }
    }

    /// Tells all clients to come back, keeps what they need for that, and closes their sockets.
    pub async fn shutdown(&self) {
        let mut stopping = Vec::new();
        for shard in self.hub.shards() {
            let (done, stopped) = oneshot::channel();
            shard.mail(Mail::Stop(done));
            stopping.push(stopped);
        }
        let all = async {
            for stopped in stopping {
                let _ = stopped.await;
            }
        };
        if tokio::time::timeout(STOP_WITHIN, all).await.is_err() {
            tracing::warn!("some gateway sessions were not kept over the restart");
        }
    }
}

async fn prune(app: std::sync::Weak<App>) {
    let mut ticks = tokio::time::interval(PRUNE_EVERY);
    loop {
        ticks.tick().await;
        let Some(app) = app.upgrade() else { return };
        if let Err(error) = clerk::prune(&app).await {
            tracing::error!(?error, "cannot remove old gateway sessions");
        }
    }
}
