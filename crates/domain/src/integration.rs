//! Integrations: the bots of a room, for who runs it. They have their bots' ids.

use proto::{
    Code, Id, Permissions,
    audit_log::action,
    integration::{Integration, IntegrationAccount, IntegrationApplication},
    marker,
};

use crate::{
    Actor, App, access, application,
    audit_log::Entry,
    guild, member,
    reject::{Reject, Result, no},
    render,
    rows::{UserKind, UserRow},
};

/// The bots of a room. Needs MANAGE_GUILD.
pub async fn list(app: &App, actor: &Actor, id: Id<marker::Guild>) -> Result<Vec<Integration>> {
    let (guild, _) = access::require_guild(app, actor, id, Permissions::MANAGE_GUILD).await?;
    let mut bots: Vec<_> = {
        let state = guild.read();
        let added = state.roles.values().filter_map(|role| role.bot_id);
        added.filter(|bot| state.members.contains_key(bot)).collect()
    };
    bots.sort_unstable();
    let mut integrations = Vec::with_capacity(bots.len());
    for bot in app.users(&bots).await?.into_iter().flatten() {
        integrations.push(integration(app, &bot).await?);
    }
    Ok(integrations)
}

async fn integration(app: &App, bot: &UserRow) -> Result<Integration> {
    let about = application::about(app, bot.id.cast()).await?;
    Ok(Integration {
        id: bot.id.cast(),
        kind: "discord",
        name: bot.username.clone(),
        account: IntegrationAccount { id: bot.id.to_string(), name: bot.username.clone() },
        enabled: true,
        application: IntegrationApplication {
            id: bot.id.cast(),
            name: bot.username.clone(),
            icon: bot.avatar.clone(),
            description: about.description,
            summary: "",
            kind: None,
            bot: render::user(bot),
        },
        scopes: application::SCOPES,
    })
}

/// Takes a bot out of a room, and its role with it. Needs MANAGE_GUILD and a higher place.
pub async fn delete(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    integration: Id<marker::Integration>,
) -> Result<()> {
    access::require_guild(app, actor, id, Permissions::MANAGE_GUILD).await?;
    let bot = app.users(&[integration.cast()]).await?.pop().flatten();
    let (lane, guild) = guild::alone(app, id).await?;
    let (batch, events) = {
        let state = guild.read();
        guild::require(app, &state, actor, Permissions::MANAGE_GUILD)?;
        let there = |bot: &std::sync::Arc<UserRow>| {
            bot.kind == UserKind::Bot && state.members.contains_key(&bot.id)
        };
        let Some(bot) = bot.filter(there) else {
            return no(Reject::Unknown(Code::UNKNOWN_INTEGRATION));
        };
        if !member::outranks(&state, actor.user, bot.id) {
            return no(Reject::Refused(Code::MISSING_PERMISSIONS));
        }
        let (mut batch, mut events) = member::removal(app, &state, &bot);
        let entry = Entry::new(action::INTEGRATION_DELETE, Some(bot.id.cast()));
        let entry = entry.change("name", &bot.username, ()).change("type", "discord", ());
        entry.write(app, id, actor.user, &mut batch, &mut events);
        (batch, events)
    };
    lane.enqueue(batch, events).durable().await
}
