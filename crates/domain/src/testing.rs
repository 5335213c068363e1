//! For the tests of this crate: an app over the memory store, with time and chance in hand.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use proto::{
    Id, Limits, Permissions,
    channel::{GUILD_TEXT, GUILD_VOICE},
    gateway::Dispatch,
    guild::Visibility,
    marker,
    osc::Registration,
};

use crate::{
    Actor, App, Result,
    app::{Parts, Passwords, Policy},
    blobs::{Blobs, Draft},
    bus::{Bus as _, Event, Listener, LocalBus, Published},
    clock::{ManualClock, SeededChance},
    lane,
    rows::{ChannelRow, GuildRow, MemberRow, RoleRow, UserKind, UserRow},
    store::{Batch, BoxFuture, Store, memory::MemoryStore},
};

/// An app, its clock, and all that was published.
pub struct World {
    pub app: Arc<App>,
    pub clock: Arc<ManualClock>,
    pub store: Arc<MemoryStore>,
    heard: Arc<Heard>,
}

/// A guild with #general, a voice channel, and its members.
pub struct TestGuild {
    pub id: Id<marker::Guild>,
    pub general: Id<marker::Channel>,
    pub voice: Id<marker::Channel>,
}

#[derive(Default)]
struct Heard(Mutex<Vec<Arc<Published>>>);

impl Listener for Heard {
    fn hear(&self, published: &Arc<Published>) {
        self.0.lock().expect("no panic").push(published.clone());
    }
}

impl World {
    /// Needs a tokio runtime: the writer runs beside the test.
    pub async fn new() -> Self {
        Self::over(Arc::new(MemoryStore::new())).await
    }

    pub async fn over(store: Arc<MemoryStore>) -> Self {
        Self::with(store.clone(), store, Limits::default()).await
    }

    pub async fn with_limits(limits: Limits) -> Self {
        let store = Arc::new(MemoryStore::new());
        Self::with(store.clone(), store, limits).await
    }

    /// `acting` is what the app writes to: the memory store, or something between.
    pub async fn with(store: Arc<MemoryStore>, acting: Arc<dyn Store>, limits: Limits) -> Self {
        let clock = Arc::new(ManualClock::default());
        let (bus, heard) = (Arc::new(LocalBus::default()), Arc::new(Heard::default()));
        bus.subscribe(heard.clone());
        let parts = Parts {
            store: acting,
            clock: clock.clone(),
            chance: Arc::new(SeededChance::new(7)),
            limits,
            policy: Policy {
                name: "Test".to_owned(),
                description: String::new(),
                guests: true,
                registration: Registration::Open,
                list_new_guilds: true,
                public_url: "http://localhost".to_owned(),
            },
            passwords: Arc::new(PlainPasswords),
            blobs: Arc::new(MemoryBlobs::default()),
            bus,
            node: 1,
        };
        let (app, queue) = App::open(parts).await.expect("opens");
        tokio::spawn(lane::write(app.clone(), queue));
        Self { app, clock, store, heard }
    }

    /// Somebody with an account.
    pub async fn person(&self, name: &str) -> Actor {
        self.user(name, UserKind::Account).await
    }

    pub async fn user(&self, name: &str, kind: UserKind) -> Actor {
        let user = UserRow {
            id: self.app.ids.next(),
            kind,
            username: name.to_owned(),
            skeleton: None,
            global_name: Some(name.to_owned()),
            avatar: None,
            owner_id: None,
            idle_since: (kind == UserKind::Guest).then(|| proto::Timestamp::from_ms(0)),
            intents: 0,
            bio: None,
        };
        self.write(Batch::new().insert(&user)).await;
        Actor { user: user.id, kind, login: self.app.ids.next(), server_owner: false }
    }

    /// A public guild of the first, with all of them in it.
    pub async fn guild(&self, members: &[&Actor]) -> TestGuild {
        let owner = members.first().expect("an owner");
        let id: Id<marker::Guild> = self.app.ids.next();
        let guild = GuildRow {
            id,
            owner_id: owner.user,
            name: "Room".to_owned(),
            description: None,
            icon: None,
            slug: None,
            visibility: Visibility::Public,
            guests_write: true,
            system_channel_id: None,
            safety: Default::default(),
        };
        let everyone = RoleRow {
            guild_id: id,
            id: id.cast(),
            name: "@everyone".to_owned(),
            color: 0,
            hoist: false,
            position: 0,
            permissions: Permissions::DEFAULT_EVERYONE,
            mentionable: false,
            bot_id: None,
        };
        let general = self.channel_row(id, GUILD_TEXT, "general");
        let voice = self.channel_row(id, GUILD_VOICE, "Voice");
        let mut batch = Batch::new().insert(&guild).insert(&everyone);
        batch = batch.insert(&general).insert(&voice);
        for member in members {
            batch = batch.insert(&self.member_row(id, member));
        }
        self.write(batch).await;
        TestGuild { id, general: general.id, voice: voice.id }
    }

    pub fn member_row(&self, guild: Id<marker::Guild>, actor: &Actor) -> MemberRow {
        MemberRow {
            guild_id: guild,
            user_id: actor.user,
            nick: None,
            roles: Vec::new(),
            joined_at: crate::clock::Clock::now(self.clock.as_ref()),
            timed_out_until: None,
            deaf: false,
            mute: false,
            guest: actor.is_guest(),
            quarantined: false,
        }
    }

    pub fn channel_row(&self, guild: Id<marker::Guild>, kind: u8, name: &str) -> ChannelRow {
        ChannelRow {
            id: self.app.ids.next(),
            guild_id: Some(guild),
            kind,
            name: name.to_owned(),
            position: 0,
            topic: None,
            parent_id: None,
            nsfw: false,
            rate_limit_per_user: 0,
            bitrate: 64_000,
            user_limit: 0,
            overwrites: Vec::new(),
            recipients: Vec::new(),
            epoch: 0,
            owner_id: None,
            icon: None,
            thread_auto_archive: 0,
            thread_rate_limit: 0,
        }
    }

    /// Writes rows as if some operation had decided so.
    pub async fn write(&self, batch: Batch) {
        let lane = self.app.lane_named("test", ()).await;
        lane.enqueue(batch, Vec::new()).durable().await.expect("written");
    }

    /// Names of the events since the last call, without what is noted of them in the audit log.
    pub fn saw(&self) -> Vec<&'static str> {
        let events = self.events();
        let names = events.iter().filter_map(|(_, dispatch)| Some(dispatch.as_ref()?.name()));
        names.filter(|name| *name != "GUILD_AUDIT_LOG_ENTRY_CREATE").collect()
    }

    /// The events since the last call, with their numbers; `None` for what sessions are not told.
    pub fn events(&self) -> Vec<(u64, Option<Dispatch>)> {
        let heard = std::mem::take(&mut *self.heard.0.lock().expect("no panic"));
        let dispatch = |published: &Arc<Published>| match &published.event {
            Event::Dispatch(_, dispatch) => Some(dispatch.clone()),
            Event::LoginsRevoked(_) | Event::IntentsTaken(_) => None,
        };
        heard.iter().map(|published| (published.number, dispatch(published))).collect()
    }

    /// The same with audiences.
    pub fn published(&self) -> Vec<Arc<Published>> {
        std::mem::take(&mut *self.heard.0.lock().expect("no panic"))
    }
}

/// Passwords in the open: hashing well takes long on purpose, and is tested where it is done.
struct PlainPasswords;

impl Passwords for PlainPasswords {
    fn hash(&self, password: String) -> BoxFuture<'_, Result<String>> {
        Box::pin(async move { Ok(format!("plain:{password}")) })
    }

    fn verify(&self, password: String, phc: Option<String>) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async move { Ok(phc == Some(format!("plain:{password}"))) })
    }
}

/// Blobs in memory.
#[derive(Default)]
struct MemoryBlobs(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

struct MemoryDraft(Arc<Mutex<BTreeMap<String, Vec<u8>>>>, Vec<u8>);

impl Draft for MemoryDraft {
    fn append(&mut self, bytes: bytes::Bytes) -> BoxFuture<'_, anyhow::Result<()>> {
        self.1.extend_from_slice(&bytes);
        Box::pin(async { Ok(()) })
    }

    fn finish<'a>(self: Box<Self>, name: &'a str) -> BoxFuture<'a, anyhow::Result<()>> {
        self.0.lock().expect("no panic").insert(name.to_owned(), self.1);
        Box::pin(async { Ok(()) })
    }
}

impl Blobs for MemoryBlobs {
    fn begin(&self) -> BoxFuture<'_, anyhow::Result<Box<dyn Draft>>> {
        let draft = MemoryDraft(self.0.clone(), Vec::new());
        Box::pin(async { Ok(Box::new(draft) as Box<dyn Draft>) })
    }

    fn read<'a>(
        &'a self,
        name: &'a str,
        offset: u64,
        most: usize,
    ) -> BoxFuture<'a, anyhow::Result<Option<bytes::Bytes>>> {
        let blobs = self.0.lock().expect("no panic");
        let part = blobs.get(name).map(|blob| {
            blob.iter().skip(offset as usize).take(most).copied().collect::<bytes::Bytes>()
        });
        Box::pin(async { Ok(part) })
    }

    fn size<'a>(&'a self, name: &'a str) -> BoxFuture<'a, anyhow::Result<Option<u64>>> {
        let size = self.0.lock().expect("no panic").get(name).map(|blob| blob.len() as u64);
        Box::pin(async move { Ok(size) })
    }

    fn remove<'a>(&'a self, name: &'a str) -> BoxFuture<'a, anyhow::Result<()>> {
        self.0.lock().expect("no panic").remove(name);
        Box::pin(async { Ok(()) })
    }

    fn list(&self) -> BoxFuture<'_, anyhow::Result<Vec<String>>> {
        let names = self.0.lock().expect("no panic").keys().cloned().collect();
        Box::pin(async { Ok(names) })
    }
}
