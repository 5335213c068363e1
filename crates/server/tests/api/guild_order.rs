//! The order of one's rooms: kept by the server, heard by one's other sessions.

use serde_json::json;

use crate::town::Town;

const ORDER: &str = "/osc/v1/users/@me/guilds/order";

#[tokio::test]
async fn rooms_stay_in_order_on_every_device_and_only_ones_own() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let first = alice.found_guild_with(&[&bob]).await;
    let second = alice.found_guild_with(&[&bob]).await;
    let foreign = alice.found_guild_with(&[]).await;
    alice.saw().await;
    bob.saw().await;
    let asked = json!({ "guild_ids": [second.id, foreign.id, first.id, second.id] });
    let set = bob.put(ORDER, asked).await;
    let kept = json!({ "guild_ids": [second.id, first.id] });
    assert_eq!((set.status, &set.body), (200, &kept), "neither a foreign room nor a repeat");
    assert_eq!(bob.saw().await, ["OSC_GUILD_ORDER_UPDATE"]);
    assert_eq!(alice.saw().await, [""; 0], "it is nobody else's affair");
    for bad in [json!({}), json!({ "guild_ids": "7" }), json!({ "guild_ids": ["x"] })] {
        assert_eq!(bob.put(ORDER, bad.clone()).await.no(), (400, 50035), "{bad}");
    }
    let long: Vec<_> = (1..=201).map(|id| id.to_string()).collect();
    assert_eq!(bob.put(ORDER, json!({ "guild_ids": long })).await.no(), (400, 50035));
    // Closing compares what each session knows with a fresh one's READY.
    town.close().await;
}
