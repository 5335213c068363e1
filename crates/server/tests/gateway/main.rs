//! The gateway over real sockets: what a client sees of closes, resumes, compression and limits.
//!
//! The raw client here says exactly what a test wants it to say, also what no library would; that
//! events are right is the scenarios' business (`tests/api`).

mod raw;

use std::time::{Duration, Instant};

use raw::{House, SHARED};
use serde_json::json;

#[test]
fn each_mistake_has_its_close_code() {
    let house = House::new(|_| ());
    let (token, _) = house.guest("Anna");
    let cases: [(&[u8], u16); 7] = [
        (b"{", 4002),
        (b"\"\"", 4002),
        (br#"{"op":99}"#, 4001),
        (br#"{"op":3,"d":{}}"#, 4003),
        (br#"{"op":2,"d":{"token":"nobody","intents":0}}"#, 4004),
        (br#"{"op":2,"d":{"token":"","intents":0}}"#, 4004),
        (br#"{"op":2,"d":{"token":"x","intents":0,"shard":[1,1]}}"#, 4010),
    ];
    for (frame, code) in cases {
        let mut raw = house.dial("v=10&encoding=json");
        raw.until_op(10);
        raw.send(frame);
        assert_eq!(raw.closed(), Some(code), "{}", String::from_utf8_lossy(frame));
    }
    let mut raw = house.dial("");
    raw.identify(&token, json!({}));
    raw.say(&json!({ "op": 2, "d": { "token": token, "intents": 0 } }));
    assert_eq!(raw.closed(), Some(4005));
    let mut raw = house.dial("");
    raw.identify(&token, json!({}));
    raw.send(&[b' '; 4_097]);
    assert_eq!(raw.closed(), Some(4002));
    let mut raw = house.dial("");
    raw.identify(&token, json!({}));
    (0..120).for_each(|_| raw.say(&json!({ "op": 1, "d": null })));
    assert_eq!(raw.closed(), Some(4008), "120 in a minute with the IDENTIFY");
}

#[test]
fn what_is_not_spoken_here_is_refused_before_the_upgrade() {
    let house = House::new(|_| ());
    for query in ["v=9", "encoding=etf", "compress=gzip", "seq=mine"] {
        assert_eq!(house.try_dial(query, &[]).err(), Some(400), "{query}");
    }
    assert!(house.try_dial("?&v=10", &[]).is_ok());
}

#[test]
fn who_does_not_say_who_they_are_is_closed() {
    let house = House::new(|config| config.limits.identify_seconds = 1);
    let begun = Instant::now();
    let mut raw = house.dial("v=10");
    raw.until_op(10);
    assert_eq!(raw.closed(), Some(4003));
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

#[test]
fn a_resume_gives_what_was_missed_and_nothing_twice() {
    let house = House::new(|_| ());
    let (anna, room) = house.room();
    for query in ["v=10&encoding=json", SHARED] {
        let mut raw = house.dial(query);
        raw.identify(&anna, json!({}));
        raw.until("GUILD_CREATE");
        house.say(&anna, &room, "one");
        assert_eq!(raw.until("MESSAGE_CREATE")["d"]["content"], "one");
        let (session, seq) = (raw.session.clone(), raw.seq);
        drop(raw);
        for content in ["two", "three"] {
            house.say(&anna, &room, content);
        }
        let mut raw = house.dial(query);
        raw.seq = seq;
        raw.resume(&anna, &session, seq);
        assert_eq!(raw.contents_until("RESUMED"), ["two", "three"], "{query}");
        house.say(&anna, &room, "four");
        assert_eq!(raw.until("MESSAGE_CREATE")["d"]["content"], "four");
        raw.say(&json!({ "op": 1, "d": raw.seq }));
        let ack = raw.until_op(11);
        let count = json!({ "dispatches": raw.count });
        let counted = if query == SHARED { count } else { json!(null) };
        assert_eq!(ack["d"], counted);
    }
}

#[test]
fn what_is_kept_for_a_resume_is_bounded_and_the_longest_gone_gives_way() {
    let house = House::new(|config| {
        // Each of three sessions keeps about 50,000 bytes here.
        config.limits.user_events_bytes = 80_000;
        config.limits.kept_events_bytes = 90_000;
    });
    let (anna, room) = house.room();
    let (bert, _) = house.guest("Bert");
    house.join(&bert, &room);
    let sessions = [&anna, &bert, &anna].map(|token| {
        let mut raw = house.dial("");
        raw.identify(token, json!({}));
        raw.until("GUILD_CREATE");
        let kept = (token, raw.session.clone(), raw.seq);
        drop(raw);
        house.until_metric("osc_gateway_sockets", |sockets| sockets == 0);
        kept
    });
    for n in 0..20 {
        house.say(&anna, &room, &format!("{n} {}", "x".repeat(1_900)));
    }
    // The first for its person's sake, the second for everybody's.
    house.until_metric("osc_gateway_given_up_total", |given_up| given_up == 2);
    let kept = house.metric("osc_gateway_kept_bytes");
    assert!((20_000..=90_000).contains(&kept), "{kept}");
    for (at, (token, session, seq)) in sessions.into_iter().enumerate() {
        let mut raw = house.dial("");
        raw.seq = seq;
        raw.resume(token, &session, seq);
        if at < 2 {
            assert_eq!(raw.until_op(9)["d"], false, "{at}");
            raw.seq = 0;
            raw.identify_on(token, json!({}));
        } else {
            assert_eq!(raw.contents_until("RESUMED").len(), 20);
        }
    }
}

#[test]
fn a_session_is_its_users_and_its_numbers_are_its_own() {
    let house = House::new(|_| ());
    let (anna, _) = house.guest("Anna");
    let (bert, _) = house.guest("Bert");
    let mut raw = house.dial("");
    raw.identify(&anna, json!({}));
    let (session, seq) = (raw.session.clone(), raw.seq);
    for (token, session, seq, answer) in [
        (&bert, session.as_str(), seq, Err(9)),
        (&anna, "0000", seq, Err(9)),
        (&anna, session.as_str(), seq + 1_000, Ok(4007)),
    ] {
        let mut other = house.dial("");
        other.resume(token, session, seq);
        match answer {
            Err(op) => assert_eq!(other.until_op(op)["d"], false),
            Ok(code) => assert_eq!(other.closed(), Some(code)),
        }
    }
    let mut other = house.dial("");
    other.resume(&bert, &session, seq);
    other.until_op(9);
    other.identify_on(&bert, json!({}));
    let mut other = house.dial(SHARED);
    other.resume(&anna, &session, seq);
    assert_eq!(other.until_op(9)["d"], false, "its numbers are not shared");
    // The session itself is untouched by all that, and goes to whoever may have it.
    let mut other = house.dial("");
    other.seq = seq;
    other.resume(&anna, &session, seq);
    other.until("RESUMED");
    assert_eq!(raw.closed(), Some(4000), "its older socket is closed");
}

#[test]
fn sessions_outlive_a_restart() {
    let mut house = House::on_disk();
    let (anna, room) = house.room();
    let mut sessions = Vec::new();
    for query in ["v=10&encoding=json", SHARED] {
        let mut raw = house.dial(query);
        raw.identify(&anna, json!({ "osc": { "v": 1 } }));
        raw.until("GUILD_CREATE");
        house.say(&anna, &room, "before");
        raw.until("MESSAGE_CREATE");
        sessions.push((query, raw));
    }
    // The first hears what the second's turn was about.
    sessions[0].1.until("MESSAGE_CREATE");
    house.restart();
    for (_, raw) in &mut sessions {
        assert_eq!(raw.until_op(7)["d"], json!(null));
        assert_eq!(raw.closed(), Some(4000));
    }
    house.say(&anna, &room, "after");
    let mut missed = vec!["after"];
    for (query, old) in sessions {
        let mut raw = house.dial(query);
        raw.seq = old.seq;
        raw.resume(&anna, &old.session, old.seq);
        assert_eq!(raw.contents_until("RESUMED"), missed, "{query}");
        missed.push("live");
        raw.until("GUILD_CREATE");
        house.say(&anna, &room, "live");
        assert_eq!(raw.until("MESSAGE_CREATE")["d"]["content"], "live", "{query}");
    }
}

#[test]
fn a_login_that_ends_takes_its_sockets_along() {
    let house = House::new(|_| ());
    let (anna, _) = house.guest("Anna");
    let mut raw = house.dial("");
    raw.identify(&anna, json!({}));
    let begun = Instant::now();
    assert_eq!(house.call("DELETE", "/api/osc/v1/sessions/@current", Some(&anna), None).0, 204);
    assert_eq!(raw.closed(), Some(4004));
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    let mut raw = house.dial("");
    raw.resume(&anna, "0000", 1);
    assert_eq!(raw.closed(), Some(4004), "and cannot come back");
}

#[test]
fn only_our_own_page_may_speak_with_the_cookie() {
    let house = House::new(|_| ());
    let (anna, _) = house.guest("Anna");
    let cookie = format!("Cookie: osc_token={anna}");
    let own = format!("Origin: http://{}", house.addr());
    let empty = json!({ "op": 2, "d": { "token": "", "intents": 0 } });
    let name = house.cookie_name();
    let cookie = cookie.replace("osc_token", &name);
    let mut raw = house.try_dial("", &[&cookie, &own]).expect("an upgrade");
    raw.until_op(10);
    raw.say(&empty);
    raw.until("READY");
    for origin in ["Origin: https://evil.example", "Origin: null", "X-Nothing: 1"] {
        let mut raw = house.try_dial("", &[&cookie, origin]).expect("an upgrade");
        raw.until_op(10);
        raw.say(&empty);
        assert_eq!(raw.closed(), Some(4004), "{origin}");
    }
}

#[test]
fn a_slow_reader_is_closed_and_misses_nothing() {
    let house = House::new(|_| ());
    let (anna, room) = house.room();
    for query in ["v=10&encoding=json", SHARED] {
        let mut slow = house.dial_slow(query);
        slow.identify(&anna, json!({}));
        slow.until("GUILD_CREATE");
        let mut quick = house.dial(SHARED);
        quick.identify(&anna, json!({}));
        quick.until("GUILD_CREATE");
        let count = 500;
        for n in 0..count {
            house.say(&anna, &room, &format!("{n} {}", "x".repeat(1_900)));
            // Who reads is not held up by who does not.
            quick.until("MESSAGE_CREATE");
        }
        let mut heard = slow.contents_until_closed();
        assert_eq!(slow.code, Some(4000), "{query}");
        assert!(heard.len() < count);
        let mut raw = house.dial(query);
        raw.seq = slow.seq;
        raw.resume(&anna, &slow.session, slow.seq);
        heard.extend(raw.contents_until("RESUMED"));
        let numbers = heard.iter().map(|content| content.split(' ').next().unwrap().to_owned());
        let expected = (0..count).map(|n| n.to_string());
        assert!(numbers.eq(expected), "{query}: {} of {count}", heard.len());
    }
}

#[test]
fn a_compressed_stream_says_the_same() {
    let house = House::new(|_| ());
    let (anna, room) = house.room();
    let mut raw = house.dial("v=10&encoding=json&compress=zlib-stream");
    raw.inflate();
    raw.identify(&anna, json!({}));
    raw.until("GUILD_CREATE");
    for n in 0..20 {
        let content = format!("{n} {}", "long ".repeat(n * 10));
        house.say(&anna, &room, content.trim());
        assert_eq!(raw.until("MESSAGE_CREATE")["d"]["content"], content.trim());
    }
}

#[test]
fn a_zstd_stream_says_the_same() {
    let house = House::new(|_| ());
    let (anna, room) = house.room();
    let mut raw = house.dial("v=10&encoding=json&compress=zstd-stream");
    raw.unzstd();
    raw.say(&json!({ "op": 1, "d": null }));
    raw.until_op(11);
    // Besides: packed once is enough.
    raw.identify_on(&anna, json!({}));
    for n in 0..20 {
        raw.say(&json!({ "op": 1, "d": null }));
        raw.until_op(11);
        let content = format!("{n} {}", "long ".repeat(n * 10));
        house.say(&anna, &room, content.trim());
    }
    let mut raw = house.dial("v=10&encoding=json&compress=zstd-stream");
    raw.unzstd();
    raw.identify(&anna, json!({ "compress": true }));
    raw.until("GUILD_CREATE");
    for n in 0..20 {
        let content = format!("{n} {}", "long ".repeat(n * 10));
        house.say(&anna, &room, content.trim());
        assert_eq!(raw.until("MESSAGE_CREATE")["d"]["content"], content.trim());
    }
}

#[test]
fn long_messages_are_packed_one_by_one_for_who_asks() {
    let house = House::new(|_| ());
    let (anna, room) = house.room();
    let mut raw = house.dial("v=10");
    raw.unzip_each();
    raw.identify(&anna, json!({ "compress": true }));
    raw.until("GUILD_CREATE");
    for n in 0..20 {
        let content = format!("{n} {}", "long ".repeat(n * 10));
        house.say(&anna, &room, content.trim());
        assert_eq!(raw.until("MESSAGE_CREATE")["d"]["content"], content.trim());
    }
    assert!(raw.packed > 0, "READY is long");
}

#[test]
fn a_bot_gets_the_privileged_intents_that_were_granted() {
    const CONTENT: u64 = 1 << 15;
    let house = House::new(|_| ());
    let ask = |method: &str, path: &str, token: &str, body: &serde_json::Value| {
        let (status, answer) = house.call(method, path, Some(token), Some(body));
        assert!(status < 300, "{method} {path}: {status} {answer}");
        answer
    };
    let account = json!({ "username": "alice", "password": "a password" });
    let (_, alice) = house.call("POST", "/api/osc/v1/accounts", None, Some(&account));
    let alice = alice["token"].as_str().expect("a token");
    let made = ask("POST", "/api/osc/v1/bots", alice, &json!({ "name": "Echo" }));
    let bot = made["token"].as_str().expect("a token");
    let path = format!("/api/osc/v1/bots/{}", made["user"]["id"].as_str().expect("an id"));
    let mut raw = house.dial("");
    raw.identify_with(&format!("Bot {bot}"), CONTENT, json!({}));
    // Taken while it listens.
    ask("PATCH", &path, alice, &json!({ "intents": 2 }));
    assert_eq!(raw.closed(), Some(4014));
    for (intents, code) in [(CONTENT, Some(4014)), (1 << 8, Some(4014))] {
        let mut raw = house.dial("");
        raw.until_op(10);
        raw.say(&json!({ "op": 2, "d": { "token": bot, "intents": intents } }));
        assert_eq!(raw.closed(), code);
    }
    // What it has, and bits that nobody knows.
    let mut raw = house.dial("");
    raw.identify_with(bot, 2 | 1 << 40, json!({}));
    let mut raw = house.dial("");
    raw.until_op(10);
    raw.say(&json!({ "op": 2, "d": { "token": bot } }));
    assert_eq!(raw.closed(), Some(4013));
}

#[test]
fn who_asks_for_members_too_often_is_told_so() {
    let house = House::new(|config| config.limits.member_requests_per_minute = 2);
    let (anna, room) = house.room();
    let mut raw = house.dial("");
    raw.identify(&anna, json!({}));
    raw.until("GUILD_CREATE");
    let all = json!({ "op": 8, "d": {
        "guild_id": room.guild, "query": "", "limit": 0, "nonce": "n",
    } });
    for _ in 0..2 {
        raw.say(&all);
        raw.until("GUILD_MEMBERS_CHUNK");
    }
    raw.say(&all);
    let limited = raw.until("RATE_LIMITED")["d"].clone();
    assert_eq!((&limited["opcode"], &limited["meta"]["nonce"]), (&json!(8), &json!("n")));
    assert_eq!(limited["meta"]["guild_id"], room.guild);
    assert!(limited["retry_after"].as_f64().is_some_and(|wait| wait > 0.0 && wait <= 60.0));
    // What there is not here ends nothing.
    for op in [31, 43] {
        raw.say(&json!({ "op": op, "d": { "guild_ids": [room.guild] } }));
    }
    raw.say(&json!({ "op": 1, "d": null }));
    raw.until_op(11);
}

#[test]
fn pure_v10_has_nothing_of_ours_and_content_needs_its_intent() {
    let house = House::new(|_| ());
    let (anna, room) = house.room();
    let (bert, _) = house.guest("Bert");
    house.join(&bert, &room);
    let mut raw = house.dial("");
    let without_content = 0x3ff_ffff & !(1 << 15);
    raw.identify_with(&bert, without_content, json!({}));
    raw.until("GUILD_CREATE");
    house.say(&anna, &room, "for all");
    assert_eq!(raw.until("MESSAGE_CREATE")["d"]["content"], "");
    house.say(&bert, &room, "my own");
    assert_eq!(raw.until("MESSAGE_CREATE")["d"]["content"], "my own");
    assert!(!raw.seen.contains("\"osc\""), "{}", raw.seen);
    let mut raw = house.dial("");
    raw.identify_with(&bert, 1, json!({}));
    raw.until("GUILD_CREATE");
    house.say(&anna, &room, "unheard");
    raw.say(&json!({ "op": 1, "d": null }));
    raw.until_op(11);
    assert!(!raw.seen.contains("MESSAGE_CREATE"), "nobody asked for messages");
}
