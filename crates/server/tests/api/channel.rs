//! Channels: made, named, ordered, opened and closed, deleted.

use hyper::Method;
use proto::Permissions;
use serde_json::{Value, json};

use crate::town::Town;

#[tokio::test]
async fn channels_come_change_and_go_and_all_are_told() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let all = format!("/guilds/{}/channels", lobby.id);
    assert_eq!(bob.post(&all, json!({ "name": "mine" })).await.no(), (403, 50013));
    assert_eq!(bob.post(&all, json!({})).await.no(), (403, 50013), "rights before the body");
    bob.saw().await;

    let group = alice.post(&all, json!({ "name": "Group", "type": 4 })).await;
    assert_eq!(group.status, 201, "{group}");
    let draft = json!({ "name": "Big Plans", "parent_id": group.id(), "topic": "for all" });
    let plans = alice.post(&all, draft).await;
    assert_eq!((plans.status, &plans["name"]), (201, &json!("big-plans")));
    assert_eq!(plans["parent_id"], group.id());
    assert_eq!(bob.saw().await, ["CHANNEL_CREATE", "CHANNEL_CREATE"]);

    let path = format!("/channels/{}", plans.id());
    let slow = alice.patch(&path, json!({ "rate_limit_per_user": 5, "topic": null })).await;
    assert_eq!((&slow["rate_limit_per_user"], &slow["topic"]), (&json!(5), &Value::Null));
    let moves = json!([{ "id": lobby.voice, "position": 3, "parent_id": group.id() }]);
    alice.done(Method::PATCH, &all, moves).await;
    assert_eq!(bob.saw().await, ["CHANNEL_UPDATE", "CHANNEL_UPDATE"]);

    let gone = alice.delete(&format!("/channels/{}", group.id())).await;
    assert_eq!((gone.status, gone.id()), (200, group.id()));
    let told = ["CHANNEL_DELETE", "CHANNEL_UPDATE", "CHANNEL_UPDATE"];
    assert_eq!(bob.saw().await, told, "what stood in it stands alone");
    assert_eq!(alice.get(&path).await["parent_id"], Value::Null);
    alice.say(&plans.id(), "the last word").await;
    alice.done(Method::DELETE, &path, Value::Null).await;
    assert_eq!(bob.saw().await, ["MESSAGE_CREATE", "CHANNEL_DELETE"]);
    assert_eq!(bob.get(&format!("{path}/messages")).await.no(), (404, 10003));
    town.close().await;
}

#[tokio::test]
async fn wrong_channels_are_refused_with_the_field_that_is_wrong() {
    let town = Town::new().await;
    let [alice] = town.people(["alice"]).await;
    let lobby = alice.found_guild_with(&[]).await;
    let all = format!("/guilds/{}/channels", lobby.id);
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("\u{202e}evil")),
        ("name", json!("x".repeat(101))),
        ("name", json!(["x"])),
        ("type", json!(13)),
        ("topic", json!("t".repeat(1_025))),
        ("rate_limit_per_user", json!(21_601)),
        ("bitrate", json!(1)),
        ("user_limit", json!(100)),
        ("parent_id", json!(lobby.general)),
        ("parent_id", json!("7")),
        ("position", json!(-1)),
        ("permission_overwrites", json!([{ "id": "7", "type": 0 }])),
        ("permission_overwrites", json!([{ "id": lobby.id, "type": 9 }])),
    ] {
        let mut draft = json!({ "name": "sound" });
        draft[field] = value;
        let answer = alice.post(&all, draft).await;
        assert_eq!(answer.no(), (400, 50035), "{field}: {answer}");
        assert!(!answer["errors"][field].is_null(), "{field}: {answer}");
    }
    assert_eq!(alice.get(&all).await.ids().len(), 2, "nothing was made");
    town.close().await;
}

#[tokio::test]
async fn overwrites_open_and_close_a_channel_for_some() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let view = Permissions::VIEW_CHANNEL.bits().to_string();
    let overwrite = |id: &str| format!("/channels/{}/permissions/{id}", lobby.general);
    bob.saw().await;
    let draft = json!({ "type": 0, "allow": "0", "deny": view });
    assert_eq!(bob.put(&overwrite(&lobby.id), draft.clone()).await.no(), (403, 50013));
    alice.done(Method::PUT, &overwrite(&lobby.id), draft).await;
    assert_eq!(bob.saw().await, ["CHANNEL_DELETE"]);
    let bobs = bob.id.to_string();
    let draft = json!({ "type": 1, "allow": view, "deny": null });
    alice.done(Method::PUT, &overwrite(&bobs), draft).await;
    assert_eq!(bob.saw().await, ["CHANNEL_CREATE"]);
    alice.done(Method::DELETE, &overwrite(&bobs), Value::Null).await;
    assert_eq!(bob.saw().await, ["CHANNEL_DELETE"]);
    assert_eq!(alice.delete(&overwrite(&bobs)).await.no(), (404, 10009));
    assert_eq!(bob.delete(&overwrite(&lobby.id)).await.no(), (404, 10003));
    let wrong = json!({ "type": 0, "allow": "many" });
    assert_eq!(alice.put(&overwrite(&lobby.id), wrong).await.no(), (400, 50035));
    town.close().await;
}

#[tokio::test]
async fn a_direct_message_has_nothing_to_change() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    alice.found_guild_with(&[&bob]).await;
    let dm = alice.post("/users/@me/channels", json!({ "recipient_id": bob.id })).await.id();
    let path = format!("/channels/{dm}");
    assert_eq!(alice.patch(&path, json!({ "name": "x" })).await.no(), (403, 50003));
    assert_eq!(alice.post(&format!("{path}/invites"), json!({})).await.no(), (403, 50003));
    let overwrite = format!("{path}/permissions/{}", bob.id);
    assert_eq!(alice.put(&overwrite, json!({ "type": 1 })).await.no(), (403, 50003));
    assert_eq!(alice.delete(&path).await.id(), dm, "it only leaves the list");
    assert!(!alice.get("/osc/v1/users/@me/channels").await.ids().contains(&dm));
    town.close().await;
}
