//! The pages a browser opens: written here so that they read without JavaScript and say what they
//! are to those who link to them; the web client takes over from there.
//!
//! Pages know who asks by the cookie alone and change nothing. What is not public is not in them:
//! an address of a private room looks like one that leads nowhere.

mod asset;
mod page;
mod policy;
mod view;

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRequestParts, RawPathParams, State, rejection::RawPathParamsRejection},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
    routing::get,
};
use domain::{App, directory, guild, invite, message, user};
use maud::Markup;
use proto::{Id, user::CurrentUser};
use serde::Deserialize;

use crate::api::{
    Error,
    extract::{self, Caller, Query},
};
use page::{Boot, Page};

/// All pages and what belongs to them. What leads nowhere goes to `not_found`.
pub fn router() -> Router<Arc<App>> {
    let mut router = Router::new()
        .route("/", get(home))
        .route("/r/{slug}", get(room))
        .route("/r/{slug}/{channel}", get(room))
        .route("/r/{slug}/{channel}/{message}", get(room))
        .route("/i/{code}", get(invitation))
        .route("/assets/{name}", get(asset::get))
        .route("/sw.js", get(asset::service_worker))
        .route("/favicon.svg", get(asset::favicon))
        .route("/favicon.ico", get(asset::favicon))
        .route("/manifest.webmanifest", get(asset::manifest))
        .route("/robots.txt", get(asset::robots));
    // Places of those who are signed in: the client draws them.
    for path in ["/g/{guild}", "/g/{guild}/{channel}", "/g/{guild}/{channel}/{message}"] {
        router = router.route(path, get(place));
    }
    for path in ["/dm", "/dm/{channel}", "/dm/{channel}/{message}"] {
        router = router.route(path, get(place));
    }
    for path in ["/friends", "/friends/{list}"] {
        router = router.route(path, get(place));
    }
    for path in
        ["/owner", "/reset", "/settings", "/settings/{section}", "/developers", "/oauth2/authorize"]
    {
        router = router.route(path, get(place));
    }
    for room in ["/r/{slug}", "/g/{guild}"] {
        for path in ["settings", "settings/{section}"] {
            router = router.route(&format!("{room}/{path}"), get(place));
        }
    }
    router
}

/// A page for addresses that lead nowhere, with a way on.
pub async fn not_found(State(app): State<Arc<App>>, visitor: Visitor) -> Response {
    visitor.nowhere(&app)
}

/// Who looks at a page.
pub struct Visitor {
    caller: Caller,
    actor: Option<domain::Actor>,
    me: Option<CurrentUser>,
}

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let caller = Caller::of(parts);
        let refused = |error: domain::Error| Error::from(error).into_response();
        let actor = extract::signed_in(app, parts).await.map_err(refused)?;
        let me = match &actor {
            Some(actor) => Some(user::current(app, actor).await.map_err(refused)?),
            None => None,
        };
        Ok(Self { caller, actor, me })
    }
}

impl Visitor {
    fn show(&self, app: &App, page: Page<'_>) -> Response {
        self.answer(app, StatusCode::OK, page)
    }

    fn nowhere(&self, app: &App) -> Response {
        self.message(app, StatusCode::NOT_FOUND, "Nothing here", view::nowhere())
    }

    /// A page that only says something.
    fn message(&self, app: &App, status: StatusCode, title: &str, body: Markup) -> Response {
        let title = format!("{title} · {}", app.policy.name);
        let boot = self.boot(app);
        let page = Page { title, description: "", path: None, image: None, body, boot };
        self.answer(app, status, page)
    }

    fn answer(&self, app: &App, status: StatusCode, page: Page<'_>) -> Response {
        let html = page.html(app, &self.caller);
        let mut response = (status, html).into_response();
        let headers = response.headers_mut();
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        headers.insert(header::CONTENT_TYPE, html);
        headers.insert(header::CONTENT_SECURITY_POLICY, policy::of(app, &self.caller));
        // It names who looks at it: no cache between may keep it.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        headers.insert(header::VARY, HeaderValue::from_static("Cookie"));
        response
    }

    /// What the client starts with.
    fn boot<'a>(&self, app: &App) -> Boot<'a> {
        Boot::new(app, &self.caller, self.me.clone())
    }

    /// A refusal or a fault of ours, as a page.
    fn failed(&self, app: &App, error: domain::Error) -> Response {
        let answer = Error::from(error).into_response();
        match answer.status() {
            StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST => self.nowhere(app),
            status => {
                let title = "This did not work";
                let mut page = self.message(app, status, title, view::broken());
                *page.extensions_mut() = answer.extensions().clone();
                page
            }
        }
    }
}

#[derive(Deserialize)]
struct Look {
    q: Option<String>,
    after: Option<String>,
}

/// The public rooms.
async fn home(State(app): State<Arc<App>>, visitor: Visitor, Query(look): Query<Look>) -> Response {
    let (query, after) = (look.q.as_deref(), look.after.as_deref());
    let rooms = match directory::list(&app, query, Default::default(), None, after).await {
        Ok(rooms) => rooms,
        Err(error) => return visitor.failed(&app, error),
    };
    let mut boot = visitor.boot(&app);
    // The client shows the first page; others are for those who read without it.
    let first = query.is_none() && after.is_none();
    boot.directory = first.then_some(&rooms);
    visitor.show(
        &app,
        Page {
            title: app.policy.name.clone(),
            description: &app.policy.description,
            path: first.then(|| "/".to_owned()),
            image: None,
            body: view::home(&app.policy, &rooms, query),
            boot,
        },
    )
}

#[derive(Deserialize)]
struct Older {
    before: Option<String>,
}

/// A public room: its newest messages, or older ones.
async fn room(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    params: Result<RawPathParams, RawPathParamsRejection>,
    Query(older): Query<Older>,
) -> Response {
    let Ok(params) = params else { return visitor.nowhere(&app) };
    let param = |name| params.iter().find_map(|(key, value)| (key == name).then_some(value));
    let slug = param("slug").unwrap_or_default();
    let summary = match guild::by_slug(&app, visitor.actor.as_ref(), slug).await {
        Ok(summary) => summary,
        Err(error) => return visitor.failed(&app, error),
    };
    if let Some(now) = summary.slug.as_deref().filter(|now| *now != slug) {
        return moved(&format!("/r/{now}"));
    }
    let channel = match param("channel").map(str::parse::<Id<_>>) {
        None => None,
        Some(Ok(id)) => Some(id),
        Some(Err(_)) => return visitor.nowhere(&app),
    };
    let before = older.before.as_deref().and_then(|id| id.parse().ok());
    let actor = visitor.actor.as_ref();
    let around = message::Around::of(None, before, None);
    let preview = guild::preview(&app, actor, summary.id, channel, around, None).await;
    // An unlisted room is found by its address, but read only by its members. A channel of a public
    // room that visitors cannot see is there for the client, if its reader may see it.
    let preview = match preview {
        Ok(preview) => Some(preview),
        Err(domain::Error::Reject(_)) if channel.is_none() || summary.joined => None,
        Err(error) => return visitor.failed(&app, error),
    };
    let mut boot = visitor.boot(&app);
    boot.preview = preview.as_ref().filter(|_| before.is_none());
    let chosen = preview.as_ref().and_then(|preview| {
        preview.channels.iter().find(|channel| Some(channel.id) == preview.channel_id)
    });
    let topic = chosen.and_then(|channel| channel.topic.as_ref()?.as_deref());
    let listed = preview.is_some();
    visitor.show(
        &app,
        Page {
            title: format!("{} · {}", summary.name, app.policy.name),
            description: summary.description.as_deref().or(topic).unwrap_or_default(),
            path: listed.then(|| match channel {
                Some(channel) => format!("/r/{slug}/{channel}"),
                None => format!("/r/{slug}"),
            }),
            image: summary
                .icon
                .as_ref()
                .map(|icon| format!("/cdn/icons/{}/{icon}.png", summary.id)),
            body: match &preview {
                Some(preview) => view::room(preview),
                None => view::unlisted(&summary),
            },
            boot,
        },
    )
}

fn moved(to: &str) -> Response {
    let mut response = StatusCode::FOUND.into_response();
    match HeaderValue::try_from(to) {
        Ok(to) => response.headers_mut().insert(header::LOCATION, to),
        Err(_) => return StatusCode::NOT_FOUND.into_response(),
    };
    response
}

/// An invite: what to, and how many are there.
async fn invitation(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    params: Result<RawPathParams, RawPathParamsRejection>,
) -> Response {
    let Ok(params) = params else { return visitor.nowhere(&app) };
    let code = params.iter().next().map_or("", |(_, code)| code);
    let found = match invite::get(&app, code, true).await {
        Ok(found) => found,
        Err(error) => return visitor.failed(&app, error),
    };
    let mut boot = visitor.boot(&app);
    boot.invite = Some(&found);
    visitor.show(
        &app,
        Page {
            title: format!("{} · {}", found.guild.name, app.policy.name),
            description: found.guild.description.as_deref().unwrap_or("You are invited."),
            // Whoever has it can enter: nothing for search engines.
            path: None,
            image: None,
            body: view::invitation(&found),
            boot,
        },
    )
}

/// A place that the client draws. Whether there is such a one is not said here.
async fn place(State(app): State<Arc<App>>, visitor: Visitor) -> Response {
    let boot = visitor.boot(&app);
    let title = app.policy.name.clone();
    let body = view::place();
    let page = Page { title, description: "", path: None, image: None, body, boot };
    visitor.show(&app, page)
}
