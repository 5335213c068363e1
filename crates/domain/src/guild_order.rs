//! The order in which somebody has its rooms, the same on all its devices.

use std::collections::HashSet;

use proto::{Id, gateway::Dispatch, marker, osc::GuildOrder};

use crate::{
    Actor, App,
    bus::Event,
    reject::{Reject, Result, no},
    rows::{GuildOrderRow, MemberRow},
    store::{Batch, Scan},
};

/// Puts the actor's rooms in order. Of rooms that it is not in, and of repeats, nothing is kept.
pub async fn set(app: &App, actor: &Actor, order: GuildOrder) -> Result<GuildOrder> {
    actor.person()?;
    let most = app.limits.user_guilds;
    if order.guild_ids.len() > most {
        let message = format!("Must be {most} or fewer in length.");
        return no(Reject::field("guild_ids", "BASE_TYPE_MAX_LENGTH", message));
    }
    let lane = app.lane_user(actor.user).await;
    let rooms = Scan::of::<MemberRow>().by("by_user").prefix(actor.user);
    let rooms = app.store.scan::<MemberRow>(rooms).await?;
    let mut left: HashSet<_> = rooms.iter().map(|member| member.guild_id).collect();
    let guild_ids: Vec<_> = order.guild_ids.into_iter().filter(|id| left.remove(id)).collect();
    let row = GuildOrderRow { user_id: actor.user, guild_ids };
    let order = GuildOrder { guild_ids: row.guild_ids.clone() };
    let event = Event::to_users([actor.user], Dispatch::OscGuildOrderUpdate(order.clone()));
    lane.enqueue(Batch::new().put(&row), vec![event]).durable().await?;
    Ok(order)
}

/// As somebody put them; nothing if it never did.
pub async fn get(app: &App, user: Id<marker::User>) -> Result<Vec<Id<marker::Guild>>> {
    let row = app.disk.get::<GuildOrderRow>(user).await?;
    Ok(row.map(|row| row.guild_ids).unwrap_or_default())
}

/// A guest goes on as the account it has, which keeps its own order if it has one.
pub(crate) async fn inherit(app: &App, guest: Id<marker::User>, account: &Actor) -> Result<()> {
    let guild_ids = get(app, guest).await?;
    if guild_ids.is_empty() || !get(app, account.user).await?.is_empty() {
        return Ok(());
    }
    set(app, account, GuildOrder { guild_ids }).await.map(drop)
}
