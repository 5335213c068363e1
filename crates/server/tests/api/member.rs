//! Members: listed, searched, named, silenced; chunks over the gateway.

use std::{collections::BTreeSet, time::Duration};

use hyper::Method;
use proto::gateway::RequestGuildMembers;
use serde_json::{Value, json};

use crate::town::Town;

#[tokio::test]
async fn concatenated_pages_are_all_members() {
    let town = Town::new().await;
    let people = town.people(["a", "b", "c", "d", "e", "f", "g"]).await;
    let others: Vec<_> = people[1..].iter().collect();
    let lobby = people[0].found_guild_with(&others).await;
    let mut listed = Vec::new();
    loop {
        let after = listed.last().cloned().unwrap_or_else(|| "0".to_owned());
        let after = if after == "0" { String::new() } else { format!("&after={after}") };
        let path = format!("/guilds/{}/members?limit=3{after}", lobby.id);
        let page = people[3].get(&path).await;
        let page = page.body.as_array().expect("a list").clone();
        let Some(_) = page.last() else { break };
        listed.extend(page.iter().map(|m| m["user"]["id"].as_str().expect("an id").to_owned()));
    }
    let ids: Vec<_> = people.iter().map(|person| person.id.to_string()).collect();
    assert_eq!(listed, ids);
    for bad in ["limit=0", "limit=1001", "after=x"] {
        let path = format!("/guilds/{}/members?{bad}", lobby.id);
        assert_eq!(people[0].get(&path).await.no(), (400, 50035), "{bad}");
    }
    town.close().await;
}

#[tokio::test]
async fn members_are_found_by_the_beginning_of_a_name() {
    let town = Town::new().await;
    let [alice, bob, bobby] = town.people(["alice", "bob", "bobby"]).await;
    let lobby = alice.found_guild_with(&[&bob, &bobby]).await;
    let search = |q: &str| format!("/guilds/{}/members/search?query={q}&limit=10", lobby.id);
    let found = alice.get(&search("BOB")).await;
    assert_eq!(found.body.as_array().expect("a list").len(), 2);
    assert_eq!(alice.get(&search("zed")).await.body, json!([]));
    town.close().await;
}

#[tokio::test]
async fn chunks_tell_all_members_or_those_asked_for() {
    let town = Town::with(|config| config.limits.gateway_commands_per_minute = 500).await;
    let people = town.people(["a", "b", "c", "d", "e"]).await;
    let others: Vec<_> = people[1..].iter().collect();
    let lobby = people[0].found_guild_with(&others).await;
    let ask = |query: Option<&str>, ids: Vec<proto::Id<proto::marker::User>>| RequestGuildMembers {
        guild_id: lobby.id.parse().expect("an id"),
        query: query.map(str::to_owned),
        limit: 0,
        presences: true,
        user_ids: ids,
        nonce: Some("here".to_owned()),
    };
    let asker = people[0].osc();
    asker.handle.request_members(&ask(Some(""), Vec::new())).await.expect("asks");
    let chunk = asker.awaits("GUILD_MEMBERS_CHUNK").await;
    assert_eq!(chunk["members"].as_array().expect("a list").len(), 5);
    assert_eq!(chunk["presences"].as_array().expect("a list").len(), 5);
    assert_eq!((&chunk["chunk_count"], &chunk["nonce"]), (&json!(1), &json!("here")));
    asker.take_new();

    let stranger = town.guest("stranger").await;
    let some = vec![people[3].id, stranger.id];
    asker.handle.request_members(&ask(None, some)).await.expect("asks");
    let chunk = asker.awaits("GUILD_MEMBERS_CHUNK").await;
    let ids: BTreeSet<_> = chunk["members"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|member| member["user"]["id"].as_str().expect("an id").to_owned())
        .collect();
    assert_eq!(ids, BTreeSet::from([people[3].id.to_string()]));
    assert_eq!(chunk["not_found"], json!([stranger.id]));
    asker.take_new();

    // Who is not in the room is told nothing of it.
    stranger.osc().handle.request_members(&ask(Some(""), Vec::new())).await.expect("asks");
    tokio::time::sleep(Duration::from_millis(200)).await;
    let told = stranger.osc().take_new();
    let members = told.iter().find(|(name, _)| *name == "GUILD_MEMBERS_CHUNK");
    assert!(members.is_none_or(|(_, chunk)| chunk["members"] == json!([])), "{told:?}");
    // Chunks went to one session of two.
    people[0].osc().log().dropped = true;
    stranger.osc().log().dropped = true;
    town.close().await;
}

#[tokio::test]
async fn nicknames_are_told_and_may_not_mislead() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let [carol] = town.accounts(["carol"]).await;
    let lobby = alice.found_guild_with(&[&bob, &carol]).await;
    let mine = format!("/guilds/{}/members/@me", lobby.id);
    let named = bob.patch(&mine, json!({ "nick": "Bobby" })).await;
    assert_eq!((named.status, &named["nick"]), (200, &json!("Bobby")));
    assert_eq!(alice.saw().await, ["GUILD_MEMBER_UPDATE"]);
    for bad in ["x".repeat(33), "admin".to_owned(), "\u{202e}lol".to_owned()] {
        let answer = bob.patch(&mine, json!({ "nick": bad })).await;
        assert_eq!(answer.status / 100, 4, "{bad}: {answer}");
    }
    assert_eq!(bob.patch(&mine, json!({ "nick": null })).await["nick"], Value::Null);
    let of_bob = format!("/guilds/{}/members/{}", lobby.id, bob.id);
    assert_eq!(carol.patch(&of_bob, json!({ "nick": "B" })).await.no(), (403, 50013));
    town.close().await;
}

#[tokio::test]
async fn a_timeout_silences_until_it_ends() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let of_bob = format!("/guilds/{}/members/{}", lobby.id, bob.id);
    let until = town.app().clock.now().plus_ms(60_000);
    let quiet = json!({ "communication_disabled_until": until });
    alice.done(Method::PATCH, &of_bob, quiet).await;
    assert_eq!(bob.saw().await, ["GUILD_MEMBER_UPDATE"]);
    let path = format!("/channels/{}/messages", lobby.general);
    assert_eq!(bob.post(&path, json!({ "content": "but" })).await.no(), (403, 50013));
    assert_eq!(bob.reads(&lobby.general).await, [""; 0], "reading goes on");
    town.pass(Duration::from_secs(61));
    bob.say(&lobby.general, "again").await;
    town.close().await;
}

#[tokio::test]
async fn a_ban_can_take_messages_along_and_be_lifted() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    alice.say(&lobby.general, "kept").await;
    bob.say(&lobby.general, "spam").await;
    let ban = format!("/guilds/{}/bans/{}", lobby.id, bob.id);
    assert_eq!(bob.put(&ban, json!({})).await.no(), (403, 50013));
    let draft = json!({ "delete_message_seconds": 3600 });
    alice.done(Method::PUT, &ban, draft).await;
    let bans = alice.get(&format!("/guilds/{}/bans", lobby.id)).await;
    assert_eq!(bans[0]["user"]["id"], bob.id.to_string());
    let mut waited = 0;
    while alice.reads(&lobby.general).await != ["kept"] {
        tokio::time::sleep(Duration::from_millis(50)).await;
        waited += 1;
        assert!(waited < 400, "the messages of the banned stay");
    }
    alice.done(Method::DELETE, &ban, Value::Null).await;
    assert_eq!(alice.get(&ban).await.no(), (404, 10026));
    bob.joins(&lobby).await;
    town.close().await;
}

#[tokio::test]
async fn ones_own_membership_counts_and_pruning() {
    let town = Town::new().await;
    let [alice, bob, eve] = town.people(["alice", "bob", "eve"]).await;
    let room = alice.found_guild_with(&[&bob]).await;
    let own = format!("/users/@me/guilds/{}/member", room.id);
    assert_eq!(bob.get(&own).await["user"]["id"], bob.id.to_string());
    assert_eq!(eve.get(&own).await.no(), (404, 10004));
    let role = alice.makes_role(&room, "crew", 0).await;
    alice.gives_role(&room, &bob, &role).await;
    let counts = bob.get(&format!("/guilds/{}/roles/member-counts", room.id)).await;
    assert_eq!(counts.body, serde_json::json!({ role.as_str(): 1 }));
    let prune = format!("/guilds/{}/prune", room.id);
    assert_eq!(bob.get(&prune).await.no(), (403, 50013));
    assert_eq!(alice.get(&prune).await["pruned"], 0, "bob is here");
    let with_role = format!("{prune}?days=1&include_roles={role}");
    assert_eq!(alice.get(&with_role).await["pruned"], 0);
    for bad in ["days=0", "days=31", "include_roles=x"] {
        assert_eq!(alice.get(&format!("{prune}?{bad}")).await.no(), (400, 50035), "{bad}");
    }
    let quiet = serde_json::json!({ "compute_prune_count": false, "include_roles": [role] });
    assert_eq!(alice.post(&prune, quiet).await["pruned"], serde_json::Value::Null);
    for who in [&alice, &bob] {
        who.saw().await;
    }
    town.close().await;
}
