//! What the copy makes of events: the rules that two reducers must share.

use proto::gateway::Dispatch;
use serde_json::{Value, json};

use super::*;

fn told(cache: &mut Cache, name: &str, data: Value) {
    let dispatch = Dispatch::parse(name, &data.to_string()).expect("an event");
    cache.apply(&dispatch.expect("readable"));
}

fn id<T>(raw: u64) -> Id<T> {
    Id::new(raw).expect("not zero")
}

fn user(id: u64) -> Value {
    json!({ "id": id.to_string(), "username": format!("u{id}"), "global_name": null,
        "avatar": null })
}

fn member(id: u64, roles: &[&str]) -> Value {
    json!({ "user": user(id), "nick": null, "roles": roles, "guild_id": "10",
        "joined_at": "2026-11-22T12:00:00.000000+00:00", "communication_disabled_until": null,
        "deaf": false, "mute": false, "flags": 0 })
}

fn role(id: &str) -> Value {
    json!({ "id": id, "name": "r", "color": 0, "hoist": false, "position": 1,
        "colors": { "primary_color": 0, "secondary_color": null, "tertiary_color": null },
        "permissions": "0", "managed": false, "mentionable": false })
}

fn channel(id: &str) -> Value {
    json!({ "id": id, "type": 2, "guild_id": "10", "name": "c", "position": 0,
        "permission_overwrites": [{ "id": "12", "type": 0, "allow": "0", "deny": "1024" }] })
}

fn message(id: &str, author: u64, content: &str) -> Value {
    json!({ "id": id, "type": 0, "channel_id": "20", "guild_id": "10", "author": user(author),
        "content": content, "timestamp": "2026-11-22T12:00:00.000000+00:00",
        "edited_timestamp": null, "mention_everyone": content.contains("@everyone"),
        "mentions": [], "mention_roles": [], "attachments": [], "embeds": [], "pinned": false })
}

/// User 1 in guild 10 with channel 20.
fn started() -> Cache {
    let mut cache = Cache::default();
    told(
        &mut cache,
        "READY",
        json!({ "v": 10, "user": user(1), "session_id": "s",
        "guilds": [{ "id": "10", "unavailable": true }], "resume_gateway_url": "ws://h",
        "private_channels": [], "application": { "id": "1", "flags": 0 },
        "osc": { "read_states": [] } }),
    );
    assert!(!cache.is_whole());
    told(
        &mut cache,
        "GUILD_CREATE",
        json!({ "id": "10", "name": "g", "icon": null,
        "description": null, "owner_id": "1", "features": [], "roles": [role("10"), role("12")],
        "joined_at": "2026-11-22T12:00:00.000000+00:00", "large": false, "member_count": 1,
        "voice_states": [], "members": [member(1, &["12"])], "channels": [channel("20")],
        "presences": [], "threads": [], "stage_instances": [], "guild_scheduled_events": [],
        "soundboard_sounds": [] }),
    );
    assert!(cache.is_whole());
    cache
}

#[test]
fn a_role_goes_with_all_that_it_was_given_to() {
    let mut cache = started();
    told(&mut cache, "GUILD_ROLE_DELETE", json!({ "guild_id": "10", "role_id": "12" }));
    let guild = &cache.guilds[&id(10)];
    assert_eq!(guild.roles.len(), 1);
    assert_eq!(guild.members[&id(1)].roles, []);
    assert_eq!(guild.channels[&id(20)].permission_overwrites, Some(vec![]));
}

#[test]
fn who_leaves_is_neither_there_nor_in_voice() {
    let mut cache = started();
    told(&mut cache, "GUILD_MEMBER_ADD", member(2, &[]));
    told(
        &mut cache,
        "PRESENCE_UPDATE",
        json!({ "user": { "id": "2" }, "guild_id": "10",
        "status": "online" }),
    );
    told(
        &mut cache,
        "VOICE_STATE_UPDATE",
        json!({ "guild_id": "10", "channel_id": "20",
        "user_id": "2", "session_id": "v", "deaf": false, "mute": false, "self_deaf": false,
        "self_mute": false }),
    );
    let guild = &cache.guilds[&id(10)];
    assert_eq!((guild.member_count, guild.presences.len(), guild.voice_states.len()), (2, 1, 1));
    told(&mut cache, "GUILD_MEMBER_REMOVE", json!({ "guild_id": "10", "user": user(2) }));
    assert_eq!(difference(&cache, &started()), None);
}

#[test]
fn messages_move_the_end_of_a_channel_and_count_who_is_meant() {
    let mut cache = started();
    cache.open(id(20), Vec::new(), 2);
    told(&mut cache, "MESSAGE_CREATE", message("100", 2, "hi"));
    assert_eq!(cache.read_states.len(), 0);
    told(&mut cache, "MESSAGE_CREATE", message("101", 2, "@everyone"));
    told(&mut cache, "MESSAGE_CREATE", message("102", 1, "@everyone"));
    assert_eq!(cache.read_states[&id(20)].mention_count, 1, "one's own do not count");
    let channel = cache.channel(id(20)).expect("there");
    assert_eq!(channel.last_message_id, Some(Some(id(102))));
    assert_eq!(cache.timeline(id(20)).expect("open").len(), 2, "bounded");
    assert_eq!(cache.timeline(id(21)), None);
}

#[test]
fn reactions_count_and_an_edit_keeps_them() {
    let mut cache = started();
    cache.open(id(20), Vec::new(), 10);
    told(&mut cache, "MESSAGE_CREATE", message("100", 2, "hi"));
    let react = |user: &str, emoji: &str| {
        json!({ "user_id": user, "channel_id": "20",
        "message_id": "100", "emoji": { "id": null, "name": emoji }, "burst": false, "type": 0 })
    };
    told(&mut cache, "MESSAGE_REACTION_ADD", react("1", "a"));
    told(&mut cache, "MESSAGE_REACTION_ADD", react("2", "a"));
    told(&mut cache, "MESSAGE_REACTION_ADD", react("2", "b"));
    told(&mut cache, "MESSAGE_UPDATE", message("100", 2, "edited"));
    told(&mut cache, "MESSAGE_REACTION_REMOVE", react("2", "b"));
    let timeline = cache.timeline(id(20)).expect("open");
    let known = timeline.get(id(100)).expect("known");
    let counts: Vec<_> = known.reactions.iter().map(|one| (one.count, one.me)).collect();
    assert_eq!((known.content.as_str(), counts), ("edited", vec![(2, true)]));
    told(&mut cache, "MESSAGE_DELETE", json!({ "id": "100", "channel_id": "20" }));
    assert!(cache.timeline(id(20)).expect("open").is_empty());
}

#[test]
fn what_is_not_known_changes_nothing() {
    let mut cache = started();
    let mut elsewhere = member(3, &[]);
    elsewhere["guild_id"] = "11".into();
    told(&mut cache, "GUILD_MEMBER_ADD", elsewhere);
    told(&mut cache, "GUILD_DELETE", json!({ "id": "11" }));
    told(&mut cache, "CHANNEL_DELETE", json!({ "id": "99", "type": 0 }));
    assert_eq!(cache, started());
}

#[test]
fn a_difference_is_named() {
    let (kept, mut fresh) = (started(), started());
    assert_eq!(difference(&kept, &fresh), None);
    told(&mut fresh, "CHANNEL_CREATE", channel("21"));
    let found = difference(&kept, &fresh).expect("a difference");
    assert_eq!(found, "guild 10: channel 21 is there, and was not told");
    told(&mut fresh, "CHANNEL_DELETE", channel("21"));
    told(&mut fresh, "GUILD_DELETE", json!({ "id": "10" }));
    assert!(difference(&kept, &fresh).is_some_and(|found| found.contains("is not there")));
}
