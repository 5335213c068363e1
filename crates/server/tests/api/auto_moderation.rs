//! Automatic moderation: what a room does not want to read is not read, and its writer is told why.

use hyper::Method;
use serde_json::{Value, json};

use crate::town::{Person, Room, Town};

async fn rule(owner: &Person, room: &Room, draft: Value) -> Value {
    let path = format!("/guilds/{}/auto-moderation/rules", room.id);
    owner.done(Method::POST, &path, draft).await.body
}

fn words(words: &[&str], actions: Value) -> Value {
    json!({
        "name": "words",
        "event_type": 1,
        "trigger_type": 1,
        "trigger_metadata": { "keyword_filter": words },
        "actions": actions,
        "enabled": true,
    })
}

#[tokio::test]
async fn a_rule_blocks_alerts_and_is_told_to_those_who_manage() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    alice.saw().await;
    bob.saw().await;
    let actions = json!([
        { "type": 1, "metadata": { "custom_message": "Not here, please." } },
        { "type": 2, "metadata": { "channel_id": lobby.general } },
    ]);
    let made = rule(&alice, &lobby, words(&["*darn*"], actions)).await;
    assert_eq!(made["trigger_metadata"]["regex_patterns"], json!([]), "every key of its kind");
    assert!(alice.saw().await.contains(&"AUTO_MODERATION_RULE_CREATE"));
    assert_eq!(bob.saw().await, [""; 0], "what is not wanted is nobody else's business");

    let path = format!("/channels/{}/messages", lobby.general);
    let refused = bob.post(&path, json!({ "content": "d4rn it" })).await;
    assert_eq!(refused.no(), (400, 200000));
    assert_eq!(refused["message"], "Not here, please.");
    let told = alice.saw().await;
    assert!(told.contains(&"AUTO_MODERATION_ACTION_EXECUTION"), "{told:?}");
    assert_eq!(bob.saw().await, ["MESSAGE_CREATE"], "the alert stands where bob may read");
    let page = bob.get(&path).await;
    assert_eq!((&page[0]["type"], &page[0]["content"]), (&json!(24), &json!("")));
    assert_eq!(page[0]["embeds"][0]["type"], "auto_moderation_message");

    let one =
        format!("/guilds/{}/auto-moderation/rules/{}", lobby.id, made["id"].as_str().unwrap());
    let changed = json!({ "enabled": false, "exempt_channels": [lobby.general] });
    assert_eq!(alice.patch(&one, changed).await["enabled"], false);
    assert_eq!(alice.get(&one).await["name"], "words");
    bob.say(&lobby.general, "darn").await;
    alice.done(Method::DELETE, &one, Value::Null).await;
    assert_eq!(alice.get(&one).await.no(), (404, 10068));
    assert!(alice.saw().await.contains(&"AUTO_MODERATION_RULE_DELETE"));
    town.close().await;
}

#[tokio::test]
async fn each_kind_has_its_own_keys_and_its_limits() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let path = format!("/guilds/{}/auto-moderation/rules", lobby.id);
    let block = json!([{ "type": 1 }]);
    let draft = |kind: u8, event: u8, metadata: Value, actions: &Value| {
        json!({
            "name": "r", "event_type": event, "trigger_type": kind, "enabled": true,
            "trigger_metadata": metadata, "actions": actions,
        })
    };
    let mentions = json!({ "mention_total_limit": 1 });
    let only = json!([{ "type": 4 }]);
    for (kind, event, metadata, actions) in [
        (3, 1, json!({}), &block),
        (4, 1, json!({ "presets": [1, 2, 3], "allow_list": ["shit*"] }), &block),
        (5, 1, mentions, &block),
        (6, 2, json!({ "keyword_filter": ["*boss*"] }), &only),
    ] {
        alice.done(Method::POST, &path, draft(kind, event, metadata.clone(), actions)).await;
        let again = alice.post(&path, draft(kind, event, metadata, actions)).await;
        assert_eq!(again.no(), (400, 900034), "one of kind {kind}");
    }
    let kinds = alice.get(&path).await;
    assert_eq!(kinds.body.as_array().expect("a list").len(), 4);
    let messages = format!("/channels/{}/messages", lobby.general);
    let say = async |text: String| bob.post(&messages, json!({ "content": text })).await;
    assert_eq!(say("f u c k that".into()).await.no(), (400, 200000));
    assert_eq!(say("shit happens".into()).await.status, 200, "allowed");
    assert_eq!(say(format!("<@{}> <@{}>", alice.id, bob.id)).await.no(), (400, 200000));
    for bad in [
        draft(1, 1, json!({ "regex_patterns": ["("] }), &block),
        draft(1, 1, json!({ "keyword_filter": vec!["x"; 1_001] }), &block),
        draft(1, 1, json!({ "keyword_filter": "x" }), &block),
        draft(2, 1, json!({}), &block),
        draft(1, 1, json!({}), &json!([])),
        draft(1, 1, json!({}), &json!([{ "type": 9 }])),
        draft(1, 1, json!({}), &json!([{ "type": 2, "metadata": { "channel_id": "7" } }])),
        draft(
            1,
            1,
            json!({}),
            &json!([{ "type": 3, "metadata": { "duration_seconds": 2_419_201 } }]),
        ),
        json!([]),
    ] {
        let answer = alice.post(&path, bad.clone()).await;
        assert_eq!(answer.no(), (400, 50035), "{bad}");
    }
    let trial = format!("/osc/v1/guilds/{}/auto-moderation/try", lobby.id);
    let tried = alice
        .post(&trial, json!({
            "trigger_type": 1, "trigger_metadata": { "keyword_filter": ["cat"] }, "text": "c-a-t!",
        }))
        .await;
    assert_eq!((&tried["hits"], &tried["keyword"]), (&json!(true), &json!("cat")));
    town.close().await;
}

#[tokio::test]
async fn threads_are_judged_with_the_channel_they_hang_on_and_webhooks_are_not() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let threads = format!("/channels/{}/threads", lobby.general);
    let named = |name: &str| json!({ "name": name, "type": 11 });
    let thread = bob.done(Method::POST, &threads, named("talk")).await;
    let made = rule(&alice, &lobby, words(&["*darn*"], json!([{ "type": 1 }]))).await;
    let inside = format!("/channels/{}/messages", thread.id());
    let darn = json!({ "content": "d\u{200b}4rn!" });
    assert_eq!(bob.post(&inside, darn.clone()).await.no(), (400, 200000));
    let fine = bob.done(Method::POST, &inside, json!({ "content": "fine" })).await;
    let one = format!("{inside}/{}", fine.id());
    assert_eq!(bob.patch(&one, darn.clone()).await.no(), (400, 200000));
    assert_eq!(bob.post(&threads, named("darn talk")).await.no(), (400, 200000));
    let own = format!("/channels/{}", thread.id());
    assert_eq!(bob.patch(&own, json!({ "name": "darn" })).await.no(), (400, 200000));
    assert_eq!(alice.patch(&own, json!({ "name": "darn it" })).await.status, 200);

    let hooks = format!("/channels/{}/webhooks", lobby.general);
    let hook = alice.done(Method::POST, &hooks, json!({ "name": "Messenger" })).await;
    let token = hook["token"].as_str().expect("a token");
    let hook = format!("/webhooks/{}/{token}?wait=true", hook.id());
    let said = town.nobody().post(&hook, json!({ "content": "darn" })).await;
    assert_eq!((said.status, &said["content"]), (200, &json!("darn")));

    let one =
        format!("/guilds/{}/auto-moderation/rules/{}", lobby.id, made["id"].as_str().unwrap());
    let exempt = json!({ "exempt_channels": [lobby.general] });
    alice.done(Method::PATCH, &one, exempt).await;
    bob.done(Method::POST, &inside, darn).await;
    town.close().await;
}

#[tokio::test]
async fn what_rules_do_and_what_is_done_to_them_is_in_the_audit_log() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    let actions = json!([
        { "type": 1 },
        { "type": 2, "metadata": { "channel_id": lobby.general } },
        { "type": 3, "metadata": { "duration_seconds": 60 } },
    ]);
    let made = rule(&alice, &lobby, words(&["darn"], actions)).await;
    let rule_id = made["id"].as_str().unwrap();
    let one = format!("/guilds/{}/auto-moderation/rules/{rule_id}", lobby.id);
    alice.done(Method::PATCH, &one, json!({ "name": "manners" })).await;
    let messages = format!("/channels/{}/messages", lobby.general);
    assert_eq!(bob.post(&messages, json!({ "content": "darn" })).await.no(), (400, 200000));
    let log = format!("/guilds/{}/audit-logs", lobby.id);
    let page = alice.get(&log).await;
    assert_eq!(page["auto_moderation_rules"][0]["name"], "manners", "named while it is there");
    alice.done(Method::DELETE, &one, Value::Null).await;
    let page = alice.get(&log).await;
    let entries = page["audit_log_entries"].as_array().expect("entries");
    let kinds: Vec<_> = entries.iter().map(|e| e["action_type"].as_u64().unwrap()).collect();
    assert_eq!(kinds, [142, 145, 144, 143, 141, 140]);
    let blocked = &entries[3];
    assert_eq!((&blocked["user_id"], &blocked["target_id"]), (&Value::Null, &json!(bob.id)));
    let options = json!({
        "auto_moderation_rule_name": "manners",
        "auto_moderation_rule_trigger_type": "1",
        "channel_id": lobby.general,
    });
    assert_eq!(blocked["options"], options);
    let renamed = json!([{ "key": "name", "old_value": "words", "new_value": "manners" }]);
    assert_eq!((&entries[4]["changes"], &entries[4]["target_id"]), (&renamed, &json!(rule_id)));
    town.close().await;
}
