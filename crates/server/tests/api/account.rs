//! Accounts: a guest keeps everything, a password guards it, and who goes leaves no name behind.

use proto::websocket::Opcode;
use serde_json::{Value, json};

use crate::town::{
    Answer, Person, Town,
    raw::{Heard, Socket},
};

async fn guest(town: &Town, name: &str) -> Person {
    let made = town.nobody().post("/osc/v1/guests", json!({ "name": name })).await;
    bearer(town, &made)
}

/// Somebody who asks with this answer's token, without sessions.
fn bearer(town: &Town, signed: &Answer) -> Person {
    let token = signed["token"].as_str().unwrap_or_else(|| panic!("{signed}"));
    let nobody = town.nobody();
    let rest = nobody.rest.with_token(token);
    nobody.with_rest(rest)
}

async fn register(who: &Person, username: &str) -> Answer {
    let body = json!({ "username": username, "password": "a password" });
    who.post("/osc/v1/accounts", body).await
}

async fn log_in(who: &Person, username: &str, password: &str) -> Answer {
    let body = json!({ "username": username, "password": password });
    who.post("/osc/v1/sessions", body).await
}

/// Who is online is told when it is noticed, not in the order of what happened.
async fn without_presence(who: &Person) -> Vec<&'static str> {
    who.saw().await.into_iter().filter(|name| *name != "PRESENCE_UPDATE").collect()
}

/// Leaves for good: a socket that just breaks could come back.
pub async fn closes(mut socket: Socket) {
    socket.send_frame(Opcode::Close, &1000u16.to_be_bytes()).await;
    socket.close_code().await;
}

/// A gateway socket that has identified and read READY.
pub async fn identified(town: &Town, token: &str) -> Socket {
    let mut socket = Socket::open(town.addr(), "/gateway?v=10&encoding=json").await;
    let identify = json!({ "op": 2, "d": {
        "token": token, "intents": (1 << 16) - 1, "properties": {},
    } });
    socket.send(&identify.to_string()).await;
    hears(&mut socket, "READY").await;
    socket
}

/// Reads until this event comes; its data.
pub async fn hears(socket: &mut Socket, event: &str) -> Value {
    loop {
        let Heard::Text(text) = socket.next().await else { panic!("closed before {event}") };
        let frame: Value = serde_json::from_str(&text).expect("JSON");
        if frame["t"] == event {
            return frame["d"].clone();
        }
    }
}

#[tokio::test]
async fn a_guest_becomes_an_account_and_stays_where_it_is() {
    let town = Town::new().await;
    let [alice] = town.people(["alice"]).await;
    let lobby = alice.found_guild_with(&[]).await;
    let anna = guest(&town, "Anna").await;
    anna.joins(&lobby).await;
    let said = anna.say(&lobby.general, "hello").await;
    let mut socket = identified(&town, anna.token()).await;
    alice.saw().await;

    let made = register(&anna, "anna_k").await;
    assert_eq!(made.status, 201);
    assert_eq!(made["user"]["username"], "anna_k");
    assert_eq!(made["user"]["global_name"], "Anna");
    let heard = alice.heard().await;
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!(heard[0].0, "GUILD_MEMBER_UPDATE");
    assert_eq!(heard[0].1["flags"], 0, "no longer a guest");
    let update = hears(&mut socket, "USER_UPDATE").await;
    assert_eq!(update["username"], "anna_k", "the connection stayed");
    assert_eq!(anna.get("/users/@me").await.no(), (401, 40_001), "the old token opens nothing");
    let anna = bearer(&town, &made);
    let me = anna.get("/users/@me").await;
    assert_eq!(me["id"], made["user"]["id"]);
    let message = alice.get(&format!("/channels/{}/messages/{said}", lobby.general)).await;
    assert_eq!(message["author"]["id"], me["id"]);
    assert_eq!(message["author"]["username"], "anna_k");
    anna.say(&lobby.general, "still here").await;
    assert_eq!(hears(&mut socket, "MESSAGE_CREATE").await["content"], "still here");
    assert_eq!(register(&anna, "again").await.no(), (409, 900_005));
    closes(socket).await;
    town.close().await;
}

#[tokio::test]
async fn names_are_given_once() {
    let town = Town::new().await;
    let nobody = town.nobody();
    assert_eq!(register(&nobody, "paypal").await.status, 201);
    for name in ["paypal", "PAYPAL", "paypa1", "pаypаl", "ｐａｙｐａｌ", "páypal"] {
        let made = register(&nobody, name).await;
        assert_eq!(made.status / 100, 4, "{name}: {made}");
    }
    for name in ["admin", "a", "a b", "me", "guest_1", "x..y", "123456", "üñ_α"] {
        assert_eq!(register(&nobody, name).await.no(), (400, 50_035), "{name}");
    }
    let weak = ["", "1234567", "aaaaaaaaaa", "password1", "somebody1"];
    for password in weak {
        let body = json!({ "username": "somebody1", "password": password });
        let made = nobody.post("/osc/v1/accounts", body).await;
        assert!(made["errors"]["password"].is_object(), "{password}: {made}");
    }
    town.close().await;
}

#[tokio::test]
async fn where_registration_is_closed_nobody_registers() {
    use proto::osc::Registration;
    let town = Town::with(|config| config.registration = Registration::Closed).await;
    assert_eq!(register(&town.nobody(), "alice").await.no(), (403, 900_004));
    town.close().await;
    let town = Town::with(|config| config.registration = Registration::Invite).await;
    assert_eq!(register(&town.nobody(), "alice").await.no(), (403, 900_004));
    let [owner] = town.people(["Anna"]).await;
    let lobby = owner.found_guild_with(&[]).await;
    let invite = owner.post(&format!("/channels/{}/invites", lobby.general), json!({})).await;
    let body = json!({
        "username": "alice", "password": "a password", "invite": invite["code"],
    });
    assert_eq!(town.nobody().post("/osc/v1/accounts", body).await.status, 201);
    town.close().await;
}

#[tokio::test]
async fn a_guest_who_signs_in_brings_its_rooms() {
    let town = Town::new().await;
    let [alice, bob] = town.accounts(["alice", "bob"]).await;
    let lobby = bob.found_guild_with(&[]).await;
    let anna = guest(&town, "Anna").await;
    anna.joins(&lobby).await;
    let said = anna.say(&lobby.general, "as a guest").await;
    let own = anna.post("/osc/v1/guilds", json!({ "name": "Den", "visibility": "public" })).await;
    bob.saw().await;

    let made = log_in(&anna, "alice", "a password").await;
    assert_eq!(made.status, 201, "{made}");
    assert_eq!(made["user"]["id"], alice.id.to_string());
    assert_eq!(without_presence(&bob).await, ["GUILD_MEMBER_ADD", "GUILD_MEMBER_REMOVE"]);
    let told = without_presence(&alice).await;
    assert_eq!(told.iter().filter(|name| **name == "GUILD_CREATE").count(), 2, "{told:?}");
    assert_eq!(anna.get("/users/@me").await.status, 401);
    let den = alice.get(&format!("/guilds/{}", own.id())).await;
    assert_eq!(den["owner_id"], alice.id.to_string());
    let message = bob.get(&format!("/channels/{}/messages/{said}", lobby.general)).await;
    assert_eq!(message["author"]["global_name"], "Anna");
    town.close().await;
}

#[tokio::test]
async fn a_guest_who_signs_in_stays_in_its_threads() {
    let town = Town::new().await;
    let [alice, bob] = town.accounts(["alice", "bob"]).await;
    let lobby = bob.found_guild_with(&[]).await;
    let anna = guest(&town, "Anna").await;
    anna.joins(&lobby).await;
    let path = format!("/channels/{}/threads", lobby.general);
    let mut begun = Vec::new();
    for name in ["Surprise", "Secret"] {
        begun.push(bob.post(&path, json!({ "name": name, "type": 12 })).await.id());
    }
    let own = anna.get("/users/@me").await.id();
    bob.say(&begun[0], &format!("<@{own}> hush")).await;
    assert_eq!(anna.get(&format!("/channels/{}", begun[0])).await.status, 200);
    assert_eq!(log_in(&anna, "alice", "a password").await.status, 201);
    let shown = alice.get(&format!("/channels/{}", begun[0])).await;
    assert_eq!((&shown["name"], &shown["member_count"]), (&json!("Surprise"), &json!(2)));
    assert_eq!(shown["member"]["user_id"], alice.id.to_string());
    assert_eq!(alice.get(&format!("/channels/{}", begun[1])).await.no(), (404, 10_003));
    for who in [&alice, &bob] {
        who.heard().await;
    }
    town.close().await;
}

#[tokio::test]
async fn a_guest_who_signs_in_brings_friends_blocks_and_conversations() {
    let town = Town::new().await;
    let [alice, bob, carol, dave] = town.accounts(["alice", "bob", "carol", "dave"]).await;
    let anna = town.guest("Anna").await;
    let lobby = bob.found_guild_with(&[&anna, &carol, &dave]).await;
    let hall = bob.found_guild_with(&[&alice, &dave]).await;
    let stands = |other: &Person| format!("/osc/v1/relationships/{}", other.id);
    let group = opens(&anna, &[&bob, &carol]).await;
    let dm = opens(&anna, &[&bob]).await;
    let (theirs, ours) = (opens(&anna, &[&dave]).await, opens(&alice, &[&dave]).await);
    anna.say(&dm, "hi bob").await;
    bob.say(&group, "hi all").await;
    // Friends; a block; asked by one whom the account asked.
    anna.put(&stands(&bob), json!({ "type": 1 })).await;
    assert_eq!(bob.put(&stands(&anna), json!({ "type": 1 })).await["type"], 1);
    anna.put(&stands(&carol), json!({ "type": 2 })).await;
    dave.put(&stands(&anna), json!({ "type": 1 })).await;
    assert_eq!(alice.put(&stands(&dave), json!({ "type": 1 })).await["type"], 4);
    let level = |id: &str| format!("/osc/v1/notifications/{id}");
    anna.put(&level(&lobby.general), json!({ "level": 2 })).await;
    let unseen = anna.put(&level(&hall.id), json!({ "level": 2 })).await;
    assert_eq!(unseen.status, 404);
    let said = bob.say(&lobby.general, &format!("<@{}>", anna.id)).await;
    anna.put(&format!("/osc/v1/channels/{}/read", lobby.general), json!({ "message_id": said }))
        .await;
    for who in [&alice, &bob, &carol, &dave] {
        who.saw().await;
    }

    let made = log_in(&anna, "alice", "a password").await;
    assert_eq!((made.status, &made["user"]["id"]), (201, &json!(alice.id)), "{made}");

    assert_eq!(stand(&alice).await, ["bob 1", "carol 2", "dave 1"]);
    assert_eq!(stand(&bob).await, ["alice 1"]);
    assert_eq!(stand(&carol).await, [""; 0]);
    assert_eq!(stand(&dave).await, ["alice 1"]);
    let mut mine = alice.get("/osc/v1/users/@me/channels").await.ids();
    mine.sort();
    let mut expected = vec![group.clone(), dm.clone(), ours.clone()];
    expected.sort();
    assert_eq!(mine, expected, "a conversation that the account had already goes on");
    let seen = bob.get(&format!("/channels/{group}")).await;
    assert_eq!(seen["owner_id"], json!(alice.id));
    let mut people = seen["recipients"].as_array().expect("a list").iter();
    assert!(people.all(|one| one["id"] != json!(anna.id)), "{seen}");
    assert_eq!(alice.reads(&dm).await, ["hi bob"]);
    bob.say(&dm, "hi alice").await;
    let again = opens(&alice, &[&bob]).await;
    assert_eq!(again, dm);
    assert_eq!(dave.get(&format!("/channels/{theirs}")).await.status, 200);
    assert_eq!(alice.get(&format!("/channels/{theirs}")).await.no(), (404, 10003));
    town.settle().await;
    let (read, levels) = {
        let log = alice.osc().log();
        let read = log.cache.read_states.get(&lobby.general.parse().expect("an id"));
        let read = read.and_then(|state| state.last_message_id).map(|id| id.to_string());
        (read, log.cache.notifications.keys().map(|id| id.to_string()).collect::<Vec<_>>())
    };
    assert_eq!((read, levels), (Some(said), vec![lobby.general.clone()]));
    town.close().await;
}

/// Opens a conversation.
async fn opens(who: &Person, others: &[&Person]) -> String {
    let ids: Vec<_> = others.iter().map(|other| other.id).collect();
    let made = who.post("/users/@me/channels", json!({ "recipients": ids })).await;
    assert_eq!(made.status, 200, "{made}");
    made.id()
}

/// How somebody stands with others, in words: `bob 1`.
async fn stand(who: &Person) -> Vec<String> {
    let list = who.get("/osc/v1/relationships").await.body;
    let list = list.as_array().expect("a list").iter();
    let mut words: Vec<_> = list
        .map(|one| format!("{} {}", one["user"]["username"].as_str().expect("a name"), one["type"]))
        .collect();
    words.sort();
    words
}

#[tokio::test]
async fn a_new_password_closes_every_other_door() {
    let town = Town::new().await;
    let [alice] = town.accounts(["alice"]).await;
    let other = bearer(&town, &log_in(&town.nobody(), "alice", "a password").await);
    let mut socket = identified(&town, other.token()).await;
    let change = |old: &str, new: &str| json!({ "password": old, "new_password": new });
    let path = "/osc/v1/accounts/@me/password";
    assert_eq!(alice.put(path, change("wrong", "another one")).await.status, 400);
    assert_eq!(alice.put(path, change("a password", "another one")).await.status, 204);
    assert_eq!(socket.close_code().await, 4004);
    assert_eq!(other.get("/users/@me").await.status, 401);
    assert_eq!(alice.get("/users/@me").await.status, 200);
    assert_eq!(log_in(&town.nobody(), "alice", "a password").await.no(), (403, 900_001));
    assert_eq!(log_in(&town.nobody(), "alice", "another one").await.status, 201);
    town.close().await;
}

#[tokio::test]
async fn who_is_gone_leaves_a_neutral_name_and_no_way_in() {
    let town = Town::new().await;
    let [bob] = town.accounts(["bob"]).await;
    let lobby = bob.found_guild_with(&[]).await;
    let made = register(&town.nobody(), "alice").await;
    let alice = bearer(&town, &made);
    alice.joins(&lobby).await;
    let said = alice.say(&lobby.general, "bye").await;
    let mut socket = identified(&town, alice.token()).await;
    bob.saw().await;
    let body = |password: &str| client::rest::Body::json(&json!({ "password": password }));
    let delete = async |password: &str| {
        let body = body(password).expect("JSON");
        alice.send(hyper::Method::DELETE, "/osc/v1/accounts/@me", body).await
    };
    assert_eq!(delete("wrong").await.status, 400);
    assert_eq!(delete("a password").await.status, 204);
    assert_eq!(socket.close_code().await, 4004);
    assert_eq!(without_presence(&bob).await, ["GUILD_MEMBER_REMOVE"]);
    assert_eq!(alice.get("/users/@me").await.status, 401);
    let message = bob.get(&format!("/channels/{}/messages/{said}", lobby.general)).await;
    assert_eq!(message["author"]["global_name"], "Deleted user");
    assert_eq!(log_in(&town.nobody(), "alice", "a password").await.no(), (403, 900_001));
    assert_eq!(register(&town.nobody(), "alice").await.no(), (409, 900_002));
    town.close().await;
}

#[tokio::test]
async fn the_owner_of_the_server_helps_who_forgot_a_password() {
    let town = Town::new().await;
    let [alice, bob] = town.accounts(["alice", "bob"]).await;
    let [guest] = town.people(["Anna"]).await;
    let link = domain::server_owner::make_link(&town.app()).await.expect("a link");
    let secret = json!({ "secret": link.secret });
    assert_eq!(guest.post("/osc/v1/owner", secret.clone()).await.no(), (403, 900_006));
    let wrong = alice.post("/osc/v1/owner", json!({ "secret": "guess" })).await;
    assert_eq!(wrong.no(), (410, 900_007));
    let path = "/osc/v1/password-reset-links";
    let of = |name: &str| json!({ "username": name });
    assert_eq!(alice.post(path, of("bob")).await.no(), (403, 900_009));
    assert_eq!(alice.post("/osc/v1/owner", secret.clone()).await.status, 204);
    assert_eq!(alice.post("/osc/v1/owner", secret).await.no(), (410, 900_007));
    assert_eq!(alice.saw().await, ["USER_UPDATE"]);
    assert_eq!(alice.get("/users/@me").await["osc"]["server_owner"], true);

    assert_eq!(alice.post(path, of("nobody-here")).await.no(), (404, 10013));
    assert_eq!(alice.post(path, json!({})).await.no(), (400, 50035));
    let reset = alice.post(path, of("bob")).await;
    assert_eq!(reset.status, 201);
    let secret = reset["secret"].as_str().expect("a secret");
    assert!(reset["url"].as_str().expect("a link").ends_with(&format!("/reset#{secret}")));
    let body = |password: &str| json!({ "secret": secret, "password": password });
    let nobody = town.nobody();
    bob.leaves_town().await;
    assert_eq!(nobody.post("/osc/v1/password-resets", body("short")).await.status, 400);
    let chosen = nobody.post("/osc/v1/password-resets", body("battery staple")).await;
    assert_eq!(chosen.status, 204, "{chosen}");
    let again = nobody.post("/osc/v1/password-resets", body("battery staple")).await;
    assert_eq!(again.no(), (410, 900_007));
    assert_eq!(bob.get("/users/@me").await.status, 401, "all logins ended");
    assert_eq!(log_in(&nobody, "bob", "battery staple").await.status, 201);
    town.close().await;
}
