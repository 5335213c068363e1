//! Guests: one click, a name that misleads nobody, and nothing left behind.

use std::time::Duration;

use serde_json::{Value, json};

use crate::town::{Town, openapi};

#[tokio::test]
async fn a_name_is_all_it_takes() {
    let town = Town::new().await;
    let made = town.nobody().post("/osc/v1/guests", json!({ "name": "  Anna   Lena " })).await;
    assert_eq!(made.status, 201);
    assert_eq!(made["user"]["global_name"], "Anna Lena");
    assert_eq!(made["user"]["osc"]["guest"], true);
    assert_eq!(made["user"]["osc"]["tag"].as_str().map(str::len), Some(4));
    assert!(made["user"]["osc"]["expires_at"].is_string());
    let anna = town.settle_in(&made).await;
    let me = anna.get("/users/@me").await;
    assert_eq!((me.status, &me["id"]), (200, &made["user"]["id"]));
    let second = town.guest("Anna Lena").await;
    assert_ne!(second.id, anna.id, "a second one of the same name is fine");
    town.close().await;
}

#[tokio::test]
async fn names_that_mislead_or_hide_are_refused() {
    let town = Town::new().await;
    town.accounts(["alice"]).await;
    let long = "x".repeat(33);
    let refused = [
        "",
        " ",
        "Admin",
        "mоderator",
        "S Y S T E M",
        "a\u{202e}b",
        "a\u{200b}",
        "\u{3164}",
        &long,
        "Alice",
        "аlice",
        "AIice",
        "a\u{0}b",
    ];
    for name in refused {
        let made = town.nobody().post("/osc/v1/guests", json!({ "name": name })).await;
        assert_eq!(made.status / 100, 4, "{name:?}: {made}");
    }
    for body in [json!({}), json!({ "name": null }), json!({ "name": ["x"] }), json!([])] {
        let made = town.nobody().post("/osc/v1/guests", body).await;
        assert_eq!(made.no(), (400, 50035));
    }
    town.close().await;
}

#[tokio::test]
async fn where_guests_are_off_an_account_is_needed() {
    let town = Town::with(|config| config.guests = false).await;
    let made = town.nobody().post("/osc/v1/guests", json!({ "name": "Anna" })).await;
    assert_eq!(made.no(), (403, 900_003));
    town.close().await;
}

#[tokio::test]
async fn a_guest_who_goes_is_told_to_those_who_stay() {
    let town = Town::new().await;
    let [alice] = town.people(["alice"]).await;
    let lobby = alice.found_guild_with(&[]).await;
    let made = town.nobody().post("/osc/v1/guests", json!({ "name": "Anna" })).await;
    let token = made["token"].as_str().expect("a token");
    let anna = town.nobody().with_rest(alice.rest.with_token(token));
    anna.joins(&lobby).await;
    let said = anna.say(&lobby.general, "bye").await;
    alice.saw().await;

    assert_eq!(anna.delete("/osc/v1/accounts/@me").await.status, 204);
    assert_eq!(alice.saw().await, ["GUILD_MEMBER_REMOVE"]);
    assert_eq!(anna.get("/users/@me").await.no(), (401, 40_001));
    let path = format!("/channels/{}/messages/{said}", lobby.general);
    let message = alice.get(&path).await;
    assert_eq!(message["content"], "bye");
    assert_eq!(message["author"]["global_name"], "Deleted user");
    // Who still has a room cannot just go.
    assert_eq!(alice.delete("/osc/v1/accounts/@me").await.no(), (400, 900_011));
    town.close().await;
}

#[tokio::test]
async fn who_stays_away_for_long_is_forgotten() {
    let town = Town::new().await;
    let [alice] = town.accounts(["alice"]).await;
    let lobby = alice.found_guild_with(&[]).await;
    let made = town.nobody().post("/osc/v1/guests", json!({ "name": "Anna" })).await;
    let token = made["token"].as_str().expect("a token");
    let anna = town.nobody().with_rest(alice.rest.with_token(token));
    anna.joins(&lobby).await;
    alice.saw().await;
    town.pass(Duration::from_secs(31 * 86_400));
    domain::guest::forget_idle(&town.app()).await.expect("runs");
    assert_eq!(anna.get("/users/@me").await.status, 401);
    assert_eq!(alice.saw().await, ["GUILD_MEMBER_REMOVE"]);
    town.close().await;
}

#[tokio::test]
async fn hostile_json_is_refused_in_one_shape() {
    let town = Town::new().await;
    let nobody = town.nobody();
    let mut bodies: Vec<Vec<u8>> = [
        "[",
        "{",
        "{\"name\":",
        "nope",
        "{\"name\":\"\\ud800\"}",
        "{\"name\":NaN}",
        "{\"name\":0x10}",
        "{\"name\":{\"$ne\":null}}",
        "1e400",
        "-0",
        "null",
        "true",
        "\"Anna\"",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec();
    bodies.push("[".repeat(100_000).into_bytes());
    bodies.push("{\"a\":".repeat(100_000).into_bytes());
    bodies.push(vec![b' '; 10 << 20]);
    bodies.push(b"\xef\xbb\xbf{}".to_vec());
    bodies.push("{\"name\":\"Anna\"}".encode_utf16().flat_map(u16::to_le_bytes).collect());
    for body in bodies {
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let body = client::rest::Body::raw("application/json", body);
        let made = nobody.send(hyper::Method::POST, "/osc/v1/guests", body).await;
        assert_eq!(made.status / 100, 4, "{shown}: {made}");
        assert!(made["code"].is_u64() && made["message"].is_string(), "{shown}: {made}");
    }
    // The last of equal keys counts, and what we do not know is not taken.
    let twice = r#"{"name":"Otto","name":"Anna","id":"1","bot":true,"osc":{"server_owner":true}}"#;
    let body = client::rest::Body::raw("application/json", twice);
    let made = nobody.send(hyper::Method::POST, "/osc/v1/guests", body).await;
    assert_eq!(made["user"]["global_name"], "Anna");
    assert_ne!(made["user"]["id"], "1");
    assert_eq!(made["user"].get("bot"), None);
    assert_eq!(made["user"]["osc"].get("server_owner"), None);
    town.close().await;
}

#[tokio::test]
async fn hostile_names_from_the_list_are_no_usernames_beside_admin() {
    let names = bad_inputs("usernames_reject_or_fold_to_same_skeleton");
    let town = Town::new().await;
    for name in &names {
        // `x (what it is)`, `a vs b` and `x{N=32}` are for the reader.
        let name = name.split(" (").next().expect("a part").split("{N=").next().expect("a part");
        for name in name.split(" vs ").flat_map(|name| name.split(" / ")) {
            let body = json!({ "username": name, "password": "a password" });
            let made = town.nobody().post("/osc/v1/accounts", body).await;
            let fine = ["ss", "i", "\u{df}", "\u{fb03}", "\u{c5}"].contains(&name);
            assert!(made.status / 100 == 4 || fine, "{name:?}: {made}");
        }
    }
    town.close().await;
}

/// A group of the list of bad inputs, where it lies beside us.
pub fn bad_inputs(group: &str) -> Vec<String> {
    let Some(path) = openapi::beside("kit/inputs/bad.json") else {
        eprintln!("skipped: the list of bad inputs is not here");
        return Vec::new();
    };
    let text = std::fs::read_to_string(path).expect("readable");
    // It has halves of characters, which are not JSON for everybody.
    let text = text.replace("\\ud800", "\\ufffd");
    let bad: Value = serde_json::from_str(&text).expect("JSON");
    let items = bad[group].as_array().expect("a list").iter();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}
