//! Users: what one may change about oneself, and of whom one may know.

use serde_json::{Value, json};

use super::guest::bad_inputs;
use crate::town::Town;

/// One black pixel.
const PIXEL: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAD\
    UlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

#[tokio::test]
async fn a_new_name_and_picture_reach_those_who_share_a_room() {
    let town = Town::new().await;
    let [alice, bob] = town.accounts(["alice", "bob"]).await;
    let [eve] = town.people(["eve"]).await;
    alice.found_guild_with(&[&bob]).await;
    let changed = alice.patch("/users/@me", json!({ "global_name": "Alice A.", "avatar": PIXEL }));
    let changed = changed.await;
    assert_eq!(changed.status, 200, "{changed}");
    assert_eq!(changed["global_name"], "Alice A.");
    let hash = changed["avatar"].as_str().expect("a hash");
    assert!(hash.len() == 32 && hash.bytes().all(|b| b.is_ascii_hexdigit()), "{hash}");
    assert_eq!(alice.saw().await, ["USER_UPDATE", "GUILD_MEMBER_UPDATE"]);
    let heard = bob.heard().await;
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].1["user"]["avatar"], changed["avatar"]);
    assert_eq!(eve.saw().await, [""; 0]);
    let cleared = alice.patch("/users/@me", json!({ "avatar": null, "global_name": null })).await;
    assert_eq!((&cleared["avatar"], &cleared["global_name"]), (&Value::Null, &Value::Null));
    let same = alice.patch("/users/@me", json!({})).await;
    assert_eq!(same.body, cleared.body);
    let renamed = alice.patch("/users/@me", json!({ "username": "alicia" })).await;
    assert_eq!(renamed["username"], "alicia");
    let taken = alice.patch("/users/@me", json!({ "username": "b0b" })).await;
    assert_eq!(taken.no(), (409, 900_002));
    town.close().await;
}

#[tokio::test]
async fn what_is_not_ones_own_to_change_stays() {
    let town = Town::new().await;
    let [anna] = town.people(["Anna"]).await;
    let before = anna.get("/users/@me").await;
    let body = json!({
        "id": "1", "bot": true, "flags": 1, "public_flags": 1, "verified": false, "email": "a@b",
        "premium_type": 2, "owner_id": "1", "kind": "account", "skeleton": "x", "intents": 1,
        "osc": { "guest": false, "server_owner": true }, "permissions": "8", "admin": true,
    });
    let after = anna.patch("/users/@me", body).await;
    assert_eq!(after.body, before.body);
    assert_eq!(anna.patch("/users/@me", json!({ "username": "x_y" })).await.no(), (403, 900_006));
    let refused = [
        json!({ "global_name": null }),
        json!({ "global_name": "" }),
        json!({ "avatar": "x" }),
        json!({ "global_name": "Moderator" }),
        json!({ "global_name": 1 }),
        json!({ "avatar": "data:image/svg+xml;base64,PHN2Zz4=" }),
        json!({ "avatar": "http://127.0.0.1/x.png" }),
        json!({ "avatar": ["x"] }),
    ];
    for body in refused {
        let answer = anna.patch("/users/@me", body.clone()).await;
        assert_eq!(answer.no(), (400, 50_035), "{body}");
    }
    assert_eq!(anna.get("/users/@me").await.body, before.body);
    town.close().await;
}

#[tokio::test]
async fn strangers_look_like_nobody() {
    let town = Town::new().await;
    let [alice, bob, eve] = town.people(["alice", "bob", "eve"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let path = format!("/users/{}", alice.id);
    assert_eq!(bob.get(&path).await["global_name"], "alice");
    assert_eq!(alice.get(&path).await["global_name"], "alice");
    let stranger = eve.get(&path).await;
    let nobody = eve.get("/users/1").await;
    assert_eq!(stranger.no(), (404, 10_013));
    assert_eq!(stranger.body, nobody.body);
    assert_eq!(town.nobody().get(&path).await.no(), (401, 40_001));
    eve.joins(&lobby).await;
    assert_eq!(eve.get(&path).await.status, 200);
    town.close().await;
}

#[tokio::test]
async fn what_is_no_id_is_refused() {
    let town = Town::new().await;
    let [anna] = town.people(["Anna"]).await;
    let mut ids: Vec<String> = ["0", "-1", "01", "1e3", "abc", "%00"].map(str::to_owned).to_vec();
    ids.extend(bad_inputs("ids").into_iter().filter(|id| id != "@me"));
    for id in ids {
        let escaped: String = match id.contains('%') {
            true => id.clone(),
            false => id.bytes().map(|byte| format!("%{byte:02X}")).collect(),
        };
        let answer = anna.get(&format!("/users/{escaped}")).await;
        assert!([400, 404].contains(&answer.status), "{id}: {answer}");
        assert!(answer["code"].is_u64(), "{id}: {answer}");
    }
    town.close().await;
}
