//! Presence and voice: who is there, and where one can hear them.

use std::time::Duration;

use hyper::Method;
use proto::Permissions;
use serde_json::{Value, json};

use crate::town::Town;

#[tokio::test]
async fn who_goes_is_away_only_after_a_while() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    alice.found_guild_with(&[&bob]).await;
    bob.leaves_town().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(alice.saw().await, [""; 0], "a page may just be loading again");
    town.pass(Duration::from_secs(9));
    let presence = alice.awaits("PRESENCE_UPDATE").await;
    assert_eq!((&presence["status"], &presence["user"]["id"]), (&json!("offline"), &json!(bob.id)));
    town.close().await;
}

#[tokio::test]
async fn how_one_is_is_shown_to_those_in_the_same_rooms() {
    let town = Town::new().await;
    let [alice, bob, eve] = town.people(["alice", "bob", "eve"]).await;
    alice.found_guild_with(&[&bob]).await;
    for session in bob.sessions() {
        session.handle.update_presence("dnd", json!([])).await.expect("says");
    }
    let presence = alice.awaits("PRESENCE_UPDATE").await;
    assert_eq!(presence["user"], json!({ "id": bob.id }));
    tokio::time::sleep(Duration::from_millis(100)).await;
    let last = alice.heard().await.pop().expect("heard").1;
    assert_eq!(last["status"], "dnd");
    assert_eq!(eve.saw().await, [""; 0]);
    town.close().await;
}

#[tokio::test]
async fn voice_is_a_place_that_one_enters_and_leaves() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let (guild, voice) = (lobby.id.parse().expect("an id"), lobby.voice.parse().expect("an id"));
    bob.handle().update_voice(guild, Some(voice)).await.expect("says");
    let state = alice.awaits("VOICE_STATE_UPDATE").await;
    assert_eq!((&state["user_id"], &state["channel_id"]), (&json!(bob.id), &json!(lobby.voice)));
    assert_eq!(alice.saw().await, ["VOICE_STATE_UPDATE"]);
    let seen = bob.saw().await;
    assert_eq!(seen, ["VOICE_STATE_UPDATE", "VOICE_SERVER_UPDATE"]);

    let late = town.guest("late").await;
    late.joins(&lobby).await;
    town.settle().await;
    let known = late.osc().log().cache.guilds[&guild].voice_states.len();
    assert_eq!(known, 1, "who comes later finds who is there");

    bob.handle().update_voice(guild, None).await.expect("says");
    let mut left = alice.awaits("VOICE_STATE_UPDATE").await;
    assert_eq!(left["channel_id"].take(), Value::Null);
    alice.saw().await;
    town.close().await;
}

#[tokio::test]
async fn a_full_or_forbidden_voice_channel_stays_closed() {
    let town = Town::new().await;
    let [alice, bob, carol] = town.people(["alice", "bob", "carol"]).await;
    let lobby = alice.found_guild_with(&[&bob, &carol]).await;
    let (guild, voice) = (lobby.id.parse().expect("an id"), lobby.voice.parse().expect("an id"));
    let path = format!("/channels/{}", lobby.voice);
    alice.done(Method::PATCH, &path, json!({ "user_limit": 1 })).await;
    bob.handle().update_voice(guild, Some(voice)).await.expect("says");
    alice.awaits("VOICE_STATE_UPDATE").await;
    town.settle().await;
    for who in [&alice, &bob, &carol] {
        who.saw().await;
    }
    carol.handle().update_voice(guild, Some(voice)).await.expect("says");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(alice.saw().await, [""; 0], "it is full");

    let connect = Permissions::CONNECT.bits().to_string();
    let overwrite = format!("/channels/{}/permissions/{}", lobby.voice, carol.id);
    let deny = json!({ "type": 1, "allow": "0", "deny": connect });
    alice.done(Method::PATCH, &path, json!({ "user_limit": 0 })).await;
    alice.done(Method::PUT, &overwrite, deny).await;
    alice.saw().await;
    carol.handle().update_voice(guild, Some(voice)).await.expect("says");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(alice.saw().await, [""; 0], "it is not for carol");
    town.close().await;
}

#[tokio::test]
async fn who_leaves_the_room_or_loses_sight_leaves_voice_too() {
    let town = Town::new().await;
    let [alice, bob, carol] = town.people(["alice", "bob", "carol"]).await;
    let lobby = alice.found_guild_with(&[&bob, &carol]).await;
    let (guild, voice) = (lobby.id.parse().expect("an id"), lobby.voice.parse().expect("an id"));
    for who in [&bob, &carol] {
        who.handle().update_voice(guild, Some(voice)).await.expect("says");
        alice.awaits("VOICE_STATE_UPDATE").await;
        town.settle().await;
        alice.saw().await;
    }
    let path = format!("/guilds/{}/members/{}", lobby.id, bob.id);
    alice.done(Method::DELETE, &path, Value::Null).await;
    town.settle().await;
    let known = |who: &crate::town::Person| {
        let log = who.osc().log();
        log.cache.guilds[&guild].voice_states.keys().copied().collect::<Vec<_>>()
    };
    assert_eq!(known(&alice), [carol.id]);
    carol.leaves_town().await;
    alice
        .osc()
        .until("carol left voice", |log| log.cache.guilds[&guild].voice_states.is_empty())
        .await;
    town.close().await;
}
