//! Frames of clients, carried out: what a session's machine puts out goes to its socket, to the
//! clerk or into effect here.
//!
//! Everything that waits (who somebody is, members, voice) is asked of the clerk; its answers come
//! back as mail and are dropped if the session is another by then.

use std::sync::atomic::Ordering;

use domain::{presence, ready::CHUNK};
use proto::{
    Id,
    code::close,
    gateway::{
        Dispatch, MembersChunk, RateLimited, RateLimitedMeta, RequestGuildMembers,
        UpdateVoiceState, opcode,
        session::{Input, Output},
    },
    marker,
    member::Member,
};

use super::{Mail, Shard};
use crate::gateway::{
    clerk::{self, Address, AskedAs, Request},
    session::{Chunks, Item, Peer},
};

impl Shard {
    pub(super) fn open(&mut self, mail: Mail) {
        match mail {
            Mail::Arrive(arrival) => self.arrive(*arrival),
            Mail::Move { line, machine, resume, actor } => {
                if let Some(slot) = self.seat(*line, *machine) {
                    self.resume(slot, *resume, actor, None, None);
                }
            }
            Mail::Known { to, who, registered } => {
                if let Some(slot) = self.find(to) {
                    self.register(slot, *who, registered);
                }
            }
            Mail::Start { to, start } => {
                if let Some(slot) = self.find(to) {
                    self.start(slot, *start);
                }
            }
            Mail::Refused { to, code } => self.answer(to, Input::Refused(code)),
            Mail::Invalid { to } => self.invalidate(to),
            Mail::Resume { to, shard, resume, actor, restored, logged } => {
                if let Some(slot) = self.find(to) {
                    self.find_session(slot, shard, *resume, actor, restored, logged);
                }
            }
            Mail::Guild { to, guild, known } => {
                if let Some(slot) = self.find(to) {
                    self.loaded(slot, guild, known);
                }
            }
            Mail::Meant { to, meant } => {
                if let Some(slot) = self.find(to) {
                    self.chunks_meant(slot, meant);
                }
            }
            Mail::Page { to, members } => {
                if let Some(slot) = self.find(to) {
                    self.chunk(slot, members);
                }
            }
            Mail::Voice { to, place } => self.entered_voice(to, place),
            Mail::CloseUser(user, code) => {
                self.slots_of(user).into_iter().for_each(|slot| self.end(slot, code));
            }
            Mail::GiveUp(given) => self.give_up(&given),
            Mail::GiveWay(user) => {
                self.hub.take_back(user, self.index);
                if let Some(oldest) = self.longest_waiting(user) {
                    self.forget(oldest);
                }
            }
            Mail::Stop(done) => self.stop(done),
        }
    }

    /// The session that the clerk's answer is for, if it is still there.
    pub(super) fn find(&self, to: Address) -> Option<usize> {
        let peer = self.peers.get(to.slot)?;
        (peer.generation == to.generation).then_some(to.slot)
    }

    pub(super) fn address(&self, slot: usize) -> Address {
        let generation = self.peers.get(slot).map_or(0, |peer| peer.generation);
        Address { shard: self.index, slot, generation }
    }

    fn answer(&mut self, to: Address, input: Input<'_>) {
        let Some(slot) = self.find(to) else { return };
        self.peers[slot].machine.handle(self.now, input);
        self.pump(slot);
    }

    pub(super) fn invalidate(&mut self, to: Address) {
        crate::gateway::metrics::count(&self.hub.metrics.invalid);
        self.answer(to, Input::Invalid);
    }

    /// Hands a request to the clerk; under overload the socket is closed and may come back.
    pub(super) fn ask(&mut self, slot: usize, request: Request) {
        if clerk::ask(&self.requests, request) {
            return;
        }
        if let Some(at) = self.peers.get(slot).and_then(|peer| peer.line) {
            self.close(at, close::UNKNOWN_ERROR);
        }
    }

    /// Carries out what a session's machine put out.
    pub(super) fn pump(&mut self, slot: usize) {
        while let Some(peer) = self.peers.get_mut(slot) {
            let Some(output) = peer.machine.poll() else { return };
            let line = peer.line;
            match (output, line) {
                (Output::Send(text), Some(at)) => self.emit(at, Item::Control(text)),
                (Output::Dispatch { s, tail }, Some(at)) => {
                    self.emit(at, Item::Dispatch { s, tail });
                }
                (Output::Close(code), Some(at)) => self.close(at, code),
                (Output::Expired, _) => self.forget(slot),
                (output, _) => self.obey(slot, output),
            }
        }
    }

    fn obey(&mut self, slot: usize, output: Output) {
        let from = self.address(slot);
        match output {
            Output::Identify(identify) => {
                let asked = self.asked_as(slot);
                self.ask(slot, Request::Identify { from, asked, identify });
            }
            Output::Resume(resume) => {
                let asked = self.asked_as(slot);
                self.ask(slot, Request::Resume { from, asked, resume });
            }
            Output::Presence(says) => {
                let most = self.hub.app.limits.presences_per_20s;
                let Some(live) = self.peers[slot].live.as_mut() else { return };
                live.who.says = says.clone();
                if !live.may_say(self.now, most) {
                    return;
                }
                presence::changed(&self.hub.app, live.user(), live.key, says);
            }
            Output::VoiceState(asked) => self.ask_voice(slot, asked),
            Output::Members(request) => self.ask_members(slot, *request),
            // No command of ours is known yet; those of later clients must not end a session.
            Output::Osc(name, _) => tracing::debug!(name, "unknown command"),
            Output::Send(_) | Output::Dispatch { .. } | Output::Close(_) | Output::Expired => {}
        }
    }

    /// What the connection itself tells of a client.
    fn asked_as(&self, slot: usize) -> AskedAs {
        let line = self.peers.get(slot).and_then(|peer| peer.line);
        let line = line.and_then(|at| self.lines.get(at));
        AskedAs {
            cookie: line.and_then(|line| line.cookie.clone()),
            shared: line.is_some_and(|line| line.shared),
            base: line.map_or_else(|| "".into(), |line| line.base.clone()),
        }
    }

    fn ask_voice(&mut self, slot: usize, asked: UpdateVoiceState) {
        let from = self.address(slot);
        let Some(live) = self.peers[slot].live.as_mut() else { return };
        let (user, place) = (live.user(), live.voice.clone());
        self.ask(slot, Request::Voice { from, user, place, asked });
    }

    fn entered_voice(&mut self, to: Address, place: Option<(Id<marker::Guild>, String)>) {
        let live = self.find(to).and_then(|slot| self.peers[slot].live.as_mut());
        match (live, place) {
            (Some(live), place) => live.voice = place,
            // The session went while it entered.
            (None, Some((guild, stay))) => self.leave_voice(None, guild, &stay),
            (None, None) => {}
        }
    }

    /// Takes a stay out of voice; by whom it is found in the guild.
    pub(super) fn leave_voice(
        &self,
        user: Option<Id<marker::User>>,
        guild: Id<marker::Guild>,
        stay: &str,
    ) {
        let Some(guild) = self.hub.app.cache.guild(guild) else { return };
        let find = || {
            let state = guild.read();
            let found = state.voice.values().find(|voice| voice.session_id == stay);
            found.map(|voice| voice.user_id)
        };
        if let Some(user) = user.or_else(find) {
            domain::voice::leave(&self.hub.app, &guild, user, Some(stay));
        }
    }

    fn ask_members(&mut self, slot: usize, request: RequestGuildMembers) {
        let most = self.hub.app.limits.member_requests_per_minute;
        let now = self.now;
        let Some(Peer { live: Some(live), line, .. }) = self.peers.get_mut(slot) else { return };
        let at = *line;
        match live.may_ask(now, &request, most) {
            Ok(()) => live.asked.push_back(request),
            Err(wait) => {
                let limited = RateLimited {
                    opcode: opcode::REQUEST_GUILD_MEMBERS,
                    retry_after: wait.as_millis().max(1) as f64 / 1_000.0,
                    meta: RateLimitedMeta { guild_id: request.guild_id, nonce: request.nonce },
                };
                let number = live.top / crate::gateway::parcel::STEP;
                self.tell_own(slot, number, &Dispatch::RateLimited(limited));
            }
        }
        at.into_iter().for_each(|at| self.mark(at));
    }

    /// Makes more of what a session asked for: its socket has room.
    pub(super) fn produce(&mut self, slot: usize) {
        let from = self.address(slot);
        let Some(Peer { live: Some(live), machine, .. }) = self.peers.get_mut(slot) else { return };
        if !machine.is_live() || !live.started {
            return;
        }
        if let Some(guild) = live.pending.front().copied() {
            if !live.loading {
                self.produce_guild(slot, guild);
            }
            return;
        }
        if !live.announced {
            self.announce(slot);
            return self.produce(slot);
        }
        if let Some(chunks) = &mut live.chunks {
            if !chunks.waiting {
                chunks.waiting = true;
                let page = chunks.ids.iter().skip(chunks.next).take(CHUNK).copied().collect();
                let guild = chunks.request.guild_id;
                self.ask(slot, Request::Page { from, guild, ids: page });
            }
            return;
        }
        if let Some(request) = live.asked.pop_front() {
            live.chunks = Some(Chunks {
                request: request.clone(),
                ids: Vec::new(),
                not_found: Vec::new(),
                next: 0,
                waiting: true,
            });
            let user = live.user();
            self.ask(slot, Request::Members { from, user, request });
        }
    }

    fn chunks_meant(&mut self, slot: usize, meant: Option<(Vec<Id<marker::User>>, Vec<String>)>) {
        let Some(Peer { live: Some(live), line, .. }) = self.peers.get_mut(slot) else { return };
        match (meant, &mut live.chunks) {
            (Some((ids, not_found)), Some(chunks)) => {
                (chunks.ids, chunks.not_found, chunks.waiting) = (ids, not_found, false);
            }
            (None, chunks) => *chunks = None,
            (Some(_), None) => {}
        }
        let at = *line;
        at.into_iter().for_each(|at| self.mark(at));
    }

    fn chunk(&mut self, slot: usize, members: Vec<Member>) {
        let app = self.hub.app.clone();
        let Some(Peer { live: Some(live), line, .. }) = self.peers.get_mut(slot) else { return };
        let Some(mut chunks) = live.chunks.take() else { return };
        let guild = chunks.request.guild_id;
        let page: Vec<_> = chunks.ids.iter().skip(chunks.next).take(CHUNK).copied().collect();
        let presences = chunks.request.presences.then(|| app.presences.of(guild, &page));
        let first = chunks.next == 0;
        let event = MembersChunk {
            guild_id: guild,
            members,
            chunk_index: (chunks.next / CHUNK) as u32,
            chunk_count: chunks.ids.len().div_ceil(CHUNK).max(1) as u32,
            not_found: if first { std::mem::take(&mut chunks.not_found) } else { Vec::new() },
            presences,
            // COMPAT: longer nonces are not given back.
            nonce: chunks.request.nonce.clone().filter(|nonce| nonce.len() <= 32),
        };
        chunks.next += CHUNK;
        chunks.waiting = false;
        if chunks.next < chunks.ids.len() {
            live.chunks = Some(chunks);
        }
        let (at, number) = (*line, live.top / crate::gateway::parcel::STEP);
        self.tell_own(slot, number, &Dispatch::GuildMembersChunk(Box::new(event)));
        at.into_iter().for_each(|at| self.mark(at));
    }

    /// A session lost its socket: it waits to be resumed, unless the code ended it.
    pub(super) fn detach(&mut self, slot: usize, code: Option<u16>) {
        let Some(peer) = self.peers.get_mut(slot) else { return };
        peer.line = None;
        peer.machine.handle(self.now, Input::Detached);
        let over = peer.machine.is_over();
        if let Some(live) = &mut peer.live {
            if live.detached_at.replace(self.now).is_none() {
                self.hub.waits(live.user(), self.index, true);
            }
            live.announced = false;
            live.asked.clear();
            live.chunks = None;
            presence::went(&self.hub.app, live.user(), live.key);
        }
        let ends = code.is_some_and(proto::gateway::session::ends_session);
        let started = peer.live.as_ref().is_some_and(|live| live.started);
        if over || ends || !started {
            self.forget(slot);
        }
    }

    /// Ends a session: its socket is closed with this code.
    pub(super) fn end(&mut self, slot: usize, code: u16) {
        let Some(at) = self.peers.get_mut(slot).map(|peer| peer.line.take()) else { return };
        self.forget(slot);
        if let Some(at) = at {
            if let Some(line) = self.lines.get_mut(at) {
                line.peer = None;
            }
            self.close(at, code);
        }
    }

    /// Forgets a session and all that listened for it.
    pub(super) fn forget(&mut self, slot: usize) {
        let Some(peer) = self.peers.try_remove(slot) else { return };
        let Some(live) = peer.live else { return };
        let user = live.user();
        for link in &live.links {
            self.leave_room(slot, link.room);
            self.hub.rise(link.guild, user);
        }
        if let Some(slots) = self.people.get_mut(&user) {
            slots.retain(|other| *other != slot);
            if slots.is_empty() {
                self.people.remove(&user);
            }
        }
        self.names.remove(&live.who.name);
        self.hub.set_home(&live.who.name, None);
        if live.detached_at.is_some() {
            self.hub.waits(user, self.index, false);
        }
        self.hub.leave(user, self.index);
        self.hub.metrics.sessions.fetch_sub(1, Ordering::Relaxed);
        presence::went(&self.hub.app, user, live.key);
        if let Some((guild, stay)) = &live.voice {
            self.leave_voice(Some(user), *guild, stay);
        }
        if live.started {
            clerk::ask(&self.requests, Request::Forget(live.who.name.clone()));
        }
    }
}
