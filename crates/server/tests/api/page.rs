//! Pages: what is read of this server without an account and without JavaScript.

use serde_json::{Value, json};

use crate::{
    town::Town,
    visit::{Page, visit},
};

/// What the page gives the client to start with.
fn boot(page: &Page) -> Value {
    let text = page.text();
    let (_, rest) = text.split_once("id=\"boot\">").expect("first data");
    let (json, _) = rest.split_once("</script>").expect("an end");
    serde_json::from_str(json).expect("JSON")
}

#[tokio::test]
async fn a_public_room_reads_without_an_account_and_without_javascript() {
    let town = Town::new().await;
    let [alice] = town.people(["alice"]).await;
    let draft = json!({ "name": "Cats & <Dogs>", "visibility": "public", "description": "Pets" });
    let room = alice.found(draft, &[]).await;
    let hostile = "</script><script>alert(1)</script> <!--osc:boot--> \u{2028} end";
    alice.say(&room.general, "hello there").await;
    alice.say(&room.general, hostile).await;

    let home = visit(&town, "/", &[]).await;
    assert!(home.text().contains("href=\"/r/cats-dogs\">Cats &amp; &lt;Dogs&gt;</a>"));
    let page = visit(&town, "/r/cats-dogs", &[]).await;

    assert_eq!(page.status, 200);
    let text = page.text();
    assert!(text.contains("<title>Cats &amp; &lt;Dogs&gt; · "));
    assert!(text.contains("<meta name=\"description\" content=\"Pets\">"));
    assert!(text.contains("<meta property=\"og:title\" content=\"Cats &amp; &lt;Dogs&gt; · "));
    assert!(text.contains("hello there</p>"));
    assert!(!text.contains("<script>alert"), "texts stay texts");
    assert_eq!(boot(&page)["preview"]["messages"][0]["content"], hostile);
    assert_eq!(boot(&page)["me"], Value::Null);
    let policy = page.header("content-security-policy");
    assert!(policy.contains("script-src 'self';") && !policy.contains("unsafe"), "{policy}");
    assert!(policy.contains("require-trusted-types-for 'script'"));
    town.close().await;
}

#[tokio::test]
async fn a_room_that_is_not_public_looks_like_none() {
    let town = Town::new().await;
    let [alice] = town.people(["alice"]).await;
    let public = alice.found(json!({ "name": "Once", "visibility": "public" }), &[]).await;
    let hidden = json!({ "visibility": "private" });
    let changed = alice.patch(&format!("/osc/v1/guilds/{}", public.id), hidden).await;
    assert_eq!(changed.status, 200);

    let gone = visit(&town, "/r/once", &[]).await;
    let never = visit(&town, "/r/never", &[]).await;
    assert_eq!((gone.status, never.status), (404, 404));
    assert_eq!(gone.text(), never.text());
    assert!(gone.text().contains("<a href=\"/\">"), "a way on");
    assert_eq!(visit(&town, "/r/once/1", &[]).await.status, 404);
    for odd in ["/r/%ff%fe", "/r/once/%ff", "/i/%ff"] {
        let page = visit(&town, odd, &[]).await;
        assert_eq!(page.status, 404, "{odd}");
        assert!(page.text().contains("<!doctype html>"), "{odd}: a page with a way on");
    }
    assert_eq!(visit(&town, "/i/nothing", &[]).await.text(), never.text());
    town.close().await;
}

#[tokio::test]
async fn a_page_knows_who_looks_and_no_cache_keeps_it() {
    let town = Town::new().await;
    let [alice] = town.people(["alice"]).await;
    let cookie = format!("osc={}", alice.token());

    let page = visit(&town, "/", &[("Cookie", &cookie)]).await;
    assert_eq!(boot(&page)["me"]["id"], alice.id.to_string());
    assert!(!page.text().contains(alice.token()));
    assert_eq!(page.header("cache-control"), "private, no-cache");
    assert_eq!(page.header("vary"), "Cookie");
    let page = visit(&town, "/", &[("Cookie", "osc=oc_u_wrong")]).await;
    assert_eq!((page.status, &boot(&page)["me"]), (200, &Value::Null));
    town.close().await;
}

#[tokio::test]
async fn an_invite_says_what_it_is_to() {
    let town = Town::new().await;
    let [alice] = town.people(["alice"]).await;
    let room = alice.found(json!({ "name": "Den", "visibility": "private" }), &[]).await;
    let invite = alice.post(&format!("/channels/{}/invites", room.general), json!({})).await;
    let code = invite["code"].as_str().expect("a code");

    let page = visit(&town, &format!("/i/{code}"), &[]).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("<h1>Den</h1>"));
    assert!(page.text().contains("name=\"robots\" content=\"noindex\""));
    assert_eq!(boot(&page)["invite"]["code"], code);
    town.close().await;
}

#[tokio::test]
async fn history_is_turned_page_by_page() {
    let town = Town::new().await;
    let [alice] = town.people(["alice"]).await;
    let room = alice.found(json!({ "name": "Long", "visibility": "public" }), &[]).await;
    for n in 0..60 {
        alice.say(&room.general, &format!("message number {n}.")).await;
    }
    let page = visit(&town, "/r/long", &[]).await.text();
    assert!(page.contains("number 59.") && !page.contains("number 9."));
    let (_, rest) = page.split_once("<a href=\"/r/long/").expect("channels");
    let (_, rest) = rest.split_once("<a href=\"").expect("a link to what is older");
    let (older, _) = rest.split_once('"').expect("its end");
    assert!(older.contains("?before="), "{older}");
    let page = visit(&town, older, &[]).await.text();
    assert!(page.contains("number 9.") && !page.contains("number 10."), "the first ten");
    assert!(!page.contains("?before="), "and nothing before them");
    town.close().await;
}
