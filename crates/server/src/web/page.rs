//! A whole page: the client's own shell, with a head, a body and the first data put in.
//!
//! The shell is the `index.html` that the build of the client made; it names the client's files.

use std::sync::OnceLock;

use domain::App;
use maud::{Markup, html};
use proto::{
    invite::Invite,
    osc::{Directory, Preview, ServerInfo},
    user::CurrentUser,
};
use serde::Serialize;

use super::asset;
use crate::api::{extract::Caller, health};

/// One page.
pub struct Page<'a> {
    pub title: String,
    pub description: &'a str,
    /// Where search engines find it; `None`: they should not.
    pub path: Option<String>,
    pub image: Option<String>,
    pub body: Markup,
    pub boot: Boot<'a>,
}

/// What the client starts with instead of asking.
#[derive(Serialize)]
pub struct Boot<'a> {
    server: ServerInfo,
    me: Option<CurrentUser>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<&'a Directory>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview: Option<&'a Preview>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invite: Option<&'a Invite>,
}

impl Boot<'_> {
    pub fn new(app: &App, caller: &Caller, me: Option<CurrentUser>) -> Self {
        let server = health::server_info(app, &caller.base);
        Self { server, me, directory: None, preview: None, invite: None }
    }

    /// As JSON that is safe inside a script element.
    fn script(&self) -> String {
        let json = serde_json::to_string(self).expect("wire types are plain data");
        let mut safe = String::with_capacity(json.len() + 64);
        for c in json.chars() {
            match c {
                // Outside of JSON's strings there are none of these.
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    safe.push_str(&format!("\\u{:04x}", u32::from(c)));
                }
                _ => safe.push(c),
            }
        }
        format!("<script type=\"application/json\" id=\"boot\">{safe}</script>")
    }
}

impl Page<'_> {
    pub fn html(&self, app: &App, caller: &Caller) -> String {
        let title = html! { title { (self.title) } }.into_string();
        let head = self.head(app, caller).into_string();
        let filled = [title.as_str(), &head, self.body.0.as_str(), &self.boot.script()];
        with_shell(|shell| shell.fill(filled))
    }

    fn head(&self, app: &App, caller: &Caller) -> Markup {
        let base = &caller.base;
        html! {
            @if !self.description.is_empty() {
                meta name="description" content=(self.description);
            }
            meta name="theme-color" content="#0f7f7a";
            link rel="manifest" href="/manifest.webmanifest";
            meta property="og:type" content="website";
            meta property="og:site_name" content=(app.policy.name);
            meta property="og:title" content=(self.title);
            @if !self.description.is_empty() {
                meta property="og:description" content=(self.description);
            }
            @if let Some(image) = &self.image {
                meta property="og:image" content=(format!("{base}{image}"));
            }
            @match &self.path {
                Some(path) => {
                    link rel="canonical" href=(format!("{base}{path}"));
                    meta property="og:url" content=(format!("{base}{path}"));
                }
                None => { meta name="robots" content="noindex"; }
            }
            meta name="twitter:card" content="summary";
        }
    }
}

/// The client's `index.html`, cut at the places to fill: title, head, body, boot.
struct Shell(Vec<String>);

/// Where to fill, in their order in the file.
const MARKS: [&str; 4] =
    ["<title>opensrcchat</title>", "<!--osc:head-->", "<!--osc:body-->", "<!--osc:boot-->"];

/// For a server that was built without its client: it can be read all the same.
const BARE: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
    <title>opensrcchat</title><!--osc:head--><link rel=\"icon\" href=\"/favicon.svg\"></head>\
    <body><div id=\"app\"><!--osc:body--></div><!--osc:boot-->\
    <hr><p><strong>This server was built without its web client.</strong> It can be read here; \
    to write, use another client, or install Node.js 20.19 or newer and build it again: \
    <code>cargo build --release</code>.</p></body></html>\n";

impl Shell {
    /// `None`: it is not the file we know.
    fn cut(text: &str) -> Option<Self> {
        let (mut parts, mut rest) = (Vec::with_capacity(MARKS.len() + 1), text);
        for mark in MARKS {
            let (before, after) = rest.split_once(mark)?;
            parts.push(before.to_owned());
            rest = after;
        }
        parts.push(rest.to_owned());
        Some(Self(parts))
    }

    fn fill(&self, with: [&str; MARKS.len()]) -> String {
        let mut page = String::new();
        for (at, part) in self.0.iter().enumerate() {
            page.push_str(part);
            page.push_str(with.get(at).unwrap_or(&""));
        }
        page
    }
}

fn with_shell<T>(then: impl FnOnce(&Shell) -> T) -> T {
    static SHELL: OnceLock<Shell> = OnceLock::new();
    let load = || {
        let index = asset::index();
        let shell = index.and_then(|index| Shell::cut(&index));
        shell.or_else(|| Shell::cut(BARE)).expect("our own shell has all marks")
    };
    if asset::FROM_DISK { then(&load()) } else { then(SHELL.get_or_init(load)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_is_filled_at_its_marks() {
        let filled = Shell::cut(BARE).expect("cut").fill(["T", "H", "B", "J"]);
        assert!(filled.contains("T</") || filled.contains("TH<link"), "{filled}");
        assert!(filled.contains("<div id=\"app\">B</div>J"), "{filled}");
        for mark in MARKS {
            assert!(!filled.contains(mark));
        }
        assert!(Shell::cut("<html>").is_none());
    }
}
