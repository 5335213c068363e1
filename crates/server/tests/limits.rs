//! Limits: every queue has an end, and who reaches it is told so without hurting others.

#[allow(dead_code, unused_imports)] // Scenarios use all of it.
mod api {
    pub mod town;
}

use std::time::{Duration, Instant};

use api::town::{Town, raw};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Sends this and, one byte a while, that; what comes back, and how long it took until the end.
async fn drip(town: &Town, head: &str, rest: &[u8], pause: Duration) -> (String, Duration) {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(town.addr()).await.expect("connects");
    stream.write_all(head.as_bytes()).await.expect("writes");
    let (mut read, mut write) = stream.into_split();
    let rest = rest.to_vec();
    let writing = tokio::spawn(async move {
        for byte in rest {
            tokio::time::sleep(pause).await;
            if write.write_all(&[byte]).await.is_err() {
                break;
            }
        }
        // Stays open: who is slow does not hang up either.
        tokio::time::sleep(Duration::from_secs(30)).await;
    });
    let mut answer = Vec::new();
    let reading = read.read_to_end(&mut answer);
    let ended = tokio::time::timeout(Duration::from_secs(15), reading).await;
    writing.abort();
    assert!(ended.is_ok(), "it was not cut off");
    (String::from_utf8_lossy(&answer).into_owned(), begun.elapsed())
}

#[tokio::test]
async fn slow_heads_and_bodies_are_cut_off() {
    let town = Town::with(|config| {
        config.limits.request_seconds = 1;
        config.limits.body_seconds = 3;
    })
    .await;
    let [alice] = town.people(["alice"]).await;
    let lobby = alice.found_guild_with(&[]).await;
    let slow = Duration::from_millis(300);
    let head = "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ";
    let (head, nothing, body, silent) = tokio::join!(
        drip(&town, head, &[b'a'; 100], slow),
        drip(&town, "", b"", slow),
        async {
            let head = format!(
                "POST /api/v10/channels/{}/messages HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\n\
                 Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n",
                lobby.general,
                alice.token()
            );
            drip(&town, &head, &[b' '; 1_000], slow).await
        },
        async {
            let head = format!(
                "POST /api/v10/channels/{}/messages HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\n\
                 Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n",
                lobby.general,
                alice.token()
            );
            drip(&town, &head, b"", slow).await
        },
    );
    for (what, (answer, took)) in
        [("head", head), ("nothing", nothing), ("body", body), ("silent body", silent)]
    {
        assert!(took < Duration::from_secs(10), "{what}: {took:?} {answer}");
        assert!(!answer.starts_with("HTTP/1.1 2"), "{what}: {answer}");
        assert!(!answer.contains(" 500 "), "{what}: {answer}");
    }
    alice.say(&lobby.general, "meanwhile").await;
    town.close().await;
}

#[tokio::test]
async fn heads_that_are_too_much_are_refused() {
    let town = Town::new().await;
    let fill = |line: &str, count: usize| {
        format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{}\r\n", line.repeat(count))
    };
    for head in [fill("X-A: b\r\n", 2_000), fill(&format!("X-A: {}\r\n", "b".repeat(60_000)), 1)] {
        let (answer, _) = drip(&town, &head, b"", Duration::from_millis(10)).await;
        let refused = answer.is_empty() || answer.starts_with("HTTP/1.1 4");
        assert!(refused, "{}", &answer[..answer.len().min(60)]);
    }
    for head in [
        "GET /healthz HTTP/1.1\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\
         Content-Length: 5\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
        "GET healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        "\0\0\0\0\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(town.addr()).await.expect("connects");
        stream.write_all(head.as_bytes()).await.expect("writes");
        let mut answer = vec![0; 4_096];
        let read = stream.read(&mut answer);
        let count = tokio::time::timeout(Duration::from_secs(15), read).await.expect("in time");
        let answer = String::from_utf8_lossy(&answer[..count.unwrap_or(0)]).into_owned();
        assert!(!answer.starts_with("HTTP/1.1 5"), "{head:?}: {answer}");
    }
    town.close().await;
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let town = Town::with(|config| {
        config.rate_limits = true;
        config.limits.requests_per_second = 1_000;
    })
    .await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let path = format!("/channels/{}/messages", lobby.general);
    let mut refused = None;
    for n in 0..20 {
        let answer = alice.post(&path, json!({ "content": n.to_string() })).await;
        for name in ["limit", "remaining", "reset", "reset-after", "bucket"] {
            let name = format!("x-ratelimit-{name}");
            assert!(answer.answer.field(&name).is_some(), "no {name}: {answer}");
        }
        if answer.status == 429 {
            refused = Some((n, answer));
            break;
        }
    }
    let (sent, refused) = refused.expect("a limit");
    assert!(sent >= 5, "{sent} messages were too many");
    assert!(refused["retry_after"].as_f64().expect("seconds") > 0.0);
    assert_eq!((&refused["global"], &refused["code"]), (&json!(false), &json!(0)));
    assert!(refused.answer.field("via").is_some() && refused.answer.field("retry-after").is_some());
    bob.say(&lobby.general, "I may").await;
    town.pass(Duration::from_secs(6));
    alice.say(&lobby.general, "again").await;
    town.close().await;
}

#[tokio::test]
async fn an_id_written_in_another_way_is_the_same_channel() {
    let town = Town::with(|config| config.rate_limits = true).await;
    let [alice] = town.people(["alice"]).await;
    let lobby = alice.found_guild_with(&[]).await;
    let mut refused = 0;
    for at in 0..10 {
        let (head, digit, tail) =
            (&lobby.general[..at], &lobby.general[at..=at], &lobby.general[at + 1..]);
        let id = format!("{head}%{:x}{tail}", digit.as_bytes()[0]);
        let path = format!("/channels/{id}/messages");
        let answer = alice.post(&path, json!({ "content": at.to_string() })).await;
        assert!([200, 429].contains(&answer.status), "{answer}");
        refused += usize::from(answer.status == 429);
    }
    assert_eq!(refused, 5, "five are allowed in a channel");
    town.close().await;
}

#[tokio::test]
async fn guesses_at_a_password_come_to_an_end() {
    let town = Town::with(|config| config.rate_limits = true).await;
    let [_alice] = town.accounts(["alice"]).await;
    let nobody = town.nobody();
    let guess = |n: u32| json!({ "username": "alice", "password": format!("guess number {n}") });
    let mut stopped = None;
    for n in 0..15 {
        let answer = nobody.post("/osc/v1/sessions", guess(n)).await;
        if answer.status == 429 {
            stopped = Some(n);
            break;
        }
        assert_eq!(answer.no(), (403, 900001));
    }
    assert_eq!(stopped, Some(10));
    town.pass(Duration::from_secs(601));
    let right = json!({ "username": "alice", "password": "a password" });
    assert_eq!(nobody.post("/osc/v1/sessions", right).await.status, 201);
    town.close().await;
}

#[tokio::test]
async fn a_session_that_says_too_much_is_closed_and_others_go_on() {
    let town = Town::with(|config| config.limits.resume_seconds = 1).await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let mut socket = raw::Socket::open(town.addr(), "/gateway?v=10&encoding=json").await;
    let identify = json!({ "op": 2, "d": { "token": alice.token(), "intents": 1,
        "properties": {} } });
    socket.send(&identify.to_string()).await;
    for _ in 0..200 {
        socket.send("{\"op\":1,\"d\":null}").await;
    }
    assert_eq!(socket.close_code().await, 4008);
    alice.say(&lobby.general, "hi").await;
    assert_eq!(bob.saw().await, ["MESSAGE_CREATE"]);
    town.close().await;
}

#[tokio::test]
async fn sessions_that_wait_give_way_on_whichever_shard_they_are() {
    // Everybody in town has two sessions already.
    let town = Town::with(|config| {
        config.limits.gateway_sessions = 4;
        config.limits.resume_seconds = 2;
    })
    .await;
    let [alice] = town.people(["alice"]).await;
    let identify = json!({ "op": 2, "d": { "token": alice.token(), "intents": 1,
        "properties": {} } });
    for n in 0..7 {
        let mut socket = raw::Socket::open(town.addr(), "/gateway?v=10&encoding=json").await;
        socket.send(&identify.to_string()).await;
        loop {
            match socket.next().await {
                raw::Heard::Text(text) if text.contains("\"READY\"") => break,
                raw::Heard::Text(_) => {}
                _ => panic!("session {n} was refused"),
            }
        }
        drop(socket);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    town.close().await;
}

#[tokio::test]
async fn presences_that_change_all_the_time_are_told_now_and_then() {
    let town = Town::with(|config| config.limits.presences_per_20s = 2).await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    for status in ["idle", "dnd", "idle", "dnd", "idle", "dnd"] {
        for session in bob.sessions() {
            session.handle.update_presence(status, json!([])).await.expect("says");
        }
    }
    bob.say(&lobby.general, "there").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let heard = alice.heard().await;
    let told = heard.iter().filter(|(name, _)| *name == "PRESENCE_UPDATE").count();
    let most = 2 * bob.sessions().count();
    assert!((1..=most).contains(&told), "{told} of at most {most}");
    town.close().await;
}

#[tokio::test]
async fn sockets_that_do_not_say_who_they_are_are_closed() {
    let town = Town::with(|config| config.limits.identify_seconds = 1).await;
    let mut socket = raw::Socket::open(town.addr(), "/gateway").await;
    let begun = Instant::now();
    assert_eq!(socket.close_code().await, 4003);
    assert!(begun.elapsed() < Duration::from_secs(5));
    // A peer that was told goodbye hangs up; until then, or a deadline, its socket counts.
    drop(socket);
    for bad in ["/gateway?encoding=etf", "/gateway?encoding=xml"] {
        assert!(raw::Socket::try_open(town.addr(), bad, &[]).await.is_err(), "{bad}");
    }
    let mut old = match raw::Socket::try_open(town.addr(), "/gateway?v=6", &[]).await {
        Ok(socket) => socket,
        Err(_) => return town.close().await,
    };
    assert_eq!(old.close_code().await, 4012);
    drop(old);
    town.close().await;
}

#[tokio::test]
async fn rooms_roles_and_channels_have_an_end() {
    let town = Town::with(|config| {
        config.limits.guest_owned_guilds = 2;
        config.limits.guild_channels = 4;
        config.limits.guild_roles = 3;
        config.limits.user_guilds = 3;
    })
    .await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[]).await;
    let other = alice.found_guild_with(&[]).await;
    let draft = json!({ "name": "third", "visibility": "public" });
    assert_eq!(alice.post("/osc/v1/guilds", draft.clone()).await.no(), (400, 30001));
    let channels = format!("/guilds/{}/channels", lobby.id);
    let roles = format!("/guilds/{}/roles", lobby.id);
    for _ in 0..2 {
        assert_eq!(alice.post(&channels, json!({ "name": "c" })).await.status, 201);
        assert_eq!(alice.post(&roles, json!({ "name": "r" })).await.status, 200);
    }
    assert_eq!(alice.post(&channels, json!({ "name": "c" })).await.no(), (400, 30013));
    assert_eq!(alice.post(&roles, json!({ "name": "r" })).await.no(), (400, 30005));
    bob.joins(&lobby).await;
    bob.joins(&other).await;
    bob.done(hyper::Method::POST, "/osc/v1/guilds", draft).await;
    let [carol] = town.people(["carol"]).await;
    let fourth = carol.found_guild_with(&[]).await;
    let join = format!("/osc/v1/guilds/{}/join", fourth.id);
    assert_eq!(bob.post(&join, json!({})).await.no(), (400, 30001));
    town.close().await;
}
