//! Bans: who is out stays out, by every door, and learns nothing more.

use hyper::Method;
use serde_json::{Value, json};

use crate::town::Town;

#[tokio::test]
async fn the_banned_are_out_at_once_and_find_no_way_back() {
    let town = Town::new().await;
    let [alice, bob, carol] = town.people(["alice", "bob", "carol"]).await;
    let lobby = alice.found_guild_with(&[&bob, &carol]).await;
    let invites = format!("/channels/{}/invites", lobby.general);
    let code = alice.post(&invites, json!({})).await["code"].as_str().expect("a code").to_owned();
    alice.saw().await;
    bob.saw().await;
    carol.saw().await;
    let ban = format!("/guilds/{}/bans/{}", lobby.id, bob.id);
    alice.done(Method::PUT, &ban, json!({})).await;
    assert_eq!(bob.saw().await, ["GUILD_DELETE"]);
    let told = carol.saw().await;
    assert!(told.contains(&"GUILD_MEMBER_REMOVE"), "{told:?}");
    assert!(!told.contains(&"GUILD_BAN_ADD"), "bans are for those who may ban: {told:?}");
    assert!(alice.saw().await.contains(&"GUILD_BAN_ADD"));
    alice.say(&lobby.general, "without bob").await;
    assert_eq!(bob.saw().await, [""; 0]);
    for path in
        [format!("/osc/v1/guilds/{}/join", lobby.id), format!("/osc/v1/invites/{code}/join")]
    {
        assert_eq!(bob.post(&path, json!({})).await.no(), (403, 40007), "{path}");
    }
    let path = format!("/channels/{}/messages", lobby.general);
    assert_eq!(bob.get(&path).await.no(), (404, 10003));
    assert_eq!(bob.post(&path, json!({ "content": "hi" })).await.no(), (404, 10003));
    town.close().await;
}

#[tokio::test]
async fn bans_are_told_only_to_those_who_may_ban() {
    let town = Town::new().await;
    let [alice, bob, eve] = town.people(["alice", "bob", "eve"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let bans = format!("/guilds/{}/bans", lobby.id);
    let of_eve = format!("{bans}/{}", eve.id);
    // Somebody who never was in the room can be kept out of it.
    alice.done(Method::PUT, &of_eve, json!({ "delete_message_days": 1 })).await;
    alice.done(Method::PUT, &of_eve, Value::Null).await;
    let seen = alice.get(&of_eve).await;
    assert_eq!((seen.status, &seen["reason"]), (200, &Value::Null));
    assert_eq!(seen["user"]["id"], eve.id.to_string());
    assert_eq!(bob.get(&bans).await.no(), (403, 50013));
    assert_eq!(bob.get(&of_eve).await.no(), (403, 50013));
    assert_eq!(bob.delete(&of_eve).await.no(), (403, 50013));
    assert_eq!(eve.get(&bans).await.no(), (404, 10004));
    assert_eq!(eve.delete(&of_eve).await.no(), (404, 10004));
    for bad in [json!({ "delete_message_seconds": 604_801 }), json!({ "delete_message_days": -1 })]
    {
        let of_bob = format!("{bans}/{}", bob.id);
        assert_eq!(alice.put(&of_bob, bad).await.no(), (400, 50035));
    }
    assert_eq!(alice.put(&format!("{bans}/7"), json!({})).await.no(), (404, 10013));
    assert_eq!(alice.put(&format!("{bans}/{}", alice.id), json!({})).await.no(), (403, 50013));
    for bad in ["limit=0", "limit=1001", "before=x"] {
        assert_eq!(alice.get(&format!("{bans}?{bad}")).await.no(), (400, 50035), "{bad}");
    }
    alice.done(Method::DELETE, &of_eve, Value::Null).await;
    assert_eq!(alice.delete(&of_eve).await.no(), (404, 10026));
    town.close().await;
}
