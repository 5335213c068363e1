//! Logins: signing in anywhere, seeing where, and ending it at once.

use std::time::{Duration, Instant};

use serde_json::json;

use super::account::identified;
use crate::town::{Person, Town};

async fn log_in(town: &Town, username: &str, password: &str) -> crate::town::Answer {
    let body = json!({ "username": username, "password": password });
    town.nobody().post("/osc/v1/sessions", body).await
}

async fn another(town: &Town, username: &str) -> Person {
    let signed = log_in(town, username, "a password").await;
    let nobody = town.nobody();
    let rest = nobody.rest.with_token(signed["token"].as_str().expect("a token"));
    nobody.with_rest(rest)
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_look_alike() {
    let town = Town::new().await;
    town.accounts(["alice"]).await;
    let wrong = log_in(&town, "alice", "not it").await;
    for name in ["nobody", "аlice", "a", "", "admin", "@me", &"x".repeat(5_000)] {
        let unknown = log_in(&town, name, "not it").await;
        assert_eq!((unknown.status, &unknown.body), (wrong.status, &wrong.body), "{name}");
    }
    assert_eq!(wrong.no(), (403, 900_001));
    let long = log_in(&town, "alice", &"x".repeat(100_000)).await;
    assert_eq!(long.body, wrong.body);
    assert_eq!(log_in(&town, "ALICE", "a password").await.status, 201);
    town.close().await;
}

#[tokio::test]
async fn tries_for_one_name_run_out_whatever_the_address() {
    let town = Town::with(|config| {
        config.rate_limits = true;
        config.limits.password_tries_per_10min = 3;
        config.limits.address_tries_per_10min = 1_000;
        config.limits.invalid_per_10min = 1_000;
    })
    .await;
    for name in ["nobody", "ｎｏｂｏｄｙ", "NOBODY"] {
        assert_eq!(log_in(&town, name, "not it").await.status, 403);
    }
    let limited = log_in(&town, "nobody", "not it").await;
    assert_eq!(limited.status, 429);
    assert!(limited["retry_after"].as_f64().is_some_and(|seconds| seconds > 1.0));
    town.pass(Duration::from_secs(601));
    assert_eq!(log_in(&town, "nobody", "not it").await.status, 403);
    town.close().await;
}

#[tokio::test]
async fn a_revoked_login_is_out_within_a_second() {
    let town = Town::new().await;
    let [alice] = town.accounts(["alice"]).await;
    let phone = another(&town, "alice").await;
    let mut socket = identified(&town, phone.token()).await;
    let listed = alice.get("/osc/v1/sessions").await;
    let logins = listed.body.as_array().expect("a list").clone();
    assert_eq!(logins.len(), 2);
    assert_eq!(logins.iter().filter(|login| login["current"] == true).count(), 1);
    assert!(!listed.answer.to_string().contains("oc_u_"), "no token is told again");
    let theirs = logins.iter().find(|login| login["current"] == false).expect("the other");
    let path = format!("/osc/v1/sessions/{}", theirs["id"].as_str().expect("an id"));

    let [eve] = town.people(["eve"]).await;
    assert_eq!(eve.delete(&path).await.no(), (404, 10_020));
    for id in ["1", "@me", "abc", "%2e%2e"] {
        let path = format!("/osc/v1/sessions/{id}");
        assert_eq!(alice.delete(&path).await.status, 404, "{id}");
    }
    let begun = Instant::now();
    assert_eq!(alice.delete(&path).await.status, 204);
    assert_eq!(phone.get("/users/@me").await.no(), (401, 40_001));
    assert_eq!(socket.close_code().await, 4004);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    town.close().await;
}

#[tokio::test]
async fn logging_out_ends_this_login_only() {
    let town = Town::new().await;
    let [alice] = town.accounts(["alice"]).await;
    let phone = another(&town, "alice").await;
    assert_eq!(phone.delete("/osc/v1/sessions/@current").await.status, 204);
    assert_eq!(phone.get("/users/@me").await.status, 401);
    assert_eq!(alice.get("/users/@me").await.status, 200);
    town.close().await;
}

#[tokio::test]
async fn our_own_page_gets_a_cookie_and_no_token() {
    let town = Town::new().await;
    town.accounts(["alice"]).await;
    let origin = format!("http://{}", town.addr());
    let nobody = town.nobody();
    let page = nobody.rest.with_field("x-osc-client", "web").with_field("origin", &origin);
    let page = nobody.with_rest(page);
    let body = json!({ "username": "alice", "password": "a password" });
    let signed = page.post("/osc/v1/sessions", body).await;
    assert_eq!(signed.status, 201);
    assert_eq!(signed.body.get("token"), None);
    let cookie = signed.answer.field("set-cookie").expect("a cookie").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let pair = cookie.split(';').next().expect("a pair").to_owned();
    let with_cookie = page.with_rest(page.rest.with_field("cookie", &pair));
    assert_eq!(with_cookie.get("/users/@me").await["username"], "alice");
    // Another page of the web has the cookie sent along, and gets nothing for it.
    let foreign = nobody.rest.with_field("cookie", &pair);
    let foreign = foreign.with_field("x-osc-client", "web");
    let foreign = nobody.with_rest(foreign.with_field("origin", "https://evil.example"));
    let deed = foreign.patch("/users/@me", json!({ "global_name": "Mallory" })).await;
    assert_eq!(deed.status / 100, 4, "{deed}");
    let bare = nobody.with_rest(nobody.rest.with_field("cookie", &pair));
    assert_eq!(bare.get("/users/@me").await.status, 401);
    let out = with_cookie.delete("/osc/v1/sessions/@current").await;
    assert!(out.answer.field("set-cookie").is_some_and(|cookie| cookie.contains("Max-Age=0")));
    assert_eq!(with_cookie.get("/users/@me").await.status, 401);
    town.close().await;
}
