//! Which of Discord's operations are served here: the list of their names against our routes.
//!
//! `docs/reference/coverage.md` is made from both; what is not served has a reason here.

use std::collections::BTreeSet;

/// Tier, method and path of each operation of the official description.
const OPERATIONS: &str = include_str!("coverage/operations.txt");

/// Why something is not served, by how its path begins (parameters left out): the longest counts.
/// `true`: never.
const REASONS: &[(&str, bool, &str)] = &[
    ("/applications/{}/activity-instances", true, "there are no activities"),
    ("/applications/{}/attachment", true, "there are no activities"),
    ("/applications/{}/emojis", false, "emoji of applications"),
    ("/applications/{}/entitlements", true, "nothing is sold here"),
    ("/applications/{}/guilds/{}/commands/permissions", false, "rights of commands"),
    ("/applications/{}/guilds/{}/commands/{}/permissions", false, "rights of commands"),
    ("/applications/{}/role-connections", false, "roles by accounts elsewhere"),
    ("/channels/{}/followers", true, "there are no announcement channels"),
    ("/channels/{}/messages/{}/crosspost", true, "there are no announcement channels"),
    ("/channels/{}/polls", false, "polls"),
    ("/channels/{}/send-soundboard-sound", false, "soundboards"),
    ("/channels/{}/voice-status", false, "status lines of voice channels"),
    ("/channels/{}/webhooks", false, "webhooks"),
    ("/guilds/templates", false, "templates of rooms"),
    ("/guilds/{}/audit-logs", false, "the audit log"),
    ("/guilds/{}/auto-moderation", false, "automatic rules"),
    ("/guilds/{}/bulk-ban", false, "bans of many at once"),
    ("/guilds/{}/emojis", false, "emoji of rooms"),
    ("/guilds/{}/incident-actions", false, "raid mode"),
    ("/guilds/{}/members/{}", false, "people come in by themselves, bots by their link"),
    ("/guilds/{}/messages/search", false, "search in messages"),
    ("/guilds/{}/onboarding", false, "leading newcomers in"),
    ("/guilds/{}/prune", false, "pruning of members"),
    ("/guilds/{}/requests", false, "asking to be let in"),
    ("/guilds/{}/roles", false, "roles"),
    ("/guilds/{}/scheduled-events", false, "scheduled events"),
    ("/guilds/{}/soundboard-sounds", false, "soundboards"),
    ("/guilds/{}/stickers", false, "stickers"),
    ("/guilds/{}/templates", false, "templates of rooms"),
    ("/guilds/{}/voice-states", false, "stage channels"),
    ("/guilds/{}/webhooks", false, "webhooks"),
    ("/guilds/{}/welcome-screen", false, "leading newcomers in"),
    ("/guilds/{}/widget", false, "widgets"),
    ("/interactions", false, "interactions"),
    ("/invites/{}/target-users", false, "invites for certain people"),
    ("/lobbies", true, "there are no lobbies of games"),
    ("/oauth2", false, "tokens for programs that act for people"),
    ("/partner-sdk", true, "there is no partner SDK"),
    ("/skus", true, "nothing is sold here"),
    ("/soundboard", false, "soundboards"),
    ("/stage-instances", false, "stage channels"),
    ("/sticker", false, "stickers"),
    ("/users/@me/applications/{}/entitlements", true, "nothing is sold here"),
    ("/users/@me/applications/{}/role-connection", false, "roles by accounts elsewhere"),
    ("/users/@me/guilds/{}/member", false, "tokens for programs that act for people"),
    ("/webhooks", false, "webhooks"),
];

/// Older forms of operations, which libraries in use still ask for: whose, and what it is now.
const OLDER: &[(&str, &str, &str)] = &[
    ("PATCH /guilds/{}/members/@me/nick", "nextcord", "PATCH /guilds/{guild_id}/members/@me"),
    (
        "POST /channels/{}/thread-members/@me",
        "nextcord",
        "PUT /channels/{channel_id}/thread-members/@me",
    ),
];

/// With the names of parameters left out.
fn bare(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

fn served() -> BTreeSet<String> {
    let routes = server::api::routes();
    let v10 = routes.table().filter(|route| route.full_path().starts_with("/api/v10"));
    v10.map(|route| format!("{} {}", route.method, bare(route.path))).collect()
}

/// Tier, and the operation.
fn operations() -> impl Iterator<Item = (&'static str, &'static str)> {
    OPERATIONS.lines().map(|line| line.split_once(' ').expect("tier and operation"))
}

fn reason(path: &str) -> (bool, &'static str) {
    let path = bare(path);
    let fits = REASONS.iter().filter(|(begins, ..)| path.starts_with(begins));
    let longest = fits.max_by_key(|(begins, ..)| begins.len());
    let (_, never, why) = longest.unwrap_or_else(|| panic!("no reason why {path} is not served"));
    (*never, why)
}

fn page() -> String {
    const TIERS: [(&str, &str); 4] = [
        ("1", "A chat that works"),
        ("2", "Moderation, webhooks, threads, emoji, search"),
        ("3", "Commands and all else that bots use"),
        ("-", "What belongs to a shop, to games, or to one vendor"),
    ];
    let served = served();
    let is_served = |operation: &str| {
        let (method, path) = operation.split_once(' ').expect("method and path");
        served.contains(&format!("{method} {}", bare(path)))
    };
    let mut text = "# Coverage\n\nGenerated from our routes and the names of the operations of \
        Discord's API v10; a test keeps it true. Not affiliated\nwith Discord.\n\n\
        A list that is always empty here (stickers, scheduled events, soundboards, templates) \
        counts as served: the answer is true.\n\n| tier | served | of |\n|---|---|---|\n"
        .to_owned();
    let (mut all, mut all_served) = (0, 0);
    for (tier, title) in TIERS {
        let of_tier: Vec<_> = operations().filter(|(t, _)| *t == tier).collect();
        let done = of_tier.iter().filter(|(_, operation)| is_served(operation)).count();
        (all, all_served) = (all + of_tier.len(), all_served + done);
        text += &format!("| {tier} {title} | {done} | {} |\n", of_tier.len());
    }
    text += &format!("| in all | {all_served} | {all} |\n");
    for (tier, title) in TIERS {
        text += &format!("\n## {tier} {title}\n\n| operation | |\n|---|---|\n");
        for (_, operation) in operations().filter(|(t, _)| *t == tier) {
            let path = operation.split_once(' ').expect("method and path").1;
            let state = match is_served(operation) {
                true => "served".to_owned(),
                false => match reason(path) {
                    (true, why) => format!("never: {why}"),
                    (false, what) => format!("planned: {what}"),
                },
            };
            text += &format!("| `{operation}` | {state} |\n");
        }
    }
    text += "\n## Older forms that libraries still use\n\n| asked for | by | as |\n|---|---|---|\n";
    for (older, who, now) in OLDER {
        text += &format!("| `{older}` | {who} | `{now}` |\n");
    }
    text
}

#[test]
fn the_page_says_what_is_served() {
    let path = format!("{}/../../docs/reference/coverage.md", env!("CARGO_MANIFEST_DIR"));
    let text = page();
    if std::env::var_os("WRITE_REFERENCE").is_some() {
        std::fs::write(&path, &text).expect("the page can be written");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(there == text, "docs/reference/coverage.md is old: run with WRITE_REFERENCE=1");
}

#[test]
fn v10_has_nothing_of_our_own() {
    let known: BTreeSet<_> = operations()
        .map(|(_, operation)| {
            let (method, path) = operation.split_once(' ').expect("method and path");
            format!("{method} {}", bare(path))
        })
        .collect();
    let older: BTreeSet<_> = OLDER.iter().map(|(older, ..)| *older).collect();
    let is_known = |route: &str| known.contains(route) || older.contains(route);
    let ours: Vec<_> = served().into_iter().filter(|route| !is_known(route)).collect();
    assert!(ours.is_empty(), "not in Discord's API v10: {ours:?}");
}
