//! What GitHub tells of a repository, as a message. Forgejo and Gitea send the same.
//! <https://docs.github.com/en/webhooks/webhook-events-and-payloads>

use proto::webhook::ExecuteWebhook;
use serde_json::{Map, Value, json};

/// Commits of a push that are listed.
const COMMITS: usize = 10;

/// Characters of a commit's first line, and of what somebody wrote.
const LINE: usize = 100;
const TEXT: usize = 1_000;
const TITLE: usize = 250;

const GREEN: u32 = 0x2d_a4_4e;
const RED: u32 = 0xcf_22_2e;
const PURPLE: u32 = 0x82_50_df;
const BLUE: u32 = 0x09_69_da;
const GRAY: u32 = 0x6e_77_81;

/// What is said of an event; `None`: nothing worth a message.
pub fn message(event: &str, body: &Value) -> Option<ExecuteWebhook> {
    let body = Body(body);
    let embed = match event {
        "ping" => ping(&body),
        "push" => push(&body)?,
        "create" | "delete" => reference(&body, event)?,
        "pull_request" => pull_request(&body)?,
        "pull_request_review" => review(&body)?,
        "pull_request_review_comment" | "commit_comment" => comment(&body, event)?,
        "issues" => issue(&body)?,
        "issue_comment" => comment(&body, event)?,
        "discussion" | "discussion_comment" => discussion(&body, event)?,
        "release" => release(&body)?,
        "star" | "watch" => star(&body, event)?,
        "fork" => fork(&body),
        "member" => member(&body)?,
        "public" => embed(&body, "is public now", &body.repository_url(), "", GREEN),
        "check_run" | "workflow_run" => run(&body, event)?,
        _ => return None,
    };
    Some(ExecuteWebhook { embeds: Some(vec![embed]), ..ExecuteWebhook::default() })
}

/// The payload, read leniently: what is missing is empty.
struct Body<'a>(&'a Value);

impl Body<'_> {
    fn text(&self, path: &str) -> &str {
        self.0.pointer(path).and_then(Value::as_str).unwrap_or_default()
    }

    fn number(&self, path: &str) -> u64 {
        self.0.pointer(path).and_then(Value::as_u64).unwrap_or_default()
    }

    fn is(&self, path: &str) -> bool {
        self.0.pointer(path).and_then(Value::as_bool).unwrap_or_default()
    }

    fn action(&self) -> &str {
        self.text("/action")
    }

    fn repository(&self) -> &str {
        self.text("/repository/full_name")
    }

    fn repository_url(&self) -> String {
        self.text("/repository/html_url").to_owned()
    }
}

/// `[repository] title` by whoever did it.
fn embed(body: &Body<'_>, title: &str, url: &str, description: &str, color: u32) -> Value {
    let at = body.repository();
    let title = if at.is_empty() { title.to_owned() } else { format!("[{at}] {title}") };
    entitled(body, &title, url, description, color)
}

fn entitled(body: &Body<'_>, title: &str, url: &str, description: &str, color: u32) -> Value {
    let mut embed = Map::new();
    embed.insert("title".into(), cut(title, TITLE).into());
    embed.insert("color".into(), color.into());
    if is_web(url) {
        embed.insert("url".into(), url.into());
    }
    if !description.trim().is_empty() {
        embed.insert("description".into(), cut(description, TEXT).into());
    }
    let sender = body.text("/sender/login");
    if !sender.is_empty() {
        let mut author = json!({ "name": cut(sender, LINE) });
        for (key, path) in [("url", "/sender/html_url"), ("icon_url", "/sender/avatar_url")] {
            if is_web(body.text(path)) {
                author[key] = body.text(path).into();
            }
        }
        embed.insert("author".into(), author);
    }
    Value::Object(embed)
}

fn is_web(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://")) && url.len() <= 2_048
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most - 1).collect();
    short.push('\u{2026}');
    short
}

/// Text of others within what is ours: no link, no bold, no code begins in it.
fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '~' | '|' | '[' | ']' | '(' | ')' | '<' | '>') {
            safe.push('\\');
        }
        safe.push(c);
    }
    safe
}

fn ping(body: &Body<'_>) -> Value {
    embed(body, "is connected to this channel", &body.repository_url(), body.text("/zen"), BLUE)
}

fn push(body: &Body<'_>) -> Option<Value> {
    let branch = body.text("/ref");
    let branch = branch.strip_prefix("refs/heads/").or(branch.strip_prefix("refs/tags/"))?;
    let at = format!("{}:{branch}", body.repository());
    let commits = body.0.get("commits").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let compare = body.text("/compare");
    if body.is("/forced") {
        let after = body.text("/after").get(..7).unwrap_or_default();
        let title = format!("[{at}] Branch was force-pushed to {after}");
        return Some(entitled(body, &title, compare, &list(commits), RED));
    }
    if commits.is_empty() {
        return None;
    }
    let count = commits.len();
    let title = format!("[{at}] {count} new commit{}", if count == 1 { "" } else { "s" });
    Some(entitled(body, &title, compare, &list(commits), BLUE))
}

fn list(commits: &[Value]) -> String {
    let line = |commit: &Value| {
        let commit = Body(commit);
        let id = commit.text("/id").get(..7).unwrap_or_default().to_owned();
        let (url, said) = (commit.text("/url"), commit.text("/message"));
        let said = plain(&cut(said.lines().next().unwrap_or_default(), LINE));
        let name = [commit.text("/author/username"), commit.text("/author/name")];
        let name = name.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
        let shown = if is_web(url) { format!("[`{id}`]({url})") } else { format!("`{id}`") };
        format!("{shown} {said} - {}", plain(name))
    };
    let mut lines: Vec<String> = commits.iter().take(COMMITS).map(line).collect();
    // Whole lines only: half an address is none.
    while lines.iter().map(|line| line.chars().count() + 1).sum::<usize>() > TEXT {
        lines.pop();
    }
    lines.join("\n")
}

fn reference(body: &Body<'_>, event: &str) -> Option<Value> {
    let kind = body.text("/ref_type");
    if !matches!(kind, "branch" | "tag") {
        return None;
    }
    let (done, color) = if event == "create" { ("New", GREEN) } else { ("Deleted", RED) };
    let title = format!("{done} {kind}: {}", body.text("/ref"));
    Some(embed(body, &title, &body.repository_url(), "", color))
}

/// `Pull request opened: #7 Title`, for what opens, closes and comes back.
fn numbered(body: &Body<'_>, what: &str, done: &str, at: &str, color: u32, text: &str) -> Value {
    let (number, title) = (body.number(&format!("{at}/number")), body.text(&format!("{at}/title")));
    let title = format!("{what} {done}: #{number} {title}");
    embed(body, &title, body.text(&format!("{at}/html_url")), text, color)
}

fn pull_request(body: &Body<'_>) -> Option<Value> {
    let said = body.text("/pull_request/body");
    let (done, color, text) = match body.action() {
        "opened" => ("opened", GREEN, said),
        "reopened" => ("reopened", GREEN, ""),
        "ready_for_review" => ("ready for review", GREEN, ""),
        "closed" if body.is("/pull_request/merged") => ("merged", PURPLE, ""),
        "closed" => ("closed", RED, ""),
        _ => return None,
    };
    Some(numbered(body, "Pull request", done, "/pull_request", color, text))
}

fn review(body: &Body<'_>) -> Option<Value> {
    if body.action() != "submitted" {
        return None;
    }
    let (done, color) = match body.text("/review/state") {
        "approved" => ("approved", GREEN),
        "changes_requested" => ("changes requested", RED),
        "commented" if !body.text("/review/body").is_empty() => ("reviewed", GRAY),
        _ => return None,
    };
    let text = body.text("/review/body");
    let title = format!(
        "Pull request {done}: #{} {}",
        body.number("/pull_request/number"),
        body.text("/pull_request/title"),
    );
    Some(embed(body, &title, body.text("/review/html_url"), text, color))
}

fn issue(body: &Body<'_>) -> Option<Value> {
    let (done, color, text) = match body.action() {
        "opened" => ("opened", GREEN, body.text("/issue/body")),
        "reopened" => ("reopened", GREEN, ""),
        "closed" => ("closed", PURPLE, ""),
        _ => return None,
    };
    Some(numbered(body, "Issue", done, "/issue", color, text))
}

fn comment(body: &Body<'_>, event: &str) -> Option<Value> {
    if body.action() != "created" {
        return None;
    }
    let title = match event {
        "commit_comment" => {
            let commit = body.text("/comment/commit_id").get(..7).unwrap_or_default();
            format!("New comment on commit {commit}")
        }
        "pull_request_review_comment" => format!(
            "New comment on pull request #{} {}",
            body.number("/pull_request/number"),
            body.text("/pull_request/title"),
        ),
        _ => {
            let is_pull = body.0.pointer("/issue/pull_request").is_some();
            let what = if is_pull { "pull request" } else { "issue" };
            let (number, title) = (body.number("/issue/number"), body.text("/issue/title"));
            format!("New comment on {what} #{number} {title}")
        }
    };
    let (url, text) = (body.text("/comment/html_url"), body.text("/comment/body"));
    Some(embed(body, &title, url, text, GRAY))
}

fn discussion(body: &Body<'_>, event: &str) -> Option<Value> {
    let (number, title) = (body.number("/discussion/number"), body.text("/discussion/title"));
    let (title, at) = match (event, body.action()) {
        ("discussion", "created") => (format!("New discussion #{number} {title}"), "/discussion"),
        ("discussion", "answered") => {
            (format!("Discussion answered: #{number} {title}"), "/discussion")
        }
        ("discussion_comment", "created") => {
            (format!("New comment on discussion #{number} {title}"), "/comment")
        }
        _ => return None,
    };
    let (url, text) = (body.text(&format!("{at}/html_url")), body.text(&format!("{at}/body")));
    Some(embed(body, &title, url, text, BLUE))
}

fn release(body: &Body<'_>) -> Option<Value> {
    if body.action() != "published" {
        return None;
    }
    let name = [body.text("/release/name"), body.text("/release/tag_name")];
    let name = name.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
    let title = format!("New release: {name}");
    let (url, text) = (body.text("/release/html_url"), body.text("/release/body"));
    Some(embed(body, &title, url, text, GREEN))
}

fn star(body: &Body<'_>, event: &str) -> Option<Value> {
    match (event, body.action()) {
        // Both are sent for one star; "watch" is the older name.
        ("star", "created") => {
            let count = body.number("/repository/stargazers_count");
            let text = if count > 0 { format!("{count} in all") } else { String::new() };
            Some(embed(body, "New star", &body.repository_url(), &text, BLUE))
        }
        _ => None,
    }
}

fn fork(body: &Body<'_>) -> Value {
    let title = format!("Fork created: {}", body.text("/forkee/full_name"));
    embed(body, &title, body.text("/forkee/html_url"), "", BLUE)
}

fn member(body: &Body<'_>) -> Option<Value> {
    let title = format!("New collaborator: {}", body.text("/member/login"));
    let url = body.text("/member/html_url");
    (body.action() == "added").then(|| embed(body, &title, url, "", GREEN))
}

/// How a check ended: only what did not go well, and workflows.
fn run(body: &Body<'_>, event: &str) -> Option<Value> {
    let at = format!("/{event}");
    let (name, ended) = (body.text(&format!("{at}/name")), body.text(&format!("{at}/conclusion")));
    let (done, color) = match (event, ended) {
        (_, "failure" | "timed_out") => ("failed", RED),
        ("workflow_run", "success") => ("succeeded", GREEN),
        _ => return None,
    };
    if body.action() != "completed" {
        return None;
    }
    let branch =
        [body.text(&format!("{at}/head_branch")), body.text("/check_run/check_suite/head_branch")];
    let branch = branch.into_iter().find(|branch| !branch.is_empty()).unwrap_or_default();
    let title = format!("{name} {done} on {branch}");
    Some(embed(body, &title, body.text(&format!("{at}/html_url")), "", color))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embed_of(event: &str, body: &Value) -> Option<Value> {
        message(event, body)?.embeds?.pop()
    }

    fn with(mut body: Value) -> Value {
        body["repository"] = json!({ "full_name": "ann/tea", "html_url": "https://x.test/tea" });
        body["sender"] = json!({ "login": "ann", "html_url": "javascript:alert(1)" });
        body
    }

    #[test]
    fn a_push_lists_its_commits() {
        let commit = |n: usize| {
            json!({
                "id": format!("{n:040}"), "url": format!("https://x.test/c/{n}"),
                "message": format!("[fix] {n}\n\nlong"), "author": { "username": "ann" },
            })
        };
        let body = |count: usize| {
            with(json!({
                "ref": "refs/heads/main", "compare": "https://x.test/compare",
                "commits": (0..count).map(commit).collect::<Vec<_>>(),
            }))
        };
        let seen = embed_of("push", &body(2)).expect("said");
        assert_eq!(seen["title"], "[ann/tea:main] 2 new commits");
        let first = "[`0000000`](https://x.test/c/0) \\[fix\\] 0 - ann";
        let lines: Vec<_> = seen["description"].as_str().expect("text").lines().collect();
        assert_eq!((lines.len(), lines[0]), (2, first));
        assert_eq!(seen["author"], json!({ "name": "ann" }), "no address that is none");
        assert_eq!(embed_of("push", &body(0)), None);
        let many = embed_of("push", &body(500)).expect("said");
        assert!(many["description"].as_str().expect("text").lines().count() <= COMMITS);
    }

    #[test]
    fn what_happens_in_a_repository_is_said_in_a_line() {
        let at = |key: &str, action: &str, more: Value| {
            let mut what = json!({ "number": 7, "title": "Milk", "html_url": "https://x.test/7" });
            what.as_object_mut()
                .expect("an object")
                .extend(more.as_object().cloned().expect("one"));
            with(json!({ "action": action, key: what }))
        };
        let merged = json!({ "merged": true });
        for (event, body, title) in [
            ("ping", with(json!({})), "[ann/tea] is connected to this channel"),
            ("issues", at("issue", "opened", json!({})), "[ann/tea] Issue opened: #7 Milk"),
            (
                "pull_request",
                at("pull_request", "closed", merged),
                "[ann/tea] Pull request merged: #7 Milk",
            ),
            (
                "release",
                with(json!({ "action": "published", "release": { "tag_name": "v1" } })),
                "[ann/tea] New release: v1",
            ),
            ("star", with(json!({ "action": "created" })), "[ann/tea] New star"),
            ("create", with(json!({ "ref_type": "tag", "ref": "v1" })), "[ann/tea] New tag: v1"),
        ] {
            assert_eq!(embed_of(event, &body).expect("said")["title"], title, "{event}");
        }
        let comment = json!({
            "action": "created", "issue": { "number": 7, "title": "Milk" },
            "comment": { "body": "Yes", "html_url": "https://x.test/7#1" },
        });
        let seen = embed_of("issue_comment", &with(comment)).expect("said");
        assert_eq!(
            (&seen["description"], &seen["url"]),
            (&json!("Yes"), &json!("https://x.test/7#1"))
        );
        for (event, body) in [
            ("issues", at("issue", "labeled", json!({}))),
            ("star", with(json!({ "action": "deleted" }))),
            ("anything", json!({})),
            ("push", json!([])),
            ("pull_request_review", json!({ "action": 7 })),
        ] {
            assert_eq!(embed_of(event, &body), None, "{event}");
        }
    }
}
