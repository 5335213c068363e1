//! Who of a guild is connected, grouped by what they may see: the index that fan-out reads.
//!
//! All people of one visibility class see the same channels, so an event is decided once per class
//! and not once per person. What each class saw before a change is kept, because the cache already
//! shows the time after it when the event is heard.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use domain::{
    cache::{Class, GuildState},
    rows::ChannelRow,
};
use proto::{Id, marker};

type Channels = BTreeMap<Id<marker::Channel>, Arc<ChannelRow>>;

type Managed = BTreeSet<Id<marker::Channel>>;

/// Names the sessions of one guild and class, on all shards.
pub type RoomId = u32;

#[derive(Debug, Default)]
pub struct Rooms {
    classes: BTreeMap<Class, Room>,
    seats: HashMap<Id<marker::User>, Seat>,
}

#[derive(Debug)]
struct Room {
    id: RoomId,
    sees: Channels,
    /// Of these it sees all private threads.
    manages: Managed,
    /// People in it.
    people: u32,
}

/// Somebody with sessions in this guild.
#[derive(Debug)]
struct Seat {
    class: Class,
    sessions: u32,
}

/// What a change of structure means for some sessions.
#[derive(Debug)]
pub struct Shift {
    pub whom: Whom,
    pub lost: Vec<Arc<ChannelRow>>,
    pub gained: Vec<Arc<ChannelRow>>,
    /// Channels that are still seen, but of their private threads only one's own.
    pub shut: Vec<Id<marker::Channel>>,
    /// Channels that were seen before, and now all of their threads are.
    pub opened: Vec<Id<marker::Channel>>,
}

impl Shift {
    /// Of somebody or of all in a room; `None`: for them nothing is different.
    fn between(whom: Whom, before: (&Channels, &Managed), after: (&Channels, &Managed)) -> Self {
        let stays =
            |id: &&Id<marker::Channel>| before.0.contains_key(id) && after.0.contains_key(id);
        Self {
            whom,
            lost: without(before.0, after.0),
            gained: without(after.0, before.0),
            shut: before.1.difference(after.1).filter(stays).copied().collect(),
            opened: after.1.difference(before.1).filter(stays).copied().collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.lost.is_empty()
            && self.gained.is_empty()
            && self.shut.is_empty()
            && self.opened.is_empty()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    Room(RoomId),
    /// Has to move to another room.
    Person {
        user: Id<marker::User>,
        from: RoomId,
        to: RoomId,
    },
}

impl Rooms {
    /// A session of this person comes in; `None` if it is not a member.
    pub fn sit(
        &mut self,
        state: &GuildState,
        user: Id<marker::User>,
        next: &mut RoomId,
    ) -> Option<RoomId> {
        if let Some(seat) = self.seats.get_mut(&user) {
            seat.sessions += 1;
            return self.classes.get(&seat.class).map(|room| room.id);
        }
        let class = state.class_of(user)?;
        let id = self.enter(state, class.clone(), next);
        self.seats.insert(user, Seat { class, sessions: 1 });
        Some(id)
    }

    /// A session of this person goes.
    pub fn rise(&mut self, user: Id<marker::User>) {
        let Some(seat) = self.seats.get_mut(&user) else { return };
        seat.sessions -= 1;
        if seat.sessions == 0 {
            self.remove(user);
        }
    }

    /// This person is no member any more.
    pub fn remove(&mut self, user: Id<marker::User>) {
        if let Some(seat) = self.seats.remove(&user) {
            self.leave(&seat.class);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    pub fn people(&self) -> impl Iterator<Item = Id<marker::User>> + '_ {
        self.seats.keys().copied()
    }

    pub fn is_seated(&self, user: Id<marker::User>) -> bool {
        self.seats.contains_key(&user)
    }

    pub fn all(&self) -> Vec<RoomId> {
        self.classes.values().map(|room| room.id).collect()
    }

    /// Rooms that see the channel.
    pub fn that_see(&self, channel: Id<marker::Channel>) -> Vec<RoomId> {
        let seeing = self.classes.values().filter(|room| room.sees.contains_key(&channel));
        seeing.map(|room| room.id).collect()
    }

    pub fn sees(&self, user: Id<marker::User>, channel: Id<marker::Channel>) -> bool {
        let room = self.seats.get(&user).and_then(|seat| self.classes.get(&seat.class));
        room.is_some_and(|room| room.sees.contains_key(&channel))
    }

    /// Rooms that see all private threads of the channel.
    pub fn that_manage(&self, channel: Id<marker::Channel>) -> Vec<RoomId> {
        let managing = self.classes.values().filter(|room| room.manages.contains(&channel));
        managing.map(|room| room.id).collect()
    }

    pub fn manages(&self, user: Id<marker::User>, channel: Id<marker::Channel>) -> bool {
        let room = self.seats.get(&user).and_then(|seat| self.classes.get(&seat.class));
        room.is_some_and(|room| room.manages.contains(&channel))
    }

    /// Who of a room is connected.
    pub fn people_in(&self, room: RoomId) -> Vec<Id<marker::User>> {
        let class = self.classes.iter().find(|(_, known)| known.id == room).map(|(class, _)| class);
        let seated = self.seats.iter().filter(|(_, seat)| Some(&seat.class) == class);
        seated.map(|(user, _)| *user).collect()
    }

    /// Follows a change of channels, roles or overwrites. To be told in this order: who moves does
    /// so first, and then hears what its new room hears.
    pub fn reclassify(&mut self, state: &GuildState, next: &mut RoomId) -> Vec<Shift> {
        let mut users: Vec<_> = self.seats.keys().copied().collect();
        users.sort_unstable();
        let moves = users.into_iter().map(|user| self.reclassify_one(state, user, next));
        let mut shifts: Vec<_> = moves.collect::<Vec<_>>().into_iter().flatten().collect();
        shifts
            .extend(self.classes.iter_mut().filter_map(|(class, room)| room.follow(state, class)));
        shifts
    }

    /// Follows a change of one member's roles: a move, if it stands in another class now. Who is no
    /// member any more hears of that by the event that says so.
    pub fn reclassify_one(
        &mut self,
        state: &GuildState,
        user: Id<marker::User>,
        next: &mut RoomId,
    ) -> Option<Shift> {
        let seat = self.seats.get(&user)?;
        let class = state.class_of(user)?;
        if class == seat.class {
            // A class of their own stays theirs, and sees something else.
            let own = matches!(class, Class::Person(_)).then(|| self.classes.get_mut(&class));
            return own.flatten()?.follow(state, &class);
        }
        let left = self.classes.get(&seat.class)?;
        let before = (left.sees.clone(), left.manages.clone());
        let (from, to) = self.move_to(state, user, class.clone(), next)?;
        let there = self.classes.get(&class)?;
        let whom = Whom::Person { user, from, to };
        let before = (&before.0, &before.1);
        let mut shift = Shift::between(whom, before, (&there.sees, &there.manages));
        // A room that was there already may be about to lose channels, and knows them as they were.
        let now = shift.gained.into_iter().filter_map(|channel| {
            let now = state.channels.get(&channel.id)?;
            state.class_sees(&class, now).then(|| now.clone())
        });
        shift.gained = now.collect();
        Some(shift)
    }

    fn move_to(
        &mut self,
        state: &GuildState,
        user: Id<marker::User>,
        class: Class,
        next: &mut RoomId,
    ) -> Option<(RoomId, RoomId)> {
        let to = self.enter(state, class.clone(), next);
        let seat = self.seats.get_mut(&user)?;
        let was = std::mem::replace(&mut seat.class, class);
        let from = self.classes.get(&was)?.id;
        self.leave(&was);
        Some((from, to))
    }

    fn enter(&mut self, state: &GuildState, class: Class, next: &mut RoomId) -> RoomId {
        let room = self.classes.entry(class.clone()).or_insert_with(|| {
            *next = next.wrapping_add(1);
            let sees = visible(state, &class);
            let manages = managed(state, &class, &sees);
            Room { id: *next, sees, manages, people: 0 }
        });
        room.people += 1;
        room.id
    }

    fn leave(&mut self, class: &Class) {
        if let Some(room) = self.classes.get_mut(class) {
            room.people -= 1;
            if room.people == 0 {
                self.classes.remove(class);
            }
        }
    }
}

impl Room {
    /// What its class sees now; `None` if that is what it saw before.
    fn follow(&mut self, state: &GuildState, class: &Class) -> Option<Shift> {
        let after = visible(state, class);
        let manages = managed(state, class, &after);
        let before = (&self.sees, &self.manages);
        let shift = Shift::between(Whom::Room(self.id), before, (&after, &manages));
        (self.sees, self.manages) = (after, manages);
        Some(shift).filter(|shift| !shift.is_empty())
    }
}

fn visible(state: &GuildState, class: &Class) -> Channels {
    let seen = state.channels.iter().filter(|(_, channel)| state.class_sees(class, channel));
    seen.map(|(id, channel)| (*id, channel.clone())).collect()
}

fn managed(state: &GuildState, class: &Class, sees: &Channels) -> Managed {
    let managed = sees.iter().filter(|(_, channel)| state.class_manages(class, channel));
    managed.map(|(id, _)| *id).collect()
}

/// Channels of the one that are not among the others.
fn without(of: &Channels, others: &Channels) -> Vec<Arc<ChannelRow>> {
    let missing = of.iter().filter(|(id, _)| !others.contains_key(id));
    missing.map(|(_, channel)| channel.clone()).collect()
}

#[cfg(test)]
mod tests;
