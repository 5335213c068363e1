//! Coming back: what was missed is told once, in order, and nothing that is no longer one's own.

use std::{
    io::BufRead as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use client::{Cache, Gateway, Options, Rest, gateway::Event};
use hyper::Method;
use proto::gateway::Dispatch;
use serde_json::{Value, json};

use crate::town::{PATIENCE, Person, Town};

fn contents(heard: &[(&str, Value)]) -> Vec<String> {
    let messages = heard.iter().filter(|(name, _)| *name == "MESSAGE_CREATE");
    messages.map(|(_, data)| data["content"].as_str().expect("text").to_owned()).collect()
}

fn check_resumed(who: &Person, times: u32) {
    for session in who.sessions() {
        let log = session.log();
        assert_eq!((log.readies, log.resumes), (1, times), "{:?}", session.kind);
    }
}

#[tokio::test]
async fn who_loses_the_connection_misses_nothing() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    bob.opens(&lobby.general).await;
    alice.say(&lobby.general, "before").await;
    bob.goes_offline().await;
    let mut said = vec!["before".to_owned()];
    for n in 0..30 {
        alice.say(&lobby.general, &n.to_string()).await;
        said.push(n.to_string());
    }
    bob.comes_back().await;
    alice.say(&lobby.general, "after").await;
    said.push("after".to_owned());

    assert_eq!(contents(&bob.heard().await), said);
    check_resumed(&bob, 1);
    town.close().await;
}

#[tokio::test]
async fn a_connection_that_breaks_again_and_again_loses_nothing() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let speak = async {
        for n in 0..60 {
            alice.say(&lobby.general, &n.to_string()).await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let wobble = async {
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            bob.goes_offline().await;
            bob.comes_back().await;
        }
    };
    tokio::join!(speak, wobble);
    let said: Vec<_> = (0..60).map(|n| n.to_string()).collect();
    assert_eq!(contents(&bob.heard().await), said);
    check_resumed(&bob, 3);
    town.close().await;
}

#[tokio::test]
async fn what_one_may_no_longer_see_is_not_replayed() {
    let town = Town::new().await;
    let [alice, bob, carol] = town.people(["alice", "bob", "carol"]).await;
    let lobby = alice.found_guild_with(&[&bob, &carol]).await;
    bob.goes_offline().await;
    carol.goes_offline().await;
    alice.say(&lobby.general, "for all").await;
    let view = proto::Permissions::VIEW_CHANNEL.bits().to_string();
    let deny = json!({ "type": 1, "allow": "0", "deny": view });
    let path = format!("/channels/{}/permissions/{}", lobby.general, bob.id);
    assert_eq!(alice.put(&path, deny).await.status, 204);
    let path = format!("/guilds/{}/members/{}", lobby.id, carol.id);
    assert_eq!(alice.delete(&path).await.status, 204);
    alice.say(&lobby.general, "for me").await;
    bob.comes_back().await;
    carol.comes_back().await;
    town.settle().await;

    for who in [&bob, &carol] {
        for session in who.sessions() {
            let log = session.log();
            let told = log.heard.iter().any(|(_, dispatch)| {
                matches!(dispatch, Dispatch::MessageCreate(m) if m.content == "for me")
            });
            assert!(!told, "{:?}", session.kind);
        }
    }
    assert!(carol.osc().log().cache.guilds.is_empty());
    assert!(carol.pure().log().cache.guilds.is_empty());
    // That bob's copies lack the channel is the law of convergence.
    town.close().await;
}

#[tokio::test]
async fn who_comes_into_a_room_meanwhile_finds_it_after_coming_back() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[]).await;
    bob.goes_offline().await;
    bob.joins(&lobby).await;
    let role = alice.makes_role(&lobby, "friend", 0).await;
    alice.gives_role(&lobby, &bob, &role).await;
    alice.say(&lobby.general, "welcome").await;
    let draft = json!({ "name": "new", "type": 0 });
    alice.done(Method::POST, &format!("/guilds/{}/channels", lobby.id), draft).await;
    bob.comes_back().await;
    town.settle().await;
    assert_eq!(bob.osc().log().cache.guilds.len(), 1);
    town.close().await;
}

#[tokio::test]
async fn a_restart_in_order_costs_nobody_anything() {
    let town = Town::on_disk().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    bob.goes_offline().await;
    alice.say(&lobby.general, "before").await;
    for session in alice.sessions() {
        session.log().dropped = true;
    }
    town.restart().await;
    bob.comes_back().await;
    for session in alice.sessions() {
        session.comes_back().await;
    }
    alice.say(&lobby.general, "after").await;

    town.settle().await;
    // Who was seen coming back, and when, is each session's own.
    for session in alice.sessions().chain(bob.sessions()) {
        assert_eq!(contents(&session.take_new()), ["before", "after"], "{:?}", session.kind);
    }
    check_resumed(&bob, 1);
    check_resumed(&alice, 1);
    town.close().await;
}

#[tokio::test]
async fn nobody_resumes_what_is_not_theirs_or_never_was() {
    let town = Town::new().await;
    let [alice, eve] = town.people(["alice", "eve"]).await;
    let lobby = alice.found_guild_with(&[]).await;
    alice.say(&lobby.general, "mine").await;
    town.settle().await;
    let of_alice = alice.osc().log().heard.iter().find_map(|(_, dispatch)| match dispatch {
        Dispatch::Ready(ready) => Some(ready.session_id.clone()),
        _ => None,
    });
    let of_alice = of_alice.expect("a READY");
    for (session_id, seq) in [(of_alice.as_str(), 1), ("made-up", 1), ("", 0)] {
        let heard = raw_resume(&town, eve.token(), session_id, seq).await;
        assert_eq!(heard, "op 9 false", "{session_id:?}");
    }
    let heard = raw_resume(&town, alice.token(), &of_alice, u64::MAX >> 1).await;
    assert!(heard == "close 4007" || heard == "op 9 false", "{heard}");
    for session in alice.sessions() {
        // Whoever resumes takes the session over; a failed try must not.
        assert_eq!(session.handle.status(), client::gateway::Status::Live);
    }
    town.close().await;
}

/// What the server says to a resume: `op 9 false`, `RESUMED`, `close 4007`.
async fn raw_resume(town: &Town, token: &str, session_id: &str, seq: u64) -> String {
    let target = "/gateway?v=10&encoding=json&seq=shared";
    let mut raw = crate::town::raw::Socket::open(town.addr(), target).await;
    let resume = json!({ "op": 6, "d": {
        "token": token, "session_id": session_id, "seq": seq,
    } });
    raw.send(&resume.to_string()).await;
    loop {
        match raw.next().await {
            crate::town::raw::Heard::Close(code) => return format!("close {code}"),
            crate::town::raw::Heard::Text(text) => {
                let frame: Value = serde_json::from_str(&text).expect("JSON");
                match frame["op"].as_u64() {
                    Some(9) => return format!("op 9 {}", frame["d"]),
                    Some(0) => return frame["t"].as_str().expect("a name").to_owned(),
                    _ => {}
                }
            }
        }
    }
}

/// The real program over a folder, killed without a word at the end.
struct Program {
    child: Child,
    folder: PathBuf,
    port: u16,
}

impl Program {
    fn start(folder: PathBuf, port: u16) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_opensrcchat"))
            .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"])
            .arg(&folder)
            .env("OPENSRCCHAT_RATE_LIMITS", "false")
            .current_dir(std::env::temp_dir())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let lines = std::io::BufReader::new(child.stdout.take().expect("piped"));
        let mut lines = lines.lines().map_while(Result::ok);
        let port = lines.find_map(|line| {
            let after = line.split("127.0.0.1:").nth(1)?;
            let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        });
        // Nobody may stop listening to what it prints.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, folder, port: port.expect("it prints where it listens") }
    }

    fn kill(mut self) -> (PathBuf, u16) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
        (self.folder, self.port)
    }
}

#[tokio::test]
async fn a_session_with_shared_numbers_outlives_a_crash() {
    let folder = std::env::temp_dir().join(format!("osc-crash-{}", std::process::id()));
    let program = Program::start(folder, 0);
    let rest = Rest::new(&format!("http://127.0.0.1:{}", program.port)).expect("an address");
    let sign_in = async |name| {
        let signed = rest.create_guest(name).await.expect("a guest");
        rest.with_token(signed.token.expect("a token"))
    };
    let (alice, bob) = (sign_in("alice").await, sign_in("bob").await);
    let visibility = proto::guild::Visibility::Public;
    let guild = alice.create_guild("lobby", visibility).await.expect("a room");
    bob.join_guild(guild.id).await.expect("open");
    let channels = alice.guild_channels(guild.id).await.expect("channels");
    let general = channels.iter().find(|channel| channel.kind == 0).expect("#general").id;
    let listen = |rest: &Rest| {
        let token = rest.token().expect("signed in").to_owned();
        Gateway::connect(Options::new(rest.address().gateway(), token)).expect("an address")
    };
    let mut gateway = listen(&bob);
    let mut cache = Cache::default();
    while !cache.is_whole() {
        follow(&mut gateway, &mut cache).await;
    }
    gateway.handle().set_online(false).await.expect("runs");
    let mut said = Vec::new();
    for n in 0..20 {
        alice.send_message(general, &n.to_string(), None).await.expect("sent");
        said.push(n.to_string());
    }

    let (folder, port) = program.kill();
    let program = Program::start(folder, port);
    gateway.handle().set_online(true).await.expect("runs");
    // The connection that was open died with the server; whether it was sent is unknown, and a
    // nonce makes it safe to say it again.
    let mut tries = 0;
    while let Err(error) = alice.send_message(general, "after", Some("after")).await {
        assert!(error.code().is_none() && tries < 100, "{error}");
        tries += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    said.push("after".to_owned());

    let (mut heard, mut resumed) = (Vec::new(), false);
    while heard.len() < said.len() || !resumed {
        match follow(&mut gateway, &mut cache).await {
            Dispatch::MessageCreate(message) => heard.push(message.content),
            Dispatch::Ready(_) => panic!("the session was lost"),
            Dispatch::Resumed(_) => resumed = true,
            _ => {}
        }
    }
    assert_eq!((heard, resumed), (said, true));
    gateway.handle().stop().await;
    let (folder, _) = program.kill();
    std::fs::remove_dir_all(folder).expect("removes");
}

async fn follow(gateway: &mut Gateway, cache: &mut Cache) -> Dispatch {
    let event = tokio::time::timeout(PATIENCE, gateway.next()).await;
    let Some(Event::Dispatch { dispatch, .. }) = event.expect("in time") else {
        panic!("the session ended");
    };
    cache.apply(&dispatch);
    dispatch
}
