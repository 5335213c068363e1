//! News of the hub, told to the sessions of this shard.
//!
//! Frames that many share are made once and pushed as they are; only what one session alone is told
//! gets a beginning of its own.

use std::sync::Arc;

use bytes::Bytes;
use domain::bus::Audience;
use proto::{
    Id,
    code::close,
    gateway::{
        Dispatch, Intents, Shape,
        session::{Input, Numbering},
    },
    guild::{GuildCreate, UnavailableGuild},
    marker,
};

use super::Shard;
use crate::gateway::{
    hub::{Derived, News},
    parcel::{Parcel, STEP},
    rooms::{RoomId, Whom},
    session::{HELD, Item, Link, Peer},
};

impl Shard {
    pub(super) fn hear(&mut self, news: News) {
        match news {
            News::Rooms(rooms, parcel) => {
                rooms.iter().for_each(|room| self.tell_room(*room, &parcel));
            }
            News::Others(rooms, except, parcel) => {
                let slots = rooms.iter().filter_map(|room| self.rooms.get(room)).flatten();
                let slots: Vec<_> = slots.copied().collect();
                for slot in slots {
                    let live = self.peers.get(slot).and_then(|peer| peer.live.as_ref());
                    if live.is_some_and(|live| !except.contains(&live.user())) {
                        self.tell(slot, &parcel);
                    }
                }
            }
            News::People(users, guild, parcel) => {
                users.iter().for_each(|user| self.tell_person(*user, guild, &parcel));
            }
            News::Derived { guild, whom, number, what } => {
                let slots = match whom {
                    Whom::Room(room) => self.rooms.get(&room).cloned().unwrap_or_default(),
                    Whom::Person { user, .. } => self.slots_of(user),
                };
                slots.into_iter().for_each(|slot| self.derive(slot, guild, number, &what));
            }
            News::Move { guild, user, from, to } => self.change_room(guild, user, from, to),
            News::Welcome { guild, user, room, number, made, seats } => {
                let seats = seats.get(self.index).copied().unwrap_or_default();
                let mut taken = 0;
                for slot in self.slots_of(user) {
                    taken += u32::from(self.hear_welcome(slot, guild, room, number, &made));
                }
                // Of sessions that went meanwhile, or that get the guild in another way.
                (taken..seats).for_each(|_| self.hub.rise(guild, user));
            }
            News::Join { guild, user } => {
                for slot in self.slots_of(user) {
                    self.hear_join(slot, guild);
                }
            }
            News::Leave { guild, user, number } => {
                for slot in self.slots_of(user) {
                    self.hear_leave(slot, guild, number);
                }
            }
            News::GuildGone { guild, number } => self.forget_guild(guild, number),
            News::Revoked(logins) => {
                let live = |login| logins.contains(login);
                let slots = self.peers.iter().filter(|(_, peer)| {
                    peer.live.as_ref().is_some_and(|session| live(&session.who.actor.login))
                });
                let slots: Vec<_> = slots.map(|(slot, _)| slot).collect();
                slots.into_iter().for_each(|slot| self.end(slot, close::AUTHENTICATION_FAILED));
            }
        }
    }

    pub(super) fn slots_of(&self, user: Id<marker::User>) -> Vec<usize> {
        self.people.get(&user).cloned().unwrap_or_default()
    }

    fn tell_room(&mut self, room: RoomId, parcel: &Arc<Parcel>) {
        // Telling may end sessions, so it goes through a copy.
        let slots = self.rooms.get(&room).cloned().unwrap_or_default();
        slots.into_iter().for_each(|slot| self.tell(slot, parcel));
    }

    fn tell_person(
        &mut self,
        user: Id<marker::User>,
        guild: Option<Id<marker::Guild>>,
        parcel: &Arc<Parcel>,
    ) {
        for slot in self.slots_of(user) {
            let live = self.peers.get(slot).and_then(|peer| peer.live.as_ref());
            let meant = live.is_some_and(|live| match guild {
                Some(guild) => live.is_linked(guild),
                None => live.has_direct_messages(),
            });
            if meant {
                self.tell(slot, parcel);
            }
        }
    }

    /// Tells one session of an event.
    pub(super) fn tell(&mut self, slot: usize, parcel: &Arc<Parcel>) {
        let Some(peer) = self.peers.get_mut(slot) else { return };
        let Some(live) = &mut peer.live else { return };
        if !live.started {
            if live.held.len() < HELD {
                live.held.push(parcel.clone());
            }
            return;
        }
        let Some(shape) = live.shape_for(parcel) else { return };
        let line = peer.line.and_then(|at| self.lines.get(at));
        if parcel.is_ephemeral() && line.is_none_or(|line| line.sheds()) {
            return;
        }
        let Some(tail) = parcel.published.tail(shape) else { return };
        if peer.machine.numbering() == Numbering::Own {
            self.kept_new += tail.len();
            peer.machine.handle(self.now, Input::Dispatch { number: 0, tail });
            return self.pump(slot);
        }
        live.top = live.top.max(parcel.s());
        let (Some(at), true) = (peer.line, peer.machine.is_live()) else { return };
        let Some(frame) = parcel.frame(shape) else { return };
        peer.machine.count_sent(parcel.s(), 1);
        self.emit(at, Item::Shared { frame, s: parcel.s(), tail });
    }

    /// Queues a frame; a reader too far behind is closed and may resume.
    pub(super) fn emit(&mut self, at: usize, item: Item) {
        let most = self.hub.app.limits.socket_queue_bytes;
        let Some(line) = self.lines.get_mut(at) else { return };
        let was_dirty = line.dirty;
        let keeps_up = line.emit(item, most);
        self.hub.metrics.dispatches.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if !was_dirty {
            self.mark(at);
        }
        if !keeps_up {
            crate::gateway::metrics::count(&self.hub.metrics.slow);
            self.close(at, close::UNKNOWN_ERROR);
        }
    }

    /// Tells one session something between two events. Gives its number if it has shared ones.
    pub(super) fn tell_own(&mut self, slot: usize, number: u64, dispatch: &Dispatch) -> u64 {
        let Some(peer) = self.peers.get(slot) else { return 0 };
        let Some(live) = &peer.live else { return 0 };
        let shape = Shape { content: true, ..live.shape };
        let tail = dispatch.encode(shape).unwrap_or_default();
        self.tell_tail(slot, number, tail.into(), is_answer(dispatch))
    }

    fn tell_tail(&mut self, slot: usize, number: u64, tail: Bytes, is_answer: bool) -> u64 {
        let Some(peer) = self.peers.get_mut(slot) else { return 0 };
        let Some(live) = &mut peer.live else { return 0 };
        if tail.is_empty() {
            return 0;
        }
        let shared = peer.machine.numbering() == Numbering::Shared;
        self.kept_new += if shared || is_answer { 0 } else { tail.len() };
        let s = match (shared, peer.machine.is_live()) {
            (false, _) => 0,
            (true, true) => live.own_number(number),
            // Nobody hears it: whoever comes back is told anew.
            (true, false) => return number * STEP + (STEP - 1),
        };
        let input = match is_answer {
            true => Input::Answer { number: s, tail },
            false => Input::Dispatch { number: s, tail },
        };
        peer.machine.handle(self.now, input);
        self.pump(slot);
        s
    }

    fn derive(&mut self, slot: usize, guild: Id<marker::Guild>, number: u64, what: &Derived) {
        let Some(peer) = self.peers.get_mut(slot) else { return };
        let Some(live) = &mut peer.live else { return };
        if !live.is_linked(guild) || !live.who.intents.contains(Intents::GUILDS) {
            return;
        }
        match what {
            Derived::Channel(tails) => {
                let tail = tails[usize::from(live.shape.osc)].clone();
                let told_at = self.tell_tail(slot, number, tail, false);
                self.told(slot, guild, told_at);
            }
            Derived::Guild => {
                live.want(guild);
                let at = peer.line;
                at.into_iter().for_each(|at| self.mark(at));
            }
        }
    }

    fn told(&mut self, slot: usize, guild: Id<marker::Guild>, told_at: u64) {
        let live = self.peers.get_mut(slot).and_then(|peer| peer.live.as_mut());
        if let Some(link) = live.and_then(|live| live.link(guild)) {
            link.told_at = link.told_at.max(told_at);
        }
    }

    fn change_room(
        &mut self,
        guild: Id<marker::Guild>,
        user: Id<marker::User>,
        from: RoomId,
        to: RoomId,
    ) {
        for slot in self.slots_of(user) {
            let live = self.peers.get_mut(slot).and_then(|peer| peer.live.as_mut());
            let link = live.and_then(|live| live.link(guild));
            if let Some(link) = link.filter(|link| link.room == from) {
                link.room = to;
                self.leave_room(slot, from);
                self.rooms.entry(to).or_default().push(slot);
            }
        }
    }

    pub(super) fn leave_room(&mut self, slot: usize, room: RoomId) {
        if let Some(slots) = self.rooms.get_mut(&room) {
            slots.retain(|other| *other != slot);
            if slots.is_empty() {
                self.rooms.remove(&room);
            }
        }
    }

    fn hear_join(&mut self, slot: usize, guild: Id<marker::Guild>) {
        let Some(peer) = self.peers.get_mut(slot) else { return };
        let Some(live) = &mut peer.live else { return };
        if !live.started {
            live.gone.retain(|(gone, _)| *gone != guild);
        }
        if live.is_linked(guild) || !live.has_share(guild) {
            return;
        }
        live.want(guild);
        if let Some(at) = peer.line {
            self.mark(at);
        }
    }

    /// The hub took a seat for each session of this person. False: this one does not need it.
    fn hear_welcome(
        &mut self,
        slot: usize,
        guild: Id<marker::Guild>,
        room: RoomId,
        number: u64,
        made: &[GuildCreate; 2],
    ) -> bool {
        let Some(Peer { live: Some(live), .. }) = self.peers.get_mut(slot) else { return false };
        if !live.started || live.is_linked(guild) || !live.has_share(guild) {
            self.hear_join(slot, guild);
            return false;
        }
        live.pending.retain(|other| *other != guild);
        live.links.push(Link { guild, room, made_at: 0, told_at: 0 });
        let wants = live.who.wants;
        self.rooms.entry(room).or_default().push(slot);
        let mut made = made[usize::from(wants.presences)].clone();
        made.large = made.member_count as usize > wants.large;
        let told_at = self.tell_own(slot, number, &Dispatch::GuildCreate(Box::new(made)));
        self.told(slot, guild, told_at);
        let live = self.peers.get_mut(slot).and_then(|peer| peer.live.as_mut());
        if let Some(link) = live.and_then(|live| live.link(guild)) {
            link.made_at = told_at;
        }
        true
    }

    fn hear_leave(&mut self, slot: usize, guild: Id<marker::Guild>, number: u64) {
        let Some(peer) = self.peers.get_mut(slot) else { return };
        let Some(live) = &mut peer.live else { return };
        let pending = live.pending.iter().position(|other| *other == guild);
        let known = pending.is_some() || live.is_linked(guild);
        live.pending.retain(|other| *other != guild);
        let link = live.links.iter().position(|link| link.guild == guild);
        let link = link.map(|at| live.links.swap_remove(at));
        if live.voice.as_ref().is_some_and(|(there, _)| *there == guild) {
            live.voice = None;
        }
        if !live.started {
            live.gone.push((guild, 0));
            return;
        }
        if let Some(link) = link {
            self.leave_room(slot, link.room);
        }
        if known {
            self.tell_gone(slot, guild, number);
        }
    }

    /// GUILD_DELETE for one session, remembered for a resume from before it.
    pub(super) fn tell_gone(&mut self, slot: usize, guild: Id<marker::Guild>, number: u64) {
        let gone = Dispatch::GuildDelete(UnavailableGuild { id: guild, unavailable: None });
        let live = |shard: &Self| {
            let live = shard.peers.get(slot).and_then(|peer| peer.live.as_ref());
            live.is_some_and(|live| live.who.intents.contains(Intents::GUILDS))
        };
        if !live(self) {
            return;
        }
        let told_at = self.tell_own(slot, number, &gone);
        if let Some(live) = self.peers.get_mut(slot).and_then(|peer| peer.live.as_mut())
            && live.who.shared
        {
            live.lost(guild, told_at);
        }
    }

    /// Everybody in it was told by the event.
    fn forget_guild(&mut self, guild: Id<marker::Guild>, number: u64) {
        let mut left = Vec::new();
        for (slot, peer) in &mut self.peers {
            let Some(live) = &mut peer.live else { continue };
            let waited = live.pending.contains(&guild);
            live.pending.retain(|other| *other != guild);
            if let Some(at) = live.links.iter().position(|link| link.guild == guild) {
                left.push((slot, Some(live.links.swap_remove(at).room)));
                if live.who.shared {
                    live.lost(guild, number * STEP);
                }
            } else if waited {
                left.push((slot, None));
            }
        }
        for (slot, room) in left {
            match room {
                Some(room) => self.leave_room(slot, room),
                None => self.tell_gone(slot, guild, number),
            }
        }
    }

    /// Whether a session may be told of an event in a replay.
    pub(super) fn may_hear(&self, slot: usize, audience: &Audience) -> bool {
        let live = self.peers.get(slot).and_then(|peer| peer.live.as_ref());
        live.is_some_and(|live| {
            let there = match audience.guild() {
                Some(guild) => live.is_linked(guild),
                None => live.has_direct_messages(),
            };
            there && self.hub.may_hear(live.user(), audience)
        })
    }
}

/// Whether it answers what the client asked for, which it asks for anew when it comes back.
fn is_answer(dispatch: &Dispatch) -> bool {
    matches!(dispatch, Dispatch::GuildMembersChunk(_) | Dispatch::RateLimited(_))
}
