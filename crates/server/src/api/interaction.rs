//! Interactions: what people do with applications, and what applications answer.
//! <https://discord.com/developers/docs/interactions/receiving-and-responding>

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use domain::{
    App, Reject,
    application::{self, permission},
    interaction::{self, Begun, FIRST_MS, Reply as Said, Sent, endpoint},
    reject::no,
};
use proto::{
    Id,
    application::ApplicationCommand,
    interaction::{
        AUTOCOMPLETE_RESULT, BotEndpoint, CHANNEL_MESSAGE, Callback, DEFERRED_CHANNEL_MESSAGE,
        DEFERRED_UPDATE, InteractionOutcome, InteractionState, Invoke, MODAL, UPDATE_MESSAGE,
        UsableCommands,
    },
    marker,
    message::{AttachmentDraft, CreateMessage, EditMessage},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    Answer, Error, Reply, Routes,
    extract::{self, Actor, Path, Query, RawJson},
    upload::{Form, WithFiles},
};
use crate::interactions::Endpoints;

type Channel = Id<marker::Channel>;
type InteractionId = Id<marker::Interaction>;

pub fn routes() -> Routes {
    Routes::v10()
        .post("/interactions/{interaction}/{token}/callback", callback)
        .merge(Routes::osc().get("/channels/{channel}/commands", usable))
        .merge(Routes::osc().get("/guilds/{guild}/bots/{bot}/commands", of_bot))
        .merge(Routes::osc().post("/channels/{channel}/interactions", invoke))
        .merge(Routes::osc().put("/bots/{bot}/endpoint", set_endpoint))
}

#[derive(Deserialize)]
struct Language {
    locale: Option<String>,
}

/// What I may use in a channel.
async fn usable(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(channel): Path<Channel>,
    Query(query): Query<Language>,
) -> Answer<UsableCommands> {
    let locale = query.locale.as_deref();
    Ok(Reply::ok(application::usable(&app, &actor, channel, locale).await?))
}

/// All commands of a bot that hold in a room, for who keeps the room.
async fn of_bot(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((guild, bot)): Path<(Id<marker::Guild>, Id<marker::User>)>,
    Query(query): Query<Language>,
) -> Answer<Vec<ApplicationCommand>> {
    let locale = query.locale.as_deref();
    let commands = permission::commands(&app, &actor, bot.cast(), guild, locale).await?;
    Ok(Reply::ok(commands))
}

impl WithFiles for Invoke {
    const ALL_NEW: bool = true;

    fn attachments(&self) -> Option<&[AttachmentDraft]> {
        self.attachments.as_deref()
    }
}

/// Uses a command, presses, picks, fills in; answers what the application said first.
async fn invoke(
    State(app): State<Arc<App>>,
    Extension(endpoints): Extension<Arc<Endpoints>>,
    Actor(actor): Actor,
    Path(channel): Path<Channel>,
    form: Form,
) -> Answer<InteractionOutcome> {
    interaction::may_begin(&app, &actor, channel).await?;
    let (draft, taken) = form.read::<Invoke>(&app, &actor, channel).await?;
    let Begun { id, sent } =
        interaction::begin(&app, &actor, channel, draft, taken.files()).await?;
    let bare = |state| InteractionOutcome { id, state, choices: None, modal: None };
    let Some(Sent { endpoint, interaction, said }) = sent else {
        return Ok(Reply::ok(bare(InteractionState::Sent)));
    };
    if let Some(url) = endpoint {
        let app = app.clone();
        tokio::spawn(async move { endpoints.send(&app, &url, &interaction).await });
    }
    let patience = Duration::from_millis(FIRST_MS.unsigned_abs());
    let outcome = match tokio::time::timeout(patience, said).await {
        Ok(Ok(interaction::Said::Answered)) => bare(InteractionState::Answered),
        Ok(Ok(interaction::Said::Choices(choices))) => {
            InteractionOutcome { choices: Some(choices), ..bare(InteractionState::Choices) }
        }
        Ok(Ok(interaction::Said::Modal(modal))) => {
            InteractionOutcome { modal: Some(modal), ..bare(InteractionState::Modal) }
        }
        Ok(Err(_)) | Err(_) => bare(InteractionState::Silent),
    };
    Ok(Reply::ok(outcome))
}

#[derive(Deserialize)]
struct EndpointDraft {
    url: Option<String>,
}

/// Where the interactions of a bot of mine go, once that has shown that it checks signatures.
async fn set_endpoint(
    State(app): State<Arc<App>>,
    Extension(endpoints): Extension<Arc<Endpoints>>,
    Actor(actor): Actor,
    Path(bot): Path<Id<marker::User>>,
    body: RawJson,
) -> Answer<BotEndpoint> {
    endpoint::may_set(&app, &actor, bot).await?;
    let draft: EndpointDraft = body.parse()?;
    endpoints.set(&app, bot.cast(), draft.url).await?;
    let url = endpoint::url(&app, bot.cast()).await?;
    let verify_key = endpoint::verify_key(&app, bot.cast()).await?;
    Ok(Reply::ok(BotEndpoint { url, verify_key }))
}

#[derive(Deserialize)]
struct WithResponse {
    #[serde(default)]
    with_response: bool,
}

/// A callback and what it says of its files.
#[derive(Deserialize)]
struct CallbackForm {
    #[serde(flatten)]
    callback: Callback,
    #[serde(skip)]
    attachments: Vec<AttachmentDraft>,
}

impl WithFiles for CallbackForm {
    const ALL_NEW: bool = false;

    fn attachments(&self) -> Option<&[AttachmentDraft]> {
        Some(&self.attachments)
    }
}

/// Create Interaction Response. The token in the path says who may.
async fn callback(
    State(app): State<Arc<App>>,
    Path((id, token)): Path<(InteractionId, String)>,
    Query(query): Query<WithResponse>,
    form: Form,
) -> Result<Response, Error> {
    let (bot, channel) = interaction::open(&app, id, &token).await?;
    let (form, taken) = form.read::<CallbackForm>(&app, &bot, channel).await?;
    let reply = reply_of(form.callback)?;
    let done = interaction::callback(&app, id, &token, reply, taken.files()).await?;
    if query.with_response {
        return Ok(Reply::ok(done).into_response());
    }
    Ok(Reply::no_content().into_response())
}

/// The answer in a callback, in the rules' words.
pub fn reply_of(callback: Callback) -> domain::Result<Said> {
    let data = callback.data.unwrap_or_default();
    Ok(match callback.kind {
        CHANNEL_MESSAGE => Said::Message(Box::new(read::<CreateMessage>(data)?)),
        DEFERRED_CHANNEL_MESSAGE => {
            Said::Later { flags: data["flags"].as_u64().unwrap_or_default() as u32 }
        }
        DEFERRED_UPDATE => Said::LaterUpdate,
        UPDATE_MESSAGE => Said::Update(Box::new(read::<EditMessage>(data)?)),
        AUTOCOMPLETE_RESULT => match data {
            Value::Object(mut data) => match data.remove("choices") {
                Some(Value::Array(choices)) => Said::Choices(choices),
                _ => return no(required("data.choices")),
            },
            _ => return no(required("data.choices")),
        },
        MODAL => Said::modal(&data)?,
        _ => {
            let message = "Value must be one of {4, 5, 6, 7, 8, 9}.";
            return no(Reject::field("type", "BASE_TYPE_CHOICES", message));
        }
    })
}

fn required(path: &str) -> Reject {
    Reject::field(path, "BASE_TYPE_REQUIRED", "This field is required")
}

/// What `data` is, with its faults under that name.
fn read<T: DeserializeOwned>(data: Value) -> domain::Result<T> {
    let text = if data.is_null() { Vec::new() } else { data.to_string().into_bytes() };
    extract::parse(&text).map_err(|reject| {
        let reject = match reject {
            Reject::Invalid(mut fields) => {
                for field in &mut fields {
                    field.path = format!("data.{}", field.path);
                }
                Reject::Invalid(fields)
            }
            other => other,
        };
        reject.into()
    })
}

/// Whether an endpoint's answer says that another comes by a request of its own.
pub fn says_nothing(status: StatusCode) -> bool {
    matches!(status, StatusCode::ACCEPTED | StatusCode::NO_CONTENT)
}
