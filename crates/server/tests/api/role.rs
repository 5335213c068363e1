//! Roles and ranks: nobody acts on an equal, and nobody gives what they do not have.

use hyper::Method;
use proto::Permissions;
use serde_json::{Value, json};

use crate::town::Town;

const MODERATE: u64 = Permissions::MANAGE_ROLES.bits()
    | Permissions::KICK_MEMBERS.bits()
    | Permissions::BAN_MEMBERS.bits()
    | Permissions::MANAGE_NICKNAMES.bits()
    | Permissions::MODERATE_MEMBERS.bits();

#[tokio::test]
async fn nobody_acts_on_an_equal_or_a_superior() {
    let town = Town::new().await;
    let [alice, bob, carol, dave] = town.people(["alice", "bob", "carol", "dave"]).await;
    let lobby = alice.found_guild_with(&[&bob, &carol, &dave]).await;
    let role = alice.makes_role(&lobby, "moderator", MODERATE).await;
    alice.gives_role(&lobby, &bob, &role).await;
    alice.gives_role(&lobby, &carol, &role).await;
    let member = |who: &crate::town::Person| format!("/guilds/{}/members/{}", lobby.id, who.id);
    let ban = |who: &crate::town::Person| format!("/guilds/{}/bans/{}", lobby.id, who.id);

    for superior in [&alice, &carol] {
        assert_eq!(bob.delete(&member(superior)).await.no(), (403, 50013));
        assert_eq!(bob.put(&ban(superior), json!({})).await.no(), (403, 50013));
        let nick = bob.patch(&member(superior), json!({ "nick": "low" })).await;
        assert_eq!(nick.no(), (403, 50013));
        let quiet = json!({ "communication_disabled_until": "2026-11-23T00:00:00Z" });
        assert_eq!(bob.patch(&member(superior), quiet).await.no(), (403, 50013));
    }
    let of_role = format!("/guilds/{}/roles/{role}", lobby.id);
    assert_eq!(bob.patch(&of_role, json!({ "name": "king" })).await.no(), (403, 50013));
    assert_eq!(bob.delete(&of_role).await.no(), (403, 50013));
    let given = format!("{}/roles/{role}", member(&dave));
    assert_eq!(bob.put_nothing(&given).await.no(), (403, 50013), "one's own rank");
    assert_eq!(bob.patch(&member(&dave), json!({ "nick": "Davy" })).await.status, 200);
    assert_eq!(bob.delete(&member(&dave)).await.status, 204);
    assert_eq!(dave.delete(&member(&bob)).await.no(), (404, 10004));
    town.close().await;
}

#[tokio::test]
async fn nobody_gives_a_permission_that_they_lack() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let role = alice.makes_role(&lobby, "moderator", MODERATE).await;
    alice.gives_role(&lobby, &bob, &role).await;
    let roles = format!("/guilds/{}/roles", lobby.id);
    let all = Permissions::ALL.bits().to_string();
    let admin = Permissions::ADMINISTRATOR.bits().to_string();

    for lacked in [&all, &admin] {
        let draft = json!({ "name": "x", "permissions": lacked });
        assert_eq!(bob.post(&roles, draft).await.no(), (403, 50013));
    }
    let everyone = format!("{roles}/{}", lobby.id);
    assert_eq!(bob.patch(&everyone, json!({ "permissions": admin })).await.no(), (403, 50013));
    let overwrite = format!("/channels/{}/permissions/{}", lobby.general, bob.id);
    let draft = json!({ "type": 1, "allow": all, "deny": "0" });
    assert_eq!(bob.put(&overwrite, draft).await.no(), (403, 50013));
    let kick = Permissions::KICK_MEMBERS.bits().to_string();
    let made = bob.post(&roles, json!({ "name": "kicker", "permissions": kick })).await;
    assert_eq!(made.status, 200, "{made}");
    assert_eq!(alice.delete(&everyone).await.status / 100, 4, "@everyone stays");
    town.close().await;
}

#[tokio::test]
async fn a_deleted_role_is_gone_from_all_who_had_it() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let role = alice.makes_role(&lobby, "friend", 0).await;
    alice.gives_role(&lobby, &bob, &role).await;
    let overwrite = format!("/channels/{}/permissions/{role}", lobby.general);
    let draft = json!({ "type": 0, "allow": "0", "deny": "2048" });
    alice.done(Method::PUT, &overwrite, draft).await;
    bob.saw().await;
    let path = format!("/guilds/{}/roles/{role}", lobby.id);
    alice.done(Method::DELETE, &path, Value::Null).await;
    assert_eq!(bob.saw().await, ["GUILD_ROLE_DELETE", "CHANNEL_UPDATE"]);
    let member = alice.get(&format!("/guilds/{}/members/{}", lobby.id, bob.id)).await;
    assert_eq!(member["roles"], json!([]));
    assert_eq!(alice.get(&path).await.no(), (404, 10011));
    town.close().await;
}

#[tokio::test]
async fn roles_change_places_and_keep_their_order() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let [a, b, c] = [
        alice.makes_role(&lobby, "a", 0).await,
        alice.makes_role(&lobby, "b", 0).await,
        alice.makes_role(&lobby, "c", 0).await,
    ];
    let roles = format!("/guilds/{}/roles", lobby.id);
    let moved = alice.patch(&roles, json!([{ "id": c, "position": 3 }])).await;
    assert_eq!(moved.status, 200, "{moved}");
    let ladder = alice.get(&roles).await.ids();
    assert_eq!(ladder.last(), Some(&c));
    let places = |id: &String| ladder.iter().position(|other| other == id);
    assert!(places(&a) > places(&b), "the older stands above the younger, as before");
    assert_eq!(bob.patch(&roles, json!([{ "id": c, "position": 1 }])).await.no(), (403, 50013));
    town.close().await;
}
