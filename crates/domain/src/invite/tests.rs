//! Invites: exactly so many uses, exactly so long, and never a hint to those without one.

use super::*;
use crate::{
    guild,
    guild::tests::{code, draft, futures_of, left},
    role::tests::given,
    rows::MemberRow,
    testing::World,
};
use proto::guild::Visibility;

const UNKNOWN: u32 = Code::UNKNOWN_INVITE.0;

fn wish(max_age: u32, max_uses: u32) -> CreateInvite {
    CreateInvite { max_age: Some(max_age), max_uses: Some(max_uses), ..Default::default() }
}

#[tokio::test]
async fn a_hundred_at_once_with_an_invite_for_one_let_one_in() {
    for uses in [1, 7] {
        let world = World::new().await;
        let app = &world.app;
        let anna = world.person("anna").await;
        let room = guild::create(app, &anna, draft("den", Visibility::Private)).await;
        let room = room.expect("made");
        let place = crate::channel::list(app, &anna, room.id).await.expect("seen")[0].id;
        let invite = create(app, &anna, place, wish(0, uses)).await.expect("made");
        let mut people = Vec::new();
        for at in 0..100 {
            people.push(world.user(&format!("g{at}"), crate::rows::UserKind::Guest).await);
        }
        let joins =
            people.iter().map(|actor| Box::pin(join(app, actor, &invite.code, Default::default())));
        let joins = futures_of(joins.collect()).await;
        assert_eq!(joins.iter().filter(|joined| joined.is_ok()).count(), uses as usize);
        for refused in joins.into_iter().filter(|joined| joined.is_err()) {
            assert_eq!(code(refused), UNKNOWN);
        }
        assert_eq!(left::<MemberRow>(&world).await, 1 + uses as usize);
        assert_eq!(left::<InviteRow>(&world).await, 0);
    }
}

#[tokio::test]
async fn who_is_in_already_uses_nothing_up() {
    let world = World::new().await;
    let app = &world.app;
    let (anna, ben) = (world.person("anna").await, world.person("ben").await);
    let room = world.guild(&[&anna]).await;
    let invite = create(app, &anna, room.general, wish(0, 2)).await.expect("made");
    join(app, &anna, &invite.code, Default::default()).await.expect("in already");
    world.saw();
    join(app, &ben, &invite.code, Default::default()).await.expect("joined");
    join(app, &ben, &invite.code, Default::default()).await.expect("in already");
    assert_eq!(world.saw(), ["GUILD_MEMBER_ADD"]);
    let mine = of_guild(app, &anna, room.id).await.expect("listed");
    assert_eq!((mine.len(), mine[0].uses), (1, Some(1)));
}

#[tokio::test]
async fn an_invite_ends_in_time() {
    let world = World::new().await;
    let app = &world.app;
    let (anna, ben) = (world.person("anna").await, world.person("ben").await);
    let room = world.guild(&[&anna]).await;
    let invite = create(app, &anna, room.general, wish(60, 0)).await.expect("made");
    assert!(get(app, &invite.code, true).await.expect("good").approximate_member_count.is_some());
    world.clock.advance_ms(60_000);
    assert_eq!(code(get(app, &invite.code, false).await), UNKNOWN);
    assert_eq!(code(join(app, &ben, &invite.code, Default::default()).await), UNKNOWN);
    assert_eq!(code(delete(app, &anna, &invite.code).await), UNKNOWN);
    assert!(of_guild(app, &anna, room.id).await.expect("listed").is_empty());
    world.saw();
    create(app, &anna, room.general, wish(60, 0)).await.expect("made");
    assert_eq!(world.saw(), ["INVITE_DELETE", "INVITE_CREATE"], "what ended is swept");
    assert_eq!(left::<InviteRow>(&world).await, 1);
}

#[tokio::test]
async fn codes_that_never_were_lead_nowhere() {
    let world = World::new().await;
    let app = &world.app;
    let anna = world.person("anna").await;
    for bad in ["", "x", "..", "a\0b", "💥", &"x".repeat(33), &"x".repeat(100_000)] {
        assert_eq!(code(get(app, bad, true).await), UNKNOWN);
        assert_eq!(code(join(app, &anna, bad, Default::default()).await), UNKNOWN);
    }
}

#[tokio::test]
async fn who_may_make_list_and_end_invites() {
    let world = World::new().await;
    let app = &world.app;
    let (anna, ben, eve) =
        (world.person("anna").await, world.person("ben").await, world.person("eve").await);
    let room = world.guild(&[&anna, &ben]).await;
    let hers = create(app, &anna, room.general, wish(0, 5)).await.expect("made");
    let his = create(app, &ben, room.general, wish(0, 5)).await.expect("everybody may");
    assert_eq!(code(of_guild(app, &ben, room.id).await), 50013);
    assert_eq!(code(of_channel(app, &ben, room.general).await), 50013);
    assert_eq!(code(of_guild(app, &eve, room.id).await), Code::UNKNOWN_GUILD.0);
    assert_eq!(code(of_channel(app, &eve, room.general).await), Code::UNKNOWN_CHANNEL.0);
    assert_eq!(code(create(app, &eve, room.general, wish(0, 0)).await), Code::UNKNOWN_CHANNEL.0);
    assert_eq!(code(delete(app, &ben, &hers.code).await), 50013);
    assert_eq!(code(delete(app, &eve, &hers.code).await), 50013);
    delete(app, &ben, &his.code).await.expect("his own");
    given(&world, &room, &anna, &ben, Permissions::MANAGE_CHANNELS).await;
    assert_eq!(of_channel(app, &ben, room.general).await.expect("listed").len(), 1);
    world.saw();
    let ended = delete(app, &ben, &hers.code).await.expect("ended");
    assert_eq!((ended.code, world.saw()), (hers.code, vec!["INVITE_DELETE"]));
    // Managers alone may know how often it was used.
    let again = create(app, &anna, room.general, wish(0, 5)).await.expect("made");
    assert_eq!(again.uses, Some(0));
    assert_eq!(get(app, &again.code, false).await.expect("good").uses, None);
}

#[tokio::test]
async fn one_endless_link_is_enough() {
    let limits = proto::Limits { guild_invites: 2, ..Default::default() };
    let world = World::with_limits(limits).await;
    let app = &world.app;
    let anna = world.person("anna").await;
    let room = world.guild(&[&anna]).await;
    let one = create(app, &anna, room.general, wish(0, 0)).await.expect("made");
    assert_eq!(create(app, &anna, room.general, wish(0, 0)).await.expect("same").code, one.code);
    let unique = CreateInvite { unique: Some(true), ..wish(0, 0) };
    let two = create(app, &anna, room.general, unique).await.expect("made");
    assert_ne!(one.code, two.code);
    assert!(two.code.len() == 11 && two.code.bytes().all(|b| b.is_ascii_alphanumeric()));
    assert_eq!(code(create(app, &anna, room.general, wish(9, 0)).await), Code::MAX_INVITES.0);
    for bad in [wish(604_801, 0), wish(0, 101)] {
        assert_eq!(code(create(app, &anna, room.general, bad).await), 50035);
    }
    let temporary = CreateInvite { temporary: Some(true), ..Default::default() };
    assert_eq!(code(create(app, &anna, room.general, temporary).await), 50035);
}

#[tokio::test]
async fn one_member_does_not_take_the_places_of_all() {
    let limits = proto::Limits { member_invites: 2, ..proto::Limits::default() };
    let world = World::with_limits(limits).await;
    let app = &world.app;
    let (anna, ben) = (world.person("anna").await, world.person("ben").await);
    let room = world.guild(&[&anna, &ben]).await;
    for _ in 0..2 {
        create(app, &ben, room.general, wish(60, 1)).await.expect("made");
    }
    let many = create(app, &ben, room.general, wish(60, 1)).await;
    assert_eq!(code(many), Code::MAX_INVITES.0);
    for _ in 0..3 {
        create(app, &anna, room.general, wish(60, 1)).await.expect("who manages the room may");
    }
    world.clock.advance_ms(60_001);
    create(app, &ben, room.general, wish(60, 1)).await.expect("what ended does not count");
}

#[tokio::test]
async fn a_wish_that_is_met_already_makes_no_second_link() {
    let world = World::new().await;
    let app = &world.app;
    let (anna, ben) = (world.person("anna").await, world.person("ben").await);
    let room = world.guild(&[&anna, &ben]).await;
    let again = async |wish| create(app, &anna, room.general, wish).await.expect("made").code;
    let week = again(wish(604_800, 0)).await;
    assert_eq!(again(wish(604_800, 0)).await, week);
    assert_ne!(again(wish(86_400, 0)).await, week);
    assert_ne!(again(CreateInvite { unique: Some(true), ..wish(604_800, 0) }).await, week);
    assert_ne!(again(wish(604_800, 1)).await, again(wish(604_800, 1)).await);
    let of_ben = create(app, &ben, room.general, wish(604_800, 0)).await.expect("made");
    assert_ne!(of_ben.code, week);
    // What is half over is no link for a week.
    world.clock.advance_ms(302_400_000);
    assert_ne!(again(wish(604_800, 0)).await, week);
}
