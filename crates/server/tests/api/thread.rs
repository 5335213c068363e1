//! Threads: begun, written in, left, archived; and who hears of which.

use std::time::Duration;

use hyper::Method;
use proto::Permissions as P;
use serde_json::{Value, json};

use crate::town::{Person, Room, Town};

const CREATED: &[&str] = &["THREAD_CREATE", "THREAD_MEMBERS_UPDATE"];

/// A thread without a message; its id.
async fn begins(who: &Person, channel: &str, kind: u8, name: &str) -> String {
    let draft = json!({ "name": name, "type": kind });
    who.done(Method::POST, &format!("/channels/{channel}/threads"), draft).await.id()
}

/// What @everyone may is this and that too.
async fn everyone_may(owner: &Person, room: &Room, more: P) {
    let bits = P::DEFAULT_EVERYONE | more;
    let path = format!("/guilds/{0}/roles/{0}", room.id);
    owner.done(Method::PATCH, &path, json!({ "permissions": bits.bits().to_string() })).await;
}

fn names(answer: &Value) -> Vec<&str> {
    let threads = answer["threads"].as_array().expect("a list");
    threads.iter().map(|thread| thread["name"].as_str().expect("a name")).collect()
}

#[tokio::test]
async fn a_thread_hangs_on_a_message_and_is_talked_in() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let message = alice.say(&lobby.general, "lunch?").await;
    bob.saw().await;

    let path = format!("/channels/{}/messages/{message}/threads", lobby.general);
    let made = alice.post(&path, json!({ "name": "Lunch" })).await;
    assert_eq!((made.status, made.id()), (201, message.clone()));
    assert_eq!(made["type"], 11);
    assert_eq!(made["parent_id"], lobby.general.as_str());
    assert_eq!((&made["message_count"], &made["member_count"]), (&json!(0), &json!(1)));
    assert_eq!(made["thread_metadata"]["auto_archive_duration"], 4_320);
    assert_eq!(made["member"]["user_id"], alice.id.to_string());
    let heard = bob.heard().await;
    let seen: Vec<_> = heard.iter().map(|(name, _)| *name).collect();
    assert_eq!(seen, [CREATED, &["MESSAGE_CREATE", "MESSAGE_UPDATE"]].concat());
    assert_eq!(heard[0].1["newly_created"], true);
    assert_eq!((&heard[2].1["type"], &heard[3].1["flags"]), (&json!(21), &json!(32)));
    assert_eq!(heard[3].1["thread"]["id"], message.as_str());

    assert_eq!(alice.post(&path, json!({ "name": "Again" })).await.no(), (400, 160_004));
    bob.say(&message, "pizza").await;
    assert_eq!(bob.saw().await, ["THREAD_MEMBERS_UPDATE", "MESSAGE_CREATE"]);
    let page = bob.get(&format!("/channels/{message}/messages")).await;
    assert_eq!(page[1]["referenced_message"]["content"], "lunch?");
    let starter = format!("/channels/{message}/messages/{}", page[1]["id"].as_str().expect("id"));
    assert_eq!(alice.delete(&starter).await.no(), (403, 50_021));
    let thread = bob.get(&format!("/channels/{message}")).await;
    assert_eq!((&thread["message_count"], &thread["member_count"]), (&json!(1), &json!(2)));
    let hung = bob.get(&format!("/channels/{}/messages/{message}", lobby.general)).await;
    assert_eq!(hung["thread"]["message_count"], 1);
    let active = bob.get(&format!("/guilds/{}/threads/active", lobby.id)).await;
    assert_eq!(
        (names(&active.body), active["members"][0]["id"].as_str()),
        (vec!["Lunch"], Some(&*message))
    );

    assert_eq!(bob.delete(&format!("/channels/{message}")).await.no(), (403, 50_013));
    assert_eq!(alice.delete(&format!("/channels/{message}")).await.status, 200);
    assert_eq!(bob.saw().await, ["THREAD_DELETE", "MESSAGE_UPDATE"]);
    let hung = bob.get(&format!("/channels/{}/messages/{message}", lobby.general)).await;
    assert_eq!((&hung["flags"], &hung["thread"]), (&json!(0), &Value::Null));
    assert_eq!(bob.get(&format!("/channels/{message}")).await.no(), (404, 10_003));
    town.close().await;
}

#[tokio::test]
async fn a_private_thread_is_there_only_for_those_in_it() {
    let town = Town::new().await;
    let [alice, bob, carol, mod_] = town.people(["alice", "bob", "carol", "dora"]).await;
    let lobby = alice.found_guild_with(&[&bob, &carol, &mod_]).await;
    everyone_may(&alice, &lobby, P::CREATE_PRIVATE_THREADS).await;
    let manages = alice.makes_role(&lobby, "mods", P::MANAGE_THREADS.bits()).await;
    alice.gives_role(&lobby, &mod_, &manages).await;
    for who in [&alice, &bob, &carol, &mod_] {
        who.saw().await;
    }

    let draft = json!({ "name": "Surprise" });
    let path = format!("/channels/{}/threads", lobby.general);
    let thread = bob.done(Method::POST, &path, draft).await.id();
    bob.say(&thread, "cake?").await;
    let told = [CREATED, &["MESSAGE_CREATE"]].concat();
    assert_eq!(bob.saw().await, told);
    assert_eq!(mod_.saw().await, told, "who manages threads");
    assert_eq!(carol.saw().await, [""; 0], "nobody else");
    let missing = carol.get("/channels/7").await;
    for path in ["", "/messages", "/thread-members"] {
        let hidden = carol.get(&format!("/channels/{thread}{path}")).await;
        assert_eq!((hidden.no(), &hidden.body), ((404, 10_003), &missing.body), "{path}");
    }
    let own = format!("/channels/{thread}/thread-members/{}", carol.id);
    assert_eq!(carol.put_nothing(&own).await.no(), (404, 10_003));
    let active = format!("/guilds/{}/threads/active", lobby.id);
    assert_eq!(names(&carol.get(&active).await.body), [""; 0]);
    assert_eq!(names(&mod_.get(&active).await.body), ["Surprise"]);

    // Brought in by a mention; taken out again.
    bob.saw().await;
    bob.say(&thread, &format!("<@{}> hush", carol.id)).await;
    let heard = carol.heard().await;
    let seen: Vec<_> = heard.iter().map(|(name, _)| *name).collect();
    assert_eq!(seen, ["THREAD_CREATE", "THREAD_MEMBERS_UPDATE", "MESSAGE_CREATE"]);
    assert_eq!(heard[0].1["member"]["user_id"], carol.id.to_string());
    assert_eq!(carol.reads(&thread).await, ["cake?", &format!("<@{}> hush", carol.id)]);
    assert_eq!(mod_.delete(&own).await.status, 204);
    assert_eq!(carol.saw().await, ["THREAD_MEMBERS_UPDATE", "THREAD_DELETE"]);
    bob.say(&thread, "she is gone").await;
    assert_eq!(carol.saw().await, [""; 0]);
    assert_eq!(carol.get(&format!("/channels/{thread}/messages")).await.no(), (404, 10_003));

    // Who does not manage threads any more sees it no more, and the other way round.
    mod_.saw().await;
    alice.takes_role(&lobby, &mod_, &manages).await;
    assert_eq!(mod_.saw().await, ["THREAD_DELETE", "GUILD_MEMBER_UPDATE"]);
    bob.say(&thread, "alone at last").await;
    assert_eq!(mod_.saw().await, [""; 0]);
    carol.saw().await;
    alice.gives_role(&lobby, &carol, &manages).await;
    assert_eq!(carol.saw().await, ["GUILD_MEMBER_UPDATE", "THREAD_LIST_SYNC"]);
    town.close().await;
}

#[tokio::test]
async fn who_loses_the_channel_loses_its_threads() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let thread = begins(&alice, &lobby.general, 11, "Plans").await;
    assert_eq!(bob.saw().await, [CREATED, &["MESSAGE_CREATE"]].concat());
    bob.say(&thread, "in").await;
    bob.saw().await;

    let of_bob = format!("/channels/{}/permissions/{}", lobby.general, bob.id);
    let deny = json!({ "type": 1, "allow": "0", "deny": P::VIEW_CHANNEL.bits().to_string() });
    assert_eq!(alice.put(&of_bob, deny).await.status, 204);
    assert_eq!(bob.saw().await, ["CHANNEL_DELETE"]);
    alice.say(&thread, "without bob").await;
    assert_eq!(bob.saw().await, [""; 0]);
    assert_eq!(bob.get(&format!("/channels/{thread}")).await.no(), (404, 10_003));
    assert_eq!(bob.post(&format!("/channels/{thread}/typing"), Value::Null).await.no().1, 10_003);

    assert_eq!(alice.delete(&of_bob).await.status, 204);
    let heard = bob.heard().await;
    let seen: Vec<_> = heard.iter().map(|(name, _)| *name).collect();
    assert_eq!(seen, ["CHANNEL_CREATE", "THREAD_LIST_SYNC"]);
    assert_eq!(heard[1].1["members"][0]["user_id"], bob.id.to_string());
    bob.say(&thread, "back").await;

    // The guild too: who comes back begins anew.
    assert_eq!(bob.delete(&format!("/users/@me/guilds/{}", lobby.id)).await.status, 204);
    town.pass(Duration::from_secs(1));
    bob.joins(&lobby).await;
    let own = format!("/channels/{thread}/thread-members/{}", bob.id);
    assert_eq!(bob.get(&own).await.no(), (404, 10_007));
    assert_eq!(alice.delete(&format!("/channels/{}", lobby.general)).await.status, 200);
    assert_eq!(bob.get(&format!("/channels/{thread}")).await.no(), (404, 10_003));
    town.close().await;
}

#[tokio::test]
async fn an_archived_thread_opens_when_somebody_writes() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let thread = begins(&bob, &lobby.general, 11, "Plans").await;
    let said = bob.say(&thread, "one").await;
    alice.saw().await;

    let path = format!("/channels/{thread}");
    let closed = bob.patch(&path, json!({ "archived": true, "name": "Old plans" })).await;
    assert_eq!((closed.status, &closed["thread_metadata"]["archived"]), (200, &json!(true)));
    assert_eq!(alice.saw().await, ["THREAD_UPDATE"]);
    let archive = format!("/channels/{}/threads/archived/public", lobby.general);
    let page = alice.get(&format!("{archive}?limit=2")).await;
    assert_eq!((names(&page.body), &page["has_more"]), (vec!["Old plans"], &json!(false)));
    let before = page["threads"][0]["thread_metadata"]["archive_timestamp"].as_str();
    let before = before.expect("a moment").replace('+', "%2B");
    assert_eq!(names(&alice.get(&format!("{archive}?before={before}")).await.body), [""; 0]);
    let message = format!("{path}/messages/{said}");
    assert_eq!(bob.patch(&message, json!({ "content": "two" })).await.no(), (400, 50_083));
    let reaction = format!("{message}/reactions/%F0%9F%A6%80/@me");
    assert_eq!(bob.put_nothing(&reaction).await.no(), (400, 50_083));
    assert_eq!(alice.put_nothing(&format!("{path}/thread-members/@me")).await.no().1, 50_083);
    assert_eq!(bob.patch(&path, json!({ "name": "x" })).await.no(), (400, 50_083));
    assert_eq!(bob.reads(&thread).await, ["one"]);

    alice.say(&thread, "again").await;
    let told = ["THREAD_UPDATE", "THREAD_MEMBERS_UPDATE", "MESSAGE_CREATE"];
    assert_eq!(alice.saw().await, told);
    assert_eq!(alice.get(&path).await["message_count"], 2);

    let lock = json!({ "locked": true, "archived": true });
    assert_eq!(bob.patch(&path, lock.clone()).await.no(), (403, 50_013));
    assert_eq!(alice.patch(&path, lock).await.status, 200);
    let refused = bob.post(&format!("{path}/messages"), json!({ "content": "x" })).await;
    assert_eq!(refused.no(), (400, 160_005));
    assert_eq!(bob.patch(&path, json!({ "archived": false })).await.no(), (400, 160_005));
    alice.say(&thread, "mine").await;
    assert_eq!(alice.get(&path).await["thread_metadata"]["archived"], false);
    let found = format!("/channels/{}/threads/search?name=OLD&archived=false", lobby.general);
    let found = bob.get(&found).await;
    assert_eq!((names(&found.body), &found["total_results"]), (vec!["Old plans"], &json!(1)));
    town.close().await;
}

#[tokio::test]
async fn a_quiet_thread_archives_itself_also_after_a_restart() {
    let town = Town::on_disk().await;
    let [alice] = town.accounts(["alice"]).await;
    let lobby = alice.found_guild_with(&[]).await;
    let draft = json!({ "name": "Short", "type": 11, "auto_archive_duration": 60 });
    let path = format!("/channels/{}/threads", lobby.general);
    let thread = alice.done(Method::POST, &path, draft).await.id();
    let path = format!("/channels/{thread}");
    let archived = async || {
        domain::due::run_once(&town.app()).await;
        alice.get(&path).await["thread_metadata"]["archived"].clone()
    };
    town.pass(Duration::from_secs(50 * 60));
    alice.say(&thread, "still here").await;
    town.pass(Duration::from_secs(50 * 60));
    assert_eq!(archived().await, false);
    // What of it one session hears before it is cut off the other may not.
    for session in alice.sessions() {
        session.log().dropped = true;
    }
    town.restart().await;
    for session in alice.sessions() {
        session.comes_back().await;
    }
    town.pass(Duration::from_secs(11 * 60));
    assert_eq!(archived().await, true);
    town.close().await;
}

#[tokio::test]
async fn writing_in_threads_has_a_permission_of_its_own() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let thread = begins(&alice, &lobby.general, 11, "Plans").await;
    let say = async |channel: &str| {
        bob.post(&format!("/channels/{channel}/messages"), json!({ "content": "x" })).await.status
    };
    let overwrite = format!("/channels/{}/permissions/{}", lobby.general, lobby.id);
    let deny = |bits: P| json!({ "type": 0, "allow": "0", "deny": bits.bits().to_string() });
    alice.done(Method::PUT, &overwrite, deny(P::SEND_MESSAGES)).await;
    assert_eq!((say(&lobby.general).await, say(&thread).await), (403, 200));
    alice.done(Method::PUT, &overwrite, deny(P::SEND_MESSAGES_IN_THREADS)).await;
    assert_eq!((say(&lobby.general).await, say(&thread).await), (200, 403));
    let path = format!("/channels/{}/threads", lobby.general);
    let private = bob.post(&path, json!({ "name": "x" })).await;
    assert_eq!(private.no(), (403, 50_013), "private is what is asked for if nothing is said");
    alice.done(Method::PUT, &overwrite, deny(P::CREATE_PUBLIC_THREADS)).await;
    assert_eq!(bob.post(&path, json!({ "name": "x", "type": 11 })).await.no(), (403, 50_013));
    for bad in [
        json!({ "name": "", "type": 11 }),
        json!({ "name": "x".repeat(101), "type": 11 }),
        json!({ "name": "x", "type": 11, "auto_archive_duration": 61 }),
        json!({ "name": "x", "type": 11, "rate_limit_per_user": 21_601 }),
        json!({ "name": "x", "type": 5 }),
        json!({}),
    ] {
        assert_eq!(alice.post(&path, bad.clone()).await.no(), (400, 50_035), "{bad}");
    }
    let nested = alice.post(&format!("/channels/{thread}/threads"), json!({ "name": "x" })).await;
    assert_eq!(nested.no(), (400, 50_024));
    town.close().await;
}

#[tokio::test]
async fn there_are_no_more_threads_and_people_in_them_than_the_limits() {
    let town = Town::with(|config| {
        config.limits.guild_threads = 2;
        config.limits.thread_members = 2;
    })
    .await;
    let [alice, bob, carol] = town.people(["alice", "bob", "carol"]).await;
    let lobby = alice.found_guild_with(&[&bob, &carol]).await;
    let first = begins(&alice, &lobby.general, 11, "one").await;
    let second = begins(&alice, &lobby.general, 11, "two").await;
    let path = format!("/channels/{}/threads", lobby.general);
    let third = alice.post(&path, json!({ "name": "three", "type": 11 })).await;
    assert_eq!(third.no(), (400, 160_006));
    let seat = |who: &Person| format!("/channels/{first}/thread-members/{}", who.id);
    assert_eq!(alice.put_nothing(&seat(&bob)).await.status, 204);
    assert_eq!(alice.put_nothing(&seat(&bob)).await.status, 204);
    assert_eq!(alice.put_nothing(&seat(&carol)).await.no(), (400, 30_033));
    carol.say(&first, "from outside").await;
    let inside = alice.get(&format!("/channels/{first}/thread-members?with_member=true")).await;
    assert_eq!(inside.body.as_array().map(Vec::len), Some(2));
    assert_eq!(inside[1]["member"]["user"]["id"], bob.id.to_string());
    alice.done(Method::PATCH, &format!("/channels/{first}"), json!({ "archived": true })).await;
    let third = begins(&alice, &lobby.general, 11, "three").await;
    let full = alice.post(&format!("/channels/{first}/messages"), json!({ "content": "x" })).await;
    assert_eq!(full.no(), (400, 160_006));
    for thread in [second, third] {
        assert_eq!(alice.delete(&format!("/channels/{thread}")).await.status, 200);
    }
    alice.say(&first, "room again").await;
    town.close().await;
}
