//! Canaries: secrets planted in one person's life, looked for in every byte others are sent, in
//! every line of the log, and on the disk.

use hyper::Method;
use serde_json::{Value, json};

use super::account::closes;
use crate::town::{
    Person, Room, Town, plant,
    raw::{Heard, Socket},
};

const PASSWORD: &str = "canary of a password";
const BROWSER: &str = "canary-of-a-browser/7.0";
/// A public key of the example of RFC 8291, section 5.
const BROWSER_KEY: &str = concat!(
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcx",
    "aOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
);
const REASON: &str = "canary of a reason";

/// The secrets of somebody, and what others may ask about.
struct Planted {
    ada: Person,
    room: Room,
    message: String,
    bot: String,
    /// Nobody but their owner is ever told.
    secrets: Vec<String>,
    /// Of them, those that only a hash may be kept of.
    hashed: Vec<String>,
}

async fn signs_in(town: &Town, path: &str) -> Person {
    let nobody = town.nobody();
    let browser = nobody.with_rest(nobody.rest.with_field("user-agent", BROWSER));
    let body = json!({ "username": "ada", "password": PASSWORD });
    let signed = browser.post(path, body).await;
    assert_eq!(signed.status, 201, "{signed}");
    town.walks_in(&signed)
}

fn text(answer: &crate::town::Answer, key: &str) -> String {
    answer[key].as_str().unwrap_or_else(|| panic!("no {key} in {answer}")).to_owned()
}

/// Ada makes everything that has a secret in it, in a room that others are in.
async fn planted(town: &Town, others: &[&Person]) -> Planted {
    let ada = signs_in(town, "/osc/v1/accounts").await;
    let second = signs_in(town, "/osc/v1/sessions").await;
    let link = domain::server_owner::make_link(&town.app()).await.expect("a link");
    let owner = json!({ "secret": link.secret });
    ada.done(Method::POST, "/osc/v1/owner", owner).await;
    let reset = json!({ "username": "ada" });
    let reset = ada.done(Method::POST, "/osc/v1/password-reset-links", reset).await;
    let room = ada.found(json!({ "name": "Canaries", "visibility": "public" }), others).await;
    let bot = ada.done(Method::POST, "/osc/v1/bots", json!({ "name": "Echo" })).await;
    let hook = format!("/channels/{}/webhooks", room.general);
    let hook = ada.done(Method::POST, &hook, json!({ "name": "CI" })).await;
    let push = json!({ "endpoint": "http://127.0.0.1:9/canary-of-a-browser's-address",
        "expirationTime": null, "keys": {
            "p256dh": BROWSER_KEY,
            "auth": "BTBZMqHH6r4Tts7J_aSIgg",
        } });
    ada.post("/osc/v1/push/subscriptions", push).await;
    let ban = format!("/guilds/{}/bans/{}", room.id, others[0].id);
    let reasoned =
        ada.with_rest(ada.rest.with_field("x-audit-log-reason", "canary%20of%20a%20reason"));
    reasoned.done(Method::PUT, &ban, json!({})).await;
    let message = ada.say(&room.general, "hello").await;
    let hashed = vec![
        PASSWORD.to_owned(),
        ada.token().to_owned(),
        second.token().to_owned(),
        link.secret,
        text(&reset, "secret"),
        text(&bot, "token").trim_start_matches("Bot ").to_owned(),
    ];
    let mut secrets = hashed.clone();
    secrets.push(text(&hook, "token"));
    secrets.extend([BROWSER, REASON, "canary-of-a-browser's-address"].map(str::to_owned));
    let bot = bot["id"].as_str().or(bot["user"]["id"].as_str()).expect("an id").to_owned();
    Planted { ada, room, message, bot, secrets, hashed }
}

/// Everything of hers that somebody in the same room can ask about.
fn questions(planted: &Planted) -> Vec<String> {
    let Planted { ada, room, message, bot, .. } = planted;
    let (guild, channel, ada) = (&room.id, &room.general, ada.id);
    let of_guild = [
        "",
        "/members",
        "/members?limit=100",
        "/members/search?query=a",
        "/channels",
        "/roles",
        "/roles/member-counts",
        "/invites",
        "/webhooks",
        "/audit-logs",
        "/bans",
        "/integrations",
        "/preview",
        "/emojis",
        "/threads/active",
        "/widget.json",
    ];
    let of_channel = ["", "/messages", "/messages/pins", "/pins", "/webhooks", "/invites"];
    let others = [
        format!("/guilds/{guild}/members/{ada}"),
        format!("/channels/{channel}/messages/{message}"),
        format!("/users/{ada}"),
        format!("/osc/v1/users/{ada}/profile"),
        "/osc/v1/sessions".to_owned(),
        "/osc/v1/directory".to_owned(),
        "/osc/v1/relationships".to_owned(),
        "/osc/v1/bots".to_owned(),
        format!("/osc/v1/bots/{bot}"),
        format!("/osc/v1/bots/{bot}/authorization"),
        format!("/applications/{bot}"),
        format!("/osc/v1/guilds/{guild}/preview"),
        "/users/@me/guilds".to_owned(),
    ];
    let guilds = of_guild.map(|end| format!("/guilds/{guild}{end}"));
    let channels = of_channel.map(|end| format!("/channels/{channel}{end}"));
    guilds.into_iter().chain(channels).chain(others).collect()
}

/// All that a gateway says to somebody, as text, until a word of ours comes back.
async fn overhears(town: &Town, who: &Person, until: &str) -> (Socket, Vec<String>) {
    let mut socket = Socket::open(town.addr(), "/gateway?v=10&encoding=json").await;
    socket.send(&identify(who)).await;
    let mut said = Vec::new();
    hears(&mut socket, until, &mut said).await;
    (socket, said)
}

fn identify(who: &Person) -> String {
    json!({ "op": 2, "d": {
        "token": who.token(), "intents": 0x03ff_ffff, "properties": {}, "osc": { "v": 1 },
    } })
    .to_string()
}

async fn hears(socket: &mut Socket, until: &str, said: &mut Vec<String>) {
    loop {
        match socket.next().await {
            Heard::Text(text) => {
                said.push(text);
                if said.last().is_some_and(|text| text.contains(until)) {
                    return;
                }
            }
            Heard::Close(code) => panic!("closed with {code} after {said:?}"),
        }
    }
}

#[tokio::test]
async fn no_secret_reaches_others_the_log_or_the_disk() {
    for secret in [PASSWORD, "canary-of-a-browser's-address"] {
        plant(secret);
    }
    let town = Town::on_disk().await;
    let [bob, carol] = [town.walker("Bob").await, town.walker("Carol").await];
    let planted = planted(&town, &[&carol, &bob]).await;
    planted.secrets.iter().filter(|secret| *secret != REASON).for_each(|secret| plant(secret));
    let (mut socket, mut said) = overhears(&town, &bob, "\"READY\"").await;

    let Planted { ada, room, .. } = &planted;
    ada.done(Method::PATCH, "/users/@me", json!({ "global_name": "Ada L" })).await;
    let ban = format!("/guilds/{}/bans/{}", room.id, carol.id);
    ada.done(Method::DELETE, &ban, Value::Null).await;
    let add = format!("/osc/v1/guilds/{}/bots/{}", room.id, planted.bot);
    ada.done(Method::PUT, &add, json!({ "permissions": "0" })).await;
    ada.done(Method::POST, &format!("/osc/v1/bots/{}/token", planted.bot), json!({})).await;
    let change =
        json!({ "old_password": PASSWORD, "new_password": "another canary of a password" });
    ada.put("/osc/v1/accounts/@me/password", change).await;
    ada.say(&room.general, "the last word").await;
    hears(&mut socket, "the last word", &mut said).await;

    let mut asked = 0;
    for path in questions(&planted) {
        let answer = bob.get(&path).await;
        said.push(answer.to_string());
        asked += 1;
    }
    let hits: Vec<_> = planted
        .secrets
        .iter()
        .filter_map(|secret| said.iter().find(|text| text.contains(secret)).map(|t| (secret, t)))
        .collect();
    let bytes: usize = said.iter().map(String::len).sum();
    println!("canary asked={asked} bytes={bytes} canary_hits={}", hits.len());
    assert!(hits.is_empty(), "told to somebody else: {hits:#?}");

    town.app().flushed().await.expect("the writer runs");
    for (file, bytes) in town.files() {
        for secret in &planted.hashed {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{} keeps {secret}", file.display());
        }
    }
    closes(socket).await;
    // That nothing of it is in the log is looked at here.
    town.close().await;
}
