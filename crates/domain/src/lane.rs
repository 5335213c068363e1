//! The order of things: decide in a lane, enqueue, commit, publish. Nothing else publishes.
//!
//! A lane is held while an operation reads, decides and enqueues; the place in the queue is its
//! place in the order. One writer takes what is queued, commits it at once, publishes in queue
//! order
//! and then answers. So 64 senders share one fsync, in one channel too.
//!
//! Structure of a guild (roles, channels, bans) holds its lane until it is on disk and published:
//! whoever comes after decides by what the cache then knows. It is rare, and never slow for others.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use proto::{Id, marker};
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};
use tokio::sync::{mpsc, oneshot};

use crate::{
    App,
    bus::{Event, Published},
    reject::{Error, Reject},
    rows::{EventRow, MetaRow},
    search,
    store::{Batch, CommitError, Conflict, Entity, Op},
};

/// Lanes are striped: two things that fall on one stripe wait for each other now and then, and
/// nothing has to be forgotten. Power of two.
const STRIPES: usize = 4_096;

/// Name of the id high-water mark among the meta rows.
pub const IDS_MARK: &str = "ids_mark";

pub struct Lanes {
    guilds: Vec<Arc<RwLock<()>>>,
    narrow: Vec<Arc<Mutex<()>>>,
    queue: mpsc::Sender<Item>,
    ticket: AtomicU64,
}

/// The right to decide about something. One at a time: a second one could wait for the first.
#[must_use]
pub struct Lane<'a> {
    app: &'a App,
    held: Held,
}

/// Dropped in the order of the fields: narrow before wide.
#[derive(Default)]
struct Held {
    _narrow: Option<OwnedMutexGuard<()>>,
    _shared: Vec<OwnedRwLockReadGuard<()>>,
    whole: Option<OwnedRwLockWriteGuard<()>>,
}

struct Item {
    ticket: u64,
    batch: Batch,
    events: Vec<Event>,
    /// Structure: kept until it is published.
    whole: Option<OwnedRwLockWriteGuard<()>>,
    answer: oneshot::Sender<Result<(), Reject>>,
}

/// A place in the queue.
#[must_use = "nothing is promised before it is durable"]
pub struct Receipt(Result<oneshot::Receiver<Result<(), Reject>>, Reject>);

/// The writer's end of the queue.
pub struct Queue(mpsc::Receiver<Item>);

impl Lanes {
    /// `most`: how many batches may wait for the disk.
    pub fn new(most: usize) -> (Self, Queue) {
        let (queue, items) = mpsc::channel(most);
        let lanes = Self {
            guilds: (0..STRIPES).map(|_| Arc::default()).collect(),
            narrow: (0..STRIPES).map(|_| Arc::default()).collect(),
            queue,
            ticket: AtomicU64::new(1),
        };
        (lanes, Queue(items))
    }

    async fn narrow(&self, of: impl Hash) -> OwnedMutexGuard<()> {
        self.narrow[stripe(of)].clone().lock_owned().await
    }
}

fn stripe(of: impl Hash) -> usize {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish() as usize % STRIPES
}

impl App {
    /// Structure of a guild: alone in it, until what is enqueued is published.
    pub async fn lane_guild(&self, guild: Id<marker::Guild>) -> Lane<'_> {
        let whole = self.lanes.guilds[stripe(guild)].clone().write_owned().await;
        Lane { app: self, held: Held { whole: Some(whole), ..Held::default() } }
    }

    /// Messages of a channel: alone in it, beside others in the guild.
    pub async fn lane_channel(
        &self,
        guild: Option<Id<marker::Guild>>,
        channel: Id<marker::Channel>,
    ) -> Lane<'_> {
        let shared = match guild {
            Some(guild) => vec![self.lanes.guilds[stripe(guild)].clone().read_owned().await],
            None => Vec::new(),
        };
        let narrow = Some(self.lanes.narrow(("channel", channel)).await);
        Lane { app: self, held: Held { _narrow: narrow, _shared: shared, whole: None } }
    }

    /// One person in a guild: joins and leaves go on beside each other.
    pub async fn lane_member(&self, guild: Id<marker::Guild>, user: Id<marker::User>) -> Lane<'_> {
        self.lane_everywhere(user, &[guild]).await
    }

    /// One person in all these guilds at once: what they are called and whether they are there.
    pub async fn lane_everywhere(
        &self,
        user: Id<marker::User>,
        guilds: &[Id<marker::Guild>],
    ) -> Lane<'_> {
        // In one order and each stripe once, so that two of these never wait for each other.
        let stripes: std::collections::BTreeSet<_> = guilds.iter().map(stripe).collect();
        let mut shared = Vec::with_capacity(stripes.len());
        for stripe in stripes {
            shared.push(self.lanes.guilds[stripe].clone().read_owned().await);
        }
        let narrow = Some(self.lanes.narrow(("user", user)).await);
        Lane { app: self, held: Held { _narrow: narrow, _shared: shared, whole: None } }
    }

    /// Uses of an invite of a guild: one at a time, beside other joins and leaves.
    pub async fn lane_invite(&self, guild: Id<marker::Guild>, code: &str) -> Lane<'_> {
        let shared = vec![self.lanes.guilds[stripe(guild)].clone().read_owned().await];
        let narrow = Some(self.lanes.narrow(("invite", code)).await);
        Lane { app: self, held: Held { _narrow: narrow, _shared: shared, whole: None } }
    }

    /// One person: account, logins, direct messages.
    pub async fn lane_user(&self, user: Id<marker::User>) -> Lane<'_> {
        let narrow = Some(self.lanes.narrow(("user", user)).await);
        Lane { app: self, held: Held { _narrow: narrow, ..Held::default() } }
    }

    /// Anything with a name of its own: an invite's uses, a pair of people.
    pub async fn lane_named(&self, kind: &'static str, name: impl Hash) -> Lane<'_> {
        let narrow = Some(self.lanes.narrow((kind, name)).await);
        Lane { app: self, held: Held { _narrow: narrow, ..Held::default() } }
    }

    /// Tells of something that is not stored, in order with what is: typing, presence.
    /// Dropped if too much waits: it would be stale anyway.
    pub fn announce(&self, event: Event) {
        let (answer, _) = oneshot::channel();
        let item =
            Item { ticket: 0, batch: Batch::new(), events: vec![event], whole: None, answer };
        let _ = self.lanes.queue.try_send(item);
    }

    /// Waits until everything enqueued before is published.
    pub async fn flushed(&self) -> Result<(), Error> {
        let (answer, done) = oneshot::channel();
        let item = Item { ticket: 0, batch: Batch::new(), events: Vec::new(), whole: None, answer };
        self.lanes.queue.send(item).await.map_err(|_| Error::Reject(Reject::Busy))?;
        done.await.map_err(|_| Error::Reject(Reject::Busy))?.map_err(Error::Reject)
    }
}

impl Lane<'_> {
    /// Gives the changes and their events their place in the order, and the lane back.
    pub fn enqueue(self, mut batch: Batch, events: Vec<Event>) -> Receipt {
        search::note(self.app, &mut batch);
        let lanes = &self.app.lanes;
        let ticket = lanes.ticket.fetch_add(1, Ordering::SeqCst);
        let (answer, done) = oneshot::channel();
        // The place is taken before the rows are shown: a full queue must leave nothing behind.
        let Ok(place) = lanes.queue.try_reserve() else {
            return Receipt(Err(Reject::Busy));
        };
        self.app.store.hold(ticket, &batch.ops);
        place.send(Item { ticket, batch, events, whole: self.held.whole, answer });
        Receipt(Ok(done))
    }
}

impl Receipt {
    /// Waits until it is on disk and published. A lost race is `Reject::Conflict`.
    pub async fn durable(self) -> Result<(), Error> {
        let lost = || Reject::Busy;
        let answer = self.0?.await.map_err(|_| lost())?;
        answer.map_err(Error::Reject)
    }

    /// The same for a caller that decides what a conflict means.
    pub async fn durable_or_conflict(self) -> Result<Result<(), Conflict>, Error> {
        match self.durable().await {
            Ok(()) => Ok(Ok(())),
            Err(Error::Reject(Reject::Conflict(conflict))) => Ok(Err(conflict)),
            Err(error) => Err(error),
        }
    }
}

/// The one writer. Ends when the app is gone (`Ok`) or the disk broke: then the process must end.
pub async fn write(app: Arc<App>, mut queue: Queue) -> anyhow::Result<()> {
    let mut next = app.first_number;
    let mut mark = 0;
    while let Some(first) = queue.0.recv().await {
        let mut group = vec![first];
        while group.len() < app.limits.commit_batches {
            let Ok(item) = queue.0.try_recv() else { break };
            group.push(item);
        }
        let numbers = number(&group, &mut next);
        let outcome = commit(&app, &group, &numbers, &mut mark).await?;
        finish(&app, group, numbers, outcome);
    }
    Ok(())
}

/// The number of each item's first event.
fn number(group: &[Item], next: &mut u64) -> Vec<u64> {
    let mut numbers = Vec::with_capacity(group.len());
    for item in group {
        numbers.push(*next);
        *next += item.events.len() as u64;
    }
    numbers
}

type Outcome = Vec<Result<Vec<Arc<Published>>, Reject>>;

/// Commits what has changes. Events are encoded here, once, for the log and for the sessions.
async fn commit(
    app: &App,
    group: &[Item],
    numbers: &[u64],
    mark: &mut u64,
) -> anyhow::Result<Outcome> {
    let at = app.clock.now();
    let mut outcome: Outcome = Vec::with_capacity(group.len());
    let (mut batches, mut places) = (Vec::new(), Vec::new());
    for (item, number) in group.iter().zip(numbers) {
        let numbered = item.events.iter().zip(*number..);
        let published: Vec<_> = numbered
            .map(|(event, number)| Arc::new(Published::new(number, at, event.clone())))
            .collect();
        if !item.batch.ops.is_empty() {
            let mut batch = item.batch.clone();
            let logged = published.iter().filter_map(|event| log_row(event));
            batch.ops.extend(logged.map(|row| Op::Put(EventRow::TABLE, row.to_row())));
            batches.push(batch);
            places.push(outcome.len());
        }
        outcome.push(Ok(published));
    }
    if batches.is_empty() {
        return Ok(outcome);
    }
    if app.ids.last() > *mark {
        // Ids are given out only below a mark on disk; it is written with what uses them.
        *mark = app.ids.mark();
        let row = MetaRow { name: IDS_MARK.to_owned(), value: (*mark).into() };
        batches[0].ops.push(Op::Put(MetaRow::TABLE, row.to_row()));
    }
    match app.store.store().commit(batches).await {
        Ok(results) => {
            for (place, result) in places.into_iter().zip(results) {
                if let Err(conflict) = result {
                    *mark = 0;
                    outcome[place] = Err(Reject::Conflict(conflict));
                }
            }
        }
        Err(CommitError::Full) => {
            *mark = 0;
            for place in places {
                outcome[place] = Err(Reject::StorageFull);
            }
        }
        Err(CommitError::Broken(fault)) => return Err(fault),
    }
    Ok(outcome)
}

fn log_row(published: &Published) -> Option<EventRow> {
    let Event::Dispatch(audience, dispatch) = &published.event else {
        return None;
    };
    Some(EventRow {
        number: published.number as i64,
        at: published.at,
        audience: audience.clone(),
        t: dispatch.name().to_owned(),
        d: published.data(),
    })
}

/// Shows the changes, publishes, answers; item by item, in queue order.
fn finish(app: &App, group: Vec<Item>, numbers: Vec<u64>, outcome: Outcome) {
    debug_assert_eq!(group.len(), numbers.len());
    for (item, result) in group.into_iter().zip(outcome) {
        let answer = match result {
            Ok(published) => {
                let gate = app.gate.hold();
                if let Err(fault) = app.cache.apply(&item.batch.ops) {
                    tracing::error!(error = ?fault, "cannot follow a committed row");
                }
                for event in &published {
                    app.bus.publish(event);
                }
                drop(gate);
                Ok(())
            }
            Err(reject) => Err(reject),
        };
        app.store.release(item.ticket, &item.batch.ops);
        drop(item.whole);
        // Nobody waits any more if the request was given up; it is done all the same.
        let _ = item.answer.send(answer);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize};

    use proto::message::CreateMessage;

    use super::*;
    use crate::{
        message,
        rows::{MessageRow, SlugRow},
        store::{BoxFuture, Key, Row, Scan, Search, Store, Table, Value, memory::MemoryStore},
        testing::World,
    };

    /// A disk that takes its time, counts its commits, and can be full.
    struct SlowDisk {
        inner: Arc<MemoryStore>,
        commits: AtomicUsize,
        full: AtomicBool,
    }

    impl Store for SlowDisk {
        fn get<'a>(
            &'a self,
            table: &'static Table,
            key: &'a [Value],
        ) -> BoxFuture<'a, anyhow::Result<Option<Row>>> {
            self.inner.get(table, key)
        }
        fn get_many<'a>(
            &'a self,
            table: &'static Table,
            keys: &'a [Key],
        ) -> BoxFuture<'a, anyhow::Result<Vec<Option<Row>>>> {
            self.inner.get_many(table, keys)
        }
        fn scan<'a>(&'a self, scan: &'a Scan) -> BoxFuture<'a, anyhow::Result<Vec<Row>>> {
            self.inner.scan(scan)
        }
        fn search<'a>(&'a self, search: &'a Search) -> BoxFuture<'a, anyhow::Result<Vec<i64>>> {
            self.inner.search(search)
        }
        fn commit<'a>(
            &'a self,
            group: Vec<Batch>,
        ) -> BoxFuture<'a, Result<Vec<Result<(), Conflict>>, CommitError>> {
            Box::pin(async move {
                self.commits.fetch_add(1, Ordering::SeqCst);
                for _ in 0..50 {
                    tokio::task::yield_now().await;
                }
                if self.full.load(Ordering::SeqCst) {
                    return Err(CommitError::Full);
                }
                self.inner.commit(group).await
            })
        }
    }

    async fn slow_world() -> (World, Arc<SlowDisk>) {
        let inner = Arc::new(MemoryStore::new());
        let disk = Arc::new(SlowDisk {
            inner: inner.clone(),
            commits: AtomicUsize::new(0),
            full: AtomicBool::new(false),
        });
        (World::with(inner, disk.clone(), proto::Limits::default()).await, disk)
    }

    fn text(content: usize) -> CreateMessage {
        CreateMessage { content: Some(content.to_string()), ..Default::default() }
    }

    #[tokio::test]
    async fn senders_of_one_channel_share_commits_and_keep_their_order() {
        let (world, disk) = slow_world().await;
        let alice = world.person("alice").await;
        let room = world.guild(&[&alice]).await;
        let app = &world.app;
        app.guild(room.id).await.expect("active");
        let before = disk.commits.load(Ordering::SeqCst);
        let sends = (0..64).map(|n| {
            let (app, here) = (app.clone(), room.general);
            tokio::spawn(async move {
                message::send(&app, &alice, here, text(n), vec![]).await.expect("sent").id
            })
        });
        let sends: Vec<_> = sends.collect();
        for send in sends {
            send.await.expect("no panic");
        }
        let commits = disk.commits.load(Ordering::SeqCst) - before;
        assert!(commits <= 8, "64 messages in {commits} commits");

        let told: Vec<_> = world.events();
        assert!(told.windows(2).all(|pair| pair[0].0 < pair[1].0), "numbers grow");
        let ids: Vec<_> = told.iter().filter_map(|(_, dispatch)| message_id(dispatch)).collect();
        assert_eq!(ids.len(), 64);
        assert!(ids.is_sorted(), "told in the order of the ids");
    }

    fn message_id(dispatch: &Option<proto::gateway::Dispatch>) -> Option<Id<marker::Message>> {
        match dispatch {
            Some(proto::gateway::Dispatch::MessageCreate(message)) => Some(message.id),
            _ => None,
        }
    }

    #[tokio::test]
    async fn a_lost_race_undoes_only_its_own_batch_and_is_told_to_nobody() {
        let (world, _) = slow_world().await;
        let app = &world.app;
        let slug = |guild: u64| SlugRow {
            slug: "lobby".to_owned(),
            guild_id: Id::new(guild).expect("an id"),
        };
        let event = |user: u64| {
            let gone = proto::guild::UnavailableGuild {
                id: Id::new(user).expect("an id"),
                unavailable: None,
            };
            Event::to_users([], proto::gateway::Dispatch::GuildDelete(gone))
        };
        let insert = async |name: &str, guild: u64| {
            let lane = app.lane_named("slug", name).await;
            lane.enqueue(Batch::new().insert(&slug(guild)), vec![event(guild)])
                .durable_or_conflict()
                .await
                .expect("no other trouble")
        };
        // Two lanes, so that both are decided before either is on disk.
        let (first, second) = tokio::join!(insert("one", 1), insert("two", 2));
        assert_eq!(first, Ok(()));
        assert_eq!(second, Err(Conflict { table: "slug", index: None }));
        assert_eq!(world.saw(), ["GUILD_DELETE"]);
        let kept = app.store.get::<SlugRow>("lobby").await.expect("read").expect("there");
        assert_eq!(kept.guild_id.get(), 1, "the loser's row waits no longer");
    }

    #[tokio::test]
    async fn a_full_disk_refuses_and_recovers() {
        let (world, disk) = slow_world().await;
        let alice = world.person("alice").await;
        let room = world.guild(&[&alice]).await;
        let (app, here) = (&world.app, room.general);
        disk.full.store(true, Ordering::SeqCst);
        let refused = message::send(app, &alice, here, text(1), vec![]).await;
        assert!(matches!(refused, Err(Error::Reject(Reject::StorageFull))));
        assert_eq!(world.saw(), [] as [&str; 0]);
        let all = || Scan::of::<MessageRow>();
        assert_eq!(app.store.scan::<MessageRow>(all()).await.expect("read"), []);
        disk.full.store(false, Ordering::SeqCst);
        message::send(app, &alice, here, text(2), vec![]).await.expect("sent");
        assert_eq!(app.disk.scan::<MessageRow>(all()).await.expect("read").len(), 1);
    }

    #[tokio::test]
    async fn a_request_given_up_is_done_all_the_same() {
        let (world, _) = slow_world().await;
        let alice = world.person("alice").await;
        let room = world.guild(&[&alice]).await;
        let (app, here) = (world.app.clone(), room.general);
        app.guild(room.id).await.expect("active");
        let send = message::send(&app, &alice, here, text(1), vec![]);
        let given_up = async {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! { biased; _ = given_up => {}, _ = send => panic!("too fast") }
        message::send(&app, &alice, here, text(2), vec![]).await.expect("sent");
        assert_eq!(world.saw(), ["MESSAGE_CREATE", "MESSAGE_CREATE"]);
    }

    #[tokio::test]
    async fn the_log_says_what_was_told_and_numbers_never_come_again() {
        let world = World::new().await;
        let alice = world.person("alice").await;
        let room = world.guild(&[&alice]).await;
        message::send(&world.app, &alice, room.general, text(1), vec![]).await.expect("sent");
        let told = world.published();
        let log = world.app.disk.scan::<EventRow>(Scan::of::<EventRow>()).await.expect("read");
        assert_eq!(log.len(), 1);
        assert_eq!(log[0].number as u64, told[0].number);
        let full = proto::gateway::Shape { content: true, osc: true };
        let tail = told[0].tail(full).expect("everybody may get it");
        let again = format!(",\"t\":\"{}\",\"d\":{}}}", log[0].t, log[0].d.0.get());
        assert_eq!(std::str::from_utf8(&tail).expect("JSON"), again);

        let reopened = World::over(world.store.clone()).await;
        assert!(reopened.app.first_number > told[0].number);
        let next: Id<marker::Message> = reopened.app.ids.next();
        assert!(next.get() > world.app.ids.last(), "ids go on above all that were given");
    }
}
