//! Where an application's interactions go, and what they are signed with.
//! <https://discord.com/developers/docs/interactions/overview#setting-up-an-endpoint>

use anyhow::Context as _;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use proto::{Code, Id, marker};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use crate::{
    Actor, App,
    reject::{Reject, Result, no},
    rows::{EndpointRow, UserKind},
    store::Batch,
};

type ApplicationId = Id<marker::Application>;

/// Where its interactions are sent; `None`: to its gateway sessions.
pub async fn url(app: &App, application: ApplicationId) -> Result<Option<String>> {
    let row = app.disk.get::<EndpointRow>(application).await?;
    Ok(row.and_then(|row| row.url))
}

/// Whether a bot is the actor, or the actor's; others' look like missing ones.
pub async fn may_set(app: &App, actor: &Actor, bot: Id<marker::User>) -> Result<()> {
    let row = app.user(bot).await?;
    let own = row.owner_id == Some(actor.user) || bot == actor.user;
    if own && row.kind == UserKind::Bot {
        return Ok(());
    }
    no(Reject::Unknown(Code::UNKNOWN_USER))
}

/// Sends its interactions there from now on. The caller has seen the endpoint answer a PING.
pub async fn set_url(app: &App, application: ApplicationId, url: Option<String>) -> Result<()> {
    key(app, application).await?;
    let lane = app.lane_user(application.cast()).await;
    let Some(row) = app.store.get::<EndpointRow>(application).await? else { return Ok(()) };
    let batch = Batch::new().put(&EndpointRow { url, ..row });
    lane.enqueue(batch, Vec::new()).durable().await
}

/// `verify_key`: the public half of its key, in hex. Made when it is first asked for.
pub async fn verify_key(app: &App, application: ApplicationId) -> Result<String> {
    Ok(hex(key(app, application).await?.public_key().as_ref()))
}

/// The signature of a body sent at a time, in hex.
pub async fn sign(
    app: &App,
    application: ApplicationId,
    timestamp: &str,
    body: &[u8],
) -> Result<String> {
    let signed = [timestamp.as_bytes(), body].concat();
    Ok(hex(key(app, application).await?.sign(&signed).as_ref()))
}

async fn key(app: &App, application: ApplicationId) -> Result<Ed25519KeyPair> {
    if let Some(row) = app.disk.get::<EndpointRow>(application).await? {
        return Ok(pair(&row)?);
    }
    let lane = app.lane_user(application.cast()).await;
    if let Some(row) = app.store.get::<EndpointRow>(application).await? {
        return Ok(pair(&row)?);
    }
    let seed = BASE64.encode(app.random::<32>());
    let row = EndpointRow { application_id: application, seed, url: None };
    lane.enqueue(Batch::new().put(&row), Vec::new()).durable().await?;
    Ok(pair(&row)?)
}

fn pair(row: &EndpointRow) -> anyhow::Result<Ed25519KeyPair> {
    let seed = BASE64.decode(&row.seed).context("an application's key is damaged")?;
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed);
    pair.map_err(|_| anyhow::anyhow!("an application's key is damaged"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
