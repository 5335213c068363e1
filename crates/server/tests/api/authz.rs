//! Who may call what: every route, by every kind of actor, on every kind of object.
//!
//! A route without a row here fails. Rules that need no table: nobody unknown gets in, what one may
//! not know of looks exactly like what is not there, and no answer is a fault of ours.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
};

use client::rest::Body;
use hyper::Method;
use proto::Permissions as P;
use serde_json::{Value, json};

use crate::town::{Answer, Person, Room, Town};

/// What a route asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Needs {
    /// Nothing; it may still find nothing, or refuse for reasons of its own.
    Nothing,
    /// Being signed in. What it is about is the actor's own.
    Login,
    /// Being a member who sees the object, with these permissions.
    In(P),
    /// Owning the room.
    Owner,
}

use Needs::{In, Login, Nothing, Owner};

/// Of others.
const EMOJI: P = P::MANAGE_GUILD_EXPRESSIONS;
const HISTORY: P = P::READ_MESSAGE_HISTORY;

const BULK_BAN: P = P::from_bits_truncate(P::BAN_MEMBERS.bits() | P::MANAGE_GUILD.bits());
const PRUNE: P = P::from_bits_truncate(P::KICK_MEMBERS.bits() | P::MANAGE_GUILD.bits());

/// Route, what it needs, and a body that makes sense.
const TABLE: &[(&str, Needs, &str)] = &[
    ("GET /api/v10/gateway", Nothing, ""),
    ("GET /api/v10/gateway/bot", Login, ""),
    ("GET /healthz", Nothing, ""),
    ("GET /readyz", Nothing, ""),
    ("GET /metrics", Nothing, ""),
    ("GET /.well-known/osc", Nothing, ""),
    ("GET /cdn/attachments/{channel}/{attachment}/{filename}", Nothing, ""),
    ("GET /cdn/avatars/{user}/{hash}", Nothing, ""),
    ("GET /cdn/icons/{guild}/{hash}", Nothing, ""),
    ("GET /cdn/channel-icons/{guild}/{hash}", Nothing, ""),
    ("GET /cdn/emojis/{file}", Nothing, ""),
    ("GET /cdn/embed/avatars/{number}", Nothing, ""),
    ("POST /api/osc/v1/guests", Nothing, r#"{"name":"Anna"}"#),
    ("POST /api/osc/v1/accounts", Nothing, "{}"),
    ("POST /api/osc/v1/sessions", Nothing, "{}"),
    ("POST /api/osc/v1/password-resets", Nothing, "{}"),
    ("GET /api/osc/v1/directory", Nothing, ""),
    ("GET /api/osc/v1/openapi.json", Nothing, ""),
    ("GET /api/osc/v1/guilds/{guild}/preview", Nothing, ""),
    ("GET /api/osc/v1/guilds/by-slug/{slug}", Nothing, ""),
    ("GET /api/v10/invites/{code}", Nothing, ""),
    ("DELETE /api/osc/v1/accounts/@me", Login, "{}"),
    ("PUT /api/osc/v1/accounts/@me/password", Login, "{}"),
    ("POST /api/osc/v1/password-reset-links", Login, "{}"),
    ("GET /api/v10/oauth2/applications/@me", Login, ""),
    ("GET /api/v10/applications/@me", Login, ""),
    ("PATCH /api/v10/applications/@me", Login, "{}"),
    ("GET /api/v10/applications/{application}", Login, ""),
    ("PATCH /api/v10/applications/{application}", Login, "{}"),
    ("GET /api/v10/applications/{application}/commands", Login, ""),
    ("POST /api/v10/applications/{application}/commands", Login, "{}"),
    ("PUT /api/v10/applications/{application}/commands", Login, "[]"),
    ("GET /api/v10/applications/{application}/commands/{command}", Login, ""),
    ("PATCH /api/v10/applications/{application}/commands/{command}", Login, "{}"),
    ("DELETE /api/v10/applications/{application}/commands/{command}", Login, ""),
    ("GET /api/v10/applications/{application}/guilds/{guild}/commands", Login, ""),
    ("POST /api/v10/applications/{application}/guilds/{guild}/commands", Login, "{}"),
    ("PUT /api/v10/applications/{application}/guilds/{guild}/commands", Login, "[]"),
    ("GET /api/v10/applications/{application}/guilds/{guild}/commands/{command}", Login, ""),
    ("PATCH /api/v10/applications/{application}/guilds/{guild}/commands/{command}", Login, "{}"),
    ("DELETE /api/v10/applications/{application}/guilds/{guild}/commands/{command}", Login, ""),
    ("GET /api/v10/applications/{application}/emojis", Login, ""),
    ("POST /api/v10/applications/{application}/emojis", Login, "{}"),
    ("GET /api/v10/applications/{application}/emojis/{emoji_id}", Login, ""),
    ("PATCH /api/v10/applications/{application}/emojis/{emoji_id}", Login, "{}"),
    ("DELETE /api/v10/applications/{application}/emojis/{emoji_id}", Login, ""),
    ("GET /api/v10/applications/{application}/guilds/{guild}/commands/permissions", Login, ""),
    (
        "GET /api/v10/applications/{application}/guilds/{guild}/commands/{command}/permissions",
        Login,
        "",
    ),
    (
        "PUT /api/v10/applications/{application}/guilds/{guild}/commands/{command}/permissions",
        Login,
        r#"{"permissions":[]}"#,
    ),
    // The token in the path says who: `interaction.rs`.
    ("POST /api/v10/interactions/{interaction}/{token}/callback", Nothing, r#"{"type":4}"#),
    ("GET /api/osc/v1/channels/{channel}/commands", In(P::NONE), ""),
    (
        "POST /api/osc/v1/channels/{channel}/interactions",
        In(P::USE_APPLICATION_COMMANDS),
        r#"{"type":2}"#,
    ),
    ("PUT /api/osc/v1/bots/{bot}/endpoint", Login, "{}"),
    ("POST /api/osc/v1/bots", Login, "{}"),
    ("GET /api/osc/v1/bots", Login, ""),
    ("GET /api/osc/v1/bots/{bot}", Login, ""),
    ("PATCH /api/osc/v1/bots/{bot}", Login, "{}"),
    ("GET /api/osc/v1/bots/{bot}/authorization", Login, ""),
    ("DELETE /api/osc/v1/bots/{bot}", Login, ""),
    ("POST /api/osc/v1/bots/{bot}/token", Login, ""),
    ("POST /api/v10/users/@me/channels", Login, "{}"),
    ("GET /api/osc/v1/users/@me/channels", Login, ""),
    ("POST /api/osc/v1/guilds", Login, "{}"),
    ("POST /api/osc/v1/guilds/{guild}/join", Login, "{}"),
    ("POST /api/osc/v1/guilds/by-slug/{slug}/join", Login, "{}"),
    ("POST /api/osc/v1/invites/{code}/join", Login, "{}"),
    ("POST /api/osc/v1/owner", Login, "{}"),
    ("GET /api/osc/v1/push", Nothing, ""),
    ("POST /api/osc/v1/push/subscriptions", Login, "{}"),
    ("DELETE /api/osc/v1/push/subscriptions/{session}", Login, ""),
    ("GET /api/osc/v1/sessions", Login, ""),
    ("DELETE /api/osc/v1/sessions/{session}", Login, ""),
    ("GET /api/v10/users/@me", Login, ""),
    ("PATCH /api/v10/users/@me", Login, "{}"),
    ("GET /api/v10/users/{user}", Login, ""),
    ("GET /api/osc/v1/users/{user}/profile", Login, ""),
    ("GET /api/osc/v1/relationships", Login, ""),
    ("POST /api/osc/v1/relationships", Login, "{}"),
    ("PUT /api/osc/v1/relationships/{user}", Login, "{}"),
    ("DELETE /api/osc/v1/relationships/{user}", Login, ""),
    ("PUT /api/osc/v1/notifications/{target}", Login, "{}"),
    ("PUT /api/osc/v1/users/@me/guilds/order", Login, "{}"),
    // No channel of a room: `group.rs` tells who may what in a group.
    ("PUT /api/v10/channels/{channel}/recipients/{user}", Login, ""),
    ("DELETE /api/v10/channels/{channel}/recipients/{user}", Login, ""),
    ("GET /api/v10/applications/{application}/role-connections/metadata", Login, ""),
    ("GET /api/v10/oauth2/keys", Nothing, ""),
    ("GET /api/v10/users/@me/connections", Login, ""),
    ("GET /api/v10/sticker-packs", Nothing, ""),
    ("GET /api/v10/soundboard-default-sounds", Login, ""),
    ("GET /api/v10/voice/regions", Login, ""),
    // A public room is previewed without being in it.
    ("GET /api/v10/guilds/{guild}/preview", Login, ""),
    ("GET /api/v10/guilds/{guild}/widget.json", Nothing, ""),
    ("GET /api/v10/guilds/{guild}/widget", In(P::MANAGE_GUILD), ""),
    ("GET /api/v10/guilds/{guild}/vanity-url", In(P::MANAGE_GUILD), ""),
    ("GET /api/v10/guilds/{guild}/integrations", In(P::MANAGE_GUILD), ""),
    ("DELETE /api/v10/guilds/{guild}/integrations/{integration}", In(P::MANAGE_GUILD), ""),
    ("GET /api/v10/guilds/{guild}/regions", In(P::NONE), ""),
    ("GET /api/v10/guilds/{guild}/voice-states/@me", In(P::NONE), ""),
    ("GET /api/v10/guilds/{guild}/voice-states/{user}", In(P::NONE), ""),
    ("GET /api/v10/guilds/{guild}/stickers", In(P::NONE), ""),
    ("GET /api/v10/guilds/{guild}/soundboard-sounds", In(P::NONE), ""),
    ("GET /api/v10/guilds/{guild}/scheduled-events", In(P::NONE), ""),
    ("GET /api/v10/guilds/{guild}/onboarding", In(P::NONE), ""),
    ("GET /api/v10/guilds/{guild}/welcome-screen", In(P::MANAGE_GUILD), ""),
    ("GET /api/v10/guilds/{guild}/new-member-welcome", In(P::NONE), ""),
    ("GET /api/v10/guilds/{guild}/templates", In(P::MANAGE_GUILD), ""),
    ("GET /api/v10/users/@me/guilds", Login, ""),
    ("DELETE /api/v10/users/@me/guilds/{guild}", Login, ""),
    ("GET /api/v10/guilds/{guild}", In(P::NONE), ""),
    ("PATCH /api/v10/guilds/{guild}", In(P::MANAGE_GUILD), r#"{"name":"Hall"}"#),
    ("PATCH /api/osc/v1/guilds/{guild}", In(P::MANAGE_GUILD), r#"{"guests_write":true}"#),
    ("DELETE /api/osc/v1/guilds/{guild}", Owner, ""),
    ("PUT /api/osc/v1/guilds/{guild}/owner", Owner, r#"{"user_id":"{user}"}"#),
    ("GET /api/osc/v1/guilds/{guild}/bots/{bot}/commands", Login, ""),
    ("PUT /api/osc/v1/guilds/{guild}/bots/{bot}", In(P::MANAGE_GUILD), r#"{"permissions":"0"}"#),
    ("GET /api/v10/guilds/{guild}/channels", In(P::NONE), ""),
    ("POST /api/v10/guilds/{guild}/channels", In(P::MANAGE_CHANNELS), r#"{"name":"new"}"#),
    ("PATCH /api/v10/guilds/{guild}/channels", In(P::MANAGE_CHANNELS), "[]"),
    ("GET /api/v10/guilds/{guild}/members", In(P::NONE), ""),
    ("GET /api/v10/guilds/{guild}/members/search", In(P::NONE), ""),
    ("PATCH /api/v10/guilds/{guild}/members/@me", In(P::CHANGE_NICKNAME), r#"{"nick":"N"}"#),
    ("PATCH /api/v10/guilds/{guild}/members/@me/nick", In(P::CHANGE_NICKNAME), r#"{"nick":"N"}"#),
    ("GET /api/v10/guilds/{guild}/members/{user}", In(P::NONE), ""),
    ("PATCH /api/v10/guilds/{guild}/members/{user}", In(P::MANAGE_NICKNAMES), r#"{"nick":"N"}"#),
    ("DELETE /api/v10/guilds/{guild}/members/{user}", In(P::KICK_MEMBERS), ""),
    ("PUT /api/v10/guilds/{guild}/members/{user}/roles/{role}", In(P::MANAGE_ROLES), ""),
    ("DELETE /api/v10/guilds/{guild}/members/{user}/roles/{role}", In(P::MANAGE_ROLES), ""),
    ("GET /api/v10/guilds/{guild}/roles", In(P::NONE), ""),
    ("POST /api/v10/guilds/{guild}/roles", In(P::MANAGE_ROLES), r#"{"permissions":"0"}"#),
    ("PATCH /api/v10/guilds/{guild}/roles", In(P::MANAGE_ROLES), "[]"),
    ("GET /api/v10/guilds/{guild}/roles/{role}", In(P::NONE), ""),
    ("PATCH /api/v10/guilds/{guild}/roles/{role}", In(P::MANAGE_ROLES), r#"{"hoist":true}"#),
    ("DELETE /api/v10/guilds/{guild}/roles/{role}", In(P::MANAGE_ROLES), ""),
    ("GET /api/v10/guilds/{guild}/messages/search", In(HISTORY), ""),
    ("GET /api/osc/v1/channels/{channel}/messages/search", In(HISTORY), ""),
    ("GET /api/v10/guilds/{guild}/emojis", In(P::NONE), ""),
    ("POST /api/v10/guilds/{guild}/emojis", In(P::CREATE_GUILD_EXPRESSIONS), "{}"),
    ("GET /api/v10/guilds/{guild}/emojis/{emoji_id}", In(P::NONE), ""),
    ("PATCH /api/v10/guilds/{guild}/emojis/{emoji_id}", In(EMOJI), r#"{"name":"dog"}"#),
    ("DELETE /api/v10/guilds/{guild}/emojis/{emoji_id}", In(EMOJI), ""),
    ("GET /api/v10/guilds/{guild}/auto-moderation/rules", In(P::MANAGE_GUILD), ""),
    (
        "POST /api/v10/guilds/{guild}/auto-moderation/rules",
        In(P::MANAGE_GUILD),
        r#"{"name":"r","event_type":1,"trigger_type":1,
            "trigger_metadata":{"keyword_filter":["x"]},"actions":[{"type":1}]}"#,
    ),
    ("GET /api/v10/guilds/{guild}/auto-moderation/rules/{rule}", In(P::MANAGE_GUILD), ""),
    (
        "PATCH /api/v10/guilds/{guild}/auto-moderation/rules/{rule}",
        In(P::MANAGE_GUILD),
        r#"{"name":"rule"}"#,
    ),
    ("DELETE /api/v10/guilds/{guild}/auto-moderation/rules/{rule}", In(P::MANAGE_GUILD), ""),
    (
        "POST /api/osc/v1/guilds/{guild}/auto-moderation/try",
        In(P::MANAGE_GUILD),
        r#"{"trigger_type":1,"trigger_metadata":{"keyword_filter":["x"]},"text":"x"}"#,
    ),
    ("PUT /api/v10/guilds/{guild}/incident-actions", In(P::MANAGE_GUILD), "{}"),
    ("GET /api/osc/v1/guilds/{guild}/safety", In(P::MODERATE_MEMBERS), ""),
    ("PATCH /api/osc/v1/guilds/{guild}/safety", In(P::MODERATE_MEMBERS), r#"{"locked":false}"#),
    ("GET /api/osc/v1/guilds/{guild}/joins", In(P::BAN_MEMBERS), ""),
    ("GET /api/osc/v1/guilds/{guild}/cleanups", In(P::BAN_MEMBERS), ""),
    ("POST /api/osc/v1/guilds/{guild}/cleanups", In(P::BAN_MEMBERS), r#"{"user_ids":["7"]}"#),
    ("GET /api/osc/v1/guilds/{guild}/cleanups/{cleanup}", In(P::BAN_MEMBERS), ""),
    ("POST /api/osc/v1/guilds/{guild}/cleanups/{cleanup}/undo", In(P::BAN_MEMBERS), ""),
    ("POST /api/osc/v1/reports", Login, "{}"),
    ("GET /api/osc/v1/reports", Login, ""),
    ("GET /api/osc/v1/guilds/{guild}/reports", In(P::MODERATE_MEMBERS), ""),
    (
        "PATCH /api/osc/v1/guilds/{guild}/reports/{report}",
        In(P::MODERATE_MEMBERS),
        r#"{"state":"taken"}"#,
    ),
    // Who owns the server: `report.rs`.
    ("GET /api/osc/v1/owner/reports", Login, ""),
    ("PATCH /api/osc/v1/owner/reports/{report}", Login, "{}"),
    ("GET /api/v10/guilds/{guild}/bans", In(P::BAN_MEMBERS), ""),
    ("GET /api/v10/guilds/{guild}/bans/{banned}", In(P::BAN_MEMBERS), ""),
    ("PUT /api/v10/guilds/{guild}/bans/{user}", In(P::BAN_MEMBERS), "{}"),
    ("DELETE /api/v10/guilds/{guild}/bans/{banned}", In(P::BAN_MEMBERS), ""),
    ("POST /api/v10/guilds/{guild}/bulk-ban", In(BULK_BAN), r#"{"user_ids":["{user}"]}"#),
    ("GET /api/v10/guilds/{guild}/prune", In(PRUNE), ""),
    ("POST /api/v10/guilds/{guild}/prune", In(PRUNE), "{}"),
    ("GET /api/v10/guilds/{guild}/roles/member-counts", In(P::NONE), ""),
    ("GET /api/v10/users/@me/guilds/{guild}/member", In(P::NONE), ""),
    ("GET /api/v10/guilds/{guild}/webhooks", In(P::MANAGE_WEBHOOKS), ""),
    ("GET /api/v10/channels/{channel}/webhooks", In(P::MANAGE_WEBHOOKS), ""),
    ("POST /api/v10/channels/{channel}/webhooks", In(P::MANAGE_WEBHOOKS), r#"{"name":"w"}"#),
    ("GET /api/v10/webhooks/{webhook}", In(P::MANAGE_WEBHOOKS), ""),
    ("PATCH /api/v10/webhooks/{webhook}", In(P::MANAGE_WEBHOOKS), r#"{"name":"w"}"#),
    ("DELETE /api/v10/webhooks/{webhook}", In(P::MANAGE_WEBHOOKS), ""),
    // The token is all that counts: `webhook.rs` tells what it opens, and what not.
    ("GET /api/v10/webhooks/{webhook}/{token}", Nothing, ""),
    ("PATCH /api/v10/webhooks/{webhook}/{token}", Nothing, "{}"),
    ("DELETE /api/v10/webhooks/{webhook}/{token}", Nothing, ""),
    ("POST /api/v10/webhooks/{webhook}/{token}", Nothing, r#"{"content":"x"}"#),
    ("POST /api/v10/webhooks/{webhook}/{token}/github", Nothing, "{}"),
    ("POST /api/v10/webhooks/{webhook}/{token}/slack", Nothing, r#"{"text":"x"}"#),
    ("GET /api/v10/webhooks/{webhook}/{token}/messages/@original", Nothing, ""),
    ("PATCH /api/v10/webhooks/{webhook}/{token}/messages/@original", Nothing, "{}"),
    ("DELETE /api/v10/webhooks/{webhook}/{token}/messages/@original", Nothing, ""),
    ("GET /api/v10/webhooks/{webhook}/{token}/messages/{message}", Nothing, ""),
    ("PATCH /api/v10/webhooks/{webhook}/{token}/messages/{message}", Nothing, "{}"),
    ("DELETE /api/v10/webhooks/{webhook}/{token}/messages/{message}", Nothing, ""),
    ("GET /api/v10/guilds/{guild}/audit-logs", In(P::VIEW_AUDIT_LOG), ""),
    ("GET /api/v10/guilds/{guild}/invites", In(P::MANAGE_GUILD), ""),
    ("DELETE /api/v10/invites/{code}", In(P::MANAGE_CHANNELS), ""),
    ("GET /api/v10/channels/{channel}", In(P::NONE), ""),
    ("PATCH /api/v10/channels/{channel}", In(P::MANAGE_CHANNELS), r#"{"topic":"t"}"#),
    ("DELETE /api/v10/channels/{channel}", In(P::MANAGE_CHANNELS), ""),
    (
        "PUT /api/v10/channels/{channel}/permissions/{overwrite}",
        In(P::MANAGE_ROLES),
        r#"{"type":0,"allow":"0","deny":"0"}"#,
    ),
    ("DELETE /api/v10/channels/{channel}/permissions/{overwrite}", In(P::MANAGE_ROLES), ""),
    ("GET /api/v10/channels/{channel}/invites", In(P::MANAGE_CHANNELS), ""),
    ("POST /api/v10/channels/{channel}/invites", In(P::CREATE_INSTANT_INVITE), "{}"),
    ("POST /api/v10/channels/{channel}/typing", In(P::SEND_MESSAGES), ""),
    ("PUT /api/osc/v1/channels/{channel}/read", In(P::NONE), r#"{"message_id":"{message}"}"#),
    ("GET /api/v10/channels/{channel}/messages", In(P::NONE), ""),
    ("POST /api/v10/channels/{channel}/messages", In(P::SEND_MESSAGES), r#"{"content":"x"}"#),
    (
        "POST /api/v10/channels/{channel}/messages/bulk-delete",
        In(P::MANAGE_MESSAGES),
        r#"{"messages":["{message}","{older}"]}"#,
    ),
    ("GET /api/v10/channels/{channel}/messages/{message}", In(HISTORY), ""),
    // Not the author: hiding its embeds is all there is.
    (
        "PATCH /api/v10/channels/{channel}/messages/{message}",
        In(P::MANAGE_MESSAGES),
        r#"{"flags":4}"#,
    ),
    ("DELETE /api/v10/channels/{channel}/messages/{message}", In(P::MANAGE_MESSAGES), ""),
    ("GET /api/v10/channels/{channel}/pins", In(P::NONE), ""),
    ("GET /api/v10/channels/{channel}/messages/pins", In(P::NONE), ""),
    // PIN_MESSAGES alone is enough too: `pin.rs`.
    ("PUT /api/v10/channels/{channel}/pins/{message}", In(P::MANAGE_MESSAGES), ""),
    ("DELETE /api/v10/channels/{channel}/pins/{message}", In(P::MANAGE_MESSAGES), ""),
    ("PUT /api/v10/channels/{channel}/messages/pins/{message}", In(P::MANAGE_MESSAGES), ""),
    ("DELETE /api/v10/channels/{channel}/messages/pins/{message}", In(P::MANAGE_MESSAGES), ""),
    (
        "PUT /api/v10/channels/{channel}/messages/{message}/reactions/{emoji}/@me",
        In(P::from_bits_truncate(HISTORY.bits() | P::ADD_REACTIONS.bits())),
        "",
    ),
    (
        "DELETE /api/v10/channels/{channel}/messages/{message}/reactions/{emoji}/@me",
        In(P::NONE),
        "",
    ),
    (
        "DELETE /api/v10/channels/{channel}/messages/{message}/reactions/{emoji}/{user}",
        In(P::MANAGE_MESSAGES),
        "",
    ),
    ("GET /api/v10/channels/{channel}/messages/{message}/reactions/{emoji}", In(HISTORY), ""),
    (
        "DELETE /api/v10/channels/{channel}/messages/{message}/reactions/{emoji}",
        In(P::MANAGE_MESSAGES),
        "",
    ),
    ("DELETE /api/v10/channels/{channel}/messages/{message}/reactions", In(P::MANAGE_MESSAGES), ""),
    (
        "POST /api/v10/channels/{channel}/messages/{message}/threads",
        In(P::CREATE_PUBLIC_THREADS),
        r#"{"name":"x"}"#,
    ),
    (
        "POST /api/v10/channels/{channel}/threads",
        In(P::CREATE_PUBLIC_THREADS),
        r#"{"name":"x","type":11}"#,
    ),
    ("GET /api/v10/guilds/{guild}/threads/active", In(P::NONE), ""),
    ("GET /api/v10/channels/{channel}/threads/archived/public", In(HISTORY), ""),
    ("GET /api/v10/channels/{channel}/threads/archived/private", In(THREADS), ""),
    ("GET /api/v10/channels/{channel}/users/@me/threads/archived/private", In(HISTORY), ""),
    ("GET /api/v10/channels/{channel}/threads/search", In(HISTORY), ""),
    ("GET /api/v10/channels/{thread}/thread-members", In(P::NONE), ""),
    ("GET /api/v10/channels/{thread}/thread-members/{user}", In(P::NONE), ""),
    ("PUT /api/v10/channels/{thread}/thread-members/@me", In(P::NONE), ""),
    ("POST /api/v10/channels/{thread}/thread-members/@me", In(P::NONE), ""),
    ("DELETE /api/v10/channels/{thread}/thread-members/@me", In(P::NONE), ""),
    ("PUT /api/v10/channels/{thread}/thread-members/{user}", In(P::SEND_MESSAGES_IN_THREADS), ""),
    ("DELETE /api/v10/channels/{thread}/thread-members/{user}", In(P::MANAGE_THREADS), ""),
];

const THREADS: P = P::from_bits_truncate(HISTORY.bits() | P::MANAGE_THREADS.bits());

/// Permissions of a member who is timed out.
const SILENT: P = P::from_bits_truncate(P::VIEW_CHANNEL.bits() | HISTORY.bits());

const MODERATOR: P = P::from_bits_truncate(
    P::KICK_MEMBERS.bits()
        | P::BAN_MEMBERS.bits()
        | P::MANAGE_MESSAGES.bits()
        | P::MANAGE_NICKNAMES.bits(),
);

/// How many answers were judged.
static CELLS: AtomicUsize = AtomicUsize::new(0);

/// A room with everybody in and around it.
struct World {
    /// Nobody in it but its owner.
    other: Place,
    own: Place,
    hidden: Place,
    missing: Place,
    actors: Vec<Actor>,
    user: String,
    banned: String,
    role: String,
}

/// What the words in a path stand for.
#[derive(Clone, Default)]
struct Place {
    guild: String,
    channel: String,
    message: String,
    older: String,
    emoji: String,
    code: String,
    /// Hangs on `older`.
    thread: String,
    webhook: String,
    token: String,
}

struct Actor {
    name: &'static str,
    who: Person,
    /// `None`: not a member of the room.
    may: Option<P>,
    signed_in: bool,
}

impl Actor {
    fn may(&self, needs: Needs) -> bool {
        match needs {
            Nothing => true,
            Login => self.signed_in,
            In(permissions) => self.may.is_some_and(|may| may.contains(permissions)),
            Owner => self.name == "owner",
        }
    }

    fn sees_hidden(&self) -> bool {
        matches!(self.name, "owner" | "admin")
    }
}

async fn furnished(owner: &Person, visibility: &str) -> (Room, Place, String) {
    let draft = json!({ "name": visibility, "visibility": visibility });
    let room = owner.found(draft, &[]).await;
    let role = owner.makes_role(&room, "low", 0).await;
    let place = furnish(owner, &room.id, &room.general, &role).await;
    (room, place, role)
}

/// Two messages, one with a reaction, an invite, and a role with an overwrite.
async fn furnish(owner: &Person, guild: &str, channel: &str, role: &str) -> Place {
    let older = owner.say(channel, "older").await;
    let message = owner.say(channel, "message").await;
    let reaction = format!("/channels/{channel}/messages/{message}/reactions/%F0%9F%A6%80/@me");
    owner.done(Method::PUT, &reaction, Value::Null).await;
    let path = format!("/channels/{channel}/invites");
    let invite = owner.done(Method::POST, &path, json!({ "max_age": 3600 })).await;
    let code = invite["code"].as_str().expect("a code").to_owned();
    let path = format!("/channels/{channel}/permissions/{role}");
    let overwrite = json!({ "type": 0, "allow": "0", "deny": "0" });
    owner.done(Method::PUT, &path, overwrite).await;
    let path = format!("/guilds/{guild}/emojis");
    let draft = json!({ "name": "crab", "image": super::emoji::PIXEL });
    let emoji = owner.done(Method::POST, &path, draft).await.id();
    let path = format!("/channels/{channel}/messages/{older}/threads");
    let thread = owner.done(Method::POST, &path, json!({ "name": "thread" })).await.id();
    let path = format!("/channels/{channel}/webhooks");
    let hook = owner.done(Method::POST, &path, json!({ "name": "hook" })).await;
    let (webhook, token) = (hook.id(), hook["token"].as_str().expect("a token").to_owned());
    let (guild, channel) = (guild.to_owned(), channel.to_owned());
    Place { guild, channel, message, older, emoji, code, thread, webhook, token }
}

async fn world(town: &Town) -> World {
    let walk = async |name| town.walker(name).await;
    let owner = walk("Olga").await;
    let (room, own, role) = furnished(&owner, "public").await;
    let hide = json!({ "name": "hidden", "type": 0, "permission_overwrites": [
        { "id": room.id, "type": 0, "allow": "0", "deny": P::VIEW_CHANNEL.bits().to_string() },
    ] });
    let path = format!("/guilds/{}/channels", room.id);
    let hidden = owner.done(Method::POST, &path, hide).await.id();
    let hidden = furnish(&owner, &room.id, &hidden, &role).await;
    let (_, other, _) = furnished(&walk("Fritz").await, "private").await;
    let moderator = owner.makes_role(&room, "moderators", MODERATOR.bits()).await;
    let admin = owner.makes_role(&room, "admins", P::ADMINISTRATOR.bits()).await;
    // The newest role is made at the bottom: these must stand above the low one.
    let path = format!("/guilds/{}/roles", room.id);
    let ladder = json!([{ "id": moderator, "position": 2 }, { "id": admin, "position": 3 }]);
    owner.done(Method::PATCH, &path, ladder).await;

    let everyone = P::DEFAULT_EVERYONE;
    let [user, member, muted, mod_, adm, banned, outsider, gone] = [
        walk("Uwe").await,
        walk("Mia").await,
        walk("Mute Martha").await,
        walk("Max").await,
        walk("Ada").await,
        walk("Bernd").await,
        walk("Otto").await,
        walk("Gerd").await,
    ];
    for who in [&user, &member, &muted, &mod_, &adm, &banned, &gone] {
        who.joins(&room).await;
    }
    let path = format!("/channels/{}/thread-members/{}", own.thread, user.id);
    owner.done(Method::PUT, &path, Value::Null).await;
    owner.gives_role(&room, &user, &role).await;
    owner.gives_role(&room, &mod_, &moderator).await;
    owner.gives_role(&room, &adm, &admin).await;
    let quiet =
        json!({ "communication_disabled_until": town.app().clock.now().plus_ms(3_600_000) });
    let path = format!("/guilds/{}/members/{}", room.id, muted.id);
    owner.done(Method::PATCH, &path, quiet).await;
    let path = format!("/guilds/{}/bans/{}", room.id, banned.id);
    owner.done(Method::PUT, &path, json!({})).await;
    gone.done(Method::DELETE, "/osc/v1/sessions/@current", Value::Null).await;

    let missing = ["7", "8", "9", "10", "11", "8"].map(str::to_owned);
    let [guild, channel, message, older, emoji, thread] = missing;
    let [code, webhook, token] = ["nothing", "12", "none"].map(str::to_owned);
    let missing = Place { guild, channel, message, older, emoji, code, thread, webhook, token };
    let (user_id, banned_id) = (user.id.to_string(), banned.id.to_string());
    let actor = |name, who, may, signed_in| Actor { name, who, may, signed_in };
    let actors = vec![
        actor("anon", town.nobody(), None, false),
        actor("logged out", gone, None, false),
        actor("outsider", outsider, None, true),
        actor("banned", banned, None, true),
        actor("muted", muted, Some(everyone & SILENT), true),
        actor("member", member, Some(everyone), true),
        actor("moderator", mod_, Some(everyone | MODERATOR), true),
        actor("admin", adm, Some(P::ALL), true),
        actor("owner", owner, Some(P::ALL), true),
    ];
    World { other, own, hidden, missing, actors, user: user_id, banned: banned_id, role }
}

impl World {
    fn fill(&self, text: &str, place: &Place) -> String {
        text.replace("{guild}", &place.guild)
            .replace("{channel}", &place.channel)
            .replace("{thread}", &place.thread)
            .replace("{message}", &place.message)
            .replace("{older}", &place.older)
            .replace("{code}", &place.code)
            .replace("{webhook}", &place.webhook)
            .replace("{token}", &place.token)
            .replace("{user}", &self.user)
            .replace("{target}", &place.channel)
            .replace("{bot}", &self.user)
            .replace("{banned}", &self.banned)
            .replace("{role}", &self.role)
            .replace("{overwrite}", &self.role)
            .replace("{emoji_id}", &place.emoji)
            .replace("{file}", "7.webp")
            .replace("{emoji}", "%F0%9F%A6%80")
            .replace("{slug}", "far-away")
            .replace("{application}", "7")
            .replace("{command}", "7")
            .replace("{integration}", "7")
            .replace("{rule}", "7")
            .replace("{report}", "7")
            .replace("{cleanup}", "7")
            .replace("{interaction}", "7")
            .replace("{session}", "7")
            .replace("{attachment}", "7")
            .replace("{filename}", "x.png")
            .replace("{hash}", "0123456789abcdef.png")
            .replace("{number}", "1.png")
    }

    async fn ask(&self, actor: &Actor, row: &(&str, Needs, &str), place: &Place) -> Answer {
        let (method, path) = row.0.split_once(' ').expect("method and path");
        let mut path = self.fill(path, place);
        if path.ends_with("/members/search") {
            path.push_str("?query=x");
        }
        let body = match self.fill(row.2, place) {
            body if body.is_empty() => Body::none(),
            body => Body::raw("application/json", body),
        };
        let method = method.parse().expect("a method");
        let answer = actor.who.send(method, &path, body).await;
        CELLS.fetch_add(1, Ordering::Relaxed);
        let text = answer.to_string();
        let others = self.actors.iter().filter_map(|other| other.who.rest.token());
        let told = others.filter(|token| text.contains(*token)).count();
        assert_eq!(told, 0, "{} tells {} a login: {text}", row.0, actor.name);
        answer
    }
}

/// Without what names the request: two of these are alike if nobody can tell them apart.
fn shape(answer: &Answer) -> (u16, Value) {
    (answer.status, answer.body.clone())
}

/// What is wrong with the answers of one route.
async fn faults_of(town: &Town, row: &(&str, Needs, &str)) -> Vec<String> {
    let mut world = world(town).await;
    let mut faults = Vec::new();
    let names = |word: &str| row.0.contains(word) && !row.0.contains("{token}");
    let is_in_a_channel = ["{channel}", "{thread}", "{webhook}"].into_iter().any(names);
    let is_about_a_room = row.0.contains("{guild}") || is_in_a_channel;
    for at in 0..world.actors.len() {
        let (name, may) = (world.actors[at].name, world.actors[at].may(row.1));
        let mut fault = |kind: &str, answer: &Answer| {
            faults.push(format!("{} {name} {kind}: {answer}", row.0));
        };
        if !world.actors[at].signed_in && row.1 != Nothing {
            let answer = world.ask(&world.actors[at], row, &world.own).await;
            if answer.no() != (401, 40001) {
                fault("is nobody", &answer);
            }
            continue;
        }
        if is_about_a_room || row.0.contains("{code}") {
            let missing = world.ask(&world.actors[at], row, &world.missing).await;
            let far = world.ask(&world.actors[at], row, &world.other).await;
            // An invite is a key: whoever has the code may look.
            if !row.0.contains("{code}") && shape(&missing) != shape(&far) {
                fault("sees a room that is not theirs", &far);
            }
            if is_in_a_channel && !world.actors[at].sees_hidden() {
                let hidden = world.ask(&world.actors[at], row, &world.hidden).await;
                if shape(&missing) != shape(&hidden) {
                    fault("sees a hidden channel", &hidden);
                }
            }
            let inside = world.actors[at].may.is_some();
            if matches!(row.1, In(_) | Owner) && !inside && !row.0.contains("{code}") {
                let own = world.ask(&world.actors[at], row, &world.own).await;
                if shape(&missing) != shape(&own) {
                    fault("sees a room without being in it", &own);
                }
            }
        }
        if matches!(row.1, In(_) | Owner) && world.actors[at].may.is_some() {
            let answer = world.ask(&world.actors[at], row, &world.own).await;
            match (may, answer.status) {
                (false, 403) | (true, 200..=299) => {}
                // Judged on what it says, not on who says it.
                (true, 400) if answer["code"] != 50013 => {}
                // What there is not: a bot of theirs, a reaction of theirs.
                (true, 404) if row.0.contains("{bot}") || row.0.contains("{integration}") => {}
                // Nobody is in voice.
                (true, 404) if [json!(10014), json!(10065)].contains(&answer["code"]) => {}
                // Nor a rule, a report, a cleanup: their own files tell of those.
                (true, 404)
                    if [10068, 900032, 900035].map(Value::from).contains(&answer["code"]) => {}
                _ => fault(if may { "may, and could not" } else { "may not" }, &answer),
            }
            if may && row.0.split(' ').next() != Some("GET") {
                world = self::world(town).await;
            }
        }
    }
    faults
}

fn routes() -> BTreeSet<String> {
    let all = server::api::routes();
    let of_operator = server::api::health::routes();
    let named = |route: &server::api::Route| format!("{} {}", route.method, route.full_path());
    all.table().chain(of_operator.table()).map(named).collect()
}

#[tokio::test]
async fn every_route_has_a_row() {
    let rows = TABLE.iter().map(|row| row.0.replace("{banned}", "{user}"));
    let rows: BTreeSet<_> = rows.collect();
    let routes = routes();
    let missing: Vec<_> = routes.difference(&rows).collect();
    let stale: Vec<_> = rows.difference(&routes).collect();
    assert!(missing.is_empty() && stale.is_empty(), "no row: {missing:?}\nno route: {stale:?}");
}

#[tokio::test]
async fn nobody_gets_further_than_they_may() {
    let town = Town::with(|config| {
        config.limits.guest_owned_guilds = 10_000;
        config.limits.user_guilds = 10_000;
    })
    .await;
    let mut faults = Vec::new();
    for row in TABLE {
        faults.extend(faults_of(&town, row).await);
    }
    let (operations, cells) = (TABLE.len(), CELLS.load(Ordering::Relaxed));
    println!("authz operations={operations} cells={cells} violations={}", faults.len());
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    town.close().await;
}
