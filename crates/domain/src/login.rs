//! Logins: who stands behind a token, and how a login ends.
//!
//! A token is 256 random bits and is kept only as its SHA-256, so nothing that leaks from the store
//! signs anybody in. This is the one place that decides whether a token is good.

use std::{
    collections::HashMap,
    sync::{Mutex, RwLock},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use proto::{
    Code, Id, Timestamp, marker,
    osc::{LoginSession, SignedIn},
};
use sha2::{Digest as _, Sha256};

use crate::{
    Actor, App,
    bus::Event,
    reject::{Error, Reject, Result, no},
    render,
    rows::{LoginRow, PushRow, UserKind, UserRow},
    server_owner,
    store::{Batch, Entity as _, Op, Scan},
};

/// Longer than any token of ours: the rest is not worth hashing.
const TOKEN_BYTES: usize = 256;
/// `last_used_at` is kept to within this.
const USED_STEP_MS: i64 = 60_000;
/// When a guest was last seen is kept to within this.
const SEEN_STEP_MS: i64 = 3_600_000;
const DAY_MS: i64 = 86_400_000;
/// Logins remembered between requests.
const REMEMBERED: usize = 100_000;
/// Logins looked at by one run of `expire`.
const SWEEP: usize = 1_000;
/// Characters of what a client calls itself.
const CLIENT_LENGTH: usize = 100;

/// Who is behind the token; `None` if nobody is (any more).
pub async fn authenticate(app: &App, token: &str) -> Result<Option<Actor>> {
    if token.is_empty() || token.len() > TOKEN_BYTES {
        return Ok(None);
    }
    let digest = digest(token);
    let Some(login) = find(app, &digest).await? else {
        return Ok(None);
    };
    let user = match app.user(login.user).await {
        Err(Error::Reject(_)) => return Ok(None),
        other => other?,
    };
    let now = app.clock.now();
    let idle_ms = now.ms_since(login.last_used_at);
    let ends_idle = user.kind != UserKind::Bot;
    if user.kind == UserKind::Deleted || (ends_idle && idle_ms > session_ms(app)) {
        return Ok(None);
    }
    if idle_ms >= USED_STEP_MS && app.cache.logins.use_now(&digest, now) {
        used(app, &login, now).await?;
    }
    let server_owner = server_owner::get(app).await? == Some(user.id);
    Ok(Some(Actor { user: user.id, kind: user.kind, login: login.id, server_owner }))
}

/// A new token for somebody. `client`: what the program calls itself.
pub(crate) fn issue(app: &App, user: Id<marker::User>, client: &str) -> (LoginRow, String) {
    let token = format!("oc_u_{}", BASE64.encode(app.random::<32>()));
    (row(app, user, &token, client), token)
}

/// A new token for a bot. COMPAT: libraries read the bot's id from the first of three parts.
pub(crate) fn issue_bot(app: &App, bot: Id<marker::User>) -> (LoginRow, String) {
    let id = BASE64.encode(bot.to_string());
    let (tail, secret) = (app.random::<6>(), app.random::<32>());
    let token = format!("{id}.{}.{}", BASE64.encode(tail), BASE64.encode(secret));
    (row(app, bot, &token, "bot"), token)
}

fn row(app: &App, user: Id<marker::User>, token: &str, client: &str) -> LoginRow {
    let now = app.clock.now();
    LoginRow {
        id: app.ids.next(),
        user_id: user,
        digest: digest(token),
        created_at: now,
        last_used_at: now,
        client: client.chars().filter(|c| !c.is_control()).take(CLIENT_LENGTH).collect(),
    }
}

/// The answer to somebody who signed in.
pub(crate) fn signed_in(app: &App, user: &UserRow, token: String, server_owner: bool) -> SignedIn {
    let user = render::current_user(app, user, server_owner).user;
    SignedIn { token: Some(token), user }
}

/// A secret as it is kept: SHA-256 in hex.
pub fn digest(secret: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(secret.as_bytes()) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// All logins of somebody. With a lane of theirs held, exact.
pub(crate) async fn all(app: &App, user: Id<marker::User>) -> Result<Vec<LoginRow>> {
    let scan = Scan::of::<LoginRow>().by("by_user").prefix(user);
    Ok(app.store.scan(scan).await?)
}

/// Ends these logins: the changes, and the event that closes their sockets.
pub(crate) fn end(logins: &[LoginRow]) -> (Batch, Vec<Event>) {
    let batch = logins.iter().fold(Batch::new(), |batch, login| {
        batch.delete::<LoginRow>(login.id).delete::<PushRow>(login.id)
    });
    let ids: Vec<_> = logins.iter().map(|login| login.id).collect();
    let events = if ids.is_empty() { Vec::new() } else { vec![Event::LoginsRevoked(ids)] };
    (batch, events)
}

/// Adds a login; the one unused for longest goes if there are too many. Within a lane of theirs.
pub(crate) async fn add(app: &App, new: &LoginRow) -> Result<(Batch, Vec<Event>)> {
    let mut logins = all(app, new.user_id).await?;
    logins.sort_by_key(|login| std::cmp::Reverse(login.last_used_at));
    let kept = app.limits.user_sessions.saturating_sub(1).min(logins.len());
    let (batch, events) = end(&logins[kept..]);
    Ok((batch.insert(new), events))
}

/// The actor's logins, newest first.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<LoginSession>> {
    let scan = Scan::of::<LoginRow>().by("by_user").prefix(actor.user).newest_first();
    let logins: Vec<LoginRow> = app.disk.scan(scan).await?;
    let shown = logins.into_iter().map(|login| LoginSession {
        id: login.id,
        created_at: login.created_at,
        last_used_at: login.last_used_at,
        current: login.id == actor.login,
        client: login.client,
    });
    Ok(shown.collect())
}

/// Ends a login of the actor's; its sockets are closed at once.
pub async fn revoke(app: &App, actor: &Actor, id: Id<marker::Session>) -> Result<()> {
    actor.person()?;
    let lane = app.lane_user(actor.user).await;
    let login = app.store.get::<LoginRow>(id).await?;
    let Some(login) = login.filter(|login| login.user_id == actor.user) else {
        return no(Reject::Unknown(Code::UNKNOWN_SESSION));
    };
    let (batch, events) = end(&[login]);
    lane.enqueue(batch, events).durable().await
}

/// Forgets logins that were not used for long: looks at a page of them.
pub async fn expire(app: &App) -> Result<usize> {
    let now = app.clock.now();
    let mut scan = Scan::of::<LoginRow>().limit(SWEEP);
    if let Some(last) = app.cache.logins.swept() {
        scan = scan.after(last);
    }
    let page: Vec<LoginRow> = app.disk.scan(scan).await?;
    let next = page.last().map(|login| login.id).filter(|_| page.len() == SWEEP);
    app.cache.logins.sweep_from(next);
    let old = now.plus_ms(-session_ms(app));
    let mut gone = 0;
    for login in page.into_iter().filter(|login| login.last_used_at < old) {
        gone += usize::from(expire_one(app, &login, old).await?);
    }
    Ok(gone)
}

async fn expire_one(app: &App, login: &LoginRow, old: Timestamp) -> Result<bool> {
    if app.user(login.user_id).await.is_ok_and(|user| user.kind == UserKind::Bot) {
        return Ok(false);
    }
    let lane = app.lane_user(login.user_id).await;
    let still = app.store.get::<LoginRow>(login.id).await?;
    let Some(login) = still.filter(|login| login.last_used_at < old) else {
        return Ok(false);
    };
    let (batch, events) = end(&[login]);
    lane.enqueue(batch, events).durable().await?;
    Ok(true)
}

fn session_ms(app: &App) -> i64 {
    i64::from(app.limits.session_days) * DAY_MS
}

/// A login as it is remembered.
#[derive(Debug, Clone, Copy)]
struct Login {
    id: Id<marker::Session>,
    user: Id<marker::User>,
    last_used_at: Timestamp,
}

async fn find(app: &App, digest: &str) -> Result<Option<Login>> {
    let changes = match app.cache.logins.get(digest) {
        Ok(login) => return Ok(Some(login)),
        Err(changes) => changes,
    };
    let scan = Scan::of::<LoginRow>().by("by_digest").prefix(digest).limit(1);
    let Some(row) = app.disk.scan::<LoginRow>(scan).await?.pop() else {
        return Ok(None);
    };
    let login = Login { id: row.id, user: row.user_id, last_used_at: row.last_used_at };
    app.cache.logins.keep(row.digest, login, changes);
    Ok(Some(login))
}

/// Writes down that a login is in use, now and then. Nobody waits for it, and where the disk is
/// full people still come in.
async fn used(app: &App, login: &Login, now: Timestamp) -> Result<()> {
    let lane = app.lane_user(login.user).await;
    let Some(mut row) = app.store.get::<LoginRow>(login.id).await? else {
        return Ok(());
    };
    row.last_used_at = now.max(row.last_used_at);
    let mut batch = Batch::new().put(&row);
    if let Some(mut user) = app.store.get::<UserRow>(login.user).await? {
        let stale = |seen: Timestamp| now.ms_since(seen) >= SEEN_STEP_MS;
        if user.kind == UserKind::Guest && user.idle_since.is_some_and(stale) {
            user.idle_since = Some(now);
            batch = batch.put(&user);
        }
    }
    drop(lane.enqueue(batch, Vec::new()));
    Ok(())
}

/// Logins remembered between requests, and who owns the server. Follows what is committed.
#[derive(Default)]
pub struct Logins {
    known: RwLock<Known>,
    /// How far `expire` got.
    swept: Mutex<Option<Id<marker::Session>>>,
}

#[derive(Default)]
struct Known {
    by_digest: HashMap<String, Login>,
    digests: HashMap<Id<marker::Session>, String>,
    /// `None`: not read yet.
    server_owner: Option<Option<Id<marker::User>>>,
    /// Grows with each change that could make stale what is being read: that must not be kept.
    changes: u64,
}

impl Known {
    fn forget(&mut self, login: Id<marker::Session>) {
        if let Some(digest) = self.digests.remove(&login) {
            self.by_digest.remove(&digest);
        }
    }
}

impl Logins {
    fn read(&self) -> std::sync::RwLockReadGuard<'_, Known> {
        self.known.read().expect("no panic while locked")
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Known> {
        self.known.write().expect("no panic while locked")
    }

    /// The login, or what to hand to `keep` after reading it.
    fn get(&self, digest: &str) -> Result<Login, u64> {
        let known = self.read();
        known.by_digest.get(digest).copied().ok_or(known.changes)
    }

    fn keep(&self, digest: String, login: Login, changes: u64) {
        let mut known = self.write();
        if known.changes != changes {
            return;
        }
        if known.by_digest.len() >= REMEMBERED {
            // Whole and rare beats exact and constant: what is in use comes back at once.
            known.by_digest.clear();
            known.digests.clear();
        }
        known.digests.insert(login.id, digest.clone());
        known.by_digest.insert(digest, login);
    }

    /// Whether it falls to the caller to write down that this login is in use.
    fn use_now(&self, digest: &str, now: Timestamp) -> bool {
        let mut known = self.write();
        let Some(login) = known.by_digest.get_mut(digest) else {
            return true;
        };
        let stale = now.ms_since(login.last_used_at) >= USED_STEP_MS;
        if stale {
            login.last_used_at = now;
        }
        stale
    }

    /// Who owns the server if it is known, or what to hand to `keep_server_owner`.
    pub(crate) fn server_owner(&self) -> Result<Option<Id<marker::User>>, u64> {
        let known = self.read();
        known.server_owner.ok_or(known.changes)
    }

    pub(crate) fn keep_server_owner(&self, owner: Option<Id<marker::User>>, changes: u64) {
        let mut known = self.write();
        if known.changes == changes {
            known.server_owner = Some(owner);
        }
    }

    fn swept(&self) -> Option<Id<marker::Session>> {
        *self.swept.lock().expect("no panic while locked")
    }

    fn sweep_from(&self, login: Option<Id<marker::Session>>) {
        *self.swept.lock().expect("no panic while locked") = login;
    }

    /// Follows a committed change. A login just inserted has not been read by anybody.
    pub(crate) fn follow(&self, op: &Op) {
        match op {
            Op::Put(table, row) if table.name == LoginRow::TABLE.name => {
                let Ok(row) = LoginRow::from_row(row) else { return };
                let mut known = self.write();
                known.changes += 1;
                match known.by_digest.get_mut(&row.digest) {
                    Some(login) => login.last_used_at = row.last_used_at,
                    None => known.forget(row.id),
                }
            }
            Op::Delete(table, key) if table.name == LoginRow::TABLE.name => {
                let mut known = self.write();
                known.changes += 1;
                if let Some(crate::store::Value::Int(raw)) = key.first() {
                    u64::try_from(*raw).ok().and_then(Id::new).iter().for_each(|id| {
                        known.forget(*id);
                    });
                }
            }
            Op::Put(table, row) if server_owner::is_row(table, row) => {
                let mut known = self.write();
                known.changes += 1;
                known.server_owner = None;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{account, guest, testing::World};

    async fn come(world: &World) -> (Actor, String) {
        let made = guest::create(&world.app, "Anna", "curl/8\r\nX: y", &guest::Newcomer::default())
            .await
            .expect("a guest");
        let token = made.token.expect("a token");
        let actor = authenticate(&world.app, &token).await.expect("no fault");
        (actor.expect("signed in"), token)
    }

    #[tokio::test]
    async fn only_whole_tokens_open() {
        let world = World::new().await;
        let (_, token) = come(&world).await;
        assert!(token.starts_with("oc_u_") && token.len() == 48, "{token}");
        let digest = digest(&token);
        let long = "x".repeat(10_000);
        for wrong in ["", "oc_u_", &token[1..], &token[..47], &digest, "x\0y", &long] {
            assert_eq!(authenticate(&world.app, wrong).await.expect("no fault"), None);
        }
    }

    #[tokio::test]
    async fn a_revoked_login_is_refused_from_then_on() {
        let world = World::new().await;
        let (anna, token) = come(&world).await;
        let (other, _) = come(&world).await;
        let foreign = revoke(&world.app, &other, anna.login).await;
        assert!(matches!(foreign, Err(Error::Reject(Reject::Unknown(_)))));
        let logins = list(&world.app, &anna).await.expect("a list");
        assert_eq!(logins.len(), 1);
        assert!(logins[0].current);
        assert_eq!(logins[0].client, "curl/8X: y");
        revoke(&world.app, &anna, anna.login).await.expect("revoked");
        assert_eq!(authenticate(&world.app, &token).await.expect("no fault"), None);
    }

    #[tokio::test]
    async fn use_keeps_a_login_and_a_guest_alive() {
        let world = World::new().await;
        let (anna, token) = come(&world).await;
        for _ in 0..4 {
            world.clock.advance_ms(29 * DAY_MS);
            assert_eq!(guest::forget_idle(&world.app).await.expect("runs"), 0);
            assert!(authenticate(&world.app, &token).await.expect("no fault").is_some());
            world.app.flushed().await.expect("written");
            assert_eq!(expire(&world.app).await.expect("runs"), 0);
        }
        world.clock.advance_ms(31 * DAY_MS);
        assert_eq!(guest::forget_idle(&world.app).await.expect("runs"), 1);
        assert_eq!(authenticate(&world.app, &token).await.expect("no fault"), None);
        let was = world.app.user(anna.user).await.expect("a row");
        assert_eq!(was.global_name.as_deref(), Some("Deleted user"));
    }

    #[tokio::test]
    async fn an_idle_login_ends_and_is_forgotten() {
        let world = World::new().await;
        let draft = proto::account::CreateAccount {
            username: "alice".into(),
            password: "correct horse".into(),
            invite: None,
        };
        let made = account::create(&world.app, None, draft, "").await.expect("an account");
        let token = made.token.expect("a token");
        world.clock.advance_ms(91 * DAY_MS);
        assert_eq!(authenticate(&world.app, &token).await.expect("no fault"), None);
        assert_eq!(expire(&world.app).await.expect("runs"), 1);
    }

    #[tokio::test]
    async fn the_login_unused_for_longest_makes_room() {
        let world = World::with_limits(proto::Limits { user_sessions: 2, ..Default::default() });
        let world = world.await;
        let (anna, first) = come(&world).await;
        let mut tokens = vec![first];
        for _ in 0..2 {
            world.clock.advance_ms(1_000);
            let (login, token) = issue(&world.app, anna.user, "");
            let lane = world.app.lane_user(anna.user).await;
            let (batch, events) = add(&world.app, &login).await.expect("reads");
            lane.enqueue(batch, events).durable().await.expect("written");
            tokens.push(token);
        }
        let mut good = Vec::new();
        for token in &tokens {
            good.push(authenticate(&world.app, token).await.expect("no fault").is_some());
        }
        assert_eq!(good, [false, true, true]);
    }
}
