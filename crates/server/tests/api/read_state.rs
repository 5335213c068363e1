//! Read markers and typing: what one does with a channel besides writing.

use serde_json::json;

use crate::town::Town;

#[tokio::test]
async fn a_marker_counts_mentions_until_it_is_moved() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let call = format!("<@{}>", bob.id);
    let first = alice.say(&lobby.general, &call).await;
    alice.say(&lobby.general, "by the way").await;
    let last = alice.say(&lobby.general, &call).await;
    bob.saw().await;
    let path = format!("/osc/v1/channels/{}/read", lobby.general);

    let marked = bob.put(&path, json!({ "message_id": first })).await;
    assert_eq!((marked.status, &marked["mention_count"]), (200, &json!(1)));
    let heard = bob.heard().await;
    assert_eq!(heard.len(), 1, "only one's own sessions");
    assert_eq!((heard[0].0, &heard[0].1["mention_count"]), ("OSC_READ_STATE_UPDATE", &json!(1)));
    assert_eq!(alice.saw().await, ["MESSAGE_CREATE"; 3]);
    let marked = bob.put(&path, json!({ "message_id": last })).await;
    assert_eq!(marked["mention_count"], 0);
    assert_eq!(bob.put(&path, json!({ "message_id": "7" })).await.no(), (404, 10008));
    town.close().await;
}

#[tokio::test]
async fn typing_is_told_to_those_in_the_channel() {
    let town = Town::new().await;
    let [alice, bob, eve] = town.people(["alice", "bob", "eve"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let path = format!("/channels/{}/typing", lobby.general);
    assert_eq!(alice.post(&path, json!({})).await.status, 204);
    let heard = bob.heard().await;
    assert_eq!(heard.len(), 1);
    assert_eq!((heard[0].0, &heard[0].1["user_id"]), ("TYPING_START", &json!(alice.id)));
    assert_eq!(eve.post(&path, json!({})).await.no(), (404, 10003));
    assert_eq!(eve.saw().await, [""; 0]);
    town.close().await;
}
