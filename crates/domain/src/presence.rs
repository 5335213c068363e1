//! Presence: who is there.
//!
//! Kept in memory only and told to those who share a room with somebody; in very large rooms it is
//! told on demand, since everybody's coming and going to everybody would grow with the square.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard},
};

use proto::{
    Id, Timestamp,
    gateway::{Dispatch, command::PresenceCommand},
    marker,
    presence::{Activity, ClientStatus, Presence, PresenceUser, Status},
};

use crate::{App, bus::Event};

/// In rooms with more people online than this, presence is not told as it changes.
const EAGER: usize = 1_000;
/// Who comes back within this time was never away: a page was loaded again.
const AWAY_MS: i64 = 8_000;

/// Who is there, on this node. Not stored.
#[derive(Default)]
pub struct Presences(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    people: HashMap<Id<marker::User>, Person>,
    /// Whom others see as there.
    rooms: HashMap<Id<marker::Guild>, HashSet<Id<marker::User>>>,
    /// People without a socket, who may still come back.
    leaving: HashMap<Id<marker::User>, Timestamp>,
}

#[derive(Default)]
struct Person {
    /// Each socket's session and what it said.
    sockets: Vec<(u64, PresenceCommand)>,
    guilds: HashSet<Id<marker::Guild>>,
    shown: Shown,
}

/// What others see.
#[derive(Debug, Clone, PartialEq, Default)]
struct Shown {
    status: Status,
    activities: Vec<Activity>,
}

impl Presences {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// How many people of this guild are there.
    pub fn online_count(&self, guild: Id<marker::Guild>) -> u32 {
        self.lock().rooms.get(&guild).map_or(0, |online| online.len() as u32)
    }

    /// Those of this guild who are there, at most so many.
    pub fn online_in(&self, guild: Id<marker::Guild>, most: usize) -> Vec<Presence> {
        let inner = self.lock();
        let online = inner.rooms.get(&guild).into_iter().flatten().take(most);
        let mut online: Vec<_> = online.filter_map(|user| inner.presence(*user, guild)).collect();
        online.sort_by_key(|presence| presence.user.id);
        online
    }

    /// Of these people those who are there.
    pub fn of(&self, guild: Id<marker::Guild>, users: &[Id<marker::User>]) -> Vec<Presence> {
        let inner = self.lock();
        users.iter().filter_map(|user| inner.presence(*user, guild)).collect()
    }

    /// Whether somebody looks at a page of ours now, or does not want to be disturbed.
    pub fn is_attentive(&self, user: Id<marker::User>) -> bool {
        let inner = self.lock();
        let mut sockets = inner.people.get(&user).into_iter().flat_map(|person| &person.sockets);
        sockets.any(|(_, said)| matches!(said.status, Status::Online | Status::Dnd))
    }

    /// Whether anybody is connected as this user.
    pub fn is_connected(&self, user: Id<marker::User>) -> bool {
        self.lock().people.get(&user).is_some_and(|person| !person.sockets.is_empty())
    }
}

/// A session has a socket: a new one, or one that came back.
pub fn came(
    app: &App,
    user: Id<marker::User>,
    session: u64,
    guilds: &[Id<marker::Guild>],
    says: PresenceCommand,
) {
    let mut inner = app.presences.lock();
    inner.leaving.remove(&user);
    let person = inner.people.entry(user).or_default();
    person.guilds.extend(guilds);
    person.sockets.retain(|(other, _)| *other != session);
    person.sockets.push((session, says));
    let told = inner.refresh(user);
    drop(inner);
    tell(app, told);
}

/// A session says something else about itself.
pub fn changed(app: &App, user: Id<marker::User>, session: u64, says: PresenceCommand) {
    let now = app.clock.now().as_ms();
    let mut inner = app.presences.lock();
    let Some(person) = inner.people.get_mut(&user) else { return };
    for (_, said) in person.sockets.iter_mut().filter(|(other, _)| *other == session) {
        *said = says.clone();
        said.activities.iter_mut().for_each(|activity| activity.created_at = now);
    }
    let told = inner.refresh(user);
    drop(inner);
    tell(app, told);
}

/// A session lost its socket.
pub fn went(app: &App, user: Id<marker::User>, session: u64) {
    let now = app.clock.now();
    let mut inner = app.presences.lock();
    let Some(person) = inner.people.get_mut(&user) else { return };
    person.sockets.retain(|(other, _)| *other != session);
    if person.sockets.is_empty() {
        inner.leaving.insert(user, now);
        return;
    }
    let told = inner.refresh(user);
    drop(inner);
    tell(app, told);
}

/// To be called about once a second: who has been away for long enough is gone.
pub fn sweep(app: &App) {
    let now = app.clock.now();
    let mut inner = app.presences.lock();
    let gone = inner.leaving.iter().filter(|(_, since)| since.plus_ms(AWAY_MS) <= now);
    let gone: Vec<_> = gone.map(|(user, _)| *user).collect();
    let mut told = Vec::new();
    for user in gone {
        inner.leaving.remove(&user);
        told.extend(inner.refresh(user));
        inner.people.remove(&user);
    }
    drop(inner);
    tell(app, told);
}

/// Somebody joined a guild.
pub fn joined(app: &App, user: Id<marker::User>, guild: Id<marker::Guild>) {
    let mut inner = app.presences.lock();
    let Some(person) = inner.people.get_mut(&user) else { return };
    if !person.guilds.insert(guild) || person.shown.status == Status::Offline {
        return;
    }
    inner.rooms.entry(guild).or_default().insert(user);
    let told = inner.event(user, guild);
    drop(inner);
    tell(app, told.into_iter().collect());
}

/// Somebody left a guild: that they did is told, not that they are gone.
pub fn left(app: &App, user: Id<marker::User>, guild: Id<marker::Guild>) {
    let mut inner = app.presences.lock();
    if let Some(person) = inner.people.get_mut(&user) {
        person.guilds.remove(&guild);
    }
    inner.leave_room(user, guild);
}

/// A guild is no more.
pub fn forget_guild(app: &App, guild: Id<marker::Guild>) {
    let mut inner = app.presences.lock();
    let users = inner.rooms.remove(&guild).unwrap_or_default();
    for user in users {
        if let Some(person) = inner.people.get_mut(&user) {
            person.guilds.remove(&guild);
        }
    }
}

fn tell(app: &App, told: Vec<Event>) {
    told.into_iter().for_each(|event| app.announce(event));
}

impl Inner {
    /// Computes what others see; gives what to tell them if it changed.
    fn refresh(&mut self, user: Id<marker::User>) -> Vec<Event> {
        let Some(person) = self.people.get_mut(&user) else {
            return Vec::new();
        };
        let shown = shown(&person.sockets);
        if shown == person.shown && shown.status != Status::Offline {
            // Guilds may be new all the same.
            let guilds: Vec<_> = person.guilds.iter().copied().collect();
            guilds.into_iter().for_each(|guild| self.enter_room(user, guild));
            return Vec::new();
        }
        let changed = shown != person.shown;
        person.shown = shown;
        let there = person.shown.status != Status::Offline;
        let mut guilds: Vec<_> = person.guilds.iter().copied().collect();
        guilds.sort_unstable();
        let mut told = Vec::new();
        for guild in guilds {
            if there {
                self.enter_room(user, guild);
            }
            told.extend(self.event(user, guild).filter(|_| changed));
            if !there {
                self.leave_room(user, guild);
            }
        }
        told
    }

    fn enter_room(&mut self, user: Id<marker::User>, guild: Id<marker::Guild>) {
        self.rooms.entry(guild).or_default().insert(user);
    }

    fn leave_room(&mut self, user: Id<marker::User>, guild: Id<marker::Guild>) {
        if let Some(online) = self.rooms.get_mut(&guild) {
            online.remove(&user);
            if online.is_empty() {
                self.rooms.remove(&guild);
            }
        }
    }

    /// What to tell the guild of somebody, unless it is too large.
    fn event(&self, user: Id<marker::User>, guild: Id<marker::Guild>) -> Option<Event> {
        let online = self.rooms.get(&guild).map_or(0, HashSet::len);
        if online > EAGER {
            return None;
        }
        let shown = &self.people.get(&user)?.shown;
        let presence = Box::new(presence(user, guild, shown));
        Some(Event::to_guild(guild, Dispatch::PresenceUpdate(presence)))
    }

    fn presence(&self, user: Id<marker::User>, guild: Id<marker::Guild>) -> Option<Presence> {
        let shown = &self.people.get(&user)?.shown;
        (shown.status != Status::Offline).then(|| presence(user, guild, shown))
    }
}

fn presence(user: Id<marker::User>, guild: Id<marker::Guild>, shown: &Shown) -> Presence {
    let web = Some(shown.status).filter(|status| *status != Status::Offline);
    Presence {
        user: PresenceUser { id: user },
        guild_id: Some(guild),
        status: shown.status,
        activities: shown.activities.clone(),
        client_status: ClientStatus { web, ..Default::default() },
    }
}

/// What somebody's sessions say together.
fn shown(sockets: &[(u64, PresenceCommand)]) -> Shown {
    let says = |status| sockets.iter().any(|(_, said)| said.status == status);
    // Who does not want to be disturbed said so; online is what a session says by itself.
    let order = [Status::Dnd, Status::Online, Status::Idle];
    let status = order.into_iter().find(|status| says(*status)).unwrap_or_default();
    if status == Status::Offline {
        return Shown::default();
    }
    let busy = sockets.iter().rev().find(|(_, said)| !said.activities.is_empty());
    Shown { status, activities: busy.map(|(_, said)| said.activities.clone()).unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(status: Status) -> PresenceCommand {
        PresenceCommand { status, activities: Vec::new() }
    }

    #[test]
    fn others_see_one_status_of_all_sessions() {
        let status = |all: &[Status]| {
            let sockets: Vec<_> = (0..).zip(all.iter().map(|status| says(*status))).collect();
            shown(&sockets).status
        };
        assert_eq!(status(&[]), Status::Offline);
        assert_eq!(status(&[Status::Offline]), Status::Offline, "invisible");
        assert_eq!(status(&[Status::Online, Status::Dnd]), Status::Dnd);
        assert_eq!(status(&[Status::Idle, Status::Online]), Status::Online);
    }

    #[test]
    fn a_room_is_told_once_and_forgotten_when_empty() {
        let (user, guild) = (Id::new(7).unwrap(), Id::new(9).unwrap());
        let mut inner = Inner::default();
        let person = inner.people.entry(user).or_default();
        person.guilds.insert(guild);
        person.sockets.push((1, says(Status::Online)));
        assert_eq!(inner.refresh(user).len(), 1);
        assert_eq!(inner.refresh(user).len(), 0);
        assert_eq!(inner.rooms[&guild].len(), 1);
        inner.people.get_mut(&user).unwrap().sockets.clear();
        let told = inner.refresh(user);
        let [Event::Dispatch(_, Dispatch::PresenceUpdate(presence))] = told.as_slice() else {
            panic!("{told:?}");
        };
        assert_eq!(presence.status, Status::Offline);
        assert!(inner.rooms.is_empty());
    }
}
