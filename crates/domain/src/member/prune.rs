//! Pruning: taking out members who were long not here.
//!
//! Inactive is who has no role (but those named), is not connected, and has neither come in nor
//! used any of their logins in so many days. What is not noted anywhere, like a look at a page
//! without signing in, does not count. Bots and the owner stay.

use std::sync::Arc;

use proto::{Id, Permissions, audit_log::action, marker};

use super::{outranks, removal};
use crate::{
    Actor, App, access,
    audit_log::Entry,
    cache::GuildState,
    guild, login,
    reject::{Reject, Result, no},
    rows::{MemberRow, UserKind, UserRow},
    store::Batch,
};

/// Taking out many needs more than taking out one.
const NEEDED: Permissions = Permissions::from_bits_truncate(
    Permissions::KICK_MEMBERS.bits() | Permissions::MANAGE_GUILD.bits(),
);

const DAY_MS: i64 = 86_400_000;

/// Members taken out in one batch.
const PIECE: usize = 100;

/// Roles that can be named.
const ROLES: usize = 100;

/// Who is meant.
#[derive(Debug, Clone)]
pub struct Inactive {
    /// 1 to 30.
    pub days: u32,
    /// Roles that do not keep somebody from being taken out.
    pub roles: Vec<Id<marker::Role>>,
}

/// Says no to who may not prune, before a body is looked at.
pub async fn may_prune(app: &App, actor: &Actor, id: Id<marker::Guild>) -> Result<()> {
    access::require_guild(app, actor, id, NEEDED).await.map(drop)
}

/// How many would be taken out.
pub async fn prune_count(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    inactive: &Inactive,
) -> Result<usize> {
    Ok(found(app, actor, id, inactive).await?.len())
}

/// Takes them out; how many there were.
pub async fn prune(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    inactive: &Inactive,
) -> Result<usize> {
    let people = found(app, actor, id, inactive).await?;
    let mut gone = 0;
    for piece in people.chunks(PIECE) {
        let (lane, guild) = guild::alone(app, id).await?;
        let (mut batch, mut events) = (Batch::new(), Vec::new());
        let mut count = 0;
        {
            let state = guild.read();
            guild::require(app, &state, actor, NEEDED)?;
            for user in piece {
                // Back, or higher up, meanwhile.
                let still = state.members.get(&user.id);
                let still = still.filter(|row| is_meant(app, &state, actor, row, inactive));
                if still.is_none() || app.presences.is_connected(user.id) {
                    continue;
                }
                let (left, told) = removal(app, &state, user);
                (batch, count) = (left.and(batch), count + 1);
                events.extend(told);
            }
        }
        if count > 0 {
            let entry = Entry::new(action::MEMBER_PRUNE, None);
            let entry = entry.option("delete_member_days", inactive.days);
            let entry = entry.option("members_removed", count);
            entry.write(app, id, actor.user, &mut batch, &mut events);
            lane.enqueue(batch, events).durable().await?;
            gone += count;
        }
    }
    Ok(gone)
}

/// Everybody who is meant.
async fn found(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    inactive: &Inactive,
) -> Result<Vec<Arc<UserRow>>> {
    let (guild, _) = access::require_guild(app, actor, id, NEEDED).await?;
    if !(1..=30).contains(&inactive.days) {
        return no(Reject::field("days", "NUMBER_TYPE_RANGE", "Must be between 1 and 30."));
    }
    if inactive.roles.len() > ROLES {
        return no(Reject::length("include_roles", 0, ROLES));
    }
    let ids: Vec<_> = {
        let state = guild.read();
        let meant =
            state.members.values().filter(|row| is_meant(app, &state, actor, row, inactive));
        meant.map(|row| row.user_id).collect()
    };
    let since = app.clock.now().plus_ms(-i64::from(inactive.days) * DAY_MS);
    let mut people = Vec::new();
    for user in app.users(&ids).await?.into_iter().flatten() {
        if user.kind == UserKind::Bot || app.presences.is_connected(user.id) {
            continue;
        }
        let logins = login::all(app, user.id).await?;
        if logins.iter().all(|login| login.last_used_at < since) {
            people.push(user);
        }
    }
    Ok(people)
}

/// Whether a member may be taken out, as far as the room itself tells.
fn is_meant(
    app: &App,
    state: &GuildState,
    actor: &Actor,
    row: &MemberRow,
    inactive: &Inactive,
) -> bool {
    let since = app.clock.now().plus_ms(-i64::from(inactive.days) * DAY_MS);
    row.joined_at < since
        && row.roles.iter().all(|role| inactive.roles.contains(role))
        && outranks(state, actor.user, row.user_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::World;

    #[tokio::test]
    async fn only_who_was_long_away_and_has_no_role_is_taken_out() {
        let world = World::new().await;
        let [alice, bob, carol, dan] = ["alice", "bob", "carol", "dan"].map(|n| world.person(n));
        let (alice, bob, carol, dan) = (alice.await, bob.await, carol.await, dan.await);
        let room = world.guild(&[&alice, &bob, &carol, &dan]).await;
        let app = &world.app;
        app.guild(room.id).await.expect("active");
        let draft = proto::role::RoleDraft::default();
        let role = crate::role::create(app, &alice, room.id, draft).await.expect("made").id;
        crate::member::add_role(app, &alice, room.id, dan.user, role).await.expect("given");
        world.clock.advance_ms(8 * DAY_MS);
        let login = crate::rows::LoginRow {
            id: carol.login,
            user_id: carol.user,
            digest: "x".to_owned(),
            created_at: app.clock.now(),
            last_used_at: app.clock.now(),
            client: String::new(),
        };
        world.write(Batch::new().insert(&login)).await;
        let of = |roles: &[Id<marker::Role>]| Inactive { days: 7, roles: roles.to_vec() };
        assert!(prune_count(app, &bob, room.id, &of(&[])).await.is_err(), "not bob's to do");
        assert_eq!(prune_count(app, &alice, room.id, &of(&[])).await.expect("counted"), 1);
        assert_eq!(prune_count(app, &alice, room.id, &of(&[role])).await.expect("counted"), 2);
        let long = Inactive { days: 30, roles: vec![] };
        assert_eq!(prune_count(app, &alice, room.id, &long).await.expect("counted"), 0);
        world.events();
        assert_eq!(prune(app, &alice, room.id, &of(&[])).await.expect("done"), 1);
        assert_eq!(world.saw(), ["GUILD_MEMBER_REMOVE"]);
        let guild = app.guild(room.id).await.expect("there");
        assert!(!guild.read().members.contains_key(&bob.user));
        assert_eq!(guild.read().members.len(), 3);
    }
}
