//! Rooms from founding to the end.

use proto::{
    Code, Patch, Permissions,
    guild::{ModifyGuild, Visibility},
    osc::{CreateGuild, ModifyGuildOsc},
};

use super::*;
use crate::{
    Error,
    bus::Audience,
    invite,
    message::Around,
    rows::{InviteRow, MessageRow, PurgeRow},
    testing::World,
};

pub(crate) fn draft(name: &str, visibility: Visibility) -> CreateGuild {
    CreateGuild {
        name: name.to_owned(),
        visibility,
        description: None,
        icon: None,
        guests_write: None,
    }
}

/// The code of a refusal; 50035 for a wrong field, 50013 for a missing permission.
pub(crate) fn code<T: std::fmt::Debug>(result: Result<T>) -> u32 {
    match result {
        Err(Error::Reject(Reject::Unknown(code) | Reject::Refused(code))) => code.0,
        Err(Error::Reject(Reject::Forbidden(_))) => 50013,
        Err(Error::Reject(Reject::Invalid(_))) => 50035,
        other => panic!("not a refusal: {other:?}"),
    }
}

const UNKNOWN: u32 = Code::UNKNOWN_GUILD.0;

#[tokio::test]
async fn a_new_room_is_listed_at_once_and_its_founder_is_in_it() {
    let world = World::new().await;
    let app = &world.app;
    let anna = world.user("anna", UserKind::Guest).await;
    world.saw();
    let room = create(app, &anna, draft("Café Ölpest", Visibility::Public)).await.expect("made");
    assert_eq!(world.saw(), ["GUILD_MEMBER_ADD"]);
    assert_eq!(room.osc.as_ref().and_then(|osc| osc.slug.as_deref()), Some("cafe-olpest"));
    assert_eq!(room.owner_id, anna.user);
    let channels = channel::list(app, &anna, room.id).await.expect("seen");
    let names: Vec<_> = channels.iter().filter_map(|c| c.name.as_deref()).collect();
    assert_eq!(names, ["general", "Voice"]);
    let listed = directory::list(app, None, Default::default(), None, None).await.expect("listed");
    assert_eq!(listed.items[0].id, room.id);
    assert_eq!(listed.items[0].member_count, 1);
    assert_eq!(by_slug(app, None, "cafe-olpest").await.expect("found").id, room.id);
    let mine = mine(app, &anna, Mine::default()).await.expect("mine");
    assert!(mine.len() == 1 && mine[0].owner && mine[0].permissions == Permissions::ALL);
}

#[tokio::test]
async fn addresses_are_unique_and_never_given_again() {
    let world = World::new().await;
    let app = &world.app;
    let (anna, ben) = (world.person("anna").await, world.person("ben").await);
    let slug = |room: &Guild| room.osc.as_ref().and_then(|osc| osc.slug.clone());
    let public = Visibility::Public;
    let one = create(app, &anna, draft("Tea", public)).await.expect("made");
    let two = create(app, &ben, draft("TEA!", public)).await.expect("made");
    assert_eq!((slug(&one).as_deref(), slug(&two).as_deref()), (Some("tea"), Some("tea-2")));
    let change = |visibility, slug| ModifyGuildOsc { visibility, slug, guests_write: None };
    let wish = Patch::Value("tea".to_owned());
    assert_eq!(code(edit_osc(app, &ben, two.id, change(None, wish)).await), Code::SLUG_TAKEN.0);
    let hidden = change(Some(Visibility::Unlisted), Patch::Absent);
    let hidden = edit_osc(app, &anna, one.id, hidden).await.expect("changed");
    let secret = slug(&hidden).expect("an address by chance");
    assert_eq!(secret.len(), 16);
    assert_eq!(code(by_slug(app, None, "tea").await), UNKNOWN, "the guessable address ends");
    assert_eq!(by_slug(app, None, &secret).await.expect("found").id, one.id);
    let renewed = edit_osc(app, &anna, one.id, change(None, Patch::Null)).await.expect("changed");
    assert_ne!(slug(&renewed), Some(secret.clone()));
    assert_eq!(code(by_slug(app, None, &secret).await), UNKNOWN);
    delete(app, &anna, one.id).await.expect("deleted");
    let again = create(app, &anna, draft("tea", public)).await.expect("made");
    assert_eq!(slug(&again).as_deref(), Some("tea-3"));
    for bad in ["a", "Tea", "-tea", "te--a", "te a", "tée"] {
        let wish = change(None, Patch::Value(bad.to_owned()));
        assert_eq!(code(edit_osc(app, &anna, again.id, wish).await), 50035, "{bad}");
    }
}

#[tokio::test]
async fn many_rooms_of_one_name_at_once_all_get_an_address() {
    let world = World::new().await;
    let mut people = Vec::new();
    for at in 0..12 {
        people.push(world.person(&format!("p{at}")).await);
    }
    let makers = people.iter().map(|p| create(&world.app, p, draft("same", Visibility::Public)));
    let makers: Vec<_> = makers.map(Box::pin).collect();
    let mut slugs = std::collections::BTreeSet::new();
    for made in futures_of(makers).await {
        slugs.insert(made.expect("made").osc.and_then(|osc| osc.slug));
    }
    assert_eq!(slugs.len(), 12);
}

/// Runs futures beside each other on one task.
pub(crate) async fn futures_of<F: Future + Unpin>(mut futures: Vec<F>) -> Vec<F::Output> {
    let mut done: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, done) in futures.iter_mut().zip(&mut done) {
            if done.is_none()
                && let std::task::Poll::Ready(output) = std::pin::Pin::new(future).poll(context)
            {
                *done = Some(output);
            }
        }
        if done.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    done.into_iter().map(|output| output.expect("done")).collect()
}

#[tokio::test]
async fn a_private_room_is_as_if_it_were_not() {
    let world = World::new().await;
    let app = &world.app;
    let (anna, eve) = (world.person("anna").await, world.person("eve").await);
    let room = create(app, &anna, draft("den", Visibility::Private)).await.expect("made");
    assert_eq!(room.osc.as_ref().and_then(|osc| osc.slug.clone()), None);
    assert_eq!(code(get(app, &eve, room.id, true).await), UNKNOWN);
    assert_eq!(code(member::join(app, &eve, room.id, Default::default()).await), UNKNOWN);
    assert_eq!(code(preview(app, Some(&eve), room.id, None, Around::End, None).await), UNKNOWN);
    assert_eq!(code(edit(app, &eve, room.id, ModifyGuild::default()).await), UNKNOWN);
    assert_eq!(code(delete(app, &eve, room.id).await), UNKNOWN);
    assert_eq!(code(hand_over(app, &eve, room.id, eve.user).await), UNKNOWN);
    assert_eq!(code(channel::list(app, &eve, room.id).await), UNKNOWN);
    assert!(
        directory::list(app, None, Default::default(), None, None)
            .await
            .expect("page")
            .items
            .is_empty()
    );
    assert!(
        directory::list(app, Some("den"), Default::default(), None, None)
            .await
            .expect("page")
            .items
            .is_empty()
    );
    // Anna, who is in it, may knock as often as she likes.
    assert_eq!(
        member::join(app, &anna, room.id, Default::default()).await.expect("in it").id,
        room.id
    );
}

#[tokio::test]
async fn going_private_leaves_no_trace_in_the_directory() {
    let world = World::new().await;
    let app = &world.app;
    let anna = world.person("anna").await;
    let room = create(app, &anna, draft("open", Visibility::Public)).await.expect("made");
    // What the refresh read before the change must not come back after it.
    app.cache.touched.touch(room.id);
    let to = |visibility| ModifyGuildOsc { visibility: Some(visibility), ..Default::default() };
    edit_osc(app, &anna, room.id, to(Visibility::Private)).await.expect("changed");
    directory::refresh_dirty(app).await.expect("refreshed");
    assert!(
        directory::list(app, None, Default::default(), None, None)
            .await
            .expect("page")
            .items
            .is_empty()
    );
    assert_eq!(code(by_slug(app, None, "open").await), UNKNOWN);
    let back = edit_osc(app, &anna, room.id, to(Visibility::Public)).await.expect("changed");
    assert_eq!(
        directory::list(app, None, Default::default(), None, None).await.expect("page").items.len(),
        1
    );
    assert_eq!(back.features, ["DISCOVERABLE"]);
}

#[tokio::test]
async fn who_may_change_a_room_and_how() {
    let world = World::new().await;
    let app = &world.app;
    let (anna, ben) = (world.person("anna").await, world.person("ben").await);
    let room = world.guild(&[&anna, &ben]).await;
    let name = |name: &str| ModifyGuild { name: Some(name.to_owned()), ..Default::default() };
    assert_eq!(code(edit(app, &ben, room.id, name("Bens")).await), 50013);
    world.saw();
    assert_eq!(
        edit(app, &anna, room.id, name("  New   name ")).await.expect("ok").name,
        "New name"
    );
    assert_eq!(world.saw(), ["GUILD_UPDATE"]);
    edit(app, &anna, room.id, name("New name")).await.expect("nothing to do");
    assert_eq!(world.saw(), [] as [&str; 0]);
    for bad in ["", "   ", "a\u{202e}b", "x\0y", &"n".repeat(101)] {
        assert_eq!(code(edit(app, &anna, room.id, name(bad)).await), 50035, "{bad:?}");
    }
    let channel = Patch::Value(room.voice);
    let draft = ModifyGuild { system_channel_id: channel, ..Default::default() };
    assert_eq!(code(edit(app, &anna, room.id, draft).await), 50035);
}

#[tokio::test]
async fn the_owner_hands_over_to_somebody_with_an_account_and_only_then_leaves() {
    let world = World::new().await;
    let app = &world.app;
    let (anna, ben) = (world.person("anna").await, world.person("ben").await);
    let (guest, eve) = (world.user("gus", UserKind::Guest).await, world.person("eve").await);
    let room = world.guild(&[&anna, &ben, &guest]).await;
    assert_eq!(code(member::leave(app, &anna, room.id).await), Code::OWNER_CANNOT_LEAVE.0);
    assert_eq!(code(hand_over(app, &ben, room.id, ben.user).await), 50013);
    assert_eq!(code(hand_over(app, &anna, room.id, eve.user).await), Code::UNKNOWN_MEMBER.0);
    assert_eq!(code(hand_over(app, &anna, room.id, guest.user).await), 50035);
    world.saw();
    let handed = hand_over(app, &anna, room.id, ben.user).await.expect("handed over");
    assert_eq!((handed.owner_id, world.saw()), (ben.user, vec!["GUILD_UPDATE"]));
    member::leave(app, &anna, room.id).await.expect("left");
    assert_eq!(world.saw(), ["GUILD_MEMBER_REMOVE"]);
    assert_eq!(code(member::leave(app, &anna, room.id).await), UNKNOWN);
}

#[tokio::test]
async fn a_deleted_room_goes_whole_and_in_pieces() {
    let world = World::new().await;
    let app = &world.app;
    let (anna, ben) = (world.person("anna").await, world.person("ben").await);
    let room = create(app, &anna, draft("gone soon", Visibility::Public)).await.expect("made");
    member::join(app, &ben, room.id, Default::default()).await.expect("joined");
    let text = channel::list(app, &anna, room.id).await.expect("seen")[0].id;
    invite::create(app, &anna, text, Default::default()).await.expect("invited");
    for at in 0..250 {
        let row = message_row(app, room.id, text, ben.user, at);
        world.write(Batch::new().insert(&row)).await;
    }
    assert_eq!(code(delete(app, &ben, room.id).await), 50013);
    world.saw();
    delete(app, &anna, room.id).await.expect("deleted");
    let told = world.published();
    let Event::Dispatch(audience, event) = &told[0].event else { panic!("an event") };
    assert_eq!((event.name(), audience), ("GUILD_DELETE", &Audience::Guild(room.id)));
    assert_eq!(code(get(app, &anna, room.id, false).await), UNKNOWN);
    assert_eq!(code(by_slug(app, None, "gone-soon").await), UNKNOWN);
    assert!(mine(app, &ben, Mine::default()).await.expect("mine").is_empty());
    assert!(
        directory::list(app, None, Default::default(), None, None)
            .await
            .expect("page")
            .items
            .is_empty()
    );
    purge::run_once(app).await.expect("purged");
    assert!(left::<MessageRow>(&world).await == 0 && left::<InviteRow>(&world).await == 0);
    assert!(left::<MemberRow>(&world).await == 0 && left::<ChannelRow>(&world).await == 0);
    assert_eq!(left::<RoleRow>(&world).await, 0);
    purge::run_once(app).await.expect("purged");
    assert_eq!(left::<PurgeRow>(&world).await, 0);
}

pub(crate) async fn left<E: crate::store::Entity>(world: &World) -> usize {
    world.app.disk.scan::<E>(Scan::of::<E>()).await.expect("scanned").len()
}

pub(crate) fn message_row(
    app: &App,
    guild: Id<marker::Guild>,
    channel: Id<marker::Channel>,
    author: Id<marker::User>,
    at: usize,
) -> MessageRow {
    MessageRow {
        channel_id: channel,
        id: app.ids.next(),
        guild_id: Some(guild),
        author_id: author,
        kind: 0,
        content: format!("message {at}"),
        edited_at: None,
        mention_everyone: false,
        mentions: Vec::new(),
        mention_roles: Vec::new(),
        attachments: Vec::new(),
        embeds: Vec::new(),
        components: Vec::new(),
        pinned: false,
        flags: 0,
        reactions: Vec::new(),
        reference: None,
        nonce: None,
        webhook: None,
        answers: None,
    }
}

#[tokio::test]
async fn a_guest_owns_few_rooms_and_nobody_is_in_too_many() {
    let limits = proto::Limits { guest_owned_guilds: 1, user_guilds: 2, ..Default::default() };
    let world = World::with_limits(limits).await;
    let app = &world.app;
    let (guest, anna) = (world.user("gus", UserKind::Guest).await, world.person("anna").await);
    let bot = world.user("bot", UserKind::Bot).await;
    let public = || draft("r", Visibility::Public);
    create(app, &guest, public()).await.expect("the first");
    assert_eq!(code(create(app, &guest, public()).await), Code::MAX_GUILDS.0);
    assert_eq!(code(create(app, &bot, public()).await), Code::PEOPLE_ONLY.0);
    let one = create(app, &anna, public()).await.expect("made");
    create(app, &anna, public()).await.expect("made");
    assert_eq!(code(create(app, &anna, public()).await), Code::MAX_GUILDS.0);
    delete(app, &anna, one.id).await.expect("deleted");
    create(app, &anna, public()).await.expect("the deleted one counts no more");
}

#[tokio::test]
async fn a_visitor_reads_what_everyone_may_read() {
    let world = World::new().await;
    let app = &world.app;
    let anna = world.person("anna").await;
    let room = world.guild(&[&anna]).await;
    for at in 0..3 {
        let row = message_row(app, room.id, room.general, anna.user, at);
        world.write(Batch::new().insert(&row)).await;
    }
    let hidden = proto::permission::Overwrite {
        id: room.id.cast(),
        kind: proto::permission::OVERWRITE_ROLE,
        allow: Permissions::NONE,
        deny: Permissions::VIEW_CHANNEL,
    };
    let secret = proto::channel::CreateChannel {
        name: "secret".to_owned(),
        kind: None,
        topic: None,
        bitrate: None,
        user_limit: None,
        rate_limit_per_user: None,
        position: None,
        permission_overwrites: Some(vec![hidden]),
        parent_id: None,
        nsfw: None,
        default_auto_archive_duration: None,
        default_thread_rate_limit_per_user: None,
    };
    let secret = channel::create(app, &anna, room.id, secret).await.expect("made");
    let seen = preview(app, None, room.id, None, Around::End, Some(2)).await.expect("seen");
    assert_eq!(seen.channel_id, Some(room.general));
    assert_eq!(seen.channels.len(), 2, "without the hidden one");
    assert_eq!(seen.messages.len(), 2);
    assert_eq!(seen.messages[0].content, "message 2", "newest first");
    let unknown = Code::UNKNOWN_CHANNEL.0;
    let asked = preview(app, Some(&anna), room.id, Some(secret.id), Around::End, None).await;
    assert_eq!(code(asked), unknown, "not even its owner, here");
    let asked = preview(app, None, room.id, None, Around::End, Some(101)).await;
    assert_eq!(code(asked), 50035);
}
