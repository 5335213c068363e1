//! What applications say with an interaction's token, after their first answer. The paths are those
//! of webhooks: an application's id stands for a webhook's. The routes are in `webhook.rs`.
//! <https://discord.com/developers/docs/interactions/receiving-and-responding#followup-messages>

use std::sync::Arc;

use domain::{App, interaction};
use proto::{
    Id, marker,
    message::{CreateMessage, EditMessage, Message},
};

use super::{Answer, Reply, upload::Form};

type Application = Id<marker::Application>;
type MessageId = Id<marker::Message>;

/// Create Followup Message.
pub async fn create(app: &Arc<App>, id: Application, token: &str, form: Form) -> Answer<Message> {
    let (bot, channel) = interaction::open_webhook(app, id, token).await?;
    let (draft, taken) = form.read::<CreateMessage>(app, &bot, channel).await?;
    Ok(Reply::ok(interaction::follow_up(app, id, token, draft, taken.files()).await?))
}

/// Edit Original Interaction Response (`None`), Edit Followup Message.
pub async fn edit(
    app: &Arc<App>,
    id: Application,
    token: &str,
    message: Option<MessageId>,
    form: Form,
) -> Answer<Message> {
    let (bot, channel) = interaction::open_webhook(app, id, token).await?;
    let (edit, taken) = form.read::<EditMessage>(app, &bot, channel).await?;
    let files = taken.files();
    Ok(Reply::ok(interaction::edit(app, id, token, message, edit, files).await?))
}
