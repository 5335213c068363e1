//! Custom emoji of guilds and of applications.
//! <https://discord.com/developers/docs/resources/emoji>

use std::sync::Arc;

use axum::extract::State;
use domain::{
    App, access,
    emoji::{self, application},
};
use proto::{
    Id, Permissions,
    emoji::{ApplicationEmojis, CreateEmoji, CustomEmoji, EditEmoji},
    marker,
};

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Path, RawJson, RawPictureJson},
};

type GuildId = Id<marker::Guild>;
type EmojiId = Id<marker::Emoji>;
type ApplicationId = Id<marker::Application>;

const GUILD: &str = "/guilds/{guild}/emojis";
const GUILD_ONE: &str = "/guilds/{guild}/emojis/{emoji_id}";
const APPLICATION: &str = "/applications/{application}/emojis";
const APPLICATION_ONE: &str = "/applications/{application}/emojis/{emoji_id}";

pub fn routes() -> Routes {
    Routes::v10()
        .get(GUILD, list)
        .post(GUILD, create)
        .get(GUILD_ONE, get)
        .patch(GUILD_ONE, edit)
        .delete(GUILD_ONE, delete)
        .get(APPLICATION, list_of_application)
        .post(APPLICATION, create_of_application)
        .get(APPLICATION_ONE, get_of_application)
        .patch(APPLICATION_ONE, edit_of_application)
        .delete(APPLICATION_ONE, delete_of_application)
}

/// List Guild Emojis.
async fn list(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
) -> Answer<Vec<CustomEmoji>> {
    Ok(Reply::ok(emoji::list(&app, &actor, guild).await?))
}

/// Get Guild Emoji.
async fn get(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((guild, id)): Path<(GuildId, EmojiId)>,
) -> Answer<CustomEmoji> {
    Ok(Reply::ok(emoji::get(&app, &actor, guild, id).await?))
}

/// Create Guild Emoji.
async fn create(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
    body: RawPictureJson,
) -> Answer<CustomEmoji> {
    let needed = Permissions::CREATE_GUILD_EXPRESSIONS;
    access::require_guild(&app, &actor, guild, needed).await?;
    let draft: CreateEmoji = body.parse()?;
    Ok(Reply::created(emoji::create(&app, &actor, guild, draft).await?))
}

/// Modify Guild Emoji.
async fn edit(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((guild, id)): Path<(GuildId, EmojiId)>,
    body: RawJson,
) -> Answer<CustomEmoji> {
    emoji::require_change(&app, &actor, guild, id).await?;
    let draft: EditEmoji = body.parse()?;
    Ok(Reply::ok(emoji::edit(&app, &actor, guild, id, draft).await?))
}

/// Delete Guild Emoji.
async fn delete(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((guild, id)): Path<(GuildId, EmojiId)>,
) -> Answer<()> {
    emoji::delete(&app, &actor, guild, id).await?;
    Ok(Reply::no_content())
}

/// List Application Emojis.
async fn list_of_application(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(id): Path<ApplicationId>,
) -> Answer<ApplicationEmojis> {
    Ok(Reply::ok(application::list(&app, &actor, id).await?))
}

/// Get Application Emoji.
async fn get_of_application(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((id, emoji)): Path<(ApplicationId, EmojiId)>,
) -> Answer<CustomEmoji> {
    Ok(Reply::ok(application::get(&app, &actor, id, emoji).await?))
}

/// Create Application Emoji.
async fn create_of_application(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(id): Path<ApplicationId>,
    body: RawPictureJson,
) -> Answer<CustomEmoji> {
    application::require(&app, &actor, id).await?;
    let draft: CreateEmoji = body.parse()?;
    Ok(Reply::created(application::create(&app, &actor, id, draft).await?))
}

/// Modify Application Emoji.
async fn edit_of_application(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((id, emoji)): Path<(ApplicationId, EmojiId)>,
    body: RawJson,
) -> Answer<CustomEmoji> {
    application::require(&app, &actor, id).await?;
    let draft: EditEmoji = body.parse()?;
    Ok(Reply::ok(application::edit(&app, &actor, id, emoji, draft).await?))
}

/// Delete Application Emoji.
async fn delete_of_application(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((id, emoji)): Path<(ApplicationId, EmojiId)>,
) -> Answer<()> {
    application::delete(&app, &actor, id, emoji).await?;
    Ok(Reply::no_content())
}
