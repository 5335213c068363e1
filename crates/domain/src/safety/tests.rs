//! Safety: what raid mode and the lock shut, who came in, and how a raid is undone.

use proto::{message::CreateMessage, safety::CreateCleanup};

use super::*;
use crate::{
    Error, cleanup, dm, invite, message,
    rows::UserKind,
    testing::{TestGuild, World},
};

async fn say(world: &World, who: &Actor, room: &TestGuild) -> Result<()> {
    let draft = CreateMessage { content: Some("hi".to_owned()), ..Default::default() };
    message::send(&world.app, who, room.general, draft, vec![]).await.map(drop)
}

fn code<T: std::fmt::Debug>(outcome: Result<T>) -> u32 {
    match outcome {
        Err(Error::Reject(Reject::Refused(code) | Reject::Unknown(code))) => code.0,
        Err(Error::Reject(Reject::Forbidden(_))) => Code::MISSING_PERMISSIONS.0,
        Err(Error::Reject(Reject::SlowMode { .. })) => Code::SLOW_MODE.0,
        other => panic!("{other:?}"),
    }
}

fn from(app: &App, last: u8) -> Arrival {
    Arrival { block: Some(Block::of(app, [203, 0, 113, last].into())) }
}

#[tokio::test]
async fn raid_mode_keeps_guests_out_slows_all_and_ends_by_itself() {
    let world = World::new().await;
    let (owner, bob) = (world.person("owner").await, world.person("bob").await);
    let (anna, late) =
        (world.user("Anna", UserKind::Guest).await, world.user("Late", UserKind::Guest).await);
    let room = world.guild(&[&owner, &bob, &anna]).await;
    let app = &world.app;
    let link = invite::create(app, &owner, room.general, Default::default()).await.expect("made");
    let on = ModifySafety {
        raid_until: Patch::Value(app.clock.now().plus_ms(RAID_MS)),
        ..Default::default()
    };
    assert_eq!(code(edit(app, &bob, room.id, ModifySafety::default()).await), 50013);
    edit(app, &owner, room.id, on).await.expect("on");
    assert_eq!(code(say(&world, &anna, &room).await), 50013);
    say(&world, &bob, &room).await.expect("members may");
    assert_eq!(code(say(&world, &bob, &room).await), Code::SLOW_MODE.0);
    say(&world, &owner, &room).await.expect("moderators are free");
    say(&world, &owner, &room).await.expect("moderators are free");
    let join = crate::member::join(app, &late, room.id, from(app, 1)).await;
    assert_eq!(code(join), Code::RAID_GUESTS.0);
    let carl = world.person("carl").await;
    let join = invite::join(app, &carl, &link.code, from(app, 1)).await;
    assert_eq!(code(join), Code::INVITES_PAUSED.0);
    world.clock.advance_ms(RAID_MS);
    say(&world, &anna, &room).await.expect("over");
    crate::member::join(app, &late, room.id, from(app, 1)).await.expect("over");
}

#[tokio::test]
async fn in_a_locked_room_only_moderators_write() {
    let world = World::new().await;
    let (owner, bob) = (world.person("owner").await, world.person("bob").await);
    let room = world.guild(&[&owner, &bob]).await;
    let app = &world.app;
    let lock = |locked| ModifySafety { locked: Some(locked), ..Default::default() };
    edit(app, &owner, room.id, lock(true)).await.expect("locked");
    assert_eq!(code(say(&world, &bob, &room).await), 50013);
    say(&world, &owner, &room).await.expect("may");
    message::list(app, &bob, room.general, message::Around::End, 5).await.expect("may read");
    edit(app, &owner, room.id, lock(false)).await.expect("open");
    say(&world, &bob, &room).await.expect("may again");
}

#[tokio::test]
async fn paused_direct_messages_begin_nowhere() {
    let world = World::new().await;
    let (owner, bob) = (world.person("owner").await, world.person("bob").await);
    let room = world.guild(&[&owner, &bob]).await;
    let app = &world.app;
    let until = app.clock.now().plus_ms(MINUTE_MS);
    let draft = IncidentActions { dms_disabled_until: Patch::Value(until), ..Default::default() };
    pause(app, &owner, room.id, draft).await.expect("paused");
    assert_eq!(code(dm::open(app, &bob, owner.user).await), Code::CANNOT_DM.0);
    world.clock.advance_ms(MINUTE_MS + 1);
    dm::open(app, &bob, owner.user).await.expect("open");
    let long = app.clock.now().plus_ms(3 * PAUSE_MS);
    let draft = IncidentActions { dms_disabled_until: Patch::Value(long), ..Default::default() };
    assert!(pause(app, &owner, room.id, draft).await.is_err());
}

#[tokio::test]
async fn many_joins_are_told_and_undone_together() {
    let world = World::new().await;
    let owner = world.person("owner").await;
    let room = world.guild(&[&owner]).await;
    let app = &world.app;
    let settings = ModifySafety {
        raid_detection: Some(RaidDetection::On),
        raid_joins: Some(5),
        ..Default::default()
    };
    edit(app, &owner, room.id, settings).await.expect("set");
    world.saw();
    let mut raiders = Vec::new();
    for n in 0..6 {
        let who = world.user(&format!("Raider {n}"), UserKind::Guest).await;
        let join = crate::member::join(app, &who, room.id, from(app, n)).await;
        if n < 5 {
            join.expect("in");
            raiders.push(who);
        } else {
            assert_eq!(code(join), Code::RAID_GUESTS.0, "raid mode went on");
        }
    }
    assert!(world.saw().contains(&"OSC_RAID_ALERT"));
    let friend = world.person("friend").await;
    let elsewhere = Arrival { block: Some(Block::of(app, [198, 51, 100, 1].into())) };
    crate::member::join(app, &friend, room.id, elsewhere).await.expect("no guest");

    let all = joins(app, &owner, room.id, Which::default()).await.expect("listed");
    assert_eq!((all.items.len(), all.more), (6, false));
    let near = Which { near: Some(raiders[0].user), ..Default::default() };
    let near = joins(app, &owner, room.id, near).await.expect("listed");
    assert_eq!(near.items.len(), 5, "one network");
    let json = serde_json::to_string(&all).expect("JSON");
    let hash = Block::of(app, [203, 0, 113, 1].into()).number().to_string();
    assert!(!json.contains(&hash) && !json.contains("203."), "{json}");

    let people = near.items.iter().map(|join| join.user.id).chain([owner.user]).collect();
    let draft = CreateCleanup { user_ids: people, delete_message_seconds: Some(3_600) };
    let other = CreateCleanup { user_ids: vec![owner.user], delete_message_seconds: None };
    assert_eq!(code(cleanup::create(app, &friend, room.id, other).await), 50013);
    let begun = cleanup::create(app, &owner, room.id, draft).await.expect("begun");
    cleanup::work(app, room.id, begun.id).await.expect("works");
    let done = cleanup::get(app, &owner, room.id, begun.id).await.expect("there");
    assert_eq!((done.total, done.done, done.banned), (6, 6, 5));
    let members = app.guild(room.id).await.expect("there").read().members.len();
    assert_eq!(members, 2, "the owner and the friend");
    cleanup::undo(app, &owner, room.id, begun.id).await.expect("begun");
    cleanup::run_once(app).await.expect("works");
    let undone = cleanup::get(app, &owner, room.id, begun.id).await.expect("there");
    assert_eq!(undone.state, proto::safety::CleanupState::Undone);
    let bans = crate::ban::list(app, &owner, room.id, Default::default()).await.expect("listed");
    assert!(bans.is_empty());

    world.clock.advance_ms(8 * PAUSE_MS);
    crate::due::run_once(app).await;
    let since = Which { since: Some(Timestamp::from_ms(1)), ..Default::default() };
    let left = joins(app, &owner, room.id, since).await.expect("listed");
    assert!(left.items.is_empty(), "forgotten after a week");
}
