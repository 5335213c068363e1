//! Raid mode, the lock, undoing a raid, reports, and the challenge: through the front door.

use hyper::Method;
use proto::safety::Challenge;
use serde_json::{Value, json};

use crate::town::Town;

#[tokio::test]
async fn one_switch_keeps_guests_out_and_says_so_to_everybody() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let late = town.walker("late").await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    bob.saw().await;
    let safety = format!("/osc/v1/guilds/{}/safety", lobby.id);
    let until = town.app().clock.now().plus_ms(3_600_000);
    let on = alice.done(Method::PATCH, &safety, json!({ "raid_until": until })).await;
    assert_eq!(on["raid_detection"], "alert");
    assert_eq!(bob.saw().await, ["GUILD_UPDATE"]);
    let join = format!("/osc/v1/guilds/{}/join", lobby.id);
    assert_eq!(late.post(&join, json!({})).await.no(), (403, 900030));
    let guild = bob.get(&format!("/guilds/{}", lobby.id)).await;
    assert_eq!(guild["incidents_data"], Value::Null);
    alice.done(Method::PATCH, &safety, json!({ "raid_until": null, "locked": true })).await;
    let messages = format!("/channels/{}/messages", lobby.general);
    assert_eq!(bob.post(&messages, json!({ "content": "hi" })).await.no(), (403, 50013));
    alice.say(&lobby.general, "only me").await;
    let pause = format!("/guilds/{}/incident-actions", lobby.id);
    let paused = alice.done(Method::PUT, &pause, json!({ "invites_disabled_until": until })).await;
    assert_eq!(paused["dms_disabled_until"], Value::Null);
    let guild = bob.get(&format!("/guilds/{}", lobby.id)).await;
    assert!(guild["incidents_data"]["invites_disabled_until"].is_string());
    for bad in [json!({ "raid_until": "soon" }), json!({ "raid_joins": 1 }), json!({ "locked": 3 })]
    {
        assert_eq!(alice.patch(&safety, bad.clone()).await.no(), (400, 50035), "{bad}");
    }
    let log = alice.get(&format!("/guilds/{}/audit-logs?action_type=1", lobby.id)).await;
    let keys = |entry: &Value| {
        let changes = entry["changes"].as_array().expect("changes").iter();
        changes.map(|change| change["key"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let noted: Vec<_> =
        log["audit_log_entries"].as_array().expect("entries").iter().map(keys).collect();
    let lock = vec!["raid_until".to_owned(), "locked".to_owned()];
    assert_eq!(noted, [vec!["invites_disabled_until".to_owned()], lock, vec!["raid_until".into()]]);
    town.close().await;
}

#[tokio::test]
async fn a_raid_is_undone_in_one_go_and_that_can_be_undone() {
    let town = Town::new().await;
    let alice = town.walker("alice").await;
    let lobby = alice.found_guild_with(&[]).await;
    let raiders = [town.walker("r1").await, town.walker("r2").await, town.walker("r3").await];
    for raider in &raiders {
        raider.joins(&lobby).await;
        raider.say(&lobby.general, "spam").await;
    }
    let joins = alice.get(&format!("/osc/v1/guilds/{}/joins", lobby.id)).await;
    let items = joins["items"].as_array().expect("a list");
    assert_eq!((items.len(), &items[0]["messages"]), (3, &json!(1)));
    assert_eq!(items[0]["network"], 1, "all from one");
    let ids: Vec<_> = raiders.iter().map(|raider| raider.id.to_string()).collect();
    let path = format!("/osc/v1/guilds/{}/cleanups", lobby.id);
    let draft = json!({ "user_ids": ids, "delete_message_seconds": 3_600 });
    let begun = alice.done(Method::POST, &path, draft).await;
    let one = format!("{path}/{}", begun.id());
    let until = async |state: &str| {
        for _ in 0..200 {
            if alice.get(&one).await["state"] == state {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        panic!("never {state}");
    };
    until("done").await;
    for _ in 0..200 {
        if alice.reads(&lobby.general).await.iter().all(|text| text != "spam") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert!(!alice.reads(&lobby.general).await.contains(&"spam".to_owned()));
    let bans = format!("/guilds/{}/bans", lobby.id);
    assert_eq!(alice.get(&bans).await.body.as_array().map(Vec::len), Some(3));
    alice.done(Method::POST, &format!("{one}/undo"), Value::Null).await;
    until("undone").await;
    assert_eq!(alice.get(&bans).await.body.as_array().map(Vec::len), Some(0));
    raiders[0].joins(&lobby).await;
    let log = format!("/guilds/{}/audit-logs", lobby.id);
    for (kind, reason) in [(22, json!("Raid")), (23, Value::Null)] {
        let page = alice.get(&format!("{log}?action_type={kind}")).await;
        let entries = page["audit_log_entries"].as_array().expect("entries");
        let of_alice = entries.iter().filter(|e| e["user_id"] == json!(alice.id)).count();
        assert_eq!((entries.len(), of_alice), (3, 3), "{kind}");
        assert_eq!(entries[0]["reason"], reason, "{kind}");
    }
    town.close().await;
}

#[tokio::test]
async fn reports_and_addresses_reach_nobody_they_are_not_for() {
    let town = Town::new().await;
    let [alice, bob, eve] = town.people(["alice", "bob", "eve"]).await;
    let lobby = alice.found_guild_with(&[&bob, &eve]).await;
    let bad = eve.say(&lobby.general, "bad words").await;
    for one in [&alice, &bob, &eve] {
        one.saw().await;
    }
    let canary = "canary-7f3a";
    let draft = json!({
        "reason": "harassment", "text": canary, "channel_id": lobby.general, "message_id": bad,
    });
    let made = bob.done(Method::POST, "/osc/v1/reports", draft).await;
    assert_eq!((made.status, &made["state"]), (201, &json!("open")));
    assert_eq!(alice.saw().await, ["OSC_REPORT_UPDATE"]);
    assert_eq!((eve.saw().await, bob.saw().await), (vec![], vec![]));
    let desk = format!("/osc/v1/guilds/{}/reports", lobby.id);
    for other in [&bob, &eve] {
        assert_eq!(other.get(&desk).await.no(), (403, 50013));
        let mine = format!("{desk}/{}", made.id());
        assert_eq!(other.patch(&mine, json!({ "state": "done" })).await.no(), (403, 50013));
    }
    let all = alice.get(&desk).await;
    assert_eq!(all["items"][0]["text"], canary);
    assert_eq!(all["items"][0]["evidence"][0]["content"], "bad words");
    let one = format!("{desk}/{}", made.id());
    let done = json!({ "action": "delete", "state": "done", "answer": "Thank you." });
    alice.done(Method::PATCH, &one, done).await;
    let told = bob.saw().await;
    assert!(told.contains(&"OSC_REPORT_ANSWER"), "{told:?}");
    assert_eq!(bob.get("/osc/v1/reports").await[0]["answer"], "Thank you.");
    assert_eq!(eve.get("/osc/v1/owner/reports").await.no(), (403, 900009));
    for path in ["/users/@me", "/users/@me/guilds"] {
        assert!(!eve.get(path).await.to_string().contains(canary));
    }
    for bad in [json!({}), json!({ "reason": "dull" }), json!({ "reason": "spam" })] {
        assert_eq!(bob.post("/osc/v1/reports", bad.clone()).await.no(), (400, 50035), "{bad}");
    }
    town.close().await;
}

#[tokio::test]
async fn who_comes_in_numbers_works_for_it_and_a_class_does_not() {
    let town = Town::with(|config| {
        config.rate_limits = true;
        config.limits.guests_per_10min = 60;
    })
    .await;
    let nobody = town.nobody();
    for n in 0..45 {
        let come = nobody.post("/osc/v1/guests", json!({ "name": format!("Pupil {n}") })).await;
        assert_eq!(come.status, 201, "{n}: {come}");
    }
    let asked = nobody.post("/osc/v1/guests", json!({ "name": "Anna" })).await;
    assert_eq!(asked.no(), (428, 900010));
    let challenge: Challenge =
        serde_json::from_value(asked["challenge"].clone()).expect("a challenge");
    let answer = client::rest::account::solve(&challenge);
    let draft = json!({ "name": "Anna", "challenge": answer });
    assert_eq!(nobody.post("/osc/v1/guests", draft.clone()).await.status, 201);
    assert_eq!(nobody.post("/osc/v1/guests", draft).await.no(), (428, 900010), "once");
    nobody.rest.create_guest("Berta").await.expect("the library works for it");
    town.close().await;
}
