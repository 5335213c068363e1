//! What is found, by whom, and what a crash leaves.

use std::sync::Arc;

use proto::{
    Patch,
    channel::{PRIVATE_THREAD, PUBLIC_THREAD},
    message::{CreateMessage, EditMessage},
    thread::CreateThread,
};

use super::*;
use crate::{
    channel, dm, due, guild,
    rows::{ChannelRow, MetaRow, ReindexRow},
    store::{Batch, Entity as _, Scan, Search, memory::MemoryStore},
    testing::{TestGuild, World},
};

async fn say(world: &World, who: &Actor, at: Id<marker::Channel>, text: &str) -> Message {
    let draft = CreateMessage { content: Some(text.to_owned()), ..Default::default() };
    message::send(&world.app, who, at, draft, vec![]).await.expect("sent")
}

fn content(text: &str) -> SearchQuery {
    SearchQuery { content: Some(text.to_owned()), ..Default::default() }
}

/// The contents of what is found.
async fn finds(world: &World, who: &Actor, at: Id<marker::Guild>, ask: SearchQuery) -> Vec<String> {
    match super::guild(&world.app, who, at, ask).await.expect("an answer") {
        Answer::Found(found) => {
            found.messages.into_iter().flatten().map(|found| found.message.content).collect()
        }
        Answer::NotReady(_) => panic!("not ready"),
    }
}

#[tokio::test]
async fn words_beginnings_phrases_and_all_scripts_are_found() {
    let world = World::new().await;
    let alice = world.person("alice").await;
    let room = world.guild(&[&alice]).await;
    for text in ["Café au lait", "lait and tea", "我吃饭了", "see https://example.org/x"] {
        say(&world, &alice, room.general, text).await;
    }
    let ask = async |text: &str| finds(&world, &alice, room.id, content(text)).await;
    assert_eq!(ask("cafe").await, ["Café au lait"]);
    assert_eq!(ask("LAI").await, ["lait and tea", "Café au lait"]);
    assert_eq!(ask("\"au lait\"").await, ["Café au lait"]);
    assert_eq!(ask("\"lait au\"").await, [""; 0]);
    assert_eq!(ask("吃饭").await, ["我吃饭了"]);
    assert_eq!(ask("tea lait").await, ["lait and tea"]);
    assert_eq!(ask("??").await, [""; 0], "signs alone find nothing");
    assert_eq!(ask("").await.len(), 4);
    let links = SearchQuery { has: vec!["link".to_owned()], ..Default::default() };
    assert_eq!(finds(&world, &alice, room.id, links).await.len(), 1);
    let host = SearchQuery { link_hostname: vec!["example.org".to_owned()], ..Default::default() };
    assert_eq!(finds(&world, &alice, room.id, host).await.len(), 1);
    let none = SearchQuery { has: vec!["-link".to_owned()], ..Default::default() };
    assert_eq!(finds(&world, &alice, room.id, none).await.len(), 3);
    let first = SearchQuery {
        sort_order: Some("asc".to_owned()),
        limit: Some(1),
        offset: Some(1),
        ..content("lait")
    };
    assert_eq!(finds(&world, &alice, room.id, first).await, ["lait and tea"]);
    for bad in [
        SearchQuery { limit: Some(26), ..Default::default() },
        SearchQuery { offset: Some(9_976), ..Default::default() },
        SearchQuery { has: vec!["money".to_owned()], ..Default::default() },
        SearchQuery { sort_by: Some("luck".to_owned()), ..Default::default() },
        content(&"x".repeat(1_025)),
    ] {
        assert!(super::guild(&world.app, &alice, room.id, bad.clone()).await.is_err(), "{bad:?}");
    }
}

#[tokio::test]
async fn edits_deletes_and_what_is_gone_follow() {
    let world = World::new().await;
    let alice = world.person("alice").await;
    let room = world.guild(&[&alice]).await;
    let app = &world.app;
    let one = say(&world, &alice, room.general, "first").await;
    let two = say(&world, &alice, room.general, "first too").await;
    let ask = async |text: &str| finds(&world, &alice, room.id, content(text)).await.len();
    assert_eq!(ask("first").await, 2);
    let change = EditMessage { content: Patch::Value("second".to_owned()), ..Default::default() };
    message::edit(app, &alice, room.general, one.id, change, vec![]).await.expect("edited");
    assert_eq!((ask("first").await, ask("second").await), (1, 1));
    message::delete(app, &alice, room.general, two.id).await.expect("deleted");
    assert_eq!((ask("first").await, ask("second").await), (0, 1));
    channel::delete(app, &alice, room.general).await.expect("deleted");
    guild::delete(app, &alice, room.id).await.expect("deleted");
    for _ in 0..3 {
        due::run_once(app).await;
    }
    let left = app.disk.scan::<MessageTextRow>(Scan::of::<MessageTextRow>()).await.expect("reads");
    assert_eq!(left, []);
    assert_eq!(app.disk.scan::<ReindexRow>(Scan::of::<ReindexRow>()).await.expect("reads"), []);
}

#[tokio::test]
async fn nobody_finds_what_they_may_not_read() {
    let world = World::new().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let eve = world.person("eve").await;
    let room = world.guild(&[&alice, &bob]).await;
    say(&world, &alice, room.general, "a secret").await;
    assert_eq!(finds(&world, &bob, room.id, content("secret")).await.len(), 1);
    let hidden = proto::permission::Overwrite {
        id: room.id.cast(),
        kind: proto::permission::OVERWRITE_ROLE,
        allow: Permissions::NONE,
        deny: Permissions::READ_MESSAGE_HISTORY,
    };
    let (row, _) = world.app.channel(room.general).await.expect("there");
    let row = ChannelRow { overwrites: vec![hidden], ..(*row).clone() };
    world.write(Batch::new().put(&row)).await;
    assert_eq!(finds(&world, &bob, room.id, content("secret")).await, [""; 0]);
    let there = SearchQuery { channel_id: vec![room.general], ..content("secret") };
    assert_eq!(finds(&world, &bob, room.id, there).await, [""; 0]);
    assert_eq!(finds(&world, &alice, room.id, content("secret")).await.len(), 1);
    assert!(super::guild(&world.app, &eve, room.id, content("secret")).await.is_err());
    assert!(super::channel(&world.app, &bob, room.general, content("x")).await.is_err());
    let direct = dm::open(&world.app, &alice, bob.user).await.expect("open").id;
    say(&world, &alice, direct, "psst secret").await;
    let Answer::Found(found) =
        super::channel(&world.app, &bob, direct, content("psst")).await.expect("an answer")
    else {
        panic!("not ready");
    };
    assert_eq!(found.total_results, 1);
    assert!(super::channel(&world.app, &eve, direct, content("psst")).await.is_err());
    assert_eq!(finds(&world, &alice, room.id, content("psst")).await, [""; 0]);
}

#[tokio::test]
async fn what_was_written_before_there_was_an_index_is_taken_in() {
    let world = World::new().await;
    let alice = world.person("alice").await;
    let room = world.guild(&[&alice]).await;
    let (mut old, mut noted) = (Batch::new(), Batch::new());
    for n in 0..600 {
        let row = MessageRow {
            channel_id: room.general,
            id: world.app.ids.next(),
            author_id: alice.user,
            guild_id: Some(room.id),
            kind: 0,
            content: format!("old {n}"),
            edited_at: None,
            mention_everyone: false,
            mentions: vec![],
            mention_roles: vec![],
            attachments: vec![],
            embeds: vec![],
            components: vec![],
            pinned: false,
            flags: 0,
            reactions: vec![],
            reference: None,
            nonce: None,
            webhook: None,
            answers: None,
        };
        noted = noted.delete::<ReindexRow>(row.id);
        old = old.put(&row);
    }
    world.write(old).await;
    world.write(noted).await;
    let first = super::guild(&world.app, &alice, room.id, content("old")).await.expect("ok");
    let Answer::NotReady(wait) = first else { panic!("500 of 600 are in") };
    assert_eq!((wait.code, wait.documents_indexed), (110_000, 500));
    due::run_once(&world.app).await;
    let Answer::Found(found) =
        super::guild(&world.app, &alice, room.id, content("old")).await.expect("ok")
    else {
        panic!("all are in");
    };
    assert_eq!((found.total_results, found.messages.len()), (600, 25));
    let progress = world.app.disk.get::<MetaRow>("message_index").await.expect("reads");
    assert_eq!(progress.expect("kept").value["whole"], true);
    let raw = Search::new(MessageTextRow::TABLE, vec![tag('c', room.general)], 9);
    assert_eq!(world.app.disk.search::<marker::Message>(&raw).await.expect("reads").len(), 9);
}

async fn begin(world: &World, who: &Actor, room: &TestGuild, kind: u8) -> Id<marker::Channel> {
    let draft = serde_json::json!({ "name": "Surprise", "type": kind });
    let draft: CreateThread = serde_json::from_value(draft).expect("a draft");
    thread::begin(&world.app, who, room.general, draft).await.expect("begun").id
}

#[tokio::test]
async fn threads_are_searched_by_those_who_see_them() {
    let world = World::new().await;
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| world.person(name));
    let (alice, bob, carol) = (alice.await, bob.await, carol.await);
    let room = world.guild(&[&alice, &bob, &carol]).await;
    world.app.guild(room.id).await.expect("active");
    let open = begin(&world, &alice, &room, PUBLIC_THREAD).await;
    let closed = begin(&world, &alice, &room, PRIVATE_THREAD).await;
    say(&world, &alice, room.general, "no cake").await;
    say(&world, &alice, open, "open cake").await;
    say(&world, &alice, closed, "closed cake").await;
    thread::add(&world.app, &alice, closed, bob.user).await.expect("added");

    let ask = async |who: &Actor, change: &dyn Fn(SearchQuery) -> SearchQuery| {
        let ask = SearchQuery { sort_order: Some("asc".to_owned()), ..content("cake") };
        finds(&world, who, room.id, change(ask)).await
    };
    let all = ["no cake", "open cake", "closed cake"];
    assert_eq!(ask(&alice, &|ask| ask).await, all);
    assert_eq!(ask(&bob, &|ask| ask).await, all);
    assert_eq!(ask(&carol, &|ask| ask).await, all[..2]);
    let at = |ids: &[Id<marker::Channel>]| {
        let channel_id = ids.to_vec();
        move |ask| SearchQuery { channel_id: channel_id.clone(), ..ask }
    };
    assert_eq!(ask(&bob, &at(&[room.general])).await, all, "with what hangs on it");
    assert_eq!(ask(&carol, &at(&[room.general])).await, all[..2]);
    assert_eq!(ask(&bob, &at(&[closed])).await, all[2..]);
    assert_eq!(ask(&carol, &at(&[closed])).await, [""; 0]);
    assert_eq!(ask(&carol, &at(&[open, closed])).await, all[1..2]);
    assert!(super::channel(&world.app, &carol, closed, content("cake")).await.is_err());

    // What holds counts must hold them for all: nobody learns of what they cannot read.
    let Answer::Found(found) =
        super::guild(&world.app, &carol, room.id, content("cake")).await.expect("an answer")
    else {
        panic!("not ready");
    };
    assert_eq!((found.total_results, found.threads.len()), (2, 1));
    assert_eq!((found.threads[0].id, found.members.len()), (open, 0));

    // The owner manages threads: an archived one that nobody is in any more is hers as well.
    thread::remove(&world.app, &alice, closed, bob.user).await.expect("removed");
    thread::leave(&world.app, &alice, closed).await.expect("left");
    assert_eq!(ask(&bob, &|ask| ask).await, all[..2]);
    assert_eq!(ask(&alice, &|ask| ask).await, all);
    thread::delete(&world.app, &alice, closed).await.expect("deleted");
    for _ in 0..2 {
        due::run_once(&world.app).await;
    }
    assert_eq!(ask(&alice, &|ask| ask).await, all[..2]);
}

#[tokio::test]
async fn rooms_for_adults_are_searched_only_if_asked_for() {
    let world = World::new().await;
    let alice = world.person("alice").await;
    let room = world.guild(&[&alice]).await;
    let (row, _) = world.app.channel(room.general).await.expect("there");
    let id = world.app.ids.next();
    let row = ChannelRow { nsfw: true, id, name: "late".to_owned(), ..(*row).clone() };
    world.write(Batch::new().put(&row)).await;
    say(&world, &alice, room.general, "early show").await;
    say(&world, &alice, id, "late show").await;
    assert_eq!(finds(&world, &alice, room.id, content("show")).await, ["early show"]);
    let with = SearchQuery { include_nsfw: Some(true), ..content("show") };
    assert_eq!(finds(&world, &alice, room.id, with).await.len(), 2);
}

#[tokio::test]
async fn a_crash_or_a_new_kind_of_index_loses_nothing() {
    let store = Arc::new(MemoryStore::default());
    let world = World::over(store.clone()).await;
    let alice = world.person("alice").await;
    let room = world.guild(&[&alice]).await;
    say(&world, &alice, room.general, "first words").await;
    assert_eq!(finds(&world, &alice, room.id, content("words")).await.len(), 1);
    let gone = say(&world, &alice, room.general, "gone words").await;
    assert_eq!(finds(&world, &alice, room.id, content("words")).await.len(), 2);
    // Noted down with the messages themselves, but not indexed when the server ends.
    say(&world, &alice, room.general, "last words").await;
    message::delete(&world.app, &alice, room.general, gone.id).await.expect("deleted");
    let noted = world.app.disk.scan::<ReindexRow>(Scan::of::<ReindexRow>()).await.expect("reads");
    assert_eq!(noted.len(), 2);
    drop(world);

    let world = World::over(store.clone()).await;
    let found = finds(&world, &alice, room.id, content("words")).await;
    assert_eq!(found, ["last words", "first words"]);

    // As an older server left it: all is taken in anew.
    let stale = MetaRow {
        name: "message_index".to_owned(),
        value: serde_json::json!({ "version": 0, "whole": true, "channel": 0, "message": 0,
            "count": 0 }),
    };
    let lost: Vec<_> =
        world.app.disk.scan::<MessageTextRow>(Scan::of::<MessageTextRow>()).await.expect("reads");
    let batch = lost.iter().fold(Batch::new().put(&stale), |batch, row| {
        batch.delete::<MessageTextRow>(row.message_id)
    });
    world.write(batch).await;
    drop(world);
    let world = World::over(store).await;
    assert_eq!(finds(&world, &alice, room.id, content("words")).await, found);
}
