//! Messages as Slack takes them, in our words: text, attachments, and the plain blocks.
//! <https://api.slack.com/reference/messaging/payload>

use proto::webhook::ExecuteWebhook;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Embeds of a message, fields of an embed, characters of its texts.
const EMBEDS: usize = 10;
const FIELDS: usize = 25;
const TITLE: usize = 256;
const TEXT: usize = 2_000;
const ALL: usize = 5_500;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Payload {
    text: Option<String>,
    username: Option<String>,
    /// Means that another picture is to be shown than the webhook's.
    icon_url: Option<String>,
    attachments: Option<Vec<Value>>,
    blocks: Option<Vec<Value>>,
}

/// The message. The channel that it names is not looked at: a webhook has its own.
pub fn message(payload: Payload) -> ExecuteWebhook {
    let mut content = markdown(payload.text.as_deref().unwrap_or_default());
    let said = blocks(payload.blocks.as_deref().unwrap_or_default());
    if !said.is_empty() {
        // The text beside blocks is for notifications only.
        content = said;
    }
    let mut left = ALL;
    let attachments = payload.attachments.unwrap_or_default();
    let embeds: Vec<_> =
        attachments.iter().take(EMBEDS).filter_map(|a| embed(a, &mut left)).collect();
    ExecuteWebhook {
        content: (!content.is_empty()).then(|| cut(&content, TEXT)),
        username: payload.username,
        avatar_url: payload.icon_url,
        embeds: (!embeds.is_empty()).then_some(embeds),
        ..ExecuteWebhook::default()
    }
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    if most == 0 {
        return String::new();
    }
    let mut short: String = text.chars().take(most - 1).collect();
    short.push('\u{2026}');
    short
}

/// What the plain blocks say, one below the other.
fn blocks(blocks: &[Value]) -> String {
    let text = |value: &Value| markdown(value["text"].as_str().unwrap_or_default());
    let said =
        blocks.iter().take(50).map(|block| match block["type"].as_str().unwrap_or_default() {
            "header" => format!("## {}", text(&block["text"])),
            "section" => {
                let fields = block["fields"].as_array().map_or(&[][..], Vec::as_slice);
                let lines = [text(&block["text"])].into_iter().chain(fields.iter().map(text));
                lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
            }
            "context" => {
                let parts = block["elements"].as_array().map_or(&[][..], Vec::as_slice);
                let parts: Vec<_> =
                    parts.iter().map(text).filter(|text| !text.is_empty()).collect();
                if parts.is_empty() { String::new() } else { format!("-# {}", parts.join(" ")) }
            }
            _ => String::new(),
        });
    said.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// An attachment as an embed; `left`: characters that all of them may still have.
fn embed(attachment: &Value, left: &mut usize) -> Option<Value> {
    let mut embed = Map::new();
    let mut text = |key: &str, most: usize| {
        let text = markdown(attachment[key].as_str().unwrap_or_default());
        let text = cut(&text, most.min(*left));
        *left -= text.chars().count();
        (!text.is_empty()).then_some(text)
    };
    let web = |key: &str| {
        let url = attachment[key].as_str().unwrap_or_default();
        let is_web = url.starts_with("https://") || url.starts_with("http://");
        (is_web && url.len() <= 2_048).then_some(url)
    };
    let (pretext, title) = (text("pretext", TITLE), text("title", TITLE));
    let said = text("text", TEXT).or_else(|| {
        if title.is_some() || pretext.is_some() { None } else { text("fallback", TEXT) }
    });
    let lines: Vec<_> = [pretext, said].into_iter().flatten().collect();
    if let Some(title) = title {
        embed.insert("title".into(), title.into());
        embed.extend(web("title_link").map(|url| ("url".into(), url.into())));
    }
    if !lines.is_empty() {
        embed.insert("description".into(), lines.join("\n").into());
    }
    for (key, name, icon, link) in [
        ("author", "author_name", "author_icon", Some("author_link")),
        ("footer", "footer", "footer_icon", None),
    ] {
        let Some(name) = text(name, TITLE) else { continue };
        let mut part = json!({ (if key == "author" { "name" } else { "text" }): name });
        if let Some(icon) = web(icon) {
            part["icon_url"] = icon.into();
        }
        if let Some(link) = link.and_then(web) {
            part["url"] = link.into();
        }
        embed.insert(key.into(), part);
    }
    for (key, url) in [("image", web("image_url")), ("thumbnail", web("thumb_url"))] {
        embed.extend(url.map(|url| (key.into(), json!({ "url": url }))));
    }
    let fields = attachment["fields"].as_array().map_or(&[][..], Vec::as_slice);
    let fields: Vec<_> = fields.iter().take(FIELDS).filter_map(|one| field(one, left)).collect();
    if !fields.is_empty() {
        embed.insert("fields".into(), fields.into());
    }
    if embed.is_empty() {
        return None;
    }
    embed.extend(color(attachment["color"].as_str()).map(|color| ("color".into(), color.into())));
    Some(Value::Object(embed))
}

fn field(field: &Value, left: &mut usize) -> Option<Value> {
    let mut text = |key: &str, most: usize| {
        let text = cut(&markdown(field[key].as_str().unwrap_or_default()), most.min(*left));
        *left -= text.chars().count();
        text
    };
    let (name, value) = (text("title", TITLE), text("value", 1_000));
    if name.is_empty() && value.is_empty() {
        return None;
    }
    let shown = |text: String| if text.is_empty() { "\u{200b}".to_owned() } else { text };
    let inline = field["short"].as_bool().unwrap_or_default();
    Some(json!({ "name": shown(name), "value": shown(value), "inline": inline }))
}

fn color(text: Option<&str>) -> Option<u32> {
    match text? {
        "good" => Some(0x2d_a4_4e),
        "warning" => Some(0xd4_a7_2c),
        "danger" => Some(0xcf_22_2e),
        hex => {
            let digits = hex.strip_prefix('#')?;
            (digits.len() == 6).then(|| u32::from_str_radix(digits, 16).ok())?
        }
    }
}

/// Slack's marks as ours: `<url|text>`, `*bold*`, `~gone~`, `<!here>`. Code stays as it is.
fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, piece) in text.split('`').enumerate() {
        if at > 0 {
            out.push('`');
        }
        // Between an odd and an even mark is code.
        out.push_str(&if at % 2 == 1 { unescaped(piece) } else { marked(piece) });
    }
    out
}

fn marked(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(&emphasized(before));
        let Some((inside, left)) = after.split_once('>') else {
            return out + "<" + &emphasized(after);
        };
        out.push_str(&linked(inside));
        rest = left;
    }
    out + &emphasized(rest)
}

fn linked(inside: &str) -> String {
    let (target, label) = inside.split_once('|').unwrap_or((inside, ""));
    let target = unescaped(target);
    match target.as_str() {
        "!everyone" | "!channel" => return "@everyone".to_owned(),
        "!here" => return "@here".to_owned(),
        _ => {}
    }
    let is_link = ["https://", "http://", "mailto:"].iter().any(|s| target.starts_with(s));
    match (is_link, label) {
        (true, "") => target,
        (true, label) => format!("[{}]({target})", unescaped(label).replace(['[', ']'], "")),
        // Somebody or somewhere of theirs: only its name means something here.
        (false, "") => target,
        (false, label) => unescaped(label),
    }
}

fn emphasized(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    for (at, c) in chars.iter().copied().enumerate() {
        let near = |at: Option<usize>| at.and_then(|at| chars.get(at)).copied();
        let (before, after) = (near(at.checked_sub(1)), near(Some(at + 1)));
        // A mark stands at a word: on one side of it is none of its letters.
        let opens = before.is_none_or(|c| !c.is_alphanumeric());
        let closes = after.is_none_or(|c| !c.is_alphanumeric());
        let blank = |c: Option<char>| c.is_none_or(char::is_whitespace);
        let is_mark = opens != closes || (opens && !(blank(before) && blank(after)));
        out.push(c);
        if matches!(c, '*' | '~') && is_mark && before != Some(c) && after != Some(c) {
            out.push(c);
        }
    }
    unescaped(&out)
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(payload: Value) -> ExecuteWebhook {
        message(serde_json::from_value(payload).expect("a payload"))
    }

    #[test]
    fn marks_become_ours() {
        for (slack, ours) in [
            ("*bold* and _it_", "**bold** and _it_"),
            ("~gone~", "~~gone~~"),
            ("2 * 3 * 4", "2 * 3 * 4"),
            ("a*b", "a*b"),
            ("`*code* <x>`", "`*code* <x>`"),
            ("<https://x.test|there [x]>", "[there x](https://x.test)"),
            ("<https://x.test>", "https://x.test"),
            ("<!here> <!channel>", "@here @everyone"),
            ("1 &lt; 2 &amp;&amp; 3", "1 < 2 && 3"),
            ("a < b", "a < b"),
        ] {
            assert_eq!(markdown(slack), ours, "{slack}");
        }
    }

    #[test]
    fn attachments_become_embeds() {
        let seen = said(json!({
            "text": "Deploy", "username": "CI", "channel": "#elsewhere",
            "attachments": [{
                "color": "danger", "title": "Build", "title_link": "https://x.test/1",
                "text": "it *broke*", "author_name": "Ann", "footer": "CI",
                "fields": [{ "title": "Where", "value": "main", "short": true }],
                "image_url": "javascript:1",
            }, {}],
        }));
        assert_eq!(
            (seen.content.as_deref(), seen.username.as_deref()),
            (Some("Deploy"), Some("CI"))
        );
        let expected = json!([{
            "title": "Build", "url": "https://x.test/1", "description": "it **broke**",
            "color": 0xcf_22_2e, "author": { "name": "Ann" }, "footer": { "text": "CI" },
            "fields": [{ "name": "Where", "value": "main", "inline": true }],
        }]);
        assert_eq!(json!(seen.embeds.expect("embeds")), expected);
    }

    #[test]
    fn blocks_are_read_and_length_is_bounded() {
        let seen = said(json!({ "text": "short", "blocks": [
            { "type": "header", "text": { "type": "plain_text", "text": "News" } },
            { "type": "section", "text": { "type": "mrkdwn", "text": "*all* well" } },
            { "type": "divider" },
        ] }));
        assert_eq!(seen.content.as_deref(), Some("## News\n**all** well"));
        let long = "x".repeat(10_000);
        let many: Vec<_> = (0..20).map(|_| json!({ "title": long, "text": long })).collect();
        let seen = said(json!({ "text": long, "attachments": many }));
        assert_eq!(seen.content.expect("text").chars().count(), TEXT);
        let embeds = seen.embeds.expect("embeds");
        let all = serde_json::to_string(&embeds).expect("JSON").chars().count();
        assert!(embeds.len() <= EMBEDS && all < 6_500);
    }
}
