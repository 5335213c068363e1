//! What a shard keeps of a socket and of a session, and how frames get from one to the other.
//!
//! The protocol itself is the machine's (`proto::gateway::session`); here is what it is told and
//! where its outputs go. A session outlives its sockets, so the two are kept apart.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use domain::{Actor, ready::Wants, rows::UserRow};
use proto::{
    Id,
    gateway::{
        Intents, RequestGuildMembers, Shape,
        command::PresenceCommand,
        session::{self, Session},
    },
    marker,
    websocket::{Opcode, encode},
};

use super::{
    packing::{Packing, Transport},
    parcel::{self, Parcel, STEP},
    rooms::RoomId,
    socket::Socket,
};
use crate::net::Slot;

/// Queued bytes below which more of a snapshot or a replay is made.
pub const LOW_WATER: usize = 64 << 10;
/// Queued bytes above which typing and presence are left out.
const SHED: usize = 32 << 10;
/// Events held for a session whose READY is being made.
pub const HELD: usize = 1_024;

/// Base of addresses in answers, without a slash at its end.
pub type Base = Arc<str>;

/// The window in which changes of presence are counted.
const PRESENCE_WINDOW: Duration = Duration::from_secs(20);

/// The window in which requests for all members are counted.
const MEMBERS_WINDOW: Duration = Duration::from_secs(60);

/// How long a client waits that asks faster than it reads.
const BEHIND: Duration = Duration::from_secs(5);

/// Guilds remembered as lost.
const GONE: usize = 256;

/// A socket after its upgrade.
pub struct Line {
    pub socket: Socket,
    /// The session that uses it.
    pub peer: Option<usize>,
    pub packing: Option<Box<Packing>>,
    /// What the client asked for in the address: `seq=shared`.
    pub shared: bool,
    /// The login of the page that opened it, if it may be used.
    pub cookie: Option<Box<str>>,
    /// Frames behind a snapshot or a replay, in order.
    backlog: VecDeque<Item>,
    /// Bytes of those that were not there when the replay began.
    backlog_bytes: usize,
    /// Base of addresses as this client knows them.
    pub base: Base,
    /// Its place among all connections.
    pub slot: Option<Arc<Slot>>,
    /// Something was queued since the last flush.
    pub dirty: bool,
}

/// A frame on its way.
#[derive(Debug, Clone)]
pub enum Item {
    /// A control frame's text.
    Control(Bytes),
    /// A dispatch with a number of its own.
    Dispatch { s: u64, tail: Bytes },
    /// A whole frame that others get as well.
    Shared { frame: Bytes, s: u64, tail: Bytes },
}

impl Line {
    pub fn new(socket: Socket, shared: bool, transport: Transport, base: Base) -> Self {
        Self {
            socket,
            peer: None,
            packing: Packing::of(transport),
            shared,
            cookie: None,
            backlog: VecDeque::new(),
            backlog_bytes: 0,
            base,
            slot: None,
            dirty: false,
        }
    }

    /// Queues a frame, in order. False: the reader is too slow to be kept.
    pub fn emit(&mut self, item: Item, most: usize) -> bool {
        self.dirty = true;
        if self.backlog.is_empty() {
            self.write(&item, false);
            return true;
        }
        self.backlog_bytes += item.len();
        self.backlog.push_back(item);
        self.backlog_bytes <= most
    }

    /// Queues a part of a snapshot or replay: bounded by who makes it, not by the reader's speed.
    pub fn emit_snapshot(&mut self, item: Item) {
        self.dirty = true;
        if self.backlog.is_empty() && self.socket.queued_bytes() < LOW_WATER {
            self.write(&item, true);
        } else {
            self.backlog.push_back(item);
        }
    }

    /// Moves what waits to the socket, as far as it should take it.
    pub fn drain(&mut self) {
        while self.socket.queued_bytes() < LOW_WATER && self.socket.is_open() {
            let Some(item) = self.backlog.pop_front() else { break };
            self.backlog_bytes = self.backlog_bytes.saturating_sub(item.len());
            self.write(&item, true);
        }
        if self.backlog.is_empty() {
            self.backlog = VecDeque::new();
            self.backlog_bytes = 0;
        }
    }

    /// More of a snapshot may be made.
    pub fn has_room(&self) -> bool {
        self.backlog.is_empty() && self.socket.is_open() && self.socket.queued_bytes() < LOW_WATER
    }

    pub fn has_backlog(&self) -> bool {
        !self.backlog.is_empty()
    }

    /// Too far behind for what will be stale when it is read.
    pub fn sheds(&self) -> bool {
        self.has_backlog() || self.socket.queued_bytes() > SHED
    }

    fn write(&mut self, item: &Item, snapshot: bool) {
        let out = self.socket.out();
        let packed = self.packing.as_mut().and_then(|packing| match item {
            Item::Control(text) => packing.frame([text, &[]]),
            Item::Dispatch { s, tail } | Item::Shared { s, tail, .. } => {
                packing.frame([session::prefix(*s).as_bytes(), tail])
            }
        });
        if let Some(frame) = packed {
            return if snapshot { out.push_snapshot(frame) } else { out.push(frame) };
        }
        match item {
            Item::Control(text) => out.push_snapshot(encode::frame(Opcode::Text, text)),
            Item::Dispatch { s, tail } if snapshot => {
                out.push_snapshot(parcel::text_frame(*s, tail));
            }
            Item::Dispatch { s, tail } => {
                out.push2(&parcel::own_prefix(*s, tail.len()), tail.clone());
            }
            Item::Shared { frame, .. } if snapshot => out.push_snapshot(frame.clone()),
            Item::Shared { frame, .. } => out.push(frame.clone()),
        }
    }
}

impl Item {
    fn len(&self) -> usize {
        match self {
            Self::Control(bytes) => bytes.len(),
            Self::Dispatch { tail, .. } | Self::Shared { tail, .. } => tail.len(),
        }
    }
}

/// A session, or the beginning of one.
pub struct Peer {
    pub machine: Session,
    /// Answers of the clerk name it, so that they do not reach whoever got the same place later.
    pub generation: u32,
    pub line: Option<usize>,
    pub live: Option<Box<Live>>,
}

/// Who a session is of, and what it asked for.
pub struct Who {
    pub actor: Actor,
    pub row: Arc<UserRow>,
    /// The session's id: a secret.
    pub name: String,
    pub intents: Intents,
    pub osc: bool,
    pub shared: bool,
    /// Long messages are packed, each by itself, unless the connection packs them all.
    pub compress: bool,
    pub shard: Option<[u32; 2]>,
    pub wants: Wants,
    pub says: PresenceCommand,
    pub base: Base,
}

/// A session that is known.
pub struct Live {
    pub who: Who,
    /// Names it among all of the node.
    pub key: u64,
    pub shape: Shape,
    /// READY is out. Until then events are held.
    pub started: bool,
    /// Others were told that somebody is there: after the guilds, so that all of one's sessions
    /// hear it in the same order.
    pub announced: bool,
    pub held: Vec<Arc<Parcel>>,
    pub links: Vec<Link>,
    /// Guilds whose GUILD_CREATE is to be made.
    pub pending: VecDeque<Id<marker::Guild>>,
    /// The first of them is being loaded.
    pub loading: bool,
    /// Guilds it lost before READY, or lost while it may not have heard.
    pub gone: Vec<(Id<marker::Guild>, u64)>,
    /// The last shared number.
    pub top: u64,
    /// The place in voice and the stay's name.
    pub voice: Option<(Id<marker::Guild>, String)>,
    /// Requests for members, one at a time.
    pub asked: VecDeque<RequestGuildMembers>,
    pub chunks: Option<Chunks>,
    /// When the window of requests for all members began, and how many there were.
    pub member_requests: (Instant, u32),
    pub detached_at: Option<Instant>,
    /// When the window of changes of presence began, and how many there were.
    pub presences: (Instant, u32),
    /// Others have not heard the newest one yet.
    pub unsaid: bool,
    pub saved_at: Instant,
}

/// A guild that a session listens to.
#[derive(Debug)]
pub struct Link {
    pub guild: Id<marker::Guild>,
    pub room: RoomId,
    /// The shared number with which it got the guild: who resumes from before never had it.
    pub made_at: u64,
    /// The shared number of the last thing that only this session was told of it. Who resumes from
    /// before it gets the guild anew.
    pub told_at: u64,
}

/// Members on their way, as the socket drains.
pub struct Chunks {
    pub request: RequestGuildMembers,
    pub ids: Vec<Id<marker::User>>,
    pub not_found: Vec<String>,
    pub next: usize,
    /// A page is being loaded.
    pub waiting: bool,
}

impl Live {
    pub fn new(who: Who, key: u64, now: Instant) -> Self {
        let content = who.intents.contains(Intents::MESSAGE_CONTENT);
        Self {
            shape: Shape { content, osc: who.osc },
            who,
            key,
            started: false,
            announced: false,
            held: Vec::new(),
            links: Vec::new(),
            pending: VecDeque::new(),
            loading: false,
            gone: Vec::new(),
            top: 0,
            voice: None,
            asked: VecDeque::new(),
            chunks: None,
            member_requests: (now, 0),
            detached_at: None,
            presences: (now, 0),
            unsaid: false,
            saved_at: now,
        }
    }

    pub fn user(&self) -> Id<marker::User> {
        self.who.actor.user
    }

    /// Whether others hear of a change of presence at once. Else the newest one is told later.
    pub fn may_say(&mut self, now: Instant, most: u32) -> bool {
        if now >= self.presences.0 + PRESENCE_WINDOW {
            self.presences = (now, 0);
        }
        self.presences.1 += 1;
        self.unsaid = self.presences.1 > most;
        !self.unsaid
    }

    /// Whether a request for members is taken; else how long to wait with it.
    pub fn may_ask(
        &mut self,
        now: Instant,
        request: &RequestGuildMembers,
        most: u32,
    ) -> Result<(), Duration> {
        if self.asked.len() >= most as usize {
            return Err(BEHIND);
        }
        let named = !request.user_ids.is_empty() || request.limit > 0;
        if named || request.query.as_ref().is_some_and(|query| !query.is_empty()) {
            return Ok(());
        }
        let (begun, count) = &mut self.member_requests;
        if now >= *begun + MEMBERS_WINDOW {
            (*begun, *count) = (now, 0);
        }
        if *count >= most {
            return Err(*begun + MEMBERS_WINDOW - now);
        }
        *count += 1;
        Ok(())
    }

    /// A change that had to wait, and may be told now.
    pub fn says_late(&mut self, now: Instant) -> bool {
        let late = self.unsaid && now >= self.presences.0 + PRESENCE_WINDOW;
        if late {
            (self.presences, self.unsaid) = ((now, 1), false);
        }
        late
    }

    pub fn link(&mut self, guild: Id<marker::Guild>) -> Option<&mut Link> {
        self.links.iter_mut().find(|link| link.guild == guild)
    }

    pub fn is_linked(&self, guild: Id<marker::Guild>) -> bool {
        self.links.iter().any(|link| link.guild == guild)
    }

    /// Whether a guild belongs to this session's share of a large bot.
    pub fn has_share(&self, guild: Id<marker::Guild>) -> bool {
        let share = |[at, of]: [u32; 2]| (guild.get() >> 22) % u64::from(of) == u64::from(at);
        self.who.shard.is_none_or(share)
    }

    /// Direct messages go to the first shard of a bot.
    pub fn has_direct_messages(&self) -> bool {
        self.who.shard.is_none_or(|[at, _]| at == 0)
    }

    /// Makes a guild's GUILD_CREATE, unless that is to be done already.
    pub fn want(&mut self, guild: Id<marker::Guild>) {
        if !self.pending.contains(&guild) {
            self.pending.push_back(guild);
        }
    }

    /// Remembers that it was told of a guild's end, for a resume from before.
    pub fn lost(&mut self, guild: Id<marker::Guild>, told_at: u64) {
        if self.gone.len() >= GONE {
            self.gone.remove(0);
        }
        self.gone.push((guild, told_at));
    }

    /// The number of something only this session is told: between two events.
    pub fn own_number(&mut self, number: u64) -> u64 {
        let base = self.top.max(number * STEP);
        let full = base % STEP == STEP - 1;
        self.top = if full { base } else { base + 1 };
        self.top
    }

    /// What its clients in this event get; `None` if nothing.
    pub fn shape_for(&self, parcel: &Parcel) -> Option<Shape> {
        let (_, dispatch) = parcel.dispatch()?;
        if !dispatch.is_meant_for(self.user(), self.who.intents) {
            return None;
        }
        let content = self.shape.content || parcel::is_entitled(dispatch, self.user());
        Some(Shape { content, ..self.shape })
    }
}
