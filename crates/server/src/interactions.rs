//! Interactions on their way to an application's own endpoint, and what it answers there.
//! <https://discord.com/developers/docs/interactions/overview#setting-up-an-endpoint>

use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use domain::{
    App, Reject,
    interaction::{self, endpoint},
    reject::no,
};
use proto::{
    Id,
    interaction::{Callback, Interaction, PING, PONG},
    marker,
};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::{
    api::interaction::{reply_of, says_nothing},
    outbound::{Answer, Outbound},
};

/// Requests under way.
const AT_ONCE: usize = 64;
/// Bytes of an address.
const URL_BYTES: usize = 512;

/// Sends interactions to endpoints.
pub struct Endpoints {
    outbound: Outbound,
    slots: Arc<Semaphore>,
}

type ApplicationId = Id<marker::Application>;

impl Endpoints {
    pub fn new(outbound: Outbound) -> Arc<Self> {
        Arc::new(Self { outbound, slots: Arc::new(Semaphore::new(AT_ONCE)) })
    }

    /// Sends one, and takes what comes back for the application's answer. Nobody waits for it but
    /// who did it, and they no longer than three seconds.
    pub async fn send(&self, app: &Arc<App>, url: &str, interaction: &Interaction) {
        // Too many at once: this one is not answered.
        let Ok(_slot) = self.slots.try_acquire() else { return };
        if let Err(error) = self.exchange(app, url, interaction).await {
            tracing::debug!(%error, "an endpoint did not answer an interaction");
        }
    }

    async fn exchange(
        &self,
        app: &Arc<App>,
        url: &str,
        interaction: &Interaction,
    ) -> anyhow::Result<()> {
        let mut told = serde_json::to_value(interaction).context("plain data")?;
        proto::gateway::strip_osc(&mut told);
        let body = serde_json::to_vec(&told).context("plain data")?;
        let answer = self.post(app, interaction.application_id, url, body).await?;
        ensure!(answer.status.is_success(), "it answered {}", answer.status);
        if says_nothing(answer.status) || answer.body.is_empty() {
            // 202: it answers with a request of its own.
            return Ok(());
        }
        let callback: Callback = serde_json::from_slice(&answer.body).context("not an answer")?;
        let reply = reply_of(callback).map_err(refused)?;
        let (id, token) = (interaction.id, interaction.token.as_str());
        let done = interaction::callback(app, id, token, reply, Vec::new()).await;
        done.map(drop).map_err(refused)
    }

    /// Points an application at an endpoint of its own, once that has shown that it checks
    /// signatures; `None`: its interactions go to its gateway sessions again.
    pub async fn set(
        &self,
        app: &Arc<App>,
        application: ApplicationId,
        url: Option<String>,
    ) -> domain::Result<()> {
        if let Some(url) = &url
            && let Err(error) = self.prove(app, application, url).await
        {
            tracing::debug!(%error, "an endpoint is not taken");
            let message = format!("Validation failed: {error:#}.");
            let message: String = message.chars().take(200).collect();
            let code = "APPLICATION_INTERACTIONS_ENDPOINT_URL_INVALID";
            return no(Reject::field("interactions_endpoint_url", code, message));
        }
        endpoint::set_url(app, application, url).await
    }

    /// A PING must be answered with a PONG, and one with a wrong signature with 401.
    async fn prove(
        &self,
        app: &Arc<App>,
        application: ApplicationId,
        url: &str,
    ) -> anyhow::Result<()> {
        ensure!(url.len() <= URL_BYTES, "the address is too long");
        self.outbound.check(url)?;
        let id: Id<marker::Interaction> = app.ids.next();
        let ping = json!({
            "id": id,
            "application_id": application,
            "type": PING,
            "token": "ping",
            "version": 1,
        });
        let body = serde_json::to_vec(&ping)?;
        let answer = self.post(app, application, url, body.clone()).await?;
        ensure!(answer.status == StatusCode::OK, "it answered {} to a PING", answer.status);
        let pong: Callback = serde_json::from_slice(&answer.body).context("no PONG came back")?;
        ensure!(pong.kind == PONG, "no PONG came back");
        let (timestamp, _) = self.signed(app, application, &body).await?;
        let answer = self.call(url, &timestamp, &"00".repeat(64), body).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            bail!("it took a wrong signature: check it and answer 401");
        }
        Ok(())
    }

    async fn post(
        &self,
        app: &App,
        application: ApplicationId,
        url: &str,
        body: Vec<u8>,
    ) -> anyhow::Result<Answer> {
        let (timestamp, signature) = self.signed(app, application, &body).await?;
        self.call(url, &timestamp, &signature, body).await
    }

    async fn signed(
        &self,
        app: &App,
        application: ApplicationId,
        body: &[u8],
    ) -> anyhow::Result<(String, String)> {
        let timestamp = app.clock.now().as_ms().div_euclid(1_000).to_string();
        let signature = endpoint::sign(app, application, &timestamp, body).await;
        Ok((timestamp, signature.map_err(refused)?))
    }

    async fn call(
        &self,
        url: &str,
        timestamp: &str,
        signature: &str,
        body: Vec<u8>,
    ) -> anyhow::Result<Answer> {
        let mut headers = HeaderMap::new();
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        let agent = HeaderValue::from_static("Discord-Interactions/1.0 (opensrcchat)");
        headers.insert(header::USER_AGENT, agent);
        let name = HeaderName::from_static("x-signature-ed25519");
        headers.insert(name, signature.try_into()?);
        let name = HeaderName::from_static("x-signature-timestamp");
        headers.insert(name, timestamp.try_into()?);
        self.outbound.post(url, headers, body.into()).await
    }
}

fn refused(error: domain::Error) -> anyhow::Error {
    match error {
        domain::Error::Reject(reject) => anyhow::anyhow!("its answer was refused: {reject:?}"),
        domain::Error::Fault(fault) => fault,
    }
}
