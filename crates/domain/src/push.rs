//! Pushes: what somebody is told whose page is closed. Who is told, and of what; sending is the
//! server's.
//!
//! A subscription belongs to a login and ends with it. Who has one is kept in memory, with what
//! they have set for rooms and channels, so that a message costs others nothing.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use proto::{
    Code, Id, Timestamp,
    channel::is_thread,
    gateway::Dispatch,
    marker,
    message::{EPHEMERAL, LOADING, Message},
    osc::{ALL, MENTIONS, PushSubscription, PushSubscriptionDraft},
};

use crate::{
    Actor, App,
    bus::{Audience, Event, Published},
    cache::{Guild, GuildState},
    notification,
    reject::{Reject, Result, no},
    relationship,
    rows::{LoginRow, MetaRow, NotificationRow, PushRow},
    store::{Batch, Entity as _, Op, Scan, Value},
};

/// Bytes of a push service's address.
const ENDPOINT_BYTES: usize = 1_024;
/// An uncompressed point of P-256.
const POINT_BYTES: usize = 65;
const AUTH_BYTES: usize = 16;
/// Characters of a message that a push shows.
const BODY_LENGTH: usize = 300;
const KEY: &str = "push_key";

/// Who has a subscription, and how loud places are for them.
#[derive(Default)]
pub struct Subscribers(RwLock<Inner>);

#[derive(Default)]
struct Inner {
    logins: HashMap<Id<marker::Session>, Id<marker::User>>,
    people: HashMap<Id<marker::User>, Person>,
}

#[derive(Default)]
struct Person {
    logins: Vec<Id<marker::Session>>,
    settings: HashMap<Id<marker::Target>, NotificationRow>,
}

impl Person {
    /// Of what they want to be told in a channel.
    fn level(
        &self,
        guild: Option<Id<marker::Guild>>,
        channel: Id<marker::Channel>,
        usual: u8,
        now: Timestamp,
    ) -> u8 {
        let guild = guild.and_then(|guild| self.settings.get(&guild.cast()));
        notification::level(guild, self.settings.get(&channel.cast()), usual, now)
    }
}

impl Subscribers {
    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, row: &PushRow, settings: Vec<NotificationRow>) {
        let mut inner = self.write();
        inner.logins.insert(row.login_id, row.user_id);
        let person = inner.people.entry(row.user_id).or_default();
        if !person.logins.contains(&row.login_id) {
            person.logins.push(row.login_id);
        }
        person.settings =
            settings.into_iter().map(|setting| (setting.target_id, setting)).collect();
    }

    fn drop(&self, login: Id<marker::Session>) {
        let mut inner = self.write();
        let Some(user) = inner.logins.remove(&login) else { return };
        let Some(person) = inner.people.get_mut(&user) else { return };
        person.logins.retain(|kept| *kept != login);
        if person.logins.is_empty() {
            inner.people.remove(&user);
        }
    }

    /// Follows what was committed.
    pub(crate) fn follow(&self, op: &Op) -> anyhow::Result<()> {
        match op {
            Op::Put(table, row) | Op::Insert(table, row)
                if table.name == NotificationRow::TABLE.name =>
            {
                let row = NotificationRow::from_row(row)?;
                if let Some(person) = self.write().people.get_mut(&row.user_id) {
                    person.settings.insert(row.target_id, row);
                }
            }
            Op::Delete(table, key) if table.name == NotificationRow::TABLE.name => {
                let [Value::Int(user), Value::Int(target)] = key[..] else { return Ok(()) };
                let (user, target) = (Id::new(user as u64), Id::new(target as u64));
                let mut inner = self.write();
                let person = user.and_then(|user| inner.people.get_mut(&user));
                if let (Some(person), Some(target)) = (person, target) {
                    person.settings.remove(&target);
                }
            }
            Op::Delete(table, key) if table.name == PushRow::TABLE.name => {
                if let Some(Value::Int(login)) = key.first() {
                    Id::new(*login as u64).into_iter().for_each(|login| self.drop(login));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Loads who has a subscription. Once, before anything is sent.
pub async fn open(app: &App) -> Result<()> {
    let mut page = Scan::of::<PushRow>();
    loop {
        let rows = app.disk.scan::<PushRow>(page.clone()).await?;
        for row in &rows {
            let settings = notification::rows(app, row.user_id).await?;
            app.cache.subscribers.keep(row, settings);
        }
        match rows.last() {
            Some(last) if rows.len() == page.limit => page = page.after(last.login_id),
            _ => return Ok(()),
        }
    }
}

/// The server's own key pair as PKCS#8: made once, kept with everything else.
pub async fn key(app: &App, make: impl FnOnce() -> Vec<u8>) -> Result<Vec<u8>> {
    let lane = app.lane_named("meta", KEY).await;
    if let Some(row) = app.store.get::<MetaRow>(KEY).await? {
        let text = row.value.as_str().unwrap_or_default();
        let key = BASE64.decode(text).map_err(|_| anyhow::anyhow!("the push key is damaged"))?;
        return Ok(key);
    }
    let key = make();
    let row = MetaRow { name: KEY.to_owned(), value: BASE64.encode(&key).into() };
    lane.enqueue(Batch::new().put(&row), Vec::new()).durable().await?;
    Ok(key)
}

/// Subscribes the browser that asks: one subscription for each login, the newest counts.
pub async fn subscribe(
    app: &App,
    actor: &Actor,
    draft: PushSubscriptionDraft,
) -> Result<PushSubscription> {
    actor.person()?;
    if draft.endpoint.len() > ENDPOINT_BYTES {
        return no(Reject::length("endpoint", 1, ENDPOINT_BYTES));
    }
    let row = PushRow {
        login_id: actor.login,
        user_id: actor.user,
        endpoint: draft.endpoint,
        p256dh: bytes("keys.p256dh", &draft.keys.p256dh, POINT_BYTES)?,
        auth: bytes("keys.auth", &draft.keys.auth, AUTH_BYTES)?,
    };
    let lane = app.lane_user(actor.user).await;
    // It may have ended meanwhile.
    if app.store.get::<LoginRow>(actor.login).await?.is_none() {
        return no(Reject::Unauthorized);
    }
    let receipt = lane.enqueue(Batch::new().put(&row), Vec::new());
    receipt.durable().await?;
    app.cache.subscribers.keep(&row, notification::rows(app, actor.user).await?);
    Ok(PushSubscription { id: actor.login })
}

/// Checked, and kept as it came.
fn bytes(path: &str, text: &str, length: usize) -> Result<String> {
    let text = text.trim_end_matches('=');
    match BASE64.decode(text) {
        Ok(bytes) if bytes.len() == length => Ok(text.to_owned()),
        _ => {
            let message = format!("Must be {length} bytes in base64url.");
            no(Reject::field(path, "BASE_TYPE_BAD_FORMAT", message))
        }
    }
}

/// Ends a subscription of the actor's.
pub async fn unsubscribe(app: &App, actor: &Actor, id: Id<marker::Session>) -> Result<()> {
    let lane = app.lane_user(actor.user).await;
    let row = app.store.get::<PushRow>(id).await?;
    if row.is_none_or(|row| row.user_id != actor.user) {
        return no(Reject::Unknown(Code::UNKNOWN_SESSION));
    }
    lane.enqueue(Batch::new().delete::<PushRow>(id), Vec::new()).durable().await
}

/// The browser behind a subscription is gone: its service said so. Unless it came back meanwhile.
pub async fn forget(app: &App, gone: &PushRow) -> Result<()> {
    let lane = app.lane_user(gone.user_id).await;
    if app.store.get::<PushRow>(gone.login_id).await?.as_ref() != Some(gone) {
        return Ok(());
    }
    lane.enqueue(Batch::new().delete::<PushRow>(gone.login_id), Vec::new()).durable().await
}

/// What a push says. A service worker shows it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Push {
    pub title: String,
    pub body: String,
    /// The channel: a newer push takes the place of an older one.
    pub tag: String,
    /// Where it leads, a path of ours.
    pub url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
}

/// Whether this event may have to be told to somebody whose page is closed. Quick.
pub fn may_tell(app: &App, published: &Published) -> bool {
    let Event::Dispatch(_, Dispatch::MessageCreate(message)) = &published.event else {
        return false;
    };
    // What one person sees for a while they asked for; what is still thought about says nothing.
    message.flags & (EPHEMERAL | LOADING) == 0 && !app.cache.subscribers.read().people.is_empty()
}

/// Who is told of a message by push, and what. Those who look at a page of ours are not.
pub async fn told(app: &App, published: &Published) -> Result<Option<(Push, Vec<PushRow>)>> {
    let Event::Dispatch(audience, Dispatch::MessageCreate(message)) = &published.event else {
        return Ok(None);
    };
    let guild = match audience.guild() {
        Some(id) => Some(app.guild(id).await?),
        None => None,
    };
    let logins = logins(app, message, audience, guild.as_deref());
    if logins.is_empty() {
        return Ok(None);
    }
    let keys = logins.into_iter().map(|login| vec![login.into()]).collect();
    let mut rows = Vec::new();
    for row in app.disk.get_many::<PushRow>(keys).await?.into_iter().flatten() {
        // Whom somebody has blocked does not call them.
        if !relationship::blocks(app, row.user_id, message.author.id).await? {
            rows.push(row);
        }
    }
    Ok((!rows.is_empty()).then(|| (push(message, guild.as_deref()), rows)))
}

fn logins(
    app: &App,
    message: &Message,
    audience: &Audience,
    guild: Option<&Guild>,
) -> Vec<Id<marker::Session>> {
    let now = app.clock.now();
    let inner = app.cache.subscribers.read();
    let people = inner.people.iter().filter(|(user, _)| **user != message.author.id);
    let told = people.filter(|(user, person)| match (guild, audience) {
        (Some(guild), _) => is_told(&guild.read(), **user, person, message, now),
        (None, Audience::Users(users)) => {
            let level = person.level(None, message.channel_id, ALL, now);
            users.contains(user) && level <= MENTIONS
        }
        _ => false,
    });
    let told = told.filter(|(user, _)| !app.presences.is_attentive(**user));
    told.flat_map(|(_, person)| person.logins.iter().copied()).collect()
}

fn is_told(
    guild: &GuildState,
    user: Id<marker::User>,
    person: &Person,
    message: &Message,
    now: Timestamp,
) -> bool {
    let Some(member) = guild.members.get(&user) else { return false };
    let Some(channel) = guild.channel(message.channel_id) else { return false };
    // A thread tells those who are in it, as its channel does unless it has a level of its own.
    let thread = is_thread(channel.kind);
    if thread && !guild.is_in(user, channel.id) {
        return false;
    }
    let meant = message.mention_everyone
        || message.mentions.iter().any(|mentioned| mentioned.id == user)
        || message.mention_roles.iter().any(|role| member.roles.contains(role));
    let usual = notification::by_default(guild);
    let own = person.settings.contains_key(&channel.id.cast());
    let said_by = channel.parent_id.filter(|_| thread && !own).unwrap_or(channel.id);
    let level = person.level(Some(guild.row.id), said_by, usual, now);
    if level != ALL && !(level == MENTIONS && meant) {
        return false;
    }
    let have = guild.permissions_in(user, &channel, now);
    have.contains(proto::Permissions::VIEW_CHANNEL)
}

fn push(message: &Message, guild: Option<&Guild>) -> Push {
    let author = message.author.global_name.as_ref().unwrap_or(&message.author.username);
    let (title, url) = match guild.map(|guild| guild.read()) {
        None => (author.clone(), format!("/dm/{}", message.channel_id)),
        Some(guild) => {
            let channel = guild.channel(message.channel_id);
            let channel = channel.map(|channel| channel.name.clone()).unwrap_or_default();
            let place = match &guild.row.slug {
                Some(slug) => format!("/r/{slug}"),
                None => format!("/g/{}", guild.row.id),
            };
            let title = format!("{author} (#{channel}, {})", guild.row.name);
            (title, format!("{place}/{}", message.channel_id))
        }
    };
    let avatar = message.author.avatar.as_ref();
    let icon = avatar.map(|hash| format!("/cdn/avatars/{}/{hash}.png", message.author.id));
    Push { title, body: body(message), tag: message.channel_id.to_string(), url, icon }
}

/// The beginning of a message as plain text: a push shows no markup, and no spoilers.
fn body(message: &Message) -> String {
    let mut text = message.content.clone();
    for user in &message.mentions {
        let name = format!("@{}", user.global_name.as_ref().unwrap_or(&user.username));
        for mention in [format!("<@{}>", user.id), format!("<@!{}>", user.id)] {
            text = text.replace(&mention, &name);
        }
    }
    let parts: Vec<_> = text.split("||").collect();
    let hidden = |at: usize| at % 2 == 1 && at + 1 < parts.len();
    let text: String =
        parts.iter().enumerate().map(|(at, part)| if hidden(at) { "▒▒▒" } else { part }).collect();
    if text.trim().is_empty() {
        let files = message.attachments.iter().map(|file| file.filename.as_str());
        return files.collect::<Vec<_>>().join(", ");
    }
    let mut short: String = text.chars().take(BODY_LENGTH).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
