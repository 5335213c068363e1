//! Direct messages: two people, and nobody else.

use serde_json::json;

use crate::town::Town;

#[tokio::test]
async fn two_people_talk_and_nobody_else_hears() {
    let town = Town::new().await;
    let [alice, bob, eve] = town.people(["alice", "bob", "eve"]).await;
    alice.found_guild_with(&[&bob, &eve]).await;
    let open = json!({ "recipient_id": bob.id });

    let dm = alice.post("/users/@me/channels", open.clone()).await;
    assert_eq!((dm.status, &dm["type"]), (200, &json!(1)));
    assert_eq!(dm["recipients"][0]["id"], bob.id.to_string());
    assert_eq!(alice.saw().await, ["OSC_CHANNEL_CREATE"]);
    assert_eq!(bob.saw().await, [""; 0], "an empty conversation is not shown to the other");
    assert_eq!(alice.post("/users/@me/channels", open).await["id"], dm["id"]);

    let dm = dm.id();
    alice.say(&dm, "psst").await;
    assert_eq!(alice.saw().await, ["MESSAGE_CREATE"]);
    assert_eq!(bob.saw().await, ["OSC_CHANNEL_CREATE", "MESSAGE_CREATE"]);
    bob.say(&dm, "yes?").await;
    assert_eq!(alice.reads(&dm).await, ["psst", "yes?"]);
    assert_eq!(eve.saw().await, [""; 0]);
    for path in [format!("/channels/{dm}"), format!("/channels/{dm}/messages")] {
        assert_eq!(eve.get(&path).await.no(), (404, 10003));
    }
    let path = format!("/channels/{dm}/messages");
    assert_eq!(eve.post(&path, json!({ "content": "me too" })).await.no(), (404, 10003));
    town.close().await;
}

#[tokio::test]
async fn a_closed_conversation_comes_back_with_the_next_message() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    alice.found_guild_with(&[&bob]).await;
    let dm = alice.post("/users/@me/channels", json!({ "recipient_id": bob.id })).await.id();
    alice.say(&dm, "one").await;
    alice.saw().await;
    assert_eq!(alice.delete(&format!("/channels/{dm}")).await.status, 200);
    assert_eq!(alice.get("/osc/v1/users/@me/channels").await.ids(), [""; 0]);
    bob.say(&dm, "two").await;
    let seen = alice.saw().await;
    assert_eq!(seen, ["CHANNEL_DELETE", "OSC_CHANNEL_CREATE", "MESSAGE_CREATE"]);
    assert_eq!(alice.get("/osc/v1/users/@me/channels").await.ids(), std::slice::from_ref(&dm));
    assert_eq!(alice.reads(&dm).await, ["one", "two"]);
    town.close().await;
}

#[tokio::test]
async fn strangers_cannot_be_written_to() {
    let town = Town::new().await;
    let [alice, eve] = town.people(["alice", "eve"]).await;
    let stranger = eve.post("/users/@me/channels", json!({ "recipient_id": alice.id })).await;
    let nobody = eve.post("/users/@me/channels", json!({ "recipient_id": "1" })).await;
    assert_eq!(stranger.no(), (404, 10013));
    assert_eq!(stranger.body, nobody.body, "who is no acquaintance looks like nobody");
    let oneself = eve.post("/users/@me/channels", json!({ "recipient_id": eve.id })).await;
    assert_eq!(oneself.status / 100, 4);
    town.close().await;
}

#[tokio::test]
async fn a_conversation_outlives_the_shared_room() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let dm = alice.post("/users/@me/channels", json!({ "recipient_id": bob.id })).await.id();
    alice.say(&dm, "one").await;
    assert_eq!(bob.delete(&format!("/users/@me/guilds/{}", lobby.id)).await.status, 204);
    bob.say(&dm, "two").await;
    assert_eq!(alice.reads(&dm).await, ["one", "two"]);
    town.close().await;
}
