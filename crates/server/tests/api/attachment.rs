//! Files: how they come, who may have them, and that they end with what they belong to.

use client::rest::File;
use serde_json::{Value, json};

use crate::{
    town::{Answer, Person, Room, Town},
    visit::visit,
};

/// A file with nothing but a name and bytes.
fn file(name: &str, bytes: &[u8]) -> File {
    let content_type = "text/html".to_owned();
    File { name: name.to_owned(), content_type, bytes: bytes.to_vec().into() }
}

/// The head of a picture of this size, which is all that is looked at.
fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    png.extend(width.to_be_bytes());
    png.extend(height.to_be_bytes());
    png.extend(b"\x08\x02\0\0\0CRC4");
    png
}

async fn sends(who: &Person, room: &Room, body: Value, files: &[File]) -> Answer {
    who.upload(&format!("/channels/{}/messages", room.general), body, files).await
}

/// A message with one file; its id and the file's address.
async fn sends_one(who: &Person, room: &Room) -> (String, String) {
    let sent = sends(who, room, json!({}), &[file("a.txt", b"secret")]).await;
    assert_eq!(sent.status, 200, "{sent}");
    (sent.id(), sent["attachments"][0]["url"].as_str().expect("an address").to_owned())
}

async fn blobs(town: &Town) -> usize {
    town.app().blobs.list().await.expect("blobs").len()
}

#[tokio::test]
async fn files_come_with_a_message_and_everybody_there_gets_them() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let page = b"<script>alert(1)</script>";
    let body = json!({
        "content": "look",
        "attachments": [{ "id": 0, "description": "a wide one", "filename": "../../wide.png" }],
    });

    let sent =
        sends(&alice, &lobby, body, &[file("x.exe", &picture(64, 32)), file("e.html", page)]).await;

    assert_eq!(sent.status, 200, "{sent}");
    let [wide, html] = [&sent["attachments"][0], &sent["attachments"][1]];
    let said = json!([wide["filename"], wide["content_type"], wide["width"], wide["description"]]);
    assert_eq!(said, json!(["wide.png", "image/png", 64, "a wide one"]));
    let heard = bob.awaits("MESSAGE_CREATE").await;
    assert_eq!(heard["attachments"], sent["attachments"], "one address for everybody");

    let got = visit(&town, wide["url"].as_str().expect("an address"), &[]).await;
    assert_eq!((got.status, got.body), (200, picture(64, 32)));
    let got = visit(&town, html["url"].as_str().expect("an address"), &[]).await;
    assert_eq!((got.status, got.body.as_slice()), (200, page.as_slice()));
    assert_eq!(got.header("content-type"), "text/plain; charset=utf-8");
    assert!(got.header("content-disposition").starts_with("attachment; "));
    assert_eq!(got.header("content-security-policy"), "sandbox; default-src 'none'");
    assert_eq!(got.header("x-content-type-options"), "nosniff");
    town.close().await;
}

#[tokio::test]
async fn a_film_is_sought_in_and_a_download_goes_on() {
    let town = Town::new().await;
    let [alice] = town.people(["alice"]).await;
    let lobby = alice.found_guild_with(&[]).await;
    let bytes: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
    let sent = sends(&alice, &lobby, json!({}), &[file("film", &bytes)]).await;
    let url = sent["attachments"][0]["url"].as_str().expect("an address").to_owned();

    let whole = visit(&town, &url, &[]).await;
    assert!(whole.body == bytes, "more than one piece of it");
    let part = visit(&town, &url, &[("Range", "bytes=100000-100009")]).await;
    assert_eq!((part.status, part.body.as_slice()), (206, &bytes[100_000..100_010]));
    assert_eq!(part.header("content-range"), "bytes 100000-100009/200000");
    assert_eq!(visit(&town, &url, &[("Range", "bytes=200000-")]).await.status, 416);
    let etag = whole.header("etag");
    assert_eq!(visit(&town, &url, &[("If-None-Match", etag)]).await.status, 304);
    town.close().await;
}

#[tokio::test]
async fn an_address_is_not_forged_nor_run_nor_kept_by_those_who_left() {
    let town = Town::new().await;
    let [alice, eve] = town.people(["alice", "eve"]).await;
    let lobby = alice.found(json!({ "name": "Lobby", "visibility": "private" }), &[&eve]).await;
    let (_, url) = sends_one(&alice, &lobby).await;
    let (bare, _) = url.split_once('?').expect("signed");
    assert_eq!(visit(&town, &url, &[]).await.status, 200);

    for forged in [bare.to_owned(), format!("{bare}?ex=ffffffff&hm=00"), url.replace("hm=", "hm=0")]
    {
        assert_eq!(visit(&town, &forged, &[]).await.status, 404, "{forged}");
    }
    for wanted in ["script", "style", "worker", "iframe", "object", "embed"] {
        let refused = visit(&town, &url, &[("Sec-Fetch-Dest", wanted)]).await;
        assert_eq!(refused.status, 403, "{wanted}");
    }
    let token = |who: &Person| format!("Bearer {}", who.token());
    let with =
        async |who: &Person| visit(&town, bare, &[("Authorization", &token(who))]).await.status;
    assert_eq!((with(&alice).await, with(&eve).await), (200, 200));

    let kick = format!("/guilds/{}/members/{}", lobby.id, eve.id);
    assert_eq!(alice.delete(&kick).await.status, 204);
    assert_eq!((with(&alice).await, with(&eve).await), (200, 404));
    town.close().await;
}

#[tokio::test]
async fn a_file_ends_with_whatever_it_was_in() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let messages = format!("/channels/{}/messages", lobby.general);

    let (one, url) = sends_one(&bob, &lobby).await;
    assert_eq!(bob.delete(&format!("{messages}/{one}")).await.status, 204);
    assert_eq!(visit(&town, &url, &[]).await.status, 404, "its message");

    let (one, url) = sends_one(&bob, &lobby).await;
    let without = json!({ "content": "no", "attachments": [] });
    assert_eq!(bob.patch(&format!("{messages}/{one}"), without).await.status, 200);
    assert_eq!(visit(&town, &url, &[]).await.status, 404, "an edit");

    let ((one, first), (two, second)) =
        (sends_one(&bob, &lobby).await, sends_one(&bob, &lobby).await);
    let both = json!({ "messages": [one, two] });
    assert_eq!(alice.post(&format!("{messages}/bulk-delete"), both).await.status, 204);
    assert_eq!(visit(&town, &first, &[]).await.status, 404, "many at once");
    assert_eq!(visit(&town, &second, &[]).await.status, 404, "many at once");

    let (_, url) = sends_one(&alice, &lobby).await;
    assert_eq!(alice.delete(&format!("/channels/{}", lobby.general)).await.status, 200);
    assert_eq!(visit(&town, &url, &[]).await.status, 404, "its channel");

    let other = alice.found_guild_with(&[]).await;
    let (_, url) = sends_one(&alice, &other).await;
    assert_eq!(alice.delete(&format!("/osc/v1/guilds/{}", other.id)).await.status, 204);
    assert_eq!(visit(&town, &url, &[]).await.status, 404, "its room");
    town.close().await;
}

#[tokio::test]
async fn what_is_too_much_is_refused_and_leaves_nothing() {
    let town = Town::with(|config| {
        config.limits.attachment_bytes = 1_000;
        config.limits.guest_bytes = 2_500;
        config.limits.message_attachments = 3;
    })
    .await;
    let alice = town.guest("alice").await;
    let lobby = alice.found_guild_with(&[]).await;
    let some = |bytes| file("a.bin", &vec![0; bytes]);

    let large = sends(&alice, &lobby, json!({}), &[some(1_001)]).await;
    assert_eq!(large.no(), (413, 50045));
    let many = sends(&alice, &lobby, json!({}), &[some(1), some(1), some(1), some(1)]).await;
    assert_eq!(many.no(), (400, 30015));
    let unknown = json!({ "attachments": [{ "id": 7 }] });
    assert_eq!(sends(&alice, &lobby, unknown, &[some(1)]).await.no(), (400, 50035));
    let long = json!({ "content": "x".repeat(2_001) });
    assert_eq!(sends(&alice, &lobby, long, &[some(900)]).await.no(), (400, 50035));
    // What was refused late is given up after the answer.
    for _ in 0..200 {
        if blobs(&town).await == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(sends(&alice, &lobby, json!({}), &[some(1_000), some(1_000)]).await.status, 200);
    let full = sends(&alice, &lobby, json!({}), &[some(501)]).await;
    assert_eq!(full.no(), (400, 900016));
    for _ in 0..100 {
        // What was refused late is given up after the answer.
        if blobs(&town).await == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(blobs(&town).await, 2, "only what was sent");
    assert_eq!(sends(&alice, &lobby, json!({}), &[some(500)]).await.status, 200);
    town.close().await;
}
