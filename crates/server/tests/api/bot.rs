//! Bots: made by an account, let in by who runs the room, and known to themselves.

use serde_json::{Value, json};

use crate::town::{Answer, Person, Town};

fn bearer(town: &Town, made: &Answer) -> Person {
    let nobody = town.nobody();
    let token = made["token"].as_str().unwrap_or_else(|| panic!("{made}"));
    nobody.with_rest(nobody.rest.with_token(format!("Bot {token}")))
}

#[tokio::test]
async fn a_bot_is_made_let_in_and_deleted() {
    let town = Town::new().await;
    let [alice, bob] = town.accounts(["alice", "bob"]).await;
    let [guest] = town.people(["Anna"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let named = json!({ "name": "Echo" });
    assert_eq!(guest.post("/osc/v1/bots", named.clone()).await.no(), (403, 900_006));
    let made = alice.post("/osc/v1/bots", named.clone()).await;
    assert_eq!((made.status, &made["user"]["bot"]), (201, &json!(true)));
    let bot = made["user"]["id"].as_str().expect("an id").to_owned();
    let path = format!("/osc/v1/guilds/{}/bots/{bot}", lobby.id);
    let wish = json!({ "permissions": "3072" });
    assert_eq!(bob.put(&path, wish.clone()).await.no(), (403, 50_013));
    assert_eq!(guest.put(&path, wish.clone()).await.no(), (404, 10_004));
    let member = alice.put(&path, wish.clone()).await;
    assert_eq!(member.status, 200, "{member}");
    assert_eq!(bob.saw().await, ["GUILD_ROLE_CREATE", "GUILD_MEMBER_ADD"]);
    let echo = bearer(&town, &made);
    echo.say(&lobby.general, "beep").await;
    assert_eq!(bob.heard().await[0].1["author"]["bot"], true);
    // What is for people is not for bots.
    assert_eq!(echo.post("/osc/v1/bots", named).await.no(), (403, 20_001));

    let renewed = alice.post(&format!("/osc/v1/bots/{bot}/token"), json!({})).await;
    assert_eq!(renewed.status, 201);
    assert_eq!(echo.get("/users/@me").await.status, 401);
    assert_eq!(bearer(&town, &renewed).get("/users/@me").await["username"], "Echo");
    assert_eq!(alice.get("/osc/v1/bots").await.ids(), std::slice::from_ref(&bot));
    let path = format!("/osc/v1/bots/{bot}");
    assert_eq!(bob.delete(&path).await.no(), (404, 10_013));
    alice.saw().await;
    assert_eq!(alice.delete(&path).await.status, 204);
    assert_eq!(alice.saw().await, ["GUILD_MEMBER_REMOVE", "GUILD_ROLE_DELETE"]);
    town.close().await;
}

#[tokio::test]
async fn a_bot_knows_its_application_and_registers_commands() {
    let town = Town::new().await;
    let [alice] = town.accounts(["alice"]).await;
    let made = alice.post("/osc/v1/bots", json!({ "name": "Echo" })).await;
    let echo = bearer(&town, &made);
    let id = made["user"]["id"].as_str().expect("an id");
    for path in ["/applications/@me", "/oauth2/applications/@me"] {
        let application = echo.get(path).await;
        assert_eq!(application["id"], id);
        assert_eq!(application["owner"]["id"], alice.id.to_string());
        assert_eq!(alice.get(path).await.no(), (403, 20_002));
    }
    let path = format!("/applications/{id}/commands");
    let ping = json!({ "name": "ping", "description": "Answers", "options": [
        { "type": 3, "name": "text", "description": "What", "required": false },
    ] });
    let one = echo.post(&path, ping.clone()).await;
    assert_eq!(one.status, 201, "{one}");
    let again = echo.post(&path, ping.clone()).await;
    assert_eq!((again.status, &again["id"]), (200, &one["id"]));
    let all = echo.put(&path, json!([ping, { "name": "User Info", "type": 2 }])).await;
    assert_eq!(all.body.as_array().map(Vec::len), Some(2));
    assert_eq!(all[0]["id"], one["id"], "it keeps its id");
    assert_eq!(echo.get(&path).await.ids().len(), 2);
    let own = format!("{path}/{}", one.id());
    let edited = echo.patch(&own, json!({ "description": "Answers at once" })).await;
    assert_eq!(edited["description"], "Answers at once");
    assert_eq!(echo.get(&own).await.body, edited.body);
    assert_eq!(echo.delete(&own).await.status, 204);
    assert_eq!(echo.get(&own).await.no(), (404, 10_063));
    assert_eq!(echo.put(&path, json!([])).await.body, json!([]));
    for draft in [
        json!({}),
        json!({ "name": "Not Lower", "description": "x" }),
        json!({ "name": "x" }),
        json!({ "name": "x", "description": "y", "type": 9 }),
        json!({ "name": "x".repeat(33), "description": "y" }),
        json!({ "name": "x", "description": "y", "options": [1] }),
    ] {
        assert_eq!(echo.post(&path, draft.clone()).await.no(), (400, 50_035), "{draft}");
    }
    let foreign = echo.get(&format!("/applications/{}/commands", alice.id)).await;
    assert_eq!(foreign.no(), (404, 10_002));
    assert_eq!(echo.get("/users/@me").await["osc"].get("server_owner"), None::<&Value>);
    town.close().await;
}
