//! Who listens to what: takes each event once, decides once per visibility class, and tells each
//! shard once.
//!
//! It hears events in their order, under the publish gate, and knows for each guild who is
//! connected. Changes of structure become CHANNEL_CREATE and CHANNEL_DELETE for those who gained or
//! lost sight of a channel; a join becomes a GUILD_CREATE, a leave a GUILD_DELETE.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use domain::{
    App,
    bus::{Audience, Event, Listener, Published},
    cache::{Guild, GuildState},
    presence, ready, render, thread, voice,
};
use proto::{
    Id, Permissions,
    channel::PRIVATE_THREAD,
    code::close,
    gateway::{Dispatch, Shape},
    guild::GuildCreate,
    marker,
    thread::ThreadDelete,
};

use super::{
    kept::Kept,
    metrics::Metrics,
    parcel::Parcel,
    replay::Replay,
    rooms::{RoomId, Rooms, Shift, Whom},
    shard::{Mail, ShardEnd},
};

/// Channels lost and gained at once above which a guild is told anew instead.
const MANY_CHANNELS: usize = 16;

pub struct Hub {
    pub app: Arc<App>,
    pub metrics: Metrics,
    /// What sessions keep for a resume.
    pub kept: Kept,
    state: Mutex<State>,
    replay: Mutex<Replay>,
    last: AtomicU64,
    shards: RwLock<Vec<ShardEnd>>,
    /// The shards of sessions that were restored: their ids name another process.
    homes: Mutex<HashMap<String, usize>>,
    runtime: tokio::runtime::Handle,
}

#[derive(Default)]
struct State {
    guilds: HashMap<Id<marker::Guild>, Rooms>,
    /// How many sessions of somebody each shard has.
    people: HashMap<Id<marker::User>, Vec<u32>>,
    /// How many of those wait to be resumed.
    waiting: HashMap<Id<marker::User>, Vec<u32>>,
    next_room: RoomId,
}

/// What the hub tells a shard. In the order of the events.
#[derive(Debug, Clone)]
pub enum News {
    /// An event for all sessions in these rooms.
    Rooms(Arc<[RoomId]>, Arc<Parcel>),
    /// The same but for these people, who are told otherwise.
    Others(Arc<[RoomId]>, Arc<[Id<marker::User>]>, Arc<Parcel>),
    /// An event for these people's sessions; of a guild's those that have the guild.
    People(Arc<[Id<marker::User>]>, Option<Id<marker::Guild>>, Arc<Parcel>),
    /// Something derived for one session after the other, with numbers after this event's.
    Derived {
        guild: Id<marker::Guild>,
        whom: Whom,
        number: u64,
        what: Arc<Derived>,
    },
    /// Somebody's sessions in this guild go to another room.
    Move {
        guild: Id<marker::Guild>,
        user: Id<marker::User>,
        from: RoomId,
        to: RoomId,
    },
    /// Somebody joined: its sessions are in this room, and get the guild, without and with
    /// presences.
    Welcome {
        guild: Id<marker::Guild>,
        user: Id<marker::User>,
        room: RoomId,
        number: u64,
        made: Arc<[GuildCreate; 2]>,
        /// Seats taken for each shard.
        seats: Arc<[u32]>,
    },
    /// Somebody joined a guild that has to be loaded first.
    Join {
        guild: Id<marker::Guild>,
        user: Id<marker::User>,
    },
    /// Somebody left: its sessions lose the guild.
    Leave {
        guild: Id<marker::Guild>,
        user: Id<marker::User>,
        number: u64,
    },
    /// The guild is no more; everybody has been told.
    GuildGone {
        guild: Id<marker::Guild>,
        number: u64,
    },
    Revoked(Arc<[Id<marker::Session>]>),
}

/// What only some sessions are told beside an event.
#[derive(Debug)]
pub enum Derived {
    /// That a channel or threads are there, or not any more, in both shapes (osc last).
    Channel([bytes::Bytes; 2]),
    /// The whole guild again.
    Guild,
}

impl Hub {
    pub fn new(app: Arc<App>, runtime: tokio::runtime::Handle) -> Arc<Self> {
        let last = app.first_number.saturating_sub(1);
        let (most, bytes) = (app.limits.recent_events, app.limits.recent_events_bytes);
        let kept = Kept::new(&app.limits);
        Arc::new(Self {
            app,
            kept,
            metrics: Metrics::default(),
            state: Mutex::default(),
            replay: Mutex::new(Replay::new(last, most, bytes)),
            last: AtomicU64::new(last),
            shards: RwLock::default(),
            homes: Mutex::default(),
            runtime,
        })
    }

    /// Runs something that waits; shards do not.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(work);
    }

    pub fn add_shard(&self, shard: ShardEnd) {
        self.shards.write().unwrap_or_else(PoisonError::into_inner).push(shard);
    }

    pub fn shard(&self, index: usize) -> Option<ShardEnd> {
        self.shards.read().unwrap_or_else(PoisonError::into_inner).get(index).cloned()
    }

    pub fn shards(&self) -> Vec<ShardEnd> {
        self.shards.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The number of the last event heard. Exact only behind the gate.
    pub fn last(&self) -> u64 {
        self.last.load(Ordering::SeqCst)
    }

    pub fn replay_since(&self, number: u64) -> Option<Vec<Arc<Parcel>>> {
        self.replay.lock().unwrap_or_else(PoisonError::into_inner).since(number)
    }

    /// Where a restored session lives.
    pub fn home(&self, name: &str) -> Option<usize> {
        self.homes.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied()
    }

    pub fn set_home(&self, name: &str, shard: Option<usize>) {
        let mut homes = self.homes.lock().unwrap_or_else(PoisonError::into_inner);
        match shard {
            Some(shard) => drop(homes.insert(name.to_owned(), shard)),
            None => drop(homes.remove(name)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session of somebody begins on a shard. Counts them all; false: there are too many.
    pub fn enter(&self, user: Id<marker::User>, shard: usize) -> bool {
        let mut state = self.state();
        let counts = state.people.entry(user).or_default();
        if counts.iter().sum::<u32>() as usize >= self.app.limits.gateway_sessions {
            return false;
        }
        if counts.len() <= shard {
            counts.resize(shard + 1, 0);
        }
        counts[shard] += 1;
        true
    }

    pub fn leave(&self, user: Id<marker::User>, shard: usize) {
        let mut state = self.state();
        let Some(counts) = state.people.get_mut(&user) else { return };
        if let Some(count) = counts.get_mut(shard) {
            *count = count.saturating_sub(1);
        }
        if counts.iter().all(|count| *count == 0) {
            state.people.remove(&user);
        }
    }

    /// A session of somebody on this shard lost its socket, or does not wait any more.
    pub fn waits(&self, user: Id<marker::User>, shard: usize, waits: bool) {
        let mut state = self.state();
        let counts = state.waiting.entry(user).or_default();
        if counts.len() <= shard {
            counts.resize(shard + 1, 0);
        }
        let count = &mut counts[shard];
        *count = if waits { *count + 1 } else { count.saturating_sub(1) };
        if counts.iter().all(|count| *count == 0) {
            state.waiting.remove(&user);
        }
    }

    /// Another shard with a session of this user that waits: its place is given away, and it is
    /// told so by the caller.
    pub fn give_way(&self, user: Id<marker::User>, but: usize) -> Option<ShardEnd> {
        let mut state = self.state();
        let counts = state.waiting.get_mut(&user)?;
        let mut others = counts.iter().enumerate().filter(|(at, _)| *at != but);
        let at = others.find_map(|(at, count)| (*count > 0).then_some(at))?;
        counts[at] -= 1;
        if let Some(count) = state.people.get_mut(&user).and_then(|counts| counts.get_mut(at)) {
            *count = count.saturating_sub(1);
        }
        drop(state);
        self.shard(at)
    }

    /// What `give_way` took off, for the shard that was told to count it itself.
    pub fn take_back(&self, user: Id<marker::User>, shard: usize) {
        let mut state = self.state();
        let counts = state.people.entry(user).or_default();
        if counts.len() <= shard {
            counts.resize(shard + 1, 0);
        }
        counts[shard] += 1;
        drop(state);
        self.waits(user, shard, true);
    }

    /// A session listens to a guild from now on. Behind the gate; `None`: it is not a member.
    pub fn sit(&self, guild: &Guild, user: Id<marker::User>) -> Option<RoomId> {
        let known = guild.read();
        let state = &mut *self.state();
        let rooms = state.guilds.entry(guild.id).or_default();
        let seat = rooms.sit(&known, user, &mut state.next_room);
        if rooms.is_empty() {
            state.guilds.remove(&guild.id);
        }
        seat
    }

    pub fn rise(&self, guild: Id<marker::Guild>, user: Id<marker::User>) {
        let mut state = self.state();
        let Some(rooms) = state.guilds.get_mut(&guild) else { return };
        rooms.rise(user);
        if rooms.is_empty() {
            state.guilds.remove(&guild);
        }
    }

    /// Whether somebody may hear this event now: for a replay.
    pub fn may_hear(&self, user: Id<marker::User>, audience: &Audience) -> bool {
        let state = self.state();
        let rooms = |guild: &Id<marker::Guild>| state.guilds.get(guild);
        match audience {
            Audience::Guild(guild) => rooms(guild).is_some_and(|rooms| rooms.is_seated(user)),
            Audience::Channel(guild, channel) => {
                rooms(guild).is_some_and(|rooms| rooms.sees(user, *channel))
            }
            Audience::GuildWith(guild, needed) => {
                let seated = rooms(guild).is_some_and(|rooms| rooms.is_seated(user));
                seated && self.has(*guild, user, *needed)
            }
            Audience::Thread { guild, parent, thread, also } => rooms(guild).is_some_and(|rooms| {
                let is_in = || also.contains(&user) || self.is_in(*guild, *thread, user);
                rooms.manages(user, *parent) || (rooms.sees(user, *parent) && is_in())
            }),
            Audience::Within(guild, users) => {
                users.contains(&user) && rooms(guild).is_some_and(|rooms| rooms.is_seated(user))
            }
            Audience::Users(users) => users.contains(&user),
        }
    }

    fn is_in(
        &self,
        guild: Id<marker::Guild>,
        thread: Id<marker::Channel>,
        user: Id<marker::User>,
    ) -> bool {
        self.app.cache.guild(guild).is_some_and(|guild| guild.read().is_in(user, thread))
    }

    fn has(&self, guild: Id<marker::Guild>, user: Id<marker::User>, needed: Permissions) -> bool {
        let now = self.app.clock.now();
        let guild = self.app.cache.guild(guild);
        guild.is_some_and(|guild| guild.read().permissions(user, now).contains(needed))
    }

    fn tell(&self, news: News) {
        for shard in self.shards.read().unwrap_or_else(PoisonError::into_inner).iter() {
            shard.tell(news.clone());
        }
    }

    /// Tells those shards that have sessions of this person.
    fn tell_of(&self, state: &State, user: Id<marker::User>, news: &News) {
        let Some(counts) = state.people.get(&user) else { return };
        let shards = self.shards.read().unwrap_or_else(PoisonError::into_inner);
        for (shard, _) in shards.iter().zip(counts).filter(|(_, count)| **count > 0) {
            shard.tell(news.clone());
        }
    }

    fn tell_rooms(&self, rooms: Vec<RoomId>, parcel: &Arc<Parcel>) {
        if !rooms.is_empty() {
            self.tell(News::Rooms(rooms.into(), parcel.clone()));
        }
    }

    fn hear_dispatch(&self, audience: &Audience, dispatch: &Dispatch, parcel: &Arc<Parcel>) {
        let Some(guild) = audience.guild() else {
            if let Audience::Users(users) = audience {
                self.tell_people(&self.state(), users, None, parcel);
            }
            return;
        };
        match dispatch {
            Dispatch::GuildMemberAdd(event) => {
                let user = event.member.user.as_ref().map(|user| user.id);
                self.hear_join(guild, user, parcel);
            }
            Dispatch::GuildMemberRemove(event) => self.hear_leave(guild, event.user.id, parcel),
            Dispatch::GuildDelete(_) => {
                let rooms = self.state().guilds.remove(&guild);
                self.tell_rooms(rooms.map(|rooms| rooms.all()).unwrap_or_default(), parcel);
                let number = parcel.published.number;
                self.tell(News::GuildGone { guild, number });
                presence::forget_guild(&self.app, guild);
            }
            Dispatch::GuildMemberUpdate(event) => {
                let user = event.member.user.as_ref().map(|user| user.id);
                self.hear_structure(guild, user, audience, dispatch, parcel);
            }
            Dispatch::GuildUpdate(_)
            | Dispatch::GuildRoleCreate(_)
            | Dispatch::GuildRoleUpdate(_)
            | Dispatch::GuildRoleDelete(_)
            | Dispatch::ChannelCreate(_)
            | Dispatch::ChannelUpdate(_)
            | Dispatch::ChannelDelete(_) => {
                self.hear_structure(guild, None, audience, dispatch, parcel);
            }
            _ => self.tell_audience(audience, parcel),
        }
    }

    fn hear_join(
        &self,
        guild: Id<marker::Guild>,
        user: Option<Id<marker::User>>,
        parcel: &Arc<Parcel>,
    ) {
        let mut state = self.state();
        let rooms = state.guilds.get(&guild).map(Rooms::all).unwrap_or_default();
        self.tell_rooms(rooms, parcel);
        let Some(user) = user else { return };
        // Now, and not when its shard comes to it, so that all its sessions are told the same.
        presence::joined(&self.app, user, guild);
        let news = self.welcome(&mut state, guild, user, parcel.published.number);
        self.tell_of(&state, user, &news.unwrap_or(News::Join { guild, user }));
    }

    /// Seats all sessions of somebody who joined. `None`: what a GUILD_CREATE needs is not here.
    fn welcome(
        &self,
        state: &mut State,
        guild: Id<marker::Guild>,
        user: Id<marker::User>,
        number: u64,
    ) -> Option<News> {
        let sessions: Arc<[u32]> = state.people.get(&user)?.as_slice().into();
        let active = self.app.cache.guild(guild)?;
        let known = active.read();
        let row = self.app.cache.user(user)?;
        let make = |presences| {
            let wants = ready::Wants { presences, large: 0 };
            ready::guild_create(&self.app, &known, &row, wants)
        };
        let made = Arc::new([make(false)?, make(true)?]);
        let rooms = state.guilds.entry(guild).or_default();
        let seats = 0..sessions.iter().sum();
        let seats = seats.map(|_| rooms.sit(&known, user, &mut state.next_room));
        let room = seats.last().flatten()?;
        Some(News::Welcome { guild, user, room, number, made, seats: sessions })
    }

    fn hear_leave(&self, guild: Id<marker::Guild>, user: Id<marker::User>, parcel: &Arc<Parcel>) {
        let mut state = self.state();
        let number = parcel.published.number;
        if let Some(rooms) = state.guilds.get_mut(&guild) {
            rooms.remove(user);
        }
        self.tell_of(&state, user, &News::Leave { guild, user, number });
        let rooms = state.guilds.get(&guild).map(Rooms::all).unwrap_or_default();
        self.tell_rooms(rooms, parcel);
        if state.guilds.get(&guild).is_some_and(Rooms::is_empty) {
            state.guilds.remove(&guild);
        }
        drop(state);
        presence::left(&self.app, user, guild);
        if let Some(guild) = self.app.cache.guild(guild) {
            voice::leave_behind_gate(&self.app, &guild, user);
        }
    }

    /// An event after which some may see more and others less.
    fn hear_structure(
        &self,
        guild: Id<marker::Guild>,
        only: Option<Id<marker::User>>,
        audience: &Audience,
        dispatch: &Dispatch,
        parcel: &Arc<Parcel>,
    ) {
        let Some(active) = self.app.cache.guild(guild) else {
            return;
        };
        let known = active.read();
        let mut held = self.state();
        let state = &mut *held;
        let Some(rooms) = state.guilds.get_mut(&guild) else {
            return;
        };
        let saw_before = match dispatch {
            Dispatch::ChannelUpdate(channel) => rooms.that_see(channel.id),
            _ => Vec::new(),
        };
        let next = &mut state.next_room;
        let shifts: Vec<_> = match only {
            Some(user) => rooms.reclassify_one(&known, user, next).into_iter().collect(),
            None => rooms.reclassify(&known, next),
        };
        let (mut before, mut after) = news_of(&known, parcel.published.number, &shifts);
        for shift in &shifts {
            threads_of(&known, rooms, parcel.published.number, shift, &mut before, &mut after);
        }
        drop(known);
        before.into_iter().for_each(|news| self.tell(news));
        match dispatch {
            // Each of those who see it come or go is told so by the shifts.
            Dispatch::ChannelCreate(_) | Dispatch::ChannelDelete(_) => {}
            Dispatch::ChannelUpdate(channel) => {
                let mut see = rooms.that_see(channel.id);
                let (kept, gained) = movers(&shifts, channel.id, &see, &saw_before);
                see.retain(|room| saw_before.contains(room));
                match gained.is_empty() {
                    true => self.tell_rooms(see, parcel),
                    false => self.tell(News::Others(see.into(), gained.into(), parcel.clone())),
                }
                if !kept.is_empty() {
                    self.tell(News::People(kept.into(), Some(guild), parcel.clone()));
                }
            }
            _ => self.tell_within(&held, audience, parcel),
        }
        after.into_iter().for_each(|news| self.tell(news));
        drop(held);
        if let Dispatch::ChannelDelete(channel) = dispatch {
            voice::empty_behind_gate(&self.app, &active, channel.id);
        }
    }

    fn tell_audience(&self, audience: &Audience, parcel: &Arc<Parcel>) {
        self.tell_within(&self.state(), audience, parcel);
    }

    fn tell_within(&self, state: &State, audience: &Audience, parcel: &Arc<Parcel>) {
        let rooms = audience.guild().and_then(|guild| state.guilds.get(&guild));
        match (audience, rooms) {
            (Audience::Users(users), _) => self.tell_people(state, users, None, parcel),
            (Audience::Guild(_), Some(rooms)) => self.tell_rooms(rooms.all(), parcel),
            (Audience::Channel(_, channel), Some(rooms)) => {
                self.tell_rooms(rooms.that_see(*channel), parcel);
            }
            (Audience::GuildWith(guild, needed), Some(rooms)) => {
                let may = rooms.people().filter(|user| self.has(*guild, *user, *needed));
                let may: Vec<_> = may.collect();
                self.tell_people(state, &may, Some(*guild), parcel);
            }
            (Audience::Thread { guild, parent, thread, also }, Some(rooms)) => {
                self.tell_rooms(rooms.that_manage(*parent), parcel);
                let active = self.app.cache.guild(*guild);
                let mut inside = also.clone();
                if let Some(guild) = active {
                    let known = guild.read();
                    let members = known.threads.get(thread).map(|thread| thread.members.keys());
                    inside.extend(members.into_iter().flatten());
                }
                inside.sort_unstable();
                inside.dedup();
                inside.retain(|user| rooms.sees(*user, *parent) && !rooms.manages(*user, *parent));
                self.tell_people(state, &inside, Some(*guild), parcel);
            }
            (Audience::Within(guild, users), Some(rooms)) => {
                let here = users.iter().copied().filter(|user| rooms.is_seated(*user));
                let here: Vec<_> = here.collect();
                self.tell_people(state, &here, Some(*guild), parcel);
            }
            (_, None) => {}
        }
    }

    fn tell_people(
        &self,
        state: &State,
        users: &[Id<marker::User>],
        guild: Option<Id<marker::Guild>>,
        parcel: &Arc<Parcel>,
    ) {
        let here: Vec<_> =
            users.iter().copied().filter(|user| state.people.contains_key(user)).collect();
        if !here.is_empty() {
            self.tell(News::People(here.into(), guild, parcel.clone()));
        }
    }
}

impl Listener for Hub {
    fn hear(&self, published: &Arc<Published>) {
        let parcel = Arc::new(Parcel::new(published.clone()));
        match &published.event {
            Event::LoginsRevoked(logins) => self.tell(News::Revoked(logins.as_slice().into())),
            Event::IntentsTaken(bot) => {
                for shard in self.shards() {
                    shard.mail(Mail::CloseUser(*bot, close::DISALLOWED_INTENTS));
                }
            }
            Event::Dispatch(audience, dispatch) => {
                self.replay.lock().unwrap_or_else(PoisonError::into_inner).keep(parcel.clone());
                self.hear_dispatch(audience, dispatch, &parcel);
            }
        }
        self.last.store(published.number, Ordering::SeqCst);
    }
}

/// Who moved to a new room and sees the channel there as before; and who moved to any and did not.
fn movers(
    shifts: &[Shift],
    channel: Id<marker::Channel>,
    see: &[RoomId],
    saw_before: &[RoomId],
) -> (Vec<Id<marker::User>>, Vec<Id<marker::User>>) {
    let (mut kept, mut gained) = (Vec::new(), Vec::new());
    for shift in shifts {
        let Whom::Person { user, to, .. } = shift.whom else { continue };
        if shift.gained.iter().any(|row| row.id == channel) {
            gained.push(user);
        } else if see.contains(&to) && !saw_before.contains(&to) {
            kept.push(user);
        }
    }
    (kept, gained)
}

/// First who moves where and what is lost, then, after the event itself, what is gained.
fn news_of(state: &GuildState, number: u64, shifts: &[Shift]) -> (Vec<News>, Vec<News>) {
    let guild = state.row.id;
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for Shift { whom, lost, gained, .. } in shifts {
        if let Whom::Person { user, from, to } = *whom {
            before.push(News::Move { guild, user, from, to });
        }
        let whom = *whom;
        let news = |what| News::Derived { guild, whom, number, what: Arc::new(what) };
        if lost.len() + gained.len() > MANY_CHANNELS {
            after.push(news(Derived::Guild));
            continue;
        }
        before.extend(lost.iter().map(|row| {
            let channel = Box::new(render::channel(row, None));
            let what = Arc::new(derived(&Dispatch::ChannelDelete(channel)));
            News::Derived { guild, whom, number: number.saturating_sub(1), what }
        }));
        after.extend(gained.iter().map(|row| {
            let channel = Box::new(render::channel(row, state.tips.get(&row.id)));
            news(derived(&Dispatch::ChannelCreate(channel)))
        }));
    }
    (before, after)
}

/// What a change of sight means for threads: those of channels that are gained, and private ones of
/// channels whose threads one manages, or does not any more. Told to each person for themselves,
/// since each is in other threads; with channels that are lost their threads go.
fn threads_of(
    state: &GuildState,
    rooms: &Rooms,
    number: u64,
    shift: &Shift,
    before: &mut Vec<News>,
    after: &mut Vec<News>,
) {
    let guild = state.row.id;
    if shift.lost.len() + shift.gained.len() > MANY_CHANNELS {
        return;
    }
    let hang =
        |id: &Id<marker::Channel>| state.threads.values().any(|thread| thread.row.parent_id == *id);
    let gained = shift.gained.iter().map(|row| row.id).chain(shift.opened.iter().copied());
    let gained: Vec<_> = gained.filter(hang).collect();
    let shut: Vec<_> = state
        .threads
        .values()
        .filter(|thread| shift.shut.contains(&thread.row.parent_id))
        .filter(|thread| thread.row.kind == i64::from(PRIVATE_THREAD))
        .collect();
    if gained.is_empty() && shut.is_empty() {
        return;
    }
    let people = match shift.whom {
        Whom::Room(room) => rooms.people_in(room),
        Whom::Person { user, .. } => vec![user],
    };
    for user in people {
        let told = |number, what| {
            let whom = Whom::Person { user, from: 0, to: 0 };
            News::Derived { guild, whom, number, what: Arc::new(what) }
        };
        for thread in shut.iter().filter(|thread| !thread.members.contains_key(&user)) {
            let row = &thread.row;
            let (id, guild_id, parent_id) = (row.id, row.guild_id, row.parent_id);
            let gone = ThreadDelete { id, guild_id, parent_id, kind: row.kind as u8 };
            let gone = derived(&Dispatch::ThreadDelete(gone));
            before.push(told(number.saturating_sub(1), gone));
        }
        if let Some(sync) = thread::sync(state, user, &gained) {
            after.push(told(number, derived(&Dispatch::ThreadListSync(Box::new(sync)))));
        }
    }
}

fn derived(dispatch: &Dispatch) -> Derived {
    let tail = |osc| dispatch.encode(Shape { content: true, osc }).unwrap_or_default().into();
    Derived::Channel([tail(false), tail(true)])
}
