//! Group conversations: who is in hears all of it, who is out nothing more.

use serde_json::json;

use crate::town::{Person, Town};

/// One black pixel.
const PIXEL: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAD\
    UlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

async fn opens(one: &Person, others: &[&Person]) -> String {
    let ids: Vec<_> = others.iter().map(|other| other.id).collect();
    let group = one.post("/users/@me/channels", json!({ "recipients": ids })).await;
    assert_eq!((group.status, &group["type"]), (200, &json!(3)), "{group}");
    assert_eq!(group["owner_id"], one.id.to_string());
    assert_eq!(group["recipients"].as_array().map(Vec::len), Some(others.len()));
    group.id()
}

#[tokio::test]
async fn a_few_people_talk_and_nobody_else_hears() {
    let town = Town::new().await;
    let [alice, bob, carol, eve] = town.people(["alice", "bob", "carol", "eve"]).await;
    alice.found_guild_with(&[&bob, &carol, &eve]).await;
    let group = opens(&alice, &[&bob, &carol]).await;
    for who in [&alice, &bob, &carol] {
        assert_eq!(who.saw().await, ["OSC_CHANNEL_CREATE"]);
    }
    carol.opens(&group).await;
    bob.say(&group, "hi all").await;
    assert_eq!(carol.saw().await, ["MESSAGE_CREATE"]);
    let path = format!("/channels/{group}");
    let renamed = bob.patch(&path, json!({ "name": " Fishing  trip ", "icon": PIXEL })).await;
    assert_eq!((renamed.status, &renamed["name"]), (200, &json!("Fishing trip")), "{renamed}");
    let heard = carol.heard().await;
    let names: Vec<_> = heard.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["CHANNEL_UPDATE", "MESSAGE_CREATE"]);
    assert_eq!((&heard[1].1["type"], &heard[1].1["content"]), (&json!(4), &json!("Fishing trip")));
    let hash = renamed["icon"].as_str().expect("a hash").to_owned();
    let icon = format!("/cdn/channel-icons/{group}/{hash}.png");
    assert_eq!(town.nobody().get(&icon).await.status, 200);
    assert_eq!(alice.get("/osc/v1/users/@me/channels").await[0]["name"], "Fishing trip");
    let pin = bob.say(&group, "bring bread").await;
    assert_eq!(carol.put_nothing(&format!("/channels/{group}/pins/{pin}")).await.status, 204);
    assert_eq!(eve.get(&path).await.no(), (404, 10003));
    assert_eq!(eve.saw().await, [""; 0]);
    town.close().await;
}

#[tokio::test]
async fn people_come_and_go_and_the_oldest_owns_it() {
    let town = Town::new().await;
    let [alice, bob, carol, dave] = town.people(["alice", "bob", "carol", "dave"]).await;
    alice.found_guild_with(&[&bob, &carol, &dave]).await;
    let group = opens(&alice, &[&bob, &carol]).await;
    alice.say(&group, "first").await;
    for who in [&alice, &bob, &carol] {
        who.saw().await;
    }
    let of = |who: &Person| format!("/channels/{group}/recipients/{}", who.id);
    for _ in 0..2 {
        assert_eq!(bob.put_nothing(&of(&dave)).await.status, 204, "also if they are there");
    }
    assert_eq!(alice.saw().await, ["CHANNEL_RECIPIENT_ADD", "MESSAGE_CREATE"]);
    assert_eq!(dave.saw().await, ["OSC_CHANNEL_CREATE", "MESSAGE_CREATE"]);
    assert_eq!(dave.reads(&group).await, ["first", ""]);

    assert_eq!(bob.delete(&of(&carol)).await.no(), (403, 50013));
    assert_eq!(alice.delete(&of(&carol)).await.status, 204);
    assert_eq!(carol.saw().await, ["CHANNEL_RECIPIENT_ADD", "MESSAGE_CREATE", "CHANNEL_DELETE"]);
    assert_eq!(dave.saw().await, ["CHANNEL_RECIPIENT_REMOVE", "MESSAGE_CREATE"]);
    assert_eq!(carol.get(&format!("/channels/{group}/messages")).await.no(), (404, 10003));
    dave.say(&group, "without carol").await;
    assert_eq!(carol.saw().await, [""; 0]);

    alice.saw().await;
    dave.saw().await;
    assert_eq!(alice.delete(&format!("/channels/{group}")).await.status, 200);
    assert_eq!(alice.saw().await, ["CHANNEL_DELETE"]);
    let heard = dave.heard().await;
    let names: Vec<_> = heard.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["CHANNEL_RECIPIENT_REMOVE", "CHANNEL_UPDATE", "MESSAGE_CREATE"]);
    assert_eq!(heard[1].1["owner_id"], bob.id.to_string());
    for who in [&bob, &dave] {
        assert_eq!(who.delete(&format!("/channels/{group}")).await.status, 200);
    }
    assert_eq!(bob.get(&format!("/channels/{group}")).await.no(), (404, 10003));
    town.close().await;
}

#[tokio::test]
async fn what_makes_no_group_is_refused() {
    let town = Town::with(|config| config.limits.group_recipients = 3).await;
    let [alice, bob, carol, dave, eve] =
        town.people(["alice", "bob", "carol", "dave", "eve"]).await;
    alice.found_guild_with(&[&bob, &carol, &dave]).await;
    let open = async |ids: serde_json::Value| {
        alice.post("/users/@me/channels", json!({ "recipients": ids })).await
    };
    assert_eq!(open(json!([])).await.no(), (400, 50035));
    assert_eq!(open(json!([alice.id])).await.no(), (403, 50007));
    assert_eq!(open(json!([bob.id, bob.id])).await["type"], 1, "one alone is no group");
    assert_eq!(open(json!([bob.id, eve.id])).await.no(), (404, 10013));
    assert_eq!(open(json!([bob.id, carol.id, dave.id])).await.no(), (400, 30004));
    assert_eq!(open(json!(["x"])).await.no(), (400, 50035));
    let group = opens(&alice, &[&bob, &carol]).await;
    let path = format!("/channels/{group}");
    let more = format!("{path}/recipients/{}", dave.id);
    assert_eq!(alice.put_nothing(&more).await.no(), (400, 30004));
    assert_eq!(eve.put_nothing(&more).await.no(), (404, 10003));
    assert_eq!(alice.delete(&more).await.no(), (404, 10013));
    for bad in [json!({ "name": "x".repeat(101) }), json!({ "icon": "x" }), json!({ "name": 1 })] {
        assert_eq!(alice.patch(&path, bad.clone()).await.no(), (400, 50035), "{bad}");
    }
    let dm = alice.post("/users/@me/channels", json!({ "recipient_id": bob.id })).await.id();
    let into_dm = format!("/channels/{dm}/recipients/{}", carol.id);
    assert_eq!(alice.put_nothing(&into_dm).await.no(), (400, 50024));
    town.close().await;
}
