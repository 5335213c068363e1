//! Messages: who hears them, what is refused, and that history is what was said.

use std::time::Duration;

use client::rest::Body;
use hyper::Method;
use serde_json::{Value, json};

use crate::town::Town;

#[tokio::test]
async fn a_message_reaches_those_who_can_see_the_channel_and_nobody_else() {
    let town = Town::new().await;
    let [alice, bob, eve] = town.people(["alice", "bob", "eve"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let path = format!("/channels/{}/messages", lobby.general);

    let answer = alice.post(&path, json!({ "content": "hi" })).await;

    assert_eq!((answer.status, &answer["content"]), (200, &json!("hi")));
    assert_eq!(alice.saw().await, ["MESSAGE_CREATE"]);
    let heard = bob.heard().await;
    assert_eq!(heard.len(), 1, "exactly this, nothing else");
    assert_eq!((heard[0].0, &heard[0].1["id"]), ("MESSAGE_CREATE", &answer["id"]));
    assert_eq!(heard[0].1["guild_id"], lobby.id.as_str());
    assert_eq!(eve.saw().await, [""; 0]);
    assert_eq!(eve.get(&path).await.no(), (404, 10003));
    town.close().await;
}

#[tokio::test]
async fn a_message_is_edited_and_deleted_before_everybodys_eyes() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    bob.opens(&lobby.general).await;
    let id = alice.say(&lobby.general, "helo").await;
    let path = format!("/channels/{}/messages/{id}", lobby.general);
    town.pass(Duration::from_secs(1));

    let edited = alice.patch(&path, json!({ "content": "hello" })).await;
    assert_eq!((edited.status, &edited["content"]), (200, &json!("hello")));
    assert!(edited["edited_timestamp"].is_string());
    assert_eq!(bob.patch(&path, json!({ "content": "bye" })).await.no(), (403, 50005));
    assert_eq!(bob.delete(&path).await.no(), (403, 50013));
    assert_eq!(bob.saw().await, ["MESSAGE_CREATE", "MESSAGE_UPDATE"]);

    assert_eq!(alice.delete(&path).await.status, 204);
    assert_eq!(alice.delete(&path).await.no(), (404, 10008));
    assert_eq!(bob.saw().await, ["MESSAGE_DELETE"]);
    assert_eq!(bob.reads(&lobby.general).await, [""; 0]);
    town.close().await;
}

#[tokio::test]
async fn a_retry_with_the_same_nonce_is_the_same_message() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let path = format!("/channels/{}/messages", lobby.general);
    let draft = || json!({ "content": "once", "nonce": "n-1" });

    let (one, two, three) = tokio::join!(
        alice.post(&path, draft()),
        alice.post(&path, draft()),
        alice.post(&path, json!({ "content": "otherwise", "nonce": "n-1" })),
    );
    assert_eq!(one["id"], two["id"]);
    assert_eq!(one["id"], three["id"]);
    let of_bob = bob.post(&path, draft()).await;
    assert_ne!(of_bob["id"], one["id"], "a nonce is its author's own");
    let heard = bob.heard().await;
    assert_eq!(heard.len(), 2);
    assert_eq!(alice.reads(&lobby.general).await.len(), 2);
    town.close().await;
}

#[tokio::test]
async fn concatenated_pages_are_the_history() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let mut said = Vec::new();
    for n in 0..23 {
        let who = if n % 2 == 0 { &alice } else { &bob };
        said.insert(0, who.say(&lobby.general, &format!("{n}")).await);
    }
    let base = format!("/channels/{}/messages", lobby.general);

    let (mut read, mut path) = (Vec::new(), format!("{base}?limit=5"));
    loop {
        let page = bob.get(&path).await.ids();
        let Some(last) = page.last() else { break };
        path = format!("{base}?limit=5&before={last}");
        read.extend(page);
    }
    assert_eq!(read, said, "backward");

    let (mut read, mut path) = (Vec::new(), format!("{base}?limit=7&after=1"));
    loop {
        let page = bob.get(&path).await.ids();
        let Some(first) = page.first() else { break };
        path = format!("{base}?limit=7&after={first}");
        read.splice(0..0, page);
    }
    assert_eq!(read, said, "forward");

    let around = bob.get(&format!("{base}?limit=5&around={}", said[10])).await.ids();
    assert_eq!(around, said[8..13]);
    for bad in ["limit=0", "limit=101", "limit=x", "before=x", "before=-1"] {
        assert_eq!(bob.get(&format!("{base}?{bad}")).await.no(), (400, 50035), "{bad}");
    }
    town.close().await;
}

#[tokio::test]
async fn a_reply_quotes_what_it_answers() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    alice.opens(&lobby.general).await;
    let path = format!("/channels/{}/messages", lobby.general);
    let question = alice.say(&lobby.general, "where?").await;

    let reply = json!({ "content": "here", "message_reference": { "message_id": question } });
    let answer = bob.post(&path, reply.clone()).await;
    assert_eq!((answer.status, &answer["type"]), (200, &json!(19)));
    assert_eq!(answer["referenced_message"]["content"], "where?");
    let heard = alice.heard().await;
    assert_eq!(heard[1].1["mentions"][0]["id"], alice.id.to_string(), "a reply calls");

    assert_eq!(alice.delete(&format!("{path}/{question}")).await.status, 204);
    let read = alice.get(&format!("{path}/{}", answer.id())).await;
    assert_eq!(read["referenced_message"], Value::Null);
    assert_eq!(bob.post(&path, reply).await.no(), (400, 50035));
    town.close().await;
}

#[tokio::test]
async fn mentions_call_whom_they_may_call() {
    let town = Town::new().await;
    let [alice, bob, eve] = town.people(["alice", "bob", "eve"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let path = format!("/channels/{}/messages", lobby.general);
    let text = format!("<@{}> <@{}> @everyone", bob.id, eve.id);

    let of_alice = alice.post(&path, json!({ "content": text })).await;
    assert_eq!(of_alice["mention_everyone"], true, "the owner may");
    let called: Vec<_> = of_alice["mentions"].as_array().expect("a list").iter().collect();
    assert_eq!(called.len(), 1, "who is not here is not called");
    assert_eq!(called[0]["id"], bob.id.to_string());
    let of_bob = bob.post(&path, json!({ "content": "@everyone" })).await;
    assert_eq!(of_bob["mention_everyone"], false, "bob may not");
    let quiet = json!({ "content": text, "allowed_mentions": { "parse": [] } });
    let quiet = alice.post(&path, quiet).await;
    assert_eq!((&quiet["mentions"], &quiet["mention_everyone"]), (&json!([]), &json!(false)));
    assert_eq!(bob.saw().await, ["MESSAGE_CREATE"; 3]);
    town.close().await;
}

#[tokio::test]
async fn what_is_no_message_is_refused_by_name() {
    let town = Town::new().await;
    let [alice] = town.people(["alice"]).await;
    let lobby = alice.found_guild_with(&[]).await;
    let path = format!("/channels/{}/messages", lobby.general);
    let cases = [
        (json!({}), 50006),
        (json!({ "content": "" }), 50006),
        (json!({ "content": " \u{200b}\n" }), 50006),
        (json!({ "content": "x".repeat(2_001) }), 50035),
        (json!({ "content": "x", "nonce": "n".repeat(26) }), 50035),
        (json!({ "content": "x", "message_reference": { "message_id": "7" } }), 50035),
        (json!({ "content": "x", "embeds": vec![json!({ "title": "t" }); 11] }), 50035),
        (json!({ "content": "x", "sticker_ids": ["1"] }), 50035),
        (json!({ "content": "x", "poll": {} }), 50035),
    ];
    for (draft, code) in cases {
        let answer = alice.post(&path, draft.clone()).await;
        assert_eq!(answer.no(), (400, code), "{draft}: {answer}");
    }
    let long = alice.post(&path, json!({ "content": "é".repeat(2_000) })).await;
    assert_eq!(long.status, 200, "characters count, not bytes");
    assert_eq!(alice.saw().await, ["MESSAGE_CREATE"]);
    town.close().await;
}

#[tokio::test]
async fn slow_mode_makes_people_wait_but_not_those_who_keep_order() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let path = format!("/channels/{}/messages", lobby.general);
    let slow = alice
        .patch(&format!("/channels/{}", lobby.general), json!({ "rate_limit_per_user": 10 }))
        .await;
    assert_eq!(slow["rate_limit_per_user"], 10);

    bob.say(&lobby.general, "first").await;
    town.pass(Duration::from_secs(4));
    let answer = bob.post(&path, json!({ "content": "second" })).await;
    assert_eq!(answer.no(), (429, 20016));
    assert_eq!(answer["retry_after"], 6.0);
    assert_eq!(answer.answer.field("retry-after"), Some("6"));
    alice.say(&lobby.general, "I may").await;
    town.pass(Duration::from_secs(6));
    bob.say(&lobby.general, "second").await;
    assert_eq!(alice.reads(&lobby.general).await, ["first", "I may", "second"]);
    town.close().await;
}

#[tokio::test]
async fn many_voices_in_one_channel_are_heard_in_one_order() {
    let town = Town::new().await;
    let [alice, bob, carol] = town.people(["alice", "bob", "carol"]).await;
    let lobby = alice.found_guild_with(&[&bob, &carol]).await;
    for person in [&alice, &bob, &carol] {
        person.opens(&lobby.general).await;
    }
    let talk = async |who: &crate::town::Person| {
        for n in 0..15 {
            who.say(&lobby.general, &format!("{n}")).await;
        }
    };
    tokio::join!(talk(&alice), talk(&bob), talk(&carol));
    let contents = |heard: Vec<(&str, Value)>| -> Vec<Value> {
        heard.into_iter().map(|(_, data)| data["id"].clone()).collect()
    };
    let of_alice = contents(alice.heard().await);
    assert_eq!(of_alice.len(), 45);
    assert_eq!(contents(bob.heard().await), of_alice);
    assert_eq!(contents(carol.heard().await), of_alice);
    town.close().await;
}

#[tokio::test]
async fn managers_delete_many_at_once() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    bob.opens(&lobby.general).await;
    let path = format!("/channels/{}/messages/bulk-delete", lobby.general);
    let mut ids = Vec::new();
    for n in 0..4 {
        ids.push(bob.say(&lobby.general, &n.to_string()).await);
    }
    bob.saw().await;
    assert_eq!(bob.post(&path, json!({ "messages": ids })).await.no(), (403, 50013));
    assert_eq!(alice.post(&path, json!({ "messages": ids[..1] })).await.no(), (400, 50016));
    assert_eq!(alice.post(&path, json!({ "messages": ids[..3] })).await.status, 204);
    assert_eq!(bob.saw().await, ["MESSAGE_DELETE_BULK"]);
    assert_eq!(bob.reads(&lobby.general).await, ["3"]);
    town.close().await;
}

#[tokio::test]
async fn a_list_may_be_begun_at_zero() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let room = alice.found_guild_with(&[&bob]).await;
    let first = alice.say(&room.general, "first").await;
    let second = alice.say(&room.general, "second").await;
    let list = format!("/channels/{}/messages?limit=1", room.general);
    assert_eq!(alice.get(&format!("{list}&after=0")).await.ids(), [first.as_str()]);
    assert_eq!(alice.get(&format!("{list}&before=0")).await.ids(), [second.as_str()]);
    assert_eq!(alice.get(&format!("{list}&after=x")).await.no(), (400, 50_035));
    assert_eq!(alice.get("/users/@me/guilds?after=0").await[0]["id"], room.id.as_str());
    let ban = format!("/guilds/{}/bans", room.id);
    assert_eq!(alice.put(&format!("{ban}/{}", bob.id), json!({})).await.status, 204);
    let path = format!("{ban}?limit=1000&after=0");
    assert_eq!(alice.get(&path).await[0]["user"]["id"], bob.id.to_string());
    town.close().await;
}

#[tokio::test]
async fn a_plain_form_is_a_message_too() {
    let town = Town::new().await;
    let [alice] = town.people(["alice"]).await;
    let room = alice.found_guild_with(&[]).await;
    let path = format!("/channels/{}/messages", room.general);
    let form = |text: &str| Body::raw("application/x-www-form-urlencoded", text.to_owned());
    let json = "payload_json=%7B%22content%22%3A%22a+b%26%C3%BC%22%7D&content=not+this";
    let sent = alice.send(Method::POST, &path, form(json)).await;
    assert_eq!((sent.status, &sent["content"]), (200, &json!("a b&ü")));
    let sent = alice.send(Method::POST, &path, form("tts=1&content=by+hand")).await;
    assert_eq!((sent.status, &sent["content"]), (200, &json!("by hand")));
    for (text, code) in [("", 50_006), ("payload_json=%7B", 50_109), ("payload_json=%FF", 50_006)] {
        assert_eq!(alice.send(Method::POST, &path, form(text)).await.no(), (400, code), "{text}");
    }
    let long = format!("content={}", "%41".repeat(300_000));
    assert_eq!(alice.send(Method::POST, &path, form(&long)).await.status, 413);
    town.close().await;
}
