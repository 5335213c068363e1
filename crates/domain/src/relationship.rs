//! Relationships: friends, requests to become friends, and blocks.
//!
//! Each of two people has a row of its own: a block is known only to who made it. Both rows are
//! written in the lane of the pair, so that what they say fits together.

use std::collections::HashSet;

use proto::{
    Code, Id,
    gateway::Dispatch,
    marker,
    osc::{self, Relationship, RelationshipRemove},
    user::User,
};

use crate::{
    Actor, App,
    bus::Event,
    dm,
    lane::Lane,
    name,
    reject::{Reject, Result, no},
    render,
    rows::{RelationshipRow, UserKind, UserRow},
    store::{Batch, IntoKey as _, Scan},
};

type UserId = Id<marker::User>;

/// All of somebody's, by the other's id.
pub async fn list(app: &App, user: UserId) -> Result<Vec<Relationship>> {
    let rows = Scan::of::<RelationshipRow>().prefix(user);
    let rows = app.disk.scan::<RelationshipRow>(rows).await?;
    let ids: Vec<_> = rows.iter().map(|row| row.other_id).collect();
    let users = app.users(&ids).await?;
    let whole = rows.iter().zip(users).map(|(row, user)| {
        let user = user.map_or_else(|| render::deleted_user(row.other_id), |u| render::user(&u));
        whole(row, user)
    });
    Ok(whole.collect())
}

/// Asks whoever has this username.
pub async fn ask_by_name(app: &App, actor: &Actor, username: &str) -> Result<Relationship> {
    let username = username.trim().trim_start_matches('@');
    if username.is_empty() || username.chars().count() > app.limits.username_length {
        return no(Reject::length("username", 1, app.limits.username_length));
    }
    let found = name::by_skeleton(app, &name::skeleton(username)).await?;
    let Some(other) = found.filter(|user| user.kind == UserKind::Account) else {
        return no(Reject::Unknown(Code::UNKNOWN_USER));
    };
    befriend(app, actor, other.id, true).await
}

/// Asks somebody to be a friend, or says yes to whoever asked.
pub async fn ask(app: &App, actor: &Actor, other: UserId) -> Result<Relationship> {
    befriend(app, actor, other, false).await
}

/// What stands between two people: the first's row, and the other's.
struct Pair<'a> {
    lane: Lane<'a>,
    mine: Option<RelationshipRow>,
    theirs: Option<RelationshipRow>,
}

impl<'a> Pair<'a> {
    async fn of(app: &'a App, me: UserId, other: UserId) -> Result<Self> {
        let lane = app.lane_named("pair", (me.min(other), me.max(other))).await;
        let mine = app.store.get::<RelationshipRow>((me, other)).await?;
        let theirs = app.store.get::<RelationshipRow>((other, me)).await?;
        Ok(Self { lane, mine, theirs })
    }

    fn mine_is(&self, kind: u8) -> bool {
        self.mine.as_ref().is_some_and(|row| row.kind == kind)
    }

    fn theirs_is(&self, kind: u8) -> bool {
        self.theirs.as_ref().is_some_and(|row| row.kind == kind)
    }
}

/// `named`: the actor knows the other's name, which is as good as having met.
async fn befriend(app: &App, actor: &Actor, other: UserId, named: bool) -> Result<Relationship> {
    let user = somebody(app, actor, other).await?;
    let pair = Pair::of(app, actor.user, other).await?;
    let met = named || pair.mine.is_some() || dm::acquainted(app, actor.user, other).await?;
    if !met {
        return no(Reject::Unknown(Code::UNKNOWN_USER));
    }
    if user.kind == UserKind::Bot {
        return no(Reject::Refused(Code::BOT_RELATIONSHIP));
    }
    if pair.theirs_is(osc::BLOCKED) {
        return no(Reject::Refused(Code::CANNOT_DM));
    }
    let there = pair.mine.as_ref();
    if let Some(row) = there.filter(|row| matches!(row.kind, osc::FRIEND | osc::OUTGOING)) {
        return Ok(whole(row, render::user(&user)));
    }
    let (mine, theirs) = match pair.mine_is(osc::INCOMING) {
        true => (osc::FRIEND, osc::FRIEND),
        false => (osc::OUTGOING, osc::INCOMING),
    };
    room_for_more(app, actor.user, mine, pair.mine.as_ref()).await?;
    room_for_more(app, other, theirs, pair.theirs.as_ref()).await?;
    let since = app.clock.now();
    let row = |user_id, other_id, kind| RelationshipRow { user_id, other_id, kind, since };
    let (mine, theirs) = (row(actor.user, other, mine), row(other, actor.user, theirs));
    let me = app.user(actor.user).await?;
    let events = vec![told(&mine, render::user(&user)), told(&theirs, render::user(&me))];
    pair.lane.enqueue(Batch::new().put(&mine).put(&theirs), events).durable().await?;
    Ok(whole(&mine, render::user(&user)))
}

/// Blocks somebody: a friendship or a request ends, and the other is not told why.
pub async fn block(app: &App, actor: &Actor, other: UserId) -> Result<Relationship> {
    let user = somebody(app, actor, other).await?;
    let pair = Pair::of(app, actor.user, other).await?;
    if pair.mine.is_none() && !dm::acquainted(app, actor.user, other).await? {
        return no(Reject::Unknown(Code::UNKNOWN_USER));
    }
    if let Some(row) = pair.mine.as_ref().filter(|row| row.kind == osc::BLOCKED) {
        return Ok(whole(row, render::user(&user)));
    }
    room_for_more(app, actor.user, osc::BLOCKED, pair.mine.as_ref()).await?;
    let (user_id, since) = (actor.user, app.clock.now());
    let row = RelationshipRow { user_id, other_id: other, kind: osc::BLOCKED, since };
    let (mut batch, mut events) = (Batch::new().put(&row), vec![told(&row, render::user(&user))]);
    if pair.theirs.is_some() && !pair.theirs_is(osc::BLOCKED) {
        batch = batch.delete::<RelationshipRow>((other, actor.user));
        events.push(removed(other, actor.user));
    }
    pair.lane.enqueue(batch, events).durable().await?;
    Ok(whole(&row, render::user(&user)))
}

/// Ends a friendship, takes a request back, says no to one, or unblocks.
pub async fn remove(app: &App, actor: &Actor, other: UserId) -> Result<()> {
    let pair = Pair::of(app, actor.user, other).await?;
    if pair.mine.is_none() {
        return no(Reject::Unknown(Code::UNKNOWN_USER));
    }
    let mut batch = Batch::new().delete::<RelationshipRow>((actor.user, other));
    let mut events = vec![removed(actor.user, other)];
    if pair.theirs.is_some() && !pair.theirs_is(osc::BLOCKED) {
        batch = batch.delete::<RelationshipRow>((other, actor.user));
        events.push(removed(other, actor.user));
    }
    pair.lane.enqueue(batch, events).durable().await
}

/// Somebody whom the actor, a person, may want to know; never itself.
async fn somebody(app: &App, actor: &Actor, other: UserId) -> Result<std::sync::Arc<UserRow>> {
    actor.person()?;
    if other == actor.user {
        return no(Reject::Refused(Code::OWN_RELATIONSHIP));
    }
    let user = app.user(other).await?;
    if user.kind == UserKind::Deleted {
        return no(Reject::Unknown(Code::UNKNOWN_USER));
    }
    Ok(user)
}

/// What others ask of somebody takes no place from what they choose: who is asked by very many can
/// still block them.
async fn room_for_more(
    app: &App,
    user: UserId,
    kind: u8,
    there: Option<&RelationshipRow>,
) -> Result<()> {
    let alike = |row: &RelationshipRow| (row.kind == osc::INCOMING) == (kind == osc::INCOMING);
    if there.is_some_and(alike) {
        return Ok(());
    }
    let rows = Scan::of::<RelationshipRow>().prefix(user);
    let rows = app.store.scan::<RelationshipRow>(rows).await?;
    if rows.iter().filter(|row| alike(row)).count() >= app.limits.user_relationships {
        return no(Reject::Refused(Code::MAX_FRIENDS));
    }
    Ok(())
}

/// Whether the one has blocked the other.
pub(crate) async fn blocks(app: &App, one: UserId, other: UserId) -> Result<bool> {
    let row = app.store.get::<RelationshipRow>((one, other)).await?;
    Ok(row.is_some_and(|row| row.kind == osc::BLOCKED))
}

/// All whom somebody has blocked.
pub(crate) async fn blocked_by(app: &App, user: UserId) -> Result<HashSet<UserId>> {
    let rows = Scan::of::<RelationshipRow>().prefix(user);
    let rows = app.store.scan::<RelationshipRow>(rows).await?;
    let blocked = rows.iter().filter(|row| row.kind == osc::BLOCKED);
    Ok(blocked.map(|row| row.other_id).collect())
}

/// Says no if one of the two has blocked the other.
pub(crate) async fn on_terms(app: &App, one: UserId, other: UserId) -> Result<()> {
    if blocks(app, one, other).await? || blocks(app, other, one).await? {
        return no(Reject::Refused(Code::CANNOT_DM));
    }
    Ok(())
}

/// Whether the two are friends or one has asked the other: then they know of each other.
pub(crate) async fn between(app: &App, one: UserId, other: UserId) -> Result<bool> {
    let row = app.disk.get::<RelationshipRow>((one, other)).await?;
    Ok(row.is_some_and(|row| row.kind != osc::BLOCKED))
}

/// Whether the two are friends, or the other has asked the one.
pub(crate) async fn welcome(app: &App, one: UserId, other: UserId) -> Result<bool> {
    let row = app.disk.get::<RelationshipRow>((one, other)).await?;
    Ok(row.is_some_and(|row| matches!(row.kind, osc::FRIEND | osc::INCOMING)))
}

/// Friends of both.
pub(crate) async fn mutual_friends(app: &App, one: UserId, other: UserId) -> Result<Vec<UserId>> {
    let rows = Scan::of::<RelationshipRow>().prefix(one);
    let rows = app.disk.scan::<RelationshipRow>(rows).await?;
    let friends: Vec<_> =
        rows.iter().filter(|row| row.kind == osc::FRIEND).map(|row| row.other_id).collect();
    let keys = friends.iter().map(|friend| (other, *friend).into_key()).collect();
    let theirs = app.disk.get_many::<RelationshipRow>(keys).await?;
    let both = theirs.into_iter().flatten().filter(|row| row.kind == osc::FRIEND);
    Ok(both.map(|row| row.other_id).collect())
}

/// Who has somebody among their friends, requests or blocks.
pub(crate) async fn holders(app: &App, of: UserId) -> Result<Vec<UserId>> {
    let rows = Scan::of::<RelationshipRow>().by("by_other").prefix(of);
    let rows = app.store.scan::<RelationshipRow>(rows).await?;
    Ok(rows.into_iter().map(|row| row.user_id).collect())
}

/// How often a race is run again.
const TRIES: usize = 3;

/// A guest goes on as the account it has: friends, requests and blocks go with it. Where the two
/// stood otherwise with somebody, the stronger word holds: a block, a friendship, a request.
///
/// Whom others have blocked they have blocked as the guest: nobody is told who a guest became who
/// wants nothing to do with it.
pub(crate) async fn inherit(app: &App, guest: UserId, account: UserId) -> Result<()> {
    let rows = Scan::of::<RelationshipRow>().prefix(guest);
    for row in app.store.scan::<RelationshipRow>(rows).await? {
        for _ in 0..TRIES {
            let pair = Pair::of(app, account, row.other_id).await?;
            let Some((batch, events)) = succession(app, &pair, guest, account, &row).await? else {
                break;
            };
            // The guest's own rows are of another lane: whoever changes them meanwhile was first.
            if pair.lane.enqueue(batch, events).durable_or_conflict().await?.is_ok() {
                break;
            }
        }
    }
    Ok(())
}

/// What the account is to somebody to whom the guest was something. `None`: it no longer was.
async fn succession(
    app: &App,
    pair: &Pair<'_>,
    guest: UserId,
    account: UserId,
    row: &RelationshipRow,
) -> Result<Option<(Batch, Vec<Event>)>> {
    let other = row.other_id;
    let Some(was) = app.store.get::<RelationshipRow>((guest, other)).await? else {
        return Ok(None);
    };
    let mut batch = Batch::new().expect(&was).delete::<RelationshipRow>((guest, other));
    let mut events = vec![removed(guest, other)];
    let back = app.store.get::<RelationshipRow>((other, guest)).await?;
    if let Some(back) = back.filter(|back| back.kind != osc::BLOCKED) {
        batch = batch.expect(&back).delete::<RelationshipRow>((other, guest));
        events.push(removed(other, guest));
    }
    let full = room_for_more(app, account, was.kind, pair.mine.as_ref()).await.is_err();
    if full || other == account {
        return Ok(Some((batch, events)));
    }
    let (mine, theirs) = stronger(&was, pair);
    let users = app.users(&[account, other]).await?;
    let [Some(me), Some(them)] = users.as_slice() else { return Ok(Some((batch, events))) };
    let since = was.since;
    let row = |user_id, other_id, kind| RelationshipRow { user_id, other_id, kind, since };
    if let Some(kind) = mine.filter(|kind| !pair.mine_is(*kind)) {
        let mine = row(account, other, kind);
        batch = batch.put(&mine);
        events.push(told(&mine, render::user(them)));
    }
    match theirs {
        Some(kind) if !pair.theirs_is(kind) => {
            let theirs = row(other, account, kind);
            batch = batch.put(&theirs);
            events.push(told(&theirs, render::user(me)));
        }
        None if pair.theirs.is_some() => {
            batch = batch.delete::<RelationshipRow>((other, account));
            events.push(removed(other, account));
        }
        _ => {}
    }
    Ok(Some((batch, events)))
}

/// What the two are from now on: the account to the other, and the other to the account.
fn stronger(was: &RelationshipRow, pair: &Pair<'_>) -> (Option<u8>, Option<u8>) {
    let kind = |row: &Option<RelationshipRow>| row.as_ref().map(|row| row.kind);
    let (mine, theirs) = (kind(&pair.mine), kind(&pair.theirs));
    if was.kind == osc::BLOCKED {
        return (Some(osc::BLOCKED), theirs.filter(|kind| *kind == osc::BLOCKED));
    }
    if mine == Some(osc::BLOCKED) || theirs == Some(osc::BLOCKED) || mine == Some(osc::FRIEND) {
        return (mine, theirs);
    }
    match (was.kind, mine) {
        (osc::OUTGOING, None | Some(osc::OUTGOING)) => (Some(osc::OUTGOING), Some(osc::INCOMING)),
        (osc::INCOMING, None | Some(osc::INCOMING)) => (Some(osc::INCOMING), Some(osc::OUTGOING)),
        // Friends, or one asked the account and the guest asked back.
        _ => (Some(osc::FRIEND), Some(osc::FRIEND)),
    }
}

/// All that goes with somebody who is erased.
pub(crate) async fn erased(app: &App, user: UserId) -> Result<(Batch, Vec<Event>)> {
    let own = Scan::of::<RelationshipRow>().prefix(user);
    let own = app.store.scan::<RelationshipRow>(own).await?;
    let holders = holders(app, user).await?;
    let batch = own
        .iter()
        .fold(Batch::new(), |batch, row| batch.delete::<RelationshipRow>((user, row.other_id)));
    let batch = holders
        .iter()
        .fold(batch, |batch, holder| batch.delete::<RelationshipRow>((*holder, user)));
    Ok((batch, holders.into_iter().map(|holder| removed(holder, user)).collect()))
}

fn whole(row: &RelationshipRow, user: User) -> Relationship {
    Relationship { id: row.other_id, kind: row.kind, user, since: row.since }
}

fn told(row: &RelationshipRow, user: User) -> Event {
    let dispatch = Dispatch::OscRelationshipUpdate(Box::new(whole(row, user)));
    Event::to_users([row.user_id], dispatch)
}

fn removed(whose: UserId, other: UserId) -> Event {
    let gone = RelationshipRemove { id: other };
    Event::to_users([whose], Dispatch::OscRelationshipRemove(gone))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, testing::World};

    async fn kinds(world: &World, people: [&Actor; 2]) -> [Option<u8>; 2] {
        let kind = async |one: &Actor| {
            let list = list(&world.app, one.user).await.expect("a list");
            list.first().map(|relationship| relationship.kind)
        };
        [kind(people[0]).await, kind(people[1]).await]
    }

    #[tokio::test]
    async fn two_who_ask_each_other_are_friends() {
        let world = World::new().await;
        let (alice, bob) = (world.person("alice").await, world.person("bob").await);
        let stranger = ask(&world.app, &alice, bob.user).await;
        assert!(matches!(stranger, Err(Error::Reject(Reject::Unknown(_)))), "they never met");
        world.guild(&[&alice, &bob]).await;
        let both = [&alice, &bob];
        for _ in 0..2 {
            ask(&world.app, &alice, bob.user).await.expect("asked");
            assert_eq!(kinds(&world, both).await, [Some(osc::OUTGOING), Some(osc::INCOMING)]);
        }
        ask(&world.app, &bob, alice.user).await.expect("agreed");
        assert_eq!(kinds(&world, both).await, [Some(osc::FRIEND), Some(osc::FRIEND)]);
        remove(&world.app, &bob, alice.user).await.expect("ended");
        assert_eq!(kinds(&world, both).await, [None, None]);
        assert!(remove(&world.app, &bob, alice.user).await.is_err(), "there is nothing any more");
    }

    #[tokio::test]
    async fn who_is_asked_by_very_many_can_still_block_and_ask() {
        let limits = proto::Limits { user_relationships: 2, ..proto::Limits::default() };
        let world = World::with_limits(limits).await;
        let app = &world.app;
        let alice = world.person("alice").await;
        let mut crowd = Vec::new();
        for name in ["one", "two", "three", "four"] {
            crowd.push(world.person(name).await);
        }
        world.guild(&[&alice, &crowd[0], &crowd[1], &crowd[2], &crowd[3]]).await;
        for one in &crowd[..2] {
            ask(app, one, alice.user).await.expect("asked");
        }
        let full = ask(app, &crowd[2], alice.user).await;
        assert!(matches!(full, Err(Error::Reject(Reject::Refused(Code::MAX_FRIENDS)))));
        block(app, &alice, crowd[2].user).await.expect("blocked");
        ask(app, &alice, crowd[0].user).await.expect("agreed");
        let full = block(app, &alice, crowd[3].user).await;
        assert!(matches!(full, Err(Error::Reject(Reject::Refused(Code::MAX_FRIENDS)))));
        let kinds: Vec<_> =
            list(app, alice.user).await.expect("a list").iter().map(|r| r.kind).collect();
        assert_eq!(kinds, [osc::FRIEND, osc::INCOMING, osc::BLOCKED]);
    }

    #[tokio::test]
    async fn asking_by_name_opens_no_way_to_write() {
        let world = World::new().await;
        let app = &world.app;
        let (alice, eve) = (world.person("alice").await, world.person("eve").await);
        befriend(app, &eve, alice.user, true).await.expect("asked");
        let refused = dm::open(app, &eve, alice.user).await;
        assert!(matches!(refused, Err(Error::Reject(Reject::Refused(Code::CANNOT_DM)))));
        dm::open(app, &alice, eve.user).await.expect("who was asked may answer");
        dm::open(app, &eve, alice.user).await.expect("and then both may");
    }

    #[tokio::test]
    async fn two_who_ask_each_other_at_once_are_friends_and_a_block_wins() {
        let world = World::new().await;
        let app = &world.app;
        let (alice, bob) = (world.person("alice").await, world.person("bob").await);
        world.guild(&[&alice, &bob]).await;
        let (one, other) = tokio::join!(ask(app, &alice, bob.user), ask(app, &bob, alice.user));
        assert!(one.is_ok() && other.is_ok());
        assert_eq!(kinds(&world, [&alice, &bob]).await, [Some(osc::FRIEND), Some(osc::FRIEND)]);
        let (one, _) = tokio::join!(block(app, &alice, bob.user), ask(app, &bob, alice.user));
        one.expect("blocked");
        assert_eq!(kinds(&world, [&alice, &bob]).await, [Some(osc::BLOCKED), None]);
    }

    #[tokio::test]
    async fn a_block_ends_all_and_is_known_to_one_only() {
        let world = World::new().await;
        let (alice, bob) = (world.person("alice").await, world.person("bob").await);
        world.guild(&[&alice, &bob]).await;
        ask(&world.app, &bob, alice.user).await.expect("asked");
        world.saw();
        block(&world.app, &alice, bob.user).await.expect("blocked");
        assert_eq!(world.saw(), ["OSC_RELATIONSHIP_UPDATE", "OSC_RELATIONSHIP_REMOVE"]);
        assert_eq!(kinds(&world, [&alice, &bob]).await, [Some(osc::BLOCKED), None]);
        let refused = ask(&world.app, &bob, alice.user).await;
        assert!(matches!(refused, Err(Error::Reject(Reject::Refused(Code::CANNOT_DM)))));
        block(&world.app, &bob, alice.user).await.expect("blocked back");
        remove(&world.app, &alice, bob.user).await.expect("unblocked");
        assert_eq!(kinds(&world, [&alice, &bob]).await, [None, Some(osc::BLOCKED)]);
        assert!(on_terms(&world.app, alice.user, bob.user).await.is_err());
    }
}
