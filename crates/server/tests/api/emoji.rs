//! Custom emoji: uploaded by those who may, shown to all, used where one may.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hyper::Method;
use proto::Permissions;
use serde_json::{Value, json};

use crate::town::{Person, Room, Town};

/// A PNG of one pixel.
pub const PIXEL: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAD\
UlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// A GIF of one pixel.
const GIF: &str = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAACAkQBADs=";

const CREATE: u64 = Permissions::CREATE_GUILD_EXPRESSIONS.bits();
const MANAGE: u64 = Permissions::MANAGE_GUILD_EXPRESSIONS.bits();

async fn uploads(who: &Person, room: &Room, name: &str, image: &str) -> String {
    let path = format!("/guilds/{}/emojis", room.id);
    who.done(Method::POST, &path, json!({ "name": name, "image": image })).await.id()
}

#[tokio::test]
async fn emoji_are_told_to_all_and_changed_by_those_who_may() {
    let town = Town::new().await;
    let [alice, bob, carol, eve] = town.people(["alice", "bob", "carol", "eve"]).await;
    let lobby = alice.found_guild_with(&[&bob, &carol]).await;
    let path = format!("/guilds/{}/emojis", lobby.id);
    let draft = json!({ "name": "cat", "image": PIXEL });
    assert_eq!(bob.post(&path, draft.clone()).await.no(), (403, 50013));
    assert_eq!(eve.post(&path, draft.clone()).await.no(), (404, 10004));
    let creator = alice.makes_role(&lobby, "creators", CREATE).await;
    let manager = alice.makes_role(&lobby, "managers", MANAGE).await;
    alice.gives_role(&lobby, &bob, &creator).await;
    carol.saw().await;

    let made = bob.done(Method::POST, &path, draft).await;
    assert_eq!(made["user"]["id"], bob.id.to_string());
    assert_eq!((&made["animated"], &made["available"]), (&json!(false), &json!(true)));
    let of_bob = format!("{path}/{}", made.id());
    let told = carol.awaits("GUILD_EMOJIS_UPDATE").await;
    assert_eq!(told["emojis"][0]["name"], "cat");
    assert_eq!(told["emojis"][0]["user"], Value::Null, "who uploaded it is not for everybody");
    assert_eq!(carol.get(&of_bob).await["user"], Value::Null);
    assert_eq!(bob.get(&path).await[0]["user"]["id"], bob.id.to_string());

    // One's own with CREATE, all with MANAGE.
    let of_alice = format!("{path}/{}", uploads(&alice, &lobby, "dance", GIF).await);
    assert_eq!(alice.get(&of_alice).await["animated"], true);
    let name = |name: &str| json!({ "name": name });
    assert_eq!(bob.patch(&of_bob, name("kitten")).await["name"], "kitten");
    assert_eq!(bob.patch(&of_alice, name("mine")).await.no(), (403, 50013));
    assert_eq!(bob.delete(&of_alice).await.no(), (403, 50013));
    alice.gives_role(&lobby, &carol, &manager).await;
    assert_eq!(carol.patch(&of_bob, name("cat_2")).await["name"], "cat_2");
    carol.done(Method::DELETE, &of_alice, Value::Null).await;
    assert_eq!(carol.get(&of_alice).await.no(), (404, 10014));
    let log = alice.get(&format!("/guilds/{}/audit-logs?limit=5", lobby.id)).await;
    let told = |n: usize| {
        let entry = &log["audit_log_entries"][n];
        (entry["action_type"].clone(), entry["changes"][0].clone())
    };
    let gone = json!({ "key": "name", "old_value": "dance" });
    assert_eq!(told(0), (json!(62), gone), "{log}");
    let named = json!({ "key": "name", "old_value": "kitten", "new_value": "cat_2" });
    assert_eq!(told(1), (json!(61), named));
    // A role that goes leaves an emoji to everybody.
    let only = json!({ "roles": [creator, lobby.id, null] });
    assert_eq!(carol.patch(&of_bob, only).await["roles"], json!([creator]));
    let role = format!("/guilds/{}/roles/{creator}", lobby.id);
    alice.done(Method::DELETE, &role, Value::Null).await;
    assert_eq!(carol.get(&of_bob).await["roles"], json!([]));
    let guild = carol.get(&format!("/guilds/{}", lobby.id)).await;
    assert_eq!(guild["emojis"][0]["name"], "cat_2");
    town.close().await;
}

#[tokio::test]
async fn what_is_no_emoji_is_refused_and_there_are_only_so_many() {
    let town = Town::with(|config| config.limits.guild_emojis = 2).await;
    let [alice] = town.people(["alice"]).await;
    let lobby = alice.found_guild_with(&[]).await;
    let path = format!("/guilds/{}/emojis", lobby.id);
    let large = format!("data:image/png;base64,{}", BASE64_STANDARD.encode(vec![0; 300_000]));
    let svg = "data:image/svg+xml;base64,PHN2Zz4=";
    for (bad, field) in [
        (json!({ "name": "a", "image": PIXEL }), "name"),
        (json!({ "name": "a".repeat(33), "image": PIXEL }), "name"),
        (json!({ "name": "a b", "image": PIXEL }), "name"),
        (json!({ "name": "käse", "image": PIXEL }), "name"),
        (json!({ "name": "cat", "image": svg }), "image"),
        (json!({ "name": "cat", "image": "http://127.0.0.1/x.png" }), "image"),
        (json!({ "name": "cat", "image": large }), "image"),
    ] {
        let answer = alice.post(&path, bad).await;
        assert_eq!(answer.no(), (400, 50035), "{field}");
        assert!(answer["errors"][field]["_errors"][0]["code"].is_string(), "{answer}");
    }
    for bad in [json!({}), json!({ "name": "cat" }), json!([]), json!({ "name": 7, "image": 8 })] {
        assert_eq!(alice.post(&path, bad.clone()).await.no().0, 400, "{bad}");
    }
    let other = json!({ "name": "cat", "image": PIXEL, "roles": ["7"] });
    assert_eq!(alice.post(&path, other).await.no().0, 400);
    for name in ["one", "two"] {
        uploads(&alice, &lobby, name, PIXEL).await;
        uploads(&alice, &lobby, name, GIF).await;
    }
    for (image, code) in [(PIXEL, 30008), (GIF, 30018)] {
        let third = json!({ "name": "three", "image": image });
        assert_eq!(alice.post(&path, third).await.no(), (400, code));
    }
    town.close().await;
}

#[tokio::test]
async fn the_picture_is_what_was_sent_and_goes_with_the_emoji() {
    let town = Town::new().await;
    let [alice] = town.people(["alice"]).await;
    let lobby = alice.found_guild_with(&[]).await;
    let id = uploads(&alice, &lobby, "cat", PIXEL).await;
    let fetch = async |file: &str| town.nobody().get(&format!("/cdn/emojis/{file}")).await;
    for ending in ["webp?size=48&animated=true", "png", "gif"] {
        let seen = fetch(&format!("{id}.{ending}")).await;
        assert_eq!(seen.status, 200, "{ending}: {seen}");
    }
    let path = format!("/guilds/{}/emojis/{id}", lobby.id);
    alice.done(Method::DELETE, &path, Value::Null).await;
    for gone in [id.as_str(), "7", "x", "..%2f..%2fx"] {
        assert_eq!(fetch(&format!("{gone}.webp")).await.status, 404, "{gone}");
    }
    town.close().await;
}

#[tokio::test]
async fn reactions_take_emoji_of_rooms_one_is_in() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let hall = alice.found_guild_with(&[]).await;
    alice.opens(&lobby.general).await;
    bob.opens(&lobby.general).await;
    let own = uploads(&alice, &lobby, "cat", PIXEL).await;
    let far = uploads(&alice, &hall, "dance", GIF).await;
    let id = alice.say(&lobby.general, "hi").await;
    let message = format!("/channels/{}/messages/{id}", lobby.general);
    let react = |name: &str, id: &str| format!("{message}/reactions/{name}:{id}/@me");

    assert_eq!(bob.put_nothing(&react("whatever", &own)).await.status, 204);
    assert_eq!(bob.put_nothing(&react("dance", &far)).await.no(), (404, 10014));
    assert_eq!(bob.put_nothing(&react("cat", "7")).await.no(), (404, 10014));
    // Libraries put an `a:` before the name of what moves.
    assert_eq!(alice.put_nothing(&react("a%3Adance", &far)).await.status, 204);
    // Whoever sees it can join in.
    assert_eq!(bob.put_nothing(&react("dance", &far)).await.status, 204);
    let told = bob.awaits("MESSAGE_REACTION_ADD").await;
    assert_eq!(told["emoji"]["name"], "cat");
    let read = bob.get(&message).await;
    assert_eq!(read["reactions"][0]["emoji"], json!({ "id": own, "name": "cat" }));
    let dance = json!({ "id": far, "name": "dance", "animated": true });
    assert_eq!(
        (&read["reactions"][1]["emoji"], &read["reactions"][1]["count"]),
        (&dance, &json!(2))
    );
    assert_eq!(bob.get(&format!("{message}/reactions/dance:{far}")).await.ids().len(), 2);

    // Without USE_EXTERNAL_EMOJIS only the room's own.
    let everyone = format!("/guilds/{0}/roles/{0}", lobby.id);
    let rights = Permissions::DEFAULT_EVERYONE.without(Permissions::USE_EXTERNAL_EMOJIS);
    let rights = json!({ "permissions": rights.bits().to_string() });
    alice.done(Method::PATCH, &everyone, rights).await;
    bob.joins(&hall).await;
    let second = bob.say(&lobby.general, "and now").await;
    let there = format!("/channels/{}/messages/{second}/reactions", lobby.general);
    assert_eq!(bob.put_nothing(&format!("{there}/dance:{far}/@me")).await.no(), (403, 50013));

    // An emoji that is gone can still be taken off.
    alice.done(Method::DELETE, &format!("/guilds/{}/emojis/{far}", hall.id), Value::Null).await;
    assert_eq!(bob.delete(&react("dance", &far)).await.status, 204);
    assert_eq!(alice.delete(&format!("{message}/reactions/dance:{far}")).await.status, 204);
    assert_eq!(bob.get(&message).await["reactions"].as_array().map(Vec::len), Some(1));
    town.close().await;
}

#[tokio::test]
async fn in_texts_what_one_may_not_use_is_only_its_name() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let hall = alice.found_guild_with(&[]).await;
    let own = uploads(&alice, &lobby, "cat", PIXEL).await;
    let far = uploads(&alice, &hall, "dance", GIF).await;
    let text = format!("<:cat:{own}> ö <a:dance:{far}> `<a:dance:{far}>` <:ghost:7>");
    let path = format!("/channels/{}/messages", lobby.general);
    let sent = bob.done(Method::POST, &path, json!({ "content": text })).await;
    assert_eq!(sent["content"], format!("<:cat:{own}> ö :dance: `<a:dance:{far}>` :ghost:"));
    let sent = alice.done(Method::POST, &path, json!({ "content": text })).await;
    let whole = format!("<:cat:{own}> ö <a:dance:{far}> `<a:dance:{far}>` :ghost:");
    assert_eq!(sent["content"], whole);
    let of_alice = format!("{path}/{}", sent.id());
    let edit = json!({ "content": format!("<a:dance:{far}><:ghost:8>") });
    let edited = alice.done(Method::PATCH, &of_alice, edit).await;
    assert_eq!(edited["content"], format!("<a:dance:{far}>:ghost:"));
    // An emoji for some roles is for those only.
    let role = alice.makes_role(&lobby, "cats", 0).await;
    let cat = format!("/guilds/{}/emojis/{own}", lobby.id);
    alice.done(Method::PATCH, &cat, json!({ "roles": [role] })).await;
    let sent = bob.done(Method::POST, &path, json!({ "content": format!("<:cat:{own}>") })).await;
    assert_eq!(sent["content"], ":cat:");
    alice.gives_role(&lobby, &bob, &role).await;
    let sent = bob.done(Method::POST, &path, json!({ "content": format!("<:cat:{own}>") })).await;
    assert_eq!(sent["content"], format!("<:cat:{own}>"));
    town.close().await;
}

#[tokio::test]
async fn an_application_has_emoji_that_only_its_bot_uses() {
    let town = Town::with(|config| config.limits.application_emojis = 2).await;
    let [alice] = town.accounts(["alice"]).await;
    let [eve] = town.people(["eve"]).await;
    let lobby = alice.found_guild_with(&[]).await;
    let made = alice.post("/osc/v1/bots", json!({ "name": "Echo" })).await;
    let echo = town.settle_in(&made).await;
    let add = format!("/osc/v1/guilds/{}/bots/{}", lobby.id, echo.id);
    alice.done(Method::PUT, &add, json!({ "permissions": "0" })).await;
    let path = format!("/applications/{}/emojis", echo.id);
    let draft = |name: &str| json!({ "name": name, "image": PIXEL });
    let one = echo.done(Method::POST, &path, draft("spark")).await;
    assert_eq!(one["user"]["id"], echo.id.to_string());
    assert_eq!(echo.post(&path, draft("spark")).await.no(), (400, 50035));
    // Whose bot it is may as well.
    alice.done(Method::POST, &path, draft("fire")).await;
    assert_eq!(echo.post(&path, draft("more")).await.no(), (400, 30008));
    assert_eq!(echo.get(&path).await["items"].as_array().map(Vec::len), Some(2));
    let of_one = format!("{path}/{}", one.id());
    assert_eq!(echo.patch(&of_one, json!({ "name": "fire" })).await.no(), (400, 50035));
    assert_eq!(echo.patch(&of_one, json!({ "name": "glow" })).await["name"], "glow");
    assert_eq!(echo.get(&of_one).await["name"], "glow");
    for method in [Method::GET, Method::DELETE] {
        let answer = eve.send(method, &of_one, client::rest::Body::none()).await;
        assert_eq!(answer.no(), (404, 10002));
    }
    let text = json!({ "content": format!("<:glow:{}>", one.id()) });
    let messages = format!("/channels/{}/messages", lobby.general);
    assert_eq!(echo.done(Method::POST, &messages, text.clone()).await["content"], text["content"]);
    assert_eq!(alice.done(Method::POST, &messages, text).await["content"], ":glow:");
    echo.done(Method::DELETE, &of_one, Value::Null).await;
    assert_eq!(echo.get(&of_one).await.no(), (404, 10014));
    town.close().await;
}
