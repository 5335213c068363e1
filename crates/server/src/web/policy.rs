//! What a page of ours may do: run and show only what comes from here.
//!
//! No inline script or style, no markup from strings but the framework's own; so a hole in the
//! client is not yet a script of a stranger's. <https://www.w3.org/TR/CSP3/>

use axum::http::HeaderValue;
use domain::App;

use crate::api::extract::Caller;

/// The content security policy of pages.
pub fn of(app: &App, caller: &Caller) -> HeaderValue {
    let host = caller.base.split_once("://").map_or("", |(_, host)| host);
    // Not every browser takes `'self'` for the sockets of the same host.
    let socket = match (host, caller.https) {
        ("", _) => String::new(),
        (host, true) => format!(" wss://{host}"),
        (host, false) => format!(" ws://{host}"),
    };
    // Files have the configured address, also where the page was reached by another.
    let files = match &app.policy.public_url {
        url if *url == caller.base => String::new(),
        url => format!(" {url}"),
    };
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; \
         img-src 'self' blob: data:{files}; media-src 'self' blob:{files}; font-src 'self'; \
         connect-src 'self'{socket}; worker-src 'self'; manifest-src 'self'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
         trusted-types svelte-trusted-html osc-worker osc-challenge"
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}
