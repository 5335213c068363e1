//! Notification levels: one's own, heard by one's other sessions.

use serde_json::{Value, json};

use crate::town::Town;

#[tokio::test]
async fn a_level_is_kept_told_to_oneself_and_set_back() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let (room, here) = (
        format!("/osc/v1/notifications/{}", lobby.id),
        format!("/osc/v1/notifications/{}", lobby.general),
    );
    let set = bob.put(&room, json!({ "level": 1 })).await;
    let whole = json!({ "id": lobby.id, "level": 1, "muted": false, "muted_until": null });
    assert_eq!((set.status, &set.body), (200, &whole));
    let until = town.app().clock.now().plus_ms(3_600_000);
    let muted = bob.put(&here, json!({ "muted_until": until })).await;
    assert_eq!((&muted["muted"], &muted["level"]), (&json!(true), &Value::Null));
    assert_eq!(bob.saw().await, ["OSC_NOTIFICATION_UPDATE", "OSC_NOTIFICATION_UPDATE"]);
    assert_eq!(alice.saw().await, [""; 0]);
    let back = bob.put(&here, json!({ "muted": false })).await;
    assert_eq!((&back["muted"], &back["muted_until"]), (&json!(false), &Value::Null));
    let dm = bob.post("/users/@me/channels", json!({ "recipient_id": alice.id })).await.id();
    let dm = bob.put(&format!("/osc/v1/notifications/{dm}"), json!({ "muted": true })).await;
    assert_eq!(dm["muted"], true);
    town.close().await;
}

#[tokio::test]
async fn what_one_does_not_see_and_what_makes_no_sense_is_refused() {
    let town = Town::new().await;
    let [alice, eve] = town.people(["alice", "eve"]).await;
    let lobby = alice.found_guild_with(&[]).await;
    for id in [&lobby.id, &lobby.general, "7"] {
        let path = format!("/osc/v1/notifications/{id}");
        assert_eq!(eve.put(&path, json!({ "level": 1 })).await.no(), (404, 10003));
    }
    let path = format!("/osc/v1/notifications/{}", lobby.id);
    let past = town.app().clock.now();
    for bad in [
        json!({ "level": 3 }),
        json!({ "level": -1 }),
        json!({ "level": "1" }),
        json!({ "muted": "yes" }),
        json!({ "muted_until": past }),
        json!({ "muted_until": "soon" }),
    ] {
        assert_eq!(alice.put(&path, bad.clone()).await.no(), (400, 50035), "{bad}");
    }
    assert_eq!(alice.saw().await, [""; 0]);
    town.close().await;
}
