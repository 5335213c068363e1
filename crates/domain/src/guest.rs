//! Guests: people without an account, one click away. Forgotten when they stay away.

use proto::{Code, Id, gateway::Dispatch, marker, osc::SignedIn, safety::Solution};

use crate::{
    Actor, App,
    bus::{Audience, Event},
    challenge, dm, group, guild, guild_order, login, member, name, notification, read_state,
    reject::{Error, Reject, Result, no},
    relationship, render,
    rows::{
        BanRow, DmRow, GuildOrderRow, GuildRow, MemberRow, NotificationRow, ReadStateRow, UserKind,
        UserRow,
    },
    safety::Block,
    store::{Batch, SCAN_MAX, Scan, Value},
    thread,
    user::{self, Rooms},
};

/// Guests forgotten by one run.
const PIECE: usize = 100;
const DAY_MS: i64 = 86_400_000;

/// Where a guest comes from, and its answer to a challenge if it was given one.
#[derive(Debug, Clone, Default)]
pub struct Newcomer {
    pub block: Option<Block>,
    pub challenge: Option<Solution>,
}

/// A new guest with a name that people see.
pub async fn create(app: &App, name: &str, client: &str, newcomer: &Newcomer) -> Result<SignedIn> {
    if !app.policy.guests {
        return no(Reject::Refused(Code::GUESTS_OFF));
    }
    let name = name::display("name", name, app.limits.display_name_length)?;
    name::not_misleading(app, "name", &name, None).await?;
    challenge::require(app, newcomer.block, newcomer.challenge.as_ref())?;
    let guest = new_row(app, name);
    let (login, token) = login::issue(app, guest.id, client);
    let lane = app.lane_user(guest.id).await;
    let batch = Batch::new().insert(&guest).insert(&login);
    lane.enqueue(batch, Vec::new()).durable().await?;
    Ok(login::signed_in(app, &guest, token, false))
}

pub(crate) fn new_row(app: &App, name: String) -> UserRow {
    let id = app.ids.next();
    UserRow {
        id,
        kind: UserKind::Guest,
        username: format!("guest_{id}"),
        skeleton: None,
        global_name: Some(name),
        avatar: None,
        owner_id: None,
        idle_since: Some(app.clock.now()),
        intents: 0,
        bio: None,
    }
}

/// A guest signs in to an account it has: the account comes into the guest's rooms and owns what
/// the guest owned, and has its friends, blocks and conversations; the guest goes, its messages
/// stay under its name.
pub(crate) async fn take_over(app: &App, guest: &Actor, account: Id<marker::User>) -> Result<()> {
    let memberships = Scan::of::<MemberRow>().by("by_user").prefix(guest.user);
    let members: Vec<MemberRow> = app.store.scan(memberships).await?;
    for member in &members {
        match enter(app, member, account).await {
            // The room is gone, or the guest was shown the door meanwhile.
            Ok(()) | Err(Error::Reject(Reject::Unknown(_) | Reject::Refused(_))) => {}
            Err(error) => return Err(error),
        }
    }
    relationship::inherit(app, guest.user, account).await?;
    dm::inherit(app, guest.user, account).await?;
    group::inherit(app, guest.user, account).await?;
    thread::inherit(app, guest.user, account).await?;
    // After the rooms and conversations: only of those that the account sees.
    let account = Actor { user: account, kind: UserKind::Account, ..*guest };
    read_state::inherit(app, guest.user, &account).await?;
    notification::inherit(app, guest.user, &account).await?;
    guild_order::inherit(app, guest.user, &account).await
}

/// The account comes into a room in which the guest is.
async fn enter(app: &App, guest: &MemberRow, account: Id<marker::User>) -> Result<()> {
    let guild = app.guild(guest.guild_id).await?;
    if guild.read().is_owner(guest.user_id) {
        return hand_over(app, guest, account).await;
    }
    let rows = app.user(account).await?;
    let lane = app.lane_member(guild.id, account).await;
    let key = (guild.id, account);
    let banned = app.store.get::<BanRow>(key).await?.is_some();
    let there = app.store.get::<MemberRow>(key).await?.is_some();
    let guilds = Scan::of::<MemberRow>().by("by_user").prefix(account);
    let full = app.store.scan::<MemberRow>(guilds).await?.len() >= app.limits.user_guilds;
    // Shown the door meanwhile: then the account does not come in by this one.
    let left = app.store.get::<MemberRow>((guild.id, guest.user_id)).await?.is_none();
    if banned || there || full || left {
        return Ok(());
    }
    let member = successor(guest, account);
    let events = vec![member::added(&member, &rows)];
    lane.enqueue(Batch::new().insert(&member), events).durable().await
}

/// A room changes its owner from the guest to the account behind it.
async fn hand_over(app: &App, guest: &MemberRow, account: Id<marker::User>) -> Result<()> {
    let guild = app.guild(guest.guild_id).await?;
    let rows = app.user(account).await?;
    let (lane, guild) = guild::alone(app, guild.id).await?;
    let key = (guild.id, account);
    let there = app.store.get::<MemberRow>(key).await?;
    let ban = app.store.get::<BanRow>(key).await?;
    let Some(mut row) = app.store.get::<GuildRow>(guild.id).await? else {
        return no(Reject::Unknown(Code::UNKNOWN_GUILD));
    };
    if row.owner_id != guest.user_id {
        return Ok(());
    }
    row.owner_id = account;
    let mut batch = Batch::new().put(&row);
    let mut events = Vec::new();
    if ban.is_some() {
        batch = batch.delete::<BanRow>(key);
        let gone = proto::gateway::GuildUser { guild_id: guild.id, user: render::user(&rows) };
        let audience = Audience::GuildWith(guild.id, proto::Permissions::BAN_MEMBERS);
        events.push(Event::Dispatch(audience, Dispatch::GuildBanRemove(Box::new(gone))));
    }
    if there.is_none() {
        let member = successor(guest, account);
        batch = batch.insert(&member);
        events.push(member::added(&member, &rows));
    }
    let update = Dispatch::GuildUpdate(Box::new(render::changed_guild(&guild.read(), &row)));
    events.push(Event::to_guild(guild.id, update));
    lane.enqueue(batch, events).durable().await
}

/// The same person under another id: what it may do and may not do goes with it.
fn successor(guest: &MemberRow, account: Id<marker::User>) -> MemberRow {
    MemberRow { user_id: account, guest: false, ..guest.clone() }
}

/// The guest goes: it is in no room and nobody is signed in as it. It stays its account's, so that
/// it is forgotten with the account.
pub(crate) async fn retire(app: &App, guest: &Actor, account: Id<marker::User>) -> Result<()> {
    let (lane, members) = user::everywhere(app, guest.user).await?;
    let mut row = user::present(app, guest.user).await?;
    if row.kind != UserKind::Guest {
        // It became an account of its own in the same moment.
        return no(Reject::Refused(Code::ALREADY_ACCOUNT));
    }
    (row.owner_id, row.idle_since) = (Some(account), None);
    let (logins, mut events) = login::end(&login::all(app, guest.user).await?);
    let closed = member::closed_everywhere(app, &members);
    let (left, told) = user::leave(&row, &members);
    events.extend(told);
    let (threads, told) = thread::left_all(app, &members);
    events.extend(told);
    let batch = left
        .and(threads)
        .and(logins)
        .put(&row)
        .prune::<DmRow>(guest.user, None, SCAN_MAX)
        .prune::<NotificationRow>(guest.user, None, SCAN_MAX)
        .delete::<GuildOrderRow>(guest.user)
        .prune::<ReadStateRow>(guest.user, None, SCAN_MAX);
    lane.enqueue(batch, events).durable().await?;
    member::seal(app, closed).await
}

/// Forgets guests who have been away for long: a bounded number of them.
pub async fn forget_idle(app: &App) -> Result<usize> {
    let away_ms = i64::from(app.limits.guest_days) * DAY_MS;
    let since = app.clock.now().plus_ms(-away_ms);
    let scan = Scan::of::<UserRow>().by("by_idle").from(Value::Int(0)).before(since);
    let idle: Vec<UserRow> = app.disk.scan(scan.limit(PIECE)).await?;
    let mut gone = 0;
    for guest in idle {
        if app.presences.is_connected(guest.id) {
            still_here(app, guest.id).await?;
            continue;
        }
        pass_on(app, guest.id).await?;
        let still = |row: &UserRow| row.idle_since.is_some_and(|seen| seen < since);
        gone += usize::from(user::erase(app, guest.id, Rooms::Any, still).await?);
    }
    Ok(gone)
}

/// A guest who only listens, over a connection that was never lost.
async fn still_here(app: &App, guest: Id<marker::User>) -> Result<()> {
    let lane = app.lane_user(guest).await;
    let row = app.store.get::<UserRow>(guest).await?;
    let Some(mut row) = row.filter(|row| row.idle_since.is_some()) else {
        return Ok(());
    };
    row.idle_since = Some(app.clock.now());
    lane.enqueue(Batch::new().put(&row), Vec::new()).durable().await
}

/// Rooms of a guest who is about to be forgotten go to the member who stands highest: accounts
/// before guests, then those who have been there for longest. A room with nobody else stays.
async fn pass_on(app: &App, guest: Id<marker::User>) -> Result<()> {
    let owned = Scan::of::<GuildRow>().by("by_owner").prefix(guest);
    for row in app.store.scan::<GuildRow>(owned).await? {
        let guild = match app.guild(row.id).await {
            Err(Error::Reject(_)) => continue,
            other => other?,
        };
        let members: Vec<_> = guild.read().members.values().cloned().collect();
        let ids: Vec<_> = members.iter().map(|member| member.user_id).collect();
        let people = app.users(&ids).await?;
        let person = |at: &usize| {
            let user = people[*at].as_ref();
            let kind = user.filter(|user| user.id != guest).map(|user| user.kind);
            matches!(kind, Some(UserKind::Account | UserKind::Guest))
        };
        let heir = (0..members.len()).filter(person).max_by_key(|at| {
            let member = &members[*at];
            let rank = guild.read().rank(member.user_id);
            (!member.guest, rank, std::cmp::Reverse(member.joined_at))
        });
        let Some(heir) = heir.map(|at| members[at].user_id) else { continue };
        let (lane, guild) = guild::alone(app, guild.id).await?;
        let state = guild.read().clone();
        if state.row.owner_id != guest || !state.members.contains_key(&heir) {
            continue;
        }
        let row = GuildRow { owner_id: heir, ..state.row.clone() };
        let update = Dispatch::GuildUpdate(Box::new(render::changed_guild(&state, &row)));
        let events = vec![Event::to_guild(guild.id, update)];
        lane.enqueue(Batch::new().put(&row), events).durable().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::World;

    #[tokio::test]
    async fn a_room_of_a_forgotten_guest_goes_to_who_stands_highest() {
        let world = World::new().await;
        // Seen at the beginning of time.
        let guest = world.user("Anna", UserKind::Guest).await;
        let other = world.user("Otto", UserKind::Guest).await;
        let (bob, carl) = (world.person("bob").await, world.person("carl").await);
        let room = world.guild(&[&guest, &other, &bob]).await;
        let mut late = world.member_row(room.id, &carl);
        late.joined_at = late.joined_at.plus_ms(1);
        world.write(Batch::new().put(&late)).await;
        let lonely = world.guild(&[&guest]).await;
        world.clock.advance_ms(DAY_MS);
        assert_eq!(forget_idle(&world.app).await.expect("runs"), 2);
        let owner = async |id| world.app.guild(id).await.expect("there").read().row.owner_id;
        assert_eq!(owner(room.id).await, bob.user);
        assert_eq!(owner(lonely.id).await, guest.user);
        let state = world.app.guild(room.id).await.expect("there");
        assert_eq!(state.read().members.len(), 2);
        assert_eq!(forget_idle(&world.app).await.expect("runs"), 0);
    }

    #[tokio::test]
    async fn a_guest_is_told_how_long_it_is_kept() {
        let world = World::new().await;
        let made = create(&world.app, "Anna", "", &Newcomer::default()).await.expect("a guest");
        let osc = made.user.osc.expect("ours");
        assert!(osc.guest && osc.tag.is_some());
        let (now, days) = (world.app.clock.now(), i64::from(world.app.limits.guest_days));
        assert_eq!(osc.expires_at, Some(now.plus_ms(days * DAY_MS)));
    }
}
