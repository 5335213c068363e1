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

#[tokio::test]
async fn many_are_banned_at_once_as_far_as_they_can_be() {
    let town = Town::new().await;
    let [alice, bob, eve, mod_] = town.people(["alice", "bob", "eve", "max"]).await;
    let room = alice.found_guild_with(&[&bob, &mod_]).await;
    let path = format!("/guilds/{}/bulk-ban", room.id);
    let role = alice.makes_role(&room, "mods", (1 << 2) | (1 << 5)).await;
    alice.gives_role(&room, &mod_, &role).await;
    let of = |ids: Vec<String>| json!({ "user_ids": ids, "delete_message_seconds": 60 });
    let all = vec![alice.id, bob.id, eve.id, mod_.id].into_iter().map(|id| id.to_string());
    let all: Vec<_> = all.chain(["7".to_owned()]).collect();
    assert_eq!(bob.post(&path, of(all.clone())).await.no(), (403, 50013));
    assert_eq!(eve.post(&path, of(all.clone())).await.no(), (404, 10004));
    let done = mod_.post(&path, of(all)).await;
    assert_eq!(done.status, 200, "{done}");
    let named = |key: &str| {
        let mut ids: Vec<_> =
            done[key].as_array().expect("ids").iter().map(Value::to_string).collect();
        ids.sort();
        ids
    };
    let mut expected = [bob.id, eve.id].map(|id| format!("\"{id}\""));
    expected.sort();
    assert_eq!(named("banned_users"), expected);
    assert_eq!(named("failed_users").len(), 3, "the owner, oneself, and nobody");
    let again = mod_.post(&path, of(vec![bob.id.to_string()])).await;
    assert_eq!(again.no(), (400, 500_000));
    for bad in [vec![], (1..=201).map(|n| n.to_string()).collect()] {
        assert_eq!(mod_.post(&path, of(bad)).await.no(), (400, 50035));
    }
    for who in [&alice, &bob, &mod_] {
        who.saw().await;
    }
    town.close().await;
}
