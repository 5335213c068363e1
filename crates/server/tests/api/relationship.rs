//! Friends and blocks: both hear of what concerns them, and a block keeps somebody away.

use serde_json::{Value, json};

use crate::town::Town;

#[tokio::test]
async fn two_people_become_friends_and_part() {
    let town = Town::new().await;
    let [alice, bob] = town.accounts(["alice", "bob"]).await;
    let all = "/osc/v1/relationships";

    let asked = alice.post(all, json!({ "username": "@Bob" })).await;
    assert_eq!((asked.status, &asked["type"], &asked["id"]), (200, &json!(4), &json!(bob.id)));
    assert_eq!(alice.saw().await, ["OSC_RELATIONSHIP_UPDATE"]);
    let heard = bob.heard().await;
    assert_eq!((heard[0].0, &heard[0].1["type"]), ("OSC_RELATIONSHIP_UPDATE", &json!(3)));
    assert_eq!(heard[0].1["user"]["username"], "alice");
    let of_alice = format!("{all}/{}", alice.id);
    assert_eq!(bob.put(&of_alice, json!({ "type": 1 })).await["type"], 1);
    assert_eq!(alice.saw().await, ["OSC_RELATIONSHIP_UPDATE"]);
    assert_eq!(alice.get(all).await[0]["type"], 1);
    // Friends can write to each other without a room, and see each other's new names.
    let dm = alice.post("/users/@me/channels", json!({ "recipient_id": bob.id })).await;
    assert_eq!(dm.status, 200, "{dm}");
    alice.saw().await;
    bob.patch("/users/@me", json!({ "global_name": "Robert", "bio": "I fish." })).await;
    assert_eq!(alice.saw().await, ["OSC_USER_UPDATE"]);
    let profile = alice.get(&format!("/osc/v1/users/{}/profile", bob.id)).await;
    assert_eq!(
        (&profile["bio"], &profile["user"]["global_name"]),
        (&json!("I fish."), &json!("Robert"))
    );

    assert_eq!(alice.delete(&format!("{all}/{}", bob.id)).await.status, 204);
    let seen = bob.saw().await;
    assert_eq!(seen, ["OSC_RELATIONSHIP_UPDATE", "USER_UPDATE", "OSC_RELATIONSHIP_REMOVE"]);
    assert_eq!(bob.get(all).await.body, json!([]));
    town.close().await;
}

#[tokio::test]
async fn who_is_blocked_neither_writes_nor_asks_nor_brings_along() {
    let town = Town::new().await;
    let [alice, bob, carol] = town.accounts(["alice", "bob", "carol"]).await;
    alice.found_guild_with(&[&bob, &carol]).await;
    let dm = bob.post("/users/@me/channels", json!({ "recipient_id": alice.id })).await.id();
    let first = bob.say(&dm, "hi").await;
    let of_bob = format!("/osc/v1/relationships/{}", bob.id);
    assert_eq!(alice.put(&of_bob, json!({ "type": 2 })).await["type"], 2);
    bob.saw().await;
    assert_eq!(bob.saw().await, [""; 0], "nobody is told that they are blocked");

    let messages = format!("/channels/{dm}/messages");
    let no = (403, 50007);
    assert_eq!(bob.post(&messages, json!({ "content": "hi?" })).await.no(), no);
    assert_eq!(alice.post(&messages, json!({ "content": "go" })).await.no(), no);
    assert_eq!(bob.post(&format!("/channels/{dm}/typing"), Value::Null).await.no(), no);
    let react = format!("{messages}/{first}/reactions/%F0%9F%A6%80/@me");
    assert_eq!(bob.put_nothing(&react).await.no(), no);
    let of_alice = format!("/osc/v1/relationships/{}", alice.id);
    assert_eq!(bob.put(&of_alice, json!({ "type": 1 })).await.no(), no);
    let asked = bob.post("/osc/v1/relationships", json!({ "username": "alice" })).await;
    assert_eq!(asked.no(), no);
    let group = json!({ "recipients": [alice.id, carol.id] });
    assert_eq!(bob.post("/users/@me/channels", group).await.no(), no);
    assert_eq!(bob.reads(&dm).await, ["hi"], "what was said stays");

    assert_eq!(alice.delete(&of_bob).await.status, 204);
    assert_eq!(bob.post(&messages, json!({ "content": "hi!" })).await.status, 200);
    town.close().await;
}

#[tokio::test]
async fn who_is_blocked_calls_nobody_and_is_still_read() {
    let town = Town::new().await;
    let [alice, bob, carol] = town.people(["alice", "bob", "carol"]).await;
    let lobby = alice.found_guild_with(&[&bob, &carol]).await;
    let role = alice.makes_role(&lobby, "callers", proto::Permissions::MENTION_EVERYONE.bits());
    alice.gives_role(&lobby, &bob, &role.await).await;
    let people = json!({ "recipients": [bob.id, carol.id] });
    let group = alice.post("/users/@me/channels", people).await.id();
    let of_bob = format!("/osc/v1/relationships/{}", bob.id);
    assert_eq!(alice.put(&of_bob, json!({ "type": 2 })).await.status, 200);
    bob.say(&lobby.general, &format!("<@{}>", alice.id)).await;
    bob.say(&lobby.general, "@everyone").await;
    bob.say(&group, "hello").await;
    let last = carol.say(&group, "hi").await;
    alice.saw().await;
    let count = |channel: &str| {
        let log = alice.osc().log();
        let id = channel.parse().expect("an id");
        log.cache.read_states.get(&id).map_or(0, |state| state.mention_count)
    };
    assert_eq!((count(&lobby.general), count(&group)), (0, 1), "carol's alone");
    assert_eq!(alice.reads(&group).await, ["hello", "hi"]);
    let read = format!("/osc/v1/channels/{group}/read");
    let marked = alice.put(&read, json!({ "message_id": last })).await;
    assert_eq!(marked["mention_count"], 0);
    town.close().await;
}

#[tokio::test]
async fn strangers_bots_and_oneself_are_refused() {
    let town = Town::new().await;
    let [alice, eve] = town.accounts(["alice", "eve"]).await;
    let all = "/osc/v1/relationships";
    for kind in [1, 2] {
        let stranger = eve.put(&format!("{all}/{}", alice.id), json!({ "type": kind })).await;
        let nobody = eve.put(&format!("{all}/7"), json!({ "type": kind })).await;
        assert_eq!(stranger.no(), (404, 10013));
        assert_eq!(stranger.body, nobody.body, "who is no acquaintance looks like nobody");
    }
    assert_eq!(
        eve.put(&format!("{all}/{}", eve.id), json!({ "type": 1 })).await.no(),
        (403, 900_017)
    );
    assert_eq!(eve.post(all, json!({ "username": "nobody" })).await.no(), (404, 10013));
    assert_eq!(eve.delete(&format!("{all}/{}", alice.id)).await.no(), (404, 10013));
    let bot = alice.post("/osc/v1/bots", json!({ "name": "crab" })).await;
    let bot = bot["user"]["id"].as_str().expect("an id").to_owned();
    let lobby = alice.found_guild_with(&[]).await;
    let path = format!("/osc/v1/guilds/{}/bots/{bot}", lobby.id);
    assert_eq!(alice.put(&path, json!({ "permissions": "0" })).await.status / 100, 2);
    let befriended = alice.put(&format!("{all}/{bot}"), json!({ "type": 1 })).await;
    assert_eq!(befriended.no(), (403, 900_018));
    for bad in [json!({}), json!({ "type": 3 }), json!({ "type": "1" }), json!({ "type": -1 })] {
        let answer = alice.put(&format!("{all}/{}", eve.id), bad.clone()).await;
        assert_eq!(answer.no(), (400, 50035), "{bad}");
    }
    for bad in [json!({}), json!({ "username": "" }), json!({ "username": "x".repeat(99) })] {
        assert_eq!(alice.post(all, bad.clone()).await.no(), (400, 50035), "{bad}");
    }
    assert_eq!(alice.get("/osc/v1/users/7/profile").await.no(), (404, 10013));
    let profile = eve.get(&format!("/osc/v1/users/{}/profile", alice.id)).await;
    assert_eq!(profile.no(), (404, 10013));
    let long = alice.patch("/users/@me", json!({ "bio": "x".repeat(191) })).await;
    assert_eq!(long.no(), (400, 50035));
    town.close().await;
}

#[tokio::test]
async fn whoever_deletes_their_account_is_nobodys_friend() {
    let town = Town::new().await;
    let [alice, bob] = town.accounts(["alice", "bob"]).await;
    alice.post("/osc/v1/relationships", json!({ "username": "bob" })).await;
    let of_alice = format!("/osc/v1/relationships/{}", alice.id);
    bob.put(&of_alice, json!({ "type": 1 })).await;
    let dm = bob.post("/users/@me/channels", json!({ "recipient_id": alice.id })).await;
    assert_eq!(dm.status, 200);
    bob.saw().await;
    let gone = client::rest::Body::json(&json!({ "password": "a password" })).expect("JSON");
    let gone = alice.send(hyper::Method::DELETE, "/osc/v1/accounts/@me", gone).await;
    assert_eq!(gone.status, 204, "{gone}");
    assert_eq!(bob.saw().await, ["OSC_RELATIONSHIP_REMOVE", "OSC_USER_UPDATE"]);
    assert_eq!(bob.get("/osc/v1/relationships").await.body, json!([]));
    town.close().await;
}
