//! Rooms: founded, found, joined, run, handed over, deleted.

use hyper::Method;
use serde_json::{Value, json};

use crate::town::Town;

#[tokio::test]
async fn a_room_is_founded_with_a_place_to_write_and_a_place_to_talk() {
    let town = Town::new().await;
    let [alice] = town.people(["alice"]).await;
    let draft = json!({ "name": "  The   Lobby ", "visibility": "public", "description": "hi" });
    let guild = alice.done(Method::POST, "/osc/v1/guilds", draft).await;
    assert_eq!((guild.status, &guild["name"]), (201, &json!("The Lobby")));
    assert_eq!(guild["owner_id"], alice.id.to_string());
    assert_eq!(guild["osc"]["slug"], "the-lobby");
    assert_eq!(alice.saw().await[0], "GUILD_CREATE");
    let channels = alice.get(&format!("/guilds/{}/channels", guild.id())).await;
    let names: Vec<_> = channels.body.as_array().expect("a list").iter().collect();
    assert_eq!((&names[0]["name"], &names[0]["type"]), (&json!("general"), &json!(0)));
    assert_eq!((&names[1]["name"], &names[1]["type"]), (&json!("Voice"), &json!(2)));
    assert_eq!(alice.get("/users/@me/guilds").await.ids(), [guild.id()]);
    town.close().await;
}

#[tokio::test]
async fn public_rooms_are_for_all_and_private_ones_look_like_nothing() {
    let town = Town::new().await;
    let [alice, eve] = town.people(["alice", "eve"]).await;
    let public = alice.found(json!({ "name": "open", "visibility": "public" }), &[]).await;
    let private = alice.found(json!({ "name": "closed", "visibility": "private" }), &[]).await;
    alice.say(&public.general, "come in").await;

    let preview = town.nobody().get(&format!("/osc/v1/guilds/{}/preview", public.id)).await;
    assert_eq!((preview.status, &preview["messages"][0]["content"]), (200, &json!("come in")));
    let missing = town.nobody().get("/osc/v1/guilds/7/preview").await;
    let hidden = town.nobody().get(&format!("/osc/v1/guilds/{}/preview", private.id)).await;
    assert_eq!((hidden.no(), &hidden.body), ((404, 10004), &missing.body));
    let join = |id: &str| format!("/osc/v1/guilds/{id}/join");
    assert_eq!(eve.post(&join(&private.id), json!({})).await.no(), (404, 10004));
    assert_eq!(eve.get(&format!("/guilds/{}", public.id)).await.no(), (404, 10004), "not in yet");

    eve.joins(&public).await;
    assert_eq!(eve.saw().await[0], "GUILD_CREATE");
    assert_eq!(alice.saw().await, ["MESSAGE_CREATE", "GUILD_MEMBER_ADD", "PRESENCE_UPDATE"]);
    eve.joins(&public).await;
    assert_eq!(alice.saw().await, [""; 0], "one joins once");
    assert_eq!(eve.reads(&public.general).await, ["come in"]);
    town.close().await;
}

#[tokio::test]
async fn those_who_run_a_room_change_it_and_all_are_told() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let path = format!("/guilds/{}", lobby.id);
    assert_eq!(bob.patch(&path, json!({ "name": "mine" })).await.no(), (403, 50013));
    let changed = alice.patch(&path, json!({ "name": "Hall", "description": "big" })).await;
    assert_eq!((changed.status, &changed["name"]), (200, &json!("Hall")));
    assert_eq!(bob.saw().await, ["GUILD_UPDATE"]);
    let osc = format!("/osc/v1/guilds/{}", lobby.id);
    assert_eq!(alice.patch(&osc, json!({ "visibility": "private" })).await.status, 200);
    let preview = town.nobody().get(&format!("{osc}/preview")).await;
    assert_eq!(preview.no(), (404, 10004));
    for bad in [json!({ "name": "" }), json!({ "name": "x".repeat(101) }), json!({ "name": 7 })] {
        assert_eq!(alice.patch(&path, bad).await.no(), (400, 50035));
    }
    town.close().await;
}

#[tokio::test]
async fn guests_only_look_where_they_may_not_write() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let osc = format!("/osc/v1/guilds/{}", lobby.id);
    assert_eq!(alice.patch(&osc, json!({ "guests_write": false })).await.status, 200);
    alice.say(&lobby.general, "listen").await;
    let path = format!("/channels/{}/messages", lobby.general);
    assert_eq!(bob.post(&path, json!({ "content": "but" })).await.no(), (403, 50013));
    assert_eq!(bob.reads(&lobby.general).await, ["listen"]);
    town.close().await;
}

#[tokio::test]
async fn an_owner_hands_over_or_deletes_but_does_not_just_leave() {
    let town = Town::new().await;
    let [alice, bob] = town.accounts(["alice", "bob"]).await;
    let [guest] = town.people(["anna"]).await;
    let lobby = alice.found_guild_with(&[&bob, &guest]).await;
    let leave = format!("/users/@me/guilds/{}", lobby.id);
    let owner = format!("/osc/v1/guilds/{}/owner", lobby.id);
    assert_eq!(alice.delete(&leave).await.no(), (400, 900011));
    assert_eq!(bob.put(&owner, json!({ "user_id": bob.id })).await.no(), (403, 50013));
    assert_eq!(alice.put(&owner, json!({ "user_id": guest.id })).await.status / 100, 4);
    assert_eq!(alice.put(&owner, json!({ "user_id": bob.id })).await.status, 200);
    assert_eq!(alice.delete(&leave).await.status, 204);
    assert_eq!(guest.saw().await, ["GUILD_UPDATE", "GUILD_MEMBER_REMOVE"]);

    let room = format!("/osc/v1/guilds/{}", lobby.id);
    assert_eq!(guest.delete(&room).await.no(), (403, 50013));
    assert_eq!(bob.delete(&room).await.status, 204);
    assert_eq!(guest.saw().await, ["GUILD_DELETE"]);
    assert_eq!(guest.get(&format!("/channels/{}", lobby.general)).await.no(), (404, 10003));
    let directory = town.nobody().get("/osc/v1/directory").await;
    assert_eq!(directory["items"], json!([]));
    town.close().await;
}

#[tokio::test]
async fn an_address_is_never_given_again() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let draft = json!({ "name": "Lobby", "visibility": "public" });
    let first = alice.done(Method::POST, "/osc/v1/guilds", draft.clone()).await;
    let second = bob.done(Method::POST, "/osc/v1/guilds", draft.clone()).await;
    assert_eq!(first["osc"]["slug"], "lobby");
    assert_ne!(second["osc"]["slug"], "lobby");
    let room = format!("/osc/v1/guilds/{}", first.id());
    alice.done(Method::DELETE, &room, Value::Null).await;
    let third = alice.done(Method::POST, "/osc/v1/guilds", draft).await;
    assert_ne!(third["osc"]["slug"], "lobby");
    let gone = town.nobody().get("/osc/v1/guilds/by-slug/lobby").await;
    assert_eq!(gone.no(), (404, 10004));
    town.close().await;
}
