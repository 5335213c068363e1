//! How a session begins and goes on: READY, a GUILD_CREATE per guild, resume, and what is kept for
//! after a restart.
//!
//! A session is registered before its snapshot is read, and takes each guild behind the gate, so
//! that nothing falls between a snapshot and the events after it.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use domain::{
    Actor, login, presence,
    ready::{self, Start},
    render,
    rows::GatewaySessionRow,
};
use proto::{
    Id,
    code::close,
    gateway::{
        Dispatch, Ready, ReadyApplication, Resume, Resumed,
        session::{Input, NotResumable, Numbering, Session},
    },
    guild::UnavailableGuild,
    marker,
    osc::ReadyOsc,
    websocket,
};
use tokio::sync::oneshot;

use super::{Mail, STOP_WITHIN, Shard};
use crate::gateway::{
    clerk::{self, Kept, Logged, Request, Restored, Saved},
    kept::{GiveUp, Share},
    metrics::count,
    packing::Packing,
    parcel::{Parcel, STEP},
    session::{Item, Link, Live, Peer, Who},
};

/// How often a session's row says that it is alive.
const SAVE_EVERY: Duration = Duration::from_secs(3_600);
/// How long somebody without a socket stays in voice.
const VOICE_WITHIN: Duration = Duration::from_secs(30);
/// Bytes kept over a restart of a session with numbers of its own.
const KEPT_BYTES: usize = 256 << 10;
/// How long clients show that somebody types.
const TYPING_MS: i64 = 10_000;
/// Frames of one message, and bytes of a fragmented one beside the limits of the machine.
const FRAGMENTS: u32 = 64;

impl Shard {
    /// It is known who it is: from now on events are held for it.
    pub(super) fn register(&mut self, slot: usize, who: Who, registered: oneshot::Sender<()>) {
        if !self.behind_gate(|shard| shard.settle(slot, who)) {
            return self.refuse(slot, close::RATE_LIMITED);
        }
        // The clerk goes on to load what READY needs.
        let _ = registered.send(());
    }

    /// Makes a session known by its user and its name. False: they have too many; those that wait
    /// to be resumed give way.
    fn settle(&mut self, slot: usize, who: Who) -> bool {
        let (user, name) = (who.actor.user, who.name.clone());
        while !self.hub.enter(user, self.index) {
            if let Some(oldest) = self.longest_waiting(user) {
                self.forget(oldest);
            } else if let Some(other) = self.hub.give_way(user, self.index) {
                other.mail(Mail::GiveWay(user));
            } else {
                return false;
            }
        }
        self.next_key += 1;
        let live = Live::new(who, self.next_key, self.now);
        self.people.entry(user).or_default().push(slot);
        self.names.insert(name, slot);
        self.hub.metrics.sessions.fetch_add(1, Ordering::Relaxed);
        self.peers[slot].live = Some(Box::new(live));
        true
    }

    /// The session of this user here that waits to be resumed since longest.
    pub(super) fn longest_waiting(&self, user: Id<marker::User>) -> Option<usize> {
        let waiting = self.slots_of(user).into_iter().filter_map(|slot| {
            let live = self.peers.get(slot)?.live.as_ref()?;
            Some((live.detached_at?, slot))
        });
        waiting.min().map(|(_, slot)| slot)
    }

    /// READY, then what was held; the guilds follow as the socket drains.
    pub(super) fn start(&mut self, slot: usize, start: Start) {
        let number = self.hub.last();
        let Some(Peer { live: Some(live), machine, line, .. }) = self.peers.get_mut(slot) else {
            return;
        };
        let numbering = if live.who.shared { Numbering::Shared } else { Numbering::Own };
        let (osc, user) = (live.who.osc, live.user());
        machine.handle(self.now, Input::Granted { numbering, osc });
        if !machine.is_live() {
            return;
        }
        live.started = true;
        let gone: Vec<_> = live.gone.drain(..).map(|(guild, _)| guild).collect();
        let mut guilds: Vec<_> = start.guilds.iter().map(|guild| guild.id).collect();
        guilds.extend(live.pending.drain(..));
        guilds.retain(|guild| !gone.contains(guild) && live.has_share(*guild));
        guilds.sort_unstable();
        guilds.dedup();
        live.pending.extend(&guilds);
        let held = std::mem::take(&mut live.held);
        let ready = ready_of(&self.hub.app, live, &start, &guilds);
        let (at, compress) = (*line, live.who.compress);
        // COMPAT: some ask for both; packed twice, their messages could not be read.
        if let Some(line) = at.filter(|_| compress).and_then(|at| self.lines.get_mut(at)) {
            line.packing.get_or_insert_with(|| Box::new(Packing::Each));
        }
        self.tell_own(slot, number, &Dispatch::Ready(Box::new(ready)));
        count(&self.hub.metrics.identifies);
        for parcel in held {
            let audience = parcel.dispatch().map(|(audience, _)| audience.clone());
            if audience.is_some_and(|audience| audience.guild().is_none()) {
                self.tell(slot, &parcel);
            }
        }
        if let Some(at) = at {
            self.identified(at, osc, user);
            self.mark(at);
        }
        self.save(slot, None, None);
    }

    /// A line knows its session for good.
    fn identified(&mut self, at: usize, osc: bool, user: Id<marker::User>) {
        let limits = &self.hub.app.limits;
        let bytes = if osc { limits.gateway_payload_osc } else { limits.gateway_payload * 4 };
        if let Some(line) = self.lines.get_mut(at) {
            if let Some(slot) = &line.slot {
                // Sessions have a limit of their own.
                let _ = slot.signed_in(user);
            }
            let limits = websocket::Limits::message(bytes as u32 + 1, FRAGMENTS);
            line.socket.set_inbound_limits(limits);
        }
    }

    /// One guild of those a session waits for.
    pub(super) fn produce_guild(&mut self, slot: usize, id: Id<marker::Guild>) {
        let Some(guild) = self.hub.app.cache.guild(id) else {
            if let Some(live) = self.peers[slot].live.as_mut() {
                live.loading = true;
            }
            let from = self.address(slot);
            return self.ask(slot, Request::Guild { from, guild: id });
        };
        self.behind_gate(|shard| {
            let hub = shard.hub.clone();
            let number = hub.last();
            let Some(Peer { live: Some(live), .. }) = shard.peers.get_mut(slot) else { return };
            if live.pending.front() != Some(&id) {
                return;
            }
            live.pending.pop_front();
            let user = live.user();
            let made = {
                let state = guild.read();
                let mut row = hub.app.cache.user(user);
                let row = row.get_or_insert_with(|| live.who.row.clone());
                ready::guild_create(&hub.app, &state, row, live.who.wants)
            };
            let Some(made) = made else {
                return shard.tell_gone(slot, id, number);
            };
            let fresh = !live.is_linked(id);
            if fresh {
                let Some(room) = hub.sit(&guild, user) else { return };
                live.links.push(Link { guild: id, room, made_at: 0, told_at: 0 });
                shard.rooms.entry(room).or_default().push(slot);
            }
            let told_at = shard.tell_own(slot, number, &Dispatch::GuildCreate(Box::new(made)));
            let live = shard.peers.get_mut(slot).and_then(|peer| peer.live.as_mut());
            if let Some(link) = live.and_then(|live| live.link(id)) {
                link.told_at = told_at;
                link.made_at = if fresh { told_at } else { link.made_at };
            }
        });
        if let Some(at) = self.peers.get(slot).and_then(|peer| peer.line) {
            self.mark(at);
        }
    }

    /// All its guilds are there: others may know that somebody is.
    pub(super) fn announce(&mut self, slot: usize) {
        let live = self.peers.get_mut(slot).and_then(|peer| peer.live.as_mut());
        let Some(live) = live.filter(|live| !live.announced) else { return };
        live.announced = true;
        let guilds: Vec<_> = live.links.iter().map(|link| link.guild).collect();
        let (user, key, says) = (live.user(), live.key, live.who.says.clone());
        presence::came(&self.hub.app, user, key, &guilds, says);
    }

    pub(super) fn loaded(&mut self, slot: usize, guild: Id<marker::Guild>, known: bool) {
        let number = self.hub.last();
        let Some(Peer { live: Some(live), line, .. }) = self.peers.get_mut(slot) else { return };
        live.loading = false;
        let at = *line;
        if !known && live.pending.front() == Some(&guild) {
            live.pending.pop_front();
            self.tell_gone(slot, guild, number);
        }
        at.into_iter().for_each(|at| self.mark(at));
    }

    /// A connection asks to go on with a session: brings it to the shard that has it.
    pub(super) fn find_session(
        &mut self,
        slot: usize,
        shard: usize,
        resume: Resume,
        actor: Actor,
        restored: Option<Box<Restored>>,
        logged: Option<Logged>,
    ) {
        if shard == self.index {
            return self.resume(slot, resume, actor, restored, logged);
        }
        let Some(other) = self.hub.shard(shard) else {
            return self.invalidate(self.address(slot));
        };
        let Some(peer) = self.peers.try_remove(slot) else { return };
        let Some(mut line) = peer.line.and_then(|at| self.lines.try_remove(at)) else { return };
        let _ = line.socket.deregister(self.readiness.registry());
        line.peer = None;
        let (line, machine) = (Box::new(line), Box::new(peer.machine));
        other.mail(Mail::Move { line, machine, resume: Box::new(resume), actor });
    }

    /// `slot` is the beginning that the connection made; it gives way to the session itself.
    pub(super) fn resume(
        &mut self,
        slot: usize,
        resume: Resume,
        actor: Actor,
        restored: Option<Box<Restored>>,
        logged: Option<Logged>,
    ) {
        let from = self.address(slot);
        let known = self.names.get(&resume.session_id).copied();
        let known = known.or_else(|| restored.and_then(|restored| self.restore(*restored)));
        let Some(session) = known.filter(|session| self.is_of(*session, &actor, slot)) else {
            return self.invalidate(from);
        };
        let machine = &self.peers[session].machine;
        if machine.numbering() == Numbering::Own {
            match machine.replay(resume.seq).err() {
                None => {}
                Some(NotResumable::Ahead) => return self.refuse(slot, close::INVALID_SEQ),
                Some(NotResumable::Behind) => {
                    self.invalidate(from);
                    return self.end(session, close::UNKNOWN_ERROR);
                }
            }
        }
        let outcome = self.behind_gate(|shard| {
            if shard.peers.get(session).is_none() {
                return Err(Lacks::Session);
            }
            let missing = shard.missing(session, resume.seq, logged)?;
            shard.take_over(slot, session);
            shard.replay(session, resume.seq, missing);
            Ok(())
        });
        match outcome {
            Ok(()) => self.resumed(session),
            Err(Lacks::Session) => self.invalidate(from),
            Err(Lacks::Number) => self.refuse(slot, close::INVALID_SEQ),
            Err(Lacks::Events(after)) => {
                let resume = Box::new(resume);
                self.ask(slot, Request::Log { from, resume, actor, after });
            }
        }
    }

    fn refuse(&mut self, slot: usize, code: u16) {
        self.peers[slot].machine.handle(self.now, Input::Refused(code));
        self.pump(slot);
    }

    /// Whether the session is this user's, and numbered as the connection asks for.
    fn is_of(&self, session: usize, actor: &Actor, slot: usize) -> bool {
        let live = self.peers.get(session).and_then(|peer| peer.live.as_ref());
        let line = self.peers.get(slot).and_then(|peer| peer.line);
        let shared = line.and_then(|at| self.lines.get(at)).is_some_and(|line| line.shared);
        live.is_some_and(|live| {
            live.started && live.user() == actor.user && live.who.shared == shared
        })
    }

    /// Events that a session with shared numbers missed, or one restored after a stop.
    fn missing(
        &self,
        session: usize,
        seq: u64,
        logged: Option<Logged>,
    ) -> Result<Vec<Arc<Parcel>>, Lacks> {
        let Some(Peer { live: Some(live), machine, .. }) = self.peers.get(session) else {
            return Err(Lacks::Session);
        };
        let shared = machine.numbering() == Numbering::Shared;
        if shared && seq / STEP > self.hub.last() {
            return Err(Lacks::Number);
        }
        // With own numbers all is in the session, but for what happened while nothing ran.
        let after = match (shared, &logged) {
            (false, None) => return Ok(Vec::new()),
            (false, Some(_)) => live.top / STEP,
            (true, _) => seq / STEP,
        };
        let (mut events, up_to) = match logged {
            Some(logged) => (logged.events, logged.up_to),
            None => (Vec::new(), after),
        };
        // What is on disk but not yet told comes in its turn, like to everybody.
        let heard = self.hub.last();
        events.retain(|event| event.published.number <= heard);
        match self.hub.replay_since(up_to) {
            Some(newer) => events.extend(newer),
            None => return Err(Lacks::Events(after)),
        }
        Ok(events)
    }

    /// The session takes the line of the connection that asked; an older line of it is closed.
    fn take_over(&mut self, slot: usize, session: usize) {
        if let Some(old) = self.peers[session].line.take() {
            if let Some(line) = self.lines.get_mut(old) {
                line.peer = None;
            }
            self.peers[session].machine.handle(self.now, Input::Detached);
            self.close(old, close::UNKNOWN_ERROR);
        }
        let beginning = self.peers.remove(slot);
        let connection = beginning.machine.into_connection();
        let peer = &mut self.peers[session];
        peer.machine.handle(self.now, Input::Attached(connection));
        peer.line = beginning.line;
        if let Some(line) = beginning.line.and_then(|at| self.lines.get_mut(at)) {
            line.peer = Some(session);
        }
    }

    /// What was missed, then RESUMED. Guilds of which more is missing than events come anew.
    fn replay(&mut self, session: usize, seq: u64, missing: Vec<Arc<Parcel>>) {
        let number = self.hub.last();
        let Some(Peer { live: Some(live), machine, line: Some(at), .. }) =
            self.peers.get_mut(session)
        else {
            return;
        };
        let (at, shared) = (*at, machine.numbering() == Numbering::Shared);
        if live.detached_at.take().is_some() {
            self.hub.waits(live.user(), self.index, false);
        }
        live.top = if shared { seq } else { live.top };
        if !shared {
            let kept = machine.replay(seq).map(Iterator::collect::<Vec<_>>).unwrap_or_default();
            machine.count_sent(0, kept.len() as u64);
            if let Some(line) = self.lines.get_mut(at) {
                kept.into_iter().for_each(|(s, tail)| {
                    line.emit_snapshot(Item::Dispatch { s, tail });
                });
            }
        }
        // Of a guild that the client does not have yet it hears first by its GUILD_CREATE.
        let mut unknown = own_joins(&missing, live.user());
        let fresh = live.links.iter().filter(|link| shared && link.made_at > seq);
        unknown.extend(fresh.map(|link| link.guild));
        for parcel in missing {
            let Some((audience, _)) = parcel.dispatch() else { continue };
            let known = audience.guild().is_none_or(|guild| !unknown.contains(&guild));
            if known && self.may_hear(session, audience) {
                self.tell_again(session, at, &parcel, shared);
            }
        }
        let Some(live) = self.peers.get_mut(session).and_then(|peer| peer.live.as_mut()) else {
            return;
        };
        let gone: Vec<_> = live.gone.iter().filter(|(_, told)| shared && *told > seq).collect();
        let gone: Vec<_> = gone.into_iter().map(|(guild, _)| *guild).collect();
        live.gone.clear();
        let stale = live.links.iter().filter(|link| shared && link.told_at > seq);
        let mut stale: Vec<_> = stale.map(|link| link.guild).collect();
        stale.extend(unknown.into_iter().filter(|guild| live.is_linked(*guild)));
        stale.into_iter().for_each(|guild| live.want(guild));
        live.loading = false;
        gone.into_iter().for_each(|guild| self.tell_gone(session, guild, number));
        self.tell_own(session, number, &Dispatch::Resumed(Resumed {}));
    }

    /// One event of a replay, unless it is stale: who typed long ago does so no more.
    fn tell_again(&mut self, session: usize, at: usize, parcel: &Arc<Parcel>, shared: bool) {
        let old = self.hub.app.clock.now().ms_since(parcel.published.at) > TYPING_MS;
        let Some(Peer { live: Some(live), machine, .. }) = self.peers.get_mut(session) else {
            return;
        };
        let typing = |(_, dispatch)| matches!(dispatch, &Dispatch::TypingStart(_));
        let stale = old && parcel.dispatch().is_some_and(typing);
        let Some(shape) = live.shape_for(parcel).filter(|_| !stale) else { return };
        let Some(tail) = parcel.published.tail(shape) else { return };
        if !shared {
            machine.handle(self.now, Input::Dispatch { number: 0, tail });
            return self.pump(session);
        }
        let Some(frame) = parcel.frame(shape) else { return };
        let s = parcel.s();
        live.top = live.top.max(s);
        machine.count_sent(s, 1);
        if let Some(line) = self.lines.get_mut(at) {
            line.emit_snapshot(Item::Shared { frame, s, tail });
        }
    }

    fn resumed(&mut self, session: usize) {
        count(&self.hub.metrics.resumes);
        let Some(Peer { live: Some(live), line, .. }) = self.peers.get(session) else { return };
        let (at, osc, user) = (*line, live.who.osc, live.user());
        self.pump(session);
        if let Some(at) = at {
            self.identified(at, osc, user);
            self.mark(at);
        }
        self.save(session, None, None);
    }

    /// A session of before a restart. It listens to its guilds at once, and gets each anew, since
    /// presence and voice of before are not known.
    fn restore(&mut self, restored: Restored) -> Option<usize> {
        let Restored { who, numbering, seq, tails, number, guilds } = restored;
        let (now, terms) = (self.now, self.terms.clone());
        let machine = Session::restore(now, terms, numbering, who.osc, seq, tails);
        let generation = self.generation;
        self.generation = self.generation.wrapping_add(1);
        let slot = self.peers.insert(Peer { machine, generation, line: None, live: None });
        let name = who.name.clone();
        let settled = self.behind_gate(|shard| {
            let hub = shard.hub.clone();
            if !shard.settle(slot, who) {
                return false;
            }
            let Some(live) = shard.peers[slot].live.as_mut() else { return false };
            live.started = true;
            live.top = number * STEP;
            live.detached_at = Some(now);
            hub.waits(live.user(), shard.index, true);
            for guild in &guilds {
                let seat = live.has_share(guild.id).then(|| hub.sit(guild, live.user()));
                let Some(room) = seat.flatten() else { continue };
                live.links.push(Link { guild: guild.id, room, made_at: 0, told_at: u64::MAX });
                shard.rooms.entry(room).or_default().push(slot);
            }
            let fresh: Vec<_> = live.links.iter().map(|link| link.guild).collect();
            fresh.into_iter().for_each(|guild| live.want(guild));
            true
        });
        if !settled {
            self.peers.remove(slot);
            return None;
        }
        self.hub.set_home(&name, Some(self.index));
        Some(slot)
    }

    pub(super) fn sweep_sessions(&mut self) {
        let now = self.now;
        let (mut stale, mut silent) = (Vec::new(), Vec::new());
        for (slot, peer) in &mut self.peers {
            let Some(live) = &mut peer.live else { continue };
            if live.announced && live.says_late(now) {
                presence::changed(&self.hub.app, live.user(), live.key, live.who.says.clone());
            }
            if live.started && now >= live.saved_at + SAVE_EVERY {
                stale.push(slot);
            }
            if live.detached_at.is_some_and(|since| now >= since + VOICE_WITHIN)
                && let Some((guild, stay)) = live.voice.take()
            {
                silent.push((live.user(), guild, stay));
            }
        }
        self.count_kept();
        stale.into_iter().for_each(|slot| self.save(slot, None, None));
        for (user, guild, stay) in silent {
            self.leave_voice(Some(user), guild, &stay);
        }
    }

    /// Reports what the sessions here keep for a resume; whoever keeps too much is told.
    pub(super) fn count_kept(&mut self) {
        self.kept_new = 0;
        let share = |peer: &Peer| {
            let live = peer.live.as_ref()?;
            let bytes = peer.machine.kept_bytes();
            let (user, key, waits_since) = (live.user(), live.key, live.detached_at);
            (bytes > 0).then_some(Share { user, key, bytes, waits_since })
        };
        let shares = self.peers.iter().filter_map(|(_, peer)| share(peer)).collect();
        let (orders, left) = self.hub.kept.report(self.index, shares);
        self.hub.metrics.kept_bytes.store(left as i64, Ordering::Relaxed);
        for (shard, given) in orders {
            match self.hub.shard(shard) {
                Some(other) if shard != self.index => other.mail(Mail::GiveUp(given)),
                _ => self.give_up(&given),
            }
        }
    }

    /// These sessions give up what they keep. A session that was resumed meanwhile goes on.
    pub(super) fn give_up(&mut self, given: &GiveUp) {
        let mut gone = Vec::new();
        for (slot, peer) in &mut self.peers {
            let Some(live) = &peer.live else { continue };
            match given.get(&live.key) {
                Some(None) if live.detached_at.is_some() => gone.push(slot),
                Some(Some(most)) => peer.machine.trim_kept(*most),
                Some(None) | None => continue,
            }
            count(&self.hub.metrics.given_up);
        }
        gone.into_iter().for_each(|slot| self.forget(slot));
    }

    /// Writes a session's row, so that it can go on after a restart.
    fn save(&mut self, slot: usize, kept: Option<Kept>, done: Option<oneshot::Sender<()>>) {
        let (now, seen_at) = (self.now, self.hub.app.clock.now());
        let live = self.peers.get_mut(slot).and_then(|peer| peer.live.as_mut());
        let Some(live) = live.filter(|live| live.started) else { return };
        live.saved_at = now;
        let who = &live.who;
        let saved = Saved {
            intents: who.intents.0,
            osc: who.osc,
            shared: who.shared,
            shard: who.shard,
            presences: who.wants.presences,
            large: who.wants.large,
            kept,
        };
        let row = GatewaySessionRow {
            digest: login::digest(&who.name),
            user_id: who.actor.user,
            login_id: who.actor.login,
            seen_at,
            data: serde_json::to_value(saved).expect("plain data"),
        };
        clerk::ask(&self.requests, Request::Save(Box::new(row), done));
    }

    /// The server stops: everybody is told to come back, and what is needed for that is kept.
    pub(super) fn stop(&mut self, done: oneshot::Sender<()>) {
        self.stopping = Some(self.now + STOP_WITHIN);
        let slots: Vec<_> = self.peers.iter().map(|(slot, _)| slot).collect();
        let mut saving = Vec::new();
        self.behind_gate(|shard| {
            let number = shard.hub.last();
            for slot in slots {
                let Some(peer) = shard.peers.get_mut(slot) else { continue };
                peer.machine.handle(shard.now, Input::Reconnect);
                let own = peer.live.as_ref().is_some_and(|live| !live.who.shared);
                let kept = own.then(|| kept(&peer.machine, number));
                shard.pump(slot);
                let (saved, wait) = oneshot::channel();
                shard.save(slot, kept, Some(saved));
                saving.push(wait);
                let line = shard.peers.get(slot).and_then(|peer| peer.line);
                // The session is kept on disk; here it only must not hear any more.
                line.into_iter().for_each(|at| shard.close(at, close::UNKNOWN_ERROR));
            }
        });
        let stop = async move {
            for saved in saving {
                let _ = saved.await;
            }
            let _ = done.send(());
        };
        self.hub.spawn(stop);
    }
}

/// Guilds that somebody joined within these events.
fn own_joins(events: &[Arc<Parcel>], user: Id<marker::User>) -> Vec<Id<marker::Guild>> {
    let joins = events.iter().filter_map(|parcel| match parcel.dispatch()?.1 {
        Dispatch::GuildMemberAdd(event) => {
            let joined = event.member.user.as_ref()?.id;
            (joined == user).then_some(event.guild_id)
        }
        _ => None,
    });
    joins.collect()
}

/// Why a resume cannot go on as it is.
enum Lacks {
    Session,
    /// The number was never given.
    Number,
    /// Events after this number are no longer in memory.
    Events(u64),
}

fn kept(machine: &Session, number: u64) -> Kept {
    let tails = machine.kept(KEPT_BYTES);
    let text = |tail: bytes::Bytes| String::from_utf8_lossy(&tail).into_owned();
    Kept { seq: machine.seq(), tails: tails.into_iter().map(text).collect(), number }
}

fn ready_of(app: &domain::App, live: &Live, start: &Start, guilds: &[Id<marker::Guild>]) -> Ready {
    let who = &live.who;
    let url = who.base.replacen("http", "ws", 1);
    Ready {
        v: 10,
        user: render::current_user(app, &start.user, who.actor.server_owner),
        guilds: guilds
            .iter()
            .map(|id| UnavailableGuild { id: *id, unavailable: Some(true) })
            .collect(),
        session_id: who.name.clone(),
        resume_gateway_url: format!("{url}/gateway"),
        private_channels: start.dms.clone(),
        shard: who.shard,
        // COMPAT: disnake asks for members only if this says that it may.
        application: ReadyApplication {
            id: who.actor.user.cast(),
            flags: domain::application::granted(&start.user),
        },
        osc: who.osc.then(|| ReadyOsc {
            read_states: start.read_states.clone(),
            relationships: start.relationships.clone(),
            guild_order: start.guild_order.clone(),
            notifications: start.notifications.clone(),
        }),
    }
}
