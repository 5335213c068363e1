//! The ladder: nobody reaches up, nobody gives what they do not have.

use proto::{Patch, Permissions as P};

use super::*;
use crate::{
    guild::tests::code,
    member,
    testing::{TestGuild, World},
};

pub(crate) fn draft(name: &str, permissions: P) -> RoleDraft {
    RoleDraft {
        name: Patch::Value(name.to_owned()),
        permissions: Patch::Value(permissions),
        ..RoleDraft::default()
    }
}

/// The owner makes a role and gives it to somebody.
pub(crate) async fn given(
    world: &World,
    room: &TestGuild,
    owner: &Actor,
    to: &Actor,
    permissions: P,
) -> Role {
    let app = &world.app;
    let role = create(app, owner, room.id, draft("role", permissions)).await.expect("made");
    member::add_role(app, owner, room.id, to.user, role.id).await.expect("given");
    role
}

fn to(id: Id<marker::Role>, position: u32) -> RolePosition {
    RolePosition { id, position: Some(position) }
}

const INVALID: u32 = Code::INVALID_ROLE.0;

#[tokio::test]
async fn a_new_role_is_the_lowest_and_lifts_the_others() {
    let world = World::new().await;
    let app = &world.app;
    let anna = world.person("anna").await;
    let room = world.guild(&[&anna]).await;
    world.saw();
    let one = create(app, &anna, room.id, RoleDraft::default()).await.expect("made");
    assert_eq!((one.position, one.permissions), (1, P::DEFAULT_EVERYONE));
    assert_eq!(world.saw(), ["GUILD_ROLE_CREATE"]);
    let two = create(app, &anna, room.id, draft("two", P::NONE)).await.expect("made");
    assert_eq!(world.saw(), ["GUILD_ROLE_CREATE", "GUILD_ROLE_UPDATE"]);
    let all = list(app, &anna, room.id).await.expect("listed");
    let places: Vec<_> = all.iter().map(|role| (role.id, role.position)).collect();
    assert_eq!(places, [(room.id.cast(), 0), (two.id, 1), (one.id, 2)]);
}

#[tokio::test]
async fn nobody_gives_or_takes_a_permission_they_lack() {
    let world = World::new().await;
    let app = &world.app;
    let (anna, ben) = (world.person("anna").await, world.person("ben").await);
    let room = world.guild(&[&anna, &ben]).await;
    let id = room.id;
    assert_eq!(code(create(app, &ben, id, draft("x", P::NONE)).await), 50013);
    given(&world, &room, &anna, &ben, P::MANAGE_ROLES | P::KICK_MEMBERS).await;
    for wish in [P::ADMINISTRATOR, P::BAN_MEMBERS, P::ALL, P::KICK_MEMBERS | P::MANAGE_GUILD] {
        assert_eq!(code(create(app, &ben, id, draft("x", wish)).await), 50013, "{wish:?}");
    }
    let low = create(app, &ben, id, draft("low", P::KICK_MEMBERS)).await.expect("made");
    let lift = draft("low", P::KICK_MEMBERS | P::BAN_MEMBERS);
    assert_eq!(code(edit(app, &ben, id, low.id, lift).await), 50013);
    let bans = draft("low", P::BAN_MEMBERS);
    edit(app, &anna, id, low.id, bans).await.expect("the owner may");
    assert_eq!(code(edit(app, &ben, id, low.id, draft("low", P::NONE)).await), 50013);
    let rename = RoleDraft { name: Patch::Value("lower".to_owned()), ..Default::default() };
    edit(app, &ben, id, low.id, rename).await.expect("the rest he may change");
}

#[tokio::test]
async fn nobody_touches_their_own_highest_role_or_one_above() {
    let world = World::new().await;
    let app = &world.app;
    let (anna, ben) = (world.person("anna").await, world.person("ben").await);
    let room = world.guild(&[&anna, &ben]).await;
    let id = room.id;
    let high = create(app, &anna, id, draft("high", P::NONE)).await.expect("made");
    let own = given(&world, &room, &anna, &ben, P::MANAGE_ROLES).await;
    let low = create(app, &ben, id, draft("low", P::NONE)).await.expect("made");
    for role in [high.id, own.id] {
        assert_eq!(code(edit(app, &ben, id, role, RoleDraft::default()).await), 50013);
        assert_eq!(code(delete(app, &ben, id, role).await), 50013);
        assert_eq!(code(member::add_role(app, &ben, id, ben.user, role).await), 50013);
        assert_eq!(code(member::remove_role(app, &ben, id, ben.user, role).await), 50013);
    }
    for moves in
        [vec![to(low.id, 3)], vec![to(low.id, 2)], vec![to(own.id, 1)], vec![to(high.id, 1)]]
    {
        assert_eq!(code(reorder(app, &ben, id, moves).await), 50013);
    }
    member::add_role(app, &ben, id, anna.user, low.id).await.expect("a role below");
    let all = reorder(app, &anna, id, vec![to(low.id, 3)]).await.expect("moved");
    let places: Vec<_> = all.iter().map(|role| (role.id, role.position)).collect();
    assert_eq!(places, [(id.cast(), 0), (own.id, 1), (high.id, 2), (low.id, 3)]);
    assert_eq!(code(delete(app, &ben, id, low.id).await), 50013, "now it is above");
}

#[tokio::test]
async fn everyone_and_roles_of_bots_stay() {
    let world = World::new().await;
    let app = &world.app;
    let (anna, bot) =
        (world.person("anna").await, world.user("bot", crate::rows::UserKind::Bot).await);
    let room = world.guild(&[&anna, &bot]).await;
    let id = room.id;
    assert_eq!(code(delete(app, &anna, id, id.cast()).await), INVALID);
    let named = RoleDraft { name: Patch::Value("all".to_owned()), ..Default::default() };
    assert_eq!(edit(app, &anna, id, id.cast(), named).await.expect("ok").name, "@everyone");
    let unknown = Code::UNKNOWN_ROLE.0;
    assert_eq!(code(member::add_role(app, &anna, id, anna.user, id.cast()).await), unknown);
    let managed = RoleRow {
        guild_id: id,
        id: app.ids.next(),
        name: "bot".to_owned(),
        color: 0,
        hoist: false,
        position: 1,
        permissions: P::NONE,
        mentionable: false,
        bot_id: Some(bot.user),
    };
    let mut member = world.member_row(id, &bot);
    member.roles.push(managed.id);
    world.write(Batch::new().insert(&managed).put(&member)).await;
    assert_eq!(code(delete(app, &anna, id, managed.id).await), INVALID);
    let add = member::add_role(app, &anna, id, anna.user, managed.id).await;
    assert_eq!(code(add), 50013);
    world.saw();
    member::kick(app, &anna, id, bot.user).await.expect("kicked");
    assert_eq!(world.saw(), ["GUILD_MEMBER_REMOVE", "GUILD_ROLE_DELETE"]);
    assert_eq!(code(get(app, &anna, id, managed.id).await), unknown);
}

#[tokio::test]
async fn a_deleted_role_is_gone_from_members_and_channels() {
    let world = World::new().await;
    let app = &world.app;
    let (anna, ben) = (world.person("anna").await, world.person("ben").await);
    let room = world.guild(&[&anna, &ben]).await;
    let role = given(&world, &room, &anna, &ben, P::NONE).await;
    let overwrite = proto::permission::Overwrite {
        id: role.id.cast(),
        kind: proto::permission::OVERWRITE_ROLE,
        allow: P::MANAGE_MESSAGES,
        deny: P::NONE,
    };
    channel::set_overwrite(app, &anna, room.general, overwrite).await.expect("set");
    let epoch = app.channel(room.general).await.expect("there").0.epoch;
    world.saw();
    delete(app, &anna, room.id, role.id).await.expect("deleted");
    assert_eq!(world.saw(), ["GUILD_ROLE_DELETE", "CHANNEL_UPDATE"]);
    let ben = member::get(app, &anna, room.id, ben.user).await.expect("there");
    assert!(ben.roles.is_empty());
    let (channel, _) = app.channel(room.general).await.expect("there");
    assert!(channel.overwrites.is_empty() && channel.epoch > epoch);
}

#[tokio::test]
async fn wrong_drafts_are_refused() {
    let world = World::new().await;
    let app = &world.app;
    let (anna, eve) = (world.person("anna").await, world.person("eve").await);
    let room = world.guild(&[&anna]).await;
    let unknown = Code::UNKNOWN_GUILD.0;
    assert_eq!(code(create(app, &eve, room.id, RoleDraft::default()).await), unknown);
    assert_eq!(code(list(app, &eve, room.id).await), unknown);
    let color = RoleDraft { color: Patch::Value(0x100_0000), ..Default::default() };
    assert_eq!(code(create(app, &anna, room.id, color).await), 50035);
    assert_eq!(code(create(app, &anna, room.id, draft("\u{202e}x", P::NONE)).await), 50035);
    let missing = app.ids.next();
    assert_eq!(code(reorder(app, &anna, room.id, vec![to(missing, 1)]).await), INVALID);
    assert_eq!(code(delete(app, &anna, room.id, missing).await), Code::UNKNOWN_ROLE.0);
}
