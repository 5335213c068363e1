//! The description of our own namespace: OpenAPI 3.1, made from the table of routes and from the
//! same declarations that TypeScript gets; a test keeps the file true.
//!
//! The operations stand here, each with its body and its answer in the notation of TypeScript.

#[cfg(test)]
mod schema;

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};

use super::Routes;

/// `docs/reference/openapi.json`.
const DOCUMENT: &str = include_str!("../../../../docs/reference/openapi.json");

pub fn routes() -> Routes {
    Routes::osc().get("/openapi.json", document)
}

async fn document() -> Response {
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], DOCUMENT).into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::{Map, Value, json};

    use super::{super::routes, schema};
    use crate::api::Namespace;

    /// What one sends, what it does, the body, the status of success, and the answer.
    type Operation = (&'static str, &'static str, &'static str, u16, &'static str);

    const REPORT_CHANGE: &str = "{ state?: ReportState, action?: ReportAction, \
        duration_seconds?: number, delete_message_seconds?: number, answer?: string }";

    const OPERATIONS: &[Operation] = &[
        ("GET /openapi.json", "This document.", "", 200, "Record<string, unknown>"),
        (
            "POST /guests",
            "Comes as a guest. 428: with `challenge`, a `Challenge` to be answered first.",
            "{ name: string, challenge?: { token: string, solution: string } }",
            201,
            "SignedIn",
        ),
        (
            "POST /accounts",
            "Makes an account; a guest who does becomes it.",
            "{ username: string, password: string, invite?: string }",
            201,
            "SignedIn",
        ),
        ("DELETE /accounts/@me", "Deletes the own account.", "{ password?: string }", 204, ""),
        (
            "PUT /accounts/@me/password",
            "Changes the own password.",
            "{ current: string, new: string }",
            204,
            "",
        ),
        (
            "POST /password-reset-links",
            "The owner of the server makes a link for a new password.",
            "{ username: string }",
            201,
            "{ url: string }",
        ),
        (
            "POST /password-resets",
            "Chooses a new password by such a link.",
            "{ secret: string, password: string }",
            204,
            "",
        ),
        ("GET /sessions", "The own logins.", "", 200, "Array<LoginSession>"),
        ("POST /sessions", "Signs in.", "{ username: string, password: string }", 201, "SignedIn"),
        ("DELETE /sessions/{session}", "Ends a login; @current: this one.", "", 204, ""),
        ("POST /owner", "Becomes the owner of the server.", "{ secret: string }", 204, ""),
        ("GET /directory", "Public rooms.", "", 200, "Directory"),
        (
            "POST /guilds",
            "Makes a room.",
            "{ name: string, visibility: Visibility, description?: string | null, \
             icon?: string | null, guests_write?: boolean }",
            201,
            "Guild",
        ),
        (
            "PATCH /guilds/{guild}",
            "Changes what v10 does not have on a room.",
            "{ visibility?: Visibility, slug?: string | null, guests_write?: boolean }",
            200,
            "Guild",
        ),
        ("DELETE /guilds/{guild}", "Deletes a room.", "", 204, ""),
        ("PUT /guilds/{guild}/owner", "Hands a room over.", "{ user_id: string }", 200, "Guild"),
        ("POST /guilds/{guild}/join", "Joins a public room.", "", 200, "Guild"),
        ("GET /guilds/by-slug/{slug}", "A room by its address.", "", 200, "GuildSummary"),
        ("POST /guilds/by-slug/{slug}/join", "Joins a room by its address.", "", 200, "Guild"),
        ("GET /guilds/{guild}/preview", "What a visitor may read.", "", 200, "Preview"),
        ("POST /invites/{code}/join", "Joins by an invite.", "", 200, "Guild"),
        ("GET /bots", "The own bots.", "", 200, "Array<OwnBot>"),
        ("POST /bots", "Makes a bot.", "{ name: string }", 201, "SignedIn"),
        ("GET /bots/{bot}", "A bot of one's own.", "", 200, "OwnBot"),
        (
            "PATCH /bots/{bot}",
            "Changes a bot: its name, its picture, what it says of itself, and what it may.",
            "{ name?: string, avatar?: string | null, description?: string | null, \
             tags?: Array<string> | null, public?: boolean, intents?: number, \
             permissions?: string | null }",
            200,
            "OwnBot",
        ),
        (
            "GET /bots/{bot}/authorization",
            "What one decides by who is asked to add a bot to a room.",
            "",
            200,
            "BotAuthorization",
        ),
        ("DELETE /bots/{bot}", "Deletes a bot.", "", 204, ""),
        ("POST /bots/{bot}/token", "A new token; the old one ends.", "", 201, "SignedIn"),
        (
            "GET /guilds/{guild}/bots/{bot}/commands",
            "All commands of a bot that hold in a room, for who may say who uses them. `locale`: \
             in which language.",
            "",
            200,
            "ApplicationCommand[]",
        ),
        (
            "PUT /guilds/{guild}/bots/{bot}",
            "Adds a bot to a room.",
            "{ permissions: string }",
            200,
            "Member",
        ),
        (
            "PUT /bots/{bot}/endpoint",
            "Where a bot's interactions go, once that answers a signed PING; null: its gateway.",
            "{ url: string | null }",
            200,
            "BotEndpoint",
        ),
        (
            "GET /channels/{channel}/commands",
            "Commands one may use there; ?locale=: in that language.",
            "",
            200,
            "UsableCommands",
        ),
        (
            "POST /channels/{channel}/interactions",
            "Uses a command (2), a component (3), asks for suggestions (4), or sends a form (5); \
             answers what the application said first, or after three seconds that it is silent.",
            "{ type: number, application_id?: string, message_id?: string, \
             interaction_id?: string, nonce?: string, locale?: string, data: { id?: string, \
             target_id?: string, custom_id?: string, options?: Array<unknown>, \
             values?: unknown } }",
            200,
            "InteractionOutcome",
        ),
        (
            "PUT /channels/{channel}/read",
            "Sets how far one has read.",
            "{ message_id: string }",
            200,
            "ReadState",
        ),
        (
            "GET /channels/{channel}/messages/search",
            "Searches in one conversation, with the query of Search Guild Messages.",
            "",
            200,
            "MessageSearch",
        ),
        ("GET /users/@me/channels", "Direct messages and groups.", "", 200, "Array<Channel>"),
        ("GET /users/{user}/profile", "Somebody one knows.", "", 200, "Profile"),
        ("GET /relationships", "Friends, requests, blocks.", "", 200, "Array<Relationship>"),
        (
            "POST /relationships",
            "Asks somebody by name to be a friend.",
            "{ username: string }",
            200,
            "Relationship",
        ),
        (
            "PUT /relationships/{user}",
            "1: asks, or agrees; 2: blocks.",
            "{ type: number }",
            200,
            "Relationship",
        ),
        ("DELETE /relationships/{user}", "Ends it, whatever it is.", "", 204, ""),
        (
            "PUT /users/@me/guilds/order",
            "Puts one's rooms in order, on all one's devices.",
            "GuildOrder",
            200,
            "GuildOrder",
        ),
        (
            "PUT /notifications/{target}",
            "Sets what a room or a channel tells.",
            "{ level?: number | null, muted?: boolean, muted_until?: string | null }",
            200,
            "NotificationSetting",
        ),
        (
            "POST /guilds/{guild}/auto-moderation/try",
            "What a rule would do with a text.",
            "{ trigger_type: number, trigger_metadata?: TriggerMetadata, text: string }",
            200,
            "RuleTrial",
        ),
        ("GET /guilds/{guild}/safety", "Raid mode, lock, what is paused.", "", 200, "Safety"),
        (
            "PATCH /guilds/{guild}/safety",
            "Changes them.",
            "{ raid_until?: string | null, locked?: boolean, raid_detection?: RaidDetection, \
             raid_joins?: number }",
            200,
            "Safety",
        ),
        ("GET /guilds/{guild}/joins", "Who came in some time.", "", 200, "Joins"),
        ("GET /guilds/{guild}/cleanups", "Raids that were undone.", "", 200, "Array<Cleanup>"),
        (
            "POST /guilds/{guild}/cleanups",
            "Bans many together and deletes their messages.",
            "{ user_ids: Array<string>, delete_message_seconds?: number }",
            202,
            "Cleanup",
        ),
        ("GET /guilds/{guild}/cleanups/{cleanup}", "How far it is.", "", 200, "Cleanup"),
        ("POST /guilds/{guild}/cleanups/{cleanup}/undo", "Lifts its bans.", "", 202, "Cleanup"),
        (
            "POST /reports",
            "Reports a message, a member or a room.",
            "{ reason: ReportReason, text?: string, channel_id?: string, message_id?: string, \
             guild_id?: string, user_id?: string }",
            201,
            "OwnReport",
        ),
        ("GET /reports", "What one reported, and what came of it.", "", 200, "Array<OwnReport>"),
        ("GET /guilds/{guild}/reports", "Reports of a room.", "", 200, "Reports"),
        (
            "PATCH /guilds/{guild}/reports/{report}",
            "Takes a report, does something about it, ends it.",
            REPORT_CHANGE,
            200,
            "Report",
        ),
        ("GET /owner/reports", "Reports for the owner of the server.", "", 200, "Reports"),
        (
            "PATCH /owner/reports/{report}",
            "The same for the owner of the server.",
            REPORT_CHANGE,
            200,
            "Report",
        ),
        ("GET /push", "The key a browser subscribes with.", "", 200, "PushKey"),
        (
            "POST /push/subscriptions",
            "Subscribes this login's browser to Web Push.",
            "{ endpoint: string, keys: { p256dh: string, auth: string } }",
            201,
            "PushSubscription",
        ),
        ("DELETE /push/subscriptions/{session}", "Ends a subscription.", "", 204, ""),
    ];

    /// Where one need not be signed in.
    const OPEN: &[&str] = &[
        "GET /openapi.json",
        "POST /guests",
        "POST /accounts",
        "POST /sessions",
        "POST /password-resets",
        "GET /directory",
        "GET /guilds/by-slug/{slug}",
        "GET /guilds/{guild}/preview",
    ];

    /// With the names of parameters left out: `/bots/{}`.
    fn bare(named: &str) -> String {
        let parts = named.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
        parts.collect::<Vec<_>>().join("/")
    }

    fn operation(named: &str, types: &schema::Types) -> Value {
        let known = OPERATIONS.iter().find(|operation| bare(operation.0) == bare(named));
        let Some((_, summary, body, status, answer)) = known else {
            panic!("api/openapi.rs does not describe {named}");
        };
        let content = |text: &str| json!({ "application/json": { "schema": types.read(text) } });
        let mut success = json!({ "description": "Done." });
        if !answer.is_empty() {
            success["content"] = content(answer);
        }
        let error = json!({ "description": "Refused.", "content": content("Error") });
        let mut made = json!({
            "summary": summary,
            "responses": { status.to_string(): success, "4XX": error },
        });
        if !body.is_empty() {
            made["requestBody"] = json!({ "required": true, "content": content(body) });
        }
        let parameters: Vec<_> = named
            .split(['{', '}'])
            .skip(1)
            .step_by(2)
            .map(|name| {
                let text = json!({ "type": "string" });
                json!({ "name": name, "in": "path", "required": true, "schema": text })
            })
            .collect();
        if !parameters.is_empty() {
            made["parameters"] = parameters.into();
        }
        if OPEN.contains(&named) {
            made["security"] = json!([{}, { "token": [] }]);
        }
        made
    }

    fn document() -> Value {
        let types = schema::Types::generated();
        let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
        let routes = routes();
        for route in routes.table().filter(|route| route.namespace == Namespace::Osc) {
            let named = format!("{} {}", route.method, route.path);
            let method = route.method.as_str().to_lowercase();
            paths.entry(route.path).or_default().insert(method, operation(&named, &types));
        }
        let paths = serde_json::to_value(paths).expect("plain data");
        let token = json!({ "type": "apiKey", "in": "header", "name": "Authorization" });
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": "opensrcchat",
                "version": "1",
                "description": "What Discord's API v10 does not have. Ids are strings.",
            },
            "servers": [{ "url": "/api/osc/v1" }],
            "security": [{ "token": [] }],
            "components": {
                "securitySchemes": { "token": token },
                "schemas": types.used_by(&paths),
            },
            "paths": paths,
        })
    }

    #[test]
    fn the_reference_of_our_namespace_says_what_the_routes_are() {
        let text = serde_json::to_string_pretty(&document()).expect("plain data") + "\n";
        let path = format!("{}/../../docs/reference/openapi.json", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("WRITE_REFERENCE").is_some() {
            std::fs::write(&path, &text).expect("the page can be written");
        }
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(there == text, "docs/reference/openapi.json is old: run with WRITE_REFERENCE=1");
    }

    #[test]
    fn no_operation_is_described_twice() {
        let all: BTreeSet<_> = OPERATIONS.iter().map(|operation| bare(operation.0)).collect();
        assert_eq!(all.len(), OPERATIONS.len());
    }
}
