//! Coming, going, and what moderators may do to whom.

use proto::{
    Patch, Permissions as P,
    member::{ModifyCurrentMember, ModifyMember},
};

use super::*;
use crate::{
    ban,
    guild::tests::{code, draft, futures_of, left, message_row},
    role::tests::given,
    rows::{MessageRow, PurgeRow},
    testing::{TestGuild, World},
};

const UNKNOWN: u32 = Code::UNKNOWN_MEMBER.0;

/// An owner, a moderator, a member and a stranger.
async fn town(rights: P) -> (World, TestGuild, [Actor; 4]) {
    let world = World::new().await;
    let people = [
        world.person("owner").await,
        world.person("mod").await,
        world.person("ben").await,
        world.person("eve").await,
    ];
    let room = world.guild(&[&people[0], &people[1], &people[2]]).await;
    given(&world, &room, &people[0], &people[1], rights).await;
    world.saw();
    (world, room, people)
}

#[tokio::test]
async fn a_thousand_joins_at_once_share_their_commits() {
    let world = World::new().await;
    let app = &world.app;
    let anna = world.person("anna").await;
    let room = guild::create(app, &anna, draft("big", Visibility::Public)).await.expect("made");
    let mut people = Vec::new();
    for at in 0..1_000 {
        people.push(world.user(&format!("g{at}"), UserKind::Guest).await);
    }
    world.published();
    let joins = people
        .iter()
        .map(|actor| Box::pin(join(app, actor, room.id, Default::default())))
        .collect();
    for joined in futures_of(joins).await {
        joined.expect("joined");
    }
    let came = world.saw().into_iter().filter(|name| *name == "GUILD_MEMBER_ADD");
    assert_eq!(came.count(), 1_000);
    let got = guild::get(app, &anna, room.id, true).await.expect("seen");
    assert_eq!(got.approximate_member_count, Some(1_001));
    crate::directory::refresh_dirty(app).await.expect("refreshed");
    let listed =
        crate::directory::list(app, None, Default::default(), None, None).await.expect("listed");
    assert_eq!(listed.items[0].member_count, 1_001);
    join(app, &people[0], room.id, Default::default()).await.expect("again is no harm");
    assert_eq!(world.saw(), [] as [&str; 0]);
    leave(app, &people[0], room.id).await.expect("left");
    assert_eq!(world.saw(), ["GUILD_MEMBER_REMOVE"]);
}

#[tokio::test]
async fn nobody_acts_on_their_like_or_above() {
    let rights = P::KICK_MEMBERS | P::BAN_MEMBERS | P::MODERATE_MEMBERS | P::MANAGE_NICKNAMES;
    let (world, room, [owner, moderator, ben, eve]) = town(rights).await;
    let (app, id) = (&world.app, room.id);
    let nick = || ModifyMember { nick: Patch::Value("Silly".to_owned()), ..Default::default() };
    let until = app.clock.now().plus_ms(60_000);
    let silence =
        || ModifyMember { communication_disabled_until: Patch::Value(until), ..Default::default() };
    for target in [owner.user, moderator.user] {
        assert_eq!(code(kick(app, &moderator, id, target).await), 50013);
        let ban = ban::create(app, &moderator, id, target, Default::default(), None).await;
        assert_eq!(code(ban), 50013);
        assert_eq!(code(edit(app, &moderator, id, target, silence()).await), 50013);
    }
    assert_eq!(code(edit(app, &moderator, id, owner.user, nick()).await), 50013);
    assert_eq!(code(kick(app, &ben, id, moderator.user).await), 50013);
    assert_eq!(code(edit(app, &ben, id, moderator.user, nick()).await), 50013);
    assert_eq!(code(kick(app, &eve, id, ben.user).await), Code::UNKNOWN_GUILD.0);
    assert_eq!(code(kick(app, &moderator, id, eve.user).await), UNKNOWN);
    assert_eq!(code(kick(app, &owner, id, owner.user).await), 50013);
    assert_eq!(world.saw(), [] as [&str; 0]);
    let silenced = edit(app, &moderator, id, ben.user, silence()).await.expect("silenced");
    assert_eq!(silenced.communication_disabled_until, Some(until));
    kick(app, &moderator, id, ben.user).await.expect("kicked");
    assert_eq!(world.saw(), ["GUILD_MEMBER_UPDATE", "GUILD_MEMBER_REMOVE"]);
    join(app, &ben, id, Default::default()).await.expect("who is kicked may come back");
}

#[tokio::test]
async fn each_field_needs_its_own_right() {
    let (world, room, [_, moderator, ben, _]) = town(P::NONE).await;
    let (app, id) = (&world.app, room.id);
    for body in [
        serde_json::json!({ "nick": "x" }),
        serde_json::json!({ "roles": [] }),
        serde_json::json!({ "mute": true }),
        serde_json::json!({ "deaf": true }),
        serde_json::json!({ "channel_id": null }),
        serde_json::json!({ "communication_disabled_until": null }),
    ] {
        let draft: ModifyMember = serde_json::from_value(body.clone()).expect("a draft");
        assert_eq!(code(edit(app, &moderator, id, ben.user, draft).await), 50013, "{body}");
    }
}

#[tokio::test]
async fn a_timeout_ends_within_28_days_and_spares_administrators() {
    let (world, room, [owner, moderator, ben, _]) = town(P::MODERATE_MEMBERS).await;
    let (app, id) = (&world.app, room.id);
    let until = |ms| ModifyMember {
        communication_disabled_until: Patch::Value(app.clock.now().plus_ms(ms)),
        ..Default::default()
    };
    let days = 86_400_000;
    let too_long = edit(app, &moderator, id, ben.user, until(29 * days)).await;
    assert_eq!(code(too_long), 50035);
    let past = edit(app, &moderator, id, ben.user, until(-1)).await.expect("ends it");
    assert_eq!(past.communication_disabled_until, None);
    edit(app, &moderator, id, ben.user, until(28 * days)).await.expect("silenced");
    let guild = app.guild(id).await.expect("there");
    let have = guild.read().permissions(ben.user, app.clock.now());
    assert!(!have.contains(P::SEND_MESSAGES) && have.contains(P::VIEW_CHANNEL));
    let admin =
        crate::role::create(app, &owner, id, crate::role::tests::draft("admin", P::ADMINISTRATOR));
    let admin = admin.await.expect("made");
    add_role(app, &owner, id, ben.user, admin.id).await.expect("given");
    assert_eq!(code(edit(app, &moderator, id, ben.user, until(days)).await), 50013);
    world.clock.advance_ms(29 * days);
    remove_role(app, &owner, id, ben.user, admin.id).await.expect("taken");
    assert!(guild.read().permissions(ben.user, app.clock.now()).contains(P::SEND_MESSAGES));
}

#[tokio::test]
async fn nicknames_are_free_but_honest() {
    let (world, room, [owner, _, ben, eve]) = town(P::NONE).await;
    let (app, id) = (&world.app, room.id);
    let own = |text: &str| ModifyCurrentMember { nick: Patch::Value(text.to_owned()) };
    let named = edit_own(app, &ben, id, own(" Benny  B ")).await.expect("named");
    assert_eq!(named.nick.as_deref(), Some("Benny B"));
    assert!(named.permissions.is_some_and(|have| have.contains(P::CHANGE_NICKNAME)));
    assert_eq!(world.saw(), ["GUILD_MEMBER_UPDATE"]);
    for bad in ["a\u{202e}b", "аdmin", "Moderator", &"n".repeat(33)] {
        assert_eq!(code(edit_own(app, &ben, id, own(bad)).await), 50035, "{bad:?}");
    }
    assert_eq!(edit_own(app, &ben, id, own("")).await.expect("none").nick, None);
    assert_eq!(code(edit_own(app, &eve, id, own("x")).await), Code::UNKNOWN_GUILD.0);
    let quiet = crate::role::tests::draft("@everyone", P::VIEW_CHANNEL);
    crate::role::edit(app, &owner, id, id.cast(), quiet).await.expect("changed");
    assert_eq!(code(edit_own(app, &ben, id, own("x")).await), 50013);
}

#[tokio::test]
async fn who_is_banned_does_not_come_back_by_any_door() {
    let (world, room, [owner, moderator, ben, eve]) = town(P::BAN_MEMBERS).await;
    let (app, id) = (&world.app, room.id);
    let invite = crate::invite::create(app, &owner, room.general, Default::default());
    let invite = invite.await.expect("made");
    world.saw();
    let reason = Some("rude".to_owned());
    ban::create(app, &moderator, id, ben.user, Default::default(), reason).await.expect("banned");
    ban::create(app, &moderator, id, eve.user, Default::default(), None).await.expect("unseen");
    ban::create(app, &moderator, id, eve.user, Default::default(), None).await.expect("again");
    assert_eq!(world.saw(), ["GUILD_BAN_ADD", "GUILD_MEMBER_REMOVE", "GUILD_BAN_ADD"]);
    for who in [&ben, &eve] {
        assert_eq!(code(join(app, who, id, Default::default()).await), Code::BANNED.0);
        assert_eq!(
            code(crate::invite::join(app, who, &invite.code, Default::default()).await),
            Code::BANNED.0
        );
    }
    let all = ban::list(app, &moderator, id, Default::default()).await.expect("listed");
    assert_eq!((all.len(), all[0].reason.as_deref()), (2, Some("rude")));
    let page = ban::Page { after: Some(ben.user), ..Default::default() };
    assert_eq!(ban::list(app, &moderator, id, page).await.expect("listed").len(), 1);
    assert_eq!(code(ban::list(app, &ben, id, Default::default()).await), Code::UNKNOWN_GUILD.0);
    assert_eq!(code(ban::get(app, &moderator, id, owner.user).await), Code::UNKNOWN_BAN.0);
    world.saw();
    ban::delete(app, &moderator, id, ben.user).await.expect("lifted");
    assert_eq!(world.saw(), ["GUILD_BAN_REMOVE"]);
    assert_eq!(code(ban::delete(app, &moderator, id, ben.user).await), Code::UNKNOWN_BAN.0);
    join(app, &ben, id, Default::default()).await.expect("back");
}

#[tokio::test]
async fn a_ban_takes_recent_messages_along_and_no_others() {
    let (world, room, [_, moderator, ben, eve]) = town(P::BAN_MEMBERS).await;
    let (app, id) = (&world.app, room.id);
    let other = world.guild(&[&ben]).await;
    let write = async |guild, channel, author, count| {
        for at in 0..count {
            let row = message_row(app, guild, channel, author, at);
            world.write(Batch::new().insert(&row)).await;
        }
    };
    write(id, room.general, ben.user, 3).await;
    world.clock.advance_ms(2 * 3_600_000);
    write(id, room.general, ben.user, 450).await;
    write(other.id, other.general, ben.user, 2).await;
    write(id, room.general, eve.user, 4).await;
    let too_far =
        proto::member::CreateBan { delete_message_seconds: Some(604_801), ..Default::default() };
    let refused = ban::create(app, &moderator, id, ben.user, too_far, None).await;
    assert_eq!(code(refused), 50035);
    let hour =
        proto::member::CreateBan { delete_message_seconds: Some(3_600), ..Default::default() };
    ban::create(app, &moderator, id, ben.user, hour, None).await.expect("banned");
    world.saw();
    crate::purge::run_once(app).await.expect("purged");
    let bulk = world.saw();
    assert!(bulk.iter().all(|name| *name == "MESSAGE_DELETE_BULK") && bulk.len() >= 5);
    assert_eq!(left::<MessageRow>(&world).await, 3 + 2 + 4);
    assert_eq!(left::<PurgeRow>(&world).await, 0);
}

#[tokio::test]
async fn members_come_in_pages_and_by_the_beginning_of_a_name() {
    let world = World::new().await;
    let app = &world.app;
    let mut people = Vec::new();
    for name in ["anna", "Annabel", "ben", "BENNO", "carl"] {
        people.push(world.person(name).await);
    }
    let all: Vec<_> = people.iter().collect();
    let room = world.guild(&all).await;
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = list(app, &people[0], room.id, after, 2).await.expect("a page");
        let Some(last) = page.last().and_then(|member| member.user.clone()) else { break };
        seen.extend(page.into_iter().filter_map(|member| Some(member.user?.id)));
        after = Some(last.id);
    }
    assert_eq!(seen, people.iter().map(|actor| actor.user).collect::<Vec<_>>());
    for (query, count) in [("ann", 2), ("BEN", 2), ("carl", 1), ("nna", 0)] {
        let found = search(app, &people[0], room.id, query, 10).await.expect("found");
        assert_eq!(found.len(), count, "{query}");
    }
    assert_eq!(search(app, &people[0], room.id, "ann", 1).await.expect("found").len(), 1);
    assert_eq!(code(search(app, &people[0], room.id, "", 1).await), 50035);
    for limit in [0, 1_001] {
        assert_eq!(code(list(app, &people[0], room.id, None, limit).await), 50035);
    }
    let eve = world.person("eve").await;
    assert_eq!(code(list(app, &eve, room.id, None, 1).await), Code::UNKNOWN_GUILD.0);
    assert_eq!(code(get(app, &people[0], room.id, eve.user).await), UNKNOWN);
}

#[tokio::test]
async fn a_join_is_told_where_the_room_wants_it() {
    let (world, room, [owner, _, _, eve]) = town(P::NONE).await;
    let (app, id) = (&world.app, room.id);
    let system = proto::guild::ModifyGuild {
        system_channel_id: Patch::Value(room.general),
        ..Default::default()
    };
    guild::edit(app, &owner, id, system).await.expect("changed");
    world.saw();
    join(app, &eve, id, Default::default()).await.expect("joined");
    assert_eq!(world.saw(), ["GUILD_MEMBER_ADD", "MESSAGE_CREATE"]);
}

#[tokio::test]
async fn who_is_put_out_of_a_closed_channel_loses_the_addresses_of_its_files() {
    let (world, room, [owner, _, ben, _]) = town(P::NONE).await;
    let (app, id) = (&world.app, room.id);
    let blind = proto::permission::Overwrite {
        id: id.cast(),
        kind: 0,
        allow: P::NONE,
        deny: P::VIEW_CHANNEL,
    };
    channel::set_overwrite(app, &owner, room.general, blind).await.expect("set");
    let sees = proto::permission::Overwrite {
        id: ben.user.cast(),
        kind: 1,
        allow: P::VIEW_CHANNEL,
        deny: P::NONE,
    };
    channel::set_overwrite(app, &owner, room.general, sees).await.expect("set");
    let epochs = async || {
        let (closed, _) = app.channel(room.general).await.expect("there");
        let (open, _) = app.channel(room.voice).await.expect("there");
        (closed.epoch, open.epoch)
    };
    let before = epochs().await;
    kick(app, &owner, id, ben.user).await.expect("kicked");
    assert_eq!(epochs().await, (before.0 + 1, before.1));
}

#[tokio::test]
async fn who_goes_and_comes_back_is_still_silenced() {
    let world = World::new().await;
    let app = &world.app;
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let room = world.guild(&[&ann, &bob]).await;
    let draft =
        || proto::message::CreateMessage { content: Some("hi".into()), ..Default::default() };
    let said = crate::message::send(app, &bob, room.general, draft(), vec![]).await.unwrap();
    let until = app.clock.now().plus_ms(3_600_000);
    let change = proto::member::ModifyMember {
        communication_disabled_until: proto::Patch::Value(until),
        mute: proto::Patch::Value(true),
        ..Default::default()
    };
    super::edit(app, &ann, room.id, bob.user, change).await.unwrap();

    let edit = proto::message::EditMessage {
        content: proto::Patch::Value("anew".into()),
        ..Default::default()
    };
    let edited = crate::message::edit(app, &bob, room.general, said.id, edit, vec![]).await;
    assert!(matches!(edited, Err(crate::Error::Reject(Reject::Forbidden(_)))), "{edited:?}");

    super::leave(app, &bob, room.id).await.unwrap();
    super::join(app, &bob, room.id, Default::default()).await.unwrap();
    let key = (room.id, bob.user);
    let row = app.disk.get::<MemberRow>(key).await.unwrap().unwrap();
    assert_eq!((row.timed_out_until, row.mute, row.deaf), (Some(until), true, false));
    let sent = crate::message::send(app, &bob, room.general, draft(), vec![]).await;
    assert!(matches!(sent, Err(crate::Error::Reject(Reject::Forbidden(_)))), "{sent:?}");

    super::kick(app, &ann, room.id, bob.user).await.unwrap();
    world.clock.advance_ms(3_600_001);
    super::join(app, &bob, room.id, Default::default()).await.unwrap();
    let row = app.disk.get::<MemberRow>(key).await.unwrap().unwrap();
    assert_eq!((row.timed_out_until, row.mute), (None, true));
    crate::message::send(app, &bob, room.general, draft(), vec![]).await.unwrap();

    super::leave(app, &bob, room.id).await.unwrap();
    assert_eq!(left::<crate::rows::SilenceRow>(&world).await, 1);
    world.clock.advance_ms(29 * 86_400_000);
    crate::due::run_once(app).await;
    assert_eq!(left::<crate::rows::SilenceRow>(&world).await, 0);
}

#[tokio::test]
async fn who_leaves_a_closed_room_takes_no_address_along() {
    let world = World::new().await;
    let app = &world.app;
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let carl = world.person("carl").await;
    let room = world.guild(&[&ann, &bob, &carl]).await;
    let epoch = async || app.channel(room.general).await.unwrap().0.epoch;
    let private = proto::osc::ModifyGuildOsc {
        visibility: Some(proto::guild::Visibility::Private),
        ..Default::default()
    };
    crate::guild::edit_osc(app, &ann, room.id, private).await.unwrap();
    let before = epoch().await;
    super::leave(app, &bob, room.id).await.unwrap();
    assert_eq!(epoch().await, before + 1);
    crate::user::erase(app, carl.user, crate::user::Rooms::Any, |_| true).await.unwrap();
    assert_eq!(epoch().await, before + 2);
    let again = super::leave(app, &bob, room.id).await;
    assert!(again.is_err());
}
