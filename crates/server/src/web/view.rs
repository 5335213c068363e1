//! What pages say before, or without, the client: plain markup, every text escaped by the template.

use domain::{app::Policy, guild};
use maud::{Markup, html};
use proto::{
    Timestamp,
    channel::{self, Channel},
    invite::Invite,
    message::{self, Message},
    osc::{Directory, GuildSummary, Preview},
    user::User,
};

/// The public rooms.
pub fn home(policy: &Policy, rooms: &Directory, query: Option<&str>) -> Markup {
    html! {
        main.ssr {
            header.ssr-header {
                h1 { (policy.name) }
                @if policy.description.is_empty() {
                    p { "Rooms to talk in. Read along, or come in as a guest: a name is enough." }
                } @else {
                    p { (policy.description) }
                }
                form action="/" method="get" role="search" {
                    input type="search" name="q" value=(query.unwrap_or_default())
                        aria-label="Search rooms" placeholder="Search rooms" maxlength="100";
                    button type="submit" { "Search" }
                }
            }
            section.ssr-rooms aria-label="Public rooms" {
                @for room in &rooms.items {
                    article.ssr-room {
                        @match &room.slug {
                            Some(slug) => { a href=(format!("/r/{slug}")) { (room.name) } }
                            None => { strong { (room.name) } }
                        }
                        @if let Some(description) = &room.description { p { (description) } }
                        small { (counts(room.member_count, room.online_count)) }
                    }
                }
                @if rooms.items.is_empty() {
                    @match query {
                        Some(_) => { p { "No room has these words. " a href="/" { "All rooms" } } }
                        None => { p { "There is no public room yet." } }
                    }
                }
            }
            @if let Some(next) = &rooms.next {
                @let query = query.map(|query| format!("q={}&", escape(query))).unwrap_or_default();
                p { a href=(format!("/?{query}after={next}")) rel="next" { "More rooms" } }
            }
        }
    }
}

/// A public room, as a visitor reads it.
pub fn room(preview: &Preview) -> Markup {
    let room = &preview.guild;
    let base = format!("/r/{}", room.slug.as_deref().unwrap_or_default());
    let is_chosen = |channel: &&Channel| Some(channel.id) == preview.channel_id;
    let chosen = preview.channels.iter().find(is_chosen);
    let texts = |channel: &&Channel| channel.kind == channel::GUILD_TEXT;
    html! {
        main.ssr {
            (room_header(room))
            nav aria-label="Channels" {
                ul {
                    @for channel in preview.channels.iter().filter(texts) {
                        @let current = is_chosen(&channel).then_some("page");
                        li {
                            a href=(format!("{base}/{}", channel.id)) aria-current=[current] {
                                "# " (channel.name.as_deref().unwrap_or_default())
                            }
                        }
                    }
                }
            }
            @if let Some(channel) = chosen {
                section.ssr-messages aria-label="Messages" {
                    h2 { "# " (channel.name.as_deref().unwrap_or_default()) }
                    @if let Some(Some(topic)) = &channel.topic { p { (topic) } }
                    @match preview.messages.last() {
                        None => { p { "No messages here." } }
                        // A page that is not full is the first of all.
                        Some(oldest) if preview.messages.len() >= guild::PREVIEW_MESSAGES => {
                            @let older = format!("{base}/{}?before={}", channel.id, oldest.id);
                            p { a href=(older) rel="prev" { "Older messages" } }
                        }
                        Some(_) => {}
                    }
                    @for message in preview.messages.iter().rev() { (self::message(message)) }
                }
            }
        }
    }
}

/// A room that is found by its address and read by its members.
pub fn unlisted(room: &GuildSummary) -> Markup {
    html! {
        main.ssr {
            (room_header(room))
            p { "What is written here is for those who join." }
        }
    }
}

fn room_header(room: &GuildSummary) -> Markup {
    html! {
        header.ssr-header {
            p { a href="/" { "All rooms" } }
            h1 { (room.name) }
            @if let Some(description) = &room.description { p { (description) } }
            p { (counts(room.member_count, room.online_count)) }
        }
    }
}

fn message(message: &Message) -> Markup {
    html! {
        article.ssr-message id=(format!("m{}", message.id)) {
            div {
                span.ssr-author { (name(&message.author)) } " "
                time datetime=(message.timestamp.to_string()) { (moment(message.timestamp)) }
                @if message.edited_timestamp.is_some() { " (edited)" }
            }
            @if message.kind == message::USER_JOIN {
                p.ssr-content { "came in." }
            } @else if !message.content.is_empty() {
                p.ssr-content { (content(message)) }
            }
            @for file in &message.attachments {
                p { a href=(file.url) rel="nofollow" { (file.filename) } }
            }
        }
    }
}

/// The text as it was written; people who are meant by their names.
fn content(message: &Message) -> String {
    let mut text = message.content.clone();
    for user in &message.mentions {
        let called = format!("@{}", name(user));
        for mention in [format!("<@{}>", user.id), format!("<@!{}>", user.id)] {
            text = text.replace(&mention, &called);
        }
    }
    text
}

fn name(user: &User) -> String {
    let name = user.global_name.as_deref().unwrap_or(&user.username);
    match user.osc.as_ref().and_then(|osc| osc.tag.as_deref()) {
        Some(tag) => format!("{name}#{tag}"),
        None => name.to_owned(),
    }
}

/// `2026-11-22 16:30 UTC`.
fn moment(at: Timestamp) -> String {
    let text = at.to_string();
    let (date, rest) = text.split_once('T').unwrap_or((&text, ""));
    format!("{date} {} UTC", rest.get(..5).unwrap_or_default())
}

/// What to, and how many are there.
pub fn invitation(invite: &Invite) -> Markup {
    let members = invite.approximate_member_count.unwrap_or(0);
    let online = invite.approximate_presence_count.unwrap_or(0);
    html! {
        main.ssr {
            header.ssr-header {
                p { "You are invited to" }
                h1 { (invite.guild.name) }
                @if let Some(text) = &invite.guild.description { p { (text) } }
                p { (counts(members, online)) }
                @if let Some(inviter) = &invite.inviter { p { "by " (name(inviter)) } }
            }
        }
    }
}

/// Nothing to say before the client is there.
pub fn place() -> Markup {
    html! {
        main.ssr {
            p { "This page is drawn by JavaScript. " a href="/" { "All rooms" } }
        }
    }
}

pub fn nowhere() -> Markup {
    html! {
        main.ssr {
            header.ssr-header {
                h1 { "Nothing here" }
                p { "There is no such page, or it is not for everybody." }
                p { a href="/" { "All rooms" } }
            }
        }
    }
}

pub fn broken() -> Markup {
    html! {
        main.ssr {
            header.ssr-header {
                h1 { "This did not work" }
                p { "It is not your fault. Try again in a moment." }
                p { a href="/" { "All rooms" } }
            }
        }
    }
}

fn counts(members: u32, online: u32) -> String {
    let people = if members == 1 { "person" } else { "people" };
    format!("{members} {people}, {online} online")
}

/// For a value in a query.
fn escape(text: &str) -> String {
    domain::attachment::file_name::escape(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_strangers_stay_texts() {
        let policy = Policy {
            name: "<script>alert(1)</script>".to_owned(),
            description: "\"><img src=x onerror=alert(1)>".to_owned(),
            guests: true,
            registration: Default::default(),
            list_new_guilds: true,
            public_url: String::new(),
        };
        let rooms = Directory { items: Vec::new(), next: Some("a".to_owned()) };
        let page = home(&policy, &rooms, Some("'><b>&q")).into_string();
        assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("<b>"));
        assert!(page.contains("/?q=%27%3E%3Cb%3E%26q&amp;after=a"), "{page}");
    }

    #[test]
    fn a_moment_is_short() {
        assert_eq!(moment(Timestamp::from_ms(1_795_348_800_000)), "2026-11-22 12:00 UTC");
    }
}
