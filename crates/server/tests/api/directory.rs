//! The directory: every public room once, page by page.

use hyper::Method;
use serde_json::{Value, json};

use crate::town::{Answer, Town};

fn ids(page: &Answer) -> Vec<String> {
    let items = page["items"].as_array().unwrap_or_else(|| panic!("no page: {page}"));
    items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn concatenated_pages_are_all_public_rooms() {
    let town = Town::with(|config| config.limits.guest_owned_guilds = 100).await;
    let [alice] = town.people(["alice"]).await;
    let mut founded = Vec::new();
    for n in 0..23 {
        let visibility = ["public", "public", "unlisted", "private"][n % 4];
        let draft = json!({ "name": format!("room {n}"), "visibility": visibility });
        let guild = alice.done(Method::POST, "/osc/v1/guilds", draft).await;
        if visibility == "public" {
            founded.push(guild.id());
        }
    }
    let nobody = town.nobody();
    let mut page = nobody.get("/osc/v1/directory?limit=5").await;
    let mut listed = ids(&page);
    while let Some(next) = page["next"].as_str() {
        page = nobody.get(&format!("/osc/v1/directory?limit=5&after={next}")).await;
        assert!(!ids(&page).is_empty() && ids(&page).len() <= 5);
        listed.extend(ids(&page));
    }
    listed.sort();
    founded.sort();
    assert_eq!(listed, founded);
    for bad in ["limit=0", "limit=51", "limit=x", "after=nonsense"] {
        let answer = nobody.get(&format!("/osc/v1/directory?{bad}")).await;
        assert_eq!(answer.no(), (400, 50035), "{bad}");
    }
    town.close().await;
}

#[tokio::test]
async fn rooms_are_found_by_words_and_never_by_a_query_language() {
    let town = Town::new().await;
    let [alice] = town.people(["alice"]).await;
    let draft = json!({ "name": "Crab Café", "visibility": "public", "description": "rust" });
    let cafe = alice.done(Method::POST, "/osc/v1/guilds", draft).await.id();
    let draft = json!({ "name": "Elsewhere", "visibility": "public" });
    alice.done(Method::POST, "/osc/v1/guilds", draft).await;
    let nobody = town.nobody();
    for found in ["crab", "CAFE", "caf%C3%A9", "rust%20crab", "cra"] {
        let page = nobody.get(&format!("/osc/v1/directory?q={found}")).await;
        assert_eq!(ids(&page), std::slice::from_ref(&cafe), "{found}");
    }
    for nothing in ["crab%20zebra", "%22", "NEAR(a%20b)", "name:crab%20OR%20x", "%2A", "%00"] {
        let page = nobody.get(&format!("/osc/v1/directory?q={nothing}")).await;
        assert!(page.status == 200 || page.status == 400, "{nothing}: {page}");
        assert!(page["items"].as_array().is_none_or(|items| items.len() < 2), "{nothing}");
    }
    town.close().await;
}

#[tokio::test]
async fn a_room_that_becomes_private_is_listed_no_more() {
    let town = Town::new().await;
    let [alice] = town.people(["alice"]).await;
    let lobby = alice.found_guild_with(&[]).await;
    let nobody = town.nobody();
    let page = nobody.get("/osc/v1/directory").await;
    assert_eq!(ids(&page), std::slice::from_ref(&lobby.id));
    assert_eq!(page["items"][0]["member_count"], 1);
    assert_eq!(page["items"][0]["online_count"], 1);
    let path = format!("/osc/v1/guilds/{}", lobby.id);
    alice.done(Method::PATCH, &path, json!({ "visibility": "private" })).await;
    let page = nobody.get("/osc/v1/directory").await;
    assert_eq!((ids(&page), &page["next"]), (vec![], &Value::Null));
    town.close().await;
}
