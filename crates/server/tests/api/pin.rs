//! Pins: both official forms say the same, all who read along hear of them, and they end with
//! their message.

use proto::Permissions;
use serde_json::json;

use crate::town::Town;

#[tokio::test]
async fn a_pin_is_told_to_all_and_listed_in_both_forms() {
    let town = Town::new().await;
    let [alice, bob, eve] = town.people(["alice", "bob", "eve"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    bob.opens(&lobby.general).await;
    let one = alice.say(&lobby.general, "one").await;
    let two = alice.say(&lobby.general, "two").await;
    let reply = json!({ "content": "yes", "message_reference": { "message_id": one } });
    alice.post(&format!("/channels/{}/messages", lobby.general), reply).await;
    bob.saw().await;

    let (old, new) = (
        format!("/channels/{}/pins", lobby.general),
        format!("/channels/{}/messages/pins", lobby.general),
    );
    assert_eq!(alice.put_nothing(&format!("{old}/{one}")).await.status, 204);
    assert_eq!(alice.put_nothing(&format!("{new}/{two}")).await.status, 204);
    assert_eq!(alice.put_nothing(&format!("{new}/{two}")).await.status, 204, "again");
    let heard = bob.heard().await;
    let names: Vec<_> = heard.iter().map(|(name, _)| *name).collect();
    let each = ["MESSAGE_UPDATE", "CHANNEL_PINS_UPDATE", "MESSAGE_CREATE"];
    assert_eq!(names, [each, each].concat());
    assert_eq!(heard[0].1["pinned"], true);
    assert!(heard[1].1["last_pin_timestamp"].is_string());
    assert_eq!((&heard[2].1["type"], &heard[2].1["content"]), (&json!(6), &json!("")));
    assert_eq!(heard[2].1["message_reference"]["message_id"], one.as_str());

    assert_eq!(bob.get(&old).await.ids(), [two.as_str(), one.as_str()]);
    let page = bob.get(&format!("{new}?limit=1")).await;
    assert_eq!(
        (&page["has_more"], &page["items"][0]["message"]["id"]),
        (&json!(true), &json!(two))
    );
    let before = page["items"][0]["pinned_at"].as_str().expect("a time").replace('+', "%2B");
    let page = bob.get(&format!("{new}?limit=1&before={before}")).await;
    assert_eq!(page["has_more"], false);
    assert_eq!(page["items"][0]["message"]["id"], one.as_str());
    for path in [&old, &new] {
        assert_eq!(eve.get(path).await.no(), (404, 10003));
    }
    let there = bob.get(&format!("/channels/{}", lobby.general)).await;
    assert!(there["last_pin_timestamp"].is_string());

    assert_eq!(alice.delete(&format!("{new}/{one}")).await.status, 204);
    assert_eq!(bob.saw().await, ["MESSAGE_UPDATE", "CHANNEL_PINS_UPDATE"]);
    alice.delete(&format!("/channels/{}/messages/{two}", lobby.general)).await;
    assert_eq!(bob.saw().await, ["MESSAGE_DELETE"]);
    assert_eq!(bob.get(&old).await.ids(), [""; 0]);
    town.close().await;
}

#[tokio::test]
async fn either_right_is_enough_and_in_a_conversation_both_may() {
    let town = Town::new().await;
    let [alice, bob, carol] = town.people(["alice", "bob", "carol"]).await;
    let lobby = alice.found_guild_with(&[&bob, &carol]).await;
    let id = alice.say(&lobby.general, "hi").await;
    let path = format!("/channels/{}/pins/{id}", lobby.general);
    assert_eq!(bob.put_nothing(&path).await.no(), (403, 50013));
    let pins = alice.makes_role(&lobby, "pins", Permissions::PIN_MESSAGES.bits()).await;
    let manages = alice.makes_role(&lobby, "all", Permissions::MANAGE_MESSAGES.bits()).await;
    alice.gives_role(&lobby, &bob, &pins).await;
    alice.gives_role(&lobby, &carol, &manages).await;
    assert_eq!(bob.put_nothing(&path).await.status, 204);
    assert_eq!(carol.delete(&path).await.status, 204);

    let dm = alice.post("/users/@me/channels", json!({ "recipient_id": bob.id })).await.id();
    let id = alice.say(&dm, "psst").await;
    alice.saw().await;
    bob.saw().await;
    let path = format!("/channels/{dm}/messages/pins/{id}");
    assert_eq!(bob.put_nothing(&path).await.status, 204);
    assert_eq!(alice.saw().await, ["MESSAGE_UPDATE", "CHANNEL_PINS_UPDATE", "MESSAGE_CREATE"]);
    assert_eq!(carol.put_nothing(&path).await.no(), (404, 10003));
    town.close().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let town = Town::new().await;
    let [alice] = town.people(["alice"]).await;
    let lobby = alice.found_guild_with(&[]).await;
    let pins = format!("/channels/{}/messages/pins", lobby.general);
    assert_eq!(alice.put_nothing(&format!("{pins}/7")).await.no(), (404, 10008));
    for bad in ["limit=0", "limit=51", "limit=x", "before=yesterday", "before=-1"] {
        let answer = alice.get(&format!("{pins}?{bad}")).await;
        assert_eq!(answer.no(), (400, 50035), "{bad}: {answer}");
    }
    assert_eq!(alice.put_nothing(&format!("{pins}/x")).await.status / 100, 4);
    town.close().await;
}
