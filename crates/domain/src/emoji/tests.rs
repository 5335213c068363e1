//! What goes with a room, an application or a crash.

use bytes::Bytes;
use proto::emoji::CreateEmoji;

use super::*;
use crate::{bot, picture, purge, testing::World};

/// One pixel.
const PIXEL: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAD\
UlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

fn draft(name: &str) -> CreateEmoji {
    CreateEmoji { name: name.to_owned(), image: PIXEL.to_owned(), roles: None }
}

async fn blobs(world: &World) -> usize {
    world.app.blobs.list().await.expect("a list").len()
}

#[tokio::test]
async fn emoji_go_with_their_room_and_their_bot() {
    let world = World::new().await;
    let app = &world.app;
    let alice = world.person("alice").await;
    let room = world.guild(&[&alice]).await;
    app.guild(room.id).await.expect("active");
    let made = create(app, &alice, room.id, draft("cat")).await.expect("made");
    let echo = proto::bot::CreateBot { name: "Echo".to_owned() };
    let echo = bot::create(app, &alice, echo).await.expect("a bot").user.id;
    application::create(app, &alice, echo.cast(), draft("dog")).await.expect("made");
    assert_eq!((blobs(&world).await, world.saw()), (2, vec!["GUILD_EMOJIS_UPDATE"]));
    assert!(blob(app, made.id).await.expect("reads").is_some());

    bot::delete(app, &alice, echo).await.expect("deleted");
    purge::run_once(app).await.expect("runs");
    assert_eq!(blobs(&world).await, 1);
    guild::delete(app, &alice, room.id).await.expect("deleted");
    purge::run_once(app).await.expect("runs");
    assert_eq!(blobs(&world).await, 0);
    assert_eq!(app.disk.scan::<EmojiRow>(Scan::of::<EmojiRow>()).await.expect("reads"), []);
}

#[tokio::test]
async fn a_sweep_removes_only_pictures_without_an_emoji() {
    let world = World::new().await;
    let app = &world.app;
    let alice = world.person("alice").await;
    let room = world.guild(&[&alice]).await;
    app.guild(room.id).await.expect("active");
    create(app, &alice, room.id, draft("cat")).await.expect("made");
    let mut lost = app.blobs.begin().await.expect("begins");
    lost.append(Bytes::from_static(b"x")).await.expect("appends");
    lost.finish("emoji/7/lost").await.expect("finishes");
    let names = app.blobs.list().await.expect("a list");
    assert_eq!(picture::sweep(app, &names).await.expect("sweeps"), 1);
    assert_eq!(blobs(&world).await, 1);
}
