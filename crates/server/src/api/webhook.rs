//! Webhooks. <https://discord.com/developers/docs/resources/webhook>
//!
//! Routes with a token need nobody to be signed in and do not look at who is: the token is all.
//! Where no webhook has an address, an application may speak there with an interaction's token.

mod github;
mod slack;

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use domain::{
    App, Reject, interaction,
    webhook::{self, By},
};
use proto::{
    Code, Id, marker,
    message::{AttachmentDraft, EditMessage, Message},
    webhook::{CreateWebhook, ExecuteWebhook, ModifyWebhook, Webhook},
};
use serde::{Deserialize, Deserializer, de::IntoDeserializer as _};

use super::{
    Answer, Error, Reply, Routes,
    extract::{self, Actor, Path, Query, RawPictureJson},
    followup,
    upload::{Form, WithFiles},
};

type ChannelId = Id<marker::Channel>;
type MessageId = Id<marker::Message>;
type WebhookId = Id<marker::Webhook>;

pub fn routes() -> Routes {
    Routes::v10()
        .get("/channels/{channel}/webhooks", of_channel)
        .post("/channels/{channel}/webhooks", create)
        .get("/guilds/{guild}/webhooks", of_guild)
        .get("/webhooks/{webhook}", get)
        .patch("/webhooks/{webhook}", edit)
        .delete("/webhooks/{webhook}", delete)
        .get("/webhooks/{webhook}/{token}", get_by_token)
        .patch("/webhooks/{webhook}/{token}", edit_by_token)
        .delete("/webhooks/{webhook}/{token}", delete_by_token)
        .post("/webhooks/{webhook}/{token}", execute)
        .post("/webhooks/{webhook}/{token}/github", execute_github)
        .post("/webhooks/{webhook}/{token}/slack", execute_slack)
        .get("/webhooks/{webhook}/{token}/messages/@original", original)
        .patch("/webhooks/{webhook}/{token}/messages/@original", edit_original)
        .delete("/webhooks/{webhook}/{token}/messages/@original", delete_original)
        .get("/webhooks/{webhook}/{token}/messages/{message}", message)
        .patch("/webhooks/{webhook}/{token}/messages/{message}", edit_message)
        .delete("/webhooks/{webhook}/{token}/messages/{message}", delete_message)
}

impl WithFiles for ExecuteWebhook {
    const ALL_NEW: bool = true;

    fn attachments(&self) -> Option<&[AttachmentDraft]> {
        self.attachments.as_deref()
    }
}

/// Get Channel Webhooks.
async fn of_channel(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(channel): Path<ChannelId>,
) -> Answer<Vec<Webhook>> {
    Ok(Reply::ok(webhook::of_channel(&app, &actor, channel).await?))
}

/// Get Guild Webhooks.
async fn of_guild(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<Id<marker::Guild>>,
) -> Answer<Vec<Webhook>> {
    Ok(Reply::ok(webhook::of_guild(&app, &actor, guild).await?))
}

/// Create Webhook.
async fn create(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(channel): Path<ChannelId>,
    body: RawPictureJson,
) -> Answer<Webhook> {
    webhook::may_manage(&app, &actor, channel).await?;
    let draft: CreateWebhook = body.parse()?;
    Ok(Reply::ok(webhook::create(&app, &actor, channel, draft).await?))
}

/// Get Webhook.
async fn get(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(id): Path<WebhookId>,
) -> Answer<Webhook> {
    Ok(Reply::ok(webhook::get(&app, &actor, id).await?))
}

/// Modify Webhook.
async fn edit(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(id): Path<WebhookId>,
    body: RawPictureJson,
) -> Answer<Webhook> {
    webhook::get(&app, &actor, id).await?;
    let draft: ModifyWebhook = body.parse()?;
    Ok(Reply::ok(webhook::edit(&app, By::Actor(&actor), id, draft).await?))
}

/// Delete Webhook.
async fn delete(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(id): Path<WebhookId>,
) -> Answer<()> {
    webhook::delete(&app, By::Actor(&actor), id).await?;
    Ok(Reply::no_content())
}

/// Get Webhook with Token.
async fn get_by_token(
    State(app): State<Arc<App>>,
    Path((id, token)): Path<(WebhookId, String)>,
) -> Answer<Webhook> {
    Ok(Reply::ok(webhook::get_by_token(&app, id, &token).await?))
}

/// Modify Webhook with Token.
async fn edit_by_token(
    State(app): State<Arc<App>>,
    Path((id, token)): Path<(WebhookId, String)>,
    body: RawPictureJson,
) -> Answer<Webhook> {
    webhook::get_by_token(&app, id, &token).await?;
    let draft: ModifyWebhook = body.parse()?;
    Ok(Reply::ok(webhook::edit(&app, By::Token(&token), id, draft).await?))
}

/// Delete Webhook with Token.
async fn delete_by_token(
    State(app): State<Arc<App>>,
    Path((id, token)): Path<(WebhookId, String)>,
) -> Answer<()> {
    webhook::delete(&app, By::Token(&token), id).await?;
    Ok(Reply::no_content())
}

#[derive(Deserialize)]
struct Executing {
    #[serde(default)]
    wait: bool,
    thread_id: Option<ChannelId>,
    #[serde(default)]
    with_components: bool,
}

/// Execute Webhook.
async fn execute(
    State(app): State<Arc<App>>,
    Path((id, token)): Path<(WebhookId, String)>,
    Query(how): Query<Executing>,
    form: Form,
) -> Answer<Message> {
    if !is_webhook(&app, id, &token).await? {
        return followup::create(&app, id.cast(), &token, form).await;
    }
    let channel = webhook::may_write(&app, id, &token, how.thread_id).await?;
    let uploader = webhook::uploader(&app, id, &token).await?;
    let (draft, taken) = form.read_asked::<ExecuteWebhook>(&app, &uploader, channel).await?;
    let components = how.with_components;
    let thread = how.thread_id;
    let said = webhook::execute(&app, id, &token, thread, draft, taken.files(), components).await?;
    Ok(answer(how.wait.then_some(said)))
}

/// Whether a webhook has this address.
async fn is_webhook(app: &App, id: WebhookId, token: &str) -> Result<bool, Error> {
    match webhook::get_by_token(app, id, token).await {
        Ok(_) => Ok(true),
        Err(domain::Error::Reject(Reject::Unknown(Code::UNKNOWN_WEBHOOK))) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// 204 unless it is waited for.
fn answer(said: Option<Message>) -> Reply<Message> {
    match said {
        Some(said) => Reply::ok(said),
        None => Reply { status: StatusCode::NO_CONTENT, headers: HeaderMap::new(), body: None },
    }
}

/// Execute GitHub-Compatible Webhook.
async fn execute_github(
    State(app): State<Arc<App>>,
    Path((id, token)): Path<(WebhookId, String)>,
    Query(how): Query<Executing>,
    request: Request,
) -> Result<Response, Error> {
    webhook::may_write(&app, id, &token, how.thread_id).await?;
    let event = request.headers().get("x-github-event").and_then(|event| event.to_str().ok());
    let event = event.unwrap_or_default().to_owned();
    let body = match foreign_body(&app, request).await {
        Ok(body) => body,
        Err(response) => return Ok(response),
    };
    if let Some(draft) = github::message(&event, &extract::parse(&body)?) {
        webhook::execute(&app, id, &token, how.thread_id, draft, Vec::new(), false).await?;
    }
    Ok(Reply::no_content().into_response())
}

/// Execute Slack-Compatible Webhook.
async fn execute_slack(
    State(app): State<Arc<App>>,
    Path((id, token)): Path<(WebhookId, String)>,
    Query(how): Query<Executing>,
    request: Request,
) -> Result<Response, Error> {
    webhook::may_write(&app, id, &token, how.thread_id).await?;
    let body = match foreign_body(&app, request).await {
        Ok(body) => body,
        Err(response) => return Ok(response),
    };
    let draft = slack::message(extract::parse(&body)?);
    webhook::execute(&app, id, &token, how.thread_id, draft, Vec::new(), false).await?;
    Ok(Reply::ok("ok").into_response())
}

/// JSON as it is, or as the field `payload` of a form: both are usual there.
async fn foreign_body(app: &App, request: Request) -> Result<Bytes, Response> {
    let is_form = extract::is_form(request.headers());
    let body = extract::whole_body(request, app.limits.foreign_hook_bytes).await?;
    if !is_form {
        return Ok(body);
    }
    match extract::form_field(&body, "payload") {
        Some(payload) => Ok(payload.into()),
        None => {
            let message = "The form needs a field `payload` with JSON.";
            Err(super::refuse(Reject::field("payload", "BASE_TYPE_REQUIRED", message)))
        }
    }
}

#[derive(Deserialize)]
struct InThread {
    thread_id: Option<ChannelId>,
}

/// A message by its id, or the first answer to an interaction.
/// COMPAT: discord.js writes `%40original`, which no route of that name hears.
struct Which(Option<MessageId>);

impl<'de> Deserialize<'de> for Which {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        if text == "@original" {
            return Ok(Self(None));
        }
        MessageId::deserialize(text.into_deserializer()).map(|id| Self(Some(id)))
    }
}

/// Get Webhook Message.
async fn message(
    State(app): State<Arc<App>>,
    Path((id, token, Which(which))): Path<(WebhookId, String, Which)>,
    Query(InThread { thread_id }): Query<InThread>,
) -> Answer<Message> {
    if !is_webhook(&app, id, &token).await? {
        return Ok(Reply::ok(interaction::one(&app, id.cast(), &token, which).await?));
    }
    let message = which.ok_or_else(no_original)?;
    webhook::may_write(&app, id, &token, thread_id).await?;
    Ok(Reply::ok(webhook::message(&app, id, &token, thread_id, message).await?))
}

/// Edit Webhook Message.
async fn edit_message(
    State(app): State<Arc<App>>,
    Path((id, token, Which(which))): Path<(WebhookId, String, Which)>,
    Query(InThread { thread_id }): Query<InThread>,
    form: Form,
) -> Answer<Message> {
    if !is_webhook(&app, id, &token).await? {
        return followup::edit(&app, id.cast(), &token, which, form).await;
    }
    let message = which.ok_or_else(no_original)?;
    let channel = webhook::may_write(&app, id, &token, thread_id).await?;
    webhook::message(&app, id, &token, thread_id, message).await?;
    let uploader = webhook::uploader(&app, id, &token).await?;
    let (edit, taken) = form.read_asked::<EditMessage>(&app, &uploader, channel).await?;
    let files = taken.files();
    let edited = webhook::edit_message(&app, id, &token, thread_id, message, edit, files).await?;
    Ok(Reply::ok(edited))
}

/// Delete Webhook Message.
async fn delete_message(
    State(app): State<Arc<App>>,
    Path((id, token, Which(which))): Path<(WebhookId, String, Which)>,
    Query(InThread { thread_id }): Query<InThread>,
) -> Answer<()> {
    if !is_webhook(&app, id, &token).await? {
        interaction::delete(&app, id.cast(), &token, which).await?;
        return Ok(Reply::no_content());
    }
    let message = which.ok_or_else(no_original)?;
    webhook::may_write(&app, id, &token, thread_id).await?;
    webhook::delete_message(&app, id, &token, thread_id, message).await?;
    Ok(Reply::no_content())
}

/// A plain webhook answers nothing.
fn no_original() -> Error {
    Reject::Unknown(Code::UNKNOWN_MESSAGE).into()
}

/// Get Original Webhook Message.
async fn original(
    State(app): State<Arc<App>>,
    Path((id, token)): Path<(WebhookId, String)>,
) -> Answer<Message> {
    if is_webhook(&app, id, &token).await? {
        return Err(no_original());
    }
    Ok(Reply::ok(interaction::one(&app, id.cast(), &token, None).await?))
}

/// Edit Original Webhook Message.
async fn edit_original(
    State(app): State<Arc<App>>,
    Path((id, token)): Path<(WebhookId, String)>,
    form: Form,
) -> Answer<Message> {
    if is_webhook(&app, id, &token).await? {
        return Err(no_original());
    }
    followup::edit(&app, id.cast(), &token, None, form).await
}

/// Delete Original Webhook Message.
async fn delete_original(
    State(app): State<Arc<App>>,
    Path((id, token)): Path<(WebhookId, String)>,
) -> Answer<()> {
    if is_webhook(&app, id, &token).await? {
        return Err(no_original());
    }
    interaction::delete(&app, id.cast(), &token, None).await?;
    Ok(Reply::no_content())
}
