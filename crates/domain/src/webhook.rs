//! Webhooks: addresses by which programs say something in one channel without signing in.
//!
//! Who has the token can write as the webhook, change its name and delete it, and nothing else: it
//! reaches no other channel and sees no message but its own. The token is readable to those who
//! manage webhooks, as libraries expect, so it is stored as it is and never logged.

mod execute;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use proto::{
    Code, Id, Patch, Permissions,
    audit_log::action,
    channel::{GUILD_TEXT, GUILD_VOICE},
    gateway::Dispatch,
    marker,
    webhook::{CreateWebhook, INCOMING, ModifyWebhook, Webhook, WebhooksUpdate},
};

use crate::{
    Actor, App, access,
    audit_log::Entry,
    bus::{Audience, Event},
    guild, name, picture,
    reject::{Reject, Result, no},
    render,
    rows::{UserRow, WebhookRow},
    store::{Batch, Scan},
};

pub use execute::{delete_message, edit_message, execute, may_write, message, uploader};

const NEEDED: Permissions = Permissions::MANAGE_WEBHOOKS;

/// What the audit log says of a webhook. Never its token.
const KEYS: &[&str] = &["name", "type", "channel_id", "avatar"];

/// 68 characters of `[A-Za-z0-9_-]`. COMPAT: libraries read addresses by this length.
fn token(app: &App) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(app.random::<51>())
}

fn unknown() -> Reject {
    Reject::Unknown(Code::UNKNOWN_WEBHOOK)
}

/// `user`: whoever made it, to those who manage it. The token goes with it.
fn rendered(app: &App, row: &WebhookRow, user: Option<&UserRow>) -> Webhook {
    let base = &app.policy.public_url;
    Webhook {
        id: row.id,
        kind: INCOMING,
        guild_id: Some(row.guild_id),
        channel_id: Some(row.channel_id),
        name: Some(row.name.clone()),
        avatar: row.avatar.clone(),
        user: user.map(render::user),
        token: Some(row.token.clone()),
        url: Some(format!("{base}/api/webhooks/{}/{}", row.id, row.token)),
        application_id: row.application_id,
    }
}

/// What everybody may know who reads the audit log.
pub(crate) fn without_token(row: &WebhookRow) -> Webhook {
    Webhook {
        id: row.id,
        kind: INCOMING,
        guild_id: Some(row.guild_id),
        channel_id: Some(row.channel_id),
        name: Some(row.name.clone()),
        avatar: row.avatar.clone(),
        user: None,
        token: None,
        url: None,
        application_id: row.application_id,
    }
}

async fn rendered_all(app: &App, mut rows: Vec<WebhookRow>) -> Result<Vec<Webhook>> {
    rows.sort_by_key(|row| row.id);
    let ids: Vec<_> = rows.iter().map(|row| row.creator_id).collect();
    let users = app.users(&ids).await?;
    let both = rows.iter().zip(&users);
    Ok(both.map(|(row, user)| rendered(app, row, user.as_deref())).collect())
}

/// Those of a channel.
pub(crate) async fn rows(app: &App, channel: Id<marker::Channel>) -> Result<Vec<WebhookRow>> {
    let scan = Scan::of::<WebhookRow>().by("by_channel").prefix(channel);
    Ok(app.store.scan::<WebhookRow>(scan).await?)
}

fn updated(guild_id: Id<marker::Guild>, channel_id: Id<marker::Channel>) -> Event {
    let told = Dispatch::WebhooksUpdate(WebhooksUpdate { guild_id, channel_id });
    Event::Dispatch(Audience::Channel(guild_id, channel_id), told)
}

/// A channel of a guild that takes messages, where the actor manages webhooks.
async fn place(app: &App, actor: &Actor, channel: Id<marker::Channel>) -> Result<access::Place> {
    let place = access::channel(app, actor, channel).await?;
    if place.guild.is_none() {
        return no(Reject::Refused(Code::DM_EXECUTE));
    }
    place.require(NEEDED)?;
    Ok(place)
}

/// Says no to who does not manage webhooks there, before a body is looked at.
pub async fn may_manage(app: &App, actor: &Actor, channel: Id<marker::Channel>) -> Result<()> {
    place(app, actor, channel).await.map(drop)
}

/// Webhooks of a channel. Needs MANAGE_WEBHOOKS there.
pub async fn of_channel(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
) -> Result<Vec<Webhook>> {
    place(app, actor, channel).await?;
    let scan = Scan::of::<WebhookRow>().by("by_channel").prefix(channel);
    rendered_all(app, app.disk.scan(scan).await?).await
}

/// Webhooks of a guild, in the channels where the actor manages them. Needs MANAGE_WEBHOOKS.
pub async fn of_guild(app: &App, actor: &Actor, id: Id<marker::Guild>) -> Result<Vec<Webhook>> {
    let (guild, _) = access::require_guild(app, actor, id, NEEDED).await?;
    let scan = Scan::of::<WebhookRow>().by("by_guild").prefix(id);
    let mut rows = app.disk.scan::<WebhookRow>(scan).await?;
    let now = app.clock.now();
    {
        let state = guild.read();
        rows.retain(|row| {
            let channel = state.channels.get(&row.channel_id);
            channel.is_some_and(|channel| {
                let have = state.permissions_in(actor.user, channel, now);
                have.contains(Permissions::VIEW_CHANNEL | NEEDED)
            })
        });
    }
    rendered_all(app, rows).await
}

/// Makes a webhook. Needs MANAGE_WEBHOOKS in the channel.
pub async fn create(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    draft: CreateWebhook,
) -> Result<Webhook> {
    place(app, actor, channel).await?;
    let id = app.ids.next();
    let mut turn = picture::turn(app, "avatar", id).await?;
    let outcome = made(app, actor, channel, id, draft, &mut turn).await;
    turn.settle().await;
    outcome
}

async fn made(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    id: Id<marker::Webhook>,
    draft: CreateWebhook,
    turn: &mut picture::Turn<'_>,
) -> Result<Webhook> {
    let name = named(app, "name", &draft.name)?;
    let avatar = match draft.avatar {
        Some(avatar) => Some(turn.keep(actor.user, &avatar).await?),
        None => None,
    };
    let here = place(app, actor, channel).await?;
    takes_webhooks(here.channel.kind)?;
    let guild_id = here.guild_id().expect("of a guild");
    let creator = app.user(actor.user).await?;
    let (lane, _) = guild::alone(app, guild_id).await?;
    // What was seen before the lane was free may have changed.
    let here = place(app, actor, channel).await?;
    if rows(app, channel).await?.len() >= app.limits.channel_webhooks {
        return no(Reject::Refused(Code::MAX_WEBHOOKS));
    }
    let row = WebhookRow {
        id,
        guild_id,
        channel_id: here.channel.id,
        name,
        avatar,
        token: token(app),
        creator_id: actor.user,
        application_id: actor.is_bot().then(|| actor.user.cast()),
    };
    let (mut batch, mut events) = (Batch::new().insert(&row), vec![updated(guild_id, channel)]);
    let entry = Entry::new(action::WEBHOOK_CREATE, Some(id.cast()));
    let entry = entry.changes(&(), &without_token(&row), KEYS);
    entry.write(app, guild_id, actor.user, &mut batch, &mut events);
    lane.enqueue(batch, events).durable().await?;
    Ok(rendered(app, &row, Some(&creator)))
}

fn takes_webhooks(kind: u8) -> Result<()> {
    match kind {
        GUILD_TEXT | GUILD_VOICE => Ok(()),
        _ => no(Reject::Refused(Code::WRONG_TYPE)),
    }
}

/// A name as people see it beside a message. It is marked as a program's, so it may be somebody's
/// too, as bridges need it; but nobody speaks for the room or the server.
fn named(app: &App, path: &str, text: &str) -> Result<String, Reject> {
    let name = name::display(path, text, app.limits.webhook_name_length)?;
    name::not_reserved(path, &name)?;
    Ok(name)
}

/// A webhook that the actor may manage; of a channel that it does not see it looks like none.
async fn managed(app: &App, actor: &Actor, id: Id<marker::Webhook>) -> Result<WebhookRow> {
    let Some(row) = app.store.get::<WebhookRow>(id).await? else {
        return no(unknown());
    };
    match place(app, actor, row.channel_id).await {
        Ok(_) => Ok(row),
        Err(crate::Error::Reject(Reject::Unknown(_))) => no(unknown()),
        Err(error) => Err(error),
    }
}

/// The webhook of this address. Takes as long for a token that is nearly right.
pub(crate) async fn by_token(
    app: &App,
    id: Id<marker::Webhook>,
    token: &str,
) -> Result<WebhookRow> {
    let Some(row) = app.store.get::<WebhookRow>(id).await? else {
        return no(unknown());
    };
    if !same(row.token.as_bytes(), token.as_bytes()) {
        return no(Reject::Refused(Code::INVALID_WEBHOOK_TOKEN));
    }
    Ok(row)
}

fn same(one: &[u8], other: &[u8]) -> bool {
    let differ = one.iter().zip(other).fold(0, |differ, (a, b)| differ | (a ^ b));
    one.len() == other.len() && std::hint::black_box(differ) == 0
}

/// A webhook, to who manages it.
pub async fn get(app: &App, actor: &Actor, id: Id<marker::Webhook>) -> Result<Webhook> {
    let row = managed(app, actor, id).await?;
    Ok(rendered_all(app, vec![row]).await?.pop().expect("one row makes one webhook"))
}

/// A webhook, to who has its address: without who made it.
pub async fn get_by_token(app: &App, id: Id<marker::Webhook>, token: &str) -> Result<Webhook> {
    Ok(rendered(app, &by_token(app, id, token).await?, None))
}

/// Who changes a webhook: somebody who manages it, or who has its token.
#[derive(Clone, Copy)]
pub enum By<'a> {
    Actor(&'a Actor),
    Token(&'a str),
}

impl By<'_> {
    async fn find(self, app: &App, id: Id<marker::Webhook>) -> Result<WebhookRow> {
        match self {
            Self::Actor(actor) => managed(app, actor, id).await,
            Self::Token(token) => by_token(app, id, token).await,
        }
    }

    fn user(self) -> Option<Id<marker::User>> {
        match self {
            Self::Actor(actor) => Some(actor.user),
            Self::Token(_) => None,
        }
    }
}

/// Changes name, picture or channel; with the token alone it stays in its channel.
pub async fn edit(
    app: &App,
    by: By<'_>,
    id: Id<marker::Webhook>,
    draft: ModifyWebhook,
) -> Result<Webhook> {
    by.find(app, id).await?;
    let mut turn = picture::turn(app, "avatar", id).await?;
    let outcome = edited(app, by, id, draft, &mut turn).await;
    turn.settle().await;
    let row = outcome?;
    match by {
        By::Token(_) => Ok(rendered(app, &row, None)),
        By::Actor(_) => Ok(rendered_all(app, vec![row]).await?.pop().expect("one of one")),
    }
}

async fn edited(
    app: &App,
    by: By<'_>,
    id: Id<marker::Webhook>,
    draft: ModifyWebhook,
    turn: &mut picture::Turn<'_>,
) -> Result<WebhookRow> {
    let name = match draft.name {
        // COMPAT: null leaves it as it is.
        Patch::Absent | Patch::Null => None,
        Patch::Value(text) => Some(named(app, "name", &text)?),
    };
    let before = by.find(app, id).await?;
    let avatar = match draft.avatar {
        Patch::Absent => None,
        Patch::Null => Some(None),
        Patch::Value(avatar) => {
            let by = by.user().unwrap_or(id.cast());
            Some(Some(turn.keep(by, &avatar).await?))
        }
    };
    let guild_id = before.guild_id;
    let to = match (by, draft.channel_id) {
        (By::Actor(actor), Patch::Value(to)) if to != before.channel_id => Some((actor, to)),
        _ => None,
    };
    if let Some((actor, to)) = to {
        // Before the lane: another guild may have to be loaded to say no.
        let there = place(app, actor, to).await?;
        if there.guild_id() != Some(guild_id) {
            return no(Reject::Unknown(Code::UNKNOWN_CHANNEL));
        }
        takes_webhooks(there.channel.kind)?;
    }
    let (lane, _) = guild::alone(app, guild_id).await?;
    let before = by.find(app, id).await?;
    let mut row = before.clone();
    row.name = name.unwrap_or(row.name);
    row.avatar = avatar.unwrap_or(row.avatar);
    if let Some((actor, to)) = to {
        place(app, actor, to).await?;
        if rows(app, to).await?.len() >= app.limits.channel_webhooks {
            return no(Reject::Refused(Code::MAX_WEBHOOKS));
        }
        row.channel_id = to;
    }
    if row == before {
        return Ok(row);
    }
    let (mut batch, mut events) = (Batch::new().put(&row), Vec::new());
    events.push(updated(guild_id, before.channel_id));
    if row.channel_id != before.channel_id {
        events.push(updated(guild_id, row.channel_id));
    }
    let entry = Entry::new(action::WEBHOOK_UPDATE, Some(id.cast()));
    let entry = entry.changes(&without_token(&before), &without_token(&row), KEYS);
    entry.write(app, guild_id, by.user(), &mut batch, &mut events);
    lane.enqueue(batch, events).durable().await?;
    Ok(row)
}

/// Deletes a webhook; what it said stays.
pub async fn delete(app: &App, by: By<'_>, id: Id<marker::Webhook>) -> Result<()> {
    let guild_id = by.find(app, id).await?.guild_id;
    let turn = picture::turn(app, "avatar", id).await?;
    let (lane, _) = guild::alone(app, guild_id).await?;
    let row = by.find(app, id).await?;
    let (mut batch, mut events) = (Batch::new().delete::<WebhookRow>(id), Vec::new());
    events.push(updated(guild_id, row.channel_id));
    let entry = Entry::new(action::WEBHOOK_DELETE, Some(id.cast()));
    let entry = entry.changes(&without_token(&row), &(), KEYS);
    entry.write(app, guild_id, by.user(), &mut batch, &mut events);
    lane.enqueue(batch, events).durable().await?;
    turn.settle().await;
    Ok(())
}
