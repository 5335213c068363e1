//! Channels: what they may be, who may change them, and who is let in.

use proto::{
    Permissions as P,
    channel::GUILD_CATEGORY,
    permission::{OVERWRITE_MEMBER, OVERWRITE_ROLE, Overwrite},
};

use super::*;
use crate::{
    guild::tests::{code, left, message_row},
    role::tests::given,
    rows::{MessageRow, UserKind},
    testing::World,
};

fn draft(name: &str) -> CreateChannel {
    serde_json::from_value(serde_json::json!({ "name": name })).expect("a draft")
}

fn of_kind(name: &str, kind: u8) -> CreateChannel {
    CreateChannel { kind: Some(kind), ..draft(name) }
}

fn patch(body: serde_json::Value) -> ModifyChannel {
    serde_json::from_value(body).expect("a draft")
}

fn role_overwrite(id: Id<marker::Role>, allow: P, deny: P) -> Overwrite {
    Overwrite { id: id.cast(), kind: OVERWRITE_ROLE, allow, deny }
}

fn own_overwrite(id: Id<marker::User>, allow: P, deny: P) -> Overwrite {
    Overwrite { id: id.cast(), kind: OVERWRITE_MEMBER, allow, deny }
}

const UNKNOWN: u32 = Code::UNKNOWN_CHANNEL.0;

#[tokio::test]
async fn text_channels_are_named_as_one_types_them() {
    let world = World::new().await;
    let app = &world.app;
    let anna = world.person("anna").await;
    let room = world.guild(&[&anna]).await;
    world.saw();
    let made = create(app, &anna, room.id, draft("  Ärger im Büro ")).await.expect("made");
    assert_eq!((made.name.as_deref(), made.position), (Some("ärger-im-büro"), Some(1)));
    assert_eq!(world.saw(), ["CHANNEL_CREATE"]);
    let voice = create(app, &anna, room.id, of_kind("Big Talk", GUILD_VOICE)).await.expect("made");
    assert_eq!(voice.name.as_deref(), Some("Big Talk"));
    for bad in ["", "  ", "-- -", "a\u{202e}b", "x\u{200b}y", "n\0", &"x".repeat(101)] {
        assert_eq!(code(create(app, &anna, room.id, draft(bad)).await), 50035, "{bad:?}");
    }
    for kind in [1, 3, 5, 10, 13, 15, 255] {
        assert_eq!(code(create(app, &anna, room.id, of_kind("x", kind)).await), 50035, "{kind}");
    }
}

#[tokio::test]
async fn numbers_have_their_limits() {
    let world = World::new().await;
    let app = &world.app;
    let anna = world.person("anna").await;
    let room = world.guild(&[&anna]).await;
    for (key, good, bad) in [
        ("rate_limit_per_user", 21_600_u64, 21_601_u64),
        ("bitrate", 8_000, 7_999),
        ("user_limit", 99, 100),
        ("position", 0, 1 << 31),
    ] {
        let body = |value: u64| patch(serde_json::json!({ key: value }));
        edit(app, &anna, room.voice, body(good)).await.expect(key);
        assert_eq!(code(edit(app, &anna, room.voice, body(bad)).await), 50035, "{key}");
    }
    let topic = |text: &str| patch(serde_json::json!({ "topic": text }));
    assert_eq!(code(edit(app, &anna, room.general, topic(&"t".repeat(1_025))).await), 50035);
    assert_eq!(code(edit(app, &anna, room.general, topic("a\u{2066}b")).await), 50035);
    world.saw();
    let seen = edit(app, &anna, room.general, topic("one\ntwo")).await.expect("changed");
    assert_eq!(seen.topic, Some(Some("one\ntwo".to_owned())));
    edit(app, &anna, room.general, topic("one\ntwo")).await.expect("nothing to do");
    assert_eq!(world.saw(), ["CHANNEL_UPDATE"]);
    let cleared = patch(serde_json::json!({ "topic": null }));
    let seen = edit(app, &anna, room.general, cleared).await.expect("changed");
    assert_eq!(seen.topic, Some(None));
}

#[tokio::test]
async fn a_category_holds_channels_and_lets_them_go() {
    let world = World::new().await;
    let app = &world.app;
    let anna = world.person("anna").await;
    let (room, other) = (world.guild(&[&anna]).await, world.guild(&[&anna]).await);
    let group = create(app, &anna, room.id, of_kind("Group", GUILD_CATEGORY)).await.expect("made");
    let deny = role_overwrite(room.id.cast(), P::NONE, P::VIEW_CHANNEL);
    set_overwrite(app, &anna, group.id, deny).await.expect("set");
    let inside = CreateChannel { parent_id: Some(group.id), ..draft("inside") };
    let inside = create(app, &anna, room.id, inside).await.expect("made");
    assert_eq!(inside.permission_overwrites.as_deref(), Some(&[deny][..]), "as its category");
    let wrong = [room.general, other.general, app.ids.next(), inside.id];
    for parent in wrong {
        let draft = CreateChannel { parent_id: Some(parent), ..draft("x") };
        assert_eq!(code(create(app, &anna, room.id, draft).await), 50035);
    }
    let nested = CreateChannel { parent_id: Some(group.id), ..of_kind("in", GUILD_CATEGORY) };
    assert_eq!(code(create(app, &anna, room.id, nested).await), 50035);
    world.saw();
    delete(app, &anna, group.id).await.expect("deleted");
    assert_eq!(world.saw(), ["CHANNEL_UPDATE", "CHANNEL_DELETE"]);
    let seen = get(app, &anna, inside.id).await.expect("still there");
    assert_eq!(seen.parent_id, Some(None));
}

#[tokio::test]
async fn what_cannot_be_seen_is_not_there() {
    let world = World::new().await;
    let app = &world.app;
    let (anna, ben, eve) =
        (world.person("anna").await, world.person("ben").await, world.person("eve").await);
    let room = world.guild(&[&anna, &ben]).await;
    given(&world, &room, &anna, &ben, P::MANAGE_CHANNELS | P::MANAGE_ROLES).await;
    let deny = role_overwrite(room.id.cast(), P::NONE, P::VIEW_CHANNEL);
    set_overwrite(app, &anna, room.general, deny).await.expect("set");
    let rename = || patch(serde_json::json!({ "name": "mine" }));
    for who in [&ben, &eve] {
        assert_eq!(code(get(app, who, room.general).await), UNKNOWN);
        assert_eq!(code(edit(app, who, room.general, rename()).await), UNKNOWN);
        assert_eq!(code(delete(app, who, room.general).await), UNKNOWN);
        assert_eq!(code(set_overwrite(app, who, room.general, deny).await), UNKNOWN);
        let gone = delete_overwrite(app, who, room.general, deny.id).await;
        assert_eq!(code(gone), UNKNOWN);
    }
    let moves = vec![ChannelPosition {
        id: room.general,
        position: Some(3),
        parent_id: Patch::Absent,
        lock_permissions: None,
    }];
    assert_eq!(code(reorder(app, &ben, room.id, moves).await), UNKNOWN);
    let seen = list(app, &ben, room.id).await.expect("listed");
    assert_eq!(seen.iter().map(|channel| channel.id).collect::<Vec<_>>(), [room.voice]);
    assert_eq!(list(app, &anna, room.id).await.expect("listed").len(), 2);
}

#[tokio::test]
async fn overwrites_hand_on_only_what_one_has() {
    let world = World::new().await;
    let app = &world.app;
    let (anna, ben) = (world.person("anna").await, world.person("ben").await);
    let room = world.guild(&[&anna, &ben]).await;
    let (id, place) = (room.id, room.general);
    assert_eq!(
        code(set_overwrite(app, &ben, place, own_overwrite(ben.user, P::NONE, P::NONE)).await),
        50013
    );
    given(&world, &room, &anna, &ben, P::MANAGE_ROLES | P::MANAGE_CHANNELS).await;
    for bits in [P::MANAGE_MESSAGES, P::ADMINISTRATOR, P::MANAGE_ROLES, P::ALL] {
        let up = own_overwrite(ben.user, bits, P::NONE);
        assert_eq!(code(set_overwrite(app, &ben, place, up).await), 50013, "{bits:?}");
        let down = role_overwrite(id.cast(), P::NONE, bits);
        assert_eq!(code(set_overwrite(app, &ben, place, down).await), 50013, "{bits:?}");
        let mut made = draft("own");
        made.permission_overwrites = Some(vec![up]);
        assert_eq!(code(create(app, &ben, id, made).await), 50013, "{bits:?}");
        let wanted = serde_json::json!({ "permission_overwrites": [up] });
        assert_eq!(code(edit(app, &ben, place, patch(wanted)).await), 50013, "{bits:?}");
    }
    let quiet = role_overwrite(id.cast(), P::NONE, P::SEND_MESSAGES);
    set_overwrite(app, &ben, place, quiet).await.expect("what he has he may deny");
    let strong = own_overwrite(ben.user, P::MANAGE_MESSAGES, P::NONE);
    set_overwrite(app, &anna, place, strong).await.expect("the owner gives all");
    let away = delete_overwrite(app, &ben, place, strong.id).await;
    away.expect("now it is one he has there");
}

#[tokio::test]
async fn overwrites_name_only_those_who_are_there() {
    let world = World::new().await;
    let app = &world.app;
    let (anna, eve) = (world.person("anna").await, world.person("eve").await);
    let room = world.guild(&[&anna]).await;
    let unknown = Code::UNKNOWN_OVERWRITE.0;
    let stranger = own_overwrite(eve.user, P::VIEW_CHANNEL, P::NONE);
    assert_eq!(code(set_overwrite(app, &anna, room.general, stranger).await), unknown);
    let nobody = role_overwrite(app.ids.next(), P::VIEW_CHANNEL, P::NONE);
    assert_eq!(code(set_overwrite(app, &anna, room.general, nobody).await), unknown);
    let kind = Overwrite { kind: 2, ..nobody };
    assert_eq!(code(set_overwrite(app, &anna, room.general, kind).await), 50035);
    assert_eq!(code(delete_overwrite(app, &anna, room.general, nobody.id).await), unknown);
    let wanted = patch(serde_json::json!({ "permission_overwrites": [nobody] }));
    assert_eq!(code(edit(app, &anna, room.general, wanted).await), 50035);
}

#[tokio::test]
async fn losing_sight_ends_the_addresses_of_files() {
    let world = World::new().await;
    let app = &world.app;
    let anna = world.person("anna").await;
    let room = world.guild(&[&anna]).await;
    let epoch = async || app.channel(room.general).await.expect("there").0.epoch;
    let quiet = role_overwrite(room.id.cast(), P::NONE, P::SEND_MESSAGES);
    set_overwrite(app, &anna, room.general, quiet).await.expect("set");
    assert_eq!(epoch().await, 0);
    let blind = role_overwrite(room.id.cast(), P::NONE, P::VIEW_CHANNEL);
    set_overwrite(app, &anna, room.general, blind).await.expect("set");
    assert_eq!(epoch().await, 1);
    delete_overwrite(app, &anna, room.general, blind.id).await.expect("removed");
    assert_eq!(epoch().await, 1);
}

#[tokio::test]
async fn a_deleted_channel_takes_its_messages_and_invites_with_it() {
    let world = World::new().await;
    let app = &world.app;
    let anna = world.person("anna").await;
    let room = world.guild(&[&anna]).await;
    for at in 0..5 {
        let row = message_row(app, room.id, room.general, anna.user, at);
        world.write(Batch::new().insert(&row)).await;
    }
    let invite = invite::create(app, &anna, room.general, Default::default()).await.expect("made");
    let system = proto::guild::ModifyGuild {
        system_channel_id: Patch::Value(room.general),
        ..Default::default()
    };
    guild::edit(app, &anna, room.id, system).await.expect("changed");
    world.saw();
    delete(app, &anna, room.general).await.expect("deleted");
    assert_eq!(world.saw(), ["INVITE_DELETE", "GUILD_UPDATE", "CHANNEL_DELETE"]);
    assert_eq!(code(get(app, &anna, room.general).await), UNKNOWN);
    assert_eq!(code(invite::get(app, &invite.code, true).await), Code::UNKNOWN_INVITE.0);
    purge::run_once(app).await.expect("purged");
    assert_eq!(left::<MessageRow>(&world).await, 0);
}

#[tokio::test]
async fn order_changes_as_asked() {
    let world = World::new().await;
    let app = &world.app;
    let (anna, ben) = (world.person("anna").await, world.user("b", UserKind::Guest).await);
    let room = world.guild(&[&anna, &ben]).await;
    let group = create(app, &anna, room.id, of_kind("Group", GUILD_CATEGORY)).await.expect("made");
    let moves = || -> Vec<ChannelPosition> {
        let body = serde_json::json!([
            { "id": room.general, "position": 4, "parent_id": group.id },
            { "id": room.voice, "position": 2 },
        ]);
        serde_json::from_value(body).expect("moves")
    };
    assert_eq!(code(reorder(app, &ben, room.id, moves()).await), 50013);
    world.saw();
    reorder(app, &anna, room.id, moves()).await.expect("moved");
    assert_eq!(world.saw(), ["CHANNEL_UPDATE", "CHANNEL_UPDATE"]);
    reorder(app, &anna, room.id, moves()).await.expect("nothing to do");
    assert_eq!(world.saw(), [] as [&str; 0]);
    let seen = get(app, &anna, room.general).await.expect("there");
    assert_eq!((seen.position, seen.parent_id), (Some(4), Some(Some(group.id))));
}

#[tokio::test]
async fn there_are_no_more_channels_than_the_limit() {
    let limits = proto::Limits { guild_channels: 3, ..Default::default() };
    let world = World::with_limits(limits).await;
    let app = &world.app;
    let anna = world.person("anna").await;
    let room = world.guild(&[&anna]).await;
    create(app, &anna, room.id, draft("third")).await.expect("made");
    assert_eq!(code(create(app, &anna, room.id, draft("x")).await), Code::MAX_CHANNELS.0);
}
