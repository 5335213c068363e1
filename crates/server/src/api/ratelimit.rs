//! How often somebody may ask: fixed windows, with the headers that bot libraries wait by.
//!
//! Windows lie on the clock, so that tests move them; the table is bounded, and what does not fit
//! is let through rather than refused: the limits of connections still hold.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, Hash, RandomState},
    net::IpAddr,
    sync::{Arc, Mutex},
};

use axum::{
    extract::{FromRequestParts as _, MatchedPath, RawPathParams, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header::CONNECTION},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use domain::{App, Reject, clock::Clock};
use proto::{Code, Limits, Timestamp};

use super::{
    Error, Refused,
    extract::{Caller, Who, who},
    refuse, too_many,
};
use crate::{
    metrics::Metrics,
    net::{Slot, household},
};

const SHARDS: usize = 64;
/// Windows of one shard: about 25 MiB in all.
const SHARD_WINDOWS: usize = 16_384;

/// Routes of webhooks by their tokens.
const WEBHOOK: &str = "/webhooks/{}/{}";
/// The first answer to an interaction.
const CALLBACK: &str = "/interactions/{}/{}/callback";

/// So many people may be behind one address: a class, an office.
const BEHIND_ONE: u32 = 10;

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;

/// The table of windows.
pub struct Rates {
    clock: Arc<dyn Clock>,
    limits: Limits,
    on: bool,
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
    /// Windows of one shard.
    most: usize,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct Shard {
    windows: HashMap<u64, Window>,
    /// A full shard is swept at most once a second: a flood must not make each request sweep.
    swept_at: Timestamp,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    ends: Timestamp,
    length_ms: i64,
    count: u32,
}

/// A limit: so many in so long.
#[derive(Debug, Clone, Copy)]
struct Rule {
    most: u32,
    period_ms: i64,
}

/// How somebody stands with a rule.
#[derive(Debug, Clone, Copy)]
struct Standing {
    rule: Rule,
    allowed: bool,
    remaining: u32,
    ends: Timestamp,
    reset_ms: i64,
}

/// Whose window it is, and for what.
#[derive(Hash)]
enum Key<'a> {
    /// All requests of somebody.
    All(Asker),
    /// Of one route, for one room or channel.
    Route(Asker, &'a Method, &'a str, &'a str),
    /// Answers with 401, 403 or 429 to an address.
    Invalid(IpAddr),
    Guests(IpAddr),
    Accounts(IpAddr),
    AddressTries(IpAddr),
    Pages(IpAddr),
}

#[derive(Hash, Clone, Copy)]
enum Asker {
    User(u64),
    Address(IpAddr),
    /// Who has this address of a webhook, from wherever: a wrong token has its own window.
    Webhook(u64),
}

impl Rates {
    pub fn new(clock: Arc<dyn Clock>, limits: Limits, on: bool, metrics: Arc<Metrics>) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        let hasher = RandomState::new();
        Self { clock, limits, on, hasher, shards, most: SHARD_WINDOWS, metrics }
    }

    /// Forgets windows that are over. Called now and then.
    pub fn sweep(&self) {
        let now = self.clock.now();
        for shard in &self.shards {
            let mut shard = shard.lock().expect("no panic while locked");
            shard.sweep(now);
            shard.windows.shrink_to(self.most / 16);
        }
    }

    /// Counts `more` against the rule and tells how it stands. With 0 it only looks.
    fn count(&self, key: &Key<'_>, rule: Rule, more: u32) -> Standing {
        let now = self.clock.now();
        let hash = self.hasher.hash_one(key);
        let mut shard = self.shard(hash).lock().expect("no panic while locked");
        let fresh =
            Window { ends: now.plus_ms(rule.period_ms), length_ms: rule.period_ms, count: 0 };
        let mut window = shard.windows.get(&hash).copied().filter(|window| window.holds(now));
        if window.is_none() && shard.windows.len() >= self.most {
            let since_ms = now.ms_since(shard.swept_at);
            if !(0..SECOND_MS).contains(&since_ms) {
                shard.sweep(now);
            }
        }
        let room = window.is_some() || shard.windows.len() < self.most;
        let mut window = *window.get_or_insert(fresh);
        // Looking (0) tells whether there is room for one.
        let allowed = !self.on || window.count.saturating_add(more.max(1)) <= rule.most.max(1);
        if allowed && more > 0 {
            window.count = window.count.saturating_add(more);
            if room {
                shard.windows.insert(hash, window);
            }
        }
        let remaining = if self.on { rule.most.saturating_sub(window.count) } else { rule.most };
        let reset_ms = window.ends.ms_since(now).max(1);
        Standing { rule, allowed, remaining, ends: window.ends, reset_ms }
    }

    fn rule(&self, kind: &Key<'_>) -> Rule {
        let limits = &self.limits;
        let (most, minutes) = match kind {
            Key::Guests(_) => (limits.guests_per_10min, 10),
            Key::Accounts(_) => (limits.accounts_per_hour, 60),
            Key::AddressTries(_) => (limits.address_tries_per_10min, 10),
            Key::Invalid(_) => (limits.invalid_per_10min, 10),
            Key::Pages(_) => {
                return Rule { most: limits.address_pages_per_10s, period_ms: 10 * SECOND_MS };
            }
            Key::All(Asker::User(_)) => {
                return Rule { most: limits.requests_per_second, period_ms: SECOND_MS };
            }
            Key::All(Asker::Address(_) | Asker::Webhook(_)) => {
                return Rule { most: limits.address_requests_per_second, period_ms: SECOND_MS };
            }
            Key::Route(Asker::User(_) | Asker::Webhook(_), method, template, _) => {
                return self.route_rule(method, template);
            }
            Key::Route(Asker::Address(_), method, template, _) => {
                let rule = self.route_rule(method, template);
                return Rule { most: rule.most.saturating_mul(BEHIND_ONE), ..rule };
            }
        };
        Rule { most, period_ms: minutes * MINUTE_MS }
    }

    fn route_rule(&self, method: &Method, template: &str) -> Rule {
        let limits = &self.limits;
        let sends = *method == Method::POST && template == "/channels/{}/messages";
        let (most, seconds) = if sends {
            (limits.messages_per_5s, 5)
        } else if *method == Method::POST && template.starts_with(WEBHOOK) {
            (limits.webhook_messages_per_2s, 2)
        } else if template.contains("/reactions/") && !method.is_safe() {
            (limits.reactions_per_5s, 5)
        } else if template.ends_with("/messages/search") {
            (limits.searches_per_10s, 10)
        } else if method.is_safe() {
            (limits.reads_per_10s, 10)
        } else {
            (limits.writes_per_10s, 10)
        };
        Rule { most, period_ms: seconds * SECOND_MS }
    }

    fn check(&self, key: &Key<'_>, more: u32) -> Standing {
        self.count(key, self.rule(key), more)
    }
}

impl Shard {
    fn sweep(&mut self, now: Timestamp) {
        self.windows.retain(|_, window| window.holds(now));
        self.swept_at = now;
    }
}

impl Window {
    /// Neither over nor from before the clock was set back.
    fn holds(&self, now: Timestamp) -> bool {
        now < self.ends && self.ends.ms_since(now) <= self.length_ms
    }
}

/// The layer around all routes of the API: finds out who asks, counts, answers with the headers.
pub async fn limit(
    State((app, rates)): State<(Arc<App>, Arc<Rates>)>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let address = household(Caller::of(&parts).address);
    let invalid = Key::Invalid(address);
    let wrong = rates.check(&invalid, 0);
    if !wrong.allowed {
        return refused(&rates, wrong, true, "Too many wrong requests");
    }
    let found = match who(&app, &parts).await {
        Ok(found) => found,
        Err(error) => return Error::from(error).into_response(),
    };
    parts.extensions.insert(found);
    let asker = match found {
        Who::Actor(actor) => {
            let slot = parts.extensions.get::<Arc<Slot>>();
            if slot.is_some_and(|slot| !slot.signed_in(actor.user)) {
                return too_many_connections(&rates);
            }
            Asker::User(actor.user.get())
        }
        Who::Nobody | Who::Refused(_) => Asker::Address(address),
    };
    let path = parts.extensions.get::<MatchedPath>().cloned();
    let template = template(path.as_ref().map_or("", MatchedPath::as_str));
    let by_token = template == CALLBACK || template.starts_with(WEBHOOK);
    let all = match asker {
        // COMPAT: what a token in the path opens has no part in a bot's requests of a second:
        // libraries do not count it there, and a bot that is busy must still answer in time.
        Asker::User(user) if by_token => Asker::Webhook(user),
        asker => asker,
    };
    let all = rates.check(&Key::All(all), 1);
    if !all.allowed {
        return refused(&rates, all, true, "You are being rate limited.");
    }
    let (mut top, mut asker) = (String::new(), asker);
    if let Ok(params) = RawPathParams::from_request_parts(&mut parts, &()).await {
        let params: Vec<_> = params.iter().map(|(_, value)| value).collect();
        if by_token {
            asker = Asker::Webhook(rates.hasher.hash_one(params.get(..2)));
        }
        top = top_level(&template, params).to_owned();
    }
    let key = Key::Route(asker, &parts.method, &template, &top);
    let standing = rates.check(&key, 1);
    let bucket = rates.hasher.hash_one((&parts.method, &template, &top));
    let care = Care::of(&parts.method, &template);
    let mut response = if !standing.allowed {
        refused(&rates, standing, false, "You are being rate limited.")
    } else if let Err(reject) = rates.before(care, address) {
        refuse(reject)
    } else {
        let response = next.run(Request::from_parts(parts, body)).await;
        rates.after(care, address, &response);
        response
    };
    standing.write(response.headers_mut(), bucket);
    if is_invalid(response.status()) {
        rates.check(&invalid, 1);
    }
    response
}

fn too_many_connections(rates: &Rates) -> Response {
    rates.metrics.rate_limited.add(1);
    let code = Code(Code::GENERAL.0, "You have too many connections. Close some.");
    let mut response = too_many(code, 10_000, true);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The layer around the pages: anybody can ask for them, and each is drawn anew.
pub async fn pages(State(rates): State<Arc<Rates>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let standing = rates.check(&Key::Pages(household(Caller::of(&parts).address)), 1);
    if !standing.allowed {
        return refused(&rates, standing, true, "Too many pages at once. Wait a moment.");
    }
    next.run(Request::from_parts(parts, body)).await
}

/// What is limited per address beyond the number of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Care {
    Guests,
    Accounts,
    /// Passwords and secrets, which somebody may guess.
    Secrets,
    Nothing,
}

impl Care {
    fn of(method: &Method, template: &str) -> Self {
        match (method.as_str(), template) {
            ("POST", "/osc/v1/guests") => Self::Guests,
            ("POST", "/osc/v1/accounts") => Self::Accounts,
            ("POST", "/osc/v1/sessions" | "/osc/v1/password-resets" | "/osc/v1/owner")
            | ("PUT", "/osc/v1/accounts/@me/password")
            | ("DELETE", "/osc/v1/accounts/@me") => Self::Secrets,
            _ => Self::Nothing,
        }
    }
}

impl Rates {
    /// Takes a place for who is to be made, or for a secret to be tried.
    fn before(&self, care: Care, address: IpAddr) -> Result<(), Reject> {
        let standing = match care {
            Care::Nothing => return Ok(()),
            Care::Guests => self.check(&Key::Guests(address), 1),
            Care::Accounts => self.check(&Key::Accounts(address), 1),
            // Taken before the secret is looked at, so that many at once are counted too.
            Care::Secrets => self.check(&Key::AddressTries(address), 1),
        };
        if standing.allowed {
            return Ok(());
        }
        self.metrics.rate_limited.add(1);
        Err(Reject::RateLimited { retry_after_ms: standing.reset_ms as u64 })
    }

    /// Gives the place back if nobody was made, or the secret was not wrong.
    fn after(&self, care: Care, address: IpAddr, response: &Response) {
        let code = response.extensions().get::<Refused>().map(|refused| refused.0);
        match care {
            Care::Guests if !response.status().is_success() => {
                self.give_back(&Key::Guests(address));
            }
            Care::Accounts if !response.status().is_success() => {
                self.give_back(&Key::Accounts(address));
            }
            Care::Secrets if !matches!(code, Some(Code::WRONG_PASSWORD | Code::SECRET_GONE)) => {
                self.give_back(&Key::AddressTries(address));
            }
            _ => {}
        }
    }

    fn give_back(&self, key: &Key<'_>) {
        let hash = self.hasher.hash_one(key);
        let mut shard = self.shard(hash).lock().expect("no panic while locked");
        if let Some(window) = shard.windows.get_mut(&hash) {
            window.count = window.count.saturating_sub(1);
        }
    }

    fn shard(&self, hash: u64) -> &Mutex<Shard> {
        &self.shards[hash as usize % SHARDS]
    }
}

fn is_invalid(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS
    )
}

fn refused(rates: &Rates, standing: Standing, global: bool, message: &'static str) -> Response {
    rates.metrics.rate_limited.add(1);
    let code = Code(Code::GENERAL.0, message);
    let mut response = too_many(code, standing.reset_ms as u64, global);
    if global {
        let scope = HeaderValue::from_static("global");
        response.headers_mut().insert("x-ratelimit-scope", scope);
    }
    response
}

/// `/api/v10/channels/{channel}/messages` and `/api/channels/{x}/messages` are one route:
/// `/channels/{}/messages`.
fn template(matched: &str) -> String {
    let path = matched.strip_prefix("/api").unwrap_or(matched);
    let path = path.strip_prefix("/v10").unwrap_or(path);
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// The room or channel that a path is about: each has its own windows. Of the decoded parts of the
/// path, in order: an id that is written in another way is the same id.
fn top_level<'a>(template: &str, params: impl IntoIterator<Item = &'a str>) -> &'a str {
    let mut params = params.into_iter();
    let mut before = "";
    for name in template.split('/') {
        if name == "{}" {
            let param = params.next();
            if before == "channels" || before == "guilds" {
                return param.unwrap_or("");
            }
        }
        before = name;
    }
    ""
}

impl Standing {
    /// COMPAT: all of them on each answer; resets in seconds.
    fn write(&self, headers: &mut HeaderMap, bucket: u64) {
        let number = |text: String| HeaderValue::try_from(text).expect("digits are ASCII");
        let seconds = |ms: i64| number(format!("{}.{:03}", ms / 1_000, ms % 1_000));
        headers.insert("x-ratelimit-limit", self.rule.most.into());
        headers.insert("x-ratelimit-remaining", self.remaining.into());
        headers.insert("x-ratelimit-reset", seconds(self.ends.as_ms().max(0)));
        headers.insert("x-ratelimit-reset-after", seconds(self.reset_ms));
        headers.insert("x-ratelimit-bucket", number(format!("{bucket:016x}")));
        headers.insert("x-ratelimit-scope", HeaderValue::from_static("user"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::clock::ManualClock;

    fn rates(limits: Limits) -> (Arc<ManualClock>, Rates) {
        let clock = Arc::new(ManualClock::default());
        (clock.clone(), Rates::new(clock, limits, true, Arc::default()))
    }

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    #[test]
    fn a_window_ends_on_the_clock() {
        let (clock, rates) = rates(Limits { guests_per_10min: 2, ..Limits::default() });
        let guest = || rates.before(Care::Guests, HOME);
        assert_eq!((guest(), guest()), (Ok(()), Ok(())));
        assert_eq!(guest(), Err(Reject::RateLimited { retry_after_ms: 600_000 }));
        clock.advance_ms(599_999);
        assert!(guest().is_err());
        clock.advance_ms(1);
        assert_eq!(guest(), Ok(()));
        clock.advance_ms(-3_600_000);
        assert_eq!((guest(), guest()), (Ok(()), Ok(())), "set back");
    }

    #[test]
    fn only_guests_that_were_made_count() {
        let (_, rates) = rates(Limits { guests_per_10min: 1, ..Limits::default() });
        for _ in 0..5 {
            assert_eq!(rates.before(Care::Guests, HOME), Ok(()));
            let answer = StatusCode::BAD_REQUEST.into_response();
            rates.after(Care::Guests, HOME, &answer);
        }
        assert_eq!(rates.before(Care::Guests, HOME), Ok(()));
        rates.after(Care::Guests, HOME, &StatusCode::CREATED.into_response());
        assert!(rates.before(Care::Guests, HOME).is_err());
    }

    #[test]
    fn only_wrong_passwords_count() {
        let (_, rates) = rates(Limits { address_tries_per_10min: 2, ..Limits::default() });
        let right = StatusCode::CREATED.into_response();
        for _ in 0..10 {
            assert_eq!(rates.before(Care::Secrets, HOME), Ok(()));
            rates.after(Care::Secrets, HOME, &right);
        }
        let wrong = refuse(Reject::Refused(Code::WRONG_PASSWORD));
        let ask = || rates.before(Care::Secrets, HOME);
        assert_eq!((ask(), ask()), (Ok(()), Ok(())));
        assert!(ask().is_err(), "many at once are counted too");
        rates.after(Care::Secrets, HOME, &wrong);
        rates.after(Care::Secrets, HOME, &wrong);
        assert!(ask().is_err());
    }

    #[test]
    fn off_means_off() {
        let clock = Arc::new(ManualClock::default());
        let limits = Limits { guests_per_10min: 1, ..Limits::default() };
        let rates = Rates::new(clock, limits, false, Arc::default());
        for _ in 0..100 {
            assert_eq!(rates.before(Care::Guests, HOME), Ok(()));
        }
        assert_eq!(rates.check(&Key::All(Asker::User(1)), 1).remaining, 50);
    }

    #[test]
    fn the_table_is_bounded_and_swept() {
        let (clock, mut rates) = rates(Limits::default());
        rates.most = 16;
        let rule = Rule { most: 1, period_ms: 1_000 };
        for user in 0..(SHARDS * 16 * 8) as u64 {
            rates.count(&Key::All(Asker::User(user)), rule, 1);
        }
        let len = || -> usize {
            rates.shards.iter().map(|s| s.lock().expect("unlocked").windows.len()).sum()
        };
        assert_eq!(len(), SHARDS * 16);
        clock.advance_ms(1_000);
        rates.sweep();
        assert_eq!(len(), 0);
    }

    #[test]
    fn versions_share_windows_and_rooms_do_not() {
        let messages = template("/api/v10/channels/{channel}/messages");
        assert_eq!(messages, "/channels/{}/messages");
        assert_eq!(template("/api/channels/{channel}/messages"), messages);
        assert_eq!(top_level(&messages, ["7"]), "7");
        let join = template("/api/osc/v1/guilds/{guild}/join");
        assert_eq!(top_level(&join, ["9"]), "9");
        assert_eq!(top_level("/users/@me", []), "");
        assert_eq!(top_level("/users/{}/guilds/{}/member", ["1", "2"]), "2");
    }
}
