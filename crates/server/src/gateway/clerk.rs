//! What sessions need from the world that waits: who somebody is, what they start with, members,
//! voice, and the rows by which a session survives a restart.
//!
//! Shards never wait. They hand requests over here; tasks call `domain` and answer by mail.

use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use domain::{
    Actor, App, Error,
    bus::{Event, Published},
    login, ready,
    rows::{EventRow, GatewaySessionRow, UserKind},
    store::{Batch, SCAN_MAX, Scan},
    voice,
};
use proto::{
    Id,
    code::close,
    gateway::{
        Dispatch, Identify, Intents, RequestGuildMembers, Resume, UpdateVoiceState,
        command::PresenceCommand, session::Numbering,
    },
    marker,
};
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::{
    hub::Hub,
    parcel::{Parcel, STEP},
    session::{Base, Who},
    shard::Mail,
};

/// Requests worked on at a time.
const AT_ONCE: usize = 256;
/// Events read from the log for one session; who missed more starts over.
const REPLAY_MOST: usize = 20_000;
const LARGE_DEFAULT: u32 = 50;
/// A session not seen for this long cannot be resumed: the log does not reach back.
const ROW_MS: i64 = 3 * 3_600_000;
/// Rows removed at a time.
const PRUNE: usize = 1_000;

/// Where an answer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    pub shard: usize,
    pub slot: usize,
    pub generation: u32,
}

/// What a connection tells of its client.
pub struct AskedAs {
    /// The login of our own page.
    pub cookie: Option<Box<str>>,
    pub shared: bool,
    pub base: Base,
}

pub enum Request {
    Identify {
        from: Address,
        asked: AskedAs,
        identify: Box<Identify>,
    },
    Resume {
        from: Address,
        asked: AskedAs,
        resume: Box<Resume>,
    },
    /// What a session of memory missed, from the log: the ring does not reach back.
    Log {
        from: Address,
        resume: Box<Resume>,
        actor: Actor,
        after: u64,
    },
    Guild {
        from: Address,
        guild: Id<marker::Guild>,
    },
    Members {
        from: Address,
        user: Id<marker::User>,
        request: RequestGuildMembers,
    },
    Page {
        from: Address,
        guild: Id<marker::Guild>,
        ids: Vec<Id<marker::User>>,
    },
    Voice {
        from: Address,
        user: Id<marker::User>,
        place: Option<(Id<marker::Guild>, String)>,
        asked: UpdateVoiceState,
    },
    /// Writes the session's row.
    Save(Box<GatewaySessionRow>, Option<oneshot::Sender<()>>),
    Forget(String),
}

/// What the row of a session says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Saved {
    pub intents: u64,
    pub osc: bool,
    pub shared: bool,
    pub shard: Option<[u32; 2]>,
    pub presences: bool,
    pub large: usize,
    /// With own numbers, after a graceful stop: the last number, what was sent, and the last event.
    pub kept: Option<Kept>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Kept {
    pub seq: u64,
    pub tails: Vec<String>,
    pub number: u64,
}

/// A session read from its row, and the guilds it has.
pub struct Restored {
    pub who: Who,
    pub numbering: Numbering,
    pub seq: u64,
    pub tails: Vec<Bytes>,
    /// The node's number of the last event it took part in.
    pub number: u64,
    pub guilds: Vec<Arc<domain::cache::Guild>>,
}

/// Events of the log, oldest first, and the number up to which they are all.
pub struct Logged {
    pub events: Vec<Arc<Parcel>>,
    pub up_to: u64,
}

/// Takes requests until all shards are gone.
pub async fn run(hub: Arc<Hub>, mut requests: mpsc::Receiver<Request>) {
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    while let Some(request) = requests.recv().await {
        let Ok(permit) = permits.clone().acquire_owned().await else { return };
        let hub = hub.clone();
        tokio::spawn(async move {
            serve(&hub, request).await;
            drop(permit);
        });
    }
}

async fn serve(hub: &Hub, request: Request) {
    match request {
        Request::Identify { from, asked, identify } => {
            let outcome = self::identify(hub, from, asked, *identify).await;
            refuse_on_fault(hub, from, outcome);
        }
        Request::Resume { from, asked, resume } => {
            let outcome = self::resume(hub, from, asked, *resume).await;
            refuse_on_fault(hub, from, outcome);
        }
        Request::Log { from, resume, actor, after } => {
            let outcome = log(hub, from, *resume, actor, after).await;
            refuse_on_fault(hub, from, outcome);
        }
        Request::Guild { from, guild } => {
            let known = ready::activate(&hub.app, guild).await.is_ok();
            mail(hub, from, Mail::Guild { to: from, guild, known });
        }
        Request::Members { from, user, request } => {
            // A guild that is not the asker's is as if it were not there.
            let meant = ready::members_meant(&hub.app, user, &request).await.ok();
            mail(hub, from, Mail::Meant { to: from, meant });
        }
        Request::Page { from, guild, ids } => {
            let members = ready::members(&hub.app, guild, &ids).await.unwrap_or_default();
            mail(hub, from, Mail::Page { to: from, members });
        }
        Request::Voice { from, user, place, asked } => {
            let place = self::voice(hub, user, place, &asked).await;
            mail(hub, from, Mail::Voice { to: from, place });
        }
        Request::Save(row, done) => {
            let lane = hub.app.lane_named("gateway_session", &row.digest).await;
            let receipt = lane.enqueue(Batch::new().put(row.as_ref()), Vec::new());
            if let Some(done) = done {
                let _ = receipt.durable().await;
                let _ = done.send(());
            }
        }
        Request::Forget(name) => {
            let digest = login::digest(&name);
            let lane = hub.app.lane_named("gateway_session", &digest).await;
            let batch = Batch::new().delete::<GatewaySessionRow>(digest);
            let _ = lane.enqueue(batch, Vec::new());
        }
    }
}

fn mail(hub: &Hub, to: Address, mail: Mail) {
    if let Some(shard) = hub.shard(to.shard) {
        shard.mail(mail);
    }
}

/// A fault of ours closes the socket so that the client tries again later.
fn refuse_on_fault(hub: &Hub, to: Address, outcome: Result<(), Error>) {
    let code = match outcome {
        Ok(()) => return,
        Err(Error::Reject(_)) => close::UNKNOWN_ERROR,
        Err(Error::Fault(fault)) => {
            tracing::error!(error = ?fault, "cannot start a gateway session");
            close::UNKNOWN_ERROR
        }
    };
    mail(hub, to, Mail::Refused { to, code });
}

/// COMPAT: libraries send the token with and without its kind.
fn bare(token: &str) -> &str {
    let token = token.trim();
    token.strip_prefix("Bot ").or_else(|| token.strip_prefix("Bearer ")).unwrap_or(token).trim()
}

/// By the token, or by the page's cookie if there is none.
async fn authenticate(
    app: &App,
    token: &str,
    cookie: Option<&str>,
) -> Result<Option<Actor>, Error> {
    let token = match bare(token) {
        "" => cookie.unwrap_or_default(),
        token => token,
    };
    login::authenticate(app, token).await
}

async fn identify(
    hub: &Hub,
    from: Address,
    asked: AskedAs,
    identify: Identify,
) -> Result<(), Error> {
    let app = &hub.app;
    let AskedAs { cookie, shared, base } = asked;
    let refuse = |code| mail(hub, from, Mail::Refused { to: from, code });
    let Some(actor) = authenticate(app, &identify.token, cookie.as_deref()).await? else {
        refuse(close::AUTHENTICATION_FAILED);
        return Ok(());
    };
    let row = app.user(actor.user).await?;
    let privileged = identify.intents & Intents::PRIVILEGED.0;
    if actor.kind == UserKind::Bot && privileged & !row.intents != 0 {
        refuse(close::DISALLOWED_INTENTS);
        return Ok(());
    }
    let says = identify.presence.as_ref().and_then(PresenceCommand::read).unwrap_or_default();
    let says = if identify.presence.is_some() { says } else { online() };
    let intents = Intents(identify.intents);
    let osc = identify.osc.is_some();
    let large = identify.large_threshold.unwrap_or(LARGE_DEFAULT).clamp(50, 250) as usize;
    let presences = intents.contains(Intents::GUILD_PRESENCES);
    let who = Who {
        actor,
        row,
        name: name(app, from.shard),
        intents,
        osc,
        shared,
        compress: identify.compress == Some(true),
        // COMPAT: discord.py ends without it in READY, also where there is one shard.
        shard: identify.shard,
        wants: ready::Wants { presences, large },
        says,
        base,
    };
    // Registered first, then loaded: what happens in between is held for it, not missed.
    let (registered, done) = oneshot::channel();
    mail(hub, from, Mail::Known { to: from, who: Box::new(who), registered });
    if done.await.is_err() {
        return Ok(());
    }
    // A login that ended before the session was registered was told to nobody.
    if authenticate(app, &identify.token, cookie.as_deref()).await?.is_none() {
        refuse(close::AUTHENTICATION_FAILED);
        return Ok(());
    }
    // Nor that an intent was taken.
    if actor.kind == UserKind::Bot && privileged & !app.user(actor.user).await?.intents != 0 {
        refuse(close::DISALLOWED_INTENTS);
        return Ok(());
    }
    let start = ready::start(app, &actor, osc).await?;
    mail(hub, from, Mail::Start { to: from, start: Box::new(start) });
    Ok(())
}

fn online() -> PresenceCommand {
    PresenceCommand { status: proto::presence::Status::Online, activities: Vec::new() }
}

/// A session's id: where it lives, and a secret.
fn name(app: &App, shard: usize) -> String {
    let secret = app.random::<16>();
    let boot = app.first_number & 0xffff_ffff;
    let secret = secret.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("{boot:08x}{shard:02x}{secret}")
}

/// The shard of this process that a session's id names.
fn shard_of(app: &App, name: &str) -> Option<usize> {
    let boot = u64::from_str_radix(name.get(..8)?, 16).ok()?;
    let shard = usize::from_str_radix(name.get(8..10)?, 16).ok()?;
    (boot == app.first_number & 0xffff_ffff).then_some(shard)
}

async fn resume(hub: &Hub, from: Address, asked: AskedAs, resume: Resume) -> Result<(), Error> {
    let app = &hub.app;
    let AskedAs { cookie, base, .. } = asked;
    let Some(actor) = authenticate(app, &resume.token, cookie.as_deref()).await? else {
        mail(hub, from, Mail::Refused { to: from, code: close::AUTHENTICATION_FAILED });
        return Ok(());
    };
    let shard = shard_of(app, &resume.session_id).or_else(|| hub.home(&resume.session_id));
    if let Some(shard) = shard {
        let resume = Box::new(resume);
        let (restored, logged) = (None, None);
        mail(hub, from, Mail::Resume { to: from, shard, resume, actor, restored, logged });
        return Ok(());
    }
    let Some(restored) = restore(app, &resume, actor, base).await? else {
        mail(hub, from, Mail::Invalid { to: from });
        return Ok(());
    };
    let after = match restored.numbering {
        Numbering::Shared => resume.seq / STEP,
        Numbering::Own => restored.number,
    };
    let Some(logged) = read_log(hub, after).await? else {
        mail(hub, from, Mail::Invalid { to: from });
        return Ok(());
    };
    let (resume, restored) = (Box::new(resume), Some(Box::new(restored)));
    let shard = from.shard;
    let logged = Some(logged);
    mail(hub, from, Mail::Resume { to: from, shard, resume, actor, restored, logged });
    Ok(())
}

async fn log(
    hub: &Hub,
    from: Address,
    resume: Resume,
    actor: Actor,
    after: u64,
) -> Result<(), Error> {
    let Some(logged) = read_log(hub, after).await? else {
        mail(hub, from, Mail::Invalid { to: from });
        return Ok(());
    };
    let resume = Box::new(resume);
    let (shard, logged) = (from.shard, Some(logged));
    mail(hub, from, Mail::Resume { to: from, shard, resume, actor, restored: None, logged });
    Ok(())
}

/// A session of before a restart, if it is of this user and can go on.
async fn restore(
    app: &App,
    resume: &Resume,
    actor: Actor,
    base: Base,
) -> Result<Option<Restored>, Error> {
    let digest = login::digest(&resume.session_id);
    let Some(row) = app.disk.get::<GatewaySessionRow>(digest).await? else {
        return Ok(None);
    };
    let Ok(saved) = serde_json::from_value::<Saved>(row.data) else { return Ok(None) };
    let kept = match (saved.shared, saved.kept) {
        (true, _) => None,
        (false, Some(kept)) => Some(kept),
        // With own numbers and without what was sent there is nothing exact to go on from.
        (false, None) => return Ok(None),
    };
    if row.user_id != actor.user {
        return Ok(None);
    }
    let numbering = if saved.shared { Numbering::Shared } else { Numbering::Own };
    let user = app.user(actor.user).await?;
    if user.kind == UserKind::Bot && saved.intents & Intents::PRIVILEGED.0 & !user.intents != 0 {
        // An intent was taken meanwhile: identifying says so.
        return Ok(None);
    }
    let guilds = ready::guilds(app, actor.user).await?;
    let who = Who {
        actor,
        row: user,
        name: resume.session_id.clone(),
        intents: Intents(saved.intents),
        osc: saved.osc,
        shared: saved.shared,
        // Said anew with each IDENTIFY only; every client reads plain text.
        compress: false,
        shard: saved.shard,
        wants: ready::Wants { presences: saved.presences, large: saved.large },
        says: online(),
        base,
    };
    let (seq, tails, number) = match kept {
        Some(kept) => (kept.seq, kept.tails.into_iter().map(Bytes::from).collect(), kept.number),
        None => (resume.seq, Vec::new(), resume.seq / STEP),
    };
    Ok(Some(Restored { who, numbering, seq, tails, number, guilds }))
}

/// All logged events after a number; `None` if some of them may be gone, or they are too many.
async fn read_log(hub: &Hub, after: u64) -> Result<Option<Logged>, Error> {
    let app = &hub.app;
    // What was published by now is on disk, so the reading below sees it.
    let published = hub.last();
    let Ok(number) = i64::try_from(after) else { return Ok(None) };
    // The log is pruned from its beginning: if something before is there, all after it is.
    let before = Scan::of::<EventRow>().up_to(number).newest_first().limit(1);
    if app.disk.scan::<EventRow>(before).await?.is_empty() {
        return Ok(None);
    }
    let mut events: Vec<Arc<Parcel>> = Vec::new();
    let mut page = Scan::of::<EventRow>().after(number);
    loop {
        let rows = app.disk.scan::<EventRow>(page.clone()).await?;
        let Some(last) = rows.last().map(|row| row.number) else { break };
        let full = rows.len() >= SCAN_MAX;
        for row in rows {
            events.push(Arc::new(Parcel::new(Arc::new(read_event(row)?))));
        }
        if events.len() > REPLAY_MOST {
            return Ok(None);
        }
        if !full {
            break;
        }
        page = page.after(last);
    }
    let up_to = events.last().map_or(after, |parcel| parcel.published.number).max(published);
    Ok(Some(Logged { events, up_to }))
}

fn read_event(row: EventRow) -> anyhow::Result<Published> {
    let dispatch = Dispatch::parse(&row.t, row.d.0.get());
    let dispatch = dispatch.with_context(|| format!("the log has an unknown event {}", row.t))?;
    let dispatch = dispatch.with_context(|| format!("cannot read an event {}", row.t))?;
    Ok(Published::new(row.number as u64, row.at, Event::Dispatch(row.audience, dispatch)))
}

/// Enters, moves or leaves; where the session is in voice afterwards.
async fn voice(
    hub: &Hub,
    user: Id<marker::User>,
    place: Option<(Id<marker::Guild>, String)>,
    asked: &UpdateVoiceState,
) -> Option<(Id<marker::Guild>, String)> {
    let app = &hub.app;
    let elsewhere = place.as_ref().filter(|(guild, _)| *guild != asked.guild_id);
    if let Some((guild, stay)) = elsewhere
        && let Ok(guild) = app.guild(*guild).await
    {
        voice::leave(app, &guild, user, Some(stay));
    }
    let stay = place.clone().filter(|(guild, _)| *guild == asked.guild_id).map(|(_, stay)| stay);
    match voice::update(app, user, asked, stay).await {
        Ok(stay) => stay.map(|stay| (asked.guild_id, stay)),
        // Refused: the gateway has no answer for that; what was there stays.
        Err(_) if elsewhere.is_none() => place,
        Err(_) => None,
    }
}

/// Forgets rows of sessions that nobody can resume any more. To be called now and then.
pub async fn prune(app: &App) -> anyhow::Result<()> {
    let old = app.clock.now().plus_ms(-ROW_MS);
    let scan = Scan::of::<GatewaySessionRow>().by("by_seen").before(old).limit(PRUNE);
    let rows = app.disk.scan::<GatewaySessionRow>(scan).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let batch = rows
        .into_iter()
        .fold(Batch::new(), |batch, row| batch.delete::<GatewaySessionRow>(row.digest));
    let lane = app.lane_named("gateway_session", "prune").await;
    let _ = lane.enqueue(batch, Vec::new()).durable().await;
    Ok(())
}

/// How a shard reaches the clerk. False: too much waits there.
pub fn ask(requests: &mpsc::Sender<Request>, request: Request) -> bool {
    requests.try_send(request).is_ok()
}
