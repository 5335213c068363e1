//! Pushes: told to a browser whose page is closed, and to nobody else.

use std::{net::SocketAddr, time::Duration};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use ring::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral},
    hmac,
    rand::SystemRandom,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};

use crate::town::{PATIENCE, Person, Town};

/// A push service: it takes everything, except what goes to `/gone`.
struct PushHost {
    addr: SocketAddr,
    taken: mpsc::UnboundedReceiver<Taken>,
}

struct Taken {
    path: String,
    head: String,
    body: Vec<u8>,
}

impl PushHost {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let addr = listener.local_addr().expect("an address");
        let (tell, taken) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(take(stream, tell.clone()));
            }
        });
        Self { addr, taken }
    }

    async fn next(&mut self) -> Taken {
        timeout(PATIENCE, self.taken.recv()).await.expect("a push in time").expect("a push")
    }

    fn endpoint(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }
}

async fn take(mut stream: TcpStream, tell: mpsc::UnboundedSender<Taken>) {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.expect("a request") == 0 {
            return;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    let length: usize = length.and_then(|length| length.parse().ok()).expect("a length");
    while bytes.len() < end + length {
        stream.read_buf(&mut bytes).await.expect("a body");
    }
    let path = head.split(' ').nth(1).expect("a path").to_owned();
    let status = if path == "/gone" { "410 Gone" } else { "201 Created" };
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.expect("an answer");
    tell.send(Taken { path, head, body: bytes[end..].to_vec() }).expect("somebody waits");
}

/// A browser's side: it can read one push.
struct Browser {
    key: EphemeralPrivateKey,
    public: Vec<u8>,
}

const AUTH: [u8; 16] = [7; 16];

impl Browser {
    fn new() -> Self {
        let key = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).expect("a key");
        let public = key.compute_public_key().expect("a point").as_ref().to_vec();
        Self { key, public }
    }

    fn draft(&self, endpoint: &str) -> Value {
        let keys = json!({ "p256dh": BASE64.encode(&self.public), "auth": BASE64.encode(AUTH) });
        json!({ "endpoint": endpoint, "expirationTime": null, "keys": keys })
    }

    /// RFC 8291, section 3.4, from the receiver's side.
    fn read(self, body: &[u8]) -> Value {
        let (salt, rest) = body.split_at(16);
        let (head, rest) = rest.split_at(5);
        assert_eq!(head, [0, 0, 16, 0, 65]);
        let (sender, sealed) = rest.split_at(65);
        let peer = UnparsedPublicKey::new(&ECDH_P256, sender);
        let secret = agree_ephemeral(self.key, &peer, <[u8]>::to_vec).expect("a point");
        let shared = hash(&AUTH, &secret);
        let info = [b"WebPush: info\0", &self.public[..], sender, &[1]].concat();
        let master = hash(salt, &hash(&shared, &info));
        let key = hash(&master, b"Content-Encoding: aes128gcm\0\x01");
        let nonce = hash(&master, b"Content-Encoding: nonce\0\x01");
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key[..16]).expect("a key"));
        let nonce = Nonce::try_assume_unique_for_key(&nonce[..12]).expect("a nonce");
        let mut sealed = sealed.to_vec();
        let text = key.open_in_place(nonce, Aad::empty(), &mut sealed).expect("for us");
        let (last, text) = text.split_last().expect("a delimiter");
        assert_eq!(*last, 2);
        serde_json::from_slice(text).expect("JSON")
    }
}

fn hash(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
}

const SUBSCRIPTIONS: &str = "/osc/v1/push/subscriptions";

async fn subscribe(who: &Person, endpoint: &str) -> Browser {
    let browser = Browser::new();
    let made = who.post(SUBSCRIPTIONS, browser.draft(endpoint)).await;
    assert_eq!(made.status, 201, "{made}");
    browser
}

async fn town() -> Town {
    Town::with(|config| config.outbound_private = true).await
}

#[tokio::test]
async fn who_is_away_is_told_what_is_meant_for_them() {
    let town = town().await;
    let mut service = PushHost::open().await;
    let alice = town.guest("Alice").await;
    let bob = town.walker("Bob").await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let dm = alice.post("/users/@me/channels", json!({ "recipient_id": bob.id })).await.id();

    let browser = subscribe(&bob, &service.endpoint("/bob")).await;
    alice.say(&dm, "hello ||secret|| you").await;
    let taken = service.next().await;
    assert_eq!(taken.path, "/bob");
    for line in ["content-encoding: aes128gcm", "ttl: 86400", "authorization: vapid t="] {
        assert!(taken.head.contains(line), "{line} in {}", taken.head);
    }
    assert!(taken.head.contains(&format!("topic: {dm}")), "{}", taken.head);
    let push = browser.read(&taken.body);
    assert_eq!(push["body"], "hello ▒▒▒ you");
    assert_eq!((&push["title"], &push["tag"]), (&json!("Alice"), &json!(dm)));
    assert_eq!(push["url"], format!("/dm/{dm}"));

    // A small room tells everything; a muted one nothing; mentions only: mentions.
    let browser = subscribe(&bob, &service.endpoint("/bob")).await;
    alice.say(&lobby.general, "to all").await;
    let push = browser.read(&service.next().await.body);
    assert_eq!(push["body"], "to all");
    assert!(push["title"].as_str().is_some_and(|title| title.ends_with("(#general, The Lobby)")));
    let of_room = format!("/osc/v1/notifications/{}", lobby.id);
    bob.put(&of_room, json!({ "muted": true })).await;
    alice.say(&lobby.general, &format!("<@{}> while muted", bob.id)).await;
    bob.put(&of_room, json!({ "muted": false, "level": 1 })).await;
    alice.say(&lobby.general, "not meant").await;
    let browser = subscribe(&bob, &service.endpoint("/bob")).await;
    alice.say(&lobby.general, &format!("<@{}> at last", bob.id)).await;
    assert_eq!(browser.read(&service.next().await.body)["body"], "@Bob at last");
    town.close().await;
}

#[tokio::test]
async fn who_is_there_or_has_left_is_not_told() {
    let town = town().await;
    let mut service = PushHost::open().await;
    let [alice, carol] = town.people(["alice", "carol"]).await;
    let [bob, dora] = [town.walker("Bob").await, town.walker("Dora").await];
    let lobby = alice.found_guild_with(&[&bob, &carol, &dora]).await;
    // Carol looks at a page; dora's browser is gone; bob's takes pushes.
    subscribe(&carol, &service.endpoint("/carol")).await;
    subscribe(&dora, &service.endpoint("/gone")).await;
    subscribe(&bob, &service.endpoint("/bob")).await;
    alice.say(&lobby.general, "one").await;
    let mut paths = [service.next().await.path, service.next().await.path];
    paths.sort();
    assert_eq!(paths, ["/bob", "/gone"]);
    // It is forgotten a moment after the answer.
    let gone = async {
        while may_unsubscribe(&dora, &town).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, gone).await.expect("forgotten");
    alice.say(&lobby.general, "two").await;
    assert_eq!(service.next().await.path, "/bob");
    // A login takes its subscription along.
    subscribe(&dora, &service.endpoint("/dora")).await;
    let out = bob.delete("/osc/v1/sessions/@current").await;
    assert_eq!(out.status, 204);
    alice.say(&lobby.general, "three").await;
    assert_eq!(service.next().await.path, "/dora");
    town.close().await;
}

/// Whether the store still has a subscription of this person.
async fn may_unsubscribe(who: &Person, town: &Town) -> bool {
    let login = who.get("/osc/v1/sessions").await[0]["id"].as_str().map(str::to_owned);
    let login: proto::Id<proto::marker::Session> = login.expect("a login").parse().expect("an id");
    let row = town.app().disk.get::<domain::rows::PushRow>(login).await.expect("readable");
    row.is_some()
}

#[tokio::test]
async fn a_subscription_is_checked() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let draft = |endpoint: &str| Browser::new().draft(endpoint);
    let fine = "https://push.example.org/send/1";
    let wrong = [
        draft("http://127.0.0.1:8080/"),
        draft("https://localhost:8443/"),
        draft("https://[::1]/"),
        draft("nowhere"),
        draft(&format!("https://push.example.org/{}", "x".repeat(2_000))),
        json!({ "endpoint": fine }),
        json!({ "endpoint": fine, "keys": { "p256dh": "AAAA", "auth": "AAAA" } }),
        json!({ "endpoint": fine, "keys": { "p256dh": 7, "auth": [] } }),
        json!({ "endpoint": 7, "keys": {} }),
        json!([]),
    ];
    for wrong in wrong {
        let shown = wrong.to_string();
        assert_eq!(alice.post(SUBSCRIPTIONS, wrong).await.no(), (400, 50035), "{shown}");
    }
    let made = alice.post(SUBSCRIPTIONS, draft(fine)).await;
    let path = format!("{SUBSCRIPTIONS}/{}", made.id());
    assert_eq!(bob.delete(&path).await.no(), (404, 10020));
    assert_eq!(alice.delete(&path).await.status, 204);
    assert_eq!(alice.delete(&path).await.no(), (404, 10020));
    let key = town.nobody().get("/osc/v1/push").await;
    assert_eq!(key["public_key"].as_str().map(str::len), Some(87));
    town.close().await;
}
