//! Messages. <https://discord.com/developers/docs/resources/message>

use std::sync::Arc;

use axum::extract::State;
use domain::{App, access, message, message::Around};
use proto::{
    Id, Permissions, marker,
    message::{CreateMessage, EditMessage, Message},
};
use serde::Deserialize;

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Json, Path, Query},
    upload::Form,
};

pub fn routes() -> Routes {
    Routes::v10()
        .get("/channels/{channel}/messages", list)
        .post("/channels/{channel}/messages", create)
        .post("/channels/{channel}/messages/bulk-delete", delete_bulk)
        .get("/channels/{channel}/messages/{message}", one)
        .patch("/channels/{channel}/messages/{message}", edit)
        .delete("/channels/{channel}/messages/{message}", delete)
}

type Channel = Id<marker::Channel>;
type MessageId = Id<marker::Message>;

#[derive(Deserialize)]
struct Page {
    limit: Option<usize>,
    #[serde(default, deserialize_with = "super::extract::before")]
    before: Option<MessageId>,
    #[serde(default, deserialize_with = "super::extract::after")]
    after: Option<MessageId>,
    around: Option<MessageId>,
}

/// Messages of one page, unless the request says otherwise.
const PAGE: usize = 50;

/// Get Channel Messages.
async fn list(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(channel): Path<Channel>,
    Query(page): Query<Page>,
) -> Answer<Vec<Message>> {
    let around = Around::of(page.around, page.before, page.after);
    let limit = page.limit.unwrap_or(PAGE);
    Ok(Reply::ok(message::list(&app, &actor, channel, around, limit).await?))
}

/// Get Channel Message.
async fn one(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((channel, id)): Path<(Channel, MessageId)>,
) -> Answer<Message> {
    Ok(Reply::ok(message::one(&app, &actor, channel, id).await?))
}

/// Create Message.
async fn create(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(channel): Path<Channel>,
    form: Form,
) -> Answer<Message> {
    access::require(&app, &actor, channel, Permissions::SEND_MESSAGES).await?;
    let (draft, taken) = form.read::<CreateMessage>(&app, &actor, channel).await?;
    Ok(Reply::ok(message::send(&app, &actor, channel, draft, taken.files()).await?))
}

/// Edit Message.
async fn edit(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((channel, id)): Path<(Channel, MessageId)>,
    form: Form,
) -> Answer<Message> {
    message::one(&app, &actor, channel, id).await?;
    let (edit, taken) = form.read::<EditMessage>(&app, &actor, channel).await?;
    Ok(Reply::ok(message::edit(&app, &actor, channel, id, edit, taken.files()).await?))
}

/// Delete Message.
async fn delete(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((channel, id)): Path<(Channel, MessageId)>,
) -> Answer<()> {
    message::delete(&app, &actor, channel, id).await?;
    Ok(Reply::no_content())
}

#[derive(Deserialize)]
struct BulkDelete {
    messages: Vec<MessageId>,
}

/// Bulk Delete Messages.
async fn delete_bulk(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(channel): Path<Channel>,
    Json(body): Json<BulkDelete>,
) -> Answer<()> {
    message::delete_bulk(&app, &actor, channel, body.messages).await?;
    Ok(Reply::no_content())
}
