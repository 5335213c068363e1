//! Who sees what, while it changes: nothing leaks, and nothing is missed.

use hyper::Method;
use proto::Permissions;
use serde_json::{Value, json};

use crate::town::{Person, Room, Town};

const VIEW: u64 = Permissions::VIEW_CHANNEL.bits();

/// A channel that only those with a role see; its id.
async fn secret_channel(owner: &Person, room: &Room, role: &str) -> String {
    let draft = json!({ "name": "secret", "type": 0, "permission_overwrites": [
        { "id": room.id, "type": 0, "allow": "0", "deny": VIEW.to_string() },
        { "id": role, "type": 0, "allow": VIEW.to_string(), "deny": "0" },
    ] });
    owner.done(Method::POST, &format!("/guilds/{}/channels", room.id), draft).await.id()
}

#[tokio::test]
async fn a_hidden_channel_is_as_if_it_were_not_there() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let role = alice.makes_role(&lobby, "insider", 0).await;
    bob.saw().await;

    let secret = secret_channel(&alice, &lobby, &role).await;
    let message = alice.say(&secret, "hush").await;

    assert_eq!(bob.saw().await, [""; 0]);
    let channels = bob.get(&format!("/guilds/{}/channels", lobby.id)).await.ids();
    assert!(!channels.contains(&secret));
    let missing = bob.get("/channels/7").await;
    let hidden = bob.get(&format!("/channels/{secret}")).await;
    assert_eq!((hidden.no(), &hidden.body), ((404, 10003), &missing.body));
    for (method, path) in [
        (Method::GET, format!("/channels/{secret}/messages")),
        (Method::GET, format!("/channels/{secret}/messages/{message}")),
        (Method::POST, format!("/channels/{secret}/typing")),
        (Method::DELETE, format!("/channels/{secret}/messages/{message}")),
        (Method::PUT, format!("/channels/{secret}/messages/{message}/reactions/x/@me")),
    ] {
        let answer = bob.send(method, &path, client::rest::Body::none()).await;
        assert_eq!(answer.no(), (404, 10003), "{path}");
    }
    town.close().await;
}

#[tokio::test]
async fn a_role_opens_and_closes_channels() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let role = alice.makes_role(&lobby, "insider", 0).await;
    let secret = secret_channel(&alice, &lobby, &role).await;
    alice.say(&secret, "before").await;
    bob.saw().await;

    alice.gives_role(&lobby, &bob, &role).await;
    assert_eq!(bob.saw().await, ["GUILD_MEMBER_UPDATE", "CHANNEL_CREATE"]);
    alice.say(&secret, "with bob").await;
    assert_eq!(bob.saw().await, ["MESSAGE_CREATE"]);
    assert_eq!(bob.reads(&secret).await, ["before", "with bob"]);

    alice.takes_role(&lobby, &bob, &role).await;
    assert_eq!(bob.saw().await, ["CHANNEL_DELETE", "GUILD_MEMBER_UPDATE"]);
    alice.say(&secret, "after").await;
    assert_eq!(bob.saw().await, [""; 0]);
    assert_eq!(bob.get(&format!("/channels/{secret}")).await.no(), (404, 10003));
    town.close().await;
}

#[tokio::test]
async fn an_overwrite_hides_a_channel_and_shows_it_again() {
    let town = Town::new().await;
    let [alice, bob, carol] = town.people(["alice", "bob", "carol"]).await;
    let lobby = alice.found_guild_with(&[&bob, &carol]).await;
    let of_bob = format!("/channels/{}/permissions/{}", lobby.general, bob.id);

    let deny = json!({ "type": 1, "allow": "0", "deny": VIEW.to_string() });
    assert_eq!(alice.put(&of_bob, deny).await.status, 204);
    assert_eq!(bob.saw().await, ["CHANNEL_DELETE"]);
    assert_eq!(carol.saw().await, ["CHANNEL_UPDATE"]);
    alice.say(&lobby.general, "without bob").await;
    assert_eq!(bob.saw().await, [""; 0]);
    assert_eq!(carol.saw().await, ["MESSAGE_CREATE"]);

    assert_eq!(alice.delete(&of_bob).await.status, 204);
    let heard = bob.heard().await;
    assert_eq!(heard.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["CHANNEL_CREATE"]);
    assert_eq!(bob.reads(&lobby.general).await, ["without bob"]);
    town.close().await;
}

#[tokio::test]
async fn roles_open_and_close_channels_also_for_who_has_an_overwrite_of_their_own() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let role = alice.makes_role(&lobby, "insider", 0).await;
    let secret = secret_channel(&alice, &lobby, &role).await;
    let of_bob = format!("/channels/{}/permissions/{}", lobby.general, bob.id);
    let allow = json!({ "type": 1, "allow": VIEW.to_string(), "deny": "0" });
    assert_eq!(alice.put(&of_bob, allow).await.status, 204);
    bob.saw().await;

    alice.gives_role(&lobby, &bob, &role).await;
    assert_eq!(bob.saw().await, ["GUILD_MEMBER_UPDATE", "CHANNEL_CREATE"]);
    alice.say(&secret, "with bob").await;
    assert_eq!(bob.saw().await, ["MESSAGE_CREATE"]);
    alice.takes_role(&lobby, &bob, &role).await;
    assert_eq!(bob.saw().await, ["CHANNEL_DELETE", "GUILD_MEMBER_UPDATE"]);
    alice.say(&secret, "without bob").await;
    assert_eq!(bob.saw().await, [""; 0]);
    town.close().await;
}

#[tokio::test]
async fn everyone_loses_sight_at_once_when_everyones_role_does() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let everyone = format!("/guilds/{}/roles/{}", lobby.id, lobby.id);
    let roles = alice.get(&format!("/guilds/{}/roles", lobby.id)).await;
    let before: u64 = roles[0]["permissions"].as_str().expect("text").parse().expect("bits");

    let hidden = json!({ "permissions": (before & !VIEW).to_string() });
    assert_eq!(alice.patch(&everyone, hidden).await.status, 200);
    let mut seen = bob.saw().await;
    seen.sort_unstable();
    assert_eq!(seen, ["CHANNEL_DELETE", "CHANNEL_DELETE", "GUILD_ROLE_UPDATE"]);
    alice.say(&lobby.general, "alone").await;
    assert_eq!(bob.saw().await, [""; 0]);
    let shown = json!({ "permissions": before.to_string() });
    assert_eq!(alice.patch(&everyone, shown).await.status, 200);
    assert_eq!(bob.saw().await, ["GUILD_ROLE_UPDATE", "CHANNEL_CREATE", "CHANNEL_CREATE"]);
    town.close().await;
}

#[tokio::test]
async fn who_leaves_or_is_sent_away_hears_no_more() {
    let town = Town::new().await;
    let [alice, bob, carol, dave] = town.people(["alice", "bob", "carol", "dave"]).await;
    let lobby = alice.found_guild_with(&[&bob, &carol, &dave]).await;

    assert_eq!(bob.delete(&format!("/users/@me/guilds/{}", lobby.id)).await.status, 204);
    let member = |who: &Person| format!("/guilds/{}/members/{}", lobby.id, who.id);
    assert_eq!(alice.delete(&member(&carol)).await.status, 204);
    let ban = format!("/guilds/{}/bans/{}", lobby.id, dave.id);
    assert_eq!(alice.put(&ban, json!({})).await.status, 204);
    alice.say(&lobby.general, "just me").await;

    assert_eq!(bob.saw().await, ["GUILD_DELETE"]);
    assert_eq!(carol.saw().await, ["GUILD_MEMBER_REMOVE", "GUILD_DELETE"]);
    let of_dave = dave.saw().await;
    assert_eq!(of_dave.last(), Some(&"GUILD_DELETE"), "{of_dave:?}");
    assert!(!of_dave.contains(&"MESSAGE_CREATE") && !of_dave.contains(&"GUILD_BAN_ADD"));
    for who in [&bob, &carol, &dave] {
        let path = format!("/channels/{}/messages", lobby.general);
        assert_eq!(who.get(&path).await.no(), (404, 10003));
        assert_eq!(who.get(&format!("/guilds/{}", lobby.id)).await.no(), (404, 10004));
    }
    let join = format!("/osc/v1/guilds/{}/join", lobby.id);
    assert_eq!(dave.post(&join, json!({})).await.no(), (403, 40007));
    carol.joins(&lobby).await;
    assert_eq!(carol.saw().await.first(), Some(&"GUILD_CREATE"));
    town.close().await;
}

#[tokio::test]
async fn nothing_leaks_while_access_changes_under_a_stream_of_messages() {
    let town = Town::new().await;
    let [alice, bob, carol] = town.people(["alice", "bob", "carol"]).await;
    let lobby = alice.found_guild_with(&[&bob, &carol]).await;
    let role = alice.makes_role(&lobby, "insider", 0).await;
    let secret = secret_channel(&alice, &lobby, &role).await;
    let speak = async {
        for n in 0..40 {
            alice.say(&secret, &n.to_string()).await;
        }
    };
    let change = async {
        for _ in 0..8 {
            alice.gives_role(&lobby, &bob, &role).await;
            tokio::task::yield_now().await;
            alice.takes_role(&lobby, &bob, &role).await;
        }
    };
    let come_and_go = async {
        for _ in 0..5 {
            let leave = format!("/users/@me/guilds/{}", lobby.id);
            carol.done(Method::DELETE, &leave, Value::Null).await;
            carol.joins(&lobby).await;
        }
    };
    tokio::join!(speak, change, come_and_go);
    let names = carol.saw().await;
    assert!(!names.contains(&"MESSAGE_CREATE"), "{names:?}");
    // The laws look at what bob heard, message by message.
    town.close().await;
}
