//! Builds the app, starts what listens, and stops it all in order.
//!
//! The configuration is read here and nowhere else; everything gets plain values.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    net::SocketAddr,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use axum::{Extension, Router, middleware, routing::any};
use backends::sqlite::{Options, SqliteStore};
use domain::{
    App,
    app::Parts,
    attachment,
    blobs::Blobs,
    bus::LocalBus,
    clock::{Chance, Clock, SystemChance},
    due, lane,
    rows::TABLES,
    store::{Store, memory::MemoryStore},
};
use proto::{Id, Timestamp, marker};
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    task::JoinHandle,
};

use crate::{
    admin,
    api::{
        self,
        health::Health,
        ratelimit::{self, Rates},
    },
    blobs::{DiskBlobs, MemoryBlobs},
    clock::{SystemClock, Trust},
    config::{Config, StoreKind},
    door::{self, Door, Names},
    gateway::{self, Gateway},
    interactions::Endpoints,
    metrics::Metrics,
    net::{self, Connections},
    outbound::Outbound,
    passwords::Argon,
    push::Pusher,
    web,
};

/// How long running requests may take to end when the server stops.
const PATIENCE: Duration = Duration::from_secs(6);

/// How long the last writes may take after that.
const LAST_WRITES: Duration = Duration::from_secs(3);

/// How often files that no message has are looked for.
const SWEEP: Duration = Duration::from_secs(6 * 3_600);

/// How often what is due is done.
const TICK: Duration = Duration::from_secs(5);

/// What tests hand in instead of the machine's own.
pub struct Seams {
    pub clock: Arc<dyn Clock>,
    pub chance: Arc<dyn Chance>,
}

impl Default for Seams {
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), chance: Arc::new(SystemChance) }
    }
}

/// An app with its store open and its writer running, and nothing that listens.
pub struct Opened {
    pub app: Arc<App>,
    writer: JoinHandle<()>,
    /// Says why when the disk broke.
    broken: oneshot::Receiver<anyhow::Error>,
    sqlite: Option<Arc<SqliteStore>>,
    /// Unlocks the folder when it goes; last.
    _lock: Option<File>,
}

/// A server that answers.
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    pub app: Arc<App>,
    pub gateway: Arc<Gateway>,
    opened: Opened,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
    others: Vec<JoinHandle<()>>,
}

/// Starts a server with the machine's own clock and chance.
pub async fn start(config: Config) -> anyhow::Result<Running> {
    start_with(config, Seams::default()).await
}

/// Starts a server.
pub async fn start_with(config: Config, seams: Seams) -> anyhow::Result<Running> {
    // The folder first: who starts a second server is told about it rather than about the port.
    let lock = lock_of(&config)?;
    let listener = net::bind(config.listen)?;
    let addr = listener.local_addr()?;
    let opened = open_with(&config, addr, &seams, lock).await?;
    let app = opened.app.clone();
    // The newest id that may have been given before.
    let last_run = Id::<marker::User>::new(app.ids.last()).map(|id| id.created_at());
    let metrics = Arc::new(Metrics::default());
    let outbound = Outbound::new(config.outbound_private)?;
    let (pusher, queued) = Pusher::start(app.clone(), outbound, metrics.clone()).await?;
    let shared = Shared::new(&config, &seams, app.clone(), metrics, pusher)?;
    let (stop, stopping) = watch::channel(false);
    put_files_right(&app, true).await;
    let mut others = vec![
        tokio::spawn(tick(app.clone(), shared.rates.clone(), last_run)),
        tokio::spawn(sweep(app.clone())),
        tokio::spawn(shared.pusher.clone().run(queued)),
    ];
    if config.store == StoreKind::Sqlite {
        let socket = admin::listen(&config.data)?;
        others.push(tokio::spawn(admin::serve(socket, app.clone(), shared.health.clone())));
    }
    let serving = serve(&config, &shared, listener, stopping)?;
    let gateway = shared.health.gateway.clone();
    Ok(Running { addr, app, gateway, opened, stop, serving, others })
}

/// What a crash left of files goes; before anybody can send some it is also counted anew.
async fn put_files_right(app: &App, at_start: bool) {
    match attachment::sweep(app, at_start).await {
        Ok(swept) if swept == Default::default() => {}
        Ok(swept) => tracing::info!(
            blobs = swept.blobs,
            recounted = swept.recounted,
            "files that no message has are removed"
        ),
        Err(error) => tracing::warn!(?error, "cannot look for files that no message has"),
    }
}

/// What the parts of a running server share.
struct Shared {
    app: Arc<App>,
    rates: Arc<Rates>,
    health: Arc<Health>,
    pusher: Arc<Pusher>,
    endpoints: Arc<Endpoints>,
}

impl Shared {
    fn new(
        config: &Config,
        seams: &Seams,
        app: Arc<App>,
        metrics: Arc<Metrics>,
        pusher: Arc<Pusher>,
    ) -> anyhow::Result<Self> {
        let limits = app.limits.clone();
        let rates = Rates::new(seams.clock.clone(), limits, config.rate_limits, metrics.clone());
        let connections = Connections::new(&app.limits, config.trusted_proxies()?);
        let gateway = Gateway::start(app.clone(), Gateway::cores());
        let health = Health {
            metrics,
            connections,
            gateway: gateway.context("cannot start the gateway")?,
            metrics_token: config.metrics_token.clone(),
            proved: Mutex::new(None),
        };
        let endpoints = Endpoints::new(Outbound::new(config.outbound_private)?);
        Ok(Self { app, rates: Arc::new(rates), health: Arc::new(health), pusher, endpoints })
    }

    /// All that is answered over HTTP.
    fn router(&self) -> Router {
        let state = (self.app.clone(), self.rates.clone());
        let limited = middleware::from_fn_with_state(state, ratelimit::limit);
        let api = api::routes().into_router();
        let pages = middleware::from_fn_with_state(self.rates.clone(), ratelimit::pages);
        let nowhere = ["/api", "/api/", "/api/{*rest}"].into_iter();
        let api = nowhere.fold(api, |all, path| all.route(path, any(api::no_such_route)));
        let api = api.route_layer(limited);
        Router::new()
            .merge(api)
            .merge(api::health::routes().into_router())
            .merge(gateway::routes(&self.health.gateway))
            .merge(web::router().route_layer(pages))
            .fallback(web::not_found)
            .method_not_allowed_fallback(api::wrong_method)
            .layer(middleware::from_fn(door::remember_route))
            .layer(Extension(self.rates.clone()))
            .layer(Extension(self.health.clone()))
            .layer(Extension(self.pusher.clone()))
            .layer(Extension(self.endpoints.clone()))
            .with_state(self.app.clone())
    }
}

fn serve(
    config: &Config,
    shared: &Shared,
    listener: TcpListener,
    stopping: watch::Receiver<bool>,
) -> anyhow::Result<JoinHandle<()>> {
    let app = &shared.app;
    let names = Names {
        public_url: (!config.public_url.is_empty()).then(|| app.policy.public_url.clone()),
        hosts: config.hosts.clone(),
        fallback: app.policy.public_url.clone(),
    };
    let door = Door::new(
        shared.router(),
        names,
        config.trusted_proxies()?,
        app.limits.clone(),
        shared.health.metrics.clone(),
        u64::from_le_bytes(app.random()),
    );
    let connections = shared.health.connections.clone();
    Ok(tokio::spawn(net::serve(listener, Arc::new(door), connections, stopping)))
}

async fn sweep(app: Arc<App>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        put_files_right(&app, false).await;
    }
}

async fn tick(app: Arc<App>, rates: Arc<Rates>, last_run: Option<Timestamp>) {
    let mut ticks = tokio::time::interval(TICK);
    let mut trust = Trust::new(app.clock.now(), last_run, Instant::now());
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        due::run_once(&app).await;
        if trust.look(app.clock.now(), Instant::now()) {
            due::forget(&app).await;
        }
        rates.sweep();
    }
}

/// Opens the app alone, for commands that work on a folder while no server runs.
pub async fn open(config: &Config) -> anyhow::Result<Opened> {
    let lock = lock_of(config)?;
    open_with(config, config.listen, &Seams::default(), lock).await
}

async fn open_with(
    config: &Config,
    listening: SocketAddr,
    seams: &Seams,
    lock: Option<File>,
) -> anyhow::Result<Opened> {
    let (store, blobs, sqlite) = storage(config)?;
    let parts = Parts {
        store,
        clock: seams.clock.clone(),
        chance: seams.chance.clone(),
        limits: limits(config),
        policy: config.policy(listening),
        passwords: Arc::new(Argon::start(&config.limits, seams.chance.clone())?),
        blobs,
        bus: Arc::new(LocalBus::default()),
        node: config.node,
    };
    let (app, queue) = App::open(parts).await.context("cannot open the store")?;
    let (tell, broken) = oneshot::channel();
    let writing = app.clone();
    let writer = tokio::spawn(async move {
        if let Err(fault) = lane::write(writing, queue).await {
            let _ = tell.send(fault);
        }
    });
    Ok(Opened { app, writer, broken, sqlite, _lock: lock })
}

type Storage = (Arc<dyn Store>, Arc<dyn Blobs>, Option<Arc<SqliteStore>>);

/// Tries of passwords and guests are counted by the rules, too: off means off there as well.
fn limits(config: &Config) -> proto::Limits {
    let mut limits = config.limits.clone();
    if !config.rate_limits {
        limits.password_tries_per_10min = u32::MAX;
        limits.guests_per_10min = u32::MAX;
    }
    limits
}

fn storage(config: &Config) -> anyhow::Result<Storage> {
    match config.store {
        StoreKind::Memory => {
            Ok((Arc::new(MemoryStore::new()), Arc::new(MemoryBlobs::default()), None))
        }
        StoreKind::Sqlite => {
            let store = SqliteStore::open(&config.data, TABLES, Options::default());
            let store =
                Arc::new(store.with_context(|| {
                    format!("cannot open the store in {}", config.data.display())
                })?);
            let blobs = Arc::new(DiskBlobs::open(config.data.join("blobs"))?);
            Ok((store.clone(), blobs, Some(store)))
        }
    }
}

fn lock_of(config: &Config) -> anyhow::Result<Option<File>> {
    match config.store {
        StoreKind::Memory => Ok(None),
        StoreKind::Sqlite => lock(&config.data).map(Some),
    }
}

/// Makes the folder and takes it for this process alone.
fn lock(dir: &Path) -> anyhow::Result<File> {
    let shown = dir.display();
    let advice = "check its path, its owner and its rights, or choose another with --data FOLDER";
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(dir).with_context(|| format!("cannot make the folder {shown}: {advice}"))?;
    // It holds secrets: nobody else's business, also if it was there before.
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))
        .with_context(|| format!("cannot keep others out of the folder {shown}: {advice}"))?;
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(false).write(true).mode(0o600);
    let file = file
        .open(dir.join("lock"))
        .with_context(|| format!("cannot write into the folder {shown}: {advice}"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!(
            "the folder {shown} is in use by another opensrcchat: stop that one first, or choose \
             another folder with --data FOLDER"
        ),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock the folder {shown}"))
        }
    }
}

impl Opened {
    /// Writes what waits and closes the store.
    pub async fn close(self) -> anyhow::Result<()> {
        let flushed = tokio::time::timeout(LAST_WRITES, self.app.flushed()).await;
        self.writer.abort();
        if flushed.is_err() {
            tracing::warn!("the store did not take the last writes in time");
        }
        match self.sqlite {
            Some(store) => store.checkpoint_and_close().await,
            None => Ok(()),
        }
    }
}

impl Running {
    /// Waits until the disk breaks: then nothing more may be promised and the process must end.
    pub async fn broken(&mut self) -> anyhow::Error {
        match (&mut self.opened.broken).await {
            Ok(fault) => fault,
            Err(_) => anyhow::anyhow!("the writer ended"),
        }
    }

    /// Takes no more connections, lets requests end, writes what waits, closes the store.
    pub async fn stop(self) -> anyhow::Result<()> {
        let begun = Instant::now();
        let _ = self.stop.send(true);
        self.gateway.shutdown().await;
        let serving = self.serving.abort_handle();
        if tokio::time::timeout(PATIENCE, self.serving).await.is_err() {
            tracing::warn!("some requests did not end in time and were cut off");
            serving.abort();
        }
        for other in &self.others {
            other.abort();
        }
        self.opened.close().await?;
        tracing::info!(duration_ms = begun.elapsed().as_millis() as u64, "stopped");
        Ok(())
    }
}
