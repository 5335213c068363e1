//! Interactions: people use what applications offer, and applications answer.

mod endpoint;

use serde_json::{Value, json};

use crate::town::{Answer, Person, Room, Town};

/// A room with a bot in it, whose sessions listen.
struct Stage {
    town: Town,
    alice: Person,
    bob: Person,
    bot: Person,
    lobby: Room,
    /// The bot's application.
    app: String,
}

impl Stage {
    async fn set() -> Self {
        Self::with(Town::new().await).await
    }

    async fn with(town: Town) -> Self {
        let [alice, bob] = town.accounts(["alice", "bob"]).await;
        let lobby = alice.found_guild_with(&[&bob]).await;
        let made = alice.post("/osc/v1/bots", json!({ "name": "Echo" })).await;
        let app = made["user"]["id"].as_str().expect("an id").to_owned();
        let bot = town.settle_in(&made).await;
        let path = format!("/osc/v1/guilds/{}/bots/{app}", lobby.id);
        assert_eq!(alice.put(&path, json!({ "permissions": "3072" })).await.status, 200);
        for who in [&alice, &bob, &bot] {
            who.saw().await;
        }
        Self { town, alice, bob, bot, lobby, app }
    }

    async fn command(&self, draft: Value) -> String {
        let path = format!("/applications/{}/commands", self.app);
        let made = self.bot.post(&path, draft).await;
        assert_eq!(made.status, 201, "{made}");
        made.id()
    }

    fn use_of(&self, command: &str, options: Value) -> Value {
        let data = json!({ "id": command, "options": options });
        json!({ "type": 2, "application_id": self.app, "data": data })
    }

    /// Somebody does something, and the bot answers it so.
    async fn plays(&self, who: &Person, deed: Value, reply: Value) -> (Answer, Value, Answer) {
        self.plays_in(&self.lobby.general, who, deed, reply).await
    }

    async fn plays_in(
        &self,
        channel: &str,
        who: &Person,
        deed: Value,
        reply: Value,
    ) -> (Answer, Value, Answer) {
        let path = format!("/osc/v1/channels/{channel}/interactions");
        // What it heard before is not what is to be answered now.
        self.bot.saw().await;
        let answers = async {
            let got = self.bot.awaits("INTERACTION_CREATE").await;
            let said = self.bot.post(&callback_of(&got), reply).await;
            (got, said)
        };
        let (done, (got, said)) = tokio::join!(who.post(&path, deed), answers);
        (done, got, said)
    }
}

fn callback_of(interaction: &Value) -> String {
    let (id, token) = (&interaction["id"], &interaction["token"]);
    format!(
        "/interactions/{}/{}/callback?with_response=true",
        id.as_str().expect("an id"),
        token.as_str().expect("a token")
    )
}

fn webhook_of(interaction: &Value) -> String {
    let text = |key: &str| interaction[key].as_str().expect("a text").to_owned();
    format!("/webhooks/{}/{}", text("application_id"), text("token"))
}

#[tokio::test]
async fn a_command_is_used_and_answered() {
    let stage = Stage::set().await;
    let (alice, bob, bot) = (&stage.alice, &stage.bob, &stage.bot);
    let greet = stage
        .command(json!({ "name": "greet", "description": "Greets", "options": [
            { "type": 6, "name": "whom", "description": "Whom", "required": true },
            { "type": 4, "name": "times", "description": "How often", "min_value": 1,
              "max_value": 3, "choices": [{ "name": "one", "value": 1 }] },
        ], "name_localizations": { "de": "grüße" } }))
        .await;
    let path = format!("/osc/v1/channels/{}/commands?locale=de", stage.lobby.general);
    let usable = alice.get(&path).await;
    assert_eq!(usable["commands"][0]["name_localized"], "grüße", "{usable}");
    assert_eq!(usable["applications"][0]["bot"]["username"], "Echo");

    let options = json!([
        { "name": "whom", "value": bob.id.to_string() }, { "name": "times", "value": 1 },
    ]);
    let deed = stage.use_of(&greet, options);
    let reply = json!({ "type": 4, "data": { "content": "Hello!" } });
    let (done, got, said) = stage.plays(alice, deed, reply).await;
    assert_eq!((done.status, &done["state"]), (200, &json!("answered")), "{done}");
    assert_eq!(said.status, 200, "{said}");
    assert_eq!(said["resource"]["message"]["content"], "Hello!");
    assert_eq!(said["interaction"]["response_message_ephemeral"], false);
    assert_eq!((&got["type"], &got["version"]), (&json!(2), &json!(1)));
    assert_eq!(got["token"].as_str().map(str::len), Some(68));
    assert_eq!(got["member"]["user"]["id"], alice.id.to_string());
    assert_eq!(got["data"]["name"], "greet");
    let whom = &got["data"]["resolved"]["users"][bob.id.to_string()];
    assert_eq!(whom["username"], "bob");
    assert!(got["data"]["resolved"]["members"][bob.id.to_string()]["permissions"].is_string());
    assert_eq!(got["context"], 0);
    // Nobody but the bot hears of it.
    let heard = bob.heard().await;
    assert_eq!(heard.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["MESSAGE_CREATE"]);
    let message = &heard[0].1;
    assert_eq!((&message["type"], &message["webhook_id"]), (&json!(20), &json!(stage.app)));
    assert_eq!(message["interaction_metadata"]["user"]["id"], alice.id.to_string());
    assert_eq!(message["interaction"]["name"], "greet");
    assert_eq!(alice.reads(&stage.lobby.general).await, ["Hello!"]);
    // Once, and in time.
    let again =
        bot.post(&callback_of(&got), json!({ "type": 4, "data": { "content": "x" } })).await;
    assert_eq!(again.no(), (400, 40_060));
    stage.town.close().await;
}

#[tokio::test]
async fn what_is_filled_in_is_checked() {
    let stage = Stage::set().await;
    let all = stage
        .command(json!({ "name": "all", "description": "All", "options": [
            { "type": 3, "name": "text", "description": "t", "required": true, "max_length": 3 },
            { "type": 4, "name": "whole", "description": "w", "min_value": 0 },
            { "type": 5, "name": "flag", "description": "f" },
            { "type": 7, "name": "channel", "description": "c", "channel_types": [2] },
            { "type": 8, "name": "role", "description": "r" },
            { "type": 10, "name": "number", "description": "n" },
            { "type": 3, "name": "pick", "description": "p",
              "choices": [{ "name": "A", "value": "a" }] },
        ] }))
        .await;
    let hide = json!({ "name": "hidden", "type": 2, "permission_overwrites": [
        { "id": stage.lobby.id, "type": 0, "allow": "0", "deny": "1024" },
    ] });
    let hidden = stage.alice.post(&format!("/guilds/{}/channels", stage.lobby.id), hide).await;
    let hidden = hidden.id();
    let path = format!("/osc/v1/channels/{}/interactions", stage.lobby.general);
    let fine = ("text", json!("abc"));
    for (name, value) in [
        ("text", json!("abcd")),
        ("text", json!(7)),
        ("text", Value::Null),
        ("whole", json!(1.5)),
        ("whole", json!(-1)),
        ("whole", json!("1")),
        ("whole", json!(1e30)),
        ("flag", json!("true")),
        ("channel", json!(stage.lobby.general)),
        ("channel", json!(hidden)),
        ("role", json!("7")),
        ("role", json!({ "id": 7 })),
        ("number", json!("NaN")),
        ("pick", json!("b")),
        ("nothing", json!("x")),
    ] {
        let mut options = vec![json!({ "name": name, "value": value })];
        if name != "text" {
            options.push(json!({ "name": fine.0, "value": fine.1 }));
        }
        let no = stage.bob.post(&path, stage.use_of(&all, json!(options))).await;
        assert_eq!(no.no(), (400, 50_035), "{name} {value}: {no}");
    }
    let twice = json!([{ "name": "text", "value": "a" }, { "name": "text", "value": "b" }]);
    assert_eq!(stage.bob.post(&path, stage.use_of(&all, twice)).await.no(), (400, 50_035));
    // Another's command, a command that is not there, a bot that is not here.
    let unknown = stage.use_of("7", json!([]));
    assert_eq!(stage.bob.post(&path, unknown).await.no(), (404, 10_063));
    let foreign = json!({ "type": 2, "application_id": stage.bob.id, "data": { "id": all } });
    assert_eq!(stage.bob.post(&path, foreign).await.no(), (404, 10_002));
    assert_eq!(stage.bot.saw().await, Vec::<&str>::new(), "no bot was bothered");
    stage.town.close().await;
}

#[tokio::test]
async fn what_only_one_person_sees_stays_with_them() {
    let stage = Stage::set().await;
    let (alice, bob, bot) = (&stage.alice, &stage.bob, &stage.bot);
    let command = stage.command(json!({ "name": "secret", "description": "x" })).await;
    let button = json!([{ "type": 1, "components": [
        { "type": 2, "style": 1, "label": "Again", "custom_id": "again" },
    ] }]);
    let data = json!({ "content": "psst", "flags": 64, "components": button });
    let deed = stage.use_of(&command, json!([]));
    let (_, got, said) = stage.plays(alice, deed, json!({ "type": 4, "data": data })).await;
    assert_eq!(said["interaction"]["response_message_ephemeral"], true, "{said}");
    let heard = alice.heard().await;
    assert_eq!(heard[0].1["content"], "psst");
    assert_eq!(heard[0].1["flags"], 64);
    assert_eq!(bob.saw().await, Vec::<&str>::new());
    let general = &stage.lobby.general;
    assert_eq!(alice.reads(general).await, Vec::<String>::new());
    let id = said["resource"]["message"]["id"].as_str().expect("an id").to_owned();
    for who in [alice, bob, bot] {
        let one = who.get(&format!("/channels/{general}/messages/{id}")).await;
        assert_eq!(one.no(), (404, 10_008));
    }
    // Nobody else presses its button.
    let press = json!({ "type": 3, "message_id": id, "data": { "custom_id": "again" } });
    let path = format!("/osc/v1/channels/{general}/interactions");
    assert_eq!(bob.post(&path, press.clone()).await.no(), (404, 10_008));
    let update = json!({ "type": 7, "data": { "content": "psst again", "components": [] } });
    let (done, pressed, _) = stage.plays(alice, press, update).await;
    assert_eq!(done["state"], "answered", "{done}");
    assert_eq!(pressed["message"]["flags"], 64);
    let heard = alice.heard().await;
    assert_eq!((heard[0].0, &heard[0].1["content"]), ("MESSAGE_UPDATE", &json!("psst again")));
    assert_eq!(bob.saw().await, Vec::<&str>::new());

    let original = format!("{}/messages/@original", webhook_of(&got));
    assert_eq!(bot.get(&original).await["content"], "psst again");
    let edited = bot.patch(&original, json!({ "content": "hush" })).await;
    assert_eq!((edited.status, &edited["flags"]), (200, &json!(64)));
    // The token is all: who has it acts, and who has another does not.
    let foreign = format!("/webhooks/{}/{}/messages/@original", stage.app, "x".repeat(68));
    assert_eq!(bot.get(&foreign).await.no(), (404, 10_015));
    assert_eq!(bot.delete(&original).await.status, 204);
    assert_eq!(alice.saw().await, ["MESSAGE_UPDATE", "MESSAGE_DELETE"]);
    assert_eq!(bob.saw().await, Vec::<&str>::new());
    stage.town.close().await;
}

#[tokio::test]
async fn an_answer_can_come_later_and_go_on() {
    let stage = Stage::set().await;
    let (alice, bob, bot) = (&stage.alice, &stage.bob, &stage.bot);
    let command = stage.command(json!({ "name": "think", "description": "x" })).await;
    let deed = stage.use_of(&command, json!([]));
    let (done, got, _) = stage.plays(alice, deed, json!({ "type": 5 })).await;
    assert_eq!(done["state"], "answered");
    assert_eq!(bob.heard().await[0].1["flags"], 128);
    let hook = webhook_of(&got);
    let original = format!("{hook}/messages/@original");
    let thought = bot.patch(&original, json!({ "content": "Aha" })).await;
    assert_eq!((&thought["flags"], &thought["edited_timestamp"]), (&json!(0), &Value::Null));
    let encoded = original.replace('@', "%40");
    assert_eq!(bot.get(&encoded).await["content"], "Aha", "as discord.js writes it");
    let edited = bot.patch(&encoded, json!({ "content": "Aha!" })).await;
    assert_eq!((edited.status, &edited["id"]), (200, &thought["id"]), "{edited}");
    assert_eq!(bob.saw().await, ["MESSAGE_UPDATE", "MESSAGE_UPDATE"]);
    let more = bot.post(&hook, json!({ "content": "And" })).await;
    assert_eq!((more.status, &more["type"]), (200, &json!(19)), "{more}");
    let whisper = bot.post(&hook, json!({ "content": "for you", "flags": 64 })).await;
    assert_eq!(whisper["flags"], 64);
    assert_eq!(bob.saw().await, ["MESSAGE_CREATE"]);
    let one = format!("{hook}/messages/{}", more.id());
    assert_eq!(bot.get(&one).await["content"], "And");
    assert_eq!(bot.patch(&one, json!({ "content": "" })).await.no(), (400, 50_006));
    assert_eq!(bot.delete(&one).await.status, 204);
    assert_eq!(bot.get(&one).await.no(), (404, 10_008));
    // What somebody wrote is none of its business.
    let said = alice.say(&stage.lobby.general, "mine").await;
    assert_eq!(bot.delete(&format!("{hook}/messages/{said}")).await.no(), (404, 10_008));
    // The first message after a deferred answer takes its place.
    let deed = stage.use_of(&command, json!([]));
    let late = json!({ "type": 5, "data": { "flags": 64 } });
    let (_, got, _) = stage.plays(alice, deed, late).await;
    let told = bot.post(&webhook_of(&got), json!({ "content": "loud" })).await;
    assert_eq!(told["flags"], 64, "it stays between them");
    // A flood ends.
    let most = stage.town.app().limits.interaction_messages;
    let mut last = (200, 0);
    for _ in 0..=most {
        last = bot.post(&webhook_of(&got), json!({ "content": "x", "flags": 64 })).await.no();
        if last.0 != 200 {
            break;
        }
    }
    assert_eq!(last, (400, 40_094));
    stage.town.pass(std::time::Duration::from_secs(16 * 60));
    assert_eq!(bot.get(&original).await.no(), (404, 10_015));
    domain::interaction::prune(&stage.town.app()).await.expect("pruned");
    stage.town.close().await;
}

#[tokio::test]
async fn buttons_and_selects_are_pressed_where_they_are_seen() {
    let stage = Stage::set().await;
    let (alice, bob, bot) = (&stage.alice, &stage.bob, &stage.bot);
    let rows = json!([
        { "type": 1, "components": [
            { "type": 2, "style": 1, "label": "Go", "custom_id": "go" },
            { "type": 2, "style": 4, "label": "No", "custom_id": "off", "disabled": true },
            { "type": 2, "style": 5, "label": "Read", "url": "https://example.org/" },
        ] },
        { "type": 1, "components": [{ "type": 3, "custom_id": "pick", "max_values": 2, "options": [
            { "label": "A", "value": "a" }, { "label": "B", "value": "b" },
        ] }] },
        { "type": 1, "components": [{ "type": 5, "custom_id": "who" }] },
    ]);
    let path = format!("/channels/{}/messages", stage.lobby.general);
    let sent = bot.post(&path, json!({ "content": "Pick", "components": rows })).await;
    assert_eq!(sent.status, 200, "{sent}");
    assert_eq!(sent["components"][0]["components"][0]["id"], 2, "numbered");
    let id = sent.id();
    let press = |name: &str, values: Value| {
        let data = json!({ "custom_id": name, "values": values });
        json!({ "type": 3, "message_id": id, "data": data })
    };
    let path = format!("/osc/v1/channels/{}/interactions", stage.lobby.general);
    for (name, values) in [
        ("off", json!([])),
        ("nothing", json!([])),
        ("", json!([])),
        ("pick", json!([])),
        ("pick", json!(["c"])),
        ("pick", json!(["a", "a"])),
        ("pick", json!(["a", "b", "a"])),
        ("who", json!(["7"])),
    ] {
        let no = bob.post(&path, press(name, values.clone())).await;
        assert_eq!(no.no(), (400, 50_035), "{name} {values}: {no}");
    }
    bob.saw().await;
    let (done, got, _) = stage.plays(bob, press("go", Value::Null), json!({ "type": 6 })).await;
    assert_eq!(done["state"], "answered");
    assert_eq!((&got["data"]["component_type"], &got["message"]["id"]), (&json!(2), &json!(id)));
    let who = press("who", json!([alice.id.to_string()]));
    let update = json!({ "type": 7, "data": { "content": "Picked", "components": [] } });
    let (_, got, said) = stage.plays(bob, who, update).await;
    assert_eq!(got["data"]["resolved"]["users"][alice.id.to_string()]["username"], "alice");
    assert_eq!(said["resource"]["message"]["id"], id);
    assert_eq!(alice.heard().await.last().expect("heard").1["content"], "Picked");
    assert_eq!(bob.post(&path, press("go", Value::Null)).await.no(), (400, 50_035), "gone");
    // Out of sight, out of reach; in another channel it is not there.
    let hide = json!({ "permission_overwrites": [
        { "id": stage.lobby.id, "type": 0, "allow": "0", "deny": "1024" },
    ] });
    alice.patch(&format!("/channels/{}", stage.lobby.general), hide).await;
    assert_eq!(bob.post(&path, press("go", Value::Null)).await.no(), (404, 10_003));
    let voice = format!("/osc/v1/channels/{}/interactions", stage.lobby.voice);
    assert_eq!(bob.post(&voice, press("go", Value::Null)).await.no(), (404, 10_008));
    stage.town.close().await;
}

#[tokio::test]
async fn suggestions_and_forms_come_back_at_once() {
    let stage = Stage::set().await;
    let (alice, bob) = (&stage.alice, &stage.bob);
    let command = stage
        .command(json!({ "name": "find", "description": "x", "options": [
            { "type": 1, "name": "song", "description": "x", "options": [
                { "type": 3, "name": "title", "description": "t", "required": true,
                  "autocomplete": true },
            ] },
        ] }))
        .await;
    let typed = json!([{ "name": "song", "options": [
        { "name": "title", "value": "so", "focused": true },
    ] }]);
    let mut ask = stage.use_of(&command, typed);
    ask["type"] = 4.into();
    let choices = json!({ "type": 8, "data": { "choices": [{ "name": "Song", "value": "s1" }] } });
    let (done, got, _) = stage.plays(alice, ask, choices).await;
    assert_eq!(done["choices"][0]["value"], "s1", "{done}");
    assert_eq!(got["data"]["options"][0]["options"][0]["focused"], true);

    let run = json!([{ "name": "song", "options": [{ "name": "title", "value": "s1" }] }]);
    let form = json!({ "type": 9, "data": { "custom_id": "form", "title": "Tell", "components": [
        { "type": 1, "components": [
            { "type": 4, "custom_id": "name", "style": 1, "label": "Name", "max_length": 5 },
        ] },
        { "type": 18, "label": "Who", "component":
            { "type": 5, "custom_id": "who", "required": false } },
    ] } });
    let (done, opener, _) = stage.plays(alice, stage.use_of(&command, run), form).await;
    assert_eq!(done["modal"]["title"], "Tell", "{done}");
    let send = |values: Value, name: &str| {
        let data = json!({ "custom_id": name, "values": values });
        json!({ "type": 5, "interaction_id": opener["id"], "data": data })
    };
    let path = format!("/osc/v1/channels/{}/interactions", stage.lobby.general);
    for values in [json!({}), json!({ "name": "too long" }), json!({ "name": 7 })] {
        assert_eq!(alice.post(&path, send(values, "form")).await.no(), (400, 50_035));
    }
    let good = json!({ "name": "Ann", "who": [bob.id.to_string()] });
    assert_eq!(alice.post(&path, send(good.clone(), "other")).await.no(), (400, 50_035));
    assert_eq!(bob.post(&path, send(good.clone(), "form")).await.no(), (404, 10_062));
    let hello = json!({ "type": 4, "data": { "content": "Hello Ann" } });
    let (done, got, said) = stage.plays(alice, send(good, "form"), hello).await;
    assert_eq!(done["state"], "answered", "{said}");
    assert_eq!(got["data"]["components"][0]["components"][0]["value"], "Ann");
    assert_eq!(got["data"]["components"][1]["component"]["values"][0], bob.id.to_string());
    let meant = &bob.heard().await[0].1["interaction_metadata"];
    assert_eq!(
        (&meant["type"], &meant["triggering_interaction_metadata"]["name"]),
        (&json!(5), &json!("find song"))
    );
    stage.town.close().await;
}

#[tokio::test]
async fn commands_are_used_in_threads_too() {
    let stage = Stage::set().await;
    let (alice, bob, bot) = (&stage.alice, &stage.bob, &stage.bot);
    let command = stage.command(json!({ "name": "think", "description": "x" })).await;
    let threads = format!("/channels/{}/threads", stage.lobby.general);
    let thread = alice.post(&threads, json!({ "name": "Aside", "type": 12 })).await.id();
    let deed = stage.use_of(&command, json!([]));
    let hello = json!({ "type": 4, "data": { "content": "Hello", "components": [
        { "type": 1, "components": [
            { "type": 2, "style": 1, "label": "Go", "custom_id": "go" },
        ] },
    ] } });
    let (done, got, said) = stage.plays_in(&thread, alice, deed.clone(), hello).await;
    assert_eq!(done["state"], "answered", "{said}");
    assert_eq!((&got["channel_id"], &got["channel"]["type"]), (&json!(thread), &json!(12)));
    assert_eq!(got["channel"]["parent_id"], stage.lobby.general.as_str());
    assert_eq!(said["resource"]["message"]["channel_id"], thread.as_str());
    assert_eq!(alice.reads(&thread).await, ["Hello"]);
    assert_eq!(bob.saw().await, Vec::<&str>::new(), "it is private");
    // The answer lets the bot speak there, not listen.
    assert_eq!(bot.get(&format!("/channels/{thread}")).await.no(), (404, 10_003));
    let path = format!("/osc/v1/channels/{thread}/interactions");
    assert_eq!(bob.post(&path, deed.clone()).await.no(), (404, 10_003));

    let archive = json!({ "archived": true });
    assert_eq!(alice.patch(&format!("/channels/{thread}"), archive).await.status, 200);
    let id = said["resource"]["message"]["id"].as_str().expect("an id");
    let press = json!({ "type": 3, "message_id": id, "data": { "custom_id": "go" } });
    let update = json!({ "type": 7, "data": { "content": "Gone", "components": [] } });
    alice.saw().await;
    let (_, _, said) = stage.plays_in(&thread, alice, press, update).await;
    assert_eq!(said.status, 200, "{said}");
    let heard = alice.saw().await;
    assert_eq!(heard, ["THREAD_UPDATE", "THREAD_MEMBER_UPDATE", "MESSAGE_UPDATE"], "open again");
    let more = bot.post(&webhook_of(&got), json!({ "content": "And" })).await;
    assert_eq!((more.status, &more["channel_id"]), (200, &json!(thread)), "{more}");
    stage.town.close().await;
}

#[tokio::test]
async fn who_may_use_a_command_is_said_by_the_room() {
    let stage = Stage::set().await;
    let (alice, bob, bot) = (&stage.alice, &stage.bob, &stage.bot);
    let draft = json!({ "name": "mod", "description": "x", "default_member_permissions": "8192" });
    let command = stage.command(draft).await;
    let list = format!("/osc/v1/channels/{}/commands", stage.lobby.general);
    let count = async |who: &Person| {
        who.get(&list).await["commands"].as_array().map(Vec::len).expect("a list")
    };
    assert_eq!((count(alice).await, count(bob).await), (1, 0));
    let path = format!("/osc/v1/channels/{}/interactions", stage.lobby.general);
    let no = bob.post(&path, stage.use_of(&command, json!([]))).await;
    assert_eq!(no.no(), (404, 10_063));
    let all = format!("/applications/{}/guilds/{}/commands", stage.app, stage.lobby.id);
    let one = format!("{all}/{command}/permissions");
    let let_bob = json!({ "permissions": [
        { "id": bob.id.to_string(), "type": 2, "permission": true },
    ] });
    assert_eq!(bob.put(&one, let_bob.clone()).await.no(), (403, 50_013));
    assert_eq!(bot.put(&one, let_bob.clone()).await.no(), (403, 20_001));
    assert_eq!(bot.get(&one).await.no(), (404, 10_066));
    let set = alice.put(&one, let_bob).await;
    assert_eq!(set.status, 200, "{set}");
    assert_eq!(bot.saw().await, ["APPLICATION_COMMAND_PERMISSIONS_UPDATE"]);
    assert_eq!((bot.get(&one).await.body, count(bob).await), (set.body, 1));
    let log = alice.get(&format!("/guilds/{}/audit-logs?action_type=121", stage.lobby.id)).await;
    let entry = &log["audit_log_entries"][0];
    assert_eq!((&entry["target_id"], &entry["user_id"]), (&json!(command), &json!(alice.id)));
    assert_eq!(entry["options"]["application_id"], stage.app, "{log}");
    assert_eq!(entry["changes"][0]["key"], bob.id.to_string());
    assert_eq!(entry["changes"][0]["new_value"]["permission"], true);
    assert_eq!(log["application_commands"][0]["name"], "mod");
    let offered = format!("/osc/v1/guilds/{}/bots/{}/commands", stage.lobby.id, stage.app);
    assert_eq!(alice.get(&offered).await.ids(), [&*command]);
    assert_eq!(bob.get(&offered).await.no(), (403, 50_013));
    let whole = format!("{all}/permissions");
    assert_eq!(bot.get(&whole).await.ids(), [&*command]);
    let nowhere = json!({ "permissions": [
        { "id": stage.lobby.general, "type": 3, "permission": false },
    ] });
    let app = format!("{all}/{}/permissions", stage.app);
    assert_eq!(alice.put(&app, nowhere).await.status, 200);
    assert_eq!(count(bob).await, 0, "not in this channel");
    let path = format!("/applications/{}/commands/{command}", stage.app);
    assert_eq!(bot.delete(&path).await.status, 204);
    assert_eq!(bot.get(&whole).await.ids(), [&*stage.app]);
    stage.town.close().await;
}

#[tokio::test]
async fn an_answer_comes_in_time_or_not_at_all() {
    let stage = Stage::set().await;
    let (alice, bot) = (&stage.alice, &stage.bot);
    let command = stage.command(json!({ "name": "slow", "description": "x" })).await;
    let path = format!("/osc/v1/channels/{}/interactions", stage.lobby.general);
    let mut deed = stage.use_of(&command, json!([]));
    deed["nonce"] = "once".into();
    let waits = async {
        let got = bot.awaits("INTERACTION_CREATE").await;
        stage.town.pass(std::time::Duration::from_secs(4));
        let answer = bot.post(&callback_of(&got), json!({ "type": 5 })).await;
        assert_eq!(answer.no(), (404, 10_062), "too late");
        for reply in [json!({}), json!({ "type": 8 }), json!({ "type": 99 })] {
            let answer = bot.post(&callback_of(&got), reply).await;
            assert!(matches!(answer.no(), (400, 50_035) | (404, 10_062)), "{answer}");
        }
        got
    };
    let (done, got) = tokio::join!(alice.post(&path, deed.clone()), waits);
    assert_eq!(done["state"], "silent");
    // A retry is not a second deed.
    assert_eq!(alice.post(&path, deed).await["state"], "sent");
    assert_eq!(bot.post(&webhook_of(&got), json!({ "content": "x" })).await.no(), (404, 10_015));
    let wrong = format!("/interactions/{}/{}/callback", got["id"].as_str().expect("an id"), "x");
    assert_eq!(bot.post(&wrong, json!({ "type": 5 })).await.no(), (404, 10_062));
    stage.town.close().await;
}

#[tokio::test]
async fn a_busy_bot_still_answers() {
    let town = Town::with(|config| {
        config.rate_limits = true;
        config.limits.requests_per_second = 12;
    });
    let stage = Stage::with(town.await).await;
    let command = stage.command(json!({ "name": "ping", "description": "x" })).await;
    let path = format!("/osc/v1/channels/{}/interactions", stage.lobby.general);
    // The clock stands still, so that all of it happens in one second.
    let answers = async {
        let got = stage.bot.awaits("INTERACTION_CREATE").await;
        let asked = loop {
            let asked = stage.bot.get("/users/@me").await;
            if asked.status != 200 {
                break asked.status;
            }
        };
        let said = json!({ "type": 4, "data": { "content": "pong" } });
        (asked, stage.bot.post(&callback_of(&got), said).await)
    };
    let deed = stage.use_of(&command, json!([]));
    let (done, (asked, said)) = tokio::join!(stage.bob.post(&path, deed), answers);
    assert_eq!((asked, said.status, &done["state"]), (429, 200, &json!("answered")));
    stage.town.close().await;
}
