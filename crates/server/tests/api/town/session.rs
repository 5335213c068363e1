//! A session under watch: its copy, all that it heard, and where that broke a law.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use client::{
    Cache, Gateway, Options,
    gateway::{Event, Handle, Status},
};
use proto::{
    Id,
    gateway::{Dispatch, Frame, Shape, opcode, strip_osc},
    marker,
};
use serde_json::Value;
use tokio::sync::watch;

use super::{BARRIERS, Inner, PATIENCE};

/// Which of the two ways to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Knows us, shared numbers.
    Osc,
    /// Pure v10, numbers of its own.
    Pure,
}

#[derive(Clone)]
pub struct Session {
    pub kind: Kind,
    pub handle: Handle,
    log: Arc<Mutex<Log>>,
    changed: watch::Sender<()>,
}

/// All that a session heard.
pub struct Log {
    pub cache: Cache,
    pub heard: Vec<(u64, Dispatch)>,
    /// Broken laws, in words.
    pub faults: Vec<String>,
    pub readies: u32,
    pub resumes: u32,
    /// Was away on purpose.
    pub dropped: bool,
    /// A READY that a scenario expects.
    pub may_start_over: bool,
    /// How many of `heard` came before everything was there.
    pub started: usize,
    kind: Kind,
    offline: bool,
    /// How many of `heard` the scenario has asked for.
    taken: usize,
    barrier: u64,
    last_s: Option<u64>,
    newest: HashMap<Id<marker::Channel>, Id<marker::Message>>,
    /// Dispatches on the present socket.
    on_socket: u64,
    acks: u64,
    /// Between the HELLO of another socket and RESUMED.
    replaying: bool,
    /// Replayed of guilds that are told whole afterwards.
    early: Vec<(Id<marker::Guild>, String)>,
}

impl Session {
    /// Connects, and waits until READY and all its guilds are here.
    pub async fn start(town: &Inner, token: &str, kind: Kind) -> Self {
        let options = Options::new(town.rest.address().gateway(), token).with_seed(7);
        let options = match kind {
            Kind::Osc => options,
            Kind::Pure => options.pure(),
        };
        let log = Arc::new(Mutex::new(Log::new(kind)));
        let (changed, _) = watch::channel(());
        let tap = log.clone();
        let options = options.with_tap(Arc::new(move |frame| lock(&tap).frame(frame)));
        let mut gateway = Gateway::connect(options).expect("an address");
        let handle = gateway.handle();
        let (writes, wakes) = (log.clone(), changed.clone());
        tokio::spawn(async move {
            while let Some(event) = gateway.next().await {
                lock(&writes).hear(event);
                wakes.send_replace(());
            }
        });
        let session = Self { kind, handle, log, changed };
        session.until("READY and its guilds", |log| log.cache.is_whole()).await;
        let mut log = session.log();
        log.taken = log.heard.len();
        log.started = log.taken;
        drop(log);
        session
    }

    pub fn log(&self) -> MutexGuard<'_, Log> {
        lock(&self.log)
    }

    /// Waits until the barrier has come; not for those who are offline or out.
    pub(super) async fn hears(&self, barrier: u64) {
        if self.log().offline || self.is_out() {
            return;
        }
        self.until("a barrier", |log| log.barrier >= barrier).await;
    }

    pub fn is_out(&self) -> bool {
        matches!(self.handle.status(), Status::Refused(_) | Status::Over)
    }

    /// Waits until the log is like this.
    pub async fn until(&self, what: &str, is: impl Fn(&Log) -> bool) {
        let mut changes = self.changed.subscribe();
        let wait = async {
            while !is(&self.log()) && !self.is_out() {
                // A refusal comes without an event: look again now and then.
                let _ = tokio::time::timeout(Duration::from_millis(50), changes.changed()).await;
            }
        };
        if tokio::time::timeout(PATIENCE, wait).await.is_err() {
            let log = self.log();
            let heard: Vec<_> = log.heard.iter().map(|(s, d)| (s, d.name())).collect();
            panic!(
                "waited in vain for {what}; {:?} {:?}: {heard:?}",
                self.kind,
                self.handle.status()
            );
        }
    }

    /// Waits for an event of this name that was not asked for yet; its data.
    pub async fn awaits(&self, name: &str) -> Value {
        let found = |log: &Log| {
            let new = log.heard.iter().skip(log.taken);
            new.map(|(_, dispatch)| dispatch).find(|dispatch| dispatch.name() == name).cloned()
        };
        self.until(name, |log| found(log).is_some()).await;
        let found = found(&self.log());
        found.map_or(Value::Null, |dispatch| data(&dispatch))
    }

    /// What came since the last time.
    pub fn take_new(&self) -> Vec<(&'static str, Value)> {
        let mut log = self.log();
        let new = log.heard[log.taken..].iter();
        let new = new.map(|(_, dispatch)| (dispatch.name(), data(dispatch))).collect();
        log.taken = log.heard.len();
        new
    }

    /// Loses its connection; does not come back by itself.
    pub async fn goes_offline(&self) {
        {
            let mut log = self.log();
            (log.offline, log.dropped) = (true, true);
        }
        self.handle.set_online(false).await.expect("runs");
        let mut waited = 0;
        while self.handle.status() == Status::Live {
            tokio::time::sleep(Duration::from_millis(5)).await;
            waited += 1;
            assert!(waited < 2_000, "it stays connected");
        }
    }

    pub async fn comes_back(&self) {
        self.handle.set_online(true).await.expect("runs");
        let reached = tokio::time::timeout(PATIENCE, self.handle.reach(Status::Live)).await;
        assert_eq!(reached.expect("comes back in time"), Status::Live);
        self.log().offline = false;
    }

    /// Says goodbye.
    pub async fn stop(&self) {
        let stopped = tokio::time::timeout(PATIENCE, self.handle.stop()).await;
        stopped.expect("stops in time");
    }

    /// Asks the server how much it has sent on this socket; the tap compares.
    pub async fn beats(&self) {
        let before = self.log().acks;
        let seq = self.log().last_s;
        self.handle.command(opcode::HEARTBEAT, &seq).await.expect("runs");
        let mut waited = 0;
        while self.log().acks == before && !self.is_out() {
            tokio::time::sleep(Duration::from_millis(2)).await;
            waited += 1;
            assert!(waited < 5_000, "no heartbeat ACK came");
        }
    }
}

/// Of the dispatch as this session was told it.
fn data(dispatch: &Dispatch) -> Value {
    let tail = dispatch.encode(Shape { content: true, osc: true }).expect("the fullest shape");
    let frame = [b"{\"s\":0".as_slice(), &tail].concat();
    let mut frame: Value = serde_json::from_slice(&frame).expect("an encoded event is JSON");
    frame["d"].take()
}

fn lock(log: &Mutex<Log>) -> MutexGuard<'_, Log> {
    log.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Log {
    fn new(kind: Kind) -> Self {
        Self {
            cache: Cache::default(),
            heard: Vec::new(),
            faults: Vec::new(),
            readies: 0,
            resumes: 0,
            dropped: false,
            may_start_over: false,
            started: 0,
            kind,
            offline: false,
            taken: 0,
            barrier: 0,
            last_s: None,
            newest: HashMap::new(),
            on_socket: 0,
            acks: 0,
            replaying: false,
            early: Vec::new(),
        }
    }

    /// All broken laws, as of now.
    pub fn take_faults(&mut self) -> Vec<String> {
        let early = self.early.drain(..).map(|(_, fault)| fault);
        self.faults.drain(..).chain(early).collect()
    }

    pub fn offline(&self) -> bool {
        self.offline
    }

    fn fault(&mut self, what: impl Into<String>) {
        self.faults.push(what.into());
    }

    /// Each frame as it came: counts, and what pure sessions must not see.
    fn frame(&mut self, text: &str) {
        let Ok(frame) = serde_json::from_str::<Frame<'_>>(text) else {
            return self.fault(format!("not a frame: {text}"));
        };
        match frame.op {
            opcode::HELLO => {
                self.on_socket = 0;
                self.replaying = self.kind == Kind::Osc && self.readies > 0;
            }
            opcode::DISPATCH => {
                self.on_socket += 1;
                if self.kind == Kind::Pure {
                    self.check_pure(text);
                }
            }
            opcode::HEARTBEAT_ACK => self.check_ack(text),
            _ => {}
        }
    }

    fn check_pure(&mut self, text: &str) {
        let mut stripped: Value = serde_json::from_str(text).expect("it was a frame");
        let whole = stripped.clone();
        strip_osc(&mut stripped);
        let ours = stripped["t"].as_str().is_some_and(|t| t.starts_with("OSC_"));
        if ours || whole != stripped {
            self.fault(format!("a pure session was told of ours: {text}"));
        }
    }

    /// `{"op":11,"d":{"dispatches":n}}`.
    fn check_ack(&mut self, text: &str) {
        self.acks += 1;
        let frame: Value = serde_json::from_str(text).expect("it was a frame");
        let told = frame["d"]["dispatches"].as_u64();
        let right = match self.kind {
            Kind::Osc => told.is_none_or(|told| told == self.on_socket),
            Kind::Pure => frame["d"].is_null(),
        };
        if !right {
            self.fault(format!("{text}, and {} came on this socket", self.on_socket));
        }
    }

    fn hear(&mut self, event: Event) {
        let (s, dispatch) = match event {
            Event::Dispatch { s, dispatch } => (s, dispatch),
            Event::Unread { s, t, why } => {
                return self.fault(format!("cannot read {t} ({s}): {why:?}"));
            }
        };
        self.check_sequence(s, &dispatch);
        if let Dispatch::TypingStart(typing) = &dispatch
            && typing.channel_id.get() < BARRIERS
        {
            self.barrier = self.barrier.max(typing.channel_id.get());
            return;
        }
        self.check_order(&dispatch);
        self.check_secrecy(&dispatch);
        match &dispatch {
            Dispatch::Resumed(_) => self.replaying = false,
            Dispatch::GuildCreate(told) => self.early.retain(|(guild, _)| *guild != told.guild.id),
            _ => {}
        }
        self.cache.apply(&dispatch);
        self.heard.push((s, dispatch));
    }

    /// Law "sequence": own numbers have no gap and no repeat, shared ones increase.
    fn check_sequence(&mut self, s: u64, dispatch: &Dispatch) {
        match dispatch {
            Dispatch::Ready(_) => {
                self.readies += 1;
                self.last_s = None;
                self.newest.clear();
                if self.readies > 1 && !self.may_start_over {
                    self.fault("the session was lost: a second READY");
                }
            }
            Dispatch::Resumed(_) => self.resumes += 1,
            _ => {}
        }
        let right = match (self.kind, self.last_s) {
            (Kind::Osc, last) => last.is_none_or(|last| s > last),
            (Kind::Pure, last) => s == last.unwrap_or(0) + 1,
        };
        if !right {
            let last = self.last_s;
            self.fault(format!("{} has number {s} after {last:?}", dispatch.name()));
        }
        self.last_s = Some(s);
    }

    /// Law "order": messages of a channel come in the order of their ids.
    fn check_order(&mut self, dispatch: &Dispatch) {
        let Dispatch::MessageCreate(message) = dispatch else { return };
        let before = self.newest.insert(message.channel_id, message.id);
        if before.is_some_and(|before| before >= message.id) {
            self.fault(format!("message {} came after {before:?}", message.id));
        }
    }

    /// Law "secrecy": nothing of a channel or guild that the session does not know at this moment.
    fn check_secrecy(&mut self, dispatch: &Dispatch) {
        let (guild, channel) = place(dispatch);
        if let Some(guild) = guild
            && !self.cache.guilds.contains_key(&guild)
        {
            let fault = format!("{} of the unknown guild {guild}", dispatch.name());
            match self.replaying {
                // What was missed of a room that one came into meanwhile; it comes whole after.
                true => self.early.push((guild, fault)),
                false => self.fault(fault),
            }
            return;
        }
        let Some(channel) = channel else { return };
        // Pure v10 has no list of direct messages.
        let direct = guild.is_none();
        if !(direct && self.kind == Kind::Pure) && self.cache.channel(channel).is_none() {
            self.fault(format!("{} of the unknown channel {channel}", dispatch.name()));
        }
    }
}

type Place = (Option<Id<marker::Guild>>, Option<Id<marker::Channel>>);

/// The guild and the channel that one must know of to hear this.
fn place(dispatch: &Dispatch) -> Place {
    use Dispatch as D;
    match dispatch {
        D::Ready(_) | D::Resumed(_) | D::GuildCreate(_) | D::UserUpdate(_) => (None, None),
        D::OscChannelCreate(_) | D::OscUserUpdate(_) => (None, None),
        D::OscRelationshipUpdate(_) | D::OscRelationshipRemove(_) => (None, None),
        D::OscNotificationUpdate(_)
        | D::OscGuildOrderUpdate(_)
        | D::RateLimited(_)
        | D::OscReportAnswer(_) => (None, None),
        D::OscReportUpdate(e) => (e.guild_id, None),
        D::OscRaidAlert(e) => (Some(e.guild_id), None),
        D::OscCleanupUpdate(e) => (Some(e.guild_id), None),
        D::AutoModerationRuleCreate(rule) | D::AutoModerationRuleUpdate(rule) => {
            (Some(rule.guild_id), None)
        }
        D::AutoModerationRuleDelete(rule) => (Some(rule.guild_id), None),
        D::AutoModerationActionExecution(done) => (Some(done.guild_id), None),
        D::ChannelRecipientAdd(e) | D::ChannelRecipientRemove(e) => (None, Some(e.channel_id)),
        D::OscReadStateUpdate(state) => (None, Some(state.channel_id)),
        D::GuildUpdate(guild) => (Some(guild.id), None),
        D::GuildDelete(guild) => (Some(guild.id), None),
        D::ChannelCreate(channel) => (channel.guild_id, None),
        D::ChannelUpdate(channel) => (channel.guild_id, Some(channel.id)),
        D::ChannelDelete(channel) => (channel.guild_id, Some(channel.id)),
        D::ChannelPinsUpdate(e) => (e.guild_id, Some(e.channel_id)),
        // An archived one may not be known: what it hangs on is.
        D::ThreadCreate(thread) | D::ThreadUpdate(thread) => {
            (thread.guild_id, thread.parent_id.flatten())
        }
        D::ThreadDelete(e) => (Some(e.guild_id), Some(e.parent_id)),
        D::ThreadListSync(e) => (Some(e.guild_id), None),
        D::ThreadMemberUpdate(e) => (Some(e.guild_id), Some(e.member.id)),
        D::ThreadMembersUpdate(e) => (Some(e.guild_id), Some(e.id)),
        D::GuildRoleCreate(e) | D::GuildRoleUpdate(e) => (Some(e.guild_id), None),
        D::GuildEmojisUpdate(e) => (Some(e.guild_id), None),
        D::GuildRoleDelete(e) => (Some(e.guild_id), None),
        D::GuildMemberAdd(e) | D::GuildMemberUpdate(e) => (Some(e.guild_id), None),
        D::GuildMemberRemove(e) => (Some(e.guild_id), None),
        D::GuildBanAdd(e) | D::GuildBanRemove(e) => (Some(e.guild_id), None),
        D::GuildAuditLogEntryCreate(e) => (Some(e.guild_id), None),
        D::WebhooksUpdate(e) => (Some(e.guild_id), Some(e.channel_id)),
        // The answer to a question about a room one is not in: nobody.
        D::GuildMembersChunk(e) if e.members.is_empty() => (None, None),
        D::GuildMembersChunk(e) => (Some(e.guild_id), None),
        D::InviteCreate(e) => (Some(e.guild_id), Some(e.channel_id)),
        D::InviteDelete(e) => (Some(e.guild_id), Some(e.channel_id)),
        D::MessageCreate(m) | D::MessageUpdate(m) => (m.guild_id, Some(m.channel_id)),
        D::MessageDelete(e) => (e.guild_id, Some(e.channel_id)),
        D::MessageDeleteBulk(e) => (e.guild_id, Some(e.channel_id)),
        D::MessageReactionAdd(e) | D::MessageReactionRemove(e) => (e.guild_id, Some(e.channel_id)),
        D::MessageReactionRemoveAll(e) | D::MessageReactionRemoveEmoji(e) => {
            (e.guild_id, Some(e.channel_id))
        }
        D::PresenceUpdate(e) => (e.guild_id, None),
        D::TypingStart(e) => (e.guild_id, Some(e.channel_id)),
        D::VoiceStateUpdate(e) => (e.guild_id, e.channel_id),
        D::VoiceServerUpdate(e) => (Some(e.guild_id), None),
        D::InteractionCreate(e) => (e.guild_id, None),
        D::ApplicationCommandPermissionsUpdate(e) => (Some(e.guild_id), None),
    }
}
