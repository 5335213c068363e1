//! Invites: links that open a door as often and as long as they say.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};

use crate::town::{Person, Room, Town};

async fn invited(who: &Person, room: &Room, draft: Value) -> String {
    let path = format!("/channels/{}/invites", room.general);
    let invite = who.done(Method::POST, &path, draft).await;
    invite["code"].as_str().expect("a code").to_owned()
}

fn join(code: &str) -> String {
    format!("/osc/v1/invites/{code}/join")
}

#[tokio::test]
async fn an_invite_opens_a_private_room() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let draft = json!({ "name": "den", "visibility": "private" });
    let den = alice.found(draft, &[]).await;
    let code = invited(&alice, &den, json!({})).await;
    assert_eq!(alice.saw().await, ["INVITE_CREATE"]);
    let seen = bob.get(&format!("/invites/{code}?with_counts=true")).await;
    assert_eq!((seen.status, &seen["guild"]["name"]), (200, &json!("den")));
    assert_eq!(bob.post(&join(&code), json!({})).await.status / 100, 2);
    assert_eq!(bob.saw().await[0], "GUILD_CREATE");
    let of_bob = bob.get(&format!("/guilds/{}/invites", den.id)).await;
    assert_eq!(of_bob.no(), (403, 50013), "codes are for those who manage");
    assert_eq!(alice.delete(&format!("/invites/{code}")).await.status, 200);
    assert_eq!(bob.get(&format!("/invites/{code}")).await.no(), (404, 10006));
    town.close().await;
}

#[tokio::test]
async fn an_invite_is_used_exactly_as_often_as_it_says() {
    let town = Town::new().await;
    let [alice, a, b, c, d, e] = town.people(["alice", "a", "b", "c", "d", "e"]).await;
    let den = alice.found(json!({ "name": "den", "visibility": "private" }), &[]).await;
    let code = invited(&alice, &den, json!({ "max_uses": 2 })).await;
    let use_it = async |who: &Person| who.post(&join(&code), json!({})).await.status / 100;
    let (a, b, c, d, e) = tokio::join!(use_it(&a), use_it(&b), use_it(&c), use_it(&d), use_it(&e));
    let came = [a, b, c, d, e].into_iter().filter(|status| *status == 2).count();
    assert_eq!(came, 2, "five at once, two places");
    assert_eq!(alice.get(&format!("/guilds/{}", den.id)).await.status, 200);
    let members = alice.get(&format!("/guilds/{}/members?limit=10", den.id)).await;
    assert_eq!(members.body.as_array().expect("a list").len(), 3);
    town.close().await;
}

#[tokio::test]
async fn an_invite_ends_in_time_and_is_not_for_the_banned() {
    let town = Town::new().await;
    let [alice, bob, eve] = town.people(["alice", "bob", "eve"]).await;
    let den = alice.found(json!({ "name": "den", "visibility": "private" }), &[]).await;
    let code = invited(&alice, &den, json!({ "max_age": 60 })).await;
    let ban = format!("/guilds/{}/bans/{}", den.id, eve.id);
    alice.done(Method::PUT, &ban, json!({})).await;
    assert_eq!(eve.post(&join(&code), json!({})).await.no(), (403, 40007));
    town.pass(Duration::from_secs(61));
    let ended = bob.post(&join(&code), json!({})).await;
    let unknown = bob.post(&join("nothing"), json!({})).await;
    assert_eq!((ended.no(), &ended.body), ((404, 10006), &unknown.body));
    town.close().await;
}
