//! The laws, checked for every session when a scenario ends.
//!
//! Convergence, sequence, order, secrecy, bounds, silence: what must hold whatever a story tells.

use std::{
    sync::{Mutex, Once, PoisonError},
    time::Duration,
};

use client::cache;
use proto::gateway::Shape;
use tracing::{Level, field::Visit};
use tracing_subscriber::{Layer, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use super::{
    Inner, Person,
    session::{Kind, Session},
};

/// Shared numbers from one event to the next, as the gateway's parcels have them.
const STEP: u64 = 256;

/// How long the server may take to notice that its sockets are gone.
const TIDY_UP: Duration = Duration::from_secs(5);

pub async fn check(town: &Inner) {
    let people = town.everybody();
    for session in people.iter().flat_map(Person::sessions) {
        if session.log().offline() && !session.is_out() {
            session.comes_back().await;
        }
    }
    town.settle().await;
    let mut faults = Vec::new();
    for person in &people {
        for session in person.sessions() {
            faults.extend(check_session(town, person, session).await);
        }
        faults.extend(check_alike(person));
    }
    for session in people.iter().flat_map(Person::sessions) {
        session.stop().await;
    }
    faults.extend(check_bounds(town).await);
    assert!(faults.is_empty(), "broken laws:\n{}", faults.join("\n"));
}

/// Sequence, order and secrecy were watched as events came; convergence is compared now.
async fn check_session(town: &Inner, person: &Person, session: &Session) -> Vec<String> {
    let named = |fault: String| format!("{} {:?}: {fault}", person.id, session.kind);
    if session.is_out() {
        return session.log().take_faults().into_iter().map(named).collect();
    }
    session.beats().await;
    let fresh = person.fresh_session(session.kind).await;
    let mut faults: Vec<_> = session.log().take_faults().into_iter().map(named).collect();
    faults.extend(fresh.log().take_faults().into_iter().map(named));
    {
        let (kept, fresh) = (session.log(), fresh.log());
        let difference = cache::difference(&kept.cache, &fresh.cache);
        faults.extend(difference.map(|what| named(format!("convergence: {what}"))));
        if session.kind == Kind::Osc {
            let strange = kept.heard.iter().find(|(s, dispatch)| {
                s % STEP == 0 && town.spy.name(s / STEP).is_some_and(|n| n != dispatch.name())
            });
            faults.extend(strange.map(|(s, d)| named(format!("{s} is no {}", d.name()))));
        }
    }
    let opened: Vec<_> = session.log().cache.opened().collect();
    for channel in opened {
        faults.extend(check_timeline(person, session, channel).await.map(named));
    }
    fresh.stop().await;
    faults
}

/// A kept timeline is what a page of history says now.
async fn check_timeline(
    person: &Person,
    session: &Session,
    channel: proto::Id<proto::marker::Channel>,
) -> Option<String> {
    let page = match person.rest.messages(channel, None, 50).await {
        Ok(page) => page,
        Err(error) => return Some(format!("cannot read the open channel {channel}: {error}")),
    };
    let log = session.log();
    let kept = log.cache.timeline(channel)?.messages().rev();
    // Only in events: the guild, the member, and to its sender the nonce.
    let bare = |message: &proto::message::Message| {
        let mut message = message.clone();
        (message.guild_id, message.member, message.nonce) = (None, None, None);
        // A thread is as it was when its message was told; by itself it is compared elsewhere.
        message.thread = None;
        let mut value = serde_json::to_value(message).expect("plain data");
        proto::gateway::strip_osc(&mut value);
        value
    };
    let mut pairs = kept.zip(page.iter()).map(|(kept, read)| (bare(kept), bare(read)));
    let differs = pairs.find(|(kept, read)| kept != read);
    let differs = differs.map(|(kept, read)| format!("messages\n  kept: {kept}\n  read: {read}"));
    let kept = log.cache.timeline(channel)?.len();
    let count = (kept < page.len()).then(|| format!("{kept} messages kept, {} read", page.len()));
    differs.or(count)
}

/// Both sessions of somebody were told the same, as far as pure v10 has it.
fn check_alike(person: &Person) -> Option<String> {
    let (osc, pure) = (person.osc.as_ref()?.log(), person.pure.as_ref()?.log());
    if osc.dropped || pure.dropped || osc.may_start_over || pure.may_start_over {
        return None;
    }
    let told = |log: &super::session::Log| -> Vec<Vec<u8>> {
        let shape = Shape { content: true, osc: false };
        let since = log.heard.iter().skip(log.started);
        since.filter_map(|(_, dispatch)| dispatch.encode(shape)).collect()
    };
    let (osc, pure) = (told(&osc), told(&pure));
    let at = (0..osc.len().max(pure.len())).find(|at| osc.get(*at) != pure.get(*at))?;
    let shown = |told: &[Vec<u8>]| {
        told.get(at).map_or("nothing".to_owned(), |one| String::from_utf8_lossy(one).into_owned())
    };
    let (osc, pure) = (shown(&osc), shown(&pure));
    Some(format!("{}: told differently at {at}\n  osc:  {osc}\n  pure: {pure}", person.id))
}

/// When all have left, nothing of them stays: no socket, no session, no row that waits.
async fn check_bounds(town: &Inner) -> Option<String> {
    let begun = tokio::time::Instant::now();
    loop {
        let text = town.rest.get("/metrics").await.map(|answer| answer.to_string());
        let text = text.unwrap_or_default();
        let gauge = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(&format!("osc_{name} ")));
            line.and_then(|value| value.parse::<i64>().ok())
        };
        let left = [
            ("gateway sockets", gauge("gateway_sockets")),
            ("gateway sessions", gauge("gateway_sessions")),
            ("rows that wait", Some(town.app().store.waiting_rows() as i64)),
        ];
        let stays = left.iter().find(|(_, count)| *count != Some(0));
        let (what, count) = stays?;
        if begun.elapsed() > TIDY_UP {
            return Some(format!("bounds: {what} when all have left: {count:?}"));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

static ERRORS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Secrets that no line of the log may have, of no level.
static PLANTED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// From now on this is looked for in the log.
pub fn plant(secret: &str) {
    PLANTED.lock().unwrap_or_else(PoisonError::into_inner).push(secret.to_owned());
}

/// Told by what is written, not by what the level shows.
fn look_for_planted(record: impl FnOnce(&mut Line)) {
    let planted = PLANTED.lock().unwrap_or_else(PoisonError::into_inner);
    if planted.is_empty() {
        return;
    }
    let mut line = Line(String::new());
    record(&mut line);
    if let Some(secret) = planted.iter().find(|secret| line.0.contains(*secret)) {
        let fault = format!("the log has the secret {secret}: {}", line.0);
        ERRORS.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }
}

struct Errors;

impl<S: tracing::Subscriber> Layer<S> for Errors {
    fn on_new_span(
        &self,
        attributes: &tracing::span::Attributes<'_>,
        _: &tracing::span::Id,
        _: tracing_subscriber::layer::Context<'_, S>,
    ) {
        look_for_planted(|line| attributes.record(line));
    }

    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        look_for_planted(|line| event.record(line));
        if *event.metadata().level() == Level::ERROR {
            let mut line = Line(String::new());
            event.record(&mut line);
            ERRORS.lock().unwrap_or_else(PoisonError::into_inner).push(line.0);
        }
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        self.0 += &format!("{field}={value:?} ");
    }
}

/// From now on errors in the log are remembered. `TOWN_LOG=debug` shows the log.
pub fn watch_log() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let shown = std::env::var("TOWN_LOG").ok();
        let lines = shown.map(|filter| {
            let filter = tracing_subscriber::EnvFilter::new(filter);
            tracing_subscriber::fmt::layer().with_test_writer().with_filter(filter)
        });
        tracing_subscriber::registry().with(Errors).with(lines).init();
    });
}

/// Law "silence". Towns of other tests share the log: an error is one of theirs at worst.
pub fn check_log() {
    let errors = ERRORS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert!(errors.is_empty(), "errors in the log:\n{}", errors.join("\n"));
}
