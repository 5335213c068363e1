//! Automatic moderation. <https://discord.com/developers/docs/resources/auto-moderation>

use std::sync::Arc;

use axum::extract::State;
use domain::{App, access, auto_moderation};
use proto::{
    Id, Permissions,
    auto_moderation::{AutoModerationRule, RuleDraft},
    marker,
    safety::{RuleTrial, TryRule},
};

use super::{
    Answer, Reply, Routes,
    extract::{Actor, Path, RawJson},
};

type GuildId = Id<marker::Guild>;
type RuleId = Id<marker::AutoModerationRule>;

pub fn routes() -> Routes {
    Routes::v10()
        .get("/guilds/{guild}/auto-moderation/rules", list)
        .post("/guilds/{guild}/auto-moderation/rules", create)
        .get("/guilds/{guild}/auto-moderation/rules/{rule}", get)
        .patch("/guilds/{guild}/auto-moderation/rules/{rule}", edit)
        .delete("/guilds/{guild}/auto-moderation/rules/{rule}", delete)
        .merge(Routes::osc().post("/guilds/{guild}/auto-moderation/try", attempt))
}

/// List Auto Moderation Rules for Guild.
async fn list(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
) -> Answer<Vec<AutoModerationRule>> {
    Ok(Reply::ok(auto_moderation::list(&app, &actor, guild).await?))
}

/// Get Auto Moderation Rule.
async fn get(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((guild, rule)): Path<(GuildId, RuleId)>,
) -> Answer<AutoModerationRule> {
    Ok(Reply::ok(auto_moderation::get(&app, &actor, guild, rule).await?))
}

/// Create Auto Moderation Rule.
async fn create(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
    body: RawJson,
) -> Answer<AutoModerationRule> {
    access::require_guild(&app, &actor, guild, Permissions::MANAGE_GUILD).await?;
    let draft: RuleDraft = body.parse()?;
    Ok(Reply::ok(auto_moderation::create(&app, &actor, guild, draft).await?))
}

/// Modify Auto Moderation Rule.
async fn edit(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((guild, rule)): Path<(GuildId, RuleId)>,
    body: RawJson,
) -> Answer<AutoModerationRule> {
    auto_moderation::get(&app, &actor, guild, rule).await?;
    let draft: RuleDraft = body.parse()?;
    Ok(Reply::ok(auto_moderation::edit(&app, &actor, guild, rule, draft).await?))
}

/// Delete Auto Moderation Rule.
async fn delete(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path((guild, rule)): Path<(GuildId, RuleId)>,
) -> Answer<()> {
    auto_moderation::delete(&app, &actor, guild, rule).await?;
    Ok(Reply::no_content())
}

/// What a rule that need not exist would do with a text.
async fn attempt(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<GuildId>,
    body: RawJson,
) -> Answer<RuleTrial> {
    access::require_guild(&app, &actor, guild, Permissions::MANAGE_GUILD).await?;
    let draft: TryRule = body.parse()?;
    Ok(Reply::ok(auto_moderation::attempt(&app, &actor, guild, draft).await?))
}
