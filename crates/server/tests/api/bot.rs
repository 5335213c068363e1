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
        assert_eq!(application.body, echo.get(&format!("/applications/{id}")).await.body);
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

async fn makes_bot(town: &Town, owner: &Person, name: &str) -> (String, Person) {
    let made = owner.post("/osc/v1/bots", json!({ "name": name })).await;
    assert_eq!(made.status, 201, "{made}");
    (made["user"]["id"].as_str().expect("an id").to_owned(), bearer(town, &made))
}

#[tokio::test]
async fn a_bot_is_changed_by_who_made_it() {
    let town = Town::new().await;
    let [alice, bob] = town.accounts(["alice", "bob"]).await;
    let (id, echo) = makes_bot(&town, &alice, "Echo").await;
    let path = format!("/osc/v1/bots/{id}");
    let change = json!({
        "name": "Reverb", "description": "Says it  again.\nAnd again.", "tags": ["fun", "chat"],
        "public": true, "intents": 32_768 | 1, "permissions": "3072",
    });
    assert_eq!(bob.patch(&path, change.clone()).await.no(), (404, 10_013));
    assert_eq!(echo.patch(&path, change.clone()).await.no(), (403, 20_001));
    let changed = alice.patch(&path, change).await;
    assert_eq!(changed.status, 200, "{changed}");
    // What is no privileged intent is left out.
    assert_eq!((&changed["username"], &changed["intents"]), (&json!("Reverb"), &json!(32_768)));
    assert_eq!(changed.body, alice.get(&path).await.body);
    assert_eq!(alice.get("/osc/v1/bots").await[0], changed.body);
    let application = echo.get("/applications/@me").await;
    assert_eq!(application["name"], "Reverb");
    assert_eq!(application["tags"], json!(["fun", "chat"]));
    assert_eq!(
        (&application["bot_public"], &application["flags"]),
        (&json!(true), &json!(1 << 18))
    );
    assert_eq!(application["install_params"]["permissions"], "3072");
    for (field, value) in [
        ("name", json!("admin")),
        ("description", json!("x".repeat(401))),
        ("tags", json!(["a", "a"])),
        ("tags", json!(["1", "2", "3", "4", "5", "6"])),
        ("tags", json!([""])),
        ("avatar", json!("data:text/html;base64,PGI+")),
    ] {
        let wrong = alice.patch(&path, json!({ field: value })).await;
        assert_eq!(wrong.no(), (400, 50_035), "{field}: {wrong}");
        assert!(wrong["errors"][field].is_object(), "{wrong}");
    }
    town.close().await;
}

#[tokio::test]
async fn an_application_is_edited_as_libraries_do() {
    let town = Town::new().await;
    let [alice, bob] = town.accounts(["alice", "bob"]).await;
    let (id, echo) = makes_bot(&town, &alice, "Echo").await;
    let edited = echo
        .patch(
            "/applications/@me",
            json!({
                "description": "From the library", "tags": ["one"],
                "custom_install_url": "https://bots.example/add",
                "install_params": { "scopes": ["bot"], "permissions": "8" },
                "cover_image": null, "flags": 1 << 19,
            }),
        )
        .await;
    assert_eq!(
        (edited.status, &edited["description"]),
        (200, &json!("From the library")),
        "{edited}"
    );
    assert_eq!(edited["flags"], 1 << 18, "the rest was given up");
    assert_eq!(
        edited["integration_types_config"]["0"]["oauth2_install_params"]["permissions"],
        "8"
    );
    // Only its maker grants what it has not.
    assert_eq!(
        echo.patch("/applications/@me", json!({ "flags": 1 << 12 })).await.no(),
        (400, 50_035)
    );
    let path = format!("/applications/{id}");
    assert_eq!(bob.get(&path).await.no(), (404, 10_002));
    assert_eq!(bob.patch(&path, json!({})).await.no(), (404, 10_002));
    let object = json!({ "flags": 1 << 12, "description": { "default": "From its maker" } });
    let granted = alice.patch(&path, object).await;
    assert_eq!(
        (&granted["flags"], &granted["description"]),
        (&json!(1 << 12), &json!("From its maker"))
    );
    assert_eq!(alice.patch("/applications/@me", json!({})).await.no(), (403, 20_002));
    for wrong in [
        json!({ "custom_install_url": "javascript:alert(1)" }),
        json!({ "install_params": { "scopes": ["email"], "permissions": "0" } }),
        json!({ "install_params": { "scopes": ["bot"], "permissions": {} } }),
        json!({ "integration_types_config": { "1": {} } }),
        json!({ "cover_image": "data:image/png;base64,AA==" }),
        json!({ "role_connections_verification_url": "https://bots.example" }),
        json!({ "description": 7 }),
    ] {
        assert_eq!(
            echo.patch("/applications/@me", wrong.clone()).await.no(),
            (400, 50_035),
            "{wrong}"
        );
    }
    assert_eq!(echo.get(&format!("{path}/role-connections/metadata")).await.body, json!([]));
    town.close().await;
}

#[tokio::test]
async fn a_public_bot_is_added_by_who_runs_a_room() {
    let town = Town::new().await;
    let [alice, bob] = town.accounts(["alice", "bob"]).await;
    let (id, echo) = makes_bot(&town, &alice, "Echo").await;
    let hall = bob.found_guild_with(&[&alice]).await;
    let page = format!("/osc/v1/bots/{id}/authorization");
    let add = format!("/osc/v1/guilds/{}/bots/{id}", hall.id);
    // Private at first: only its maker has it to add, and runs no room.
    assert_eq!(bob.get(&page).await.no(), (403, 900_040));
    assert_eq!(bob.put(&add, json!({})).await.no(), (403, 900_040));
    assert_eq!(bob.get("/osc/v1/bots/7/authorization").await.no(), (404, 10_002));
    assert_eq!(echo.get(&page).await.no(), (403, 20_001));
    let own = alice.get(&page).await;
    assert_eq!((own.status, &own["guilds"]), (200, &json!([])), "{own}");
    let path = format!("/osc/v1/bots/{id}");
    alice.patch(&path, json!({ "public": true, "permissions": "1024" })).await;
    let asked = bob.get(&page).await;
    assert_eq!(asked["owner"]["id"], alice.id.to_string());
    assert_eq!(
        (&asked["permissions"], &asked["guilds"][0]["added"]),
        (&json!("1024"), &Value::Null)
    );
    assert_eq!(asked["guilds"].as_array().map(Vec::len), Some(1));
    assert_eq!(bob.put(&add, json!({ "permissions": "3072" })).await.status, 200);
    assert_eq!(bob.get(&page).await["guilds"][0]["added"], "3072");

    let integrations = format!("/guilds/{}/integrations", hall.id);
    assert_eq!(alice.get(&integrations).await.no(), (403, 50_013));
    let list = bob.get(&integrations).await;
    assert_eq!((&list[0]["id"], &list[0]["application"]["name"]), (&json!(id), &json!("Echo")));
    let one = format!("{integrations}/{id}");
    assert_eq!(alice.delete(&one).await.no(), (403, 50_013));
    assert_eq!(bob.delete(&format!("{integrations}/{}", alice.id)).await.no(), (404, 10_005));
    bob.saw().await;
    assert_eq!(bob.delete(&one).await.status, 204);
    assert_eq!(bob.saw().await, ["GUILD_MEMBER_REMOVE", "GUILD_ROLE_DELETE"]);
    assert_eq!(bob.delete(&one).await.no(), (404, 10_005));
    let log = bob.get(&format!("/guilds/{}/audit-logs?action_type=82", hall.id)).await;
    let entry = &log["audit_log_entries"][0];
    assert_eq!((&entry["target_id"], &entry["user_id"]), (&json!(id), &json!(bob.id)));
    assert_eq!(entry["changes"][0]["key"], "name");
    town.close().await;
}

#[tokio::test]
async fn what_a_room_does_not_have_is_answered_in_its_form() {
    let town = Town::new().await;
    let [alice, bob] = town.accounts(["alice", "bob"]).await;
    let room = alice.found_guild_with(&[]).await;
    let at = |what: &str| format!("/guilds/{}/{what}", room.id);
    for what in ["stickers", "scheduled-events", "templates", "integrations"] {
        assert_eq!(alice.get(&at(what)).await.body, json!([]), "{what}");
        assert_eq!(bob.get(&at(what)).await.no(), (404, 10_004), "{what}");
    }
    assert_eq!(alice.get(&at("soundboard-sounds")).await.body, json!({ "items": [] }));
    assert_eq!(alice.get(&at("regions")).await[0]["optimal"], true);
    assert_eq!(alice.get(&at("onboarding")).await["enabled"], false);
    assert_eq!(alice.get(&at("new-member-welcome")).await.status, 204);
    assert_eq!(alice.get(&at("welcome-screen")).await["welcome_channels"], json!([]));
    assert_eq!(alice.get(&at("widget")).await["enabled"], false);
    assert_eq!(alice.get(&at("vanity-url")).await["code"], Value::Null);
    assert_eq!(town.nobody().get(&at("widget.json")).await.no(), (403, 50_004));
    assert_eq!(bob.get(&at("preview")).await["approximate_member_count"], 1);
    let hidden = alice.found(json!({ "name": "Attic", "visibility": "private" }), &[]).await;
    for what in ["preview", "widget.json"] {
        let path = format!("/guilds/{}/{what}", hidden.id);
        assert_eq!(bob.get(&path).await.no(), (404, 10_004), "{what}");
    }
    assert_eq!(alice.get(&format!("/guilds/{}/preview", hidden.id)).await["name"], "Attic");
    for path in ["/users/@me/connections", "/soundboard-default-sounds"] {
        assert_eq!(bob.get(path).await.body, json!([]), "{path}");
    }
    assert_eq!(bob.get("/sticker-packs").await["sticker_packs"], json!([]));
    assert_eq!(bob.get("/voice/regions").await[0]["id"], "mesh");
    assert_eq!(town.nobody().get("/oauth2/keys").await["keys"], json!([]));
    assert_eq!(alice.get(&at("voice-states/@me")).await.no(), (404, 10_065));
    town.close().await;
}
