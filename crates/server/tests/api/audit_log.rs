//! The audit log: what those with power did, told to those who may ask.

use hyper::Method;
use proto::{Permissions as P, audit_log::action};
use serde_json::{Value, json};

use crate::town::{Answer, Person, Room, Town};

/// The same person with a reason.
fn because(who: &Person, reason: &str) -> Person {
    who.with_rest(who.rest.with_field("x-audit-log-reason", reason))
}

async fn log(who: &Person, room: &Room, query: &str) -> Answer {
    who.get(&format!("/guilds/{}/audit-logs?{query}", room.id)).await
}

/// The actions of a page, the newest first.
fn actions(page: &Answer) -> Vec<u8> {
    let entries = page["audit_log_entries"].as_array().unwrap_or_else(|| panic!("{page}"));
    entries.iter().map(|entry| entry["action_type"].as_u64().expect("a number") as u8).collect()
}

#[tokio::test]
async fn a_kick_is_told_with_its_reason_to_those_who_may_ask() {
    let town = Town::new().await;
    let [alice, bob, carol, dan] = town.people(["alice", "bob", "carol", "dan"]).await;
    let room = alice.found_guild_with(&[&bob, &carol, &dan]).await;
    let reader = alice.makes_role(&room, "readers", P::VIEW_AUDIT_LOG.bits()).await;
    alice.gives_role(&room, &carol, &reader).await;
    for who in [&alice, &carol, &dan] {
        who.heard().await;
    }
    let path = format!("/guilds/{}/members/{}", room.id, bob.id);
    // COMPAT: discord.py leaves spaces as they are.
    let kicked = because(&alice, "r%C3%BCde again").send(Method::DELETE, &path, no_body()).await;
    assert_eq!(kicked.status, 204);
    let of = |heard: Vec<(&'static str, Value)>| {
        let noted = heard.into_iter().filter(|(name, _)| *name == "GUILD_AUDIT_LOG_ENTRY_CREATE");
        noted.map(|(_, data)| data).collect::<Vec<_>>()
    };
    let told = of(carol.heard().await);
    assert_eq!(of(dan.heard().await), [] as [Value; 0]);
    let page = log(&carol, &room, "limit=1").await;
    let entry = &page["audit_log_entries"][0];
    assert_eq!(entry["reason"], "r\u{fc}de again");
    assert_eq!(entry["action_type"], action::MEMBER_KICK);
    assert_eq!(entry["user_id"], alice.id.to_string());
    assert_eq!(entry["target_id"], bob.id.to_string());
    let mut with_guild = entry.clone();
    with_guild["guild_id"] = room.id.clone().into();
    assert_eq!(told, [with_guild]);
    let ids: Vec<_> = page["users"].as_array().expect("users").iter().map(|u| &u["id"]).collect();
    assert_eq!(ids, [&json!(alice.id), &json!(bob.id)]);
    assert_eq!(log(&dan, &room, "").await.no(), (403, 50013));
    assert_eq!(log(&bob, &room, "").await.no(), (404, 10004));
    town.close().await;
}

fn no_body() -> client::rest::Body {
    client::rest::Body::none()
}

#[tokio::test]
async fn a_reason_is_a_readable_text_of_some_length() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let room = alice.found_guild_with(&[&bob]).await;
    let path = format!("/guilds/{}", room.id);
    let long = "x".repeat(513);
    let refused = because(&alice, &long).patch(&path, json!({ "name": "A" })).await;
    assert_eq!(refused.no(), (400, 50035), "{refused}");
    for (n, (reason, seen)) in [
        ("x".repeat(512), json!("x".repeat(512))),
        ("%F0%9F%A6%80 ok".to_owned(), json!("\u{1f980} ok")),
        ("a%E2%80%AEb".to_owned(), json!("ab")),
        ("%20 ".to_owned(), Value::Null),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("Room {n}");
        because(&alice, &reason).done(Method::PATCH, &path, json!({ "name": name })).await;
        let page = log(&alice, &room, "limit=1").await;
        assert_eq!(page["audit_log_entries"][0]["reason"], seen, "{reason}");
    }
    town.close().await;
}

#[tokio::test]
async fn all_that_is_done_with_power_is_noted() {
    let town = Town::new().await;
    let [alice, bob, eve] = town.people(["alice", "bob", "eve"]).await;
    let room = alice.found_guild_with(&[&bob, &eve]).await;
    let (guild, general) = (&room.id, &room.general);
    let role = alice.makes_role(&room, "crew", 0).await;
    alice.gives_role(&room, &bob, &role).await;
    let made = json!({ "name": "plans", "type": 0 });
    let plans = alice.done(Method::POST, &format!("/guilds/{guild}/channels"), made).await.id();
    let overwrite = format!("/channels/{plans}/permissions/{role}");
    let said = [bob.say(general, "one").await, bob.say(general, "two").await];
    let own = bob.say(general, "mine").await;
    let more = [bob.say(general, "three").await, bob.say(general, "four").await];
    let member = format!("/guilds/{guild}/members/{}", bob.id);
    let ban = format!("/guilds/{guild}/bans/{}", eve.id);
    let message = |id: &str| format!("/channels/{general}/messages/{id}");
    let bulk = format!("/channels/{general}/messages/bulk-delete");
    let steps: Vec<(Method, String, Value)> = vec![
        (Method::PATCH, format!("/guilds/{guild}"), json!({ "name": "New Lobby" })),
        (Method::PATCH, format!("/channels/{plans}"), json!({ "topic": "secret" })),
        (Method::PUT, overwrite.clone(), json!({ "type": 0, "allow": "1024", "deny": "0" })),
        (Method::PUT, overwrite.clone(), json!({ "type": 0, "allow": "0", "deny": "1024" })),
        (Method::DELETE, overwrite, Value::Null),
        (Method::DELETE, format!("/channels/{plans}"), Value::Null),
        (Method::PATCH, format!("/guilds/{guild}/roles/{role}"), json!({ "name": "gang" })),
        (Method::PATCH, member.clone(), json!({ "nick": "Bobby", "mute": true })),
        (Method::DELETE, format!("{member}/roles/{role}"), Value::Null),
        (Method::DELETE, format!("/guilds/{guild}/roles/{role}"), Value::Null),
        (Method::PUT, format!("/channels/{general}/pins/{}", said[0]), Value::Null),
        (Method::DELETE, format!("/channels/{general}/pins/{}", said[0]), Value::Null),
        (Method::DELETE, message(&said[0]), Value::Null),
        (Method::DELETE, message(&said[1]), Value::Null),
        (Method::POST, bulk, json!({ "messages": more })),
        (Method::PUT, ban.clone(), json!({})),
        (Method::DELETE, ban, Value::Null),
    ];
    for (method, path, body) in steps {
        alice.done(method, &path, body).await;
    }
    // One's own message is nobody's business.
    bob.done(Method::DELETE, &message(&own), Value::Null).await;
    let page = log(&alice, &room, "after=0&limit=100").await;
    let expected = [30, 25, 10, 1, 11, 13, 14, 15, 12, 31, 24, 25, 32, 74, 75, 72, 73, 22, 23];
    assert_eq!(actions(&page), expected, "{page}");
    let entry = |kind: u8| {
        let entries = page["audit_log_entries"].as_array().expect("entries");
        entries.iter().find(|entry| entry["action_type"] == kind).expect("noted").clone()
    };
    let renamed = json!([{ "key": "name", "old_value": "The Lobby", "new_value": "New Lobby" }]);
    assert_eq!(entry(1)["changes"], renamed);
    let counted = json!({ "channel_id": general, "count": "2" });
    assert_eq!((&entry(72)["options"], &entry(72)["target_id"]), (&counted, &json!(bob.id)));
    assert_eq!(entry(73)["options"], json!({ "count": "2" }));
    assert_eq!(entry(14)["options"], json!({ "id": role, "type": "0", "role_name": "crew" }));
    let given = json!([{ "key": "$add", "new_value": [{ "id": role, "name": "crew" }] }]);
    assert_eq!(entry(25)["changes"], given);

    pages(&alice, &bob, &room).await;
    town.close().await;
}

/// The log by person, by action and by target, in pieces.
async fn pages(alice: &Person, bob: &Person, room: &Room) {
    let by_action = log(alice, room, "action_type=25").await;
    assert_eq!(actions(&by_action), [25, 25]);
    let by_user = log(alice, room, &format!("user_id={}", bob.id)).await;
    assert_eq!(actions(&by_user), [] as [u8; 0]);
    let both = log(alice, room, &format!("user_id={}&action_type=72", alice.id)).await;
    assert_eq!(actions(&both), [72]);
    let of_bob = log(alice, room, &format!("target_id={}&limit=2", bob.id)).await;
    assert_eq!(actions(&of_bob), [72, 75]);
    let last = by_action["audit_log_entries"][0]["id"].as_str().expect("an id").to_owned();
    let older = log(alice, room, &format!("action_type=25&before={last}")).await;
    assert_eq!(actions(&older), [25]);
    for bad in ["limit=0", "limit=101", "before=x"] {
        assert_eq!(log(alice, room, bad).await.no(), (400, 50035), "{bad}");
    }
}

#[tokio::test]
async fn what_becomes_of_threads_is_noted_but_not_what_they_do_by_themselves() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let room = alice.found_guild_with(&[&bob]).await;
    let path = format!("/channels/{}/threads", room.general);
    let draft = json!({ "name": "Plans", "type": 11 });
    let thread = bob.done(Method::POST, &path, draft).await.id();
    let at = format!("/channels/{thread}");
    bob.done(Method::PATCH, &at, json!({ "archived": true })).await;
    // Opened by writing, and changed into what it is: nothing to note.
    bob.say(&thread, "again").await;
    alice.done(Method::PATCH, &at, json!({ "archived": false })).await;
    let lock = json!({ "locked": true, "name": "Old plans" });
    because(&alice, "too long").patch(&at, lock).await;
    let draft = json!({ "name": "Secret", "type": 12 });
    let hidden = alice.done(Method::POST, &path, draft).await.id();
    let page = log(&alice, &room, "limit=100").await;
    assert_eq!(actions(&page), [110, 111, 111, 110], "{page}");
    let entries = page["audit_log_entries"].as_array().expect("entries");
    assert_eq!(entries[0]["target_id"], hidden.as_str());
    let named = json!({ "key": "name", "old_value": "Plans", "new_value": "Old plans" });
    let locked = json!({ "key": "locked", "old_value": false, "new_value": true });
    assert_eq!(entries[1]["changes"], json!([named, locked]));
    assert_eq!(entries[1]["reason"], "too long");
    assert_eq!(entries[3]["user_id"], bob.id.to_string());
    assert_eq!(entries[3]["changes"][0], json!({ "key": "name", "new_value": "Plans" }));
    let named = page["threads"].as_array().expect("threads");
    assert_eq!(named.len(), 1, "private ones are left out");
    assert_eq!(named[0]["id"], thread.as_str());
    alice.done(Method::DELETE, &at, Value::Null).await;
    let page = log(&alice, &room, "limit=1").await;
    let entry = &page["audit_log_entries"][0];
    assert_eq!((&entry["action_type"], &entry["target_id"]), (&json!(112), &json!(thread)));
    assert_eq!(entry["changes"][0], json!({ "key": "name", "old_value": "Old plans" }));
    for who in [&alice, &bob] {
        who.saw().await;
    }
    town.close().await;
}
