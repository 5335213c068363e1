//! How newcomers are led in: rooms here have none of it so far, and say so in the forms that bots
//! ask for. <https://discord.com/developers/docs/resources/guild#get-guild-onboarding>

use std::sync::Arc;

use axum::extract::State;
use domain::{App, access};
use proto::{Id, Permissions, marker};
use serde::Serialize;

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Path},
};

type GuildId = Id<marker::Guild>;

pub fn routes() -> Routes {
    Routes::v10()
        .get("/guilds/{guild}/onboarding", onboarding)
        .get("/guilds/{guild}/welcome-screen", welcome_screen)
        .get("/guilds/{guild}/new-member-welcome", new_member_welcome)
        .get("/guilds/{guild}/templates", templates)
}

#[derive(Serialize)]
struct Onboarding {
    guild_id: GuildId,
    prompts: [(); 0],
    default_channel_ids: [(); 0],
    enabled: bool,
    mode: u8,
}

/// Get Guild Onboarding.
async fn onboarding(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild_id): Path<GuildId>,
) -> Answer<Onboarding> {
    access::guild(&app, &actor, guild_id).await?;
    let (prompts, default_channel_ids) = ([], []);
    Ok(Reply::ok(Onboarding { guild_id, prompts, default_channel_ids, enabled: false, mode: 0 }))
}

#[derive(Serialize)]
struct WelcomeScreen {
    description: Option<()>,
    welcome_channels: [(); 0],
}

/// Get Guild Welcome Screen.
async fn welcome_screen(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
) -> Answer<WelcomeScreen> {
    access::require_guild(&app, &actor, guild, Permissions::MANAGE_GUILD).await?;
    Ok(Reply::ok(WelcomeScreen { description: None, welcome_channels: [] }))
}

/// Get Guild New Member Welcome: 204 where there is none.
async fn new_member_welcome(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
) -> Answer<()> {
    access::guild(&app, &actor, guild).await?;
    Ok(Reply::no_content())
}

/// Get Guild Templates.
async fn templates(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
) -> Answer<[(); 0]> {
    access::require_guild(&app, &actor, guild, Permissions::MANAGE_GUILD).await?;
    Ok(Reply::ok([]))
}
