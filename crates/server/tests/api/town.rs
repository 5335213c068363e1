//! A town: the real server in this process, people in it, and the laws that hold for everybody.
//!
//! A scenario tells a story through the front door; when it ends, `close` checks the laws for each
//! session, so that every scenario also tests what it does not ask about.

pub mod openapi;
pub mod raw;
mod laws;
mod person;
mod session;
mod spy;

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use client::Rest;
use domain::{App, bus::Event, clock::ManualClock, clock::SystemChance};
use proto::{Id, gateway::Dispatch, presence::TypingStart};
use serde_json::json;
use server::{
    config::{Config, StoreKind},
    run::{self, Running, Seams},
};

pub use laws::plant;
pub use person::{Answer, Person, Room};
use spy::Spy;

/// How long anything may take before a scenario is given up.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Channel ids below this are not snowflakes: they mark how far a session has heard.
const BARRIERS: u64 = 1 << 20;

/// A server with people.
pub struct Town {
    inner: Arc<Inner>,
    closed: AtomicBool,
}

/// What people share with their town.
pub struct Inner {
    config: Config,
    pub clock: Arc<ManualClock>,
    running: Mutex<Option<Running>>,
    addr: Mutex<SocketAddr>,
    pub rest: Rest,
    people: Mutex<Vec<Person>>,
    barrier: AtomicU64,
    spy: Arc<Spy>,
    folder: PathBuf,
}

impl Town {
    /// The usual town: no rate limits, and in memory unless `TEST_STORE=sqlite`.
    pub async fn new() -> Self {
        Self::with(|_| ()).await
    }

    /// A town whose rows are on disk, so that it can be restarted.
    pub async fn on_disk() -> Self {
        Self::with(|config| config.store = StoreKind::Sqlite).await
    }

    /// A town with its own rules.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        laws::watch_log();
        let folder = fresh_folder();
        let mut config = Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data: folder.clone(),
            rate_limits: false,
            store: match std::env::var("TEST_STORE").as_deref() {
                Ok("sqlite") => StoreKind::Sqlite,
                _ => StoreKind::Memory,
            },
            ..Config::default()
        };
        change(&mut config);
        let clock = Arc::new(ManualClock::default());
        let spy = Arc::new(Spy::default());
        let running = start(&config, &clock, &spy).await;
        // After a restart it must be where its clients look for it.
        config.listen = running.addr;
        let addr = running.addr;
        let rest = Rest::new(&format!("http://{addr}")).expect("an address");
        let rest = rest.with_watch(Arc::new(openapi::check)).with_timeout(PATIENCE);
        let inner = Arc::new(Inner {
            config,
            clock,
            running: Mutex::new(Some(running)),
            addr: Mutex::new(addr),
            rest,
            people: Mutex::default(),
            barrier: AtomicU64::new(1),
            spy,
            folder,
        });
        Self { inner, closed: AtomicBool::new(false) }
    }

    /// Guests with these names, each with two sessions: one that knows us, and one of pure v10.
    pub async fn people<const N: usize>(&self, names: [&str; N]) -> [Person; N] {
        let mut people = Vec::with_capacity(N);
        for name in names {
            people.push(self.guest(name).await);
        }
        people.try_into().map_err(|_| ()).expect("as many as names")
    }

    /// Accounts with these names; the password is `a password`.
    pub async fn accounts<const N: usize>(&self, names: [&str; N]) -> [Person; N] {
        let mut people = Vec::with_capacity(N);
        for name in names {
            let body = json!({ "username": name, "password": "a password" });
            let signed = self.nobody().post("/osc/v1/accounts", body).await;
            assert_eq!(signed.status, 201, "{signed}");
            people.push(self.settle_in(&signed).await);
        }
        people.try_into().map_err(|_| ()).expect("as many as names")
    }

    pub async fn guest(&self, name: &str) -> Person {
        let signed = self.nobody().post("/osc/v1/guests", json!({ "name": name })).await;
        assert_eq!(signed.status, 201, "{signed}");
        self.settle_in(&signed).await
    }

    /// A guest who only asks and never listens: without sessions.
    pub async fn walker(&self, name: &str) -> Person {
        let signed = self.nobody().post("/osc/v1/guests", json!({ "name": name })).await;
        assert_eq!(signed.status, 201, "{signed}");
        self.walks_in(&signed)
    }

    /// Somebody who has just signed in, without sessions.
    pub fn walks_in(&self, signed: &Answer) -> Person {
        let token = signed["token"].as_str().expect("a token");
        let id = signed["user"]["id"].as_str().expect("an id").parse().expect("an id");
        let nobody = self.nobody();
        let mut walker = nobody.with_rest(nobody.rest.with_token(token));
        walker.id = id;
        walker
    }

    /// Somebody who has just signed in.
    pub async fn settle_in(&self, signed: &Answer) -> Person {
        let token = signed["token"].as_str().expect("a token");
        let id = signed["user"]["id"].as_str().expect("an id");
        self.inner.settle_in(token, id).await
    }

    /// Asks without being signed in.
    pub fn nobody(&self) -> Person {
        Person::nobody(self.inner.clone())
    }

    pub fn app(&self) -> Arc<App> {
        self.inner.app()
    }

    /// All that is on the disk now.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        let mut folders = vec![self.inner.folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("readable").flatten() {
                match entry.path() {
                    path if path.is_dir() => folders.push(path),
                    path => files.extend(std::fs::read(&path).map(|bytes| (path, bytes))),
                }
            }
        }
        files
    }

    pub fn addr(&self) -> SocketAddr {
        *self.inner.addr.lock().expect("no panic")
    }

    /// Time passes, for all that is on the wall clock.
    pub fn pass(&self, time: Duration) {
        self.inner.clock.advance_ms(i64::try_from(time.as_millis()).expect("a short time"));
    }

    /// Waits until everybody has heard all that has happened.
    pub async fn settle(&self) {
        self.inner.settle().await;
    }

    /// Stops the server in order and starts it again over the same rows.
    pub async fn restart(&self) {
        let inner = &self.inner;
        assert_eq!(inner.config.store, StoreKind::Sqlite, "memory does not outlive its server");
        let running = inner.running.lock().expect("no panic").take().expect("it runs");
        running.stop().await.expect("stops in order");
        inner.spy.restarted();
        let running = start(&inner.config, &inner.clock, &inner.spy).await;
        *inner.running.lock().expect("no panic") = Some(running);
    }

    /// Checks the laws for everybody and stops the server. Every scenario ends with it.
    pub async fn close(self) {
        self.closed.store(true, Ordering::SeqCst);
        laws::check(&self.inner).await;
        let running = self.inner.running.lock().expect("no panic").take().expect("it runs");
        running.stop().await.expect("stops in order");
        laws::check_log();
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        let closed = self.closed.load(Ordering::SeqCst);
        assert!(closed || std::thread::panicking(), "end the scenario with town.close().await");
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Inner {
    pub fn app(&self) -> Arc<App> {
        let running = self.running.lock().expect("no panic");
        running.as_ref().expect("the server runs").app.clone()
    }

    /// Somebody who has just signed in, with both sessions started.
    pub async fn settle_in(self: &Arc<Self>, token: &str, id: &str) -> Person {
        let person = Person::arrive(self.clone(), token, id).await;
        self.people.lock().expect("no panic").push(person.clone());
        person
    }

    fn everybody(&self) -> Vec<Person> {
        self.people.lock().expect("no panic").clone()
    }

    /// Two rounds: what happened may make the hub announce more (presence, voice).
    pub async fn settle(&self) {
        for _ in 0..2 {
            let app = self.app();
            app.flushed().await.expect("the writer runs");
            let barrier = self.barrier.fetch_add(1, Ordering::SeqCst);
            let people = self.everybody();
            let ids: Vec<_> = people.iter().map(|person| person.id).collect();
            let Some(first) = ids.first() else { return };
            let mark = TypingStart {
                channel_id: Id::new(barrier).expect("counts from one"),
                guild_id: None,
                user_id: *first,
                timestamp: 0,
                member: None,
            };
            app.announce(Event::to_users(ids, Dispatch::TypingStart(Box::new(mark))));
            for session in people.iter().flat_map(Person::sessions) {
                session.hears(barrier).await;
            }
        }
    }
}

async fn start(config: &Config, clock: &Arc<ManualClock>, spy: &Arc<Spy>) -> Running {
    let seams = Seams { clock: clock.clone(), chance: Arc::new(SystemChance) };
    let running = run::start_with(config.clone(), seams).await.expect("the server starts");
    running.app.bus.subscribe(spy.clone());
    running
}

fn fresh_folder() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("osc-town-{}-{number}", std::process::id()))
}
