//! Events: what happened, and who may hear of it.
//!
//! Publishing always goes through the bus and comes back, also on one node, so that many nodes are
//! a configuration and not a second code path.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, RwLock};

use bytes::Bytes;
use proto::{
    Id, Permissions, Timestamp,
    gateway::{Dispatch, Shape},
    marker,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::rows::Raw;

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Told to sessions.
    Dispatch(Audience, Dispatch),
    /// These logins end; their sessions are closed. Told to nobody.
    LoginsRevoked(Vec<Id<marker::Session>>),
    /// This bot lost a privileged intent; its sessions are closed. Told to nobody.
    IntentsTaken(Id<marker::User>),
}

/// Who may hear of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Audience {
    /// All members.
    Guild(Id<marker::Guild>),
    /// Members with these permissions.
    GuildWith(Id<marker::Guild>, Permissions),
    /// Members who can view the channel.
    Channel(Id<marker::Guild>, Id<marker::Channel>),
    /// Of the members who can view `parent` those who are in its private thread, or manage threads.
    Thread {
        guild: Id<marker::Guild>,
        parent: Id<marker::Channel>,
        thread: Id<marker::Channel>,
        /// Who was in it: of an archived one, and who is just being taken out.
        also: Vec<Id<marker::User>>,
    },
    /// These members.
    Within(Id<marker::Guild>, Vec<Id<marker::User>>),
    /// These people, wherever they are.
    Users(Vec<Id<marker::User>>),
}

impl Audience {
    pub fn guild(&self) -> Option<Id<marker::Guild>> {
        match self {
            Self::Guild(guild)
            | Self::GuildWith(guild, _)
            | Self::Channel(guild, _)
            | Self::Thread { guild, .. }
            | Self::Within(guild, _) => Some(*guild),
            Self::Users(_) => None,
        }
    }
}

impl Event {
    pub fn to_guild(guild: Id<marker::Guild>, dispatch: Dispatch) -> Self {
        Self::Dispatch(Audience::Guild(guild), dispatch)
    }

    pub fn to_users(users: impl IntoIterator<Item = Id<marker::User>>, dispatch: Dispatch) -> Self {
        Self::Dispatch(Audience::Users(users.into_iter().collect()), dispatch)
    }
}

/// An event with its place in the order of all.
#[derive(Debug)]
pub struct Published {
    /// Node-wide, increasing, not gapless.
    pub number: u64,
    pub at: Timestamp,
    pub event: Event,
    encoded: [OnceLock<Option<Bytes>>; 4],
}

impl Published {
    pub fn new(number: u64, at: Timestamp, event: Event) -> Self {
        Self { number, at, event, encoded: Default::default() }
    }

    /// Its data in the fullest shape, as the log keeps it.
    pub fn data(&self) -> Raw {
        let tail = self.tail(Shape { content: true, osc: true }).unwrap_or_default();
        let name = match &self.event {
            Event::Dispatch(_, dispatch) => dispatch.name().len(),
            Event::LoginsRevoked(_) | Event::IntentsTaken(_) => 0,
        };
        // `,"t":"NAME","d":` stands before it and one brace after it.
        let data = tail.get(r#","t":"","d":"#.len() + name..tail.len().saturating_sub(1));
        let text = std::str::from_utf8(data.unwrap_or(b"null")).unwrap_or("null");
        Raw(RawValue::from_string(text.to_owned()).expect("an encoded event is JSON"))
    }

    /// The tail of its frame in this shape (see `Dispatch::encode`), encoded once and shared.
    pub fn tail(&self, shape: Shape) -> Option<Bytes> {
        let Event::Dispatch(_, dispatch) = &self.event else {
            return None;
        };
        let encode = || dispatch.encode(shape).map(Bytes::from);
        self.encoded[shape.index()].get_or_init(encode).clone()
    }
}

/// Hears what was published, in order. Must be quick: it runs between two commits.
pub trait Listener: Send + Sync {
    fn hear(&self, published: &Arc<Published>);
}

/// Carries events to all who listen.
pub trait Bus: Send + Sync {
    fn publish(&self, published: &Arc<Published>);
    fn subscribe(&self, listener: Arc<dyn Listener>);
}

/// The bus of one node.
#[derive(Default)]
pub struct LocalBus {
    listeners: RwLock<Vec<Arc<dyn Listener>>>,
}

impl Bus for LocalBus {
    fn publish(&self, published: &Arc<Published>) {
        for listener in self.listeners.read().expect("no panic while locked").iter() {
            listener.hear(published);
        }
    }

    fn subscribe(&self, listener: Arc<dyn Listener>) {
        self.listeners.write().expect("no panic while locked").push(listener);
    }
}

/// Holds publishing while a session registers and takes its snapshot, so that it neither misses
/// an event nor sees one twice. Held for a copy, never across an await.
#[derive(Default)]
pub struct Gate(Mutex<()>);

impl Gate {
    pub fn hold(&self) -> MutexGuard<'_, ()> {
        // A panic of one holder must not silence the server: the guarded state is ().
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
