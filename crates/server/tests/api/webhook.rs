//! Webhooks: programs write in one channel by an address, and nowhere else.

use client::rest::{Body, File};
use hyper::Method;
use serde_json::{Value, json};

use crate::town::{Answer, Person, Room, Town};

/// A webhook of the general channel: its id and its address.
async fn hook(who: &Person, room: &Room, name: &str) -> (String, String) {
    let path = format!("/channels/{}/webhooks", room.general);
    let made = who.done(Method::POST, &path, json!({ "name": name })).await;
    let token = made["token"].as_str().expect("a token");
    assert_eq!(token.len(), 68);
    assert!(token.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'), "{token}");
    (made.id(), format!("/webhooks/{}/{token}", made.id()))
}

async fn with_header(who: &Person, path: &str, body: Body, name: &str, value: &str) -> Answer {
    let who = who.with_rest(who.rest.with_field(name, value));
    who.send(Method::POST, path, body).await
}

#[tokio::test]
async fn whoever_has_the_address_writes_and_all_hear_it() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let room = alice.found_guild_with(&[&bob]).await;
    let (id, address) = hook(&alice, &room, "Build").await;
    assert_eq!(alice.saw().await, ["WEBHOOKS_UPDATE"]);
    bob.saw().await;
    let nobody = town.nobody();
    let said = json!({ "content": "<@1> @everyone done", "username": "CI" });
    assert_eq!(nobody.post(&address, said.clone()).await.status, 204);
    let heard = bob.heard().await;
    assert_eq!(heard.len(), 1);
    let (name, message) = &heard[0];
    assert_eq!((*name, &message["webhook_id"]), ("MESSAGE_CREATE", &json!(id)));
    let author = &message["author"];
    assert_eq!((&author["id"], &author["username"]), (&json!(id), &json!("CI")));
    assert_eq!(author["bot"], true);
    assert_eq!(author["avatar"], Value::Null);
    assert_eq!(message.get("member"), None);
    assert_eq!(message["mention_everyone"], false, "@everyone may not, so it may not");

    let waited = nobody.post(&format!("{address}?wait=true"), json!({ "content": "two" })).await;
    assert_eq!((waited.status, &waited["author"]["username"]), (200, &json!("Build")));
    assert_eq!(waited["author"]["discriminator"], "0000", "as libraries know webhooks");
    let message = format!("{address}/messages/{}", waited.id());
    assert_eq!(nobody.get(&message).await["content"], "two");
    let edited = nobody.patch(&message, json!({ "content": "three" })).await;
    assert_eq!((edited.status, &edited["content"]), (200, &json!("three")));
    assert!(edited["edited_timestamp"].is_string());
    assert_eq!(bob.saw().await, ["MESSAGE_CREATE", "MESSAGE_UPDATE"]);
    let page = bob.get(&format!("/channels/{}/messages", room.general)).await;
    assert_eq!(page[0]["author"]["id"], id.as_str());
    assert_eq!(nobody.delete(&message).await.status, 204);
    assert_eq!(bob.saw().await, ["MESSAGE_DELETE"]);
    assert_eq!(nobody.get(&message).await.no(), (404, 10008));
    // Not its own.
    let of_bob = bob.say(&room.general, "mine").await;
    for (method, body) in
        [(Method::GET, Body::none()), (Method::DELETE, Body::none()), (Method::PATCH, edit())]
    {
        let path = format!("{address}/messages/{of_bob}");
        assert_eq!(nobody.send(method, &path, body).await.no(), (404, 10008));
    }
    assert_eq!(nobody.get(&format!("{address}/messages/@original")).await.no(), (404, 10008));
    alice.saw().await;
    town.close().await;
}

fn edit() -> Body {
    Body::json(&json!({ "content": "x" })).expect("JSON")
}

#[tokio::test]
async fn a_foreign_token_opens_nothing_and_an_own_one_little() {
    let town = Town::new().await;
    let [alice, bob, eve] = town.people(["alice", "bob", "eve"]).await;
    let room = alice.found_guild_with(&[&bob]).await;
    let (id, address) = hook(&alice, &room, "Build").await;
    let (_, other) = hook(&alice, &room, "Other").await;
    let nobody = town.nobody();
    let token = other.rsplit('/').next().expect("a token");
    let wrong = format!("/webhooks/{id}/{token}");
    let text = json!({ "content": "x" });
    assert_eq!(nobody.post(&wrong, text.clone()).await.no(), (401, 50027));
    assert_eq!(nobody.get(&wrong).await.no(), (401, 50027));
    assert_eq!(nobody.delete(&wrong).await.no(), (401, 50027));
    assert_eq!(alice.post(&wrong, text.clone()).await.no(), (401, 50027));
    assert_eq!(nobody.post(&format!("/webhooks/7/{token}"), text).await.no(), (404, 10015));
    let seen = nobody.get(&address).await;
    assert_eq!((seen.status, seen.body.get("user")), (200, None));
    // By token it changes its name, but never its channel.
    let moved = json!({ "name": "New", "channel_id": room.voice });
    let changed = nobody.patch(&address, moved).await;
    assert_eq!((&changed["name"], &changed["channel_id"]), (&json!("New"), &json!(room.general)));
    // By id only those who manage webhooks; whoever is not here knows of none.
    let by_id = format!("/webhooks/{id}");
    assert_eq!(nobody.get(&by_id).await.no(), (401, 40001));
    assert_eq!(bob.get(&by_id).await.no(), (403, 50013));
    assert_eq!(eve.get(&by_id).await.no(), (404, 10015));
    let mine = alice.get(&by_id).await;
    assert_eq!(mine["user"]["id"], alice.id.to_string());
    assert!(mine["token"].is_string());
    let list = format!("/channels/{}/webhooks", room.general);
    assert_eq!(bob.get(&list).await.no(), (403, 50013));
    assert_eq!(eve.get(&list).await.no(), (404, 10003));
    assert_eq!(alice.get(&list).await.ids().len(), 2);
    let of_guild = format!("/guilds/{}/webhooks", room.id);
    assert_eq!(alice.get(&of_guild).await.ids().len(), 2);
    let to_voice = alice.patch(&by_id, json!({ "channel_id": room.voice })).await;
    assert_eq!(to_voice["channel_id"], room.voice.as_str());
    assert_eq!(nobody.delete(&address).await.status, 204);
    assert_eq!(nobody.get(&address).await.no(), (404, 10015));
    let log = alice.get(&format!("/guilds/{}/audit-logs?limit=6", room.id)).await;
    let entries = log["audit_log_entries"].as_array().expect("entries");
    let seen: Vec<_> = entries.iter().map(|entry| entry["action_type"].clone()).collect();
    assert_eq!(seen, [52, 51, 51, 50, 50].map(Value::from));
    assert_eq!(entries[0]["user_id"], Value::Null, "whoever had the token");
    assert!(!log.body.to_string().contains(token), "the log tells no token");
    for who in [&alice, &bob] {
        who.saw().await;
    }
    town.close().await;
}

#[tokio::test]
async fn names_numbers_and_channels_have_their_limits() {
    let town = Town::new().await;
    let [alice] = town.people(["alice"]).await;
    let room = alice.found_guild_with(&[]).await;
    let path = format!("/channels/{}/webhooks", room.general);
    let long = "x".repeat(81);
    for bad in ["", " ", &long, "Moderator", "a\u{202e}b"] {
        assert_eq!(alice.post(&path, json!({ "name": bad })).await.no(), (400, 50035), "{bad}");
    }
    let (_, address) = hook(&alice, &room, "One").await;
    let nobody = town.nobody();
    for bad in [
        json!({ "content": "x", "username": "Admin" }),
        json!({ "content": "x", "username": long }),
        json!({ "content": "x".repeat(2_001) }),
        json!({ "embeds": [{ "url": "javascript:1", "title": "x" }] }),
    ] {
        assert_eq!(nobody.post(&address, bad.clone()).await.no(), (400, 50035), "{bad}");
    }
    assert_eq!(nobody.post(&address, json!({})).await.no(), (400, 50006));
    let new_thread = json!({ "content": "x", "thread_name": "new" });
    assert_eq!(nobody.post(&address, new_thread).await.no(), (400, 220_003));
    let elsewhere = format!("{address}?thread_id={}", room.voice);
    assert_eq!(nobody.post(&elsewhere, json!({ "content": "x" })).await.no(), (404, 10003));
    for n in 1..15 {
        hook(&alice, &room, &format!("Number {n}")).await;
    }
    assert_eq!(alice.post(&path, json!({ "name": "more" })).await.no(), (400, 30007));
    let gone = format!("/channels/{}", room.general);
    alice.done(Method::DELETE, &gone, Value::Null).await;
    assert_eq!(nobody.get(&address).await.no(), (404, 10015));
    alice.saw().await;
    town.close().await;
}

#[tokio::test]
async fn it_writes_in_threads_of_its_channel_and_in_no_other() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let room = alice.found_guild_with(&[&bob]).await;
    let (id, address) = hook(&alice, &room, "Build").await;
    let begin = |channel: &str, kind: u8| {
        let path = format!("/channels/{channel}/threads");
        let alice = &alice;
        async move {
            alice.done(Method::POST, &path, json!({ "name": "Runs", "type": kind })).await.id()
        }
    };
    let (thread, hidden) = (begin(&room.general, 11).await, begin(&room.general, 12).await);
    let draft = json!({ "name": "other", "type": 0 });
    let path = format!("/guilds/{}/channels", room.id);
    let other = alice.done(Method::POST, &path, draft).await.id();
    let foreign = begin(&other, 11).await;
    let archived = json!({ "archived": true });
    alice.done(Method::PATCH, &format!("/channels/{thread}"), archived).await;
    bob.saw().await;

    let nobody = town.nobody();
    let to = |thread: &str| format!("{address}?wait=true&thread_id={thread}");
    let said = nobody.post(&to(&thread), json!({ "content": "green" })).await;
    assert_eq!((said.status, &said["channel_id"]), (200, &json!(thread)), "{said}");
    assert_eq!(bob.saw().await, ["THREAD_UPDATE", "MESSAGE_CREATE"], "it opens");
    let shown = bob.get(&format!("/channels/{thread}")).await;
    assert_eq!((&shown["message_count"], &shown["member_count"]), (&json!(1), &json!(1)));
    let message = format!("{address}/messages/{}", said.id());
    let inside = format!("{message}?thread_id={thread}");
    assert_eq!(nobody.get(&message).await.no(), (404, 10_008), "not in the channel");
    assert_eq!(nobody.get(&inside).await["webhook_id"], id.as_str());
    assert_eq!(nobody.patch(&inside, json!({ "content": "red" })).await["content"], "red");
    assert_eq!(nobody.delete(&inside).await.status, 204);
    assert_eq!(bob.saw().await, ["MESSAGE_UPDATE", "MESSAGE_DELETE"]);

    // In a private one only those in it hear it; of another channel there is none.
    let text = json!({ "content": "x" });
    assert_eq!(nobody.post(&to(&hidden), text.clone()).await.status, 200);
    assert_eq!(bob.saw().await, [""; 0]);
    for elsewhere in [&foreign, &other, &room.voice, "7"] {
        assert_eq!(nobody.post(&to(elsewhere), text.clone()).await.no(), (404, 10_003));
    }
    let lock = json!({ "locked": true });
    alice.done(Method::PATCH, &format!("/channels/{thread}"), lock).await;
    assert_eq!(nobody.post(&to(&thread), text).await.no(), (400, 160_005));
    for who in [&alice, &bob] {
        who.saw().await;
    }
    town.close().await;
}

#[tokio::test]
async fn files_and_pictures_come_along() {
    let town = Town::new().await;
    let [alice] = town.people(["alice"]).await;
    let room = alice.found_guild_with(&[]).await;
    let (id, address) = hook(&alice, &room, "Camera").await;
    let nobody = town.nobody();
    let file = File {
        name: "a.txt".to_owned(),
        content_type: "text/plain".to_owned(),
        bytes: "hello".into(),
    };
    let body = json!({ "content": "look", "attachments": [{ "id": 0, "description": "a" }] });
    let sent = nobody.upload(&format!("{address}?wait=true"), body, &[file]).await;
    assert_eq!((sent.status, &sent["attachments"][0]["filename"]), (200, &json!("a.txt")));
    let png = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk\
        YPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
    let changed = alice.patch(&format!("/webhooks/{id}"), json!({ "avatar": png })).await;
    let hash = changed["avatar"].as_str().expect("a picture").to_owned();
    let page = alice.get(&format!("/channels/{}/messages", room.general)).await;
    assert_eq!(page[0]["author"]["avatar"], hash.as_str());
    let other = json!({ "content": "x", "avatar_url": "https://pictures.test/x.png" });
    let other = nobody.post(&format!("{address}?wait=true"), other).await;
    assert_eq!(other["author"]["avatar"], Value::Null, "a strange picture is not fetched");
    alice.saw().await;
    town.close().await;
}

#[tokio::test]
async fn git_hub_and_slack_are_understood() {
    let town = Town::new().await;
    let [alice] = town.people(["alice"]).await;
    let room = alice.found_guild_with(&[]).await;
    let (_, address) = hook(&alice, &room, "GitHub").await;
    let nobody = town.nobody();
    let push = json!({
        "ref": "refs/heads/main", "compare": "https://x.test/c",
        "repository": { "full_name": "ann/tea", "html_url": "https://x.test/tea" },
        "sender": { "login": "ann" },
        "commits": [{ "id": "0123456789", "message": "milk", "url": "https://x.test/1",
            "author": { "username": "ann" } }],
    });
    let github = format!("{address}/github");
    let body = Body::json(&push).expect("JSON");
    let told = with_header(&nobody, &github, body, "x-github-event", "push").await;
    assert_eq!(told.status, 204);
    // As a form, which is what is chosen there at first; and something that nobody asked for.
    let encoded = push.to_string().replace('%', "%25").replace('&', "%26").replace('+', "%2B");
    let form = Body::raw("application/x-www-form-urlencoded", format!("payload={encoded}"));
    let told = with_header(&nobody, &github, form, "x-github-event", "push").await;
    assert_eq!(told.status, 204);
    let body = Body::json(&push).expect("JSON");
    let told = with_header(&nobody, &github, body, "x-github-event", "label").await;
    assert_eq!(told.status, 204);
    let slack = json!({ "text": "*hi*", "channel": "#other", "attachments": [{ "title": "t" }] });
    let told = nobody.post(&format!("{address}/slack"), slack).await;
    assert_eq!((told.status, &told.body), (200, &json!("ok")));
    let page = alice.get(&format!("/channels/{}/messages", room.general)).await;
    let page = page.body.as_array().expect("messages");
    assert_eq!(page.len(), 3, "{page:?}");
    assert_eq!(
        (&page[0]["content"], &page[0]["embeds"][0]["title"]),
        (&json!("**hi**"), &json!("t"))
    );
    for message in &page[1..] {
        assert_eq!(message["embeds"][0]["title"], "[ann/tea:main] 1 new commit");
    }
    for bad in ["[", "7", "\"x\""] {
        let body = Body::raw("application/json", bad);
        let told = with_header(&nobody, &github, body, "x-github-event", "push").await;
        assert!(matches!(told.status, 204 | 400), "{bad}: {told}");
    }
    alice.saw().await;
    town.close().await;
}

#[tokio::test]
async fn each_webhook_has_a_pace_of_its_own() {
    let town = Town::with(|config| {
        config.rate_limits = true;
        config.limits.webhook_messages_per_2s = 2;
    })
    .await;
    let [alice] = town.people(["alice"]).await;
    let room = alice.found_guild_with(&[]).await;
    let (_, one) = hook(&alice, &room, "One").await;
    let (_, two) = hook(&alice, &room, "Two").await;
    let nobody = town.nobody();
    let say = async |address: &str| nobody.post(address, json!({ "content": "x" })).await;
    for _ in 0..2 {
        assert_eq!(say(&one).await.status, 204);
    }
    let slow = say(&one).await;
    assert_eq!(slow.status, 429);
    assert!(slow.answer.field("x-ratelimit-bucket").is_some());
    assert_eq!(say(&two).await.status, 204);
    alice.saw().await;
    town.close().await;
}
