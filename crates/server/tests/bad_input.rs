//! Bad input: the right no, never a fault of ours, and nothing lost that was there.
//!
//! The ideas come from the failures of others; a longer list beside the repository is used as well
//! when it is there.

#[allow(dead_code, unused_imports)] // Scenarios use all of it.
mod api {
    pub mod town;
}

use api::town::{Answer, Person, Room, Town, raw};
use client::rest::Body;
use hyper::Method;
use serde_json::{Value, json};

/// A 4xx with Discord's shape; anything else is a fault.
fn assert_no(answer: &Answer, what: &str) {
    assert!((400..500).contains(&answer.status), "{what}: {answer}");
    assert!(answer["code"].is_u64() && answer["message"].is_string(), "{what}: {answer}");
}

async fn raw_post(who: &Person, path: &str, content_type: &str, bytes: Vec<u8>) -> Answer {
    who.send(Method::POST, path, Body::raw(content_type, bytes)).await
}

/// A group of the list beside the repository.
fn beside(group: &str) -> Vec<String> {
    let Some(path) = api::town::openapi::beside("kit/inputs/bad.json") else {
        eprintln!("no list of bad inputs beside the repository: its group {group} is skipped");
        return Vec::new();
    };
    let text = std::fs::read_to_string(path).expect("readable");
    // Half a surrogate is no text for us, in that list either.
    let text = text.replace("\"\\ud800 ", "\"\\ufffd ");
    let all: Value = serde_json::from_str(&text).expect("JSON");
    let group = all[group].as_array().unwrap_or_else(|| panic!("no group {group}"));
    group.iter().map(|input| repeated(input.as_str().expect("text"))).collect()
}

/// `a{N=3}` is `aaa`: the whole input before it, as often.
fn repeated(input: &str) -> String {
    let Some((unit, rest)) = input.split_once("{N=") else { return input.to_owned() };
    let (count, tail) = rest.split_once('}').expect("closed");
    unit.repeat(count.parse::<usize>().expect("a number").min(60_000)) + tail
}

async fn world() -> (Town, Person, Person, Room) {
    // Sessions that were closed for what they said wait to be resumed: not for long here.
    let town = Town::with(|config| config.limits.resume_seconds = 1).await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    (town, alice, bob, lobby)
}

#[tokio::test]
async fn a_body_cut_at_any_byte_is_refused_and_does_nothing() {
    let (town, alice, bob, lobby) = world().await;
    let path = format!("/channels/{}/messages", lobby.general);
    let whole = r#"{"content":"héllo","nonce":"n","embeds":[{"title":"t"}]}"#.as_bytes();
    for end in 1..whole.len() {
        let answer = raw_post(&alice, &path, "application/json", whole[..end].to_vec()).await;
        assert_eq!(answer.no(), (400, 50109), "cut at {end}");
    }
    assert_eq!(bob.saw().await, [""; 0]);
    let answer = raw_post(&alice, &path, "application/json", whole.to_vec()).await;
    assert_eq!(answer.status, 200);
    town.close().await;
}

#[tokio::test]
async fn what_is_no_json_is_no_json() {
    let (town, alice, _, lobby) = world().await;
    let path = format!("/channels/{}/messages", lobby.general);
    let bad: Vec<Vec<u8>> = vec![
        b"null x".to_vec(),
        b"{\"content\":\"\xff\xfe\"}".to_vec(),
        b"{\"content\":\"\\ud800\"}".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        "{\"content\":\"x\"}".encode_utf16().flat_map(u16::to_le_bytes).collect(),
        b"{\"content\":NaN}".to_vec(),
        b"{\"flags\":1e400}".to_vec(),
        b"{'content':'x'}".to_vec(),
        b"{\"content\":\"a\nb\"}".to_vec(),
        b"[".repeat(100_000),
        b"{\"a\":".repeat(20_000),
        b"{\"content\":\"x\"}{\"content\":\"y\"}".to_vec(),
        vec![b' '; 200 * 1024],
    ];
    for bytes in bad {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]).into_owned();
        let answer = raw_post(&alice, &path, "application/json", bytes).await;
        assert_no(&answer, &shown);
        assert_eq!(answer.status, 400, "{shown}: {answer}");
    }
    for input in beside("json") {
        let answer = raw_post(&alice, &path, "application/json", input.clone().into()).await;
        assert!(answer.status < 500, "{input}");
    }
    assert_eq!(alice.saw().await, [""; 0]);
    town.close().await;
}

#[tokio::test]
async fn every_field_of_a_wrong_type_is_named() {
    let (town, alice, _, lobby) = world().await;
    let fields = [
        ("content", "text"),
        ("embeds", "list"),
        ("nonce", "text"),
        ("allowed_mentions", "map"),
        ("message_reference", "map"),
        ("components", "list"),
        ("flags", "number"),
        ("attachments", "list"),
        ("enforce_nonce", "bool"),
    ];
    let path = format!("/channels/{}/messages", lobby.general);
    let values = [
        ("text", json!("x")),
        ("number", json!(7)),
        ("list", json!([7])),
        ("map", json!({"a": 1})),
        ("bool", json!(true)),
        ("fraction", json!(1.5)),
        ("negative", json!(-1)),
    ];
    for (field, right) in fields {
        for (kind, value) in &values {
            // A number is a fine nonce, and a whole number above zero fine flags.
            if *kind == right || (field == "nonce" && matches!(*kind, "number" | "negative")) {
                continue;
            }
            let mut draft = json!({ "content": "x" });
            draft[field] = value.clone();
            let answer = alice.post(&path, draft).await;
            assert_eq!(answer.no(), (400, 50035), "{field} as {kind}: {answer}");
            assert!(answer["errors"][field].is_object(), "{field} as {kind}: {answer}");
        }
    }
    town.close().await;
}

#[tokio::test]
async fn fields_that_are_not_asked_for_change_nothing() {
    let (town, alice, bob, lobby) = world().await;
    let extra = json!({
        "content": "x", "id": "1", "author": { "id": bob.id }, "author_id": bob.id, "type": 7,
        "timestamp": "2000-01-01T00:00:00Z", "guild_id": "1", "channel_id": "1", "pinned": true,
        "mention_everyone": true, "osc": { "a": 1 }, "webhook_id": "1",
    });
    let path = format!("/channels/{}/messages", lobby.general);
    let sent = alice.post(&path, extra).await;
    assert_eq!((sent.status, &sent["author"]["id"]), (200, &json!(alice.id)));
    assert_eq!((&sent["type"], &sent["pinned"]), (&json!(0), &json!(false)));
    assert_eq!(sent["channel_id"], lobby.general.as_str());

    let extra = json!({ "name": "Hall", "owner_id": bob.id, "id": "1", "roles": [],
        "features": ["PARTNERED"], "permissions": "8" });
    let guild = alice.patch(&format!("/guilds/{}", lobby.id), extra).await;
    assert_eq!((guild.status, &guild["owner_id"]), (200, &json!(alice.id)));
    assert_eq!(guild["features"], json!(["DISCOVERABLE"]));
    let extra = json!({ "global_name": "Bob", "id": "1", "bot": true, "verified": true,
        "flags": 1, "public_flags": 1, "osc": { "server_owner": true }, "kind": "account" });
    let me = bob.patch("/users/@me", extra).await;
    assert_eq!((me.status, &me["id"]), (200, &json!(bob.id)), "{me}");
    assert!(me["bot"] != true && me["osc"]["server_owner"] != true);
    town.close().await;
}

#[tokio::test]
async fn ids_that_are_none_or_belong_elsewhere_lead_nowhere() {
    let (town, alice, bob, lobby) = world().await;
    let den = bob.found(json!({ "name": "den", "visibility": "private" }), &[]).await;
    let message = bob.say(&den.general, "mine").await;
    let mut bad: Vec<String> = [
        "0",
        "-1",
        "1e3",
        "1.0",
        "01",
        "18446744073709551616",
        "9223372036854775808",
        "%201",
        "1;DROP",
        "%EF%BC%91",
        "%D9%A3",
        "null",
        "NaN",
        "..%2F1",
        "%00",
        "1%00",
        "{}",
        "@me2",
    ]
    .map(str::to_owned)
    .to_vec();
    bad.extend(beside("ids").iter().map(|id| client::rest::escape(id)));
    bad.retain(|id| !matches!(id.as_str(), "%40me" | "." | "..") && !id.is_empty());
    for id in &bad {
        for path in [
            format!("/channels/{id}"),
            format!("/guilds/{id}"),
            format!("/users/{id}"),
            format!("/channels/{}/messages/{id}", lobby.general),
            format!("/guilds/{}/members/{id}", lobby.id),
            format!("/guilds/{}/roles/{id}", lobby.id),
        ] {
            let answer = alice.get(&path).await;
            assert!(matches!(answer.status, 400 | 404), "{path}: {answer}");
        }
    }
    // Things of another room under a path of one's own.
    for path in [
        format!("/channels/{}/messages/{message}", lobby.general),
        format!("/guilds/{}/roles/{}", lobby.id, den.id),
        format!("/guilds/{}/members/7", lobby.id),
        format!("/guilds/{}/bans/{}", lobby.id, bob.id),
    ] {
        assert_eq!(alice.get(&path).await.status, 404, "{path}");
    }
    let elsewhere = json!([{ "id": den.general, "position": 0 }]);
    let path = format!("/guilds/{}/channels", lobby.id);
    assert_no(&alice.patch(&path, elsewhere).await, "a channel of another room");
    let parent = json!({ "parent_id": den.general });
    let answer = alice.patch(&format!("/channels/{}", lobby.general), parent).await;
    assert_no(&answer, "a category of another room");
    let read = alice.get(&format!("/channels/{}/messages/{message}", den.general)).await;
    assert_eq!(read.no(), (404, 10003));
    town.close().await;
}

#[tokio::test]
async fn text_stays_text() {
    let (town, alice, bob, lobby) = world().await;
    let mut texts: Vec<String> = [
        "<script>alert(1)</script>",
        "\u{2028}alert(1)",
        "\r\nPRIVMSG #x :forged",
        "${7*7}",
        "__proto__",
        "\u{202e} gnp.exe",
        "[x](javascript:alert(1))",
        "%s%s%n",
        "@\u{200b}everyone",
        "e\u{301}\u{301}\u{301}",
        "👨‍👩‍👧‍👦",
        "\u{fdfa}",
        "null",
        "\\",
        "\"",
        "'; DROP TABLE message; --",
    ]
    .map(str::to_owned)
    .to_vec();
    texts.extend(beside("text_must_stay_text"));
    texts.extend(beside("markdown"));
    let path = format!("/channels/{}/messages", lobby.general);
    for text in texts.iter().filter(|text| text.chars().count() <= 2_000) {
        let sent = alice.post(&path, json!({ "content": text })).await;
        assert_eq!(sent.status, 200, "{text:?}: {sent}");
        let told = sent["content"].as_str().expect("text");
        let plain = |text: &str| -> String {
            text.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect()
        };
        assert_eq!(plain(told), plain(text), "what is said is kept, but for control characters");
        let read = bob.get(&format!("{path}/{}", sent.id())).await;
        assert_eq!(read["content"], told);
        let calls = text.contains("@everyone") || text.contains("@here");
        assert_eq!(read["mention_everyone"].as_bool(), Some(calls), "{text:?}");
    }
    for text in beside("markdown_blowups_linear_time") {
        let begun = std::time::Instant::now();
        let cut: String = text.chars().take(2_000).collect();
        let sent = alice.post(&path, json!({ "content": cut })).await;
        assert!(sent.status < 500 && begun.elapsed().as_secs() < 2, "{cut}");
    }
    town.close().await;
}

#[tokio::test]
async fn nobody_takes_the_name_of_the_house() {
    let town = Town::new().await;
    let [carol] = town.accounts(["carol"]).await;
    let nobody = town.nobody();
    let mut names: Vec<String> = [
        "admin",
        "аdmin",
        "ADMIN",
        "ａｄｍｉｎ",
        "admin\u{200b}",
        "ad\u{ad}min",
        "\u{2066}admin\u{2069}",
        "𝖆𝖉𝖒𝖎𝖓",
        "system",
        "everyone",
        "here",
        "null",
        "@me",
        "%00",
        "..",
        ".",
        "a/b",
        "a b",
        " a",
        "a\u{0}b",
        "\u{3000}",
        "\u{2800}",
        "cаrol",
        "CAROL",
        "x",
        "",
    ]
    .map(str::to_owned)
    .to_vec();
    names.push("x".repeat(33));
    for name in &names {
        let draft = json!({ "username": name, "password": "a password" });
        let answer = nobody.post("/osc/v1/accounts", draft).await;
        assert!(matches!(answer.status, 400 | 409), "{name:?}: {answer}");
    }
    for draft in [
        json!({ "username": "dora", "password": "short" }),
        json!({ "username": "dora", "password": "dora" }),
        json!({ "username": "dora", "password": "x".repeat(1_025) }),
        json!({ "username": "dora" }),
        json!({ "password": "a password" }),
        json!({}),
        json!({ "username": 7, "password": "a password" }),
        json!({ "username": ["dora"], "password": { "$ne": null } }),
    ] {
        assert_no(&nobody.post("/osc/v1/accounts", draft.clone()).await, &draft.to_string());
    }
    assert_eq!(carol.get("/users/@me").await["username"], "carol");
    town.close().await;
}

#[tokio::test]
async fn bodies_of_the_wrong_kind_or_size_are_refused_before_they_matter() {
    let (town, alice, _, lobby) = world().await;
    let path = format!("/channels/{}/messages", lobby.general);
    for kind in ["text/plain", "application/xml", ""] {
        let answer = raw_post(&alice, &path, kind, br#"{"content":"x"}"#.to_vec()).await;
        assert_eq!(answer.status, 415, "{kind}: {answer}");
    }
    // Libraries write messages as plain forms too. JSON is no form.
    let form = "application/x-www-form-urlencoded";
    let answer = raw_post(&alice, &path, form, br#"{"content":"x"}"#.to_vec()).await;
    assert_eq!(answer.no(), (400, 50006));
    let roles = format!("/guilds/{}/roles", lobby.id);
    let answer = raw_post(&alice, &roles, form, b"name=x".to_vec()).await;
    assert_eq!(answer.status, 415, "{answer}");
    let big = serde_json::to_vec(&json!({ "content": "x".repeat(300 * 1024) })).expect("JSON");
    let answer = raw_post(&alice, &path, "application/json", big).await;
    assert_eq!(answer.no(), (413, 40005));
    for bad in
        ["multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=x"]
    {
        let answer = raw_post(&alice, &path, bad, b"--x\r\n\r\n--x--\r\n".to_vec()).await;
        assert_no(&answer, bad);
    }
    for cut in [
        "--b\r\nContent-Disposition: form-data; name=\"payload_json\"\r\n\r\n{\"content\":\"x\"}",
        "--b\r\nContent-Disposition: form-data; name=\"files[0]\"; filename=\"x\"\r\n\r\nbytes",
        "--b\r\nContent-Disposition: form-data",
        "no boundary at all",
        "--b\r\n\r\n--b--",
    ] {
        let kind = "multipart/form-data; boundary=b";
        assert_no(&raw_post(&alice, &path, kind, cut.as_bytes().to_vec()).await, cut);
    }
    assert_eq!(alice.saw().await, [""; 0]);
    town.close().await;
}

#[tokio::test]
async fn names_of_files_are_names_and_never_paths() {
    let (town, alice, _, lobby) = world().await;
    let path = format!("/channels/{}/messages", lobby.general);
    let mut names: Vec<String> = [
        "../../etc/passwd",
        "..\\..\\win.ini",
        "x\u{0}.png",
        "x.png\r\nX-Injected: 1",
        ".htaccess",
        "\"; filename=\"y.html",
        "exe.\u{202e}gnp",
        "CON",
        "-rf",
        "`id`.png",
        "",
        ".",
    ]
    .map(str::to_owned)
    .to_vec();
    names.extend(beside("filenames"));
    for name in names {
        let file = client::rest::File {
            name: name.clone(),
            content_type: "text/html".to_owned(),
            bytes: b"<script>alert(1)</script>".as_slice().into(),
        };
        let sent = alice.upload(&path, json!({}), &[file]).await;
        if sent.status != 200 {
            assert_no(&sent, &name);
            continue;
        }
        let kept = sent["attachments"][0]["filename"].as_str().expect("a name");
        assert!(!kept.contains(['/', '\\', '\0', '\r', '\n', '"', '\u{202e}']), "{kept:?}");
        assert!(!kept.is_empty() && kept != "." && kept != ".." && kept.len() <= 1_024);
        let url = sent["attachments"][0]["url"].as_str().expect("a url");
        let at = url.find("/cdn/").expect("on our server");
        let file = alice.get(&url[at..]).await;
        assert_eq!(file.status, 200, "{url}");
        let field = |name| file.answer.field(name).unwrap_or_default().to_owned();
        assert!(field("content-disposition").starts_with("attachment"), "{name:?}");
        assert_eq!(field("x-content-type-options"), "nosniff");
        assert!(field("content-security-policy").contains("sandbox"));
    }
    town.close().await;
}

#[tokio::test]
async fn paths_and_methods_that_lead_nowhere_say_so() {
    let (town, alice, _, lobby) = world().await;
    for path in [
        "/api/v9/users/@me",
        "/api/v10/nothing",
        "/api/v10/",
        "/api/osc/v2/guests",
        "/api/v10/users/@me/",
        "/api/v10//users/@me",
        "/api/v10/%2e%2e/users/@me",
    ] {
        let answer = alice.get(path).await;
        assert_eq!(answer.status, 404, "{path}: {answer}");
    }
    for method in ["TRACE", "CONNECT", "PROPFIND", "BREW"] {
        let method = Method::from_bytes(method.as_bytes()).expect("a token");
        if method == Method::CONNECT {
            continue;
        }
        let answer = alice.send(method.clone(), "/api/v10/users/@me", Body::none()).await;
        assert!((400..=501).contains(&answer.status), "{method}: {answer}");
    }
    let path = format!("/channels/{}", lobby.general);
    assert_eq!(alice.post(&path, json!({})).await.status, 405);
    town.close().await;
}

#[tokio::test]
async fn the_gateway_closes_with_the_right_code() {
    let (town, alice, _, lobby) = world().await;
    let open = async || {
        let mut socket = raw::Socket::open(town.addr(), "/gateway?v=10&encoding=json").await;
        assert!(
            matches!(socket.next().await, raw::Heard::Text(hello) if hello.contains("\"op\":10"))
        );
        socket
    };
    let identify = json!({ "op": 2, "d": { "token": alice.token(), "intents": 513,
        "properties": {} } })
    .to_string();
    let before = [
        ("x", 4002),
        ("[]", 4002),
        ("[1]", 4002),
        ("{}", 4002),
        ("{\"op\":\"2\"}", 4002),
        ("{\"op\":2}", 4002),
        ("{\"op\":-1}", 4001),
        ("{\"op\":255}", 4001),
        ("{\"op\":9}", 4001),
        ("{\"op\":2,\"d\":{\"token\":\"x\"}}", 4013),
        ("{\"op\":3,\"d\":{}}", 4003),
        ("{\"op\":8,\"d\":{\"guild_id\":\"1\"}}", 4003),
        ("{\"op\":2,\"d\":{\"token\":\"nope\",\"intents\":0,\"properties\":{}}}", 4004),
        ("{\"op\":2,\"d\":{\"token\":\"\",\"intents\":0,\"properties\":{}}}", 4004),
        ("{\"op\":1,\"d\":\"\\u0000\"}", 0),
    ];
    for (frame, code) in before {
        let mut socket = open().await;
        socket.send(frame).await;
        if code > 0 {
            assert_eq!(socket.close_code().await, code, "{frame}");
        }
    }
    let long = format!("{{\"op\":1,\"d\":\"{}\"}}", "x".repeat(4_097));
    let deep = format!("{{\"op\":3,\"d\":{}1{}}}", "[".repeat(1_000), "]".repeat(1_000));
    let twice = identify.clone();
    let members = format!("{{\"op\":8,\"d\":{{\"guild_id\":\"{}\",\"limit\":-1}}}}", lobby.id);
    let after = [(&long, 4002), (&deep, 4002), (&twice, 4005), (&members, 4002)];
    for (frame, code) in after {
        let mut socket = open().await;
        socket.send(&identify).await;
        assert!(matches!(socket.next().await, raw::Heard::Text(ready) if ready.contains("READY")));
        socket.send(frame).await;
        assert_eq!(socket.close_code().await, code, "{frame}");
    }
    // One person's mistakes are nobody else's.
    alice.say(&lobby.general, "still here").await;
    assert_eq!(alice.saw().await.last(), Some(&"MESSAGE_CREATE"));
    town.close().await;
}

#[tokio::test]
async fn what_was_there_before_the_storm_is_there_after_it() {
    let (town, alice, bob, lobby) = world().await;
    bob.opens(&lobby.general).await;
    let path = format!("/channels/{}/messages", lobby.general);
    let mut said = Vec::new();
    for n in 0..20 {
        alice.say(&lobby.general, &n.to_string()).await;
        said.push(n.to_string());
        let nonsense: Vec<u8> = (0..n * 13).map(|byte| (byte * 7 % 256) as u8).collect();
        assert_no(&raw_post(&alice, &path, "application/json", nonsense).await, "nonsense");
        let mut socket = raw::Socket::open(town.addr(), "/gateway").await;
        socket.send("nonsense").await;
    }
    assert_eq!(bob.reads(&lobby.general).await, said);
    town.close().await;
}
