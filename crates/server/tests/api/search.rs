//! Search: what one may read is found, by words and by what a message is.

use client::rest::{Body, File};
use hyper::Method;
use proto::Permissions;
use serde_json::{Value, json};

use crate::town::{Answer, Town};

fn contents(answer: &Answer) -> Vec<&str> {
    let messages = answer["messages"].as_array().unwrap_or_else(|| panic!("no list: {answer}"));
    messages.iter().map(|found| found[0]["content"].as_str().expect("a text")).collect()
}

#[tokio::test]
async fn words_and_filters_find_messages_of_a_room() {
    let town = Town::new().await;
    let [alice, bob, eve] = town.people(["alice", "bob", "eve"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let search = format!("/guilds/{}/messages/search", lobby.id);
    let messages = format!("/channels/{}/messages", lobby.general);
    let first = alice.say(&lobby.general, "the quick brown fox").await;
    let second = bob.say(&lobby.general, &format!("quicker than <@{}>", alice.id)).await;
    let (name, content_type) = ("fox.txt".to_owned(), "text/plain".to_owned());
    let files = [File { name, content_type, bytes: b"text".to_vec().into() }];
    alice.upload(&messages, json!({ "content": "a file, @everyone" }), &files).await;
    let reply = json!({ "content": "agreed", "message_reference": { "message_id": first } });
    bob.done(Method::POST, &messages, reply).await;
    alice.done(Method::PUT, &format!("{messages}/pins/{second}"), Value::Null).await;

    let find = async |query: &str| alice.get(&format!("{search}?{query}")).await;
    let all = find("content=quick").await;
    assert_eq!((all.status, &all["total_results"]), (200, &json!(2)), "{all}");
    assert_eq!(all["messages"][0][0]["hit"], true);
    assert_eq!(all["doing_deep_historical_index"], false);
    assert_eq!(contents(&find("content=quick&sort_order=asc").await)[0], "the quick brown fox");
    assert_eq!(contents(&find("content=%22brown%20fox%22").await), ["the quick brown fox"]);
    assert_eq!(contents(&find("content=%22brown%20fo%22").await), [""; 0]);
    let by_bob = find(&format!("author_id={}&author_id=7", bob.id)).await;
    assert!(contents(&by_bob).contains(&"agreed"), "{by_bob}");
    assert_eq!(find(&format!("mentions={}", alice.id)).await["total_results"], 2, "also by reply");
    assert_eq!(contents(&find("mention_everyone=true").await), ["a file, @everyone"]);
    assert_eq!(contents(&find("has=file").await), ["a file, @everyone"]);
    assert_eq!(contents(&find("attachment_extension=txt").await), ["a file, @everyone"]);
    assert_eq!(contents(&find("content=fox.txt").await), ["a file, @everyone"]);
    assert_eq!(contents(&find(&format!("replied_to_user_id={}", alice.id)).await), ["agreed"]);
    assert_eq!(find("pinned=True").await["messages"][0][0]["id"], second);
    assert_eq!(find(&format!("max_id={second}")).await["total_results"], 1);
    assert_eq!(
        contents(&find(&format!("min_id={second}&limit=1&offset=1&sort_order=asc")).await).len(),
        1
    );
    assert_eq!(find("sort_by=relevance&content=quick").await["total_results"], 2);
    assert_eq!(find("author_type=-user").await["total_results"], 0);
    for bad in ["limit=0", "limit=26", "offset=9976", "has=gold", "author_id=x", "sort_by=x"] {
        assert_eq!(find(bad).await.no(), (400, 50035), "{bad}");
    }
    for bad in ["offset=18446744073709551616", "offset=-1", "slop=101", "min_id=-1", "pinned=7"] {
        assert_eq!(find(bad).await.no(), (400, 50035), "{bad}");
    }
    let long = format!("content={}", "x".repeat(1_025));
    assert_eq!(find(&long).await.no(), (400, 50035));
    // What the index takes for syntax is text here, and so is what cannot be seen.
    let odd = ["*", "%22", "%22%22%22", "NOT%20quick", "text%3Aquick", "quick%20OR%20fox"];
    let odder = ["NEAR(a%20b)", "%00", "quick%00", "%EE%80%80g1", "%5E%2Dfox%2B", "'%3B--"];
    for odd in odd.iter().chain(&odder) {
        let found = find(&format!("content={odd}")).await;
        assert_eq!(found.status, 200, "{odd}: {found}");
        assert!(found["total_results"].as_u64() < Some(3), "{odd}: {found}");
    }
    let wide = format!("content={}", "a%20".repeat(500));
    assert_eq!(find(&wide).await.status, 200);
    assert_eq!(eve.get(&search).await.no(), (404, 10004));
    town.close().await;
}

#[tokio::test]
async fn who_may_not_read_finds_nothing_and_hears_nothing() {
    let town = Town::new().await;
    let [alice, bob] = town.accounts(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let hide = json!({ "name": "hidden", "type": 0, "permission_overwrites": [
        { "id": lobby.id, "type": 0, "deny": Permissions::VIEW_CHANNEL.bits().to_string() },
    ] });
    let path = format!("/guilds/{}/channels", lobby.id);
    let hidden = alice.done(Method::POST, &path, hide).await.id();
    alice.say(&hidden, "the secret is out").await;
    let search = format!("/guilds/{}/messages/search?content=secret", lobby.id);
    assert_eq!(alice.get(&search).await["total_results"], 1);
    assert_eq!(bob.get(&search).await["total_results"], 0);
    let there = format!("{search}&channel_id={hidden}&channel_id=7");
    assert_eq!(bob.get(&there).await["total_results"], 0);
    assert_eq!(alice.get(&there).await["total_results"], 1);

    // A bot that was not granted to read what people write is not told of it by words.
    let made = alice.post("/osc/v1/bots", json!({ "name": "Echo" })).await;
    let echo = town.walks_in(&made);
    let add = format!("/osc/v1/guilds/{}/bots/{}", lobby.id, echo.id);
    alice.done(Method::PUT, &add, json!({ "permissions": "0" })).await;
    assert_eq!(echo.get(&search).await["total_results"], 0);
    let less = json!({ "intents": 0 });
    alice.done(Method::PATCH, &format!("/osc/v1/bots/{}", echo.id), less).await;
    assert_eq!(echo.get(&search).await.no(), (403, 50001));

    let path = format!("/channels/{}/threads", lobby.general);
    let thread = json!({ "name": "Surprise", "type": 12 });
    let thread = alice.done(Method::POST, &path, thread).await.id();
    alice.say(&thread, "a secret cake").await;
    let found = alice.get(&search).await;
    assert_eq!(
        (found["total_results"].as_u64(), &found["threads"][0]["id"]),
        (Some(2), &json!(thread))
    );
    assert_eq!(found["members"][0]["user_id"], json!(alice.id));
    assert_eq!(bob.get(&search).await["total_results"], 0);

    let direct = alice.post("/users/@me/channels", json!({ "recipient_id": bob.id })).await.id();
    alice.say(&direct, "between us").await;
    let ask = format!("/osc/v1/channels/{direct}/messages/search?content=betw");
    assert_eq!(bob.get(&ask).await["total_results"], 1);
    let [eve] = town.people(["eve"]).await;
    assert_eq!(eve.send(Method::GET, &ask, Body::none()).await.no(), (404, 10003));
    town.close().await;
}
